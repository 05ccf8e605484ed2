#pragma once
// Which pods a ReplicaSet gives up first. Source: kubernetes/pkg/controller/controller_utils.go ActivePodsWithRanks,
// pkg/controller/replicaset/replica_set.go getPodsToDelete.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/ids.h"

namespace wavetank::control {

/// What the order looks at, of one active pod.
struct Candidate {
  event::PodId pod;
  bool assigned = false;   ///< Has a node.
  std::uint8_t phase = 0;  ///< 0 Pending, 1 Unknown (not written since 1.5), 2 Running.
  bool ready = false;
  std::int32_t cost = 0;                             ///< Annotation controller.kubernetes.io/pod-deletion-cost.
  std::int32_t rank = 0;                             ///< Active related pods on its node.
  std::int64_t ready_s = 0, created_s = 0;           ///< Whole seconds, as the API server keeps times.
  std::uint32_t restarts = 0, sidecar_restarts = 0;  ///< The most of one container.
  std::uint64_t uid = 0;
};

/// What releases before 1.22 did otherwise: feature gates PodDeletionCost and LogarithmicScaleDown.
struct VictimRules {
  bool deletion_cost = true;
  bool logarithmic_ages = true;  ///< Off: the later time goes first.
};

/// Brings the first `count` victims to the front, in order. Ages within the same power of two count as equal and the
/// UID decides (KEP-2185), so that not always the newest domain loses its pods. Kubernetes' comparison is not
/// transitive where equal and unequal times of one power of two meet; here pods of one second stay together. O(n log
/// n).
void order_victims(std::vector<Candidate>& candidates, base::SimTime now, VictimRules rules = {});

/// Pods to make or delete go in batches of 1, 2, 4…: if the first fail for a reason that all share, few attempts are
/// wasted (slowStartBatch). Calls batch(first, count) for each; it says whether to go on.
template <class Batch>
void slow_start(std::int32_t count, Batch&& batch) {
  for (std::int32_t done = 0, size = 1; done < count; done += size, size *= 2) {
    size = size < count - done ? size : count - done;
    if (!batch(done, size)) return;
  }
}

/// The annotation's value: a 32-bit integer without '+' or leading zeros; anything else counts as 0.
std::int32_t parse_deletion_cost(std::string_view text);

}  // namespace wavetank::control
