#include "engine/project/workloads.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::project {
namespace {

using model::Kind;

std::uint32_t& slot(std::vector<std::uint32_t>& index, std::size_t row) {
  if (index.size() <= row) index.resize(row + 1, 0xffffffffU);
  return index[row];
}

Ref namespace_ref(base::Sym ns, const ClusterView& view) {
  const Ref found = view.find(Kind::Namespace, "", view.text(ns));
  return found.valid() ? found : Ref(Kind::Namespace, 0);
}

bool rolled_out(const state::DeploymentRow& row) {
  return row.observed_generation >= row.header.generation && row.updated >= row.spec.replicas &&
         row.status_replicas == row.updated;
}

/// No rollout of the workload is under way; what a partition keeps back does not count.
bool rolled_out(Ref ref, const ClusterView& view) {
  if (ref.kind == Kind::Deployment) return rolled_out(view.deployment(ref.as<event::DeploymentId>()));
  if (ref.kind == Kind::StatefulSet) {
    const state::StatefulSetRow& row = view->stateful_sets[ref.row];
    return row.spec.on_delete || (row.status.observed_generation >= row.header.generation &&
                                  row.status.updated >= row.spec.replicas - std::max(row.spec.partition, 0));
  }
  if (ref.kind == Kind::DaemonSet) {
    const state::DaemonSetRow& row = view->daemon_sets[ref.row];
    return row.spec.on_delete ||
           (row.status.observed_generation >= row.header.generation && row.status.updated >= row.status.desired);
  }
  return true;
}

}  // namespace

Ref Workloads::workload_ref(PodId pod, const ClusterView& view) {
  const Ref owner = view->pods.owner[pod.index()];
  if (owner.valid() && owner.kind == Kind::ReplicaSet) {
    const event::DeploymentId deployment = view.replica_set(owner.as<event::ReplicaSetId>()).deployment;
    return deployment.valid() ? Ref(deployment) : owner;
  }
  if (owner.valid() && (owner.kind == Kind::StatefulSet || owner.kind == Kind::DaemonSet)) return owner;
  return namespace_ref(view.pod_ns(pod), view);
}

std::vector<std::uint32_t>& Workloads::index_of(Kind kind) {
  switch (kind) {
    case Kind::Deployment:
      return of_deployment_;
    case Kind::ReplicaSet:
      return of_set_;
    case Kind::StatefulSet:
      return of_stateful_set_;
    case Kind::DaemonSet:
      return of_daemon_set_;
    default:
      return of_namespace_;
  }
}

std::size_t Workloads::workload(Ref ref, const ClusterView& view) {
  std::uint32_t& at = slot(index_of(ref.kind), ref.row);
  if (at == kNone) {
    at = static_cast<std::uint32_t>(all_.size());
    Workload w;
    w.ref = ref;
    w.name = ref.kind == Kind::Namespace ? fmt::format("pods of {}", view.bare_name(ref)) : short_label(ref, view);
    w.born = w.since = view.now();
    w.desired.set(view.now(), 0);
    w.ready.set(view.now(), 0);
    all_.push_back(std::move(w));
  }
  return at;
}

void Workloads::count_time(Workload& w, SimTime now) {
  if (w.first_whole != SimTime::never() && w.gone == SimTime::never()) {
    const Duration span = now - w.since;
    w.observed = w.observed + span;
    if (w.ready.value() >= w.desired.value()) w.full = w.full + span;
    if (w.ready.value() > 0 || w.desired.value() == 0) w.some = w.some + span;
  }
  w.since = now;
}

void Workloads::change(std::size_t workload, std::int64_t desired, std::int64_t ready, const ClusterView& view) {
  Workload& w = all_[workload];
  const bool fewer = ready < w.ready.value();
  if (desired != w.desired.value() || ready != w.ready.value()) count_time(w, view.now());
  w.desired.set(view.now(), desired);
  w.ready.set(view.now(), ready);
  bool whole = ready >= desired;
  const bool rolled = rolled_out(w.ref, view);
  whole = whole && rolled;
  if (whole && w.first_whole == SimTime::never() && desired > 0) {
    w.first_whole = view.now();
    w.since = view.now();
  }
  // A rollout that begins while something else is amiss has its own part in what follows.
  const bool worse = fewer || (w.whole && !whole) || (w.rolled_out && !rolled);
  w.rolled_out = rolled;
  if (worse || whole != w.whole) touched_.push_back({workload, worse, whole});
  w.whole = whole;
}

void Workloads::refresh(Ref ref, const ClusterView& view) {
  if (ref.kind == Kind::ReplicaSet && view.replica_set(ref.as<event::ReplicaSetId>()).deployment.valid()) return;
  const std::size_t at = workload(ref, view);
  if (all_[at].adopted) {
    all_[at].adopted = false;
    all_[at].gone = SimTime::never();
    all_[at].since = view.now();
  }
  const bool there = view.alive(ref) && !view.header(ref)->terminating();
  std::int64_t desired = 0;
  if (there && ref.kind == Kind::Deployment) desired = view.deployment(ref.as<event::DeploymentId>()).spec.replicas;
  if (there && ref.kind == Kind::ReplicaSet) desired = view.replica_set(ref.as<event::ReplicaSetId>()).replicas;
  if (there && ref.kind == Kind::StatefulSet) desired = view->stateful_sets[ref.row].spec.replicas;
  if (there && ref.kind == Kind::DaemonSet) desired = view->daemon_sets[ref.row].status.desired;
  change(at, desired, all_[at].ready.value(), view);
  if (!there && all_[at].gone == SimTime::never()) {
    count_time(all_[at], view.now());
    all_[at].gone = view.now();
  }
}

void Workloads::change_hands(Ref set, const ClusterView& view) {
  if (const auto* pods = view.pods_of(set); pods != nullptr) {
    for (const PodId pod : *pods) recount(pod, view);
  }
  const event::DeploymentId deployment = view.replica_set(set.as<event::ReplicaSetId>()).deployment;
  if (!deployment.valid()) return refresh(set, view);
  refresh(Ref(deployment), view);
  const std::uint32_t at = slot(of_set_, set.row);
  if (at == kNone || all_[at].gone != SimTime::never()) return;
  change(at, 0, all_[at].ready.value(), view);
  count_time(all_[at], view.now());
  all_[at].gone = view.now();
  all_[at].adopted = true;
}

void Workloads::recount(PodId pod, const ClusterView& view) {
  const NodeId node = view.pod_node(pod);
  const bool active = view.pod_active(pod);
  const bool up = active && view.pod_ready(pod) && node.valid() && view.node(node).machine_up;
  const Ref ref = workload_ref(pod, view);
  // A namespace wants the loose pods that it has.
  std::uint32_t& wanted = slot(loose_in_, pod.index());
  const std::uint32_t wants =
      active && ref.kind == Kind::Namespace ? static_cast<std::uint32_t>(workload(ref, view)) : kNone;
  if (wanted != wants) {
    if (wanted != kNone) change(wanted, all_[wanted].desired.value() - 1, all_[wanted].ready.value(), view);
    if (wants != kNone) change(wants, all_[wants].desired.value() + 1, all_[wants].ready.value(), view);
    wanted = wants;
  }
  std::uint32_t& counted = slot(counted_in_, pod.index());
  const std::uint32_t counts = up ? static_cast<std::uint32_t>(workload(ref, view)) : kNone;
  if (counted == counts) return;
  if (counted != kNone) change(counted, all_[counted].desired.value(), all_[counted].ready.value() - 1, view);
  if (counts != kNone) change(counts, all_[counts].desired.value(), all_[counts].ready.value() + 1, view);
  counted = counts;
}

namespace {

/// Which pod's readiness an event may have changed.
struct PodOf {
  PodId operator()(const event::PodReadyChanged& e) const { return e.pod; }
  PodId operator()(const event::PodDeletionStarted& e) const { return e.pod; }
  PodId operator()(const event::PodPhaseChanged& e) const { return e.pod; }
  PodId operator()(const event::PodFailed& e) const { return e.pod; }
  PodId operator()(const event::PodRemoved& e) const { return e.pod; }
  PodId operator()(const event::PodBound& e) const { return e.pod; }
  PodId operator()(const event::OwnerChanged& e) const {
    return e.child.kind == Kind::Pod ? e.child.as<PodId>() : PodId();
  }
  PodId operator()(const event::ObjectUpdated& e) const {
    return e.ref.kind == Kind::Pod ? e.ref.as<PodId>() : PodId();
  }
  template <class E>
  PodId operator()(const E&) const {
    return {};
  }
};

}  // namespace

void Workloads::observe(const event::Event& event, const ClusterView& view) {
  touched_.clear();
  const PodId pod = std::visit(PodOf{}, event.payload);
  if (pod.valid()) return recount(pod, view);
  const auto is_workload = [](Kind kind) {
    return kind == Kind::Deployment || kind == Kind::ReplicaSet || kind == Kind::StatefulSet || kind == Kind::DaemonSet;
  };
  switch (event.kind()) {
    case event::EventKind::ObjectCreated: {
      const Kind kind = std::get<event::ObjectCreated>(event.payload).kind;
      if (kind == Kind::Deployment) refresh(Ref(event::DeploymentId(view->deployments.size() - 1)), view);
      if (kind == Kind::ReplicaSet) refresh(Ref(event::ReplicaSetId(view->replica_sets.size() - 1)), view);
      if (kind == Kind::StatefulSet) refresh(Ref(event::StatefulSetId(view->stateful_sets.size() - 1)), view);
      if (kind == Kind::DaemonSet) refresh(Ref(event::DaemonSetId(view->daemon_sets.size() - 1)), view);
      if (kind == Kind::Pod) {
        const PodId made(view->pods.size() - 1);
        ++all_[workload(workload_ref(made, view), view)].pods_made;
        recount(made, view);
      }
      return;
    }
    case event::EventKind::PodCreated:
    case event::EventKind::PodMade:
      ++all_[workload(workload_ref(PodId(view->pods.size() - 1), view), view)].pods_made;
      return;
    case event::EventKind::OwnerChanged: {
      const Ref child = std::get<event::OwnerChanged>(event.payload).child;
      if (child.kind == Kind::ReplicaSet) change_hands(child, view);
      return;
    }
    case event::EventKind::ObjectUpdated: {
      const Ref ref = std::get<event::ObjectUpdated>(event.payload).ref;
      if (is_workload(ref.kind)) refresh(ref, view);
      return;
    }
    case event::EventKind::ObjectDeletionStarted: {
      const Ref ref = std::get<event::ObjectDeletionStarted>(event.payload).ref;
      if (is_workload(ref.kind)) refresh(ref, view);
      return;
    }
    case event::EventKind::ObjectRemoved: {
      const Ref ref = std::get<event::ObjectRemoved>(event.payload).ref;
      if (is_workload(ref.kind)) refresh(ref, view);
      return;
    }
    case event::EventKind::ReplicaSetScaled: {
      const event::ReplicaSetId set = std::get<event::ReplicaSetScaled>(event.payload).replica_set;
      const event::DeploymentId deployment = view.replica_set(set).deployment;
      return refresh(deployment.valid() ? Ref(deployment) : Ref(set), view);
    }
    case event::EventKind::DeploymentStatusChanged:
      return refresh(Ref(std::get<event::DeploymentStatusChanged>(event.payload).deployment), view);
    case event::EventKind::StatefulSetStatusChanged:
      return refresh(Ref(std::get<event::StatefulSetStatusChanged>(event.payload).id), view);
    case event::EventKind::DaemonSetStatusChanged:
      return refresh(Ref(std::get<event::DaemonSetStatusChanged>(event.payload).id), view);
    case event::EventKind::MachineDown:
      for (const PodId p : view.node(std::get<event::MachineDown>(event.payload).node).pods) recount(p, view);
      return;
    case event::EventKind::MachineUp:
      for (const PodId p : view.node(std::get<event::MachineUp>(event.payload).node).pods) recount(p, view);
      return;
    case event::EventKind::ContainerStarted: {
      const auto& e = std::get<event::ContainerStarted>(event.payload);
      if (view.container(e.pod, e.container).restarts > 0) ++all_[workload(workload_ref(e.pod, view), view)].restarts;
      return;
    }
    default:
      return;
  }
}

void Workloads::finish(SimTime end) {
  for (Workload& w : all_) count_time(w, end);
}

}  // namespace wavetank::project
