// Machines and node agents: registering, heartbeats, dying, coming back.
#include "sim/world/impl.h"

namespace wavetank::world {

using command::ReportContainerExited;
using command::ReportHeartbeatsBegan;
using command::ReportHeartbeatsStopped;
using command::ReportNodeCondition;
using command::ReportPodPhase;
using command::ReportPodReady;
using event::ConditionStatus;
using event::NodeConditionType;

namespace {

constexpr auto kReady = static_cast<std::size_t>(NodeConditionType::Ready);

bool is_over(event::Phase phase) { return phase == event::Phase::Succeeded || phase == event::Phase::Failed; }

}  // namespace

NodeSlot& SimWorld::Impl::node_slot(NodeId node) {
  if (nodes.size() <= node.index()) nodes.resize(node.index() + 1);
  return nodes[node.index()];
}

// Nodes are numbered in the order of their making, so the new ones are those beyond the known.
void SimWorld::Impl::learn_nodes(const event::Event& event, const ClusterView& view) {
  while (nodes_learned < view->nodes.size() && view->nodes[nodes_learned].header.created_seq <= event.seq) {
    const NodeId node(nodes_learned++);
    const state::NodeRow& row = view.node(node);
    NodeSlot& slot = node_slot(node);
    if (slot.machine_up) slot.cause = row.header.created_seq;
    for (const auto& [name, size] : row.images) add_image(slot, images[intern_image(view.text(name))].full);
    const std::string_view name = view.text(row.header.name);
    if (pleg_period.ns > 0) {
      slot.pleg_phase = {
          static_cast<std::int64_t>(pleg_stream.of(name).below(static_cast<std::uint64_t>(pleg_period.ns), 0))};
    }
    const state::Condition& ready = row.conditions[kReady];
    if (!slot.machine_up || slot.agent_disabled) continue;  // struck before it was heard of
    if (!ready.present) {
      set_node(now + params.duration(Param::NodeRegisterDelay), Step::AgentUp, node);
    } else if (ready.status == ConditionStatus::Unknown) {
      slot.agent_disabled = true;  // as it was read: the control plane had lost it
    } else {
      set_node(now, Step::AgentUp, node);
    }
  }
}

void SimWorld::Impl::agent_up(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  if (slot.gone) return;
  slot.agent_up = true;
  if (!slot.cut) deliver_held(node);
  const state::Condition& ready = view.node(node).conditions[kReady];
  // A Ready=False of the manifest is left: it says that this node's agent finds something wrong.
  const bool as_written = !slot.registered && ready.present && ready.status == ConditionStatus::False;
  if (!as_written && ready.status != ConditionStatus::True) post_ready(node);
  if (slot.registered) {
    begin_heartbeats(node);
  } else {
    // Machines were not all switched on together: without this, all leases of a made-up cluster would be renewed at one
    // moment.
    const auto period = static_cast<std::uint64_t>(params.get(Param::NodeLeasePeriod).value);
    const std::uint64_t phase = lease_stream.of(view.text(view.node(node).header.name)).below(period, 0);
    set_node(now + Duration{static_cast<std::int64_t>(phase)}, Step::BeginHeartbeats, node);
  }
  slot.registered = true;
  for (const PodId pod : view.node(node).pods) take_up_again(pod, view);
  look_at_volumes(node, view);
  slot.pressure = {};
  slot.conditions.assign(kPressureCount, 0);
  slot.evicting = {};
  slot.looking = slot.checking = false;
  watch_pressure(node);
  const std::vector<kernel::Timer> waiting = std::move(slot.deferred);
  slot.deferred.clear();
  for (const kernel::Timer& t : waiting) timers.push(now, t.priority(), t.kind, t.subject, t.extra, t.detail);
  advance_pulls(node, view);
}

void SimWorld::Impl::post_ready(NodeId node) {
  emit(node_slot(node).cause, ReportNodeCondition{{node, NodeConditionType::Ready, ConditionStatus::True,
                                                   "KubeletReady", "kubelet is posting ready status"}});
}

void SimWorld::Impl::begin_heartbeats(NodeId node) {
  NodeSlot& slot = node_slot(node);
  slot.heartbeats = true;
  slot.heartbeats_began = now;
  emit(slot.cause, ReportHeartbeatsBegan{{node, params.duration(Param::NodeLeasePeriod)}});
}

void SimWorld::Impl::stop_heartbeats(NodeId node) {
  NodeSlot& slot = node_slot(node);
  if (!slot.heartbeats) return;
  slot.heartbeats = false;
  const Duration period = params.duration(Param::NodeLeasePeriod);
  const std::int64_t renewals = (now - slot.heartbeats_began).ns / period.ns;
  emit(slot.cause, ReportHeartbeatsStopped{{node, slot.heartbeats_began + period * renewals}});
}

void SimWorld::Impl::agent_stopped(NodeId node) { stop_heartbeats(node); }

void SimWorld::Impl::machine_crashed(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  stop_heartbeats(node);
  slot.deferred.clear();
  // A dead agent remembers nothing: what had stopped and could not be reported is found again by the next one.
  for (const Held& held : slot.held) {
    if (const auto* stopped = std::get_if<command::ReportPodStopped>(&held.command.payload))
      pod_slot(stopped->pod).stage = Stage::Lost;
  }
  slot.held.clear();
  slot.pulls.clear();
  for (const PodId pod : view.node(node).pods) drop_pod(pod, Stage::Lost, view);
  forget_mounts(node);
}

void SimWorld::Impl::node_removed(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  ++slot.life;
  slot.gone = true;
  slot.agent_up = slot.machine_up = slot.heartbeats = false;
  slot.deferred.clear();
  slot.pulls.clear();
  for (const PodId pod : view.node(node).pods) drop_pod(pod, Stage::Lost, view);
  forget_mounts(node);
}

// What the node agent does about a pod of its node when it starts: it compares what should run with what does.
void SimWorld::Impl::take_up_again(PodId pod, const ClusterView& view) {
  PodSlot& slot = pod_slot(pod);
  const NodeId node = view.pod_node(pod);
  if (slot.stage == Stage::Gone) return;
  if (view.pod_terminating(pod)) {
    if (slot.stage == Stage::Stopping) return;
    slot.node = node;
    return stop_pod(pod, view->pods.grace_s[pod.index()], view);
  }
  if (is_over(view.pod_phase(pod))) return;
  const Seq cause = node_slot(node).cause;
  if (slot.stage == Stage::Unknown) return begin_pod(pod, node, slot.cause != 0 ? slot.cause : cause, view);
  if (slot.stage == Stage::Lost) {
    slot.cause = cause;
    report_lost(pod, view);
    if (slot.stage == Stage::Lost) begin_pod(pod, node, cause, view);
    return;
  }
  // The agent alone was away; the node controller may have marked the pod unready meanwhile.
  bool runs = true;
  for (std::uint32_t c = 0; c < slot.count; ++c) runs = runs && container(pod, c).run != Run::Stopping;
  if (slot.ready && runs && !view.pod_ready(pod)) emit(cause, ReportPodReady{{pod, true, event::ReadyReason::None}});
}

// After a reboot the runtime knows the old containers as ended with an unknown exit status, 255, and the sandbox is
// gone, so that init containers run again too. Source: containerd's restored task state; pkg/kubelet/kuberuntime,
// podSandboxChanged.
void SimWorld::Impl::report_lost(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  bool ran = false;
  const std::size_t count = view.container_count(pod);
  for (std::uint32_t c = 0; c < count; ++c) {
    if (view.container(pod, c).state != state::ContainerState::Running) continue;
    ran = true;
    emit(slot.cause, ReportContainerExited{{pod, c, 255, event::ExitReason::ContainerStatusUnknown}});
  }
  if (view.pod_ready(pod)) set_pod_unready(pod, slot.cause, event::ReadyReason::ContainersNotReady);
  if (ran && view.pod_spec(pod).spec.restart_policy == model::RestartPolicy::Never) {
    slot.stage = Stage::Finished;
    emit(slot.cause, ReportPodPhase{{pod, event::Phase::Failed, ""}});
  }
}

}  // namespace wavetank::world
