#pragma once
// The arithmetic of rollouts, apart from the controller so that tables can test it.
// Source: kubernetes/pkg/controller/deployment/util/deployment_util.go.

#include <cstdint>
#include <vector>

#include "engine/model/types.h"
#include "engine/state/rows.h"

namespace wavetank::control {

/// Kubernetes adds replica counts as Go's int32, which wraps; in C++ that has to be said.
constexpr std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// A ReplicaSet as one sync of its Deployment works on it: changed by what the sync decides, before the cluster has it.
struct SetCopy {
  state::ReplicaSetId id;                           ///< Not valid for the set that this sync makes.
  std::int32_t replicas = 0, desired = 0, max = 0;  ///< spec.replicas and the annotations (0: none).
  std::int32_t status_replicas = 0, ready = 0, available = 0;
  std::int64_t revision = 0;
  std::size_t age = 0;  ///< Its place in the order of creation.
};

struct Fenceposts {
  std::int32_t surge = 0, unavailable = 0;
};

/// maxSurge rounded up, maxUnavailable rounded down; if both come to 0, one may be unavailable or nothing would ever
/// move.
Fenceposts resolve_fenceposts(model::IntOrPercent max_surge, model::IntOrPercent max_unavailable, std::int32_t desired);
/// 0 unless RollingUpdate.
std::int32_t max_surge(const model::Deployment& spec);
/// 0 unless RollingUpdate or with 0 replicas; never more than replicas.
std::int32_t max_unavailable(const model::Deployment& spec);
/// What the new set may grow to in one sync (NewRSNewReplicas); `all` counts the replicas of every set, the new one's
/// `current` too.
std::int32_t new_set_replicas(const model::Deployment& spec, std::int32_t all, std::int32_t current);
/// The share of a set in `to_add` (negative: to remove) when several sets are scaled at once (GetReplicaSetProportion).
std::int32_t proportion(const model::Deployment& spec, std::int32_t status_replicas, const SetCopy& set,
                        std::int32_t to_add, std::int32_t added);

/// What one sync makes of the new set: down to the Deployment's size at once, up as far as the surge lets
/// (reconcileNewReplicaSet).
std::int32_t reconcile_new_size(const model::Deployment& spec, std::int32_t all, std::int32_t current);

/// Old sets shrunk; their `replicas` are the new sizes.
struct Shrunk {
  std::vector<SetCopy> old;
  std::vector<std::int32_t> cleaned;  ///< reconcile_old: the sizes between its two steps, each a scaling of its own.
  std::int32_t removed = 0;
  bool behind = false;  ///< The status of a set is behind its spec: Kubernetes gives up until it has caught up.
};
/// Takes at most `limit` pods that are not available from old sets, oldest first (cleanupUnhealthyReplicas).
Shrunk clean_up_unhealthy(std::vector<SetCopy> old, std::int32_t limit);
/// Takes from old sets what is available beyond the minimum, `available` being that of all sets
/// (scaleDownOldReplicaSetsForRollingUpdate).
Shrunk scale_down_old(const model::Deployment& spec, std::vector<SetCopy> old, std::int32_t available);
/// Both, one after the other, within what the new set's pods that are not available leave (reconcileOldReplicaSets).
Shrunk reconcile_old(const model::Deployment& spec, const SetCopy& fresh, std::vector<SetCopy> old);

struct StatusNumbers {
  std::int32_t replicas = 0, updated = 0, ready = 0, available = 0, unavailable = 0;
  std::uint32_t observed_generation = 0;
  bool operator==(const StatusNumbers&) const = default;
};

/// What a rollout's status sync makes of condition Progressing (syncRolloutStatus).
enum class Progress : std::uint8_t { Keep, Complete, Progressing, TimedOut };
struct ProgressFacts {
  std::int32_t replicas = 0;  ///< spec.replicas
  std::uint32_t generation = 0;
  StatusNumbers before, after;
  bool rolled_out_before = false;  ///< The condition's reason is NewReplicaSetAvailable.
  bool timed_out = false;          ///< The deadline has passed since it was written.
};
Progress judge_progress(const ProgressFacts& facts);

bool deployment_complete(std::int32_t replicas, std::uint32_t generation, const StatusNumbers& status);
bool deployment_progressing(const StatusNumbers& before, const StatusNumbers& after);

}  // namespace wavetank::control
