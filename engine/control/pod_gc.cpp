// The pod garbage collector. Source: kubernetes/pkg/controller/podgc/gc_controller.go.
// Every 20 s Kubernetes looks for pods of nodes that are gone, for force-deletable pods of nodes out of service, and
// for too many ended pods. Keys: the node concerned; a pod whose node never was; kEndedPods for the ended ones. Each
// sleeps until the moment of the grid that matters.

#include <algorithm>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/selected.h"

namespace wavetank::control {
namespace {

using base::SimTime;
using event::EventKind;
using event::NodeId;
using event::PodId;
using model::Kind;

const Ref kEndedPods(Kind::Namespace, 0);  // any key that is neither a node nor a pod
constexpr std::string_view kOutOfService = "node.kubernetes.io/out-of-service";

bool ended(event::Phase phase) { return phase == event::Phase::Succeeded || phase == event::Phase::Failed; }

class PodGcController final : public Controller {
 public:
  explicit PodGcController(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] std::string_view name() const override { return "pod-garbage-collector-controller"; }
  [[nodiscard]] int workers() const override { return 1; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectRemoved, EventKind::PodPhaseChanged, EventKind::PodFailed,
                          EventKind::NodeTaintsChanged, EventKind::PodDeletionStarted, EventKind::ObjectCreated,
                          EventKind::PodCreated, EventKind::PodMade);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    const auto* created = std::get_if<event::ObjectCreated>(&event.payload);
    if ((created != nullptr && created->kind == Kind::Pod) ||
        std::holds_alternative<event::PodCreated>(event.payload) ||
        std::holds_alternative<event::PodMade>(event.payload)) {
      const PodId pod = pod_of(event, view);
      if (pod.valid() && waits_for_a_node(pod, view)) keys.add_at(pod, grid_from(view.now()));
      return;
    }
    if (const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload)) {
      if (removed->ref.kind == Kind::Node) keys.add(removed->ref);
    } else if (const auto* phase = std::get_if<event::PodPhaseChanged>(&event.payload)) {
      if (ended(phase->phase) && too_many(view)) keys.add_at(kEndedPods, grid_from(view.now()));
    } else if (std::holds_alternative<event::PodFailed>(event.payload)) {
      if (too_many(view)) keys.add_at(kEndedPods, grid_from(view.now()));
    } else if (const auto* taints = std::get_if<event::NodeTaintsChanged>(&event.payload)) {
      if (out_of_service(view.node(taints->node))) keys.add_at(taints->node, grid_from(view.now()));
    } else if (const auto* deletion = std::get_if<event::PodDeletionStarted>(&event.payload)) {
      const NodeId node = view.pod_node(deletion->pod);
      if (node.valid() && out_of_service(view.node(node))) keys.add_at(node, grid_from(view.now()));
    }
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (key == kEndedPods) return collect_ended(view, plan);
    if (key.kind == Kind::Pod) return collect_lost(key.as<PodId>(), view, plan);
    const state::NodeRow& node = view.node(key.as<NodeId>());
    if (node.header.alive) {
      if (out_of_service(node)) collect_terminating(node, view, plan);
      return;
    }
    // A node of the same name may be back; its pods are then looked after by its agent.
    if (view.find(Kind::Node, "", view.text(node.header.name)).valid()) return;
    const SimTime due = grid_from(node.header.deletion_time) + settings_.pod_gc_quarantine;
    if (!node.pods.empty() && view.now() < due) return plan.requeue_at(due);
    for (const PodId pod : node.pods) collect(pod, node.header.deletion_seq, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->nodes.size(); ++i) {
      const state::NodeRow& node = view->nodes[i];
      if ((!node.header.alive && !node.pods.empty()) || out_of_service(node)) keys.add(NodeId(i));
    }
    for (std::size_t i = 0; i < view->pods.size(); ++i) {
      if (view.pod_alive(PodId(i)) && waits_for_a_node(PodId(i), view)) keys.add(PodId(i));
    }
    if (too_many(view)) keys.add_at(kEndedPods, grid_from(view.now()));
  }

 private:
  /// Its spec names a node, and no such node was there to take it.
  static bool waits_for_a_node(PodId pod, const ClusterView& view) {
    return !view.pod_node(pod).valid() && !view.pod_spec(pod).spec.node_name.empty();
  }
  [[nodiscard]] bool too_many(const ClusterView& view) const {
    return settings_.terminated_pod_gc_threshold > 0 &&
           view->alive_pods > static_cast<std::uint32_t>(settings_.terminated_pod_gc_threshold);
  }
  [[nodiscard]] SimTime grid_from(SimTime t) const {
    const std::int64_t period = settings_.pod_gc_period.ns;
    return {(t.ns + period - 1) / period * period};
  }
  static bool out_of_service(const state::NodeRow& node) {
    const auto& ready = node.conditions[static_cast<std::size_t>(event::NodeConditionType::Ready)];
    return node.header.alive && ready.status != event::ConditionStatus::True &&
           std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                       [](const model::Taint& t) { return t.key == kOutOfService; });
  }

  void collect_lost(PodId pod, const ClusterView& view, Plan& plan) const {
    if (!view.pod_alive(pod) || !waits_for_a_node(pod, view)) return;
    const SimTime due = grid_from(view->pods.created[pod.index()]) + settings_.pod_gc_quarantine;
    if (view.now() < due) return plan.requeue_at(due);
    collect(pod, 0, view, plan);
  }

  /// Failed first, so that its owner counts it out, then removed without grace: no agent is there to confirm.
  static void collect(PodId pod, base::Seq cause, const ClusterView& view, Plan& plan) {
    if (!ended(view.pod_phase(pod))) plan.call(command::SetPodPhase{{pod, event::Phase::Failed, ""}}, cause, true);
    plan.call(command::DeletePod{pod, event::DeletionReason::PodGC, 0}, cause, true);
  }

  static void collect_terminating(const state::NodeRow& node, const ClusterView& view, Plan& plan) {
    for (const PodId pod : node.pods) {
      if (view.pod_terminating(pod)) collect(pod, 0, view, plan);
    }
  }

  /// PodIsEvicted: the node agent ended it.
  static bool evicted(PodId pod, const ClusterView& view) {
    return view.pod_phase(pod) == event::Phase::Failed && view.text(view->pods.message[pod.index()]) == "Evicted";
  }

  /// Beyond the threshold go first those that were evicted, then the oldest (byEvictionAndCreationTimestamp). O(pods),
  /// once a period and only while there are more pods than the threshold.
  void collect_ended(const ClusterView& view, Plan& plan) const {
    std::vector<PodId> all;
    for (std::size_t i = 0; i < view->pods.size(); ++i) {
      const PodId pod(i);
      if (view.pod_alive(pod) && ended(view.pod_phase(pod))) all.push_back(pod);
    }
    const auto threshold = static_cast<std::size_t>(settings_.terminated_pod_gc_threshold);
    if (all.size() <= threshold) return;
    const auto second_made = [&](PodId pod) { return view->pods.created[pod.index()].ns / 1'000'000'000; };
    std::sort(all.begin(), all.end(), [&](PodId a, PodId b) {
      if (evicted(a, view) != evicted(b, view)) return evicted(a, view);
      if (second_made(a) != second_made(b)) return second_made(a) < second_made(b);
      if (view.pod_name(a) != view.pod_name(b)) return view.pod_name(a) < view.pod_name(b);
      return a < b;
    });
    all.resize(all.size() - threshold);
    for (const PodId pod : all) plan.call(command::DeletePod{pod, event::DeletionReason::PodGC, 0}, 0, true);
  }

  Settings settings_;
};

}  // namespace

std::unique_ptr<Controller> make_pod_gc_controller(const Settings& settings) {
  return std::make_unique<PodGcController>(settings);
}

}  // namespace wavetank::control
