// What a pod asks for, as the scheduler counts it: k8s.io/component-helpers/resource.PodRequests.
#include <algorithm>

#include "engine/state/view.h"

namespace wavetank::state {

namespace {

using model::ResourceList;

std::int64_t& scalar(ResourceList& list, const std::string& name) {
  const auto at = std::lower_bound(list.scalar.begin(), list.scalar.end(), name,
                                   [](const auto& entry, const std::string& n) { return entry.first < n; });
  if (at != list.scalar.end() && at->first == name) return at->second;
  return list.scalar.emplace(at, name, 0)->second;
}

void add(ResourceList& to, const ResourceList& more) {
  to.milli_cpu += more.milli_cpu;
  to.memory += more.memory;
  to.ephemeral_storage += more.ephemeral_storage;
  to.present |= more.present;
  for (const auto& [name, amount] : more.scalar) scalar(to, name) += amount;
}

void raise(ResourceList& to, const ResourceList& least) {
  to.milli_cpu = std::max(to.milli_cpu, least.milli_cpu);
  to.memory = std::max(to.memory, least.memory);
  to.ephemeral_storage = std::max(to.ephemeral_storage, least.ephemeral_storage);
  to.present |= least.present;
  for (const auto& [name, amount] : least.scalar) {
    std::int64_t& mine = scalar(to, name);
    mine = std::max(mine, amount);
  }
}

/// Pod-level resources decide for the resources they name: cpu, memory and hugepages (KEP-2837).
void override_with(ResourceList& to, const ResourceList& pod_level) {
  if ((pod_level.present & ResourceList::kCpu) != 0) to.milli_cpu = pod_level.milli_cpu;
  if ((pod_level.present & ResourceList::kMemory) != 0) to.memory = pod_level.memory;
  to.present |= pod_level.present & (ResourceList::kCpu | ResourceList::kMemory);
  for (const auto& [name, amount] : pod_level.scalar)
    if (name.starts_with("hugepages-")) scalar(to, name) = amount;
}

}  // namespace

ResourceList pod_requests(const model::PodSpec& spec) {
  ResourceList sum;
  for (const model::Container& c : spec.containers) add(sum, c.requests);
  // A plain init container runs alone but for the sidecars started before it; sidecars run beside the containers.
  ResourceList sidecars, init_peak;
  for (const model::Container& c : spec.init_containers) {
    ResourceList during = c.requests;
    add(during, sidecars);
    raise(init_peak, during);
    if (c.restart_policy == model::RestartPolicy::Always) add(sidecars, c.requests);
  }
  add(sum, sidecars);
  raise(sum, init_peak);
  if (spec.resource_requests) override_with(sum, *spec.resource_requests);
  if (spec.overhead) add(sum, *spec.overhead);
  return sum;
}

}  // namespace wavetank::state
