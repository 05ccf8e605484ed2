// Taints: NoSchedule and NoExecute filter, PreferNoSchedule scores. Source:
// pkg/scheduler/framework/plugins/tainttoleration.

#include <algorithm>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

/// Only tolerations that could mean PreferNoSchedule count for the score.
bool prefers_against(const model::PodSpec& spec, const model::Taint& taint) {
  return std::none_of(spec.tolerations.begin(), spec.tolerations.end(), [&](const model::Toleration& t) {
    return (!t.effect || *t.effect == model::TaintEffect::PreferNoSchedule) && t.tolerates(taint);
  });
}

class TaintToleration final : public Plugin {
 public:
  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    append_key(key, spec.tolerations);
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const auto& tolerations = c.pod_class.spec().tolerations;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const model::Taint* taint = untolerated_taint(c.view.node(nodes[i]).spec.taints, tolerations);
      if (taint == nullptr) continue;
      fail(verdicts[i], c.reasons.id("node(s) had untolerated taint {" + taint->key + ": " + taint->value + "}"), true);
    }
  }

  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    const model::PodSpec& spec = c.pod_class.spec();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      raw[i] = 0;
      for (const model::Taint& t : c.view.node(nodes[i]).spec.taints) {
        if (t.effect == model::TaintEffect::PreferNoSchedule && prefers_against(spec, t)) ++raw[i];
      }
    }
  }
  void normalize(const Cycle&, Nodes nodes, std::int64_t* scores) override {
    default_normalize({scores, nodes.size()}, true);
  }

  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    const auto& tolerations = c.pod_class.spec().tolerations;
    switch (e.what) {
      case What::NodeAdded:
      case What::NodeTaints:
      case What::NodeUncordoned: {
        const bool now = untolerated_taint(c.view.node(e.node).spec.taints, tolerations) == nullptr;
        const bool before = e.old_node != nullptr && untolerated_taint(e.old_node->spec.taints, tolerations) == nullptr;
        return now && !before;
      }
      case What::PendingPodUpdated:
        return true;
      default:
        return false;
    }
  }
};

}  // namespace

std::unique_ptr<Plugin> make_taint_toleration(const Profile&) { return std::make_unique<TaintToleration>(); }

}  // namespace wavetank::schedule
