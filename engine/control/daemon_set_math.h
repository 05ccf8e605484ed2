#pragma once
// What a DaemonSet asks of nodes and what its pods are made of, apart from the controller. Source:
// kubernetes/pkg/controller/daemon/daemon_controller.go, util/daemonset_util.go.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::control {

/// The tolerations of its pods: the template's own and those that the controller adds (not-ready, unreachable:
/// NoExecute; pressures, unschedulable, and for hostNetwork network-unavailable: NoSchedule). One that is there already
/// is not added again.
std::vector<model::Toleration> daemon_tolerations(const model::PodSpec& spec);

struct DaemonFit {
  bool should_run = false;       ///< A pod has to be there.
  bool should_continue = false;  ///< A pod that is there may stay.
  bool operator==(const DaemonFit&) const = default;
};
/// Name, required node affinity and taints; resources are the scheduler's business. `tolerations` are
/// daemon_tolerations().
DaemonFit daemon_fit(const model::PodSpec& spec, const std::vector<model::Toleration>& tolerations,
                     std::string_view node_name, const model::Labels& labels, const std::vector<model::Taint>& taints);

/// The template as a pod of one node: `tmpl` is {"metadata":…,"spec":…}; label, tolerations and required node affinity
/// are set.
model::Doc daemon_pod_doc(const model::Doc& tmpl, std::string_view hash, std::string_view generation);
void pin_to_node(model::Doc& pod, std::string_view node_name);
/// The node that the required node affinity of a daemon pod names; "" if none.
std::string_view target_node_name(const model::PodSpec& spec);

/// Both numbers for `desired` pods, percentages rounded up; OnDelete has neither. Where both come to 0, one may be
/// unavailable.
struct DaemonLimits {
  std::int32_t surge = 0, unavailable = 0;
  bool operator==(const DaemonLimits&) const = default;
};
DaemonLimits daemon_limits(const model::DaemonSet& spec, std::int32_t desired);
/// Whether a node may have two pods for a while.
bool allows_surge(const model::DaemonSet& spec);

}  // namespace wavetank::control
