#pragma once
// The quality of service class of a pod: what the node gives up first when it is short of memory.
// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/, pkg/apis/core/v1/helper/qos (ComputePodQOS).

#include <cstdint>

#include "engine/model/types.h"

namespace wavetank::model {

enum class QosClass : std::uint8_t { Guaranteed, Burstable, BestEffort };

/// Of cpu and memory of all containers, init containers too; resources of the pod level count alone where there are
/// any. O(containers).
QosClass qos_class(const PodSpec& spec);
/// "Guaranteed", "Burstable", "BestEffort": status.qosClass.
const char* qos_text(QosClass qos);

/// The kernel's badness adjustment that the kubelet sets for a container of the pod: -997 … 1000, higher dies first.
/// `memory_capacity`: of the node, bytes. Source: pkg/kubelet/qos/policy.go (GetContainerOOMScoreAdjust).
std::int32_t oom_score_adj(const PodSpec& spec, const Container& container, std::int64_t memory_capacity,
                           std::int32_t priority);

/// PriorityClass system-cluster-critical: such pods are admitted under pressure and never evicted by their node
/// (kubelettypes.IsCriticalPod, which asks for SystemCriticalPriority).
inline constexpr std::int32_t kSystemCriticalPriority = 2'000'000'000;

}  // namespace wavetank::model
