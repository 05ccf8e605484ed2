#include "engine/model/requests.h"

#include <algorithm>

namespace wavetank::model {
namespace {

std::int64_t& scalar(ResourceList& list, const std::string& name) {
  const auto at = std::lower_bound(list.scalar.begin(), list.scalar.end(), name,
                                   [](const auto& entry, const std::string& key) { return entry.first < key; });
  if (at != list.scalar.end() && at->first == name) return at->second;
  return list.scalar.emplace(at, name, 0)->second;
}

void add(ResourceList& to, const ResourceList& from) {
  to.milli_cpu += from.milli_cpu;
  to.memory += from.memory;
  to.ephemeral_storage += from.ephemeral_storage;
  to.pods += from.pods;
  to.present |= from.present;
  for (const auto& [name, amount] : from.scalar) scalar(to, name) += amount;
}

void raise_to(ResourceList& to, const ResourceList& from) {
  to.milli_cpu = std::max(to.milli_cpu, from.milli_cpu);
  to.memory = std::max(to.memory, from.memory);
  to.ephemeral_storage = std::max(to.ephemeral_storage, from.ephemeral_storage);
  to.pods = std::max(to.pods, from.pods);
  to.present |= from.present;
  for (const auto& [name, amount] : from.scalar) {
    std::int64_t& slot = scalar(to, name);
    slot = std::max(slot, amount);
  }
}

ResourceList with_defaults(const ResourceList& requests, const RequestOptions& options) {
  ResourceList out = requests;
  if (options.default_cpu && (out.present & ResourceList::kCpu) == 0) {
    out.milli_cpu = kDefaultMilliCpu;
    out.present |= ResourceList::kCpu;
  }
  if (options.default_memory && (out.present & ResourceList::kMemory) == 0) {
    out.memory = kDefaultMemory;
    out.present |= ResourceList::kMemory;
  }
  return out;
}

/// What counts for a container: the spec, and while it is resized in place also what its node reports, unless the node
/// cannot do it. A missing name has no report.
ResourceList counted(const Container& c, const RequestOptions& options) {
  if (options.resize == nullptr) return with_defaults(c.requests, options);
  for (const ContainerAllocation& reported : options.resize->containers) {
    if (reported.name != c.name) continue;
    ResourceList most = options.resize->infeasible ? reported.requests : c.requests;
    raise_to(most, reported.requests);
    raise_to(most, reported.allocated);
    return with_defaults(most, options);
  }
  return with_defaults(c.requests, options);
}

/// Init containers run one by one beside the sidecars started before them; the pod needs the largest such moment.
ResourceList container_requests(const PodSpec& spec, const RequestOptions& options) {
  ResourceList total;
  for (const Container& c : spec.containers) add(total, counted(c, options));
  ResourceList sidecars;
  ResourceList starting;
  for (const Container& c : spec.init_containers) {
    const bool sidecar = c.restart_policy == RestartPolicy::Always;
    const ResourceList own = sidecar ? counted(c, options) : with_defaults(c.requests, options);
    ResourceList moment;
    if (sidecar) {
      add(total, own);
      add(sidecars, own);
      moment = sidecars;
    } else {
      moment = own;
      add(moment, sidecars);
    }
    raise_to(starting, moment);
  }
  raise_to(total, starting);
  return total;
}

bool is_pod_level_resource(std::string_view name) { return name.substr(0, 10) == "hugepages-"; }

void override_with_pod_level(ResourceList& total, const ResourceList& pod_level) {
  if ((pod_level.present & ResourceList::kCpu) != 0) {
    total.milli_cpu = pod_level.milli_cpu;
    total.present |= ResourceList::kCpu;
  }
  if ((pod_level.present & ResourceList::kMemory) != 0) {
    total.memory = pod_level.memory;
    total.present |= ResourceList::kMemory;
  }
  for (const auto& [name, amount] : pod_level.scalar) {
    if (is_pod_level_resource(name)) scalar(total, name) = amount;
  }
}

}  // namespace

bool has_pod_level_requests(const PodSpec& spec) {
  if (!spec.resource_requests) return false;
  const ResourceList& r = *spec.resource_requests;
  return (r.present & (ResourceList::kCpu | ResourceList::kMemory)) != 0 ||
         std::any_of(r.scalar.begin(), r.scalar.end(), [](const auto& e) { return is_pod_level_resource(e.first); });
}

ResourceList total_requests(const PodSpec& spec, const RequestOptions& options) {
  ResourceList total = container_requests(spec, options);
  if (!options.skip_pod_level && has_pod_level_requests(spec)) override_with_pod_level(total, *spec.resource_requests);
  if (spec.overhead) add(total, *spec.overhead);
  return total;
}

}  // namespace wavetank::model
