#pragma once
// The controllers of a control plane and their settings.

#include <memory>
#include <vector>

#include "engine/control/controller.h"
#include "engine/control/hpa_sync.h"
#include "engine/control/metrics.h"

namespace wavetank::control {

/// Flags of kube-controller-manager and constants of its controllers, with 1.34's defaults.
/// Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
struct Settings {
  base::Duration node_monitor_period = base::seconds(5);
  base::Duration node_monitor_grace_period = base::seconds(50);
  base::Duration node_startup_grace_period = base::seconds(60);
  /// When the controllers began. What they keep in memory as Kubernetes' do (when a node was last seen, how long a
  /// taint has been tolerated) is not older. Set by the loop.
  base::SimTime started{};
  std::int64_t node_eviction_rate_milli = 100;           ///< Nodes per 1000 s: 0.1/s.
  std::int64_t secondary_node_eviction_rate_milli = 10;  ///< 0.01/s
  std::int64_t unhealthy_zone_threshold_milli = 550;     ///< 0.55
  std::int32_t large_cluster_size_threshold = 50;
  base::Duration pod_gc_period = base::seconds(20);
  base::Duration pod_gc_quarantine =
      base::seconds(40);  ///< A node must be absent that long before its pods are collected.
  std::int32_t terminated_pod_gc_threshold = 12500;
  std::int32_t max_endpoints_per_slice = 100;
  /// From asking the cloud for a load balancer to its address. No default of Kubernetes': clouds take from some seconds
  /// to some minutes.
  base::Duration load_balancer_time = base::seconds(30);
  /// From an Ingress to its address in its status. An assumption of ours.
  base::Duration ingress_time = base::seconds(5);
  /// Whether a Job waits before it replaces the first pod that failed, as since 1.26; before, the second was the first
  /// to wait. Not a flag there.
  bool job_first_failure_backs_off = true;
  bool pod_deletion_cost = true;       ///< Feature gate PodDeletionCost, on since 1.22.
  bool logarithmic_scale_down = true;  ///< Feature gate LogarithmicScaleDown, on since 1.22.
  base::Duration pdb_disrupted_pod_timeout = base::minutes(2);
  /// From handing a claim to its provisioner to the new volume. No default of Kubernetes': drivers need some seconds.
  base::Duration volume_provisioning_time = base::seconds(5);
  /// From asking for a larger volume until it is larger. An assumption of ours, as above.
  base::Duration volume_resizing_time = base::seconds(10);
  /// How long the attach/detach controller waits for a node that does not answer to unmount a volume before it detaches
  /// it by force (ReconcilerMaxWaitForUnmountDuration).
  base::Duration max_wait_for_unmount = base::minutes(6);
  hpa::Options hpa;                        ///< --horizontal-pod-autoscaler-*
  const MetricsSource* metrics = nullptr;  ///< What the World offers; set by the loop.
};

/// All controllers, in a fixed order (the order in which they are woken by one event).
std::vector<std::unique_ptr<Controller>> make_controllers(const Settings& settings);

}  // namespace wavetank::control
