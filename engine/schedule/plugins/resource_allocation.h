#pragma once
// What NodeResourcesFit and NodeResourcesBalancedAllocation share: a node's allocatable and its load with the pod on
// it, for each resource that takes part in the score. Source: plugins/noderesources/resource_allocation.go.

#include <array>
#include <utility>

#include "engine/schedule/framework.h"

namespace wavetank::schedule {

/// Most resources that a profile may weigh at once.
inline constexpr std::size_t kMaxScoredResources = 32;

struct ScoredResource {
  enum class Kind : std::uint8_t { Cpu, Memory, Ephemeral, Scalar };
  Kind kind = Kind::Cpu;
  std::string name;
  std::int64_t weight = 1;
};
std::vector<ScoredResource> scored_resources(const std::vector<ResourceWeight>& resources);

/// One resource for one pod: the columns to read and the pod's own share.
struct ScoredColumn {
  const std::vector<std::int64_t>* allocatable = nullptr;  ///< Null: not there, takes no part.
  const std::vector<std::int64_t>* requested = nullptr;
  std::int64_t pod = 0;
  std::int64_t weight = 1;
  const std::vector<double>* inverse = nullptr;  ///< 1 over allocatable, where the cache has it.
};
/// `nonzero`: a node's load counts with the defaults for missing requests. Returns how many columns take part.
std::size_t scored_columns(const Cache& cache, const std::vector<ScoredResource>& resources,
                           const model::ResourceList& pod, bool nonzero,
                           std::array<ScoredColumn, kMaxScoredResources>& out);

/// Appends all amounts of a list to a class key.
void append_key(std::string& key, const model::ResourceList& list);

}  // namespace wavetank::schedule
