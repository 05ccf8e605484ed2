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
};

}  // namespace

std::unique_ptr<Plugin> make_scheduling_gates(const Profile&) { return std::make_unique<SchedulingGates>(); }

}  // namespace wavetank::schedule
