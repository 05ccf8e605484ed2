// Containers that run: their probes, exits and restarts.
#include "sim/world/impl.h"
#include "sim/world/probes.h"

namespace wavetank::world {

using command::ReportContainerExited;
using command::ReportContainerReady;
using command::ReportContainerWaiting;
using command::ReportPodPhase;
using command::ReportPodReady;
using event::ExitReason;
using event::ReadyReason;

SimTime SimWorld::Impl::answers_from(PodId pod, std::uint32_t c, const ClusterView& view) {
  const ContainerSlot& slot = container(pod, c);
  return slot.started_at +
         spread(images[slot.image].ready_after, ready_stream.of(view.pod_name(pod)), draw_of(slot, c));
}

// Sets the timers of what the probes will find next, counting from `from`; those set before are void.
void SimWorld::Impl::plan_probes(PodId pod, std::uint32_t c, SimTime from, const ClusterView& view) {
  ContainerSlot& slot = container(pod, c);
  ++slot.probing;
  const model::Container& spec = view.container_spec(pod, c);
  const SimTime alive = answers_from(pod, c, view);
  const SimTime answers = images[slot.image].never_ready ? SimTime::never() : alive;
  const Probed sticky{pods[pod.index()].taken_up, slot.started_at, from};
  if (!slot.started && spec.startup_probe) {
    const SimTime fails = failure_time(*spec.startup_probe, sticky, answers);
    if (fails != SimTime::never()) return set_probe(fails, Step::ProbeKill, pod, c);
    return set_probe(success_time(*spec.startup_probe, sticky, answers), Step::StartupDone, pod, c);
  }
  if (spec.liveness_probe) {
    const SimTime fails = failure_time(*spec.liveness_probe, sticky, alive);
    if (fails != SimTime::never()) set_probe(fails, Step::ProbeKill, pod, c);
  }
  if (!spec.readiness_probe) {
    if (!slot.ready) set_ready(pod, c, true, view);
    return;
  }
  const Probed triggered{slot.anchor, slot.started_at, from};
  if (slot.ready) {
    const SimTime fails = failure_time(*spec.readiness_probe, triggered, answers);
    if (fails != SimTime::never()) set_probe(reported(fails), Step::BecomeUnready, pod, c);
    return;
  }
  const SimTime succeeds = success_time(*spec.readiness_probe, triggered, answers);
  if (succeeds != SimTime::never()) set_probe(reported(succeeds), Step::BecomeReady, pod, c);
}

void SimWorld::Impl::startup_done(PodId pod, std::uint32_t c, const ClusterView& view) {
  ContainerSlot& slot = container(pod, c);
  slot.started = true;
  slot.anchor = now;
  if (c < pods[pod.index()].inits) init_done(pod, c, view);
  plan_probes(pod, c, now, view);
}

void SimWorld::Impl::set_ready(PodId pod, std::uint32_t c, bool ready, const ClusterView& view) {
  PodSlot& pod_state = pods[pod.index()];
  ContainerSlot& slot = container(pod, c);
  if (slot.ready == ready) return;
  slot.ready = ready;
  bool all = true;
  for (std::uint32_t i = 0; i < pod_state.count; ++i) {
    if (i < pod_state.inits && !is_sidecar(pod, i, view)) continue;
    all = all && container(pod, i).ready;
  }
  const bool gated = !view.pod_spec(pod).spec.readiness_gates.empty();
  if (all && !gated) {
    pod_state.ready = true;
    return emit(slot.cause, ReportPodReady{{pod, true, ReadyReason::None}});
  }
  if (pod_state.count > 1 || gated) emit(slot.cause, ReportContainerReady{{pod, c, ready}});
  if (all) return check_gates(pod, view);
  if (pod_state.ready) set_pod_unready(pod, slot.cause, ReadyReason::ContainersNotReady);
}

void SimWorld::Impl::set_pod_unready(PodId pod, Seq cause, ReadyReason reason) {
  pods[pod.index()].ready = false;
  emit(cause, ReportPodReady{{pod, false, reason}});
}

// ---- Ends
// ---------------------------------------------------------------------------------------------------------------------

/// The process ends at `at` by itself or by a fault; the node agent sees it by looking.
void SimWorld::Impl::end_container(PodId pod, std::uint32_t c, std::int32_t exit_code, ExitReason reason, SimTime at,
                                   Seq cause) {
  ContainerSlot& slot = container(pod, c);
  ++slot.life;
  ++slot.probing;
  slot.run = Run::Stopping;
  Trouble& t = trouble(slot);
  t.cause = cause;
  t.exit_code = exit_code;
  t.reason = reason;
  t.finished_at = at;
  set_container(reported(seen(node_slot(pods[pod.index()].node), at)), Step::ContainerExited, pod, c);
}

/// The node agent stops it, and so knows of its end at once.
void SimWorld::Impl::kill_container(PodId pod, std::uint32_t c, std::int64_t grace_s, ExitReason reason, Seq cause,
                                    const ClusterView& view) {
  ContainerSlot& slot = container(pod, c);
  ++slot.life;
  ++slot.probing;
  slot.run = Run::Stopping;
  const Ending end = ending(view.container_spec(pod, c), slot.image, grace_s, {});
  Trouble& t = trouble(slot);
  t.cause = cause;
  t.exit_code = end.killed ? 137 : 0;  // an app that stops on SIGTERM is taken to exit with 0
  t.reason = reason == ExitReason::Completed && end.killed ? ExitReason::Error : reason;
  t.finished_at = now + end.after;
  set_container(reported(t.finished_at), Step::ContainerExited, pod, c);
}

void SimWorld::Impl::container_exited(PodId pod, std::uint32_t c, const ClusterView& view) {
  PodSlot& pod_state = pods[pod.index()];
  ContainerSlot& slot = container(pod, c);
  ++slot.life;
  ++slot.probing;
  slot.run = Run::Exited;
  slot.ready = false;
  const Trouble t = trouble(slot);
  const Seq cause = t.cause != 0 ? t.cause : slot.cause;
  emit(cause, ReportContainerExited{{pod, c, t.exit_code, t.reason}});
  const bool sidecar = is_sidecar(pod, c, view);
  const model::RestartPolicy policy = view.pod_spec(pod).spec.restart_policy;
  const bool main = c >= pod_state.inits;
  const bool restarts = sidecar || (main && policy == model::RestartPolicy::Always) ||
                        (policy != model::RestartPolicy::Never && t.exit_code != 0);
  if (pod_state.ready && (restarts || t.exit_code != 0 || pod_state.count > 1)) {
    set_pod_unready(pod, cause, ReadyReason::ContainersNotReady);
  }
  if (restarts) return restart(pod, c, view);
  if (main) return finish_pod(pod, view);
  if (t.exit_code == 0) return init_done(pod, c, view);
  finish_pod(pod, view);  // an init container failed for good
}

// kubelet's doBackOff with client-go's Backoff: no entry lets it restart at once and makes one of 10 s; an entry holds
// the next restart back for its time since the end, and doubles. An entry is forgotten when the container ended 10 min
// after its last restart. Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff),
// k8s.io/client-go/util/flowcontrol/backoff.go.
void SimWorld::Impl::restart(PodId pod, std::uint32_t c, const ClusterView& view) {
  ContainerSlot& slot = container(pod, c);
  Trouble& t = trouble(slot);
  const bool forgotten =
      t.back_off.ns == 0 || t.finished_at - t.backed_off_at > params.duration(Param::RestartBackOffReset);
  if (forgotten) {
    t.back_off = {};
    return back_off_over(pod, c, view);
  }
  const SimTime over = t.finished_at + t.back_off;
  if (over <= now) return back_off_over(pod, c, view);
  slot.run = Run::BackOff;
  emit(t.cause != 0 ? t.cause : slot.cause,
       ReportContainerWaiting{{pod, c, event::WaitingReason::CrashLoopBackOff, t.back_off}});
  set_container(over, Step::Restart, pod, c);
}

void SimWorld::Impl::back_off_over(PodId pod, std::uint32_t c, const ClusterView& view) {
  Trouble& t = trouble(container(pod, c));
  const Duration first = params.duration(Param::RestartBackOffFirst);
  const Duration most = params.duration(Param::RestartBackOffMost);
  t.back_off = t.back_off.ns == 0 ? std::min(first, most) : std::min(t.back_off * 2, most);
  t.backed_off_at = now;
  begin_container(pod, c, view);
}

// A container ended for good. When all have, sidecars are stopped and the pod is over.
void SimWorld::Impl::finish_pod(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  const bool init_failed = slot.next < slot.inits;
  for (std::uint32_t c = slot.inits; c < slot.count && !init_failed; ++c)
    if (container(pod, c).run != Run::Exited) return;
  slot.stage = Stage::Finishing;
  const Duration after = stop_time(pod, view.pod_spec(pod).spec.termination_grace_period_seconds, view);
  ++slot.life;
  for (std::uint32_t c = 0; c < slot.inits; ++c) {
    ++container(pod, c).life;
    ++container(pod, c).probing;
  }
  if (after.ns == 0) return pod_finished(pod, view);
  set_pod(reported(now + after), Step::PodFinished, pod);
}

void SimWorld::Impl::pod_finished(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  slot.stage = Stage::Finished;
  if (slot.overdue) {
    end_volumes(pod, now + unmount_time(pod));
    report_stopped(pod, slot.cause, view.pod_spec(pod).spec.termination_grace_period_seconds, view);
    if (view.pod_ready(pod)) set_pod_unready(pod, slot.cause, ReadyReason::ContainersNotReady);
    return emit(slot.cause, command::FailPod{{pod, "DeadlineExceeded",
                                              "Pod was active on the node longer than the specified deadline"}});
  }
  bool failed = false;
  Seq cause = slot.cause;
  for (std::uint32_t c = 0; c < slot.count; ++c) {
    const ContainerSlot& at = container(pod, c);
    if (at.run != Run::Exited) continue;
    failed = failed || troubles[at.trouble].exit_code != 0;
    cause = std::max(cause, at.cause);
  }
  for (std::uint32_t c = 0; c < slot.count; ++c) {  // sidecars, stopped by the agent
    if (container(pod, c).run != Run::Running) continue;
    container(pod, c).run = Run::Exited;
    emit(cause, ReportContainerExited{{pod, c, 0, ExitReason::Completed}});
  }
  if (view.pod_ready(pod))
    set_pod_unready(pod, cause, failed ? ReadyReason::ContainersNotReady : ReadyReason::PodCompleted);
  emit(cause, ReportPodPhase{{pod, failed ? event::Phase::Failed : event::Phase::Succeeded, ""}});
  end_volumes(pod, now + unmount_time(pod));
}

}  // namespace wavetank::world
