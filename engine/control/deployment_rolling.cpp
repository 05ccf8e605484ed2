// strategy.type RollingUpdate. Source: kubernetes/pkg/controller/deployment/rolling.go.

#include <algorithm>

#include "engine/control/deployment_sync.h"

namespace wavetank::control {

void DeploymentSync::roll() {
  sync_revision(true);
  if (!reconcile_new_set() && !reconcile_old_sets() &&
      deployment_complete(spec_.replicas, row_.header.generation, status_.numbers)) {
    clean_up_history();
  }
  sync_status(true);
}

bool DeploymentSync::reconcile_new_set() {
  const SetCopy& set = at(new_);
  if (set.replicas == spec_.replicas) return false;
  if (set.replicas > spec_.replicas) return scale_set(new_, spec_.replicas, true);
  return scale_set(new_, new_set_replicas(spec_, total_replicas(), set.replicas), true);
}

bool DeploymentSync::reconcile_old_sets() {
  std::vector<int> old = old_sets();
  old.erase(std::remove_if(old.begin(), old.end(), [&](int i) { return at(i).replicas == 0; }), old.end());
  if (old.empty()) return false;
  const SetCopy& fresh = at(new_);
  const std::int32_t min_available = spec_.replicas - max_unavailable(spec_);
  const std::int32_t new_unavailable = fresh.replicas - fresh.available;
  const std::int32_t budget = total_replicas() - min_available - new_unavailable;
  if (budget <= 0) return false;
  // Unhealthy ones first: else they would hold up the rollout for ever. Only then what is available beyond the minimum.
  const std::int32_t cleaned = clean_up_unhealthy(old, budget);
  if (cleaned < 0) return false;
  return cleaned + scale_down_old_sets(old) > 0;
}

std::int32_t DeploymentSync::clean_up_unhealthy(const std::vector<int>& old, std::int32_t limit) {
  std::int32_t done = 0;
  for (const int i : old) {
    if (done >= limit) break;
    const SetCopy& s = at(i);
    if (s.replicas == 0 || s.replicas == s.available) continue;
    const std::int32_t count = std::min(limit - done, s.replicas - s.available);
    if (count < 0)
      return -1;  // its status has not caught up with its last scaling; Kubernetes too gives up until it has
    scale_set(i, s.replicas - count, true);
    done += count;
  }
  return done;
}

std::int32_t DeploymentSync::scale_down_old_sets(const std::vector<int>& old) {
  std::int32_t available = at(new_).available;
  for (const int i : old) available += at(i).available;
  const std::int32_t excess = available - (spec_.replicas - max_unavailable(spec_));
  std::int32_t done = 0;
  for (const int i : old) {
    if (done >= excess) break;
    const std::int32_t size = at(i).replicas;
    if (size == 0) continue;
    const std::int32_t count = std::min(size, excess - done);
    scale_set(i, size - count, true);
    done += count;
  }
  return done;
}

}  // namespace wavetank::control
