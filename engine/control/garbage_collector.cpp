// The garbage collector by ownerReferences: background, foreground and orphan. A key is an owner that is gone or going.
// Source: kubernetes/pkg/controller/garbagecollector,
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/. Every reference is taken as blocking
// (blockOwnerDeletion), as those that controllers write are.

#include <algorithm>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/state/volume_use.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PodId;
using event::Propagation;
using model::Kind;

class GarbageCollector final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "garbage-collector-controller"; }
  [[nodiscard]] int workers() const override { return 20; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectRemoved, EventKind::ObjectDeletionStarted, EventKind::PodRemoved,
                          EventKind::OwnerChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload)) {
      keys.add(removed->ref);
      for (const Ref owner : view.header(removed->ref)->owners) add_waiting(owner, view, keys);
    } else if (const auto* started = std::get_if<event::ObjectDeletionStarted>(&event.payload)) {
      if (started->ref.kind != Kind::Namespace) keys.add(started->ref);
    } else if (const auto* pod = std::get_if<event::PodRemoved>(&event.payload)) {
      add_waiting(view->pods.owner[pod->pod.index()], view, keys);
      // Pods own the claims of their ephemeral volumes.
      if (state::has_claims(view.pod_spec(pod->pod).spec)) keys.add(pod->pod);
    }
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (key.kind == Kind::Pod) return collect_claims(key, view, plan);
    const state::Header& owner = *view.header(key);
    if (owner.alive && !owner.terminating()) return;
    if (owner.alive && owner.propagation == Propagation::Background) return;  // its finalizers hold it
    find_dependents(key, view);
    if (!owner.alive) {
      for (const Ref child : dependents_) {
        if (!has_other_owner(child, view)) remove(child, Propagation::Background, owner.deletion_seq, view, plan);
      }
    } else if (owner.propagation == Propagation::Orphan) {
      for (const Ref child : dependents_) plan.call(command::SetOwner{child, Ref()}, owner.deletion_seq, true);
      plan.call(command::RemoveObject{key}, owner.deletion_seq, true);
    } else if (dependents_.empty()) {
      plan.call(command::RemoveObject{key}, 0, true);
    } else {
      for (const Ref child : dependents_) {
        const std::vector<PodId>* pods = view.pods_of(child);
        const bool has_pods = pods != nullptr && !pods->empty();
        remove(child, has_pods ? Propagation::Foreground : Propagation::Background, owner.deletion_seq, view, plan);
      }
    }
  }

  void list(const ClusterView& view, KeySink& keys) override {
    view.for_headers([&](Ref ref, const state::Header& h) {
      const bool waits = ref.kind != Kind::Namespace && ref.kind != Kind::Node && h.alive && h.terminating();
      if (!h.alive || waits) keys.add(ref);
    });
  }

 private:
  static void collect_claims(Ref pod, const ClusterView& view, Plan& plan) {
    if (view.alive(pod)) return;
    for (const model::Volume& v : view.pod_spec(pod.as<PodId>()).spec.volumes) {
      const event::PvcId claim = state::claim_of_volume(view, pod.as<PodId>(), v);
      if (!claim.valid() || view.claim(claim).header.controller != pod || has_other_owner(Ref(claim), view)) continue;
      remove(Ref(claim), Propagation::Background, view->pods.deletion_seq[pod.row], view, plan);
    }
  }

  static void add_waiting(Ref owner, const ClusterView& view, KeySink& keys) {
    if (!owner.valid() || owner.kind == Kind::Pod) return;
    const state::Header& h = *view.header(owner);
    if (h.alive && h.terminating()) keys.add(owner);
  }

  static bool owned_by(const state::Header& h, Ref owner) {
    return h.alive && std::find(h.owners.begin(), h.owners.end(), owner) != h.owners.end();
  }

  /// The alive objects that name `owner`. What controllers make is found by the owner's own lists, the rest by looking
  /// at all objects that could have been written with such a reference.
  void find_dependents(Ref owner, const ClusterView& view) {
    dependents_.clear();
    const auto scan = [&](const auto& rows, Kind kind) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (owned_by(rows[i].header, owner)) dependents_.emplace_back(kind, static_cast<std::uint32_t>(i));
      }
    };
    if (owner.kind == Kind::Deployment) {
      for (const event::ReplicaSetId id : view->deployments[owner.row].replica_sets) dependents_.emplace_back(id);
    } else if (const std::vector<PodId>* pods = view.pods_of(owner); pods != nullptr) {
      for (const PodId pod : *pods) dependents_.emplace_back(pod);
      scan(view->controller_revisions, Kind::ControllerRevision);
    } else if (owner.kind == Kind::CronJob) {
      for (const event::JobId id : view->cron_jobs[owner.row].jobs) dependents_.emplace_back(id);
    } else if (owner.kind == Kind::Service) {
      for (const event::EndpointSliceId id : view->services[owner.row].slices) dependents_.emplace_back(id);
    } else if (owner.kind != Kind::Node && owner.kind != Kind::EndpointSlice) {
      scan(view->replica_sets, Kind::ReplicaSet);
      scan(view->deployments, Kind::Deployment);
      scan(view->stateful_sets, Kind::StatefulSet);
      scan(view->daemon_sets, Kind::DaemonSet);
      scan(view->jobs, Kind::Job);
      if (owner.kind == Kind::Other) find_pods(owner, view);
    }
    scan(view->claims, Kind::PersistentVolumeClaim);
    if (owner.kind != Kind::Node && owner.kind != Kind::EndpointSlice) scan_others(owner, view);
  }
  void find_pods(Ref owner, const ClusterView& view) {
    for (std::size_t i = 0; i < view->pods.size(); ++i) {
      if (view->pods.owner[i] == owner && view.pod_alive(PodId(i))) dependents_.emplace_back(PodId(i));
    }
  }
  void scan_others(Ref owner, const ClusterView& view) {
    for (std::size_t i = 0; i < view->others.size(); ++i) {
      if (owned_by(view->others[i].header, owner))
        dependents_.emplace_back(view->others[i].kind, static_cast<std::uint32_t>(i));
    }
  }

  /// An object goes with the last of its owners.
  static bool has_other_owner(Ref child, const ClusterView& view) {
    if (child.kind == Kind::Pod) return false;
    const std::vector<Ref>& owners = view.header(child)->owners;
    return std::any_of(owners.begin(), owners.end(), [&](Ref o) { return view.alive(o); });
  }

  static void remove(Ref child, Propagation how, base::Seq cause, const ClusterView& view, Plan& plan) {
    if (child.kind == Kind::Pod) {
      const auto pod = child.as<PodId>();
      if (!view.pod_terminating(pod))
        plan.call(command::DeletePod{pod, event::DeletionReason::GarbageCollected, {}}, cause, true);
    } else if (!view.header(child)->terminating()) {
      plan.call(command::DeleteObject{child, how, {}}, cause, true);
    }
  }

  std::vector<Ref> dependents_;
};

}  // namespace

std::unique_ptr<Controller> make_garbage_collector() { return std::make_unique<GarbageCollector>(); }

}  // namespace wavetank::control
