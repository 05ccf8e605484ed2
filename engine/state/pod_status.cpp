#include "engine/state/pod_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/event/names.h"
#include "engine/state/config_use.h"

namespace wavetank::state {
namespace {

bool is_over(const ClusterView& view, PodId pod) {
  return view.pod_phase(pod) == Phase::Failed || view.pod_phase(pod) == Phase::Succeeded;
}

/// status of a readiness gate's condition; "" without one.
std::string gate_status(const model::Doc& doc, std::string_view gate) {
  const model::Doc* conditions = doc.at({"status", "conditions"});
  if (conditions == nullptr) return "";
  for (const model::Doc& c : conditions->items)
    if (c.string_or("type") == gate) return std::string(c.string_or("status"));
  return "";
}

/// "containers with unready status: [a b]"
std::string named(const char* what, const std::vector<std::string_view>& names) {
  std::string list;
  for (const std::string_view name : names) list += (list.empty() ? "" : " ") + std::string(name);
  return fmt::format("containers with {} status: [{}]", what, list);
}

/// All that kubelet's conditions are made of.
struct Seen {
  std::vector<std::string_view> unready, incomplete;
  SimTime inits_done, last_change;  ///< The latest of their ends and starts.
  bool any_main_started = false;
};

Seen look(const ClusterView& view, PodId pod) {
  Seen out;
  const SimTime bound = view->pods.scheduled[pod.index()];
  out.inits_done = out.last_change = bound;
  const std::size_t inits = view.pod_spec(pod).spec.init_containers.size();
  for (std::size_t i = 0; i < view.container_count(pod); ++i) {
    const ContainerStatus& c = view.container(pod, i);
    const std::string_view name = view.container_spec(pod, i).name;
    const bool plain_init = view.is_plain_init(pod, i);
    const SimTime changed = std::max(c.started, c.has_exited ? c.finished : SimTime{});
    out.last_change = std::max(out.last_change, changed);
    if (i < inits) {
      const bool done =
          plain_init ? c.state == ContainerState::Terminated && c.exit_code == 0 : c.state == ContainerState::Running;
      if (!done) out.incomplete.push_back(name);
      if (done) out.inits_done = std::max(out.inits_done, plain_init ? c.finished : c.started);
    } else if (c.started.ns != 0 || c.has_exited) {
      out.any_main_started = true;
    }
    if (!plain_init && !c.ready) out.unready.push_back(name);
  }
  return out;
}

PodCondition initialized(const ClusterView& view, PodId pod, const Seen& seen) {
  if (view.pod_phase(pod) == Phase::Succeeded) return {"Initialized", true, seen.inits_done, "PodCompleted", ""};
  // Once a container has started the pod stays initialized, whatever becomes of the init containers.
  if (seen.incomplete.empty() || seen.any_main_started) return {"Initialized", true, seen.inits_done, "", ""};
  return {"Initialized", false, view->pods.scheduled[pod.index()], "ContainersNotInitialized",
          named("incomplete", seen.incomplete)};
}

PodCondition containers_ready(const ClusterView& view, PodId pod, const Seen& seen) {
  const SimTime changed = view->pods.ready_changed[pod.index()];
  const SimTime since =
      std::max(view->pods.ready_reason[pod.index()] == event::ReadyReason::NodeNotReady ? SimTime{} : changed,
               view->pods.scheduled[pod.index()]);
  if (view.pod_phase(pod) == Phase::Succeeded) return {"ContainersReady", false, since, "PodCompleted", ""};
  if (view.pod_phase(pod) == Phase::Failed) return {"ContainersReady", false, since, "PodFailed", ""};
  if (!seen.unready.empty())
    return {"ContainersReady", false, since, "ContainersNotReady", named("unready", seen.unready)};
  const bool as_ready = view.pod_spec(pod).spec.readiness_gates.empty() && view.pod_ready(pod);
  return {"ContainersReady", true, as_ready ? since : seen.last_change, "", ""};
}

PodCondition ready(const ClusterView& view, PodId pod, const PodCondition& containers) {
  const SimTime since = std::max(view->pods.ready_changed[pod.index()], view->pods.scheduled[pod.index()]);
  if (view.pod_ready(pod)) return {"Ready", true, since, "", ""};
  if (!containers.holds) return {"Ready", false, since, containers.reason, containers.message};
  // The node lifecycle controller flips the status, and leaves reason and message as they are (MarkPodsNotReady).
  std::string gates = closed_gates(view, pod);
  if (gates.empty()) return {"Ready", false, since, "", ""};
  return {"Ready", false, since, "ReadinessGatesNotReady", std::move(gates)};
}

PodCondition scheduled(const ClusterView& view, PodId pod) {
  const PodColumns& pods = view.state().pods;
  const std::size_t p = pod.index();
  if ((pods.flags[p] & kScheduled) != 0) return {"PodScheduled", true, pods.scheduled[p], "", ""};
  if (!view.pod_spec(pod).spec.scheduling_gates.empty())
    return {"PodScheduled", false, pods.created[p], "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates"};
  return {"PodScheduled", false, pods.created[p], "Unschedulable",
          is_over(view, pod) ? "" : std::string(view.text(pods.message[p]))};
}

/// Who took the pod away. Sources: pkg/registry/core/pod/rest/eviction.go, pkg/controller/tainteviction,
/// pkg/scheduler/framework/preemption, pkg/controller/podgc, pkg/kubelet/eviction.
void disruption(const ClusterView& view, PodId pod, std::vector<PodCondition>& out) {
  const PodColumns& pods = view.state().pods;
  const std::size_t p = pod.index();
  if ((pods.flags[p] & kDisruptionTarget) != 0) {
    const auto add = [&](const char* reason, std::string message) {
      out.push_back({"DisruptionTarget", true, pods.deletion[p], reason, std::move(message)});
    };
    switch (pods.deletion_reason[p]) {
      case event::DeletionReason::Evicted:
        return add("EvictionByEvictionAPI", "Eviction API: evicting");
      case event::DeletionReason::TaintEviction:
        return add("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
      case event::DeletionReason::Preempted:
        // The preemptor's scheduler; here there is one that preempts.
        return add("PreemptionByScheduler", fmt::format("{}: preempting to accommodate a higher priority pod",
                                                        view.pod_spec(pod).spec.scheduler_name));
      default:
        return add("DeletionByPodGC", "PodGC: node no longer exists");
    }
  }
  if (pods.phase[p] == Phase::Failed && view.text(pods.message[p]) == "Evicted" && tells_of_containers(view, pod))
    out.push_back({"DisruptionTarget", true, std::max(pods.ready_changed[p], pods.scheduled[p]), "TerminationByKubelet",
                   std::string(view.text(pods.fail_message[p]))});
}

}  // namespace

bool tells_of_containers(const ClusterView& view, PodId pod) {
  const PodColumns& pods = view.state().pods;
  return (pods.flags[pod.index()] & kScheduled) != 0 &&
         !view.text(pods.fail_message[pod.index()]).starts_with("Pod was rejected: ");
}

std::string_view status_reason(const ClusterView& view, PodId pod) {
  const std::size_t p = pod.index();
  // A pod that never found a node has its scheduler's message there.
  if (view.pod_phase(pod) != Phase::Failed) return "";
  if ((view.pod_flags(pod) & kUnschedulable) != 0 && status_message(view, pod).empty()) return "";
  return view.text(view->pods.message[p]);
}

std::string_view status_message(const ClusterView& view, PodId pod) {
  return view.pod_phase(pod) == Phase::Failed ? view.text(view->pods.fail_message[pod.index()]) : "";
}

ShownContainer shown_container(const ClusterView& view, PodId pod, std::size_t index) {
  ShownContainer out{view.container(pod, index), "", "", false};
  ContainerStatus& c = out.status;
  const std::size_t inits = view.pod_spec(pod).spec.init_containers.size();
  if (c.state != ContainerState::Waiting) return out;
  bool initialized = true;
  for (std::size_t i = 0; i < inits; ++i) {
    const ContainerStatus& init = view.container(pod, i);
    const bool plain = view.is_plain_init(pod, i);
    initialized = initialized && (init.started.ns != 0 || init.has_exited) &&
                  (!plain || (init.state == ContainerState::Terminated && init.exit_code == 0));
  }
  if (is_over(view, pod) && tells_of_containers(view, pod) && index >= inits && initialized) {
    out.lost = true;
    c.state = ContainerState::Terminated;
    c.last_exit = event::ExitReason::ContainerStatusUnknown;
    c.exit_code = 137;
    out.message = "The container could not be located when the pod was terminated";
    return out;
  }
  out.waiting = event::name_of(c.waiting);
  if (c.waiting != event::WaitingReason::ContainerCreating) return out;
  // A container that was tried, and is tried again: its environment could not be made (see config_use.h).
  if (c.back_off.ns > 0) {
    out.waiting = "CreateContainerConfigError";
    out.message = missing_environment(view, pod, index);
  } else if (inits > 0) {
    out.waiting = event::name_of(event::WaitingReason::PodInitializing);
  }
  return out;
}

std::vector<PodCondition> pod_conditions(const ClusterView& view, PodId pod) {
  std::vector<PodCondition> out;
  const std::uint16_t flags = view.pod_flags(pod);
  if (tells_of_containers(view, pod)) {
    const Seen seen = look(view, pod);
    const bool over = is_over(view, pod);
    bool sandbox = false;
    for (std::size_t c = 0; c < view.container_count(pod) && !over; ++c) {
      const ContainerStatus& s = view.container(pod, c);
      sandbox = sandbox || s.state != ContainerState::Waiting || s.started.ns != 0 || s.has_exited ||
                s.waiting > event::WaitingReason::PodInitializing || s.back_off.ns > 0;
    }
    out.push_back(
        {"PodReadyToStartContainers", sandbox, over ? seen.last_change : view->pods.scheduled[pod.index()], "", ""});
    out.push_back(initialized(view, pod, seen));
    const PodCondition containers = containers_ready(view, pod, seen);
    out.push_back(ready(view, pod, containers));
    out.push_back(containers);
  }
  const bool gated = (flags & kScheduled) == 0 && !view.pod_spec(pod).spec.scheduling_gates.empty();
  if ((flags & (kScheduled | kUnschedulable)) != 0 || gated) out.push_back(scheduled(view, pod));
  disruption(view, pod, out);
  return out;
}

std::string closed_gates(const ClusterView& view, PodId pod) {
  const std::vector<std::string>& gates = view.pod_spec(pod).spec.readiness_gates;
  if (gates.empty()) return "";
  const auto doc = model::parse_json(view.pod_template(view->pods.tmpl[pod.index()]).doc, "state");
  std::string out;
  for (const std::string& gate : gates) {
    const std::string status = doc ? gate_status(*doc, gate) : "";
    if (status == "True") continue;
    if (!out.empty()) out += ", ";
    out += status.empty()
               ? fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.", gate)
               : fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}", gate, status);
  }
  return out;
}

std::size_t open_gates(const ClusterView& view, PodId pod) {
  const std::vector<std::string>& gates = view.pod_spec(pod).spec.readiness_gates;
  if (gates.empty()) return 0;
  const auto doc = model::parse_json(view.pod_template(view->pods.tmpl[pod.index()]).doc, "state");
  return static_cast<std::size_t>(std::count_if(
      gates.begin(), gates.end(), [&](const std::string& gate) { return doc && gate_status(*doc, gate) == "True"; }));
}

}  // namespace wavetank::state
