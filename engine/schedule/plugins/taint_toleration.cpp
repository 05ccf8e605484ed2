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

/// Many nodes have the same taints: each list of them is asked about once.
struct Answer {
  std::int64_t raw = 0;
  std::uint32_t reasons = 0;
  bool rejects = false;
};
struct Data : PluginData {
  std::vector<Answer> by_set;  ///< By Cache::taint_set.
  bool rejects_some = false;
  bool minds_some = false;  ///< Some raw score is not 0.
};

class TaintToleration final : public Plugin {
 public:
  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    append_key(key, spec.tolerations);
  }

  std::unique_ptr<PluginData> compile(const Cycle&) override { return std::make_unique<Data>(); }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const Data& d = answers(c);
    if (!d.rejects_some) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Answer& a = d.by_set[c.cache.taint_set[nodes[i].index()]];
      if (a.rejects) fail(verdicts[i], a.reasons, true);
    }
  }

  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    const Data& d = answers(c);
    if (!d.minds_some) return static_cast<void>(std::fill(raw, raw + nodes.size(), 0));
    for (std::size_t i = 0; i < nodes.size(); ++i) raw[i] = d.by_set[c.cache.taint_set[nodes[i].index()]].raw;
  }
  void normalize(const Cycle&, Nodes nodes, std::int64_t* scores) override {
    default_normalize({scores, nodes.size()}, true);
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Node, action::kAdd | action::kUpdateNodeTaint},
        {Resource::Pod, action::kUpdatePodToleration},
    };
    return kEvents;
  }
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (e.is_pod()) return e.resource == Resource::UnschedulablePod;
    const auto& tolerations = c.pod_class.spec().tolerations;
    const auto tolerated = [&](const NodeObject& n) { return untolerated_taint(n.taints, tolerations) == nullptr; };
    return tolerated(*e.new_node) && (e.old_node == nullptr || !tolerated(*e.old_node));
  }

 private:
  const Data& answers(const Cycle& c) const {
    Data& d = changing_data<Data>(c);
    const model::PodSpec& spec = c.pod_class.spec();
    const auto& sets = c.cache.taint_sets();
    while (d.by_set.size() < sets.size()) {
      const std::vector<model::Taint>& taints = sets[d.by_set.size()];
      Answer a;
      for (const model::Taint& t : taints) {
        if (t.effect == model::TaintEffect::PreferNoSchedule && prefers_against(spec, t)) ++a.raw;
      }
      if (const model::Taint* taint = untolerated_taint(taints, spec.tolerations)) {
        a.rejects = true;
        a.reasons = c.reasons.id("node(s) had untolerated taint {" + taint->key + ": " + taint->value + "}");
      }
      d.rejects_some = d.rejects_some || a.rejects;
      d.minds_some = d.minds_some || a.raw != 0;
      d.by_set.push_back(a);
    }
    return d;
  }
};

}  // namespace

std::unique_ptr<Plugin> make_taint_toleration(const Profile&) { return std::make_unique<TaintToleration>(); }

}  // namespace wavetank::schedule
