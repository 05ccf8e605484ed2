#pragma once
// What a pod asks for, as the scheduler adds it up: containers, init containers, sidecars, pod level, overhead.
// Source: k8s.io/component-helpers/resource (helpers.go), k8s.io/kubernetes pkg/scheduler/framework/types.go
// CalculateResource.

#include <cstdint>
#include <string_view>

#include "engine/model/types.h"

namespace wavetank::schedule {

/// What is counted for a container that names no request at all, when nodes are compared by their load.
inline constexpr std::int64_t kDefaultMilliCpu = 100;
inline constexpr std::int64_t kDefaultMemory = 200LL * 1024 * 1024;

struct RequestOptions {
  bool default_cpu = false;  ///< A container without the key counts as kDefaultMilliCpu; an explicit 0 stays 0.
  bool default_memory = false;
  bool skip_pod_level = false;
};

model::ResourceList total_requests(const model::PodSpec& spec, const RequestOptions& options);

/// The sums of one pod that the scheduler works with. Milli cpu, otherwise whole units.
struct PodRequests {
  model::ResourceList real;      ///< For filters, usage and BalancedAllocation.
  std::int64_t nonzero_cpu = 0;  ///< What the pod adds to a node's NonZeroRequested once placed.
  std::int64_t nonzero_memory = 0;
  model::ResourceList scored;  ///< The incoming pod in NodeResourcesFit's score: with defaults, without the pod level.
};
PodRequests pod_requests(const model::PodSpec& spec);

/// One resource of a list by its Kubernetes name; 0 when it is not there.
std::int64_t amount_of(const model::ResourceList& list, std::string_view resource);

}  // namespace wavetank::schedule
