#pragma once
// Wishes: what a client, the scenario, a controller, the scheduler or the world asks for. decide() turns each into
// facts or a Rejection. Names are imperative. A command whose grant is exactly one fact carries that fact as `fact`.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/event/payloads.h"

namespace wavetank::command {

using base::Seq;
using event::DeploymentId;
using event::NodeId;
using event::PdbId;
using event::PodId;
using event::Ref;
using event::ReplicaSetId;
using event::ServiceId;

// ---- Clients and scenario
// -----------------------------------------------------------------------------------------------------

/// kubectl create / apply / replace of one document. Admission (defaults, validation, DefaultTolerationSeconds,
/// Priority) happens in decide().
struct ApplyObject {
  enum class Mode : std::uint8_t { Create, Apply, Replace };
  std::string doc;  ///< JSON as the client sent it.
  Mode mode = Mode::Apply;
};
/// Merge patch (RFC 7386) of an object.
struct PatchObject {
  Ref ref;
  std::string patch;   ///< JSON
  Seq at_version = 0;  ///< A Conflict unless this is the object's resourceVersion; 0: whatever it is.
};
struct DeleteObject {
  Ref ref;
  event::Propagation propagation = event::Propagation::Background;
  std::optional<std::int64_t> grace_seconds;  ///< Pods; missing: the pod's own.
};
/// The scale subresource of a Deployment or ReplicaSet.
struct ScaleObject {
  Ref ref;
  std::int32_t replicas = 0;
};
/// kubectl set image on a workload or pod.
struct SetImage {
  Ref ref;
  std::string container;  ///< "*": all containers.
  std::string image;
};
struct SetPaused {
  DeploymentId deployment;
  bool paused = false;
};
/// kubectl rollout restart.
struct RestartRollout {
  Ref ref;  ///< Deployment, StatefulSet, DaemonSet
};
/// kubectl rollout undo; revision 0 is the one before the current.
struct UndoRollout {
  Ref ref;  ///< Deployment, StatefulSet, DaemonSet
  std::int64_t to_revision = 0;
};
struct CordonNode {
  NodeId node;
  bool unschedulable = true;
};
/// kubectl taint: adds or replaces by key and effect, or removes.
struct SetTaint {
  NodeId node;
  model::Taint taint;
  bool remove = false;
};
/// kubectl label; a missing value removes.
struct SetLabel {
  Ref ref;
  std::string key;
  std::optional<std::string> value;
};
/// The Eviction API: granted if every budget that covers the pod allows it, else TooManyRequests.
struct EvictPod {
  PodId pod;
};
struct SetLoad {
  event::LoadChanged fact;
};
struct JudgeExpectation {
  event::ExpectationJudged fact;
};
struct InjectFault {
  event::FaultInjected fact;
};
struct HealFault {
  event::FaultHealed fact;
};
struct SetMachine {
  NodeId node;
  bool up = false;
};
/// Stops or starts a part of the control plane.
struct SetComponent {
  event::Component component = event::Component::ApiServer;
  bool up = false;
};

// ---- Controllers
// --------------------------------------------------------------------------------------------------------------

struct CreateReplicaSet {
  event::ReplicaSetCreated fact;
};
struct ScaleReplicaSet {
  event::ReplicaSetScaled fact;
};
struct SetReplicaSetRevision {
  event::ReplicaSetRevisionSet fact;
};
struct UpdateReplicaSetStatus {
  event::ReplicaSetStatusChanged fact;
};
struct SetReplicaSetFailure {
  event::ReplicaSetFailureChanged fact;
};
struct UpdateDeploymentStatus {
  event::DeploymentStatusChanged fact;
};
struct SetDeploymentCondition {
  event::DeploymentConditionChanged fact;
};
struct SetDeploymentRevision {
  event::DeploymentRevisionSet fact;
};
/// A ReplicaSet makes its `number`-th pod (counted over the set's life: the name's suffix is drawn from it).
struct CreatePod {
  ReplicaSetId replica_set;
};
struct DeletePod {
  PodId pod;
  event::DeletionReason reason = event::DeletionReason::Deleted;
  std::optional<std::int64_t> grace_seconds;  ///< Missing: the pod's own; 0 removes at once.
};
/// Adopt or release.
struct SetOwner {
  Ref child, owner;
};
/// Ends the deletion of an object whose dependents are dealt with (foreground, orphan).
struct RemoveObject {
  Ref ref;
};
struct CreateEndpointSlice {
  event::EndpointSliceCreated fact;
  std::vector<event::SlicePort> ports;
  std::vector<event::EndpointChange> endpoints;  ///< With which it is made.
};
struct UpdateEndpoints {
  event::EndpointsChanged fact;
  std::vector<event::SlicePort> ports;  ///< All of them, as they shall be.
};
/// status.loadBalancer of a Service or an Ingress.
struct SetLoadBalancer {
  event::LoadBalancerChanged fact;
};
struct UpdatePdbStatus {
  event::PdbStatusChanged fact;
};
/// A Conflict if the node's taints are not `from` any more: somebody else wrote meanwhile.
struct SetNodeTaints {
  event::NodeTaintsChanged fact;
  std::vector<model::Taint> from;
};
struct SetNodeCondition {
  event::NodeConditionChanged fact;
};
/// The node lifecycle controller marks the pods of a node it lost.
struct SetPodReady {
  event::PodReadyChanged fact;
};
struct SetPodPhase {
  event::PodPhaseChanged fact;
};

/// A controller makes a pod of its own: admission as for any pod (priority, defaults, tolerations).
struct MakePod {
  Ref owner;
  std::string name;  ///< The pod's name, or with `generate` what five drawn characters are appended to.
  bool generate = false;
  event::TemplateId tmpl;  ///< A template of which a pod was made before, or none: then `doc`.
  std::string doc;         ///< {"metadata":{labels, annotations},"spec":…} before admission.
  bool tracked = false;    ///< With the finalizer batch.kubernetes.io/job-tracking.
};
struct UntrackPod {
  event::PodUntracked fact;
};
struct UpdateStatefulSetStatus {
  event::StatefulSetStatusChanged fact;
};
struct UpdateDaemonSetStatus {
  event::DaemonSetStatusChanged fact;
};
struct UpdateJobStatus {
  event::JobStatusChanged fact;
};
struct UpdateCronJobStatus {
  event::CronJobStatusChanged fact;
  std::string started;  ///< The name of a Job that comes to the active ones; empty: none.
};
struct UpdateHpaStatus {
  event::HpaStatusChanged fact;
};
struct UpdateVpaStatus {
  event::VpaStatusChanged fact;
};
struct UpdateQuotaStatus {
  event::QuotaStatusChanged fact;
  Seq at_version = 0;  ///< A Conflict unless this is the quota's resourceVersion: admission charges it, too.
};
struct SetCondition {
  event::ObjectConditionChanged fact;
};
struct CreateControllerRevision {
  event::ControllerRevisionCreated fact;
};
struct NumberControllerRevision {
  event::ControllerRevisionNumbered fact;
};
struct RecordEvent {
  event::EventRecorded fact;
};

// ---- Scheduler
// ----------------------------------------------------------------------------------------------------------------

struct BindPod {
  event::PodBound fact;
};
struct MarkUnschedulable {
  event::PodUnschedulable fact;
};
struct NominatePod {
  event::PodNominated fact;
};

// ---- World: node agents and machines
// ------------------------------------------------------------------------------------------

struct ReportImagePulled {
  event::ImagePulled fact;
};
struct ReportContainerStarted {
  event::ContainerStarted fact;
};
struct ReportContainerExited {
  event::ContainerExited fact;
};
struct ReportContainerWaiting {
  event::ContainerWaiting fact;
};
struct ReportContainerReady {
  event::ContainerReadyChanged fact;
};
struct ReportPodReady {
  event::PodReadyChanged fact;
};
struct ReportPodPhase {
  event::PodPhaseChanged fact;
};
/// The node agent has stopped all containers of a terminating pod: the pod may go.
struct ReportPodStopped {
  PodId pod;
};
struct ReportHeartbeatsBegan {
  event::HeartbeatsBegan fact;
};
struct ReportHeartbeatsStopped {
  event::HeartbeatsStopped fact;
};
struct ReportNodeCondition {
  event::NodeConditionChanged fact;
};
/// Of a node agent or a controller: the pod has failed.
struct FailPod {
  event::PodFailed fact;
};
struct ReportVolumeAttached {
  event::VolumeAttachmentChanged fact;
};
struct ReportVolumeInUse {
  event::VolumeInUseChanged fact;
};
struct RequestDetach {
  event::VolumeDetachRequested fact;
};

using Payload = std::variant<
    ApplyObject, PatchObject, DeleteObject, ScaleObject, SetImage, SetPaused, RestartRollout, UndoRollout, CordonNode,
    SetTaint, SetLabel, EvictPod, SetLoad, JudgeExpectation, InjectFault, HealFault, SetMachine,             //
    CreateReplicaSet, ScaleReplicaSet, SetReplicaSetRevision, UpdateReplicaSetStatus, SetReplicaSetFailure,  //
    UpdateDeploymentStatus, SetDeploymentCondition, SetDeploymentRevision, CreatePod, DeletePod, SetOwner,   //
    RemoveObject, CreateEndpointSlice, UpdateEndpoints, SetLoadBalancer, UpdatePdbStatus, SetNodeTaints,
    SetNodeCondition,                                                                                                //
    SetPodReady, SetPodPhase, BindPod, MarkUnschedulable, NominatePod,                                               //
    ReportImagePulled, ReportContainerStarted, ReportContainerExited, ReportContainerWaiting, ReportContainerReady,  //
    ReportPodReady, ReportPodPhase, ReportPodStopped, ReportHeartbeatsBegan, ReportHeartbeatsStopped,                //
    ReportNodeCondition, FailPod, ReportVolumeAttached, ReportVolumeInUse, RequestDetach,                            //
    MakePod, UntrackPod, UpdateStatefulSetStatus, UpdateDaemonSetStatus, UpdateJobStatus, UpdateCronJobStatus,
    UpdateHpaStatus, UpdateVpaStatus, UpdateQuotaStatus, SetCondition, CreateControllerRevision,
    NumberControllerRevision, RecordEvent, SetComponent>;

struct Command {
  Seq cause = 0;  ///< The event that led to this wish; becomes the cause of the facts.
  Payload payload;
};

/// The cluster's no: data, not a failure of ours.
struct Rejection {
  std::string reason;  ///< metav1.StatusReason: NotFound, AlreadyExists, Invalid, Conflict, TooManyRequests, Forbidden…
  std::string message;  ///< As the API server words it.
};

}  // namespace wavetank::command
