// strategy.type Recreate. Source: kubernetes/pkg/controller/deployment/recreate.go.

#include "engine/control/deployment_sync.h"

namespace wavetank::control {

bool DeploymentSync::old_pods_running() const {
  for (const int i : old_sets()) {
    if (at(i).status_replicas > 0) return true;
    // Terminating pods still run.
    for (const event::PodId p : view_.replica_set(at(i).id).pods) {
      const event::Phase phase = view_.pod_phase(p);
      if (phase == event::Phase::Pending || phase == event::Phase::Running) return true;
    }
  }
  return false;
}

void DeploymentSync::recreate() {
  sync_revision(false);
  bool scaled_down = false;
  for (const int i : old_sets()) {
    if (at(i).replicas > 0) scaled_down = scale_set(i, 0, true) || scaled_down;
  }
  if (scaled_down || old_pods_running()) {
    sync_status(true);
    return;
  }
  if (!has_new()) sync_revision(true);
  scale_set(new_, spec_.replicas, true);
  if (deployment_complete(spec_.replicas, row_.header.generation, status_.numbers)) clean_up_history();
  sync_status(true);
}

}  // namespace wavetank::control
