// image-crash: containers of an image end `after` each start, again and again: CrashLoopBackOff.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_image_crash(Context& context, FaultEngine::Active& active) {
  active.patterns = {active.spec.image};
  context.inject(active, "image " + active.spec.image);
  context.world.set_image_crashing(active.spec.image, true, active.spec.exit_code, active.spec.after, context.now,
                                   context.cause);
  return {};
}

void end_image_crash(Context& context, FaultEngine::Active& active) {
  for (const std::string& pattern : active.patterns)
    context.world.set_image_crashing(pattern, false, 0, {}, context.now, context.cause);
}

}  // namespace wavetank::fault
