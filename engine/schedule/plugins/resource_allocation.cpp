#include "engine/schedule/plugins/resource_allocation.h"

#include "engine/schedule/node_match.h"

namespace wavetank::schedule {

std::vector<ScoredResource> scored_resources(const std::vector<ResourceWeight>& resources) {
  std::vector<ScoredResource> out;
  for (const ResourceWeight& r : resources) {
    if (out.size() == kMaxScoredResources) break;
    auto kind = ScoredResource::Kind::Scalar;
    if (r.name == "cpu") kind = ScoredResource::Kind::Cpu;
    if (r.name == "memory") kind = ScoredResource::Kind::Memory;
    if (r.name == "ephemeral-storage") kind = ScoredResource::Kind::Ephemeral;
    out.push_back({kind, r.name, r.weight});
  }
  return out;
}

std::size_t scored_columns(const Cache& cache, const std::vector<ScoredResource>& resources,
                           const model::ResourceList& pod, bool nonzero,
                           std::array<ScoredColumn, kMaxScoredResources>& out) {
  std::size_t count = 0;
  for (const ScoredResource& r : resources) {
    ScoredColumn column{nullptr, nullptr, 0, r.weight, nullptr};
    switch (r.kind) {
      case ScoredResource::Kind::Cpu:
        column = {&cache.allocatable_cpu, nonzero ? &cache.nonzero_cpu : &cache.requested_cpu, pod.milli_cpu, r.weight,
                  &cache.inverse_cpu};
        break;
      case ScoredResource::Kind::Memory:
        column = {&cache.allocatable_memory, nonzero ? &cache.nonzero_memory : &cache.requested_memory, pod.memory,
                  r.weight, &cache.inverse_memory};
        break;
      case ScoredResource::Kind::Ephemeral:
        column = {&cache.allocatable_ephemeral, &cache.requested_ephemeral, pod.ephemeral_storage, r.weight, nullptr};
        break;
      case ScoredResource::Kind::Scalar:  // takes part only if the pod asks for it
        column.pod = amount_of(pod, r.name);
        for (const Cache::Scalar& s : cache.scalars) {
          if (column.pod != 0 && s.name == r.name)
            column = {&s.allocatable, &s.requested, column.pod, r.weight, nullptr};
        }
        break;
    }
    if (column.allocatable != nullptr) out[count++] = column;
  }
  return count;
}

void append_key(std::string& key, const model::ResourceList& list) {
  for (const std::int64_t v : {list.milli_cpu, list.memory, list.ephemeral_storage}) append_key(key, v);
  append_key(key, static_cast<std::int64_t>(list.scalar.size()));
  for (const auto& [name, amount] : list.scalar) {
    append_key(key, name);
    append_key(key, amount);
  }
}

}  // namespace wavetank::schedule
