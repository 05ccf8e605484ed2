// controller-manager-outage: no controller runs: no pod is replaced, no node is given up, no endpoint is changed. A new
// leader lists everything, and every node counts as seen when it begins.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_controller_manager_outage(Context& context, FaultEngine::Active& active) {
  context.inject(active, "the controller manager");
  context.stop(event::Component::ControllerManager);
  return {};
}

void end_controller_manager_outage(Context& context, FaultEngine::Active&) {
  context.start(event::Component::ControllerManager, "controller-manager-outage");
}

}  // namespace wavetank::fault
