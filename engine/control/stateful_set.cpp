// The StatefulSet controller: which keys an event concerns. The sync itself is StatefulSetSync.
// Source: kubernetes/pkg/controller/statefulset/stateful_set.go.

#include <algorithm>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/stateful_set_sync.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PodId;
using event::StatefulSetId;
using model::Kind;

class StatefulSetController final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "statefulset-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                          EventKind::ObjectRemoved, EventKind::OwnerChanged, EventKind::PodMade,
                          EventKind::PodReadyChanged, EventKind::PodPhaseChanged, EventKind::PodFailed,
                          EventKind::PodDeletionStarted, EventKind::PodRemoved, EventKind::StatefulSetStatusChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (may_orphan_revisions(event)) orphans_.look_again();
    if (const PodId pod = pod_changed_by(event); pod.valid())
      return add_controller_of(pod, Kind::StatefulSet, view, keys);
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (view.alive(key)) StatefulSetSync(key.as<StatefulSetId>(), view, plan, orphans_).run();
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<StatefulSetId>(view->stateful_sets, keys); }

  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    if (view.alive(key))
      StatefulSetSync(key.as<StatefulSetId>(), view, plan, orphans_).after_refusal(refused, rejection);
  }

 private:
  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  /// A pod without a controller concerns the set that its name speaks of, if that selects it.
  static void add_matching(PodId pod, const ClusterView& view, KeySink& keys) {
    if (view->pods.owner[pod.index()].valid()) return add_controller_of(pod, Kind::StatefulSet, view, keys);
    const Ref set = view.find(Kind::StatefulSet, view.text(view.pod_ns(pod)), pod_identity(view.pod_name(pod)).parent);
    if (!set.valid()) return;
    if (view.stateful_set(set.as<StatefulSetId>()).spec.selector.matches(view.pod_spec(pod).labels)) keys.add(set);
  }

  static void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind == Kind::StatefulSet) {
      const std::size_t row = row_created_by(view->stateful_sets, event.seq);
      if (row < view->stateful_sets.size()) keys.add(StatefulSetId(row));
    } else if (e.kind == Kind::Pod) {
      if (const PodId pod = pod_created_by(view->pods, event.seq); pod.valid()) add_matching(pod, view, keys);
    }
  }
  static void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::StatefulSet) keys.add(e.ref);
    if (e.ref.kind == Kind::Pod) add_matching(e.ref.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::ObjectDeletionStarted& e, const ClusterView&, KeySink& keys) {
    if (e.ref.kind == Kind::StatefulSet) keys.add(e.ref);
  }
  /// A claim that is gone may be what a pod's making waited for.
  static void on(const event::Event&, const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind != Kind::PersistentVolumeClaim || view->stateful_sets.empty()) return;
    // "<template>-<set>-<ordinal>": where the set's name begins is not written.
    const std::string_view stem = pod_identity(view.bare_name(e.ref)).parent;
    for (std::size_t dash = stem.find('-'); dash != std::string_view::npos; dash = stem.find('-', dash + 1)) {
      const Ref set = view.find(Kind::StatefulSet, view.namespace_of(e.ref), stem.substr(dash + 1));
      if (set.valid()) keys.add(set);
    }
  }
  static void on(const event::Event&, const event::OwnerChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.child.kind == Kind::Pod) add_matching(e.child.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::PodMade& e, const ClusterView&, KeySink& keys) {
    if (e.owner.kind == Kind::StatefulSet) keys.add(e.owner);
  }
  /// The end of a rollout is what the clean-up of old revisions waits for.
  static void on(const event::Event&, const event::StatefulSetStatusChanged& e, const ClusterView&, KeySink& keys) {
    keys.add(e.id);
  }

  OrphanRevisions orphans_;
};

}  // namespace

std::unique_ptr<Controller> make_stateful_set_controller() { return std::make_unique<StatefulSetController>(); }

}  // namespace wavetank::control
