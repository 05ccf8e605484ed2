#pragma once
// The sums of one pod's requests that the scheduler works with. Source: k8s.io/kubernetes
// pkg/scheduler/framework/types.go (calculatePodResources), plugins/noderesources.

#include <cstdint>
#include <string_view>

#include "engine/model/requests.h"

namespace wavetank::schedule {

/// Milli cpu, otherwise whole units.
struct PodRequests {
  model::ResourceList real;      ///< For filters, usage and BalancedAllocation.
  std::int64_t nonzero_cpu = 0;  ///< What the pod adds to a node's NonZeroRequested once placed.
  std::int64_t nonzero_memory = 0;
  model::ResourceList scored;  ///< The incoming pod in NodeResourcesFit's score: with defaults, without the pod level.
};
/// What an incoming pod asks for.
PodRequests pod_requests(const model::PodSpec& spec);
/// What a pod takes on its node: the same, but for pods whose resources are changed in place. `scored` stays empty.
PodRequests placed_requests(const model::PodTemplate& pod);

/// One resource of a list by its Kubernetes name; 0 when it is not there.
std::int64_t amount_of(const model::ResourceList& list, std::string_view resource);

/// v1helper.IsExtendedResourceName, for a valid name: of a vendor's domain, neither Kubernetes' own nor a quota's.
bool is_extended_resource(std::string_view name);

}  // namespace wavetank::schedule
