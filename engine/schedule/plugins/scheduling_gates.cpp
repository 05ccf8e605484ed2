// spec.schedulingGates: a pod with any is not even queued. Source: pkg/scheduler/framework/plugins/schedulinggates.

#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

class SchedulingGates final : public Plugin {
 public:
  [[nodiscard]] std::string pre_enqueue(const model::PodSpec& spec) const override {
    if (spec.scheduling_gates.empty()) return {};
    std::string out = "waiting for scheduling gates: [";
    for (const std::string& gate : spec.scheduling_gates) {
      if (out.back() != '[') out.push_back(' ');
      out.append(gate);
    }
    return out.append("]");
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Pod, action::kUpdatePodSchedulingGatesEliminated},
    };
    return kEvents;
  }
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    return e.resource == Resource::UnschedulablePod && c.pod_class.spec().scheduling_gates.empty();
  }
};

}  // namespace

std::unique_ptr<Plugin> make_scheduling_gates(const Profile&) { return std::make_unique<SchedulingGates>(); }

}  // namespace wavetank::schedule
