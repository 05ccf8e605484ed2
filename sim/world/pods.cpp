// The life of a pod: taken up, containers started in Kubernetes' order, stopped.
// Source of the order: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/, sidecar-containers/,
// pod-lifecycle/, and pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod) of 1.34.
#include "engine/state/volume_use.h"
#include "sim/world/impl.h"

namespace wavetank::world {

using command::ReportContainerExited;
using command::ReportContainerStarted;
using command::ReportContainerWaiting;
using command::ReportPodPhase;
using command::ReportPodStopped;

PodSlot& SimWorld::Impl::pod_slot(PodId pod) {
  if (pods.size() <= pod.index()) pods.resize(pod.index() + 1);
  return pods[pod.index()];
}

Trouble& SimWorld::Impl::trouble(ContainerSlot& slot) {
  if (slot.trouble == kNone) {
    slot.trouble = static_cast<std::uint32_t>(troubles.size());
    troubles.emplace_back();
  }
  return troubles[slot.trouble];
}

bool SimWorld::Impl::is_sidecar(PodId pod, std::uint32_t c, const ClusterView& view) const {
  return c < pods[pod.index()].inits && !view.is_plain_init(pod, c);
}

void SimWorld::Impl::pod_bound(PodId pod, NodeId node, Seq cause, const ClusterView& view) {
  PodSlot& slot = pod_slot(pod);
  if (slot.stage != Stage::Unknown || !view.pod_alive(pod)) return;
  slot.cause = cause;
  slot.node = node;
  // A node agent that is down takes it up when it is back; a pod that is being deleted already is stopped, not begun.
  if (node_slot(node).agent_up && !node_slot(node).cut && !view.pod_terminating(pod)) begin_pod(pod, node, cause, view);
}

void SimWorld::Impl::begin_pod(PodId pod, NodeId node, Seq cause, const ClusterView& view) {
  PodSlot& slot = pod_slot(pod);
  if (slot.count == 0) {
    slot.first = static_cast<std::uint32_t>(containers.size());
    slot.count = static_cast<std::uint16_t>(view.container_count(pod));
    slot.inits = static_cast<std::uint16_t>(view.pod_spec(pod).spec.init_containers.size());
    containers.resize(containers.size() + slot.count);
  }
  slot.node = node;
  slot.cause = cause;
  slot.next = 0;
  slot.stage = Stage::SettingUp;
  slot.running = view.pod_phase(pod) == event::Phase::Running;
  slot.ready = false;
  slot.overdue = false;
  forget_config(pod);
  slot.taken_up = now + sync_latency;
  void_pod(slot);
  for (std::uint32_t c = 0; c < slot.count; ++c) {
    ContainerSlot& container_slot = container(pod, c);
    container_slot.cause = cause;
    container_slot.image = image_of(pod, c, view);
    container_slot.run = Run::Waiting;
    container_slot.started = container_slot.ready = container_slot.reported = false;
    if (container_slot.trouble != kNone) trouble(container_slot) = {};  // back-offs are in the agent's memory
  }
  if (pressure_on && !admit_under_pressure(pod, node, view)) return;
  set_deadline(pod, view);
  if (state::has_claims(view.pod_spec(pod).spec)) return begin_volumes(pod, node, view);
  set_up_sandbox(pod, slot.taken_up, view);
}

// activeDeadlineSeconds count from status.startTime (pkg/kubelet/active_deadline.go).
void SimWorld::Impl::set_deadline(PodId pod, const ClusterView& view) {
  if (const auto& seconds = view.pod_spec(pod).spec.active_deadline_seconds)
    set_pod(view->pods.scheduled[pod.index()] + base::seconds(*seconds), Step::PodDeadline, pod);
}

// What runs is stopped; the pod is Failed when all has stopped.
void SimWorld::Impl::deadline_over(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  const auto& seconds = view.pod_spec(pod).spec.active_deadline_seconds;
  if (!seconds || (slot.stage != Stage::Running && slot.stage != Stage::SettingUp)) return;
  const SimTime deadline = view->pods.scheduled[pod.index()] + base::seconds(*seconds);
  if (now < deadline) return set_deadline(pod, view);  // it was changed
  slot.overdue = true;
  const Duration after = stop_time(pod, view.pod_spec(pod).spec.termination_grace_period_seconds, view);
  if (node_slot(slot.node).pulls.cancel(pod)) advance_pulls(slot.node, view);
  slot.stage = Stage::Finishing;
  void_pod(slot);
  set_pod(reported(now + after), Step::PodFinished, pod);
}

bool SimWorld::Impl::is_up(PodId pod, std::uint32_t c) const {
  const ContainerSlot& slot = containers[pods[pod.index()].first + c];
  return slot.reported && (slot.run == Run::Running || slot.run == Run::Stopping);
}

// The ends of containers that the node agent has stopped. Work that is cut short has not succeeded: a process of a pod
// with a deadline, or of a Job, ends by SIGTERM with 128 + 15. Returns whether one of the pod's containers has failed.
bool SimWorld::Impl::report_stopped(PodId pod, Seq cause, std::int64_t grace_s, const ClusterView& view) {
  bool failed = false;
  const PodSlot& slot = pods[pod.index()];
  for (std::uint32_t c = 0; c < slot.count; ++c) {
    if (is_up(pod, c)) {
      const bool sidecar = is_sidecar(pod, c, view);
      const bool killed = ending(view.container_spec(pod, c), container(pod, c).image, grace_s, {}).killed;
      const std::int32_t code = killed ? 137 : sidecar ? 0 : 143;
      container(pod, c).run = Run::Exited;
      emit(cause,
           ReportContainerExited{{pod, c, code, code == 0 ? event::ExitReason::Completed : event::ExitReason::Error}});
      failed = failed || (code != 0 && !sidecar);
    } else {
      const state::ContainerStatus& status = view.container(pod, c);
      const bool done = status.state == state::ContainerState::Terminated && status.exit_code == 0;
      failed = failed || !(done || is_sidecar(pod, c, view));
    }
  }
  return failed;
}

// Init containers one after the other (sidecars stay), then the others: each as soon as the one before has been
// started.
void SimWorld::Impl::begin_next(PodId pod, const ClusterView& view) {
  const PodSlot& slot = pods[pod.index()];
  if (slot.stage == Stage::Running && slot.next < slot.count) begin_container(pod, slot.next, view);
}

void SimWorld::Impl::begin_container(PodId pod, std::uint32_t c, const ClusterView& view) {
  PodSlot& pod_state = pods[pod.index()];
  ContainerSlot& slot = container(pod, c);
  const model::PullPolicy policy = view.container_spec(pod, c).image_pull_policy;
  const bool present = has_image(node_slot(pod_state.node), images[slot.image].full);
  if (policy == model::PullPolicy::Never && !present) {
    // ErrImageNeverPull in Kubernetes: nothing but an image brought by other hands can help.
    slot.run = Run::BackOff;
    emit(slot.cause, ReportContainerWaiting{{pod, c, event::WaitingReason::ErrImagePull, {}}});
    if (c >= pod_state.inits && pod_state.next == c) {
      ++pod_state.next;
      begin_next(pod, view);
    }
    return;
  }
  if (policy == model::PullPolicy::Always || !present) return ask_pull(pod, c, view);
  start_container(pod, c, view);
}

void SimWorld::Impl::start_container(PodId pod, std::uint32_t c, const ClusterView& view) {
  PodSlot& pod_state = pods[pod.index()];
  ContainerSlot& slot = container(pod, c);
  if (lacks_environment(pod, c, view)) return;
  ++slot.runs;
  slot.run = Run::Starting;
  slot.started_at =
      now + spread(params.get(Param::ContainerStartTime), start_stream.of(view.pod_name(pod)), draw_of(slot, c));
  set_container(reported(seen(node_slot(pod_state.node), slot.started_at)), Step::ContainerStarted, pod, c);
  if (c < pod_state.inits || pod_state.next != c) return;
  ++pod_state.next;
  if (pod_state.next < pod_state.count) set_pod(slot.started_at, Step::BeginNext, pod);
}

void SimWorld::Impl::container_started(PodId pod, std::uint32_t c, const ClusterView& view) {
  PodSlot& pod_state = pods[pod.index()];
  ContainerSlot& slot = container(pod, c);
  const model::Container& spec = view.container_spec(pod, c);
  slot.run = Run::Running;
  slot.reported = true;
  slot.started = !spec.startup_probe.has_value();
  slot.ready = false;
  slot.anchor = std::max(slot.started_at, now - api_latency);
  emit(slot.cause, ReportContainerStarted{{pod, c}});
  if (!pod_state.running) {
    bool all = true;
    for (std::uint32_t i = pod_state.inits; i < pod_state.count; ++i) all = all && container(pod, i).reported;
    if (all) {
      pod_state.running = true;
      emit(slot.cause, ReportPodPhase{{pod, event::Phase::Running, ""}});
    }
  }
  plan_exit(pod, c, view);
  watch_memory(pod, c, view);
  watch_pressure(pod_state.node);
  if (c < pod_state.inits && !is_sidecar(pod, c, view)) return;
  if (slot.started && c < pod_state.inits) init_done(pod, c, view);
  plan_probes(pod, c, slot.started_at, view);
}

// When the process ends by itself, if it does.
void SimWorld::Impl::plan_exit(PodId pod, std::uint32_t c, const ClusterView& view) {
  ContainerSlot& slot = container(pod, c);
  const ImageSlot& image = images[slot.image];
  const base::Stream exits = exit_stream.of(view.pod_name(pod));
  Duration after{kNever};
  std::int32_t exit_code = 0;
  if (image.exits_after.value != kNever) {
    after = spread(image.exits_after, exits, draw_of(slot, c));
    exit_code = static_cast<std::int32_t>(image.exit_code);
  } else if (c < pods[pod.index()].inits && !is_sidecar(pod, c, view)) {
    after = spread(image.run_time, init_stream.of(view.pod_name(pod)), draw_of(slot, c));
  }
  if (image.crashing && image.crash_after.ns <= after.ns) {
    after = image.crash_after;
    exit_code = image.crash_code;
  }
  if (after.ns == kNever) return;
  Trouble& t = trouble(slot);
  t.cause = 0;
  t.exit_code = exit_code;
  t.reason = exit_code == 0 ? event::ExitReason::Completed : event::ExitReason::Error;
  t.finished_at = slot.started_at + after;
  set_container(reported(seen(node_slot(pods[pod.index()].node), t.finished_at)), Step::ContainerExited, pod, c);
}

void SimWorld::Impl::init_done(PodId pod, std::uint32_t c, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  if (slot.next != c) return;
  ++slot.next;
  begin_next(pod, view);
}

// ---- Deletion
// -----------------------------------------------------------------------------------------------------------------

void SimWorld::Impl::delete_pod(PodId pod, const event::PodDeletionStarted& e, Seq cause, const ClusterView& view) {
  PodSlot& slot = pod_slot(pod);
  slot.cause = cause;
  const NodeId node = view.pod_node(pod);
  if (!node.valid() || !view.pod_alive(pod) || slot.stage == Stage::Gone) return;
  slot.node = node;
  if (node_slot(node).agent_up && !node_slot(node).cut) stop_pod(pod, e.grace_seconds, view);
}

void SimWorld::Impl::stop_pod(PodId pod, std::int64_t grace_s, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  const Duration after = stop_time(pod, grace_s, view);
  if (node_slot(slot.node).pulls.cancel(pod)) advance_pulls(slot.node, view);
  slot.stage = Stage::Stopping;
  void_pod(slot);
  set_pod(reported(now + sync_latency + after + unmount_time(pod)), Step::PodStopped, pod);
}

// Source: pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer: the preStop hook runs within the grace
// period, then SIGTERM, then SIGKILL when the rest of it, at least 2 s (minimumGracePeriodInSeconds), is over.
SimWorld::Impl::Ending SimWorld::Impl::ending(const model::Container& spec, std::uint32_t image, std::int64_t grace_s,
                                              Duration waited) const {
  const Duration grace = base::seconds(std::max<std::int64_t>(grace_s, 0));
  Duration hook{};
  if (spec.pre_stop_sleep_seconds) {
    hook = base::seconds(*spec.pre_stop_sleep_seconds);
  } else if (spec.has_pre_stop) {
    hook = images[image].pre_stop_time;
  }
  const Duration before = std::max(std::min(hook, grace), waited);
  const Duration rest = std::max(grace - before, base::seconds(2));
  const Duration stop = images[image].stop_time;
  return {before + std::min(stop, rest), stop > rest};
}

// The containers stop at once, then the sidecars one by one, the last started first; all out of one grace period.
// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
Duration SimWorld::Impl::stop_time(PodId pod, std::int64_t grace_s, const ClusterView& view) {
  const PodSlot& slot = pods[pod.index()];
  Duration all{};
  const auto runs = [&](std::uint32_t c) {
    const Run run = container(pod, c).run;
    return run == Run::Running || (run == Run::Starting && container(pod, c).started_at <= now);
  };
  for (std::uint32_t c = slot.inits; c < slot.count; ++c)
    if (runs(c)) all = std::max(all, ending(view.container_spec(pod, c), container(pod, c).image, grace_s, {}).after);
  for (std::uint32_t c = slot.inits; c-- > 0;)
    if (runs(c)) all = ending(view.container_spec(pod, c), container(pod, c).image, grace_s, all).after;
  return all;
}

void SimWorld::Impl::pod_stopped(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  slot.stage = Stage::Gone;
  void_pod(slot);
  forget_config(pod);
  end_volumes(pod, now);
  const Seq deletion = view->pods.deletion_seq[pod.index()];
  const Seq cause = deletion != 0 ? deletion : slot.cause;
  // Somebody waits to see how it ended.
  if ((view.pod_flags(pod) & state::kTracked) != 0 && view.pod_phase(pod) != event::Phase::Succeeded &&
      view.pod_phase(pod) != event::Phase::Failed) {
    const bool failed = report_stopped(pod, cause, view->pods.grace_s[pod.index()], view);
    if (view.pod_ready(pod)) set_pod_unready(pod, cause, event::ReadyReason::ContainersNotReady);
    emit(cause, ReportPodPhase{{pod, failed ? event::Phase::Failed : event::Phase::Succeeded, ""}});
  }
  emit(cause, ReportPodStopped{pod});
}

/// Makes all its timers stale.
void SimWorld::Impl::void_pod(PodSlot& slot) {
  ++slot.life;
  for (std::uint32_t c = 0; c < slot.count; ++c) {
    ContainerSlot& at = containers[slot.first + c];
    ++at.life;
    ++at.probing;
  }
}

// Its containers are no more, and nobody is told.
void SimWorld::Impl::drop_pod(PodId pod, Stage stage, const ClusterView& view) {
  PodSlot& slot = pod_slot(pod);
  if (slot.stage == Stage::Gone) return;
  if (stage == Stage::Gone) end_volumes(pod, now + unmount_time(pod));
  const bool was_known = slot.stage != Stage::Unknown && slot.stage != Stage::Lost;
  if (slot.stage != Stage::Unknown || stage == Stage::Gone) slot.stage = stage;
  slot.ready = false;
  void_pod(slot);
  forget_config(pod);
  for (std::uint32_t c = 0; c < slot.count; ++c) container(pod, c).run = Run::Lost;
  if (was_known && stage == Stage::Gone && slot.node.valid() && node_slot(slot.node).pulls.cancel(pod))
    advance_pulls(slot.node, view);
}

// A container whose image was changed in place is stopped and made anew; others go on.
void SimWorld::Impl::pod_updated(PodId pod, Seq cause, const ClusterView& view) {
  if (pod.index() >= pods.size() || pods[pod.index()].count == 0) return;
  PodSlot& pod_state = pods[pod.index()];
  if (pod_state.node.valid() && node_slot(pod_state.node).cut) return;  // heard when the link is back
  if (!view.pod_spec(pod).spec.readiness_gates.empty() && pod_state.stage == Stage::Running) {
    pod_state.cause = cause;
    set_pod(reported(now), Step::CheckGates, pod);
  }
  if (pod_state.stage == Stage::SettingUp || pod_state.stage == Stage::Running) set_deadline(pod, view);
  for (std::uint32_t c = 0; c < pod_state.count; ++c) {
    ContainerSlot& slot = container(pod, c);
    const std::uint32_t image = image_of(pod, c, view);
    if (slot.image == image) continue;
    slot.image = image;
    slot.cause = cause;
    if (slot.trouble != kNone) {
      trouble(slot).back_off = {};  // the kubelet's key holds a hash of the container
      trouble(slot).pull_back_off = {};
    }
    if (pod_state.stage != Stage::Running) continue;
    if (slot.run == Run::BackOff) {
      ++slot.life;
      set_container(now + sync_latency, Step::RetryPull, pod, c);
    } else if (slot.run == Run::Running) {
      kill_container(pod, c, view.pod_spec(pod).spec.termination_grace_period_seconds, event::ExitReason::Completed,
                     cause, view);
    }
  }
}

}  // namespace wavetank::world
