#include "engine/base/assert.h"
#include "engine/state/evolve.h"
#include "engine/state/tables.h"

namespace wavetank::state::detail {

void CountedChange::count(int sign) {
  const PodColumns& pods = state_.pods;
  const std::size_t p = pod_.index();
  const Ref owner = pods.owner[p];
  const std::uint16_t flags = pods.flags[p];
  if ((flags & kAlive) == 0) return;
  if (!owner.valid()) {
    TemplateRow& tmpl = state_.templates[pods.tmpl[p].index()];
    tmpl.orphans += static_cast<std::uint32_t>(sign);
    if (state_.orphans_of_ns.size() <= tmpl.ns.index()) state_.orphans_of_ns.resize(tmpl.ns.index() + 1);
    state_.orphans_of_ns[tmpl.ns.index()] += static_cast<std::uint32_t>(sign);
    return;
  }
  if (owner.kind != model::Kind::ReplicaSet || (flags & kTerminating) != 0) return;
  if (pods.phase[p] == Phase::Succeeded || pods.phase[p] == Phase::Failed) return;
  ReplicaSetRow& set = state_.replica_sets[owner.row];
  set.active += sign;
  if (pods.tmpl[p] != set.pod_tmpl) set.foreign += sign;
  if ((flags & kPodReady) != 0) set.active_ready += sign;
}

void recount_foreign(const ClusterState& state, ReplicaSetRow& set) {
  set.foreign = 0;
  for (const PodId pod : set.pods) {
    const std::size_t p = pod.index();
    const bool ended = state.pods.phase[p] == Phase::Succeeded || state.pods.phase[p] == Phase::Failed;
    if ((state.pods.flags[p] & (kAlive | kTerminating)) == kAlive && !ended && state.pods.tmpl[p] != set.pod_tmpl)
      ++set.foreign;
  }
}

namespace {

std::size_t row_of(const ClusterState& state, PodId pod) {
  WT_ASSERT(pod.index() < state.pods.size(), "an event names a pod that exists");
  return pod.index();
}

/// The pod's columns index, with the version set: every event on a pod is its new resourceVersion.
std::size_t touch(ClusterState& state, const event::Event& event, PodId pod) {
  const std::size_t p = row_of(state, pod);
  state.pods.version[p] = event.seq;
  return p;
}

ContainerStatus& status_of(ClusterState& state, PodId pod, std::uint32_t container) {
  const std::size_t at = state.pods.container_begin[pod.index()] + std::size_t{container};
  WT_ASSERT(at < state.pods.containers.size(), "an event names a container that exists");
  return state.pods.containers[at];
}

void push_columns(PodColumns& pods, const event::Event& event, const PodBirth& birth) {
  pods.name.push_back(birth.name);
  pods.tmpl.push_back(birth.tmpl);
  pods.owner.push_back(birth.owner);
  pods.node.emplace_back();
  pods.nominated.emplace_back();
  pods.phase.push_back(Phase::Pending);
  pods.flags.push_back(static_cast<std::uint16_t>(kAlive | (birth.from_manifest ? kFromManifest : 0)));
  pods.deletion_reason.push_back(event::DeletionReason::Deleted);
  pods.ready_reason.push_back(event::ReadyReason::None);
  pods.priority.push_back(birth.priority);
  pods.created.push_back(event.time);
  pods.scheduled.push_back(SimTime::never());
  pods.ready_changed.push_back(event.time);
  pods.deletion.push_back(SimTime::never());
  pods.grace_s.push_back(0);
  pods.created_seq.push_back(event.seq);
  pods.version.push_back(event.seq);
  pods.deletion_seq.push_back(0);
  pods.message.push_back(base::Sym(0U));
  pods.fail_message.push_back(base::Sym(0U));
}

}  // namespace

PodId add_pod(ClusterState& state, const event::Event& event, const PodBirth& birth) {
  PodColumns& pods = state.pods;
  const PodId pod(pods.size());
  TemplateRow& tmpl = state.templates[birth.tmpl.index()];
  push_columns(pods, event, birth);
  pods.container_begin.push_back(static_cast<std::uint32_t>(pods.containers.size()));
  const model::PodSpec& spec = tmpl.value->spec;
  pods.containers.resize(pods.containers.size() + spec.init_containers.size() + spec.containers.size());
  tmpl.pods.push_back(pod);
  state.by_name[{name_kind(model::Kind::Pod), tmpl.ns, birth.name}] = pod.value;
  ++state.alive_pods;
  if (auto* owned = owned_pods(state, birth.owner); owned != nullptr) owned->push_back(pod);
  const CountedChange counted(state, pod, CountedChange::Of::New);
  return pod;
}

}  // namespace wavetank::state::detail

namespace wavetank::state {

void admit_sets_anew(ClusterState& state, model::Kind changed, base::Sym ns) {
  const bool limits = changed == model::Kind::LimitRange;
  if (!limits && changed != model::Kind::RuntimeClass && changed != model::Kind::PriorityClass) return;
  for (std::size_t i = 0; i < state.replica_sets.size(); ++i) {
    const ReplicaSetRow& row = state.replica_sets[i];
    if (!row.header.alive || !row.pod_tmpl.valid() || (limits && row.header.ns != ns)) continue;
    const TemplateId admitted = admitted_template(state, row.tmpl);
    state.replica_sets[i].pod_tmpl = admitted;
    detail::recount_foreign(state, state.replica_sets[i]);
  }
}

}  // namespace wavetank::state

namespace wavetank::state::detail {

void on(ClusterState& state, const event::Event& event, const event::PodCreated& e) {
  ReplicaSetRow& set = state.replica_sets.at(e.replica_set.index());
  ++set.pods_created;
  if (!set.pod_tmpl.valid()) {
    const TemplateId admitted = admitted_template(state, set.tmpl);
    set.pod_tmpl = admitted;
    recount_foreign(state, set);
  }
  std::string name(state.symbols.text(set.header.name));
  name += '-';
  name += e.suffix;
  add_pod(state, event, {state.symbols.intern(name), set.pod_tmpl, Ref(e.replica_set), e.priority, false});
}

void on(ClusterState& state, const event::Event& event, const event::PodMade& e) {
  TemplateId tmpl = e.tmpl;
  if (!tmpl.valid()) tmpl = intern_template(state, header_of(state, e.owner).ns, e.doc);
  switch (e.owner.kind) {
    case model::Kind::StatefulSet:
      ++state.stateful_sets[e.owner.row].pods_created;
      break;
    case model::Kind::DaemonSet:
      ++state.daemon_sets[e.owner.row].pods_created;
      break;
    case model::Kind::Job:
      ++state.jobs[e.owner.row].pods_created;
      break;
    default:
      break;
  }
  const PodId pod = add_pod(state, event, {state.symbols.intern(e.name), tmpl, e.owner, e.priority, false});
  if (e.tracked) state.pods.flags[pod.index()] |= kTracked;
}

void on(ClusterState& state, const event::Event& event, const event::PodUntracked& e) {
  const std::size_t p = touch(state, event, e.pod);
  state.pods.flags[p] = static_cast<std::uint16_t>(state.pods.flags[p] & ~kTracked);
}

void on(ClusterState& state, const event::Event& event, const event::PodFailed& e) {
  const std::size_t p = touch(state, event, e.pod);
  const CountedChange counted(state, e.pod);
  state.pods.phase[p] = Phase::Failed;
  state.pods.message[p] = state.symbols.intern(e.reason);
  state.pods.fail_message[p] = state.symbols.intern(e.message);
}

void on(ClusterState& state, const event::Event& event, const event::PodBound& e) {
  const std::size_t p = touch(state, event, e.pod);
  state.pods.node[p] = e.node;
  state.pods.nominated[p] = {};
  state.pods.scheduled[p] = event.time;
  state.pods.message[p] = base::Sym(0U);
  state.pods.flags[p] = static_cast<std::uint16_t>((state.pods.flags[p] | kScheduled) & ~kUnschedulable);
  state.nodes.at(e.node.index()).pods.push_back(e.pod);
}

void on(ClusterState& state, const event::Event& event, const event::PodUnschedulable& e) {
  const std::size_t p = touch(state, event, e.pod);
  state.pods.flags[p] |= kUnschedulable;
  state.pods.message[p] = state.symbols.intern(e.message);
}

void on(ClusterState& state, const event::Event& event, const event::PodNominated& e) {
  state.pods.nominated[touch(state, event, e.pod)] = e.node;
}

void on(ClusterState& state, const event::Event&, const event::ImagePulled& e) {
  const std::size_t p = row_of(state, e.pod);
  const NodeId node = state.pods.node[p];
  WT_ASSERT(node.valid(), "images are pulled for pods on nodes");
  const model::PodSpec& spec = state.templates[state.pods.tmpl[p].index()].value->spec;
  const std::size_t inits = spec.init_containers.size();
  WT_ASSERT(e.container < inits + spec.containers.size(), "an event names a container that exists");
  const model::Container& c =
      e.container < inits ? spec.init_containers[e.container] : spec.containers[e.container - inits];
  const base::Sym image = state.symbols.intern(c.image);
  auto& images = state.nodes[node.index()].images;
  for (auto& [name, size] : images) {
    if (name == image) {
      size = e.size_bytes;
      return;
    }
  }
  images.emplace_back(image, e.size_bytes);
}

void on(ClusterState& state, const event::Event& event, const event::ContainerStarted& e) {
  touch(state, event, e.pod);
  ContainerStatus& c = status_of(state, e.pod, e.container);
  c.state = ContainerState::Running;
  c.started = event.time;
  if (c.has_exited) ++c.restarts;
  c.back_off = {};
}

void on(ClusterState& state, const event::Event& event, const event::ContainerExited& e) {
  touch(state, event, e.pod);
  ContainerStatus& c = status_of(state, e.pod, e.container);
  c.state = ContainerState::Terminated;
  c.ready = false;
  c.has_exited = true;
  c.exit_code = e.exit_code;
  c.last_exit = e.reason;
  c.finished = event.time;
}

void on(ClusterState& state, const event::Event& event, const event::ContainerWaiting& e) {
  touch(state, event, e.pod);
  ContainerStatus& c = status_of(state, e.pod, e.container);
  c.state = ContainerState::Waiting;
  c.ready = false;
  c.waiting = e.reason;
  c.back_off = e.back_off;
}

void on(ClusterState& state, const event::Event& event, const event::ContainerReadyChanged& e) {
  touch(state, event, e.pod);
  status_of(state, e.pod, e.container).ready = e.ready;
}

void on(ClusterState& state, const event::Event& event, const event::PodReadyChanged& e) {
  const std::size_t p = touch(state, event, e.pod);
  const CountedChange counted(state, e.pod);
  PodColumns& pods = state.pods;
  if (((pods.flags[p] & kPodReady) != 0) != e.ready) pods.ready_changed[p] = event.time;
  pods.flags[p] = static_cast<std::uint16_t>(e.ready ? pods.flags[p] | kPodReady : pods.flags[p] & ~kPodReady);
  pods.ready_reason[p] = e.reason;
  const model::PodSpec& spec = state.templates[pods.tmpl[p].index()].value->spec;
  const std::size_t count = spec.init_containers.size() + spec.containers.size();
  if (e.ready) {
    for (std::uint32_t c = 0; c < count; ++c) {
      ContainerStatus& status = status_of(state, e.pod, c);
      if (status.state == ContainerState::Running) status.ready = true;
    }
  } else if (count == 1 && e.reason == event::ReadyReason::ContainersNotReady) {
    status_of(state, e.pod, 0).ready = false;
  }
}

void on(ClusterState& state, const event::Event& event, const event::PodPhaseChanged& e) {
  const std::size_t p = touch(state, event, e.pod);
  const CountedChange counted(state, e.pod);
  state.pods.phase[p] = e.phase;
  if (!e.reason.empty()) state.pods.message[p] = state.symbols.intern(e.reason);
}

void on(ClusterState& state, const event::Event& event, const event::PodDeletionStarted& e) {
  const std::size_t p = touch(state, event, e.pod);
  const CountedChange counted(state, e.pod);
  PodColumns& pods = state.pods;
  const bool disruption = e.reason == event::DeletionReason::Evicted ||
                          e.reason == event::DeletionReason::TaintEviction ||
                          e.reason == event::DeletionReason::Preempted || e.reason == event::DeletionReason::PodGC;
  pods.flags[p] = static_cast<std::uint16_t>(pods.flags[p] | kTerminating | (disruption ? kDisruptionTarget : 0));
  pods.deletion[p] = event.time;
  pods.grace_s[p] = static_cast<std::int32_t>(e.grace_seconds);
  pods.deletion_reason[p] = e.reason;
  pods.deletion_seq[p] = event.seq;
}

void on(ClusterState& state, const event::Event& event, const event::PodRemoved& e) {
  const std::size_t p = touch(state, event, e.pod);
  PodColumns& pods = state.pods;
  {
    const CountedChange counted(state, e.pod);
    pods.flags[p] = static_cast<std::uint16_t>(pods.flags[p] & ~kAlive);
  }
  if (pods.deletion_seq[p] == 0) {
    pods.deletion[p] = event.time;
    pods.deletion_seq[p] = event.seq;
  }
  --state.alive_pods;
  TemplateRow& tmpl = state.templates[pods.tmpl[p].index()];
  erase_value(tmpl.pods, e.pod);
  if (pods.node[p].valid()) erase_value(state.nodes[pods.node[p].index()].pods, e.pod);
  if (auto* owned = owned_pods(state, pods.owner[p]); owned != nullptr) erase_value(*owned, e.pod);
  state.by_name.erase({name_kind(model::Kind::Pod), tmpl.ns, pods.name[p]});
}

}  // namespace wavetank::state::detail
