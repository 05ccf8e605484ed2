// scheduler-outage: pods that are made wait. The next leader builds its queue from what is there.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_scheduler_outage(Context& context, FaultEngine::Active& active) {
  context.inject(active, "the scheduler");
  context.stop(event::Component::Scheduler);
  return {};
}

void end_scheduler_outage(Context& context, FaultEngine::Active&) {
  context.start(event::Component::Scheduler, "scheduler-outage");
}

}  // namespace wavetank::fault
