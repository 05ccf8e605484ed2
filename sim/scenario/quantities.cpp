#include "sim/scenario/quantities.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/model/qos.h"
#include "engine/state/pod_status.h"
#include "sim/scenario/autoscaler_quantities.h"
#include "sim/scenario/quantities_workloads.h"
#include "sim/scenario/storage_quantities.h"

namespace wavetank::scenario {
namespace {

using event::DeploymentId;
using event::EventKind;
using event::mask_of;
using event::NodeId;
using event::PodId;
using event::ServiceId;

constexpr event::KindMask kObjects = mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated,
                                             EventKind::ObjectDeletionStarted, EventKind::ObjectRemoved);
constexpr event::KindMask kPods =
    kObjects | mask_of(EventKind::PodCreated, EventKind::PodMade, EventKind::PodFailed, EventKind::PodBound,
                       EventKind::PodUnschedulable, EventKind::PodNominated, EventKind::ContainerStarted,
                       EventKind::ContainerExited, EventKind::ContainerWaiting, EventKind::PodReadyChanged,
                       EventKind::PodPhaseChanged, EventKind::PodDeletionStarted, EventKind::PodRemoved,
                       EventKind::OwnerChanged);
constexpr event::KindMask kNodes =
    kObjects | mask_of(EventKind::NodeConditionChanged, EventKind::NodeTaintsChanged, EventKind::NodeCordoned,
                       EventKind::PodBound, EventKind::PodRemoved, EventKind::VolumeInUseChanged,
                       EventKind::ImagePulled);
constexpr event::KindMask kDeployments =
    kObjects | mask_of(EventKind::DeploymentStatusChanged, EventKind::DeploymentConditionChanged,
                       EventKind::DeploymentRevisionSet);
constexpr event::KindMask kReplicaSets =
    kObjects | mask_of(EventKind::ReplicaSetCreated, EventKind::ReplicaSetScaled, EventKind::ReplicaSetStatusChanged,
                       EventKind::ReplicaSetRevisionSet);
constexpr event::KindMask kServices =
    kObjects | mask_of(EventKind::EndpointSliceCreated, EventKind::EndpointsChanged, EventKind::LoadChanged);
constexpr event::KindMask kCronJobs = kObjects | mask_of(EventKind::CronJobStatusChanged, EventKind::OwnerChanged);
constexpr event::KindMask kQuotas = kObjects | mask_of(EventKind::QuotaStatusChanged);
constexpr event::KindMask kJobs = kObjects | mask_of(EventKind::JobStatusChanged, EventKind::ObjectConditionChanged);
constexpr event::KindMask kPdbs = kObjects | mask_of(EventKind::PdbStatusChanged, EventKind::PdbDisruptionRecorded);

std::string_view status_word(event::ConditionStatus status) {
  switch (status) {
    case event::ConditionStatus::True:
      return "True";
    case event::ConditionStatus::False:
      return "False";
    case event::ConditionStatus::Unknown:
      break;
  }
  return "Unknown";
}

// ---- Deployments ----

const state::DeploymentRow& deployment(const ClusterView& view, Ref ref) {
  return view.deployment(ref.as<DeploymentId>());
}

Value condition(const ClusterView& view, Ref ref, event::DeploymentConditionType type) {
  const state::Condition& c = deployment(view, ref).conditions[static_cast<std::size_t>(type)];
  return word(c.present ? status_word(c.status) : "Unknown");
}

// As `kubectl rollout status` decides it (k8s.io/kubectl DeploymentStatusViewer).
bool complete(const state::DeploymentRow& d) {
  return d.observed_generation >= d.header.generation && d.updated == d.spec.replicas &&
         d.status_replicas == d.updated && d.available == d.updated;
}

ObjectKind deployments() {
  return {
      model::Kind::Deployment,
      kDeployments,
      {{"replicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(deployment(v, r).spec.replicas); },
        "spec.replicas: how many are wanted"},
       {"statusReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(deployment(v, r).status_replicas); },
        "status.replicas: how many there are"},
       {"readyReplicas", ValueType::Number, [](const ClusterView& v, Ref r) { return number(deployment(v, r).ready); },
        "status.readyReplicas"},
       {"availableReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(deployment(v, r).available); }, "status.availableReplicas"},
       {"updatedReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(deployment(v, r).updated); },
        "status.updatedReplicas: of the current template"},
       {"unavailableReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(deployment(v, r).unavailable); }, "status.unavailableReplicas"},
       {"revision", ValueType::Number, [](const ClusterView& v, Ref r) { return number(deployment(v, r).revision); },
        "annotation deployment.kubernetes.io/revision"},
       {"paused", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(deployment(v, r).spec.paused); },
        "spec.paused"},
       {"complete", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(complete(deployment(v, r))); },
        "the rollout is done, as `kubectl rollout status` says it"},
       {"available",
        ValueType::Word,
        [](const ClusterView& v, Ref r) { return condition(v, r, event::DeploymentConditionType::Available); },
        "status of the condition Available",
        {"True", "False", "Unknown"}},
       {"progressing",
        ValueType::Word,
        [](const ClusterView& v, Ref r) { return condition(v, r, event::DeploymentConditionType::Progressing); },
        "status of the condition Progressing",
        {"True", "False", "Unknown"}},
       {"progressingReason", ValueType::Word,
        [](const ClusterView& v, Ref r) {
          return word(deployment(v, r)
                          .conditions[static_cast<std::size_t>(event::DeploymentConditionType::Progressing)]
                          .reason);
        },
        "reason of the condition Progressing"},
       {"image", ValueType::Word,
        [](const ClusterView& v, Ref r) {
          const auto& containers = v.pod_template(deployment(v, r).tmpl).value->spec.containers;
          return word(containers.empty() ? "" : containers.front().image);
        },
        "image of the template's first container"}}};
}

ObjectKind replica_sets() {
  const auto row = [](const ClusterView& v, Ref r) -> const state::ReplicaSetRow& {
    return v.replica_set(r.as<event::ReplicaSetId>());
  };
  static const auto get = row;
  return {
      model::Kind::ReplicaSet,
      kReplicaSets,
      {{"replicas", ValueType::Number, [](const ClusterView& v, Ref r) { return number(get(v, r).replicas); },
        "spec.replicas"},
       {"readyReplicas", ValueType::Number, [](const ClusterView& v, Ref r) { return number(get(v, r).status_ready); },
        "status.readyReplicas"},
       {"availableReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(get(v, r).status_available); }, "status.availableReplicas"}}};
}

// ---- Pods ----

std::string_view phase_word(event::Phase phase) {
  switch (phase) {
    case event::Phase::Pending:
      return "Pending";
    case event::Phase::Running:
      return "Running";
    case event::Phase::Succeeded:
      return "Succeeded";
    case event::Phase::Failed:
      return "Failed";
  }
  return "";
}

// The reason of the first container that waits.
std::string_view waiting_of(const ClusterView& view, PodId pod) {
  for (std::size_t i = 0; i < view.container_count(pod); ++i) {
    const state::ShownContainer shown = state::shown_container(view, pod, i);
    if (shown.status.state == state::ContainerState::Waiting) return shown.waiting;
  }
  return "";
}

std::string_view node_name(const ClusterView& view, PodId pod) {
  const NodeId node = view.pod_node(pod);
  return node.valid() ? view.text(view.node(node).header.name) : "";
}

std::string_view zone_name(const ClusterView& view, PodId pod) {
  const NodeId node = view.pod_node(pod);
  return node.valid() ? view.text(view.node(node).zone) : "";
}

ObjectKind pods() {
  return {
      model::Kind::Pod,
      kPods,
      {{"phase",
        ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(phase_word(v.pod_phase(r.as<PodId>()))); },
        "status.phase",
        {"Pending", "Running", "Succeeded", "Failed"}},
       {"ready", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(v.pod_ready(r.as<PodId>())); },
        "the condition Ready is True"},
       {"terminating", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(v.pod_terminating(r.as<PodId>())); }, "its deletion has begun"},
       {"scheduled", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(v.pod_node(r.as<PodId>()).valid()); }, "bound to a node"},
       {"node", ValueType::Word, [](const ClusterView& v, Ref r) { return word(node_name(v, r.as<PodId>())); },
        "spec.nodeName"},
       {"zone", ValueType::Word, [](const ClusterView& v, Ref r) { return word(zone_name(v, r.as<PodId>())); },
        "the zone of its node"},
       {"reason", ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(state::status_reason(v, r.as<PodId>())); },
        "status.reason of a failed pod: Evicted, DeadlineExceeded"},
       {"qosClass",
        ValueType::Word,
        [](const ClusterView& v, Ref r) {
          return word(model::qos_text(model::qos_class(v.pod_spec(r.as<PodId>()).spec)));
        },
        "status.qosClass",
        {"Guaranteed", "Burstable", "BestEffort"}},
       {"restarts", ValueType::Number, [](const ClusterView& v, Ref r) { return number(v.restarts(r.as<PodId>())); },
        "container restarts, added up"},
       {"waiting",
        ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(waiting_of(v, r.as<PodId>())); },
        "why its first waiting container waits",
        {"ContainerCreating", "PodInitializing", "CreateContainerConfigError", "ErrImagePull", "ImagePullBackOff",
         "CrashLoopBackOff"}}}};
}

// Calls f(PodId) for the pods not removed that the filter selects.
template <class F>
void for_pods(const ClusterView& view, const SetFilter& filter, F&& f) {
  const state::ClusterState& state = view.state();
  const bool by_namespace = !filter.own.empty();
  for (const state::TemplateRow& row : state.templates) {
    if (row.pods.empty() || !filter.labels.matches(row.value->labels)) continue;
    for (const PodId pod : row.pods) {
      if (by_namespace) {
        const model::Labels own = {{"namespace", std::string(view.text(row.ns))},
                                   {"node", std::string(node_name(view, pod))},
                                   {"zone", std::string(zone_name(view, pod))}};
        if (!filter.own.matches(own)) continue;
      }
      f(pod);
    }
  }
}

template <class P>
std::int64_t count_pods(const ClusterView& view, const SetFilter& filter, P&& wanted) {
  std::int64_t n = 0;
  for_pods(view, filter, [&](PodId pod) { n += wanted(pod) ? 1 : 0; });
  return n;
}

std::int64_t requested(const ClusterView& view, const SetFilter& filter, std::int64_t model::ResourceList::*amount) {
  std::int64_t sum = 0;
  for_pods(view, filter, [&](PodId pod) {
    if (view.pod_active(pod)) sum += view.pod_template(view->pods.tmpl[pod.index()]).requests.*amount;
  });
  return sum;
}

// The places (nodes or zones, by number) of the active pods, sorted.
template <class F>
std::vector<std::uint32_t> places(const ClusterView& view, const SetFilter& filter, F&& place_of) {
  std::vector<std::uint32_t> out;
  for_pods(view, filter, [&](PodId pod) {
    if (view.pod_active(pod) && view.pod_node(pod).valid()) out.push_back(place_of(view.pod_node(pod)));
  });
  std::sort(out.begin(), out.end());
  return out;
}

std::int64_t distinct(std::vector<std::uint32_t> sorted) {
  return std::unique(sorted.begin(), sorted.end()) - sorted.begin();
}

std::int64_t longest_run(const std::vector<std::uint32_t>& sorted) {
  std::int64_t best = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t j = i;
    while (j < sorted.size() && sorted[j] == sorted[i]) ++j;
    best = std::max(best, static_cast<std::int64_t>(j - i));
    i = j;
  }
  return best;
}

std::vector<std::uint32_t> nodes_of(const ClusterView& v, const SetFilter& f) {
  return places(v, f, [](NodeId n) { return n.value; });
}
std::vector<std::uint32_t> zones_of(const ClusterView& v, const SetFilter& f) {
  return places(v, f, [&v](NodeId n) { return v.node(n).zone.value; });
}

SetKind pod_sets() {
  return {
      "pods",
      kPods | kNodes,
      {{"count", [](const ClusterView& v, const SetFilter& f) { return count_pods(v, f, [](PodId) { return true; }); },
        "all that exist, terminating ones too"},
       {"active",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return v.pod_active(p); });
        },
        "not terminating, not ended"},
       {"ready",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return v.pod_ready(p); });
        },
        "condition Ready is True"},
       {"pending",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f,
                            [&v](PodId p) { return v.pod_phase(p) == event::Phase::Pending && !v.pod_terminating(p); });
        },
        "phase Pending, not terminating"},
       {"running",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return v.pod_phase(p) == event::Phase::Running; });
        },
        "phase Running"},
       {"failed",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return v.pod_phase(p) == event::Phase::Failed; });
        },
        "phase Failed"},
       {"scheduled",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return v.pod_node(p).valid(); });
        },
        "bound to a node"},
       {"unschedulable",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return (v.pod_flags(p) & state::kUnschedulable) != 0; });
        },
        "tried, and no node fits"},
       {"terminating",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) { return v.pod_terminating(p); });
        },
        "deletion has begun"},
       {"waiting",
        [](const ClusterView& v, const SetFilter& f) {
          return count_pods(v, f, [&v](PodId p) {
            const std::string_view why = waiting_of(v, p);
            return why == "ErrImagePull" || why == "ImagePullBackOff" || why == "CrashLoopBackOff";
          });
        },
        "a container waits after a failure: ErrImagePull, ImagePullBackOff, CrashLoopBackOff"},
       {"restarts",
        [](const ClusterView& v, const SetFilter& f) {
          std::int64_t n = 0;
          for_pods(v, f, [&](PodId p) { n += v.restarts(p); });
          return n;
        },
        "container restarts of those that exist, added up"},
       {"requestedMilliCpu",
        [](const ClusterView& v, const SetFilter& f) { return requested(v, f, &model::ResourceList::milli_cpu); },
        "cpu that the active ones request, thousandths of a core"},
       {"requestedMemoryMi",
        [](const ClusterView& v, const SetFilter& f) { return requested(v, f, &model::ResourceList::memory) >> 20; },
        "memory that the active ones request, Mi"},
       {"nodes", [](const ClusterView& v, const SetFilter& f) { return distinct(nodes_of(v, f)); },
        "on how many nodes the active ones are"},
       {"zones", [](const ClusterView& v, const SetFilter& f) { return distinct(zones_of(v, f)); },
        "in how many zones the active ones are"},
       {"mostOnOneNode", [](const ClusterView& v, const SetFilter& f) { return longest_run(nodes_of(v, f)); },
        "active ones on the node that has most of them"},
       {"mostInOneZone", [](const ClusterView& v, const SetFilter& f) { return longest_run(zones_of(v, f)); },
        "active ones in the zone that has most of them"}}};
}

// ---- Nodes ----

const state::NodeRow& node(const ClusterView& view, Ref ref) { return view.node(ref.as<NodeId>()); }

Value pressure(const ClusterView& view, Ref ref, event::NodeConditionType type) {
  return flag(node(view, ref).conditions[static_cast<std::size_t>(type)].status == event::ConditionStatus::True);
}

ObjectKind nodes() {
  return {
      model::Kind::Node,
      kNodes,
      {{"ready", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(v.node_ready(r.as<NodeId>())); },
        "the condition Ready is True"},
       {"cordoned", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(node(v, r).spec.unschedulable); },
        "spec.unschedulable"},
       {"pods", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(static_cast<std::int64_t>(node(v, r).pods.size())); },
        "pods bound to it"},
       {"taints", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(static_cast<std::int64_t>(node(v, r).spec.taints.size())); },
        "how many taints it has"},
       {"memoryPressure", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return pressure(v, r, event::NodeConditionType::MemoryPressure); },
        "the condition MemoryPressure is True"},
       {"diskPressure", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return pressure(v, r, event::NodeConditionType::DiskPressure); },
        "the condition DiskPressure is True"},
       {"pidPressure", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return pressure(v, r, event::NodeConditionType::PIDPressure); },
        "the condition PIDPressure is True"},
       {"volumesInUse", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(static_cast<std::int64_t>(node(v, r).volumes_in_use.size())); },
        "how many volumes its agent reports in use"},
       {"images", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(static_cast<std::int64_t>(node(v, r).images.size())); },
        "names of images on its disk"},
       {"zone", ValueType::Word, [](const ClusterView& v, Ref r) { return word(v.text(node(v, r).zone)); },
        "label topology.kubernetes.io/zone"}}};
}

template <class P>
std::int64_t count_nodes(const ClusterView& view, const SetFilter& filter, P&& wanted) {
  std::int64_t n = 0;
  for (std::size_t i = 0; i < view->nodes.size(); ++i) {
    const state::NodeRow& row = view->nodes[i];
    if (!row.header.alive || !filter.labels.matches(row.labels)) continue;
    if (!filter.own.empty()) {
      const model::Labels own = {{"node", std::string(view.text(row.header.name))},
                                 {"zone", std::string(view.text(row.zone))}};
      if (!filter.own.matches(own)) continue;
    }
    n += wanted(NodeId(i)) ? 1 : 0;
  }
  return n;
}

SetKind node_sets() {
  return {"nodes",
          kNodes,
          {{"count",
            [](const ClusterView& v, const SetFilter& f) { return count_nodes(v, f, [](NodeId) { return true; }); },
            "all that exist"},
           {"ready",
            [](const ClusterView& v, const SetFilter& f) {
              return count_nodes(v, f, [&v](NodeId n) { return v.node_ready(n); });
            },
            "condition Ready is True"},
           {"notReady",
            [](const ClusterView& v, const SetFilter& f) {
              return count_nodes(v, f, [&v](NodeId n) { return !v.node_ready(n); });
            },
            "condition Ready is not True"},
           {"cordoned",
            [](const ClusterView& v, const SetFilter& f) {
              return count_nodes(v, f, [&v](NodeId n) { return v.node(n).spec.unschedulable; });
            },
            "spec.unschedulable"},
           {"used",
            [](const ClusterView& v, const SetFilter& f) {
              return count_nodes(v, f, [&v](NodeId n) { return !v.node(n).pods.empty(); });
            },
            "pods are bound to it"},
           {"empty",
            [](const ClusterView& v, const SetFilter& f) {
              return count_nodes(v, f, [&v](NodeId n) { return v.node(n).pods.empty(); });
            },
            "no pod is bound to it"}}};
}

// ---- Services, budgets, sets of Deployments ----

std::int64_t endpoints(const ClusterView& view, Ref ref, bool ready) {
  std::int64_t n = 0;
  for (const event::EndpointSliceId slice : view.service(ref.as<ServiceId>()).slices) {
    for (const state::Endpoint& e : view.endpoint_slice(slice).endpoints)
      n += ((e.flags & event::kReady) != 0) == ready ? 1 : 0;
  }
  return n;
}

ObjectKind services() {
  return {model::Kind::Service,
          kServices,
          {{"endpoints", ValueType::Number, [](const ClusterView& v, Ref r) { return number(endpoints(v, r, true)); },
            "ready endpoints in its slices"},
           {"notReadyEndpoints", ValueType::Number,
            [](const ClusterView& v, Ref r) { return number(endpoints(v, r, false)); }, "endpoints that are not ready"},
           {"rps", ValueType::Number,
            [](const ClusterView& v, Ref r) {
              return number(static_cast<std::int64_t>(v.service(r.as<ServiceId>()).milli_rps / 1000));
            },
            "load that clients put on it, requests a second"}}};
}

ObjectKind budgets() {
  static const auto get = [](const ClusterView& v, Ref r) -> const state::PdbRow& {
    return v.pdb(r.as<event::PdbId>());
  };
  return {
      model::Kind::PodDisruptionBudget,
      kPdbs,
      {{"disruptionsAllowed", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(get(v, r).disruptions_allowed); }, "status.disruptionsAllowed"},
       {"currentHealthy", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(get(v, r).current_healthy); }, "status.currentHealthy"},
       {"desiredHealthy", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(get(v, r).desired_healthy); }, "status.desiredHealthy"},
       {"expectedPods", ValueType::Number, [](const ClusterView& v, Ref r) { return number(get(v, r).expected_pods); },
        "status.expectedPods"}}};
}

// ---- Cron jobs and quotas ----

ObjectKind cron_jobs() {
  return {model::Kind::CronJob,
          kCronJobs,
          {{"active", ValueType::Number,
            [](const ClusterView& v, Ref r) {
              return number(static_cast<std::int64_t>(v.cron_job(r.as<event::CronJobId>()).status.active.size()));
            },
            "status.active: how many of its Jobs go on"},
           {"jobs", ValueType::Number,
            [](const ClusterView& v, Ref r) {
              return number(static_cast<std::int64_t>(v.cron_job(r.as<event::CronJobId>()).jobs.size()));
            },
            "its Jobs, the ended ones too"},
           {"suspended", ValueType::Flag,
            [](const ClusterView& v, Ref r) { return flag(v.cron_job(r.as<event::CronJobId>()).spec.suspend); },
            "spec.suspend"},
           {"scheduled", ValueType::Flag,
            [](const ClusterView& v, Ref r) {
              return flag(v.cron_job(r.as<event::CronJobId>()).status.last_schedule != base::SimTime::never());
            },
            "it has a status.lastScheduleTime"}}};
}

Value used_of(const ClusterView& v, Ref r, std::string_view name, bool milli) {
  for (const auto& [resource, q] : v.quota(r.as<event::QuotaId>()).status.used)
    if (resource == name) return number(milli ? q.milli_value() : q.value());
  return number(0);
}

ObjectKind quotas() {
  return {model::Kind::ResourceQuota,
          kQuotas,
          {{"usedPods", ValueType::Number, [](const ClusterView& v, Ref r) { return used_of(v, r, "pods", false); },
            "status.used of pods"},
           {"usedMilliCpu", ValueType::Number,
            [](const ClusterView& v, Ref r) { return used_of(v, r, "requests.cpu", true); },
            "status.used of requests.cpu, in thousandths"},
           {"usedMemory", ValueType::Number,
            [](const ClusterView& v, Ref r) { return used_of(v, r, "requests.memory", false); },
            "status.used of requests.memory, in bytes"},
           {"usedClaims", ValueType::Number,
            [](const ClusterView& v, Ref r) { return used_of(v, r, "persistentvolumeclaims", false); },
            "status.used of persistentvolumeclaims"}}};
}

// ---- Jobs ----

const state::JobRow& job(const ClusterView& view, Ref ref) { return view->jobs[ref.row]; }

const state::Condition* job_condition(const state::JobRow& row, std::string_view type) {
  for (const state::NamedCondition& c : row.conditions)
    if (c.type == type && c.value.status == event::ConditionStatus::True) return &c.value;
  return nullptr;
}

// As the column STATUS of `kubectl get jobs` has it.
std::string_view job_status(const state::JobRow& row) {
  for (const char* type : {"Complete", "Failed"})
    if (job_condition(row, type) != nullptr) return type;
  if (row.header.terminating()) return "Terminating";
  for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"})
    if (job_condition(row, type) != nullptr) return type;
  return "Running";
}

// Why it ended, or is about to.
std::string_view job_reason(const state::JobRow& row) {
  for (const char* type : {"Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"})
    if (const state::Condition* c = job_condition(row, type); c != nullptr) return c->reason;
  return "";
}

ObjectKind jobs() {
  const auto status = [](auto member, const char* name, const char* help) {
    return ObjectField{name, ValueType::Number, member, help, {}};
  };
  return {
      model::Kind::Job,
      kJobs,
      {status([](const ClusterView& v, Ref r) { return number(job(v, r).status.active); }, "active",
              "status.active: pods that run or are about to"),
       status([](const ClusterView& v, Ref r) { return number(job(v, r).status.ready); }, "ready", "status.ready"),
       status([](const ClusterView& v, Ref r) { return number(job(v, r).status.terminating); }, "terminating",
              "status.terminating"),
       status([](const ClusterView& v, Ref r) { return number(job(v, r).status.succeeded); }, "succeeded",
              "status.succeeded"),
       status([](const ClusterView& v, Ref r) { return number(job(v, r).status.failed); }, "failed", "status.failed"),
       status([](const ClusterView& v, Ref r) { return number(job(v, r).spec.completions.value_or(0)); }, "completions",
              "spec.completions; 0 for a work queue"),
       status([](const ClusterView& v, Ref r) { return number(job(v, r).spec.parallelism.value_or(1)); }, "parallelism",
              "spec.parallelism"),
       {"complete", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(job_condition(job(v, r), "Complete") != nullptr); },
        "the condition Complete is True"},
       {"suspended", ValueType::Flag,
        [](const ClusterView& v, Ref r) { return flag(job_condition(job(v, r), "Suspended") != nullptr); },
        "the condition Suspended is True"},
       {"status",
        ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(job_status(job(v, r))); },
        "the column STATUS of `kubectl get jobs`",
        {"Complete", "Failed", "Terminating", "Suspended", "FailureTarget", "SuccessCriteriaMet", "Running"}},
       {"reason", ValueType::Word, [](const ClusterView& v, Ref r) { return word(job_reason(job(v, r))); },
        "the reason of the condition that ends it"},
       {"completedIndexes", ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(job(v, r).status.completed_indexes); },
        "status.completedIndexes"},
       {"failedIndexes", ValueType::Word,
        [](const ClusterView& v, Ref r) { return word(job(v, r).status.failed_indexes); }, "status.failedIndexes"}}};
}

template <class P>
std::int64_t sum_jobs(const ClusterView& view, const SetFilter& filter, P&& amount) {
  std::int64_t n = 0;
  for (const state::JobRow& row : view->jobs) {
    if (!row.header.alive || !filter.labels.matches(row.labels)) continue;
    if (!filter.own.empty() && !filter.own.matches({{"namespace", std::string(view.text(row.header.ns))}})) continue;
    n += amount(row);
  }
  return n;
}

SetKind job_sets() {
  using Row = state::JobRow;
  return {
      "jobs",
      kJobs,
      {{"count", [](const ClusterView& v, const SetFilter& f) { return sum_jobs(v, f, [](const Row&) { return 1; }); },
        "all that exist"},
       {"active",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_jobs(v, f, [](const Row& j) { return j.status.active > 0 ? 1 : 0; });
        },
        "those with active pods"},
       {"complete",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_jobs(v, f, [](const Row& j) { return job_condition(j, "Complete") != nullptr ? 1 : 0; });
        },
        "those that are Complete"},
       {"failed",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_jobs(v, f, [](const Row& j) { return job_condition(j, "Failed") != nullptr ? 1 : 0; });
        },
        "those that have Failed"}}};
}

template <class P>
std::int64_t sum_deployments(const ClusterView& view, const SetFilter& filter, P&& amount) {
  std::int64_t n = 0;
  for (const state::DeploymentRow& row : view->deployments) {
    if (!row.header.alive || !filter.labels.matches(row.labels)) continue;
    if (!filter.own.empty() && !filter.own.matches({{"namespace", std::string(view.text(row.header.ns))}})) continue;
    n += amount(row);
  }
  return n;
}

SetKind deployment_sets() {
  using Row = state::DeploymentRow;
  return {
      "deployments",
      kDeployments,
      {{"count",
        [](const ClusterView& v, const SetFilter& f) { return sum_deployments(v, f, [](const Row&) { return 1; }); },
        "all that exist"},
       {"replicas",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_deployments(v, f, [](const Row& d) { return d.spec.replicas; });
        },
        "spec.replicas, added up"},
       {"readyReplicas",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_deployments(v, f, [](const Row& d) { return d.ready; });
        },
        "status.readyReplicas, added up"},
       {"availableReplicas",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_deployments(v, f, [](const Row& d) { return d.available; });
        },
        "status.availableReplicas, added up"},
       {"updatedReplicas",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_deployments(v, f, [](const Row& d) { return d.updated; });
        },
        "status.updatedReplicas, added up"},
       {"complete",
        [](const ClusterView& v, const SetFilter& f) {
          return sum_deployments(v, f, [](const Row& d) { return complete(d) ? 1 : 0; });
        },
        "those whose rollout is done"}}};
}

SetKind service_sets() {
  return {"services",
          kServices,
          {{"count",
            [](const ClusterView& v, const SetFilter&) {
              std::int64_t n = 0;
              for (const state::ServiceRow& row : v->services) n += row.header.alive ? 1 : 0;
              return n;
            },
            "all that exist (no selector)"},
           {"withoutEndpoints",
            [](const ClusterView& v, const SetFilter&) {
              std::int64_t n = 0;
              for (std::size_t i = 0; i < v->services.size(); ++i) {
                const state::ServiceRow& row = v->services[i];
                if (!row.header.alive || row.spec.selector.empty()) continue;
                n += endpoints(v, ServiceId(i), true) == 0 ? 1 : 0;
              }
              return n;
            },
            "those with a selector and no ready endpoint (no selector)"}}};
}

}  // namespace

std::string value_text(const Value& value) {
  if (const auto* n = std::get_if<std::int64_t>(&value)) return std::to_string(*n);
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const auto* s = std::get_if<std::string>(&value)) return s->empty() ? "\"\"" : *s;
  return "missing";
}

const std::vector<ObjectKind>& object_kinds() {
  static const std::vector<ObjectKind> kAll = {
      cron_jobs(), daemon_sets(),       deployments(),      hpa_quantities(), jobs(),    namespaces(),
      nodes(),     volume_quantities(), claim_quantities(), pods(),           budgets(), replica_sets(),
      quotas(),    services(),          stateful_sets(),    vpa_quantities()};
  return kAll;
}

const ObjectKind* object_kind(model::Kind kind) {
  for (const ObjectKind& k : object_kinds()) {
    if (k.kind == kind) return &k;
  }
  return nullptr;
}

const std::vector<SetKind>& set_kinds() {
  static const std::vector<SetKind> kAll = {
      claim_set_quantities(), deployment_sets(),      job_sets(), node_sets(), pod_sets(),
      service_sets(),         volume_set_quantities()};
  return kAll;
}

const SetKind* set_kind(std::string_view name) {
  for (const SetKind& k : set_kinds()) {
    if (k.name == name) return &k;
  }
  return nullptr;
}

SetFilter make_filter(model::LabelSelector selector, std::string text) {
  SetFilter filter;
  filter.text = std::move(text);
  const auto is_own = [](std::string_view key) { return key == "namespace" || key == "node" || key == "zone"; };
  for (auto& [key, value] : selector.match_labels) {
    (is_own(key) ? filter.own : filter.labels).match_labels.emplace_back(key, value);
  }
  for (model::Requirement& r : selector.match_expressions) {
    (is_own(r.key) ? filter.own : filter.labels).match_expressions.push_back(std::move(r));
  }
  return filter;
}

}  // namespace wavetank::scenario
