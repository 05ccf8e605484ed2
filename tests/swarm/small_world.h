#pragma once
// Small clusters, workloads and faults drawn from a seed, as a scenario file: `wavetank run` runs it again.

#include <cstdint>
#include <string>

namespace wavetank::swarm {

/// Minutes after which nothing is done to the cluster any more and all faults have healed.
inline constexpr int kHealedAfterMinutes = 13;
/// When the run ends: what is feasible must be ready by then. The longest waits that can follow the healing are a
/// CrashLoopBackOff or ImagePullBackOff of 5 min, a job's back-off of 10 min that began before it, evictions of one
/// node in 10 s, and the 6 min until a volume is taken from a node that does not answer.
inline constexpr int kEndMinutes = 40;

/// The scenario of a seed. All that it asks for fits the cluster when every node is well: what is asked for is bounded
/// by half of what there is.
std::string small_world(std::uint64_t seed);

}  // namespace wavetank::swarm
