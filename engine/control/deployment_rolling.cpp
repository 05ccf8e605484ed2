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
  return scale_set(new_, reconcile_new_size(spec_, total_replicas(), set.replicas), true);
}

bool DeploymentSync::reconcile_old_sets() {
  std::vector<int> numbers = old_sets();
  numbers.erase(std::remove_if(numbers.begin(), numbers.end(), [&](int i) { return at(i).replicas == 0; }),
                numbers.end());
  if (numbers.empty()) return false;
  std::vector<SetCopy> old;
  for (const int i : numbers) old.push_back(at(i));
  const Shrunk shrunk = reconcile_old(spec_, at(new_), std::move(old));
  for (std::size_t k = 0; k < shrunk.cleaned.size(); ++k) scale_set(numbers[k], shrunk.cleaned[k], true);
  for (std::size_t k = 0; k < numbers.size(); ++k) scale_set(numbers[k], shrunk.old[k].replicas, true);
  return !shrunk.behind && shrunk.removed > 0;
}

}  // namespace wavetank::control
