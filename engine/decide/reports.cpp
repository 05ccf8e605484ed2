// What node agents report. A report about a pod that is gone, or that runs elsewhere by now, is refused; one that says
// nothing new is no fact.
#include <algorithm>

#include "engine/decide/rules.h"

namespace wavetank::decide::detail {

namespace {

using event::PodId;

Refusal running_here(const ClusterView& view, PodId pod) {
  if (pod.index() >= view->pods.size() || !view.pod_alive(pod)) return not_found(view, Ref(pod));
  if (!view.pod_node(pod).valid()) return conflict("the pod is on no node");
  return granted();
}

Refusal container_of(const ClusterView& view, PodId pod, std::uint32_t container) {
  if (auto refused = running_here(view, pod)) return refused;
  if (container >= view.container_count(pod)) return Rejection{"Invalid", "no such container"};
  return granted();
}

Refusal node_alive(const ClusterView& view, event::NodeId node) {
  if (node.index() >= view->nodes.size()) return Rejection{"NotFound", "no such node"};
  if (!view.alive(Ref(node))) return not_found(view, Ref(node));
  return granted();
}

}  // namespace

Refusal rule(const ClusterView& view, const command::ReportImagePulled& c, Facts& facts) {
  if (auto refused = container_of(view, c.fact.pod, c.fact.container)) return refused;
  facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportContainerStarted& c, Facts& facts) {
  if (auto refused = container_of(view, c.fact.pod, c.fact.container)) return refused;
  if (view.container(c.fact.pod, c.fact.container).state != state::ContainerState::Running) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportContainerExited& c, Facts& facts) {
  if (auto refused = container_of(view, c.fact.pod, c.fact.container)) return refused;
  if (view.container(c.fact.pod, c.fact.container).state != state::ContainerState::Terminated)
    facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportContainerWaiting& c, Facts& facts) {
  if (auto refused = container_of(view, c.fact.pod, c.fact.container)) return refused;
  const state::ContainerStatus& now = view.container(c.fact.pod, c.fact.container);
  if (now.state != state::ContainerState::Waiting || now.waiting != c.fact.reason || now.back_off != c.fact.back_off)
    facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportContainerReady& c, Facts& facts) {
  if (auto refused = container_of(view, c.fact.pod, c.fact.container)) return refused;
  if (view.container(c.fact.pod, c.fact.container).ready != c.fact.ready) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportPodReady& c, Facts& facts) {
  if (auto refused = running_here(view, c.fact.pod)) return refused;
  if (view.pod_ready(c.fact.pod) != c.fact.ready) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportPodPhase& c, Facts& facts) {
  if (auto refused = running_here(view, c.fact.pod)) return refused;
  if (view.pod_phase(c.fact.pod) != c.fact.phase) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportPodStopped& c, Facts& facts) {
  if (auto refused = running_here(view, c.pod)) return refused;
  if (!view.pod_terminating(c.pod)) return conflict("the pod is not terminating");
  remove_pod(view, c.pod, facts);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportHeartbeatsBegan& c, Facts& facts) {
  if (auto refused = node_alive(view, c.fact.node)) return refused;
  if (!view.node(c.fact.node).heartbeating) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportHeartbeatsStopped& c, Facts& facts) {
  if (auto refused = node_alive(view, c.fact.node)) return refused;
  if (view.node(c.fact.node).heartbeating) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportNodeCondition& c, Facts& facts) {
  if (auto refused = node_alive(view, c.fact.node)) return refused;
  const state::Condition& now = view.node(c.fact.node).conditions[static_cast<std::size_t>(c.fact.type)];
  if (!now.present || now.status != c.fact.status || now.reason != c.fact.reason || now.message != c.fact.message)
    facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportVolumeAttached& c, Facts& facts) {
  if (!view.alive(Ref(c.fact.id))) return not_found(view, Ref(c.fact.id));
  const state::VolumeAttachmentRow& now = view.volume_attachment(c.fact.id);
  if (now.attached != c.fact.attached || now.error != c.fact.error) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::ReportVolumeInUse& c, Facts& facts) {
  if (auto refused = node_alive(view, c.fact.node)) return refused;
  const std::vector<event::PvId>& now = view.node(c.fact.node).volumes_in_use;
  if ((std::find(now.begin(), now.end(), c.fact.volume) != now.end()) != c.fact.in_use) facts.emplace_back(c.fact);
  return granted();
}

Refusal rule(const ClusterView& view, const command::RequestDetach& c, Facts& facts) {
  if (!view.alive(Ref(c.fact.id))) return not_found(view, Ref(c.fact.id));
  const bool now = view.volume_attachment(c.fact.id).detach_requested != base::SimTime::never();
  if (now != c.fact.requested) facts.emplace_back(c.fact);
  return granted();
}

}  // namespace wavetank::decide::detail
