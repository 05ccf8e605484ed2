// Machines that cannot reach the API server. The node agent works on with what it knows: containers run, are probed and
// restarted. What it would report is held back, the lease is not renewed, and it hears of nothing. When the link is
// back it tries again within a lease period, as its lease and status loops do; then it reports, and acts on what it
// missed. Source: pkg/kubelet/status (a status that could not be written is written at a later sync),
// pkg/kubelet/config (the pod source is listed anew), component-helpers lease controller (renewal every 10 s, retries
// up to 7 s apart).
#include "sim/world/impl.h"

namespace wavetank::world {

using event::ConditionStatus;

void SimWorld::Impl::link_changed(NodeId node) {
  NodeSlot& slot = node_slot(node);
  const bool linked = !slot.partitioned && !slot.server_away;
  if (!linked) {
    set_node(now, Step::LinkDown, node);
  } else if (slot.cut) {
    const auto period = static_cast<std::uint64_t>(params.get(Param::NodeLeasePeriod).value);
    const std::uint64_t wait = lease_stream.of(std::uint64_t{node.value}).below(std::max<std::uint64_t>(period, 1), 1);
    set_node(now + Duration{static_cast<std::int64_t>(wait)}, Step::LinkUp, node);
  }
}

void SimWorld::Impl::link_down(NodeId node) {
  NodeSlot& slot = node_slot(node);
  if (slot.cut || (!slot.partitioned && !slot.server_away)) return;
  stop_heartbeats(node);
  slot.cut = true;
}

void SimWorld::Impl::link_up(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  if (!slot.cut || slot.partitioned || slot.server_away) return;
  slot.cut = false;
  if (slot.gone || !slot.agent_up) return;
  deliver_held(node);
  if (view.node(node).conditions[0].status == ConditionStatus::Unknown) post_ready(node);
  if (slot.registered) begin_heartbeats(node);
  for (const PodId pod : view.node(node).pods) {
    take_up_again(pod, view);
    if (view.pod_alive(pod) && !view.pod_terminating(pod)) pod_updated(pod, slot.cause, view);
  }
}

void SimWorld::Impl::deliver_held(NodeId node) {
  NodeSlot& slot = node_slot(node);
  for (Held& held : slot.held) out->push_back(std::move(held.command));
  slot.held.clear();
}

// What a step of a node that is cut off reports is kept instead.
void SimWorld::Impl::hold(NodeId node, std::size_t from) {
  std::vector<Held>& held = node_slot(node).held;
  for (std::size_t i = from; i < out->size(); ++i) held.push_back({std::move((*out)[i])});
  out->resize(from);
}

void SimWorld::set_link(NodeId node, bool up, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  NodeSlot& slot = impl_->node_slot(node);
  if (slot.partitioned == !up) return;
  slot.partitioned = !up;
  slot.cause = cause;
  impl_->link_changed(node);
}

void SimWorld::set_api_server(bool up, SimTime now, Seq cause) {
  impl_->now = std::max(impl_->now, now);
  for (std::size_t n = 0; n < impl_->nodes.size(); ++n) {
    NodeSlot& slot = impl_->nodes[n];
    if (slot.gone || slot.server_away == !up) continue;
    slot.server_away = !up;
    slot.cause = cause;
    impl_->link_changed(NodeId(n));
  }
}

}  // namespace wavetank::world
