#pragma once
// The nouns of the API as plain values: as much of each kind as behaviour needs. The full text of an object stays in
// its Doc. Field names are Kubernetes' own in snake_case. Source: https://kubernetes.io/docs/reference/kubernetes-api/

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/quantity.h"
#include "engine/base/time.h"
#include "engine/model/doc.h"
#include "engine/model/labels.h"

namespace wavetank::model {

/// Kinds with behaviour of their own; every other kind is Other and kept as a document.
enum class Kind : std::uint8_t {
  Other,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Deployment,
  Service,
  EndpointSlice,
  PodDisruptionBudget,
  PriorityClass,
  ServiceAccount,
  ConfigMap,
  Secret,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  CSINode,
  StatefulSet,
  DaemonSet,
  ControllerRevision,
  Job,
  CronJob,
  HorizontalPodAutoscaler,
  VerticalPodAutoscaler,
  ResourceQuota,
  LimitRange,
  RuntimeClass,
  Ingress,
  IngressClass,
  VolumeAttachment,
};
inline constexpr int kKindCount = 30;

struct KindInfo {
  Kind kind;
  const char* api_version;  ///< "apps/v1"
  const char* name;         ///< "Deployment"
  const char* plural;       ///< "deployments"
  const char* short_name;   ///< "deploy", or "" where kubectl has none
  bool namespaced;
};
const KindInfo& kind_info(Kind kind);
/// By kind name, plural, singular or short name, case-insensitively ("po", "pods", "Pod", "deployments.apps"); Other
/// when unknown.
Kind kind_from_word(std::string_view word);
/// By apiVersion and kind as in a manifest; Other when not typed.
Kind kind_from_gvk(std::string_view api_version, std::string_view kind);

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false;
  bool block_owner_deletion = false;
  bool operator==(const OwnerReference&) const = default;
};

struct ObjectMeta {
  std::string name, generate_name, ns, uid;
  Labels labels, annotations;
  std::vector<OwnerReference> owner_references;
  std::vector<std::string> finalizers;
};

/// Amounts as the scheduler counts them: cpu in milli-units, everything else in whole units, both rounded up.
/// `present` bits tell an explicit zero from a missing key. Extended resources (hugepages-*, vendor/x) are sorted by
/// name.
struct ResourceList {
  enum Present : std::uint8_t { kCpu = 1, kMemory = 2, kEphemeral = 4, kPods = 8 };
  std::int64_t milli_cpu = 0;
  std::int64_t memory = 0;
  std::int64_t ephemeral_storage = 0;
  std::int64_t pods = 0;
  std::uint8_t present = 0;
  std::vector<std::pair<std::string, std::int64_t>> scalar;
  bool operator==(const ResourceList&) const = default;
};

enum class Protocol : std::uint8_t { TCP, UDP, SCTP };

struct ContainerPort {
  std::string name;
  std::int32_t container_port = 0;
  std::int32_t host_port = 0;
  std::string host_ip;
  Protocol protocol = Protocol::TCP;
};

struct Probe {
  enum class Handler : std::uint8_t { Exec, HttpGet, TcpSocket, Grpc };
  Handler handler = Handler::Exec;
  std::int32_t initial_delay_seconds = 0;
  std::int32_t timeout_seconds = 1;
  std::int32_t period_seconds = 10;
  std::int32_t success_threshold = 1;
  std::int32_t failure_threshold = 3;
  std::optional<std::int64_t> termination_grace_period_seconds;
};

enum class RestartPolicy : std::uint8_t { Always, OnFailure, Never };
enum class PullPolicy : std::uint8_t { IfNotPresent, Always, Never };

struct Container {
  std::string name, image;
  PullPolicy image_pull_policy = PullPolicy::IfNotPresent;
  std::vector<ContainerPort> ports;
  ResourceList requests, limits;
  std::optional<Probe> startup_probe, readiness_probe, liveness_probe;
  std::optional<RestartPolicy> restart_policy;  ///< Init containers: Always makes a sidecar.
  std::optional<std::int64_t> pre_stop_sleep_seconds;
  bool has_pre_stop = false;
};

enum class TaintEffect : std::uint8_t { NoSchedule, PreferNoSchedule, NoExecute };

struct Taint {
  std::string key, value;
  TaintEffect effect = TaintEffect::NoSchedule;
  bool operator==(const Taint&) const = default;
  template <class A>
  void fields(A& a) {
    a(key, value, effect);
  }
};

struct Toleration {
  enum class Op : std::uint8_t { Equal, Exists };
  std::string key, value;
  Op op = Op::Equal;
  std::optional<TaintEffect> effect;  ///< Missing matches every effect.
  std::optional<std::int64_t> toleration_seconds;
  bool operator==(const Toleration&) const = default;
  /// Source: k8s.io/api core/v1 Toleration.ToleratesTaint.
  [[nodiscard]] bool tolerates(const Taint& taint) const;
};

/// One term: expressions on labels and on fields (metadata.name only), and-ed; a term with neither matches nothing.
struct NodeSelectorTerm {
  std::vector<Requirement> match_expressions, match_fields;
  bool operator==(const NodeSelectorTerm&) const = default;
};
struct PreferredNodeTerm {
  std::int32_t weight = 0;
  NodeSelectorTerm preference;
  bool operator==(const PreferredNodeTerm&) const = default;
};
struct NodeAffinity {
  std::optional<std::vector<NodeSelectorTerm>> required;  ///< Terms are or-ed.
  std::vector<PreferredNodeTerm> preferred;
  bool operator==(const NodeAffinity&) const = default;
};
struct PodAffinityTerm {
  std::optional<LabelSelector> label_selector;
  std::optional<LabelSelector> namespace_selector;
  std::vector<std::string> namespaces;
  std::string topology_key;
  std::vector<std::string> match_label_keys, mismatch_label_keys;
  bool operator==(const PodAffinityTerm&) const = default;
};
struct WeightedPodAffinityTerm {
  std::int32_t weight = 0;
  PodAffinityTerm term;
  bool operator==(const WeightedPodAffinityTerm&) const = default;
};
struct PodAffinity {
  std::vector<PodAffinityTerm> required;
  std::vector<WeightedPodAffinityTerm> preferred;
  bool operator==(const PodAffinity&) const = default;
};
struct Affinity {
  std::optional<NodeAffinity> node;
  PodAffinity pod, pod_anti;
  bool operator==(const Affinity&) const = default;
};

struct TopologySpreadConstraint {
  std::int32_t max_skew = 1;
  std::string topology_key;
  bool do_not_schedule = true;  ///< whenUnsatisfiable
  std::optional<LabelSelector> label_selector;
  std::optional<std::int32_t> min_domains;
  bool honor_node_affinity = true;  ///< nodeAffinityPolicy, default Honor
  bool honor_node_taints = false;   ///< nodeTaintsPolicy, default Ignore
  std::vector<std::string> match_label_keys;
  bool operator==(const TopologySpreadConstraint&) const = default;
};

/// What of a volume's source tells one disk from another, for the kinds of disks that the scheduler knows.
struct VolumeSource {
  std::string source;  ///< The source's field name: "emptyDir", "hostPath", "csi", "persistentVolumeClaim"…
  std::string id;      ///< volumeHandle, pdName, volumeID, diskURI, iqn, image (rbd), shareName, volumePath.
  std::string group;   ///< What the id is unique in: the CSI driver, the rbd pool.
  std::vector<std::string> monitors;  ///< rbd
  bool read_only = false;
};

struct Volume : VolumeSource {
  std::string name;
  std::string claim_name;  ///< Of persistentVolumeClaim. An ephemeral volume's claim is "<pod>-<name>".
};

struct PodSpec {
  std::vector<Container> containers, init_containers;
  RestartPolicy restart_policy = RestartPolicy::Always;
  std::int64_t termination_grace_period_seconds = 30;
  std::optional<std::int64_t> active_deadline_seconds;
  Labels node_selector;
  std::string hostname, subdomain;  ///< Of the pod's DNS name.
  std::string node_name, service_account_name, scheduler_name = "default-scheduler", priority_class_name,
                                               runtime_class_name;
  std::optional<std::int32_t> priority;
  bool preempt_lower_priority = true;
  bool host_network = false;
  Affinity affinity;
  std::vector<Toleration> tolerations;
  std::vector<TopologySpreadConstraint> topology_spread_constraints;
  std::vector<std::string> scheduling_gates, readiness_gates;
  std::vector<Volume> volumes;
  std::optional<ResourceList> overhead;
  std::optional<ResourceList> resource_requests;  ///< Pod-level resources.requests (KEP-2837).
  std::optional<ResourceList> resource_limits;
};

/// The number of the port that containers, or sidecars after them, name so; 0: none does (podutil.FindPort).
std::int32_t find_port(const PodSpec& spec, std::string_view name, Protocol protocol);

/// What a node reports of a container's resources: status.containerStatuses[].resources.requests, allocatedResources.
struct ContainerAllocation {
  std::string name;
  ResourceList requests, allocated;
};
/// Resources that are being changed in place (KEP-1287).
struct PodResize {
  std::vector<ContainerAllocation> containers;  ///< Sidecars among them; only those with a report.
  bool infeasible = false;                      ///< Condition PodResizePending, reason Infeasible.
};

/// What pods of one origin share: labels, annotations and spec. Immutable once interned by the state.
struct PodTemplate {
  Labels labels, annotations;
  PodSpec spec;
  std::shared_ptr<const PodResize> resize = nullptr;  ///< Null but for pods whose status tells of other resources.
};

/// An integer or a percentage, as maxSurge and minAvailable are.
struct IntOrPercent {
  std::int32_t value = 0;
  bool percent = false;
  bool operator==(const IntOrPercent&) const = default;
  /// The number for `total`, a percentage rounded up or down (intstr.GetScaledValueFromIntOrPercent).
  [[nodiscard]] std::int32_t scaled(std::int32_t total, bool round_up) const;
  [[nodiscard]] std::string text() const;
};

struct Namespace {};

struct NodeCondition {
  std::string type, status, reason, message;
};
struct NodeImage {
  std::vector<std::string> names;
  std::int64_t size_bytes = 0;
};
struct Node {
  bool unschedulable = false;
  std::vector<Taint> taints;
  std::string pod_cidr, provider_id;
  ResourceList capacity, allocatable;  ///< allocatable = capacity where the manifest gives none.
  std::vector<NodeCondition> conditions;
  std::vector<NodeImage> images;
};

struct Pod {
  PodTemplate tmpl;
  std::string phase;  ///< status.phase as read; empty for a new pod.
  std::string nominated_node_name;
};

struct ReplicaSet {
  std::int32_t replicas = 1;
  std::int32_t min_ready_seconds = 0;
  LabelSelector selector;
  PodTemplate tmpl;
};

struct Deployment {
  std::int32_t replicas = 1;
  std::int32_t min_ready_seconds = 0;
  std::int32_t progress_deadline_seconds = 600;
  std::int32_t revision_history_limit = 10;
  bool paused = false;
  bool recreate = false;  ///< strategy.type Recreate
  IntOrPercent max_surge{25, true}, max_unavailable{25, true};
  LabelSelector selector;
  PodTemplate tmpl;
};

struct ServicePort {
  std::string name, target_port_name, app_protocol;
  std::int32_t port = 0, target_port = 0, node_port = 0;
  Protocol protocol = Protocol::TCP;
};
struct Service {
  /// trafficDistribution: PreferClose and PreferSameZone mean the same.
  enum class Distribution : std::uint8_t { Anywhere, SameZone, SameNode };
  std::string type = "ClusterIP", cluster_ip, external_name, session_affinity, load_balancer_class, load_balancer_ip;
  Labels selector;  ///< Empty: no endpoints are managed.
  std::vector<ServicePort> ports;
  std::vector<std::string> external_ips, source_ranges;  ///< loadBalancerSourceRanges
  std::int32_t affinity_seconds = 10800;                 ///< sessionAffinityConfig.clientIP.timeoutSeconds
  std::int32_t health_check_node_port = 0;
  Distribution distribution = Distribution::Anywhere;
  bool external_local = false, internal_local = false;  ///< externalTrafficPolicy, internalTrafficPolicy Local
  bool publish_not_ready_addresses = false;

  [[nodiscard]] bool headless() const { return cluster_ip == "None"; }
};

/// Written by hand; slices of the controller are rows of the state.
struct EndpointSlice {
  std::string address_type, service_name;
};

struct PodDisruptionBudget {
  std::optional<IntOrPercent> min_available, max_unavailable;
  std::optional<LabelSelector> selector;
  bool always_allow_unhealthy = false;  ///< unhealthyPodEvictionPolicy AlwaysAllow
};

struct PriorityClass {
  std::int32_t value = 0;
  bool global_default = false;
  bool preempt_lower_priority = true;
  std::string description;
};

/// Bits of accessModes.
enum AccessMode : std::uint8_t { kReadWriteOnce = 1, kReadOnlyMany = 2, kReadWriteMany = 4, kReadWriteOncePod = 8 };
/// The modes as kubectl shows them: "RWO,ROX".
std::string access_modes_text(std::uint8_t modes);

/// A PersistentVolume's claimRef, as far as it says which claim it is.
struct ClaimRef {
  std::string ns, name, uid;
  bool operator==(const ClaimRef&) const = default;
};

struct PersistentVolume {
  VolumeSource source;
  std::int64_t capacity = 0;  ///< Bytes.
  std::uint8_t access_modes = 0;
  bool block = false;            ///< volumeMode Block
  std::string storage_class;     ///< The beta annotation, or storageClassName.
  std::string attributes_class;  ///< volumeAttributesClassName
  std::string reclaim_policy;
  std::optional<ClaimRef> claim;                               ///< claimRef
  std::optional<std::vector<NodeSelectorTerm>> node_affinity;  ///< nodeAffinity.required; terms are or-ed.
  Labels labels;
  std::string phase;
  bool bound_by_controller = false;  ///< Annotation pv.kubernetes.io/bound-by-controller.
};

struct PersistentVolumeClaim {
  std::uint8_t access_modes = 0;
  bool block = false;
  std::int64_t request = 0;                  ///< Bytes.
  std::optional<std::string> storage_class;  ///< The beta annotation, or storageClassName; missing is not "".
  std::string attributes_class;
  std::string volume_name;
  std::optional<LabelSelector> selector;
  std::string phase;
  std::string uid;                           ///< As written, mostly "".
  bool bind_completed = false;               ///< Annotation pv.kubernetes.io/bind-completed.
  std::optional<std::string> selected_node;  ///< Annotation volume.kubernetes.io/selected-node.
  bool handed_over = false;                  ///< Annotation volume.kubernetes.io/storage-provisioner.

  /// GetPersistentVolumeClaimClass
  [[nodiscard]] std::string_view class_name() const { return storage_class ? std::string_view(*storage_class) : ""; }
  [[nodiscard]] bool fully_bound() const { return !volume_name.empty() && bind_completed; }
};

struct StorageClass {
  std::string provisioner;
  std::string reclaim_policy;
  bool wait_for_first_consumer = false;  ///< volumeBindingMode
  bool allow_expansion = false;
  bool is_default = false;  ///< Annotation storageclass.kubernetes.io/is-default-class.
  std::vector<std::vector<Requirement>> allowed_topologies;  ///< Or of ands of "key in values".
};

struct CSINode {
  struct Driver {
    std::string name;
    std::optional<std::int32_t> count;  ///< allocatable.count; missing: no limit.
    std::vector<std::string> topology_keys;
    bool operator==(const Driver&) const = default;
  };
  std::vector<Driver> drivers;
  std::string migrated_plugins;  ///< Annotation storage.alpha.kubernetes.io/migrated-plugins.
};

/// spec.template stays in the document of its kind: rows keep it as a template of the state.
struct StatefulSet {
  std::int32_t replicas = 1;
  std::int32_t min_ready_seconds = 0;
  std::int32_t revision_history_limit = 10;
  std::int32_t ordinals_start = 0;
  bool parallel = false;       ///< podManagementPolicy Parallel
  bool on_delete = false;      ///< updateStrategy.type OnDelete
  std::int32_t partition = 0;  ///< updateStrategy.rollingUpdate.partition
  std::string service_name;
  std::vector<std::string> claim_templates;  ///< volumeClaimTemplates, canonical JSON each.
  bool delete_claims_when_deleted = false;   ///< persistentVolumeClaimRetentionPolicy, Delete instead of Retain.
  bool delete_claims_when_scaled = false;
  LabelSelector selector;
  PodTemplate tmpl;
};

struct DaemonSet {
  std::int32_t min_ready_seconds = 0;
  std::int32_t revision_history_limit = 10;
  bool on_delete = false;
  IntOrPercent max_unavailable{1, false}, max_surge{0, false};
  LabelSelector selector;
  PodTemplate tmpl;
};

struct ControllerRevision {
  std::int64_t revision = 0;
};

/// One rule of podFailurePolicy.
struct PodFailureRule {
  enum class Action : std::uint8_t { FailJob, FailIndex, Ignore, Count };
  Action action = Action::Count;
  bool on_exit_codes = false;                                   ///< Else on conditions.
  std::string container;                                        ///< onExitCodes.containerName; empty: any.
  bool exit_codes_in = true;                                    ///< operator In, else NotIn.
  std::vector<std::int32_t> exit_codes;                         ///< values
  std::vector<std::pair<std::string, std::string>> conditions;  ///< Type and status.
  bool operator==(const PodFailureRule&) const = default;
};
/// One rule of successPolicy.
struct JobSuccessRule {
  std::optional<std::string> succeeded_indexes;
  std::optional<std::int32_t> succeeded_count;
  bool operator==(const JobSuccessRule&) const = default;
};
struct Job {
  std::optional<std::int32_t> parallelism, completions, backoff_limit, backoff_limit_per_index, max_failed_indexes,
      ttl_seconds_after_finished;
  std::optional<std::int64_t> active_deadline_seconds;
  bool suspend = false;
  bool indexed = false;  ///< completionMode
  bool manual_selector = false;
  std::vector<PodFailureRule> pod_failure_policy;
  bool has_pod_failure_policy = false;
  std::vector<JobSuccessRule> success_policy;
  bool replace_failed_only = false;  ///< podReplacementPolicy Failed, else TerminatingOrFailed.
  std::string managed_by;
  std::optional<LabelSelector> selector;
  PodTemplate tmpl;
};

enum class ConcurrencyPolicy : std::uint8_t { Allow, Forbid, Replace };
struct CronJob {
  std::string schedule;
  std::optional<std::string> time_zone;
  ConcurrencyPolicy concurrency = ConcurrencyPolicy::Allow;
  std::optional<std::int64_t> starting_deadline_seconds;
  bool suspend = false;
  std::optional<std::int32_t> successful_jobs_history_limit, failed_jobs_history_limit;
};

/// What an autoscaler scales.
struct ScaleTarget {
  std::string api_version, kind, name;
  bool operator==(const ScaleTarget&) const = default;
};
struct MetricSpec {
  enum class Type : std::uint8_t { Resource, ContainerResource, Pods, Object, External };
  enum class Target : std::uint8_t { Utilization, Value, AverageValue };
  Type type = Type::Resource;
  std::string name;       ///< Of the resource or metric.
  std::string container;  ///< ContainerResource
  ScaleTarget object;     ///< Object: describedObject
  std::optional<LabelSelector> selector;
  Target target = Target::Utilization;
  std::int64_t milli_value = 0;  ///< value or averageValue, in thousandths.
  std::int32_t utilization = 0;  ///< averageUtilization, per cent.
};
struct ScalingPolicy {
  bool percent = false;  ///< Else pods.
  std::int32_t value = 0, period_seconds = 0;
  bool operator==(const ScalingPolicy&) const = default;
};
struct ScalingRules {
  enum class Select : std::uint8_t { Max, Min, Disabled };
  std::optional<std::int32_t> stabilization_window_seconds;
  Select select = Select::Max;
  std::vector<ScalingPolicy> policies;
  std::optional<std::int64_t> tolerance_millis;
};
struct HorizontalPodAutoscaler {
  ScaleTarget target;
  std::int32_t min_replicas = 1, max_replicas = 1;
  std::vector<MetricSpec> metrics;
  bool has_behavior = false;
  ScalingRules scale_up, scale_down;
};

struct VerticalPodAutoscaler {
  ScaleTarget target;
  std::string update_mode = "Recreate";
  std::int32_t min_replicas = 2;
  struct ContainerPolicy {
    std::string container;  ///< "*": all without one of their own.
    bool off = false;       ///< mode Off
    ResourceList min_allowed, max_allowed;
    std::vector<std::string> controlled_resources;
    bool requests_only = false;  ///< controlledValues RequestsOnly
  };
  std::vector<ContainerPolicy> policies;
};

/// Amounts as they were written, sorted by name.
using ResourceAmounts = std::vector<std::pair<std::string, base::Quantity>>;
struct ScopeRequirement {
  std::string scope;
  SelectorOp op = SelectorOp::Exists;
  std::vector<std::string> values;
};
struct ResourceQuota {
  ResourceAmounts hard;
  std::vector<ScopeRequirement> scopes;  ///< scopes and scopeSelector, and-ed.
};

struct LimitRange {
  struct Item {
    std::string type;  ///< Container, Pod, PersistentVolumeClaim
    ResourceAmounts max, min, defaults, default_request, max_limit_request_ratio;
  };
  std::vector<Item> items;
};

struct RuntimeClass {
  std::string handler;
  std::optional<ResourceAmounts> overhead;  ///< overhead.podFixed
  bool has_scheduling = false;
  Labels node_selector;
  std::vector<Doc> tolerations;  ///< As they are put into pods.
};

struct IngressBackend {
  std::string service, port_name;
  std::int32_t port = 0;
  bool operator==(const IngressBackend&) const = default;
};
struct Ingress {
  enum class PathType : std::uint8_t { Exact, Prefix, ImplementationSpecific };
  struct Path {
    std::string path;
    PathType type = PathType::ImplementationSpecific;
    std::optional<IngressBackend> backend;
  };
  struct Rule {
    std::string host;
    std::vector<Path> paths;
  };
  std::optional<std::string> class_name;
  std::optional<IngressBackend> default_backend;
  std::vector<Rule> rules;
};
struct IngressClass {
  std::string controller;
  bool is_default = false;
};

struct VolumeAttachment {
  std::string attacher, node_name, volume_name;
};

struct ServiceAccount {};
struct ConfigMap {};
struct Secret {};
struct OtherKind {};

using Spec = std::variant<OtherKind, Namespace, Node, Pod, ReplicaSet, Deployment, Service, EndpointSlice,
                          PodDisruptionBudget, PriorityClass, ServiceAccount, ConfigMap, Secret, PersistentVolume,
                          PersistentVolumeClaim, StorageClass, CSINode, StatefulSet, DaemonSet, ControllerRevision, Job,
                          CronJob, HorizontalPodAutoscaler, VerticalPodAutoscaler, ResourceQuota, LimitRange,
                          RuntimeClass, Ingress, IngressClass, VolumeAttachment>;

/// One API object: its identity, the typed part, and the document it came from (defaulted).
struct Object {
  Kind kind = Kind::Other;
  std::string api_version, kind_name;  ///< As written.
  ObjectMeta meta;
  Spec spec;
  Doc doc;
};

}  // namespace wavetank::model
