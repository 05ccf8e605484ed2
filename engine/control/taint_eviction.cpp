// The taint eviction controller: NoExecute taints against the pods' tolerations. Keys are nodes; a node's key sleeps
// until its next pod is due, which follows from when the taint was added and the pod was bound. Source:
// kubernetes/pkg/controller/tainteviction/taint_eviction.go.

#include <algorithm>
#include <optional>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using base::SimTime;
using event::EventKind;
using event::NodeId;
using event::PodId;
using model::Kind;

bool executes(const model::Taint& taint) { return taint.effect == model::TaintEffect::NoExecute; }

bool has_executing(const state::NodeRow& node) {
  return std::any_of(node.spec.taints.begin(), node.spec.taints.end(), executes);
}

/// How long all NoExecute taints are tolerated; nullopt: for ever. 0 where one is not tolerated at all, or for no time.
std::optional<std::int64_t> tolerated_seconds(const model::PodSpec& spec, const std::vector<model::Taint>& taints) {
  std::optional<std::int64_t> least;
  for (const model::Taint& taint : taints) {
    if (!executes(taint)) continue;
    // Of several tolerations of one taint the first counts (GetMatchingTolerations).
    const auto used = std::find_if(spec.tolerations.begin(), spec.tolerations.end(),
                                   [&](const model::Toleration& t) { return t.tolerates(taint); });
    if (used == spec.tolerations.end()) return 0;
    if (used->toleration_seconds) {
      least = std::min(least.value_or(INT64_MAX), std::max<std::int64_t>(0, *used->toleration_seconds));
    }
  }
  return least;
}

class TaintEvictionController final : public Controller {
 public:
  explicit TaintEvictionController(const Settings& settings) : started_(settings.started) {}
  [[nodiscard]] std::string_view name() const override { return "taint-eviction-controller"; }
  [[nodiscard]] int workers() const override { return 8; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::NodeTaintsChanged, EventKind::PodBound, EventKind::ObjectUpdated);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (const auto* taints = std::get_if<event::NodeTaintsChanged>(&event.payload)) {
      keys.add(taints->node);  // also when the last NoExecute taint goes: the key's timer is then for nothing
    } else if (const auto* bound = std::get_if<event::PodBound>(&event.payload)) {
      if (has_executing(view.node(bound->node))) keys.add(bound->node);
    } else if (const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload)) {
      if (updated->ref.kind != Kind::Pod) return;
      const NodeId node = view.pod_node(updated->ref.as<PodId>());
      if (node.valid() && has_executing(view.node(node))) keys.add(node);
    }
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const state::NodeRow& node = view.node(key.as<NodeId>());
    if (!node.header.alive || !has_executing(node)) return;
    SimTime first = SimTime::never();
    base::Seq latest = 0;
    for (std::size_t i = 0; i < node.spec.taints.size(); ++i) {
      if (!executes(node.spec.taints[i])) continue;
      first = std::min(first, node.taint_added[i]);
      latest = std::max(latest, node.taint_seq[i]);
    }
    plan.next_batch();
    event::TemplateId last;
    std::optional<std::int64_t> seconds;
    for (const PodId pod : node.pods) {
      if (view.pod_terminating(pod)) continue;
      const event::TemplateId tmpl = view->pods.tmpl[pod.index()];
      if (tmpl != last) seconds = tolerated_seconds(view.pod_spec(pod).spec, node.spec.taints);
      last = tmpl;
      if (!seconds) continue;
      // The clock of a pod starts when it meets the first of the taints, and anew with the controller, which keeps it
      // in memory.
      const SimTime due = std::max({first, view->pods.scheduled[pod.index()], started_}) + base::seconds(*seconds);
      if (view.now() < due) {
        plan.requeue_at(due);
      } else {
        plan.together(command::DeletePod{pod, event::DeletionReason::TaintEviction, {}}, latest, true);
      }
    }
  }

  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->nodes.size(); ++i) {
      if (view->nodes[i].header.alive && has_executing(view->nodes[i])) keys.add(NodeId(i));
    }
  }

 private:
  SimTime started_;
};

}  // namespace

std::unique_ptr<Controller> make_taint_eviction_controller(const Settings& settings) {
  return std::make_unique<TaintEvictionController>(settings);
}

}  // namespace wavetank::control
