#include "engine/project/kube_events.h"

#include <fmt/format.h>

#include "engine/state/config_use.h"
#include "engine/state/volume_use.h"

#include <algorithm>

namespace wavetank::project {
namespace {

using event::DeletionReason;
using event::WaitingReason;

struct Recorder {
  const event::Event& event;
  const Before& before;
  const ClusterView& view;
  std::vector<KubeEvent> out{};

  void normal(Ref object, const char* reason, std::string message, std::string source) {
    out.push_back({false, reason, std::move(message), object, std::move(source)});
  }
  void warning(Ref object, const char* reason, std::string message, std::string source) {
    out.push_back({true, reason, std::move(message), object, std::move(source)});
  }
  [[nodiscard]] std::string kubelet(NodeId node) const {
    return node.valid() ? fmt::format("kubelet, {}", view.bare_name(Ref(node))) : "kubelet";
  }
  [[nodiscard]] std::string kubelet_of(PodId pod) const { return kubelet(view.pod_node(pod)); }
  [[nodiscard]] std::string full_name(PodId pod) const {
    return fmt::format("{}/{}", view.namespace_of(Ref(pod)), view.pod_name(pod));
  }
  [[nodiscard]] std::string image(PodId pod, std::uint32_t container) const {
    return view.container_spec(pod, container).image;
  }

  [[nodiscard]] const std::string& scheduler(PodId pod) const { return view.pod_spec(pod).spec.scheduler_name; }

  // Facts that Kubernetes records nothing about.
  template <class E>
  void on(const E&) {}

  void ensuring(Ref service) {
    normal(service, "EnsuringLoadBalancer", "Ensuring load balancer", "service-controller");
  }
  void on(const event::LoadBalancerChanged& e) {
    if (e.ref.kind != model::Kind::Service) return;
    if (e.addresses.empty()) {
      normal(e.ref, "DeletedLoadBalancer", "Deleted load balancer", "service-controller");
    } else {
      normal(e.ref, "EnsuredLoadBalancer", "Ensured load balancer", "service-controller");
    }
  }
  void on(const event::NodeTaintsChanged& e) { evictions_cancelled(e.node); }
  /// With its last NoExecute taint a node's pods that were only waiting for tolerationSeconds are let off.
  void evictions_cancelled(NodeId node) {
    const auto executes = [](const model::Taint& t) { return t.effect == model::TaintEffect::NoExecute; };
    const std::vector<model::Taint>& now = view.node(node).spec.taints;
    if (std::none_of(before.taints.begin(), before.taints.end(), executes)) return;
    if (std::any_of(now.begin(), now.end(), executes)) return;
    for (const PodId pod : view.node(node).pods) {
      if (view.pod_terminating(pod)) continue;
      const std::vector<model::Toleration>& tolerations = view.pod_spec(pod).spec.tolerations;
      const bool waited = std::any_of(before.taints.begin(), before.taints.end(), [&](const model::Taint& t) {
        if (!executes(t)) return false;
        const auto used = std::find_if(tolerations.begin(), tolerations.end(),
                                       [&](const model::Toleration& x) { return x.tolerates(t); });
        return used != tolerations.end() && used->toleration_seconds.has_value();
      });
      if (waited)
        normal(Ref(pod), "TaintManagerEviction", fmt::format("Cancelling deletion of Pod {}", full_name(pod)),
               "taint-eviction-controller");
    }
  }
  void on(const event::ObjectUpdated& e) {
    if (e.ref.kind == model::Kind::Node) return evictions_cancelled(e.ref.as<NodeId>());
    if (e.ref.kind != model::Kind::Service) return;
    const model::Service& now = view.service(e.ref.as<event::ServiceId>()).spec;
    if (before.service_type.empty() || before.service_type == now.type) return;
    if (now.type != "LoadBalancer" && before.service_type != "LoadBalancer") return;
    normal(e.ref, "Type", fmt::format("{} -> {}", before.service_type, now.type), "service-controller");
    if (now.type == "LoadBalancer") {
      ensuring(e.ref);
    } else {
      normal(e.ref, "DeletingLoadBalancer", "Deleting load balancer", "service-controller");
    }
  }
  void on(const event::ObjectCreated& e) {
    if (e.kind == model::Kind::Service) {
      const Ref service = subject(event, view);
      if (view.service(service.as<event::ServiceId>()).spec.type == "LoadBalancer") ensuring(service);
      return;
    }
    if (e.kind != model::Kind::Node) return;
    const Ref node = subject(event, view);
    normal(node, "RegisteredNode",
           fmt::format("Node {0} event: Registered Node {0} in Controller", view.bare_name(node)), "node-controller");
  }
  void on(const event::PodBound& e) {
    if (bound_by_manifest(e.pod, event.seq, event.cause, view)) return;
    normal(Ref(e.pod), "Scheduled",
           fmt::format("Successfully assigned {} to {}", full_name(e.pod), view.bare_name(Ref(e.node))),
           scheduler(e.pod));
  }
  void on(const event::PodUnschedulable& e) { warning(Ref(e.pod), "FailedScheduling", e.message, scheduler(e.pod)); }
  void on(const event::ImagePulled& e) {
    const std::string took = base::format_duration(base::milliseconds(e.took.ns / 1'000'000));
    normal(Ref(e.pod), "Pulling", fmt::format("Pulling image \"{}\"", image(e.pod, e.container)), kubelet_of(e.pod));
    out.back().ago = e.took;
    normal(Ref(e.pod), "Pulled",
           fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                       image(e.pod, e.container), took, took, e.size_bytes),
           kubelet_of(e.pod));
  }
  void on(const event::ContainerStarted& e) {
    const std::string& name = view.container_spec(e.pod, e.container).name;
    normal(Ref(e.pod), "Created", fmt::format("Created container: {}", name), kubelet_of(e.pod));
    normal(Ref(e.pod), "Started", fmt::format("Started container {}", name), kubelet_of(e.pod));
  }
  void on(const event::ContainerExited& e) {
    if (e.reason == event::ExitReason::LivenessProbeFailed) return probe_failed(e, "liveness");
    if (e.reason == event::ExitReason::StartupProbeFailed) return probe_failed(e, "startup");
  }
  void probe_failed(const event::ContainerExited& e, const char* name) {
    normal(Ref(e.pod), "Killing",
           fmt::format("Container {} failed {} probe, will be restarted", view.container_spec(e.pod, e.container).name,
                       name),
           kubelet_of(e.pod));
  }
  void on(const event::ContainerWaiting& e) {
    const Ref pod(e.pod);
    switch (e.reason) {
      case WaitingReason::ErrImagePull:
        normal(pod, "Pulling", fmt::format("Pulling image \"{}\"", image(e.pod, e.container)), kubelet_of(e.pod));
        warning(pod, "Failed", fmt::format("Failed to pull image \"{}\"", image(e.pod, e.container)),
                kubelet_of(e.pod));
        warning(pod, "Failed", "Error: ErrImagePull", kubelet_of(e.pod));
        return;
      case WaitingReason::ImagePullBackOff:
        normal(pod, "BackOff", fmt::format("Back-off pulling image \"{}\"", image(e.pod, e.container)),
               kubelet_of(e.pod));
        warning(pod, "Failed", "Error: ImagePullBackOff", kubelet_of(e.pod));
        return;
      case WaitingReason::CrashLoopBackOff:
        warning(pod, "BackOff",
                fmt::format("Back-off restarting failed container {} in pod {}_{}({})",
                            view.container_spec(e.pod, e.container).name, view.pod_name(e.pod), view.namespace_of(pod),
                            view.uid(pod)),
                kubelet_of(e.pod));
        return;
      case WaitingReason::ContainerCreating:
        if (e.back_off.ns > 0)  // it was tried: see state/pod_status.h
          warning(pod, "Failed", fmt::format("Error: {}", state::missing_environment(view, e.pod, e.container)),
                  kubelet_of(e.pod));
        return;
      default:
        return;
    }
  }
  void on(const event::PodReadyChanged& e) {
    if (!e.ready && e.reason == event::ReadyReason::NodeNotReady)
      warning(Ref(e.pod), "NodeNotReady", "Node is not ready", "node-controller");
  }
  void on(const event::PodPhaseChanged& e) {
    if (e.reason == "Evicted") warning(Ref(e.pod), "Evicted", "The node was low on resource", kubelet_of(e.pod));
  }
  void on(const event::PodFailed& e) {
    if (e.reason == "Evicted" || e.reason == "DeadlineExceeded")
      warning(Ref(e.pod), e.reason.c_str(), e.message, kubelet_of(e.pod));
  }
  void on(const event::VolumeAttachmentChanged& e) {
    const model::VolumeAttachment& a = view.volume_attachment(e.id).spec;
    const Ref pv = view.find(model::Kind::PersistentVolume, "", a.volume_name);
    if (!pv.valid() || (!e.attached && e.error.empty())) return;
    for (const PodId pod : state::pods_of_volume(view, pv.as<event::PvId>())) {
      if (!view.pod_node(pod).valid() || view.bare_name(Ref(view.pod_node(pod))) != a.node_name) continue;
      if (e.attached) {
        normal(Ref(pod), "SuccessfulAttachVolume",
               fmt::format("AttachVolume.Attach succeeded for volume \"{}\" ", a.volume_name),
               "attachdetach-controller");
      } else {
        warning(Ref(pod), "FailedAttachVolume",
                fmt::format("AttachVolume.Attach failed for volume \"{}\" : {}", a.volume_name, e.error),
                "attachdetach-controller");
      }
    }
  }
  void on(const event::EventRecorded& e) {
    if (e.warning) {
      warning(e.ref, e.reason.c_str(), e.message, e.component);
    } else {
      normal(e.ref, e.reason.c_str(), e.message, e.component);
    }
  }
  void on(const event::PodCreated& e) {
    normal(Ref(e.replica_set), "SuccessfulCreate", fmt::format("Created pod: {}", view.bare_name(subject(event, view))),
           "replicaset-controller");
  }
  void on(const event::PodMade& e) {
    pod_of_set(e.owner, "SuccessfulCreate", "Created", "create", std::string(view.bare_name(subject(event, view))));
  }
  /// What the owner's controller says of a pod that it made or deleted.
  void pod_of_set(Ref owner, const char* reason, const char* done, const char* verb, const std::string& pod) {
    switch (owner.kind) {
      case model::Kind::StatefulSet:
        return normal(owner, reason,
                      fmt::format("{} Pod {} in StatefulSet {} successful", verb, pod, view.bare_name(owner)),
                      "statefulset-controller");
      case model::Kind::DaemonSet:
        return normal(owner, reason, fmt::format("{} pod: {}", done, pod), "daemonset-controller");
      case model::Kind::Job:
        return normal(owner, reason, fmt::format("{} pod: {}", done, pod), "job-controller");
      case model::Kind::ReplicaSet:
        return normal(owner, reason, fmt::format("{} pod: {}", done, pod), "replicaset-controller");
      default:
        return;
    }
  }
  /// The pod that the scheduler made room for: the one whose creation led to it; else the one whose turn it is first
  /// among those that wait and may preempt.
  [[nodiscard]] std::string preemptor(PodId victim) const {
    const state::PodColumns& pods = view.state().pods;
    const auto may = [&](std::size_t p) {
      return view.pod_alive(PodId(p)) && !view.pod_node(PodId(p)).valid() &&
             pods.priority[p] > pods.priority[victim.index()];
    };
    const auto made = std::lower_bound(pods.created_seq.begin(), pods.created_seq.end(), event.cause);
    auto best = static_cast<std::size_t>(made - pods.created_seq.begin());
    if (made == pods.created_seq.end() || *made != event.cause || !may(best)) {
      best = pods.size();
      for (std::size_t p = 0; p < pods.size(); ++p)
        if (may(p) && (best == pods.size() || pods.priority[p] > pods.priority[best])) best = p;
    }
    return best < pods.size() ? view.uid(Ref(PodId(best))) : "";
  }
  void on(const event::PodDeletionStarted& e) {
    const Ref pod(e.pod);
    const NodeId node = view.pod_node(e.pod);
    const Ref owner = view->pods.owner[e.pod.index()];
    if (e.reason == DeletionReason::ScaledDown && owner.valid())
      pod_of_set(owner, "SuccessfulDelete", "Deleted", "delete", std::string(view.pod_name(e.pod)));
    if (e.reason == DeletionReason::TaintEviction) {
      normal(pod, "TaintManagerEviction", fmt::format("Marking for deletion Pod {}", full_name(e.pod)),
             "taint-eviction-controller");
    }
    if (e.reason == DeletionReason::Preempted && node.valid()) {
      normal(pod, "Preempted",
             fmt::format("Preempted by pod {} on node {}", preemptor(e.pod), view.bare_name(Ref(node))),
             "default-scheduler");
    }
    if (!node.valid() || !view.node(node).machine_up) return;  // no kubelet that could say so
    for (std::size_t c = 0; c < view.container_count(e.pod); ++c) {
      if (view.container(e.pod, c).state != state::ContainerState::Running) continue;
      normal(pod, "Killing", fmt::format("Stopping container {}", view.container_spec(e.pod, c).name), kubelet(node));
    }
  }
  void on(const event::NodeConditionChanged& e) {
    if (e.type != event::NodeConditionType::Ready) return pressure_changed(e);
    const bool ready = e.status == event::ConditionStatus::True;
    const Ref node(e.node);
    normal(node, ready ? "NodeReady" : "NodeNotReady",
           fmt::format("Node {} status is now: {}", view.bare_name(node), ready ? "NodeReady" : "NodeNotReady"),
           e.status == event::ConditionStatus::Unknown ? "node-controller" : kubelet(e.node));
  }
  /// Kubelet's words; the first report, that there is none, is no change.
  void pressure_changed(const event::NodeConditionChanged& e) {
    if (e.status == event::ConditionStatus::Unknown) return;
    const bool on = e.status == event::ConditionStatus::True;
    const char* reason =
        e.type == event::NodeConditionType::MemoryPressure
            ? (on ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory")
        : e.type == event::NodeConditionType::DiskPressure ? (on ? "NodeHasDiskPressure" : "NodeHasNoDiskPressure")
        : e.type == event::NodeConditionType::PIDPressure  ? (on ? "NodeHasInsufficientPID" : "NodeHasSufficientPID")
                                                           : nullptr;
    if (reason == nullptr || e.reason.rfind("Kubelet", 0) != 0) return;
    normal(Ref(e.node), reason, fmt::format("Node {} status is now: {}", view.bare_name(Ref(e.node)), reason),
           kubelet(e.node));
  }
  void on(const event::NodeCordoned& e) {
    const char* reason = e.unschedulable ? "NodeNotSchedulable" : "NodeSchedulable";
    normal(Ref(e.node), reason, fmt::format("Node {} status is now: {}", view.bare_name(Ref(e.node)), reason),
           kubelet(e.node));
  }
  void scaled(event::ReplicaSetId set, std::int32_t from, std::int32_t to) {
    const event::DeploymentId deployment = view.replica_set(set).deployment;
    if (!deployment.valid() || from == to) return;
    normal(Ref(deployment), "ScalingReplicaSet",
           fmt::format("Scaled {} replica set {} from {} to {}", from < to ? "up" : "down", view.bare_name(Ref(set)),
                       from, to),
           "deployment-controller");
  }
  void on(const event::ReplicaSetCreated& e) {
    const Ref set = subject(event, view);
    if (set.valid()) scaled(set.as<event::ReplicaSetId>(), 0, e.replicas);
  }
  void on(const event::ReplicaSetScaled& e) { scaled(e.replica_set, before.replicas, e.replicas); }
};

}  // namespace

std::vector<KubeEvent> kube_events(const event::Event& event, const Before& before, const ClusterView& view) {
  Recorder recorder{event, before, view};
  std::visit([&](const auto& e) { recorder.on(e); }, event.payload);
  return std::move(recorder.out);
}

void EventLedger::settle(SimTime now, Seq seq) {
  probes_.settle(now, [&](KubeEvent e, SimTime at) { record(std::move(e), at, seq); });
}

void EventLedger::add(const event::Event& event, const Before& before, const ClusterView& view) {
  settle(event.time, last_seq_);
  last_seq_ = event.seq;
  probes_.observe(event, view, [&](KubeEvent e, SimTime at) { record(std::move(e), at, event.seq); });
  if (const auto* pulled = std::get_if<event::ImagePulled>(&event.payload))
    pulled_.insert({pulled->pod.value, pulled->container});
  const auto* started = std::get_if<event::ContainerStarted>(&event.payload);
  if (started != nullptr && pulled_.erase({started->pod.value, started->container}) == 0) {
    // It starts without a pull.
    Recorder recorder{event, before, view};
    recorder.normal(Ref(started->pod), "Pulled",
                    fmt::format("Container image \"{}\" already present on machine",
                                recorder.image(started->pod, started->container)),
                    recorder.kubelet_of(started->pod));
    record(std::move(recorder.out.front()), event.time, event.seq);
  }
  for (KubeEvent& e : kube_events(event, before, view)) record(std::move(e), event.time, event.seq);
}

/// EventAggregator.EventAggregate
bool EventLedger::combined(const KubeEvent& event, SimTime now) {
  Similar& s = similar_[{event.object, event.source, event.warning, event.reason}];
  if (!s.messages.empty() && now - s.last > kSimilarWithin) s.messages.clear();
  s.messages.insert(event.message);
  s.last = now;
  if (s.messages.size() < kSimilar) return false;
  s.messages.erase(s.messages.begin());  // does not grow; which one goes is left open there
  return true;
}

/// EventSourceObjectSpamFilter: a token bucket, kept as the time at which it would be full.
bool EventLedger::let_through(const KubeEvent& event, SimTime now) {
  std::int64_t& full_at = bucket_[{event.object, event.source}];
  const std::int64_t from = std::max(full_at, now.ns);
  if (from - now.ns > kRefill.ns * (kBurst - 1)) return false;
  full_at = from + kRefill.ns;
  return true;
}

void EventLedger::record(KubeEvent event, SimTime at, Seq seq) {
  const SimTime now{at.ns > event.ago.ns ? at.ns - event.ago.ns : 0};
  const bool correlated = event.source != "default-scheduler";
  const Group group{event.object, event.source, event.warning, event.reason};
  const bool as_one = correlated && combined(event, now);
  Kept& kept = entries_[{group, as_one ? std::string() : event.message}];
  if (as_one) event.message = "(combined from similar events): " + event.message;
  if (kept.seen.count > 0 && kept.seen.last + kTimeToLive < now) kept = {};  // the old one has expired
  if (kept.seen.count == 0) kept.seen.first = now;
  const bool let = !correlated || let_through(event, now);
  kept.seen.event = std::move(event);
  ++kept.seen.count;
  kept.seen.last = now;
  kept.seen.seq = seq;
  kept.seen.told = ++told_;
  if (let) kept.written = kept.seen;
}

std::vector<EventLedger::Entry> EventLedger::at(SimTime now) const {
  EventLedger settled = *this;
  settled.settle(now, last_seq_);
  std::vector<Entry> out;
  for (const auto& [key, kept] : settled.entries_) {
    if (kept.written.count > 0 && kept.written.last + kTimeToLive >= now) out.push_back(kept.written);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Entry& a, const Entry& b) { return std::tie(a.last, a.told) < std::tie(b.last, b.told); });
  return out;
}

}  // namespace wavetank::project
