#pragma once
// The rows and columns of the cluster. Pods, of which there may be a million, are columns; the rest are rows.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/event/event.h"
#include "engine/model/types.h"

namespace wavetank::state {

using base::Duration;
using base::Seq;
using base::SimTime;
using base::Sym;
using event::ConditionStatus;
using event::ControllerRevisionId;
using event::CronJobId;
using event::CsiNodeId;
using event::DaemonSetId;
using event::DeploymentId;
using event::EndpointSliceId;
using event::FaultId;
using event::HpaId;
using event::IngressClassId;
using event::IngressId;
using event::JobId;
using event::LimitRangeId;
using event::NamespaceId;
using event::NodeId;
using event::OtherId;
using event::PdbId;
using event::Phase;
using event::PodId;
using event::PriorityClassId;
using event::PvcId;
using event::PvId;
using event::QuotaId;
using event::Ref;
using event::ReplicaSetId;
using event::RuntimeClassId;
using event::ServiceId;
using event::StatefulSetId;
using event::StorageClassId;
using event::TemplateId;
using event::VolumeAttachmentId;
using event::VpaId;

/// What every object but a pod has. A removed object's row stays, `alive` false: history can still name it.
struct Header {
  Sym ns, name;  ///< ns is "" for cluster-scoped kinds.
  SimTime created;
  Seq created_seq = 0;
  Seq version = 0;  ///< The event that last changed it: resourceVersion.
  std::uint32_t generation = 1;
  Seq deletion_seq = 0;  ///< The event that began its deletion; 0: none.
  SimTime deletion_time;
  event::Propagation propagation = event::Propagation::Background;
  bool alive = true;
  Ref controller;           ///< ownerReference with controller: true, if any.
  std::vector<Ref> owners;  ///< All owners that could be resolved, the controller among them.
  std::string doc;          ///< The document as admitted, canonical JSON; empty for what controllers made.

  [[nodiscard]] bool terminating() const { return deletion_seq != 0; }
  template <class A>
  void fields(A& a) {
    a(ns, name, created, created_seq, version, generation, deletion_seq, deletion_time, propagation, alive, controller,
      owners, doc);
  }
};

struct NamespaceRow {
  Header header;
  model::Labels labels;
};

struct Condition {
  ConditionStatus status = ConditionStatus::Unknown;
  bool present = false;
  SimTime updated, transitioned;
  std::string reason, message;
  Seq seq = 0;  ///< The event that wrote it: the cause of what follows from it later.
  template <class A>
  void fields(A& a) {
    a(status, present, updated, transitioned, reason, message, seq);
  }
};

/// A condition that is known by its name.
struct NamedCondition {
  std::string type;
  Condition value;
  template <class A>
  void fields(A& a) {
    a(type, value);
  }
};

struct NodeRow {
  Header header;
  model::Node spec;                  ///< As admitted; taints and unschedulable kept current.
  model::Labels labels;              ///< Current labels.
  std::vector<SimTime> taint_added;  ///< Beside spec.taints.
  std::vector<Seq> taint_seq;        ///< Beside spec.taints: the events that added them.
  Sym zone, region;                  ///< topology.kubernetes.io/zone, region; "" where missing.
  std::array<Condition, event::kNodeConditionCount> conditions;
  // Lease: renewals at began, began + period, … until stopped (never: still going).
  SimTime heartbeats_began = SimTime::never(), heartbeats_last;
  Duration heartbeat_period{};
  bool heartbeating = false;
  Seq heartbeats_seq = 0;                            ///< The event by which they began or stopped.
  bool machine_up = true;                            ///< Ground truth, see event::MachineDown.
  std::vector<PodId> pods;                           ///< Bound and not removed, in the order of binding.
  std::vector<std::pair<Sym, std::int64_t>> images;  ///< Image name and size, in the order of arrival.
  std::vector<PvId> volumes_in_use;                  ///< status.volumesInUse, in the order of reporting.
};

struct TemplateRow {
  Sym ns;
  std::shared_ptr<const model::PodTemplate> value;
  std::string doc;          ///< {"metadata":{labels, annotations},"spec":…}, canonical JSON; "status" beside them
                            ///< holds what a node reports of resources that are changed in place.
  std::vector<PodId> pods;  ///< Not removed, in the order of creation.
  model::ResourceList
      requests;  ///< What one such pod takes on its node (containers, init, sidecars, overhead, pod level, resize).
  std::uint32_t orphans = 0;  ///< Of `pods`: those without a controller.
};

struct ReplicaSetRow {
  Header header;
  model::LabelSelector selector;
  model::Labels labels;
  TemplateId tmpl;
  TemplateId pod_tmpl;      ///< What its pods have: `tmpl` after pod admission. Made with the first pod.
  DeploymentId deployment;  ///< Its controller, if that is a Deployment.
  std::string hash;         ///< pod-template-hash, "" when not made by a Deployment.
  std::int32_t replicas = 0;
  std::int32_t min_ready_seconds = 0;
  std::int64_t revision = 0;
  std::vector<std::int64_t> revision_history;
  std::int32_t desired = 0, max = 0;  ///< Annotations; 0: none.
  // status
  std::int32_t status_replicas = 0, fully_labeled = 0, status_ready = 0, status_available = 0;
  std::uint32_t observed_generation = 0;
  Condition failure;
  // kept by evolve
  std::vector<PodId> pods;         ///< Owned and not removed, in the order of creation.
  std::int32_t active = 0;         ///< Of those: not terminating, not Succeeded or Failed.
  std::int32_t active_ready = 0;   ///< Of the active: Ready.
  std::int32_t foreign = 0;        ///< Of the active: not of `pod_tmpl` (adopted, or the set's template was changed).
  std::uint32_t pods_created = 0;  ///< Over its life.
};

struct DeploymentRow {
  Header header;
  model::Deployment spec;  ///< spec.tmpl is left empty: see `tmpl`.
  model::Labels labels;
  TemplateId tmpl;
  std::string hash;  ///< pod-template-hash of the current template.
  std::int64_t revision = 0;
  std::int32_t status_replicas = 0, updated = 0, ready = 0, available = 0, unavailable = 0;
  std::uint32_t observed_generation = 0;
  std::array<Condition, event::kDeploymentConditionCount> conditions;
  std::vector<ReplicaSetId> replica_sets;  ///< Owned and alive, in the order of creation.
};

struct ServiceRow {
  Header header;
  model::Service spec;
  std::vector<EndpointSliceId> slices;             ///< Alive, made by the controller.
  std::uint64_t milli_rps = 0;                     ///< Load that clients put on it.
  std::vector<std::string> load_balancer;          ///< status.loadBalancer.ingress, as addresses.
  SimTime load_balancer_asked = SimTime::never();  ///< When its type became LoadBalancer; never: it is another.
};

struct Endpoint {
  PodId pod;
  std::uint8_t flags = 0;  ///< event::EndpointFlags
  template <class A>
  void fields(A& a) {
    a(pod, flags);
  }
};
struct EndpointSliceRow {
  Header header;
  ServiceId service;
  std::vector<event::SlicePort> ports;
  std::vector<Endpoint> endpoints;
};

struct DisruptedPod {
  PodId pod;
  SimTime at;
  template <class A>
  void fields(A& a) {
    a(pod, at);
  }
};
struct PdbRow {
  Header header;
  model::PodDisruptionBudget spec;
  std::int32_t current_healthy = 0, desired_healthy = 0, expected_pods = 0, disruptions_allowed = 0;
  std::uint32_t observed_generation = 0;
  std::vector<DisruptedPod> disrupted;
  std::vector<NamedCondition> conditions;
};

struct PriorityClassRow {
  Header header;
  model::PriorityClass spec;
};

struct PersistentVolumeRow {
  Header header;
  model::PersistentVolume spec;
  std::vector<VolumeAttachmentId> attachments;  ///< Alive, in the order of creation.
};
struct ClaimRow {
  Header header;
  SimTime changed;  ///< When it was last written.
  model::PersistentVolumeClaim spec;
};
struct StorageClassRow {
  Header header;
  model::StorageClass spec;
};
struct CsiNodeRow {
  Header header;
  model::CSINode spec;
};

/// Of the sets and jobs below, spec.tmpl is left empty: see `tmpl`, the template as written. `pods` are those owned and
/// not removed, in the order of creation.
struct StatefulSetRow {
  Header header;
  model::StatefulSet spec;
  model::Labels labels;
  TemplateId tmpl;
  event::StatefulSetStatus status;
  std::vector<ControllerRevisionId> revisions;  ///< Owned and alive, in the order of creation.
  std::vector<PodId> pods;
  std::uint32_t pods_created = 0;
};
struct DaemonSetRow {
  Header header;
  model::DaemonSet spec;
  model::Labels labels;
  TemplateId tmpl;
  event::DaemonSetStatus status;
  std::vector<ControllerRevisionId> revisions;
  std::vector<PodId> pods;
  std::uint32_t pods_created = 0;
};
struct ControllerRevisionRow {
  Header header;
  std::int64_t revision = 0;
  TemplateId tmpl;
  std::string hash;
};
struct JobRow {
  Header header;
  model::Job spec;
  model::Labels labels;
  TemplateId tmpl;
  event::JobStatus status;
  std::vector<NamedCondition> conditions;
  std::vector<PodId> pods;
  std::uint32_t pods_created = 0;
};
struct CronJobRow {
  Header header;
  model::CronJob spec;
  model::Labels labels;
  event::CronJobStatus status;
  std::vector<JobId> jobs;  ///< Owned and alive, in the order of creation.
};
struct HpaRow {
  Header header;
  model::HorizontalPodAutoscaler spec;
  event::HpaStatus status;
  std::vector<NamedCondition> conditions;
};
struct VpaRow {
  Header header;
  model::VerticalPodAutoscaler spec;
  event::VpaStatus status;
  std::vector<NamedCondition> conditions;
};
struct QuotaRow {
  Header header;
  model::ResourceQuota spec;
  event::QuotaStatus status;
};
struct LimitRangeRow {
  Header header;
  model::LimitRange spec;
};
struct RuntimeClassRow {
  Header header;
  model::RuntimeClass spec;
};
struct IngressRow {
  Header header;
  model::Ingress spec;
  std::vector<std::string> load_balancer;  ///< status.loadBalancer.ingress, as addresses.
};
struct IngressClassRow {
  Header header;
  model::IngressClass spec;
};
struct VolumeAttachmentRow {
  Header header;
  model::VolumeAttachment spec;
  bool attached = false;
  std::string error;  ///< Of the last try.
  SimTime changed;
  Seq changed_seq = 0;                          ///< The event that last changed `attached` or `error`.
  SimTime detach_requested = SimTime::never();  ///< Since when it waits to be unmounted.
  Seq detach_seq = 0;
};

struct OtherRow {
  Header header;
  model::Kind kind = model::Kind::Other;
  Sym api_version, kind_name;
};

struct FaultRow {
  std::string kind, subject;
  SimTime began, ended = SimTime::never();
  Seq seq = 0;
};

enum class ContainerState : std::uint8_t { Waiting, Running, Terminated };

struct ContainerStatus {
  ContainerState state = ContainerState::Waiting;
  event::WaitingReason waiting = event::WaitingReason::ContainerCreating;
  event::ExitReason last_exit = event::ExitReason::Completed;
  bool ready = false;
  bool has_exited = false;  ///< last_exit, exit_code and finished tell of the last termination.
  std::int32_t exit_code = 0;
  std::uint32_t restarts = 0;
  SimTime started, finished;
  Duration back_off{};
  template <class A>
  void fields(A& a) {
    a(state, waiting, last_exit, ready, has_exited, exit_code, restarts, started, finished, back_off);
  }
};

/// Bits of PodColumns::flags.
enum PodFlags : std::uint16_t {
  kAlive = 1,              ///< Not removed.
  kPodReady = 2,           ///< Condition Ready is True.
  kScheduled = 4,          ///< Bound to a node.
  kUnschedulable = 8,      ///< Condition PodScheduled is False, reason Unschedulable.
  kTerminating = 16,       ///< deletionTimestamp set.
  kDisruptionTarget = 32,  ///< Evicted, preempted, taint eviction or pod GC.
  kFromManifest = 64,      ///< Has a document of its own in PodColumns::doc.
  kTracked = 128,          ///< Has the finalizer batch.kubernetes.io/job-tracking: stays until it is taken off.
};

/// One entry a pod, indexed by PodId.
struct PodColumns {
  std::vector<Sym> name;
  std::vector<TemplateId> tmpl;  ///< Also gives the namespace.
  std::vector<Ref> owner;        ///< Controller, may be none.
  std::vector<NodeId> node;
  std::vector<NodeId> nominated;
  std::vector<Phase> phase;
  std::vector<std::uint16_t> flags;  ///< PodFlags
  std::vector<event::DeletionReason> deletion_reason;
  std::vector<event::ReadyReason> ready_reason;
  std::vector<std::int32_t> priority;
  std::vector<SimTime> created, scheduled, ready_changed, deletion;  ///< deletion: when it began; with grace it ends.
  std::vector<std::int32_t> grace_s;
  std::vector<Seq> created_seq, version, deletion_seq;
  std::vector<Sym> message;                    ///< Of PodScheduled=False, or status.reason; mostly "".
  std::vector<Sym> fail_message;               ///< status.message; mostly "".
  std::vector<std::uint32_t> container_begin;  ///< Into `containers`; init containers first.
  std::vector<ContainerStatus> containers;

  [[nodiscard]] std::size_t size() const { return name.size(); }
};

}  // namespace wavetank::state
