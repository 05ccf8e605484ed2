#pragma once
// The facts. Each struct lists its fields once for the codec. Every chosen or drawn value is in the event: replay needs
// neither plugins nor randomness. An event that creates something names the row it makes only by being next: rows are
// dense.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/ids.h"
#include "engine/event/statuses.h"

#define WT_FIELDS(...) \
  template <class A>   \
  void fields(A& a) {  \
    a(__VA_ARGS__);    \
  }

namespace wavetank::event {

// ---- The run and what came from outside
// ---------------------------------------------------------------------------------------

/// Always the first event.
struct RunStarted {
  std::string scenario, program_version;
  std::uint64_t seed = 0;
  std::uint32_t rules_version = 0;
  std::int64_t epoch_s = 0;  ///< Unix time of SimTime 0, for timestamps as Kubernetes prints them.
  WT_FIELDS(scenario, program_version, seed, rules_version, epoch_s)
};

/// A client asked for something; the facts it led to have this as their cause. A root of `why`.
struct RequestMade {
  std::string actor;  ///< "kubectl", "scenario"
  std::string text;   ///< As a person would type it: "kubectl scale deployment/web --replicas=5".
  WT_FIELDS(actor, text)
};

/// The cluster said no. Its cause is the RequestMade.
struct RequestRefused {
  std::string reason;  ///< metav1.StatusReason: "NotFound", "Invalid", "Conflict", "TooManyRequests"…
  std::string message;
  WT_FIELDS(reason, message)
};

/// A disturbance began. A root of `why`. The control plane may not read faults: it sees only their effects.
struct FaultInjected {
  std::string kind;     ///< "zone-outage"
  std::string subject;  ///< "zone a", "node n1", "container checkout/server of 1 pod"
  WT_FIELDS(kind, subject)
};
struct FaultHealed {
  FaultId fault;
  WT_FIELDS(fault)
};

/// Ground truth about a machine (power, kernel): for the world and for reports, never for controllers.
struct MachineDown {
  NodeId node;
  WT_FIELDS(node)
};
struct MachineUp {
  NodeId node;
  WT_FIELDS(node)
};

/// Requests a second that clients send to a Service from now on, in thousandths.
struct LoadChanged {
  ServiceId service;
  std::uint64_t milli_rps = 0;
  WT_FIELDS(service, milli_rps)
};

/// An expectation of the scenario was decided.
struct ExpectationJudged {
  std::uint32_t index = 0;  ///< In the scenario's order, from 0.
  std::string text;         ///< As written.
  bool kept = false;
  std::string detail;  ///< What was seen, and when.
  WT_FIELDS(index, text, kept, detail)
};

// ---- Objects as documents
// -----------------------------------------------------------------------------------------------------

struct ObjectCreated {
  model::Kind kind = model::Kind::Other;
  std::string doc;  ///< Admitted and defaulted, canonical JSON.
  WT_FIELDS(kind, doc)
};
struct ObjectUpdated {
  Ref ref;
  std::string doc;
  bool spec_changed = false;  ///< metadata.generation goes up by one.
  WT_FIELDS(ref, doc, spec_changed)
};

enum class Propagation : std::uint8_t { Background, Foreground, Orphan };

/// deletionTimestamp is set; the object stays until its finalizers (foreground, orphan) are done.
struct ObjectDeletionStarted {
  Ref ref;
  Propagation propagation = Propagation::Background;
  WT_FIELDS(ref, propagation)
};
/// Gone. Pods have PodRemoved of their own.
struct ObjectRemoved {
  Ref ref;
  WT_FIELDS(ref)
};
/// The controller owner of a pod or ReplicaSet changed: adopted, or released (owner not valid).
struct OwnerChanged {
  Ref child, owner;
  WT_FIELDS(child, owner)
};

// ---- Pods
// ---------------------------------------------------------------------------------------------------------------------

/// A ReplicaSet made a pod of its template, named "<set>-<suffix>". (A pod from a manifest is an ObjectCreated.)
struct PodCreated {
  ReplicaSetId replica_set;
  std::string suffix;
  std::int32_t priority = 0;
  WT_FIELDS(replica_set, suffix, priority)
};
struct PodBound {
  PodId pod;
  NodeId node;
  WT_FIELDS(pod, node)
};
/// Condition PodScheduled=False, reason Unschedulable; written when the message changed.
struct PodUnschedulable {
  PodId pod;
  std::string message;
  WT_FIELDS(pod, message)
};
struct PodNominated {
  PodId pod;
  NodeId node;  ///< Not valid: the nomination was cleared.
  WT_FIELDS(pod, node)
};
/// The image of a container is now on the pod's node, pulled for this container.
struct ImagePulled {
  PodId pod;
  std::uint32_t container = 0;  ///< Init containers first, then containers; the same numbering everywhere.
  std::int64_t size_bytes = 0;
  base::Duration took;
  WT_FIELDS(pod, container, size_bytes, took)
};
struct ContainerStarted {
  PodId pod;
  std::uint32_t container = 0;
  WT_FIELDS(pod, container)
};

/// The last two: the node agent stopped it for its probe. Kubernetes' status then says Completed or Error, by the code.
enum class ExitReason : std::uint8_t {
  Completed,
  Error,
  OOMKilled,
  ContainerStatusUnknown,
  LivenessProbeFailed,
  StartupProbeFailed,
};

struct ContainerExited {
  PodId pod;
  std::uint32_t container = 0;
  std::int32_t exit_code = 0;
  ExitReason reason = ExitReason::Completed;
  WT_FIELDS(pod, container, exit_code, reason)
};

enum class WaitingReason : std::uint8_t {
  ContainerCreating,
  PodInitializing,
  ErrImagePull,
  ImagePullBackOff,
  CrashLoopBackOff,
};

struct ContainerWaiting {
  PodId pod;
  std::uint32_t container = 0;
  WaitingReason reason = WaitingReason::ContainerCreating;
  base::Duration back_off;  ///< Until the next try; 0 where there is none.
  WT_FIELDS(pod, container, reason, back_off)
};
/// Readiness (or startup) of one container of several; a single container's is the pod's.
struct ContainerReadyChanged {
  PodId pod;
  std::uint32_t container = 0;
  bool ready = false;
  WT_FIELDS(pod, container, ready)
};

enum class ReadyReason : std::uint8_t { None, ContainersNotReady, NodeNotReady, PodCompleted };

/// The pod's Ready condition. True means that all its containers are ready.
struct PodReadyChanged {
  PodId pod;
  bool ready = false;
  ReadyReason reason = ReadyReason::None;
  WT_FIELDS(pod, ready, reason)
};

enum class Phase : std::uint8_t { Pending, Running, Succeeded, Failed };

struct PodPhaseChanged {
  PodId pod;
  Phase phase = Phase::Pending;
  std::string reason;  ///< status.reason, e.g. "Evicted"; mostly empty.
  WT_FIELDS(pod, phase, reason)
};

/// Why a pod's deletion began.
enum class DeletionReason : std::uint8_t {
  Deleted,           ///< A client asked.
  ScaledDown,        ///< Its ReplicaSet had too many.
  Evicted,           ///< The Eviction API (drain).
  TaintEviction,     ///< A NoExecute taint not tolerated (any longer).
  Preempted,         ///< A pod of higher priority needed the room.
  GarbageCollected,  ///< Its owner is gone.
  PodGC,             ///< The pod garbage collector: its node is gone, or it ended long ago.
};

struct PodDeletionStarted {
  PodId pod;
  std::int64_t grace_seconds = 0;
  DeletionReason reason = DeletionReason::Deleted;
  WT_FIELDS(pod, grace_seconds, reason)
};
struct PodRemoved {
  PodId pod;
  WT_FIELDS(pod)
};

// ---- Nodes
// --------------------------------------------------------------------------------------------------------------------

enum class NodeConditionType : std::uint8_t { Ready, MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable };
inline constexpr int kNodeConditionCount = 5;
enum class ConditionStatus : std::uint8_t { Unknown, False, True };

struct NodeConditionChanged {
  NodeId node;
  NodeConditionType type = NodeConditionType::Ready;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason, message;
  WT_FIELDS(node, type, status, reason, message)
};
/// spec.taints as a whole; timeAdded of the new ones is the event's time.
struct NodeTaintsChanged {
  NodeId node;
  std::vector<model::Taint> taints;
  WT_FIELDS(node, taints)
};
struct NodeCordoned {
  NodeId node;
  bool unschedulable = false;
  WT_FIELDS(node, unschedulable)
};
/// The node's lease is renewed every `period` from now on. A steady row of renewals is one fact, its end another: five
/// thousand nodes would otherwise write five hundred facts a second that say nothing.
struct HeartbeatsBegan {
  NodeId node;
  base::Duration period;
  WT_FIELDS(node, period)
};
/// Renewals ended; `last` was the last one. Controllers may only use ClusterView::last_renewal(), which tells nothing
/// early.
struct HeartbeatsStopped {
  NodeId node;
  base::SimTime last;
  WT_FIELDS(node, last)
};

// ---- Workloads
// ----------------------------------------------------------------------------------------------------------------

/// The Deployment controller made a set from the Deployment's template as it stood, named "<deployment>-<hash>".
struct ReplicaSetCreated {
  DeploymentId deployment;
  std::string hash;  ///< pod-template-hash
  std::int32_t replicas = 0;
  std::int64_t revision = 0;
  std::int32_t desired = 0, max = 0;  ///< Annotations desired-replicas, max-replicas.
  WT_FIELDS(deployment, hash, replicas, revision, desired, max)
};
struct ReplicaSetScaled {
  ReplicaSetId replica_set;
  std::int32_t replicas = 0, desired = 0, max = 0;
  WT_FIELDS(replica_set, replicas, desired, max)
};
struct ReplicaSetStatusChanged {
  ReplicaSetId replica_set;
  std::int32_t replicas = 0, fully_labeled = 0, ready = 0, available = 0;
  std::uint32_t observed_generation = 0;
  WT_FIELDS(replica_set, replicas, fully_labeled, ready, available, observed_generation)
};
/// Annotation deployment.kubernetes.io/revision; the old one is appended to revision-history.
struct ReplicaSetRevisionSet {
  ReplicaSetId replica_set;
  std::int64_t revision = 0;
  WT_FIELDS(replica_set, revision)
};
/// Condition ReplicaFailure of a ReplicaSet; `failing` false removes it.
struct ReplicaSetFailureChanged {
  ReplicaSetId replica_set;
  bool failing = false;
  std::string reason, message;
  WT_FIELDS(replica_set, failing, reason, message)
};
struct DeploymentStatusChanged {
  DeploymentId deployment;
  std::int32_t replicas = 0, updated = 0, ready = 0, available = 0, unavailable = 0;
  std::uint32_t observed_generation = 0;
  bool progressed =
      false;  ///< Progressing's lastUpdateTime becomes the event's time; its status, reason and message stay.
  WT_FIELDS(deployment, replicas, updated, ready, available, unavailable, observed_generation, progressed)
};

enum class DeploymentConditionType : std::uint8_t { Available, Progressing, ReplicaFailure };
inline constexpr int kDeploymentConditionCount = 3;

/// lastUpdateTime is the event's time; lastTransitionTime too if the status changed. An empty reason removes the
/// condition.
struct DeploymentConditionChanged {
  DeploymentId deployment;
  DeploymentConditionType type = DeploymentConditionType::Available;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason, message;
  WT_FIELDS(deployment, type, status, reason, message)
};
struct DeploymentRevisionSet {
  DeploymentId deployment;
  std::int64_t revision = 0;
  WT_FIELDS(deployment, revision)
};

// ---- Services and budgets
// -----------------------------------------------------------------------------------------------------

struct EndpointSliceCreated {
  ServiceId service;
  std::string suffix;  ///< "<service>-<suffix>"
  WT_FIELDS(service, suffix)
};

/// Endpoint conditions as bits; 0 stands for "no longer an endpoint".
enum EndpointFlags : std::uint8_t { kListed = 1, kReady = 2, kServing = 4, kTerminating = 8 };

struct EndpointChange {
  PodId pod;
  std::uint8_t flags = 0;
  WT_FIELDS(pod, flags)
};
struct EndpointsChanged {
  EndpointSliceId slice;
  std::vector<EndpointChange> changes;
  WT_FIELDS(slice, changes)
};
/// A port of all the endpoints of a slice.
struct SlicePort {
  std::string name;
  std::int32_t port = 0;
  model::Protocol protocol = model::Protocol::TCP;
  std::string app_protocol;
  bool operator==(const SlicePort&) const = default;
  WT_FIELDS(name, port, protocol, app_protocol)
};
/// The ports of a slice as a whole; written with its endpoints. A new slice has none.
struct EndpointSlicePortsSet {
  EndpointSliceId slice;
  std::vector<SlicePort> ports;
  WT_FIELDS(slice, ports)
};
/// status.loadBalancer.ingress of a Service or an Ingress; no addresses: it has none any more.
struct LoadBalancerChanged {
  Ref ref;
  std::vector<std::string> addresses;
  WT_FIELDS(ref, addresses)
};
struct PdbStatusChanged {
  PdbId pdb;
  std::int32_t current_healthy = 0, desired_healthy = 0, expected_pods = 0, disruptions_allowed = 0;
  std::uint32_t observed_generation = 0;
  WT_FIELDS(pdb, current_healthy, desired_healthy, expected_pods, disruptions_allowed, observed_generation)
};
/// An eviction was granted on account of this budget: status.disruptedPods[pod] = now, disruptionsAllowed − 1.
struct PdbDisruptionRecorded {
  PdbId pdb;
  PodId pod;
  WT_FIELDS(pdb, pod)
};

// ---- What other controllers write
// -----------------------------------------------------------------------------------------------

/// A controller made a pod (ReplicaSets: PodCreated). Its template, as admitted, is one that is there already (`tmpl`),
/// or new (`doc`: labels, annotations and spec, canonical JSON).
struct PodMade {
  Ref owner;
  std::string name;
  TemplateId tmpl;
  std::string doc;
  std::int32_t priority = 0;
  bool tracked = false;  ///< It has the finalizer batch.kubernetes.io/job-tracking.
  WT_FIELDS(owner, name, tmpl, doc, priority, tracked)
};
/// The finalizer batch.kubernetes.io/job-tracking was taken off.
struct PodUntracked {
  PodId pod;
  WT_FIELDS(pod)
};
/// The phase became Failed on the word of the node agent or a controller: status.reason and status.message.
struct PodFailed {
  PodId pod;
  std::string reason, message;
  WT_FIELDS(pod, reason, message)
};
struct StatefulSetStatusChanged {
  StatefulSetId id;
  StatefulSetStatus status;
  WT_FIELDS(id, status)
};
struct DaemonSetStatusChanged {
  DaemonSetId id;
  DaemonSetStatus status;
  WT_FIELDS(id, status)
};
struct JobStatusChanged {
  JobId id;
  JobStatus status;
  WT_FIELDS(id, status)
};
struct CronJobStatusChanged {
  CronJobId id;
  CronJobStatus status;
  WT_FIELDS(id, status)
};
struct HpaStatusChanged {
  HpaId id;
  HpaStatus status;
  WT_FIELDS(id, status)
};
struct VpaStatusChanged {
  VpaId id;
  VpaStatus status;
  WT_FIELDS(id, status)
};
struct QuotaStatusChanged {
  QuotaId id;
  QuotaStatus status;
  WT_FIELDS(id, status)
};
/// A condition of an object that keeps its conditions by name. lastTransitionTime moves with the status.
struct ObjectConditionChanged {
  Ref ref;
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason, message;
  bool removed = false;
  WT_FIELDS(ref, type, status, reason, message, removed)
};
/// The owner's template as it stands was kept as a ControllerRevision named "<owner>-<hash>".
struct ControllerRevisionCreated {
  Ref owner;
  std::string hash;
  std::int64_t revision = 0;
  WT_FIELDS(owner, hash, revision)
};
struct ControllerRevisionNumbered {
  ControllerRevisionId id;
  std::int64_t revision = 0;
  WT_FIELDS(id, revision)
};
/// status.attached, and what went wrong with the last try.
struct VolumeAttachmentChanged {
  VolumeAttachmentId id;
  bool attached = false;
  std::string error;
  WT_FIELDS(id, attached, error)
};
/// The node agent reports a volume in its node's status.volumesInUse before it mounts it, and no longer when it has
/// unmounted it.
struct VolumeInUseChanged {
  NodeId node;
  PvId volume;
  bool in_use = false;
  WT_FIELDS(node, volume, in_use)
};
/// The attach/detach controller found that nobody needs the attachment while the node still has the volume in use: from
/// now on it waits for that to end. `requested` false: it is needed again.
struct VolumeDetachRequested {
  VolumeAttachmentId id;
  bool requested = false;
  WT_FIELDS(id, requested)
};
/// A Kubernetes Event that follows from no other fact.
struct EventRecorded {
  Ref ref;
  bool warning = false;
  std::string reason, message;
  std::string component;  ///< "cronjob-controller"
  WT_FIELDS(ref, warning, reason, message, component)
};

enum class Component : std::uint8_t { ApiServer, ControllerManager, Scheduler };

/// A part of the control plane stopped, or is back.
struct ComponentDown {
  Component component = Component::ApiServer;
  WT_FIELDS(component)
};
struct ComponentUp {
  Component component = Component::ApiServer;
  WT_FIELDS(component)
};

}  // namespace wavetank::event
