// The Deployment controller: which keys an event concerns. The sync itself is DeploymentSync.
// Source: kubernetes/pkg/controller/deployment/deployment_controller.go.

#include "engine/control/controllers.h"
#include "engine/control/deployment_sync.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using model::Kind;

class DeploymentController final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "deployment-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                          EventKind::ObjectRemoved, EventKind::OwnerChanged, EventKind::PodRemoved,
                          EventKind::ReplicaSetCreated, EventKind::ReplicaSetScaled, EventKind::ReplicaSetStatusChanged,
                          EventKind::ReplicaSetRevisionSet, EventKind::ReplicaSetFailureChanged,
                          EventKind::DeploymentStatusChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const auto id = key.as<event::DeploymentId>();
    if (view.alive(key)) DeploymentSync(id, view, plan).run();
  }

  void list(const ClusterView& view, KeySink& keys) override {
    add_alive<event::DeploymentId>(view->deployments, keys);
  }

 private:
  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  static void add_owner(event::ReplicaSetId set, const ClusterView& view, KeySink& keys) {
    const event::DeploymentId owner = view.replica_set(set).deployment;
    if (owner.valid()) keys.add(owner);
  }
  /// An orphan concerns every Deployment that selects it. O(deployments): orphans are rare.
  static void add_matching(event::ReplicaSetId set, const ClusterView& view, KeySink& keys) {
    const state::ReplicaSetRow& row = view.replica_set(set);
    if (row.header.controller.valid()) return add_owner(set, view, keys);
    for (std::size_t i = 0; i < view->deployments.size(); ++i) {
      const state::DeploymentRow& d = view->deployments[i];
      if (d.header.alive && d.header.ns == row.header.ns && d.spec.selector.matches(row.labels))
        keys.add(event::DeploymentId(i));
    }
  }

  static void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind == Kind::Deployment) {
      const std::size_t row = row_created_by(view->deployments, event.seq);
      if (row < view->deployments.size()) keys.add(event::DeploymentId(row));
    } else if (e.kind == Kind::ReplicaSet) {
      const std::size_t row = row_created_by(view->replica_sets, event.seq);
      if (row < view->replica_sets.size()) add_matching(event::ReplicaSetId(row), view, keys);
    }
  }
  static void on_object(Ref ref, const ClusterView& view, KeySink& keys) {
    if (ref.kind == Kind::Deployment) keys.add(ref);
    if (ref.kind == Kind::ReplicaSet) add_matching(ref.as<event::ReplicaSetId>(), view, keys);
  }
  static void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    on_object(e.ref, view, keys);
  }
  static void on(const event::Event&, const event::ObjectDeletionStarted& e, const ClusterView& view, KeySink& keys) {
    on_object(e.ref, view, keys);
  }
  static void on(const event::Event&, const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::ReplicaSet) add_owner(e.ref.as<event::ReplicaSetId>(), view, keys);
  }
  static void on(const event::Event&, const event::OwnerChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.child.kind == Kind::ReplicaSet) add_matching(e.child.as<event::ReplicaSetId>(), view, keys);
  }
  /// Recreate waits for the last pod of the old sets.
  static void on(const event::Event&, const event::PodRemoved& e, const ClusterView& view, KeySink& keys) {
    const Ref set = view->pods.owner[e.pod.index()];
    if (!set.valid() || set.kind != Kind::ReplicaSet) return;
    const event::DeploymentId owner = view->replica_sets[set.row].deployment;
    if (!owner.valid() || !view.deployment(owner).spec.recreate) return;
    for (const event::ReplicaSetId id : view.deployment(owner).replica_sets) {
      if (!view.replica_set(id).pods.empty()) return;
    }
    keys.add(owner);
  }
  static void on(const event::Event&, const event::ReplicaSetCreated& e, const ClusterView&, KeySink& keys) {
    keys.add(e.deployment);
  }
  static void on(const event::Event&, const event::ReplicaSetScaled& e, const ClusterView& view, KeySink& keys) {
    add_owner(e.replica_set, view, keys);
  }
  static void on(const event::Event&, const event::ReplicaSetStatusChanged& e, const ClusterView& view, KeySink& keys) {
    add_owner(e.replica_set, view, keys);
  }
  static void on(const event::Event&, const event::ReplicaSetRevisionSet& e, const ClusterView& view, KeySink& keys) {
    add_owner(e.replica_set, view, keys);
  }
  static void on(const event::Event&, const event::ReplicaSetFailureChanged& e, const ClusterView& view,
                 KeySink& keys) {
    add_owner(e.replica_set, view, keys);
  }
  /// A finished rollout's status is what the clean-up of old sets waits for; other status writes change nothing for a
  /// sync.
  static void on(const event::Event&, const event::DeploymentStatusChanged& e, const ClusterView& view, KeySink& keys) {
    const state::DeploymentRow& d = view.deployment(e.deployment);
    const auto limit = static_cast<std::size_t>(d.spec.revision_history_limit);
    if (d.replica_sets.size() > limit + 1 && e.updated == d.spec.replicas && e.replicas == e.updated)
      keys.add(e.deployment);
  }
};

}  // namespace

std::unique_ptr<Controller> make_deployment_controller() { return std::make_unique<DeploymentController>(); }

}  // namespace wavetank::control
