#pragma once
// What a pod's status says beyond its columns: conditions, readiness gates, the states of containers as the node agent
// reports them. Derived from what the state keeps. Source: pkg/kubelet/status/generate.go, status_manager.go
// (TerminatePod), pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses) of 1.34.

#include <string>
#include <vector>

#include "engine/state/view.h"

namespace wavetank::state {

/// A container's status as it is shown. A container that waits and has not been tried yet says PodInitializing when
/// the pod has init containers. In a pod that has failed nothing waits any more: what did not run was not located.
struct ShownContainer {
  ContainerStatus status;
  std::string_view waiting;  ///< state.waiting.reason, of a container that waits.
  std::string message;       ///< Of the waiting or terminated state; mostly "".
  bool lost = false;  ///< Of a pod that is over: it never ran, or waited to run again. `status` says 137, Unknown.
};
ShownContainer shown_container(const ClusterView& view, PodId pod, std::size_t index);

/// Whether the status tells of containers at all: bound, and not turned away by its node.
bool tells_of_containers(const ClusterView& view, PodId pod);

/// status.reason and status.message: "Evicted" and why. "" unless the pod has failed.
std::string_view status_reason(const ClusterView& view, PodId pod);
std::string_view status_message(const ClusterView& view, PodId pod);

struct PodCondition {
  std::string_view type;
  bool holds = false;
  SimTime since;
  std::string reason, message;
};
/// The conditions in the order in which kubectl describe shows them; not those of readiness gates.
/// PodReadyToStartContainers has no fact of its own: it is dated by the binding, and by the end.
std::vector<PodCondition> pod_conditions(const ClusterView& view, PodId pod);

/// Why a pod whose containers are ready is not: readiness gates without their condition, or not True. "": none.
std::string closed_gates(const ClusterView& view, PodId pod);
/// How many readiness gates are open.
std::size_t open_gates(const ClusterView& view, PodId pod);

}  // namespace wavetank::state
