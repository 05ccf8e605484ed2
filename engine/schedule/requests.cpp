#include "engine/schedule/requests.h"

#include <algorithm>

namespace wavetank::schedule {
namespace {

using model::ResourceList;

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

/// Init containers run one by one beside the sidecars started before them; the pod needs the largest such moment.
ResourceList container_requests(const model::PodSpec& spec, const RequestOptions& options) {
  ResourceList total;
  for (const model::Container& c : spec.containers) add(total, with_defaults(c.requests, options));
  ResourceList sidecars;
  ResourceList starting;
  for (const model::Container& c : spec.init_containers) {
    const ResourceList own = with_defaults(c.requests, options);
    ResourceList moment;
    if (c.restart_policy == model::RestartPolicy::Always) {
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

bool has_pod_level(const model::PodSpec& spec) {
  if (!spec.resource_requests) return false;
  const ResourceList& r = *spec.resource_requests;
  return (r.present & (ResourceList::kCpu | ResourceList::kMemory)) != 0 ||
         std::any_of(r.scalar.begin(), r.scalar.end(), [](const auto& e) { return is_pod_level_resource(e.first); });
}

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

ResourceList total_requests(const model::PodSpec& spec, const RequestOptions& options) {
  ResourceList total = container_requests(spec, options);
  if (!options.skip_pod_level && has_pod_level(spec)) override_with_pod_level(total, *spec.resource_requests);
  if (spec.overhead) add(total, *spec.overhead);
  return total;
}

PodRequests pod_requests(const model::PodSpec& spec) {
  PodRequests out;
  out.real = total_requests(spec, {});
  RequestOptions defaults{true, true, false};
  if (has_pod_level(spec)) {  // then a default applies only to what is asked for at neither level
    defaults.default_cpu = (out.real.present & ResourceList::kCpu) == 0;
    defaults.default_memory = (out.real.present & ResourceList::kMemory) == 0;
  }
  const ResourceList nonzero = total_requests(spec, defaults);
  out.nonzero_cpu = nonzero.milli_cpu;
  out.nonzero_memory = nonzero.memory;
  out.scored = total_requests(spec, {true, true, true});
  return out;
}

std::int64_t amount_of(const ResourceList& list, std::string_view resource) {
  if (resource == "cpu") return list.milli_cpu;
  if (resource == "memory") return list.memory;
  if (resource == "ephemeral-storage") return list.ephemeral_storage;
  if (resource == "pods") return list.pods;
  for (const auto& [name, amount] : list.scalar) {
    if (name == resource) return amount;
  }
  return 0;
}

}  // namespace wavetank::schedule
