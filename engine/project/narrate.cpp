#include "engine/project/narrate.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/state/config_use.h"

namespace wavetank::project {
namespace {

using event::DeletionReason;
using model::Kind;

struct BeforeOf {
  const ClusterView& view;
  Before operator()(const event::ReplicaSetScaled& e) const {
    Before out;
    out.replicas = view.replica_set(e.replica_set).replicas;
    return out;
  }
  Before operator()(const event::ObjectUpdated& e) const {
    Before out;
    out.doc = model::to_canonical_json(view.stored_doc(e.ref));
    if (e.ref.kind == model::Kind::Service) out.service_type = view.service(e.ref.as<event::ServiceId>()).spec.type;
    if (e.ref.kind == Kind::Node) out.taints = view.node(e.ref.as<event::NodeId>()).spec.taints;
    return out;
  }
  Before operator()(const event::NodeTaintsChanged& e) const {
    Before out;
    out.taints = view.node(e.node).spec.taints;
    return out;
  }
  Before operator()(const event::ContainerStarted& e) const {
    Before out;
    out.had_exited = view.container(e.pod, e.container).has_exited;
    return out;
  }
  Before operator()(const event::MachineDown& e) const {
    Before out;
    out.pods = view.node(e.node).pods.size();
    return out;
  }
  Before operator()(const event::NodeConditionChanged& e) const {
    Before out;
    out.status = view.node(e.node).conditions[static_cast<std::size_t>(e.type)].status;
    return out;
  }
  Before operator()(const event::DeploymentConditionChanged& e) const {
    Before out;
    out.status = view.deployment(e.deployment).conditions[static_cast<std::size_t>(e.type)].status;
    return out;
  }
  template <class E>
  Before operator()(const E&) const {
    return {};
  }
};

struct Sentence {
  const event::Event& event;
  const Before& before;
  const ClusterView& view;

  // ---- Words ----
  [[nodiscard]] std::string pod(PodId id) const { return label(Ref(id), view); }
  [[nodiscard]] std::string node(NodeId id) const { return fmt::format("node {}", node_in_zone(id, view)); }
  [[nodiscard]] std::string container(PodId id, std::uint32_t index) const {
    return fmt::format("container {} of {}", view.container_spec(id, index).name, pod(id));
  }
  /// Whether the pod's set wants another in its place: it has ended, or is of an older template.
  [[nodiscard]] bool replaced(PodId id) const {
    const Ref set = view->pods.owner[id.index()];
    if (!set.valid() || (set.kind != Kind::StatefulSet && set.kind != Kind::DaemonSet)) return false;
    if (view.pod_phase(id) == event::Phase::Failed || view.pod_phase(id) == event::Phase::Succeeded) return true;
    const std::string* revision = model::find_label(view.pod_spec(id).labels, "controller-revision-hash");
    const auto& revisions =
        set.kind == Kind::StatefulSet ? view->stateful_sets[set.row].revisions : view->daemon_sets[set.row].revisions;
    std::int64_t newest = 0;
    std::string name;
    for (const event::ControllerRevisionId r : revisions) {
      const state::ControllerRevisionRow& row = view.controller_revision(r);
      if (row.revision <= newest) continue;
      newest = row.revision;
      name = set.kind == Kind::StatefulSet ? std::string(view.text(row.header.name)) : row.hash;
    }
    return revision != nullptr && *revision != name;
  }
  [[nodiscard]] std::string owner(PodId id) const { return label(view->pods.owner[id.index()], view); }
  [[nodiscard]] std::string owner_words(PodId id) const {
    const Ref owner = view->pods.owner[id.index()];
    return owner.valid() ? kind_words(owner, view) : "controller";
  }
  [[nodiscard]] std::string on_its_node(PodId id) const {
    const NodeId at = view.pod_node(id);
    return at.valid() ? fmt::format(" on node {}", view.bare_name(Ref(at))) : "";
  }

  /// Why a Job took a pod of its own away; "" of others.
  [[nodiscard]] std::string no_use(PodId id) const {
    const Ref of = view->pods.owner[id.index()];
    if (!of.valid() || of.kind != Kind::Job) return "";
    return view->jobs[of.row].spec.suspend ? "its job is suspended" : "its job has no more use for it";
  }

  /// Why the garbage collector deletes a pod: background deletion comes after the owner, foreground before it.
  [[nodiscard]] std::string after_its_owner(PodId id) const {
    const Ref of = view->pods.owner[id.index()];
    if (!of.valid() || !view.alive(of)) return "because its owner is gone";
    return fmt::format("before its {}, which waits for it (foreground deletion)", kind_words(of, view));
  }

  // ---- The run and what came from outside ----
  std::string operator()(const std::monostate&) const { return "nothing"; }
  std::string operator()(const event::RunStarted& e) const {
    return fmt::format("the run of scenario {} began with seed {}", e.scenario, e.seed);
  }
  std::string operator()(const event::RequestMade& e) const {
    return e.actor == "kubectl" ? fmt::format("someone ran: {}", e.text) : fmt::format("{}: {}", e.actor, e.text);
  }
  std::string operator()(const event::RequestRefused& e) const {
    return fmt::format("the API server refused it ({}): {}", e.reason, e.message);
  }
  std::string operator()(const event::FaultInjected& e) const {
    return fmt::format("a fault began: {} of {}", e.kind, e.subject);
  }
  std::string operator()(const event::FaultHealed& e) const {
    const state::FaultRow& row = view->faults[e.fault.index()];
    return fmt::format("the fault ended: {} of {}", row.kind, row.subject);
  }
  std::string operator()(const event::MachineDown& e) const {
    return fmt::format(
        "the machine of {} went down{}", node(e.node),
        before.pods == 0 ? "" : fmt::format(" with {} on it", count(static_cast<std::int64_t>(before.pods), "pod")));
  }
  std::string operator()(const event::MachineUp& e) const {
    return fmt::format("the machine of {} is up again", node(e.node));
  }
  std::string operator()(const event::LoadChanged& e) const {
    return fmt::format("clients now send {} requests a second to {}", milli_words(e.milli_rps),
                       label(Ref(e.service), view));
  }
  std::string operator()(const event::ExpectationJudged& e) const {
    if (!e.kept && e.detail.starts_with("undecided: ")) return fmt::format("expectation not decided: {}", e.text);
    return e.kept ? fmt::format("expectation kept: {}", e.text)
                  : fmt::format("expectation broken: {} ({})", e.text, e.detail);
  }

  // ---- Objects as documents ----
  std::string operator()(const event::ObjectCreated&) const {
    return fmt::format("{} was created", label(subject(event, view), view));
  }
  std::string operator()(const event::ObjectUpdated& e) const {
    const std::string change = before.doc.empty() ? "" : describe_change(before.doc, e.doc);
    return change.empty() ? fmt::format("{} was changed", label(e.ref, view))
                          : fmt::format("{} was changed: {}", label(e.ref, view), change);
  }
  std::string operator()(const event::ObjectDeletionStarted& e) const {
    return fmt::format("the deletion of {} began", label(e.ref, view));
  }
  std::string operator()(const event::ObjectRemoved& e) const { return fmt::format("{} is gone", label(e.ref, view)); }
  std::string operator()(const event::OwnerChanged& e) const {
    return e.owner.valid() ? fmt::format("{} adopted {}", label(e.owner, view), label(e.child, view))
                           : fmt::format("{} was released by its owner", label(e.child, view));
  }

  // ---- Pods ----
  std::string operator()(const event::PodCreated& e) const {
    return fmt::format("{} made {}", label(Ref(e.replica_set), view), label(subject(event, view), view));
  }
  std::string operator()(const event::PodBound& e) const {
    if (!bound_by_manifest(e.pod, event.seq, event.cause, view))
      return fmt::format("the scheduler placed {} on {}", pod(e.pod), node(e.node));
    return fmt::format("{} is on {} by its manifest: no scheduler was asked", pod(e.pod), node(e.node));
  }
  std::string operator()(const event::PodUnschedulable& e) const {
    return fmt::format("the scheduler found no node for {}: {}", pod(e.pod), e.message);
  }
  std::string operator()(const event::PodNominated& e) const {
    return e.node.valid() ? fmt::format("the scheduler makes room for {} on {}", pod(e.pod), node(e.node))
                          : fmt::format("the room kept for {} was given up", pod(e.pod));
  }
  std::string operator()(const event::ImagePulled& e) const {
    return fmt::format("{} pulled image {} ({}) in {} for {}", node(view.pod_node(e.pod)),
                       view.container_spec(e.pod, e.container).image, bytes_words(e.size_bytes), span_words(e.took),
                       pod(e.pod));
  }
  std::string operator()(const event::ContainerStarted& e) const {
    return fmt::format("{} {}{}", container(e.pod, e.container), before.had_exited ? "started again" : "started",
                       on_its_node(e.pod));
  }
  std::string operator()(const event::ContainerExited& e) const {
    if (e.reason == event::ExitReason::LivenessProbeFailed || e.reason == event::ExitReason::StartupProbeFailed) {
      return fmt::format("{} was stopped, because {}, and exited with code {}", container(e.pod, e.container),
                         exit_word(e.reason), e.exit_code);
    }
    return fmt::format("{} exited with code {} ({})", container(e.pod, e.container), e.exit_code, exit_word(e.reason));
  }
  std::string operator()(const event::ContainerWaiting& e) const {
    const std::string next = e.back_off.ns > 0 ? fmt::format(", next try in {}", span_words(e.back_off)) : "";
    switch (e.reason) {
      case event::WaitingReason::ErrImagePull:
        return fmt::format("node {} could not pull image {} for {} (ErrImagePull{})",
                           short_label(Ref(view.pod_node(e.pod)), view), view.container_spec(e.pod, e.container).image,
                           pod(e.pod), next);
      case event::WaitingReason::ImagePullBackOff:
        return fmt::format("{} waits before the next pull of its image (ImagePullBackOff{})", pod(e.pod), next);
      case event::WaitingReason::CrashLoopBackOff:
        return fmt::format("{} waits before it is started again (CrashLoopBackOff{})", container(e.pod, e.container),
                           next);
      case event::WaitingReason::ContainerCreating:
        if (e.back_off.ns == 0) break;
        return fmt::format("{} cannot be made: {} (CreateContainerConfigError{})", container(e.pod, e.container),
                           state::missing_environment(view, e.pod, e.container), next);
      default:
        break;
    }
    return fmt::format("{} waits ({}{})", container(e.pod, e.container), waiting_word(e.reason), next);
  }
  std::string operator()(const event::ContainerReadyChanged& e) const {
    return fmt::format("{} {}", container(e.pod, e.container), e.ready ? "became ready" : "is no longer ready");
  }
  std::string operator()(const event::PodReadyChanged& e) const {
    if (e.ready) return fmt::format("{} became ready{}", pod(e.pod), on_its_node(e.pod));
    switch (e.reason) {
      case event::ReadyReason::NodeNotReady:
        return fmt::format("{} counts as not ready, because node {} does not answer", pod(e.pod),
                           short_label(Ref(view.pod_node(e.pod)), view));
      case event::ReadyReason::PodCompleted:
        return fmt::format("{} is no longer ready: it has completed", pod(e.pod));
      case event::ReadyReason::None:
        return fmt::format("{} is no longer ready: a readiness gate is not", pod(e.pod));
      default:
        return fmt::format("{} is no longer ready", pod(e.pod));
    }
  }
  std::string operator()(const event::PodPhaseChanged& e) const {
    return fmt::format("{} is {}{}", pod(e.pod), phase_word(e.phase),
                       e.reason.empty() ? "" : fmt::format(" ({})", e.reason));
  }
  std::string operator()(const event::PodDeletionStarted& e) const {
    const std::string grace = e.grace_seconds > 0 ? fmt::format(" ({}s grace)", e.grace_seconds) : "";
    const std::string who = pod(e.pod), where = on_its_node(e.pod);
    switch (e.reason) {
      case DeletionReason::Deleted:
        return fmt::format("{}{} is being deleted{}", who, where, grace);
      case DeletionReason::ScaledDown:
        if (const std::string why = no_use(e.pod); !why.empty())
          return fmt::format("{}: {}{} is being deleted{}", why, who, where, grace);
        return replaced(e.pod)
                   ? fmt::format("{} replaces {}{}: it is being deleted{}", owner(e.pod), who, where, grace)
                   : fmt::format("its {} had too many: {}{} is being deleted{}", owner_words(e.pod), who, where, grace);
      case DeletionReason::Evicted:
        return fmt::format("{} is being evicted{}{}", who, where.empty() ? "" : " from" + where.substr(3), grace);
      case DeletionReason::TaintEviction:
        return fmt::format("{} is being evicted{}: it no longer tolerates the node's taint{}", who,
                           where.empty() ? "" : " from" + where.substr(3), grace);
      case DeletionReason::Preempted:
        return fmt::format("{}{} is being preempted to make room for a pod of higher priority{}", who, where, grace);
      case DeletionReason::GarbageCollected:
        return fmt::format("{} is being deleted {}{}", who, after_its_owner(e.pod), grace);
      case DeletionReason::PodGC:
        return fmt::format("the pod garbage collector deletes {}{}", who, grace);
    }
    return who;
  }
  std::string operator()(const event::PodRemoved& e) const { return fmt::format("{} is gone", pod(e.pod)); }

  // ---- Nodes ----
  std::string operator()(const event::NodeConditionChanged& e) const {
    if (e.type == event::NodeConditionType::Ready) {
      switch (e.status) {
        case event::ConditionStatus::True:
          return fmt::format("{} is Ready", node(e.node));
        case event::ConditionStatus::False:
          return fmt::format("{} is NotReady: {}", node(e.node), e.message);
        case event::ConditionStatus::Unknown:
          return fmt::format("the node controller marked {} NotReady: {}", node(e.node), e.message);
      }
    }
    return fmt::format("{} of {} is {}{}", condition_word(e.type), node(e.node), status_word(e.status),
                       e.reason.empty() ? "" : fmt::format(" ({})", e.reason));
  }
  std::string operator()(const event::NodeTaintsChanged& e) const {
    std::string gained, lost;
    const auto add = [](std::string& list, const model::Taint& t) {
      list += (list.empty() ? "" : ", ") + taint_words(t);
    };
    for (const model::Taint& t : e.taints)
      if (std::find(before.taints.begin(), before.taints.end(), t) == before.taints.end()) add(gained, t);
    for (const model::Taint& t : before.taints)
      if (std::find(e.taints.begin(), e.taints.end(), t) == e.taints.end()) add(lost, t);
    if (gained.empty() && lost.empty()) return fmt::format("the taints of {} were written", node(e.node));
    if (lost.empty()) return fmt::format("{} got the taint {}", node(e.node), gained);
    if (gained.empty()) return fmt::format("{} lost the taint {}", node(e.node), lost);
    return fmt::format("{} got the taint {} and lost {}", node(e.node), gained, lost);
  }
  std::string operator()(const event::NodeCordoned& e) const {
    return fmt::format("{} was {}", node(e.node), e.unschedulable ? "cordoned" : "uncordoned");
  }
  std::string operator()(const event::HeartbeatsBegan& e) const {
    return fmt::format("{} renews its lease every {}", node(e.node), span_words(e.period));
  }
  std::string operator()(const event::HeartbeatsStopped& e) const {
    return fmt::format("{} stopped renewing its lease (the last renewal was at {})", node(e.node), clock_words(e.last));
  }

  // ---- Workloads ----
  std::string operator()(const event::ReplicaSetCreated& e) const {
    return fmt::format("the deployment controller made {} (revision {}) with {}", label(subject(event, view), view),
                       e.revision, count(e.replicas, "replica"));
  }
  std::string operator()(const event::ReplicaSetScaled& e) const {
    const bool owned = view.replica_set(e.replica_set).deployment.valid();
    const std::string who = label(Ref(e.replica_set), view);
    if (before.replicas == e.replicas)
      return fmt::format("{} keeps {} (its deployment wants {})", who, count(e.replicas, "replica"), e.desired);
    return fmt::format("{} scaled {} {} from {} to {}", owned ? "the deployment controller" : "someone", who,
                       before.replicas < e.replicas ? "up" : "down", before.replicas, e.replicas);
  }
  std::string operator()(const event::ReplicaSetStatusChanged& e) const {
    return fmt::format("{} has {}, {} ready, {} available", label(Ref(e.replica_set), view), count(e.replicas, "pod"),
                       e.ready, e.available);
  }
  std::string operator()(const event::ReplicaSetRevisionSet& e) const {
    return fmt::format("{} is now revision {}", label(Ref(e.replica_set), view), e.revision);
  }
  std::string operator()(const event::ReplicaSetFailureChanged& e) const {
    return e.failing ? fmt::format("{} cannot make pods ({}): {}", label(Ref(e.replica_set), view), e.reason, e.message)
                     : fmt::format("{} can make pods again", label(Ref(e.replica_set), view));
  }
  std::string operator()(const event::DeploymentStatusChanged& e) const {
    return fmt::format("{} has {}, {} up to date, {} ready, {} available", label(Ref(e.deployment), view),
                       count(e.replicas, "pod"), e.updated, e.ready, e.available);
  }
  std::string operator()(const event::DeploymentConditionChanged& e) const {
    const std::string who = label(Ref(e.deployment), view);
    if (e.reason.empty()) return fmt::format("{} lost the condition {}", who, condition_word(e.type));
    return fmt::format("{}: {} is {}, {} ({})", who, condition_word(e.type), status_word(e.status), e.reason,
                       e.message);
  }
  std::string operator()(const event::DeploymentRevisionSet& e) const {
    return fmt::format("{} is now at revision {}", label(Ref(e.deployment), view), e.revision);
  }

  // ---- Services and budgets ----
  std::string operator()(const event::EndpointSliceCreated& e) const {
    return fmt::format("the endpoint slice controller made {} for {}", label(subject(event, view), view),
                       label(Ref(e.service), view));
  }
  std::string operator()(const event::EndpointsChanged& e) const {
    const event::ServiceId service = view.endpoint_slice(e.slice).service;
    const std::string who = service.valid() ? label(Ref(service), view) : label(Ref(e.slice), view);
    if (e.changes.size() == 1) {
      const event::EndpointChange& c = e.changes.front();
      if (c.flags == 0) return fmt::format("{} no longer lists {}", who, pod(c.pod));
      if ((c.flags & event::kTerminating) != 0) return fmt::format("{} lists {} as terminating", who, pod(c.pod));
      return (c.flags & event::kReady) != 0 ? fmt::format("{} sends traffic to {}", who, pod(c.pod))
                                            : fmt::format("{} sends no traffic to {}", who, pod(c.pod));
    }
    std::int64_t ready = 0, unready = 0, gone = 0;
    for (const event::EndpointChange& c : e.changes)
      ++(c.flags == 0 ? gone : (c.flags & event::kReady) != 0 ? ready : unready);
    std::string what;
    const auto add = [&](std::int64_t n, const char* words) {
      if (n > 0) what += fmt::format("{}{} {}", what.empty() ? "" : ", ", n, words);
    };
    add(ready, "ready");
    add(unready, "not ready");
    add(gone, "gone");
    return fmt::format("the endpoints of {} changed: {}", who, what);
  }
  std::string operator()(const event::EndpointSlicePortsSet& e) const {
    const event::ServiceId service = view.endpoint_slice(e.slice).service;
    const std::string who = service.valid() ? label(Ref(service), view) : label(Ref(e.slice), view);
    if (e.ports.empty()) return fmt::format("{} has no port to send traffic to", who);
    std::string ports;
    for (const event::SlicePort& p : e.ports) ports += fmt::format("{}{}", ports.empty() ? "" : ", ", p.port);
    return fmt::format("{} sends traffic to port{} {}", who, e.ports.size() > 1 ? "s" : "", ports);
  }
  std::string operator()(const event::LoadBalancerChanged& e) const {
    if (e.addresses.empty()) return fmt::format("{} lost its external address", label(e.ref, view));
    return fmt::format("{} can be reached from outside at {}", label(e.ref, view), e.addresses.front());
  }
  std::string operator()(const event::PdbStatusChanged& e) const {
    return fmt::format("{} allows {}: {} of {} healthy, {} needed", label(Ref(e.pdb), view),
                       count(e.disruptions_allowed, "disruption"), e.current_healthy, e.expected_pods,
                       e.desired_healthy);
  }
  std::string operator()(const event::PdbDisruptionRecorded& e) const {
    return fmt::format("{} granted the eviction of {}", label(Ref(e.pdb), view), pod(e.pod));
  }

  // ---- What other controllers write ----
  std::string operator()(const event::PodMade& e) const {
    return fmt::format("{} made {}", label(e.owner, view), label(subject(event, view), view));
  }
  std::string operator()(const event::PodUntracked& e) const {
    return fmt::format("the job controller has counted {}", pod(e.pod));
  }
  std::string operator()(const event::PodFailed& e) const {
    return fmt::format("{}{} failed ({}): {}", pod(e.pod), on_its_node(e.pod), e.reason, e.message);
  }
  std::string operator()(const event::StatefulSetStatusChanged& e) const {
    return fmt::format("{} has {}, {} up to date, {} ready, {} available", label(Ref(e.id), view),
                       count(e.status.replicas, "pod"), e.status.updated, e.status.ready, e.status.available);
  }
  std::string operator()(const event::DaemonSetStatusChanged& e) const {
    return fmt::format("{} wants {}: {} there, {} up to date, {} ready", label(Ref(e.id), view),
                       count(e.status.desired, "pod"), e.status.current_scheduled, e.status.updated, e.status.ready);
  }
  std::string operator()(const event::JobStatusChanged& e) const {
    return fmt::format("{} has {} active, {} succeeded, {} failed", label(Ref(e.id), view),
                       count(e.status.active, "pod"), e.status.succeeded, e.status.failed);
  }
  std::string operator()(const event::CronJobStatusChanged& e) const {
    return fmt::format("{} has {}", label(Ref(e.id), view),
                       count(static_cast<std::int64_t>(e.status.active.size()), "active job"));
  }
  std::string operator()(const event::HpaStatusChanged& e) const {
    return fmt::format("{} sees {} and wants {}", label(Ref(e.id), view), count(e.status.current_replicas, "replica"),
                       e.status.desired_replicas);
  }
  std::string operator()(const event::VpaStatusChanged& e) const {
    return fmt::format("{} has a new recommendation", label(Ref(e.id), view));
  }
  std::string operator()(const event::QuotaStatusChanged& e) const {
    return fmt::format("the usage of {} was counted", label(Ref(e.id), view));
  }
  std::string operator()(const event::ObjectConditionChanged& e) const {
    if (e.removed) return fmt::format("{} lost the condition {}", label(e.ref, view), e.type);
    return fmt::format("{}: {} is {}{}{}", label(e.ref, view), e.type, status_word(e.status),
                       e.reason.empty() ? "" : ", " + e.reason, e.message.empty() ? "" : " (" + e.message + ")");
  }
  std::string operator()(const event::ControllerRevisionCreated& e) const {
    return fmt::format("{} has revision {}", label(e.owner, view), e.revision);
  }
  std::string operator()(const event::ControllerRevisionNumbered& e) const {
    return fmt::format("{} is now revision {}", label(Ref(e.id), view), e.revision);
  }
  std::string operator()(const event::VolumeAttachmentChanged& e) const {
    const model::VolumeAttachment& a = view.volume_attachment(e.id).spec;
    if (!e.error.empty()) return fmt::format("volume {} and node {}: {}", a.volume_name, a.node_name, e.error);
    return fmt::format("volume {} is {} node {}", a.volume_name, e.attached ? "attached to" : "detached from",
                       a.node_name);
  }
  std::string operator()(const event::VolumeInUseChanged& e) const {
    return fmt::format("the node agent of {} {} volume {}", view.bare_name(Ref(e.node)),
                       e.in_use ? "is going to use" : "no longer uses", view.bare_name(Ref(e.volume)));
  }
  std::string operator()(const event::VolumeDetachRequested& e) const {
    const model::VolumeAttachment& a = view.volume_attachment(e.id).spec;
    if (!e.requested) return fmt::format("volume {} is needed on node {} again", a.volume_name, a.node_name);
    return fmt::format("volume {} is to leave node {}, which has not unmounted it", a.volume_name, a.node_name);
  }
  std::string operator()(const event::EventRecorded& e) const {
    return fmt::format("{} says of {}: {} ({})", e.component, label(e.ref, view), e.message, e.reason);
  }
  std::string operator()(const event::ComponentDown& e) const {
    return fmt::format("the {} went down", component_word(e.component));
  }
  std::string operator()(const event::ComponentUp& e) const {
    return fmt::format("the {} is up again", component_word(e.component));
  }
};

// ---- Differences of documents
// -------------------------------------------------------------------------------------------------

struct Differ {
  std::vector<std::string> found;

  static std::string value(const model::Doc* doc) {
    if (doc == nullptr || doc->is_null()) return "none";
    return doc->is_object() || doc->is_array() ? fit(model::to_json(*doc), 40) : doc->text;
  }
  // The name by which elements of a list are told apart; "" when they have none.
  static std::string_view key_of(const model::Doc& item) { return item.is_object() ? item.string_or("name") : ""; }

  void compare(const model::Doc* a, const model::Doc* b, const std::string& path) {
    if (a != nullptr && b != nullptr && a->same_as(*b)) return;
    if (a != nullptr && b != nullptr && a->is_object() && b->is_object()) {
      for (const model::Doc::Member& m : a->members) compare(&m.value, b->find(m.key), join(path, m.key));
      for (const model::Doc::Member& m : b->members)
        if (a->find(m.key) == nullptr) compare(nullptr, &m.value, join(path, m.key));
      return;
    }
    if (a != nullptr && b != nullptr && a->is_array() && b->is_array() && a->items.size() == b->items.size()) {
      for (std::size_t i = 0; i < a->items.size(); ++i) {
        const std::string_view key = key_of(b->items[i]);
        compare(&a->items[i], &b->items[i], key.empty() ? path : fmt::format("{}[{}]", path, key));
      }
      return;
    }
    found.push_back(fmt::format("{} {} → {}", path, value(a), value(b)));
  }
  // What every reader knows is left out of paths.
  static std::string join(const std::string& path, const std::string& key) {
    if (path.empty()) return key == "spec" || key == "metadata" ? "" : key;
    if (path == "template" || path == "template.spec") return key == "spec" ? path : key;
    return path + "." + key;
  }
};

}  // namespace

Before before(const event::Event& event, const ClusterView& view) { return std::visit(BeforeOf{view}, event.payload); }

bool bound_by_manifest(PodId pod, Seq seq, Seq cause, const ClusterView& view) {
  // The scheduler's bindings follow from the pod's creation or from what came later.
  const Seq created = view->pods.created_seq[pod.index()];
  return seq == created + 1 && cause != 0 && cause < created;
}

std::string narrate(const event::Event& event, const Before& before, const ClusterView& view) {
  return std::visit(Sentence{event, before, view}, event.payload);
}

std::string describe_change(const std::string& before, const std::string& after, std::size_t most) {
  const auto a = model::parse_json(before, "before"), b = model::parse_json(after, "after");
  if (!a || !b) return "";
  Differ differ;
  for (const char* part : {"spec", "data", "metadata"}) {
    const model::Doc* x = a->find(part);
    const model::Doc* y = b->find(part);
    if (x != nullptr || y != nullptr) differ.compare(x, y, std::string(part) == "data" ? "data" : "");
  }
  std::string out;
  for (std::size_t i = 0; i < differ.found.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + differ.found[i];
  if (differ.found.size() > most) out += fmt::format(" and {} more", differ.found.size() - most);
  return out;
}

}  // namespace wavetank::project
