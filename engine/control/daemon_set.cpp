// The DaemonSet controller: which keys an event concerns. The sync itself is DaemonSetSync.
// Source: kubernetes/pkg/controller/daemon/daemon_controller.go.

#include "engine/control/controllers.h"
#include "engine/control/daemon_set_sync.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::DaemonSetId;
using event::EventKind;
using event::PodId;
using model::Kind;

class DaemonSetController final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "daemonset-controller"; }
  [[nodiscard]] int workers() const override { return 2; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                          EventKind::NodeTaintsChanged, EventKind::OwnerChanged, EventKind::PodMade,
                          EventKind::PodReadyChanged, EventKind::PodPhaseChanged, EventKind::PodFailed,
                          EventKind::PodDeletionStarted, EventKind::PodRemoved);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (may_orphan_revisions(event)) orphans_.look_again();
    if (const PodId pod = pod_changed_by(event); pod.valid())
      return add_controller_of(pod, Kind::DaemonSet, view, keys);
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (view.alive(key)) DaemonSetSync(key.as<DaemonSetId>(), view, plan, orphans_, fits_).run();
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<DaemonSetId>(view->daemon_sets, keys); }

  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    if (view.alive(key))
      DaemonSetSync(key.as<DaemonSetId>(), view, plan, orphans_, fits_).after_refusal(refused, rejection);
  }

 private:
  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  static void add_matching(PodId pod, const ClusterView& view, KeySink& keys) {
    if (view->pods.owner[pod.index()].valid()) return add_controller_of(pod, Kind::DaemonSet, view, keys);
    for (std::size_t i = 0; i < view->daemon_sets.size(); ++i) {
      const state::DaemonSetRow& set = view->daemon_sets[i];
      if (set.header.alive && set.header.ns == view.pod_ns(pod) && set.spec.selector.matches(view.pod_spec(pod).labels))
        keys.add(DaemonSetId(i));
    }
  }

  /// A node that came, or whose labels or taints changed, concerns every DaemonSet. One that goes concerns none: its
  /// pods are the pod garbage collector's, and their removal wakes their sets.
  static void add_all(const ClusterView& view, KeySink& keys) { add_alive<DaemonSetId>(view->daemon_sets, keys); }

  static void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind == Kind::DaemonSet) {
      const std::size_t row = row_created_by(view->daemon_sets, event.seq);
      if (row < view->daemon_sets.size()) keys.add(DaemonSetId(row));
    } else if (e.kind == Kind::Node) {
      add_all(view, keys);
    } else if (e.kind == Kind::Pod) {
      if (const PodId pod = pod_created_by(view->pods, event.seq); pod.valid()) add_matching(pod, view, keys);
    }
  }
  static void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::DaemonSet) keys.add(e.ref);
    if (e.ref.kind == Kind::Node) add_all(view, keys);
    if (e.ref.kind == Kind::Pod) add_matching(e.ref.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::ObjectDeletionStarted& e, const ClusterView&, KeySink& keys) {
    if (e.ref.kind == Kind::DaemonSet) keys.add(e.ref);
  }
  static void on(const event::Event&, const event::NodeTaintsChanged&, const ClusterView& view, KeySink& keys) {
    add_all(view, keys);
  }
  static void on(const event::Event&, const event::OwnerChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.child.kind == Kind::Pod) add_matching(e.child.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::PodMade& e, const ClusterView&, KeySink& keys) {
    if (e.owner.kind == Kind::DaemonSet) keys.add(e.owner);
  }

  OrphanRevisions orphans_;
  DaemonFits fits_;
};

}  // namespace

std::unique_ptr<Controller> make_daemon_set_controller() { return std::make_unique<DaemonSetController>(); }

}  // namespace wavetank::control
