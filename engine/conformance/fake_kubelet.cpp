#include "engine/conformance/fake_kubelet.h"

namespace wavetank::conformance {

using event::ConditionStatus;
using event::NodeConditionType;
using event::PodId;

void FakeKubelet::report(const state::ClusterView&, std::vector<command::Command>& out) {
  out.insert(out.end(), std::make_move_iterator(reports_.begin()), std::make_move_iterator(reports_.end()));
  reports_.clear();
}

void FakeKubelet::start(PodId pod, const state::ClusterView& view) {
  const std::string_view image = view.pod_spec(pod).spec.containers.front().image;
  const std::string_view kind = image.substr(0, image.find(':'));
  start_as(pod, kind == "bad" ? "bad" : kind == "neverready" ? "running" : "ready", view);
}

void FakeKubelet::start_as(PodId pod, std::string_view becomes, const state::ClusterView& view) {
  const auto count = static_cast<std::uint32_t>(view.container_count(pod));
  for (std::uint32_t c = 0; c < count; ++c) {
    if (becomes == "bad") {
      say(command::ReportContainerWaiting{{pod, c, event::WaitingReason::ErrImagePull, {}}});
    } else {
      say(command::ReportContainerStarted{{pod, c}});
    }
  }
  if (becomes == "bad") return;
  say(command::ReportPodPhase{{pod, event::Phase::Running, ""}});
  if (becomes == "ready") set_ready(pod, true);
}

void FakeKubelet::set_ready(PodId pod, bool ready) {
  say(command::ReportPodReady{{pod, ready, ready ? event::ReadyReason::None : event::ReadyReason::ContainersNotReady}});
}

void FakeKubelet::set_phase(PodId pod, event::Phase phase) {
  if (phase == event::Phase::Succeeded || phase == event::Phase::Failed)
    say(command::ReportPodReady{{pod, false, event::ReadyReason::PodCompleted}});
  say(command::ReportPodPhase{{pod, phase, ""}});
}

void FakeKubelet::exit(PodId pod, std::int32_t code, const state::ClusterView& view) {
  const auto count = static_cast<std::uint32_t>(view.container_count(pod));
  for (std::uint32_t c = 0; c < count; ++c) {
    if (view.container(pod, c).state == state::ContainerState::Running) {
      say(command::ReportContainerExited{
          {pod, c, code, code == 0 ? event::ExitReason::Completed : event::ExitReason::Error}});
    }
  }
  set_phase(pod, code == 0 ? event::Phase::Succeeded : event::Phase::Failed);
}

void FakeKubelet::restarted(PodId pod, std::uint32_t count, const state::ClusterView& view) {
  for (std::uint32_t k = view.container(pod, 0).restarts; k < count; ++k) {
    say(command::ReportContainerExited{{pod, 0, 1, event::ExitReason::Error}});
    say(command::ReportContainerStarted{{pod, 0}});
    if (view.pod_ready(pod)) set_ready(pod, true);
  }
}

void FakeKubelet::stopped(PodId pod) { say(command::ReportPodStopped{pod}); }

void FakeKubelet::node_ready(event::NodeId node, bool ready) {
  const auto post = [&](NodeConditionType type, ConditionStatus status, const char* reason, const char* message) {
    say(command::ReportNodeCondition{{node, type, status, reason, message}});
  };
  post(NodeConditionType::MemoryPressure, ConditionStatus::False, "KubeletHasSufficientMemory",
       "kubelet has sufficient memory available");
  post(NodeConditionType::DiskPressure, ConditionStatus::False, "KubeletHasNoDiskPressure",
       "kubelet has no disk pressure");
  post(NodeConditionType::PIDPressure, ConditionStatus::False, "KubeletHasSufficientPID",
       "kubelet has sufficient PID available");
  post(NodeConditionType::Ready, ready ? ConditionStatus::True : ConditionStatus::False,
       ready ? "KubeletReady" : "KubeletNotReady",
       ready ? "kubelet is posting ready status" : "container runtime network not ready");
}

}  // namespace wavetank::conformance
