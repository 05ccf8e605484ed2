#pragma once
// Passes over whole columns of nodes, in the widest registers the machine has. What they compute is what the plain
// loops do, lane by lane and in the same order, so that no machine decides differently from another.

#include <cstddef>
#include <cstdint>
#include <span>

namespace wavetank::schedule {

/// Passes take so many nodes at a time; the rest is left to the caller.
inline constexpr std::size_t kLanes = 8;

/// Below this, 100 times an amount is a double without rounding, and so is a product of up to 100 with an amount.
inline constexpr std::int64_t kExactAmount = std::int64_t{1} << 46;

/// One resource of every node, and the pod's share of it.
struct ColumnShare {
  const std::int64_t* allocatable = nullptr;
  const std::int64_t* requested = nullptr;
  const double* inverse = nullptr;  ///< 1 over allocatable, 0 where there is none.
  std::int64_t pod = 0;
  double weight = 1;
};

/// Sum of weight · (100 · part / allocatable, whole) over the resources, times `by`, whole; `part` is what is left
/// (least) or used. Nodes without one of the resources get a meaningless number.
/// `nodes` is a multiple of kLanes; `by` a power of two up to 1.
enum class Pass : std::uint8_t {
  Exact,        ///< All numbers are right.
  SomeMissing,  ///< But for nodes without one of the resources.
  Inexact,      ///< Nothing is promised: an amount is not below kExactAmount.
};
Pass allocation_scores(std::span<const ColumnShare> shares, bool least, double by, std::size_t nodes,
                       std::int64_t* raw);

/// NodeResourcesBalancedAllocation of two resources: (1 − |f0 − f1| / 2) · 100, whole. Otherwise as above.
Pass balance_scores(const ColumnShare& first, const ColumnShare& second, std::size_t nodes, std::int64_t* raw);

/// left[n] |= allocatable[n] − requested[n] − want: negative where it is not enough.
void or_what_is_left(const std::int64_t* allocatable, const std::int64_t* requested, std::int64_t want,
                     std::size_t nodes, std::int64_t* left);

}  // namespace wavetank::schedule
