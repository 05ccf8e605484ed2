// Cordoned nodes. spec.unschedulable is asked on its own, whether the taint of the same name is there or not.
// Source: pkg/scheduler/framework/plugins/nodeunschedulable.

#include <algorithm>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

struct Data : PluginData {
  bool tolerates = false;
};

const model::Taint& cordon_taint() {
  static const model::Taint taint{"node.kubernetes.io/unschedulable", "", model::TaintEffect::NoSchedule};
  return taint;
}

class NodeUnschedulable final : public Plugin {
 public:
  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    append_key(key, std::int64_t{tolerates(spec)});
  }
  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    out->tolerates = tolerates(c.pod_class.spec());
    return out;
  }
  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    if (data<Data>(c).tolerates || c.cache.cordoned() == 0) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (c.cache.unschedulable[nodes[i].index()] != 0) fail(verdicts[i], cordoned_.in(c.reasons), true);
    }
  }
  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Node, action::kAdd | action::kUpdateNodeTaint},
        {Resource::Pod, action::kUpdatePodToleration},
    };
    return kEvents;
  }
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (e.is_pod()) return e.resource == Resource::UnschedulablePod && data<Data>(c).tolerates;
    return !e.new_node->unschedulable && (e.old_node == nullptr || e.old_node->unschedulable);
  }

 private:
  Reason cordoned_{"node(s) were unschedulable"};

  static bool tolerates(const model::PodSpec& spec) {
    return std::any_of(spec.tolerations.begin(), spec.tolerations.end(),
                       [](const model::Toleration& t) { return t.tolerates(cordon_taint()); });
  }
};

}  // namespace

std::unique_ptr<Plugin> make_node_unschedulable(const Profile&) { return std::make_unique<NodeUnschedulable>(); }

}  // namespace wavetank::schedule
