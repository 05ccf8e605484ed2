#include <algorithm>

#include "engine/base/assert.h"
#include "engine/state/annotations.h"
#include "engine/state/evolve.h"
#include "engine/state/tables.h"
#include "engine/state/view.h"

namespace wavetank::state::detail {

namespace {

/// lastUpdateTime always moves, lastTransitionTime with the status.
void set_condition(Condition& c, const event::Event& event, ConditionStatus status, const std::string& reason,
                   const std::string& message) {
  if (!c.present || c.status != status) c.transitioned = event.time;
  c.present = true;
  c.status = status;
  c.updated = event.time;
  c.reason = reason;
  c.message = message;
  c.seq = event.seq;
}

/// The header of what a controller makes for an object that it follows: named "<owner>-<suffix>", owned by it.
Header made_header(ClusterState& state, const event::Event& event, Ref owner, const std::string& suffix) {
  const Header& of = header_of(state, owner);
  Header header;
  header.ns = of.ns;
  std::string name(state.symbols.text(of.name));
  name += '-';
  name += suffix;
  header.name = state.symbols.intern(name);
  header.created = event.time;
  header.created_seq = header.version = event.seq;
  header.controller = owner;
  header.owners = {owner};
  return header;
}

/// What controllers make is told by its row, unless it has annotations of its maker: then it is a document, too.
std::string document_with(const ClusterState& state, const event::Event& event, Ref made, model::Doc annotations) {
  if (annotations.members.empty()) return "";
  model::Doc doc = ClusterView(state, event.time).stored_doc(made);
  for (model::Doc::Member& m : annotations.members) doc["metadata"]["annotations"][m.key] = std::move(m.value);
  return model::to_canonical_json(doc);
}

/// A kubelet writes its status as a whole (kubelet/nodestatus/setters.go): with Ready it says that nothing presses. One
/// fact stands for all of it. What somebody has set to True stays.
void nothing_presses(NodeRow& node, const event::Event& event) {
  struct Row {
    event::NodeConditionType type;
    const char* reason;
    const char* message;
  };
  static constexpr Row kRows[] = {
      {event::NodeConditionType::MemoryPressure, "KubeletHasSufficientMemory",
       "kubelet has sufficient memory available"},
      {event::NodeConditionType::DiskPressure, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"},
      {event::NodeConditionType::PIDPressure, "KubeletHasSufficientPID", "kubelet has sufficient PID available"}};
  for (const Row& row : kRows) {
    Condition& c = node.conditions.at(static_cast<std::size_t>(row.type));
    if (c.present && c.status != ConditionStatus::Unknown) continue;
    set_condition(c, event, ConditionStatus::False, row.reason, row.message);
  }
}

}  // namespace

// ---- Nodes
// --------------------------------------------------------------------------------------------------------------------

void on(ClusterState& state, const event::Event& event, const event::NodeConditionChanged& e) {
  NodeRow& node = state.nodes.at(e.node.index());
  node.header.version = event.seq;
  set_condition(node.conditions.at(static_cast<std::size_t>(e.type)), event, e.status, e.reason, e.message);
  if (e.type == event::NodeConditionType::Ready && e.reason == "KubeletReady") nothing_presses(node, event);
}

void on(ClusterState& state, const event::Event& event, const event::NodeTaintsChanged& e) {
  NodeRow& node = state.nodes.at(e.node.index());
  node.header.version = event.seq;
  std::vector<SimTime> added(e.taints.size(), event.time);
  std::vector<Seq> seqs(e.taints.size(), event.seq);
  for (std::size_t i = 0; i < e.taints.size(); ++i) {
    const auto old = std::find(node.spec.taints.begin(), node.spec.taints.end(), e.taints[i]);
    if (old == node.spec.taints.end()) continue;
    const auto at = static_cast<std::size_t>(old - node.spec.taints.begin());
    added[i] = node.taint_added[at];
    seqs[i] = node.taint_seq[at];
  }
  node.spec.taints = e.taints;
  node.taint_added = std::move(added);
  node.taint_seq = std::move(seqs);
}

void on(ClusterState& state, const event::Event& event, const event::NodeCordoned& e) {
  NodeRow& node = state.nodes.at(e.node.index());
  node.header.version = event.seq;
  node.spec.unschedulable = e.unschedulable;
}

void on(ClusterState& state, const event::Event& event, const event::HeartbeatsBegan& e) {
  NodeRow& node = state.nodes.at(e.node.index());
  node.heartbeats_began = event.time;
  node.heartbeat_period = e.period;
  node.heartbeating = true;
  node.heartbeats_seq = event.seq;
}

void on(ClusterState& state, const event::Event& event, const event::HeartbeatsStopped& e) {
  NodeRow& node = state.nodes.at(e.node.index());
  node.heartbeats_last = e.last;
  node.heartbeating = false;
  node.heartbeats_seq = event.seq;
}

// ---- Workloads
// ----------------------------------------------------------------------------------------------------------------

void on(ClusterState& state, const event::Event& event, const event::ReplicaSetCreated& e) {
  ReplicaSetRow row;
  row.header = made_header(state, event, Ref(e.deployment), e.hash);
  {
    const DeploymentRow& deployment = state.deployments.at(e.deployment.index());
    row.selector = deployment.spec.selector;
    row.min_ready_seconds = deployment.spec.min_ready_seconds;
  }
  model::set_label(row.selector.match_labels, "pod-template-hash", e.hash);
  row.tmpl = hashed_template(state, state.deployments[e.deployment.index()].tmpl, e.hash);
  row.labels = state.templates[row.tmpl.index()].value->labels;
  row.deployment = e.deployment;
  row.hash = e.hash;
  row.replicas = e.replicas;
  row.revision = e.revision;
  row.desired = e.desired;
  row.max = e.max;
  const ReplicaSetId id(state.replica_sets.size());
  state.by_name[{name_kind(model::Kind::ReplicaSet), row.header.ns, row.header.name}] = id.value;
  state.replica_sets.push_back(std::move(row));
  const std::string& maker = state.deployments[e.deployment.index()].header.doc;
  state.replica_sets.back().header.doc = document_with(state, event, Ref(id), annotations_for_sets(maker));
  state.deployments[e.deployment.index()].replica_sets.push_back(id);
}

void on(ClusterState& state, const event::Event& event, const event::ReplicaSetScaled& e) {
  ReplicaSetRow& set = state.replica_sets.at(e.replica_set.index());
  set.header.version = event.seq;
  if (set.replicas != e.replicas) ++set.header.generation;
  set.replicas = e.replicas;
  set.desired = e.desired;
  set.max = e.max;
  if (set.deployment.valid()) set.min_ready_seconds = state.deployments[set.deployment.index()].spec.min_ready_seconds;
}

void on(ClusterState& state, const event::Event& event, const event::ReplicaSetStatusChanged& e) {
  ReplicaSetRow& set = state.replica_sets.at(e.replica_set.index());
  set.header.version = event.seq;
  set.status_replicas = e.replicas;
  set.fully_labeled = e.fully_labeled;
  set.status_ready = e.ready;
  set.status_available = e.available;
  set.observed_generation = e.observed_generation;
}

void on(ClusterState& state, const event::Event& event, const event::ReplicaSetRevisionSet& e) {
  ReplicaSetRow& set = state.replica_sets.at(e.replica_set.index());
  set.header.version = event.seq;
  if (set.revision != 0 && set.revision != e.revision) set.revision_history.push_back(set.revision);
  set.revision = e.revision;
}

void on(ClusterState& state, const event::Event& event, const event::ReplicaSetFailureChanged& e) {
  ReplicaSetRow& set = state.replica_sets.at(e.replica_set.index());
  set.header.version = event.seq;
  if (e.failing) {
    set_condition(set.failure, event, ConditionStatus::True, e.reason, e.message);
  } else {
    set.failure = {};
  }
}

void on(ClusterState& state, const event::Event& event, const event::DeploymentStatusChanged& e) {
  DeploymentRow& d = state.deployments.at(e.deployment.index());
  d.header.version = event.seq;
  d.status_replicas = e.replicas;
  d.updated = e.updated;
  d.ready = e.ready;
  d.available = e.available;
  d.unavailable = e.unavailable;
  d.observed_generation = e.observed_generation;
  if (e.progressed)
    d.conditions[static_cast<std::size_t>(event::DeploymentConditionType::Progressing)].updated = event.time;
}

void on(ClusterState& state, const event::Event& event, const event::DeploymentConditionChanged& e) {
  DeploymentRow& d = state.deployments.at(e.deployment.index());
  d.header.version = event.seq;
  Condition& c = d.conditions.at(static_cast<std::size_t>(e.type));
  if (e.reason.empty()) {
    c = {};
  } else {
    set_condition(c, event, e.status, e.reason, e.message);
  }
}

void on(ClusterState& state, const event::Event& event, const event::DeploymentRevisionSet& e) {
  DeploymentRow& d = state.deployments.at(e.deployment.index());
  d.header.version = event.seq;
  d.revision = e.revision;
}

// ---- Services and budgets
// -----------------------------------------------------------------------------------------------------

void on(ClusterState& state, const event::Event& event, const event::EndpointSliceCreated& e) {
  EndpointSliceRow row;
  row.header = made_header(state, event, Ref(e.service), e.suffix);
  row.service = e.service;
  const EndpointSliceId id(state.endpoint_slices.size());
  state.by_name[{name_kind(model::Kind::EndpointSlice), row.header.ns, row.header.name}] = id.value;
  state.endpoint_slices.push_back(std::move(row));
  state.services[e.service.index()].slices.push_back(id);
}

void on(ClusterState& state, const event::Event& event, const event::EndpointsChanged& e) {
  EndpointSliceRow& slice = state.endpoint_slices.at(e.slice.index());
  slice.header.version = event.seq;
  for (const event::EndpointChange& change : e.changes) {
    const auto found = std::find_if(slice.endpoints.begin(), slice.endpoints.end(),
                                    [&](const Endpoint& endpoint) { return endpoint.pod == change.pod; });
    if (change.flags == 0) {
      if (found != slice.endpoints.end()) slice.endpoints.erase(found);
    } else if (found != slice.endpoints.end()) {
      found->flags = change.flags;
    } else {
      slice.endpoints.push_back({change.pod, change.flags});
    }
  }
}

void on(ClusterState& state, const event::Event& event, const event::EndpointSlicePortsSet& e) {
  EndpointSliceRow& slice = state.endpoint_slices.at(e.slice.index());
  slice.header.version = event.seq;
  slice.ports = e.ports;
}

void on(ClusterState& state, const event::Event& event, const event::LoadBalancerChanged& e) {
  header_of(state, e.ref).version = event.seq;
  if (e.ref.kind == model::Kind::Service) state.services.at(e.ref.row).load_balancer = e.addresses;
  if (e.ref.kind == model::Kind::Ingress) state.ingresses.at(e.ref.row).load_balancer = e.addresses;
}

void on(ClusterState& state, const event::Event& event, const event::PdbStatusChanged& e) {
  PdbRow& pdb = state.pdbs.at(e.pdb.index());
  pdb.header.version = event.seq;
  pdb.current_healthy = e.current_healthy;
  pdb.desired_healthy = e.desired_healthy;
  pdb.expected_pods = e.expected_pods;
  pdb.disruptions_allowed = e.disruptions_allowed;
  pdb.observed_generation = e.observed_generation;
  // A pod that has begun to terminate is counted by now; those granted and not yet gone stay listed.
  std::erase_if(pdb.disrupted, [&](const DisruptedPod& d) {
    return (state.pods.flags[d.pod.index()] & kAlive) == 0 || (state.pods.flags[d.pod.index()] & kTerminating) != 0;
  });
}

void on(ClusterState& state, const event::Event& event, const event::PdbDisruptionRecorded& e) {
  PdbRow& pdb = state.pdbs.at(e.pdb.index());
  pdb.header.version = event.seq;
  pdb.disrupted.push_back({e.pod, event.time});
  --pdb.disruptions_allowed;
}

// ---- What other controllers write
// -----------------------------------------------------------------------------------------------

namespace {
template <class Rows, class Fact>
void set_status(Rows& rows, const event::Event& event, const Fact& e) {
  auto& row = rows.at(e.id.index());
  row.header.version = event.seq;
  row.status = e.status;
}
}  // namespace

void on(ClusterState& state, const event::Event& event, const event::StatefulSetStatusChanged& e) {
  set_status(state.stateful_sets, event, e);
}
void on(ClusterState& state, const event::Event& event, const event::DaemonSetStatusChanged& e) {
  set_status(state.daemon_sets, event, e);
}
void on(ClusterState& state, const event::Event& event, const event::JobStatusChanged& e) {
  set_status(state.jobs, event, e);
}
void on(ClusterState& state, const event::Event& event, const event::CronJobStatusChanged& e) {
  set_status(state.cron_jobs, event, e);
}
void on(ClusterState& state, const event::Event& event, const event::HpaStatusChanged& e) {
  set_status(state.hpas, event, e);
}
void on(ClusterState& state, const event::Event& event, const event::VpaStatusChanged& e) {
  set_status(state.vpas, event, e);
}
void on(ClusterState& state, const event::Event& event, const event::QuotaStatusChanged& e) {
  set_status(state.quotas, event, e);
}

void on(ClusterState& state, const event::Event& event, const event::ObjectConditionChanged& e) {
  header_of(state, e.ref).version = event.seq;
  std::vector<NamedCondition>* list = conditions_of(state, e.ref);
  WT_ASSERT(list != nullptr, "only kinds with named conditions get them");
  const auto at = std::find_if(list->begin(), list->end(), [&](const NamedCondition& c) { return c.type == e.type; });
  if (e.removed) {
    if (at != list->end()) list->erase(at);
    return;
  }
  NamedCondition& c = at != list->end() ? *at : list->emplace_back(NamedCondition{e.type, {}});
  set_condition(c.value, event, e.status, e.reason, e.message);
}

void on(ClusterState& state, const event::Event& event, const event::ControllerRevisionCreated& e) {
  ControllerRevisionRow row;
  row.header = made_header(state, event, e.owner, e.hash);
  row.revision = e.revision;
  row.hash = e.hash;
  row.tmpl = e.owner.kind == model::Kind::StatefulSet ? state.stateful_sets.at(e.owner.row).tmpl
                                                      : state.daemon_sets.at(e.owner.row).tmpl;
  const ControllerRevisionId id(state.controller_revisions.size());
  state.by_name[{name_kind(model::Kind::ControllerRevision), row.header.ns, row.header.name}] = id.value;
  state.controller_revisions.push_back(std::move(row));
  state.controller_revisions.back().header.doc =
      document_with(state, event, Ref(id), annotations_of(header_of(state, e.owner).doc));
  owned_revisions(state, e.owner)->push_back(id);
}

void on(ClusterState& state, const event::Event& event, const event::ControllerRevisionNumbered& e) {
  ControllerRevisionRow& row = state.controller_revisions.at(e.id.index());
  row.header.version = event.seq;
  row.revision = e.revision;
}

void on(ClusterState& state, const event::Event& event, const event::VolumeAttachmentChanged& e) {
  VolumeAttachmentRow& row = state.volume_attachments.at(e.id.index());
  row.header.version = event.seq;
  row.attached = e.attached;
  row.error = e.error;
  row.changed = event.time;
  row.changed_seq = event.seq;
}

void on(ClusterState& state, const event::Event& event, const event::VolumeDetachRequested& e) {
  VolumeAttachmentRow& row = state.volume_attachments.at(e.id.index());
  row.header.version = event.seq;
  row.detach_requested = e.requested ? event.time : SimTime::never();
  row.detach_seq = e.requested ? event.seq : 0;
}

void on(ClusterState& state, const event::Event& event, const event::VolumeInUseChanged& e) {
  NodeRow& row = state.nodes.at(e.node.index());
  row.header.version = event.seq;
  erase_value(row.volumes_in_use, e.volume);
  if (e.in_use) row.volumes_in_use.push_back(e.volume);
}

}  // namespace wavetank::state::detail
