#include "engine/project/trouble.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/project/autoscaling_rows.h"
#include "engine/project/ingress_rules.h"
#include "engine/project/set_rows.h"
#include "engine/project/standing.h"
#include "engine/project/volume_trouble.h"
#include "engine/state/config_use.h"
#include "engine/state/pod_status.h"

namespace wavetank::project {
namespace {

using event::EventKind;
using event::Phase;
using event::WaitingReason;
using model::Kind;
using state::ContainerState;

/// The container that keeps the pod back: the first that does not run or is not ready.
std::size_t hindering_container(PodId pod, const ClusterView& view) {
  const std::size_t n = view.container_count(pod);
  for (std::size_t c = 0; c < n; ++c) {
    const state::ContainerStatus& s = view.container(pod, c);
    const bool done = view.is_plain_init(pod, c) && s.has_exited && s.exit_code == 0;
    if (!done && (s.state != ContainerState::Running || (!s.ready && !view.is_plain_init(pod, c)))) return c;
  }
  return n;
}

std::string container_trouble(PodId pod, const ClusterView& view) {
  const std::size_t c = hindering_container(pod, view);
  const std::string gates = c == view.container_count(pod) ? state::closed_gates(view, pod) : "";
  if (!gates.empty()) return fmt::format("its containers are ready, its readiness gates are not: {}", gates);
  if (c == view.container_count(pod))
    return "its containers run and are ready, but its condition Ready is not yet True";
  const state::ContainerStatus& s = view.container(pod, c);
  const model::Container& spec = view.container_spec(pod, c);
  if (const std::string why = state::missing_volume(view, pod); !why.empty() && !s.has_exited && s.started.ns == 0)
    return fmt::format("a volume cannot be mounted: {}", why);
  if (s.state == ContainerState::Waiting) {
    if (const auto shown = state::shown_container(view, pod, c); shown.waiting == "CreateContainerConfigError")
      return fmt::format("container {} cannot be made: {} (CreateContainerConfigError)", spec.name, shown.message);
    switch (s.waiting) {
      case WaitingReason::ErrImagePull:
      case WaitingReason::ImagePullBackOff:
        return fmt::format("image {} cannot be pulled ({})", spec.image, waiting_word(s.waiting));
      case WaitingReason::CrashLoopBackOff:
        return fmt::format("container {} keeps ending with code {} ({}, CrashLoopBackOff)", spec.name, s.exit_code,
                           exit_word(s.last_exit));
      case WaitingReason::PodInitializing:
        return "its init containers have not finished";
      case WaitingReason::ContainerCreating:
        return view.is_plain_init(pod, c)
                   ? "its init containers have not finished"
                   : fmt::format("container {} is being created (image {})", spec.name, spec.image);
    }
  }
  if (s.state == ContainerState::Terminated)
    return fmt::format("container {} has ended with code {} ({})", spec.name, s.exit_code, exit_word(s.last_exit));
  if (view.is_plain_init(pod, c)) return "its init containers have not finished";
  return spec.startup_probe || spec.readiness_probe
             ? fmt::format("container {} runs, but its probe does not find it ready", spec.name)
             : fmt::format("container {} has only just started", spec.name);
}

std::string node_trouble(NodeId id, const ClusterView& view) {
  const state::NodeRow& node = view.node(id);
  const std::string who = fmt::format("node {}", node_in_zone(id, view));
  const state::Condition& ready = node.conditions[static_cast<std::size_t>(event::NodeConditionType::Ready)];
  if (!node.header.alive) return fmt::format("{} was removed", who);
  if (ready.present && ready.status != event::ConditionStatus::True)
    return fmt::format("{} is NotReady: {}", who, ready.message);
  if (!node.machine_up) return fmt::format("the machine of {} is down (the control plane has not noticed yet)", who);
  return "";
}

std::string sentence_count(std::int64_t n, const char* verb) { return fmt::format("{} {}", n, verb); }

}  // namespace

std::string pod_trouble(PodId pod, const ClusterView& view) {
  const NodeId node = view.pod_node(pod);
  const Phase phase = view.pod_phase(pod);
  if (view.pod_terminating(pod)) {
    const std::string why = node.valid() ? node_trouble(node, view) : "";
    return why.empty() ? "it is being deleted" : fmt::format("it is being deleted, and {}", why);
  }
  if (phase == Phase::Succeeded || phase == Phase::Failed) return fmt::format("it has ended ({})", phase_word(phase));
  if (!node.valid()) {
    const std::string_view message = view.text(view->pods.message[pod.index()]);
    if (!view.pod_spec(pod).spec.scheduling_gates.empty()) return "its scheduling gates are closed";
    if (const std::string& named = view.pod_spec(pod).spec.node_name; !named.empty())
      return fmt::format("its manifest names node {}, which was not there when it was made", named);
    if (const std::string why = volume_trouble(pod, view); !why.empty())
      return message.empty() ? why : fmt::format("no node fits: {} In short: {}", message, why);
    if (!message.empty()) return fmt::format("no node fits: {}", message);
    const std::string& scheduler = view.pod_spec(pod).spec.scheduler_name;
    if (scheduler == "default-scheduler") return "the scheduler has not got to it yet";
    return fmt::format("it waits for the scheduler \"{}\"", scheduler);
  }
  if (const std::string why = node_trouble(node, view); !why.empty()) return why;
  if (view.pod_ready(pod)) return "";
  const bool waits = view.pod_phase(pod) == Phase::Pending;
  const std::string why = waits ? volume_trouble(pod, view) : std::string();
  return why.empty() ? container_trouble(pod, view) : why;
}

event::KindMask trouble_kinds(PodId pod, const ClusterView& view) {
  const NodeId node = view.pod_node(pod);
  if (view.pod_terminating(pod)) return event::mask(EventKind::PodDeletionStarted);
  if (!node.valid())
    return event::mask_of(EventKind::PodUnschedulable, EventKind::PodCreated, EventKind::PodMade,
                          EventKind::ObjectCreated);
  if (!node_trouble(node, view).empty()) {
    return view.pod_ready(pod) ? event::mask_of(EventKind::PodBound)
                               : event::mask_of(EventKind::PodReadyChanged, EventKind::PodBound);
  }
  const std::size_t c = hindering_container(pod, view);
  if (c < view.container_count(pod) && view.container(pod, c).state == ContainerState::Waiting &&
      view.container(pod, c).waiting == WaitingReason::ContainerCreating) {
    return event::mask_of(EventKind::PodBound);
  }
  return event::mask_of(EventKind::ContainerWaiting, EventKind::ContainerExited, EventKind::ContainerStarted,
                        EventKind::PodReadyChanged, EventKind::ContainerReadyChanged, EventKind::PodPhaseChanged,
                        EventKind::PodFailed, EventKind::PodBound);
}

std::vector<PodId> pods_of(Ref ref, const ClusterView& view) {
  std::vector<PodId> out;
  switch (ref.kind) {
    case Kind::Pod:
      out.push_back(ref.as<PodId>());
      break;
    case Kind::ReplicaSet:
      out = view.replica_set(ref.as<event::ReplicaSetId>()).pods;
      break;
    case Kind::StatefulSet:
    case Kind::DaemonSet:
    case Kind::Job:
      out = *view.pods_of(ref);
      break;
    case Kind::Deployment:
      for (const event::ReplicaSetId set : view.deployment(ref.as<event::DeploymentId>()).replica_sets) {
        const std::vector<PodId>& pods = view.replica_set(set).pods;
        out.insert(out.end(), pods.begin(), pods.end());
      }
      break;
    case Kind::Service: {
      const state::ServiceRow& row = view.service(ref.as<event::ServiceId>());
      if (row.spec.selector.empty()) break;
      model::LabelSelector selector;
      selector.match_labels = row.spec.selector;
      view.for_selected_pods(row.header.ns, selector, [&](PodId p) { out.push_back(p); });
      break;
    }
    case Kind::PodDisruptionBudget: {
      const state::PdbRow& row = view.pdb(ref.as<event::PdbId>());
      if (row.spec.selector)
        view.for_selected_pods(row.header.ns, *row.spec.selector, [&](PodId p) { out.push_back(p); });
      break;
    }
    case Kind::Node:
      out = view.node(ref.as<NodeId>()).pods;
      break;
    default:
      break;
  }
  return out;
}

namespace {

std::vector<std::string> present_pod(PodId pod, const ClusterView& view) {
  std::vector<std::string> out;
  const std::size_t p = pod.index();
  const NodeId node = view.pod_node(pod);
  std::string first =
      node.valid() ? fmt::format("It is {} on node {}", phase_word(view.pod_phase(pod)), node_in_zone(node, view))
                   : fmt::format("It is {} and has no node", phase_word(view.pod_phase(pod)));
  first += fmt::format(", created {} ago", span_words(view.now() - view->pods.created[p]));
  if (const std::uint32_t n = view.restarts(pod); n > 0) first += ", " + count(n, "restart");
  out.push_back(first + (view.pod_ready(pod) ? ", and Ready." : ", and not Ready."));
  if (const std::string trouble = pod_trouble(pod, view); !trouble.empty())
    out.push_back("What keeps it: " + trouble + (trouble.back() == '.' ? "" : "."));
  return out;
}

std::vector<std::string> present_deployment(const state::DeploymentRow& row, Ref ref, const ClusterView& view) {
  std::vector<std::string> out;
  std::int64_t serving = 0, believed = 0;
  for (const PodId pod : pods_of(ref, view)) {
    if (!view.pod_active(pod) || !view.pod_ready(pod)) continue;
    ++believed;
    if (view.node(view.pod_node(pod)).machine_up) ++serving;
  }
  out.push_back(fmt::format("It wants {} and has {}: {} up to date, {} ready, {} available.",
                            count(row.spec.replicas, "pod"), row.status_replicas, row.updated, row.ready,
                            row.available));
  if (serving < believed) {
    out.push_back(
        fmt::format("In truth only {}: the machines of the others are down, and the control plane has not noticed yet.",
                    sentence_count(serving, serving == 1 ? "serves" : "serve")));
  }
  const auto& progressing = row.conditions[static_cast<std::size_t>(event::DeploymentConditionType::Progressing)];
  std::string rollout = row.spec.paused ? fmt::format("Revision {}; its rollout is paused.", row.revision)
                                        : fmt::format("Revision {}", row.revision);
  if (!row.spec.paused) {
    const bool done = row.observed_generation >= row.header.generation && row.updated >= row.spec.replicas &&
                      row.status_replicas == row.updated;
    rollout += done ? ", rolled out" : ", the rollout is under way";
    if (progressing.present && progressing.reason == "ProgressDeadlineExceeded")
      rollout += " and has exceeded its progress deadline";
    rollout += ".";
  }
  out.push_back(rollout);
  return out;
}

std::vector<std::string> present_node(const state::NodeRow& row, NodeId id, const ClusterView& view) {
  std::vector<std::string> out;
  std::string first = fmt::format("It is {}{}", view.node_ready(id) ? "Ready" : "NotReady",
                                  row.spec.unschedulable ? " and cordoned" : "");
  std::int64_t terminating = 0;
  for (const PodId pod : row.pods) terminating += view.pod_terminating(pod) ? 1 : 0;
  first += fmt::format(", with {} bound to it", count(static_cast<std::int64_t>(row.pods.size()), "pod"));
  if (terminating > 0) first += fmt::format(" ({} being deleted)", terminating);
  out.push_back(first + ".");
  if (const std::string trouble = node_trouble(id, view); !trouble.empty()) {
    out.push_back(fmt::format("What is wrong: {}", trouble) + (trouble.back() == '.' ? "" : "."));
  }
  for (std::size_t i = 0; i < row.spec.taints.size(); ++i) {
    out.push_back(fmt::format("Taint {} since {}.", taint_words(row.spec.taints[i]), at_words(row.taint_added[i])));
  }
  return out;
}

/// What keeps a Service from ever having an endpoint, or one at a port.
void add_service_faults(const state::ServiceRow& row, const ClusterView& view, std::vector<std::string>& out) {
  const model::Service& spec = row.spec;
  if (spec.type == "LoadBalancer" && row.load_balancer.empty())
    out.push_back(spec.load_balancer_class.empty()
                      ? "Its load balancer has no address yet."
                      : "Its loadBalancerClass leaves the load balancer to somebody who is not here.");
  if (spec.selector.empty() || spec.type == "ExternalName") return;
  model::LabelSelector selector;
  selector.match_labels = spec.selector;
  std::vector<PodId> pods;
  view.for_selected_pods(row.header.ns, selector, [&](PodId p) { pods.push_back(p); });
  if (pods.empty()) return out.push_back(fmt::format("No pod has the labels it selects: {}.", selector.text()));
  for (const model::ServicePort& p : spec.ports) {
    if (p.target_port_name.empty()) continue;
    const bool found = std::any_of(pods.begin(), pods.end(), [&](PodId pod) {
      return model::find_port(view.pod_spec(pod).spec, p.target_port_name, p.protocol) != 0;
    });
    if (!found)
      out.push_back(fmt::format("None of its pods names the port \"{}\", to which it sends its port {}.",
                                p.target_port_name, p.port));
  }
}

std::vector<std::string> present_ingress(Ref ref, const ClusterView& view) {
  const state::IngressRow& row = view.ingress(ref.as<event::IngressId>());
  const Ref served_by = class_of_ingress(row.spec, view);
  if (!served_by.valid())
    return {row.spec.class_name
                ? fmt::format("Nobody serves it: there is no ingress class {}.", *row.spec.class_name)
                : std::string("Nobody serves it: it has no class, and none was the default when it was made.")};
  if (row.load_balancer.empty()) return {fmt::format("{} has not given it an address yet.", label(served_by, view))};
  std::vector<std::string> out{fmt::format("{} serves it at {}.", label(served_by, view), row.load_balancer.front())};
  out.front()[0] = 'I';
  return out;
}

std::vector<std::string> present_service(const state::ServiceRow& row, const ClusterView& view) {
  std::int64_t ready = 0, alive = 0, all = 0;
  for (const event::EndpointSliceId slice : row.slices) {
    for (const state::Endpoint& e : view.endpoint_slice(slice).endpoints) {
      ++all;
      if ((e.flags & event::kReady) == 0) continue;
      ++ready;
      const NodeId node = view.pod_node(e.pod);
      alive += node.valid() && view.node(node).machine_up ? 1 : 0;
    }
  }
  std::vector<std::string> out;
  out.push_back(all == 0 ? "It lists no endpoints."
                         : fmt::format("It lists {}, {} of them ready.", count(all, "endpoint"), ready));
  if (alive < ready) {
    out.push_back(
        fmt::format("In truth only {}: the machines of the others are down, and the control plane has not noticed yet.",
                    sentence_count(alive, alive == 1 ? "answers" : "answer")));
  }
  add_service_faults(row, view, out);
  if (row.milli_rps > 0)
    out.push_back(fmt::format("Clients send it {} requests a second.", milli_words(row.milli_rps)));
  return out;
}

std::vector<std::string> present_alone(Ref ref, const ClusterView& view) {
  if (!view.alive(ref)) {
    if (ref.kind != Kind::Pod) return {"It is gone."};
    const NodeId node = view.pod_node(ref.as<PodId>());
    return {node.valid() ? fmt::format("It is gone. It was on node {}.", node_in_zone(node, view))
                         : "It is gone. It never had a node."};
  }
  switch (ref.kind) {
    case Kind::Pod:
      return present_pod(ref.as<PodId>(), view);
    case Kind::Deployment:
      return present_deployment(view.deployment(ref.as<event::DeploymentId>()), ref, view);
    case Kind::Node:
      return present_node(view.node(ref.as<NodeId>()), ref.as<NodeId>(), view);
    case Kind::Service:
      return present_service(view.service(ref.as<event::ServiceId>()), view);
    case Kind::Ingress:
      return present_ingress(ref, view);
    case Kind::ReplicaSet: {
      const state::ReplicaSetRow& row = view.replica_set(ref.as<event::ReplicaSetId>());
      std::vector<std::string> out{fmt::format("It wants {} and has {}: {} ready, {} available.",
                                               count(row.replicas, "pod"), row.status_replicas, row.status_ready,
                                               row.status_available)};
      if (row.deployment.valid())
        out.push_back(fmt::format("Revision {} of {}.", row.revision, label(Ref(row.deployment), view)));
      return out;
    }
    case Kind::StatefulSet:
    case Kind::DaemonSet:
      return present_set(ref, view);
    case Kind::PodDisruptionBudget: {
      const state::PdbRow& row = view.pdb(ref.as<event::PdbId>());
      return {fmt::format("It allows {}: {} of {} healthy, and {} must be.",
                          count(row.disruptions_allowed, "disruption"), row.current_healthy, row.expected_pods,
                          row.desired_healthy)};
    }
    case Kind::HorizontalPodAutoscaler:
      return present_hpa(view->hpas[ref.row], view);
    case Kind::VerticalPodAutoscaler:
      return present_vpa(view->vpas[ref.row], view);
    case Kind::Job:
      return present_job(view.job(ref.as<event::JobId>()), view);
    case Kind::CronJob:
      return present_cron_job(view.cron_job(ref.as<event::CronJobId>()), view);
    case Kind::PersistentVolumeClaim:
      return present_claim(ref.as<event::PvcId>(), view);
    case Kind::PersistentVolume:
      return present_volume(view.persistent_volume(ref.as<event::PvId>()));
    case Kind::ResourceQuota:
      return present_quota(view.quota(ref.as<event::QuotaId>()));
    case Kind::Namespace:
      return present_namespace(view->namespaces[ref.row], view);
    default:
      return {fmt::format("It is there since {}.", at_words(view.header(ref)->created))};
  }
}

}  // namespace

std::vector<std::string> present(Ref ref, const ClusterView& view) {
  std::vector<std::string> out = present_alone(ref, view);
  if (std::string words = deletion_words(ref, view); !words.empty() && ref.kind != Kind::Namespace)
    out.insert(out.begin(), std::move(words));
  for (std::string& line : autoscaled_by(ref, view)) out.push_back(std::move(line));
  return out;
}

}  // namespace wavetank::project
