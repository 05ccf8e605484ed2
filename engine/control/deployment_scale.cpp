// Scaling outside a rollout's steps: to the size of the Deployment, or in proportion while several sets are alive.
// Source: kubernetes/pkg/controller/deployment/sync.go scale, scaleReplicaSet; util.FindActiveOrLatest, IsSaturated.

#include <algorithm>

#include "engine/control/deployment_sync.h"
#include "engine/control/rollout_math.h"

namespace wavetank::control {

int DeploymentSync::active_or_latest() const {
  int active = 0;
  int which = kNone;
  for (int i = 0; i < set_count(); ++i) {
    if (at(i).replicas == 0) continue;
    ++active;
    which = i;
  }
  if (active == 1) return which;
  if (active > 1) return kNone;
  return has_new() ? new_ : set_count() - 1;  // none at all: kNone
}

bool DeploymentSync::saturated(int set) const {
  if (set == kNone) return false;
  const SetCopy& s = at(set);
  return s.replicas == spec_.replicas && s.desired == spec_.replicas && s.available == spec_.replicas;
}

bool DeploymentSync::scale_set(int set, std::int32_t replicas, bool annotate_only_with_size) {
  SetCopy& s = at(set);
  const std::int32_t desired = spec_.replicas;
  const std::int32_t max = wrapping_add(spec_.replicas, max_surge(spec_));
  const bool resize = s.replicas != replicas;
  if (!resize && (annotate_only_with_size || (s.desired == desired && s.max == max))) return false;
  if (s.id.valid()) plan_.call(command::ScaleReplicaSet{{s.id, replicas, desired, max}});
  s.replicas = replicas;
  s.desired = desired;
  s.max = max;
  return resize;
}

void DeploymentSync::scale() {
  if (const int one = active_or_latest(); one != kNone) {
    scale_set(one, spec_.replicas, true);
    return;
  }
  if (saturated(new_)) {
    for (const int i : old_sets()) {
      if (at(i).replicas > 0) scale_set(i, 0, true);
    }
    return;
  }
  if (!spec_.recreate) scale_proportionally();
}

void DeploymentSync::scale_proportionally() {
  std::vector<int> active;
  for (int i = 0; i < set_count(); ++i) {
    if (at(i).replicas > 0) active.push_back(i);
  }
  const std::int32_t allowed = spec_.replicas > 0 ? wrapping_add(spec_.replicas, max_surge(spec_)) : 0;
  const std::int32_t to_add = allowed - total_replicas();
  // Largest first; of equals the newest when growing, the oldest when shrinking.
  std::sort(active.begin(), active.end(), [&](int a, int b) {
    if (at(a).replicas != at(b).replicas) return at(a).replicas > at(b).replicas;
    return to_add > 0 ? at(a).age > at(b).age : at(a).age < at(b).age;
  });
  std::vector<std::int32_t> sizes;
  std::int32_t added = 0;
  for (const int i : active) {
    const std::int32_t share = proportion(spec_, status_.numbers.replicas, at(i), to_add, added);
    sizes.push_back(at(i).replicas + share);
    added += share;
  }
  if (!active.empty() && to_add != 0) sizes[0] = std::max(0, sizes[0] + to_add - added);
  for (std::size_t k = 0; k < active.size(); ++k) scale_set(active[k], sizes[k], false);
}

}  // namespace wavetank::control
