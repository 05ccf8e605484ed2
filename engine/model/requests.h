#pragma once
// What a pod asks for, as Kubernetes adds it up: containers, init containers, sidecars, pod level, overhead, resize in
// place. Source: k8s.io/component-helpers/resource (PodRequests),
// https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers

#include "engine/model/types.h"

namespace wavetank::model {

/// What is counted for a container that names no request at all, when nodes are compared by their load.
inline constexpr std::int64_t kDefaultMilliCpu = 100;
inline constexpr std::int64_t kDefaultMemory = 200LL * 1024 * 1024;

struct RequestOptions {
  bool default_cpu = false;  ///< A container without the key counts as kDefaultMilliCpu; an explicit 0 stays 0.
  bool default_memory = false;
  bool skip_pod_level = false;
  /// Of a placed pod: containers and sidecars count as the most of spec, status and allocation (KEP-1287).
  const PodResize* resize = nullptr;
};

ResourceList total_requests(const PodSpec& spec, const RequestOptions& options = {});

/// Whether the pod level names a resource that counts there: cpu, memory or huge pages (KEP-2837).
bool has_pod_level_requests(const PodSpec& spec);

}  // namespace wavetank::model
