// image-never-ready: containers of an image fail readiness and startup probes, those running too. A container without
// such a probe is ready when it runs, as in Kubernetes: this fault does not show on it.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_image_never_ready(Context& context, FaultEngine::Active& active) {
  active.patterns = {active.spec.image};
  context.inject(active, "image " + active.spec.image);
  context.world.set_image_never_ready(active.spec.image, true, context.now, context.cause);
  return {};
}

void end_image_never_ready(Context& context, FaultEngine::Active& active) {
  for (const std::string& pattern : active.patterns)
    context.world.set_image_never_ready(pattern, false, context.now, context.cause);
}

}  // namespace wavetank::fault
