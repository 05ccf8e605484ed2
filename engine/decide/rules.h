#pragma once
// The overloads of decide(), inside the room only: one rule a command.

#include <string>

#include "engine/decide/decide.h"
#include "engine/model/doc.h"

namespace wavetank::decide::detail {

using command::Rejection;
using event::Ref;
using state::ClusterView;
using Refusal = std::optional<Rejection>;

/// No refusal.
inline Refusal granted() { return std::nullopt; }
Refusal not_found(const ClusterView& view, Ref ref);
Refusal conflict(std::string message);

/// "deployments.apps", as the API server names a resource in messages.
std::string resource_name(model::Kind kind);

/// The admission plugins of pods (Priority, DefaultTolerationSeconds, ServiceAccount …) on a pod's document, or on that
/// of a template of which a pod is made. `name` is for messages.
Refusal admit_pod(const ClusterView& view, model::Doc& doc, std::string_view ns, std::string_view name);
/// The namespace must exist and not be going.
Refusal check_namespace(const ClusterView& view, model::Kind kind, std::string_view ns, std::string_view name);
/// The API server's answer to an object with these problems: `Pod "web" is invalid: …`.
Refusal invalid(model::Kind kind, std::string_view kind_name, std::string_view name, const base::Diagnostics& errors);
/// What a Job gets when it is created: the labels and the selector that name it. `uid` is the one it will have.
void generate_job_selector(model::Doc& job, std::string_view uid);
Refusal check_generated_selector(const model::Doc& job, std::string_view uid);
Refusal check_immutable_job(const ClusterView& view, event::Ref ref, const model::Doc& before, const model::Doc& after);
/// What an update may not change of pods, volumes, claims, nodes, attachments and configuration (immutable.cpp).
Refusal check_immutable_spec(model::Kind kind, std::string_view name, const model::Doc& before,
                             const model::Doc& after);
/// DefaultTolerationSeconds on an update: a list of tolerations that replaced another gets the usual ones again.
void keep_default_tolerations(const ClusterView& view, const model::Doc& before, model::Doc& pod);
/// Takes a pod out of the API, or lets it wait for its finalizer to be taken off.
void remove_pod(const ClusterView& view, event::PodId pod, Facts& facts);

/// What a VerticalPodAutoscaler wants of the pod that `owner` is just making of the template `tmpl` (a document): a
/// second fact, which changes the pod's requests before anybody has seen it.
void recommend_resources(const ClusterView& view, Ref owner, event::PodId pod, std::string_view tmpl, Facts& facts);

/// Replaces an object's document by `wanted` (from stored_doc() and changed): admission, immutable fields, then the
/// fact if anything differs. The single way by which clients change objects.
Refusal update_object(const ClusterView& view, Ref ref, model::Doc wanted, Facts& facts);

/// Gives a Service the address and the node ports that its type wants (services.cpp). `before` and `self`: of an
/// update.
Refusal allocate_service(const ClusterView& view, Ref self, const model::Doc* before, model::Doc& doc);
/// The admission plugin DefaultIngressClass.
void default_ingress_class(const ClusterView& view, model::Doc& doc);
/// What an update of a Service keeps although it does not say so, and loses because its type has it no more.
void keep_allocated(const model::Doc& before, model::Doc& wanted);

/// Begins (or shortens) a pod's graceful deletion, or removes it at once where nothing runs.
void delete_pod(const ClusterView& view, event::PodId pod, event::DeletionReason reason,
                std::optional<std::int64_t> grace, Facts& facts);

// Objects (objects.cpp)
Refusal rule(const ClusterView& view, const command::ApplyObject& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::PatchObject& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::DeleteObject& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetLabel& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetOwner& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::RemoveObject& c, Facts& facts);
// kubectl's verbs on workloads and nodes (clients.cpp)
Refusal rule(const ClusterView& view, const command::ScaleObject& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetImage& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetPaused& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::RestartRollout& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UndoRollout& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::CordonNode& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetTaint& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetLoad& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::JudgeExpectation& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::InjectFault& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::HealFault& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetMachine& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetComponent& c, Facts& facts);
// Controllers (controllers.cpp)
Refusal rule(const ClusterView& view, const command::CreateReplicaSet& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ScaleReplicaSet& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetReplicaSetRevision& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateReplicaSetStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetReplicaSetFailure& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateDeploymentStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetDeploymentCondition& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetDeploymentRevision& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::CreateEndpointSlice& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateEndpoints& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetLoadBalancer& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdatePdbStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetNodeTaints& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetNodeCondition& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateStatefulSetStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateDaemonSetStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateJobStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateCronJobStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateHpaStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateVpaStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UpdateQuotaStatus& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetCondition& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::CreateControllerRevision& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::NumberControllerRevision& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::RecordEvent& c, Facts& facts);
// Pods (pods.cpp)
Refusal rule(const ClusterView& view, const command::MakePod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::UntrackPod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::FailPod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::CreatePod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::DeletePod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::EvictPod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetPodReady& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::SetPodPhase& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::BindPod& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::MarkUnschedulable& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::NominatePod& c, Facts& facts);
// The world's reports (reports.cpp)
Refusal rule(const ClusterView& view, const command::ReportImagePulled& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportContainerStarted& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportContainerExited& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportContainerWaiting& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportContainerReady& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportPodReady& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportPodPhase& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportPodStopped& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportHeartbeatsBegan& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportHeartbeatsStopped& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportNodeCondition& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportVolumeAttached& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::ReportVolumeInUse& c, Facts& facts);
Refusal rule(const ClusterView& view, const command::RequestDetach& c, Facts& facts);

}  // namespace wavetank::decide::detail
