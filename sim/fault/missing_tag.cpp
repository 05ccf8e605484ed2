// missing-tag: the registry answers, but has no such tag: a typing error, or an image that was deleted. Nodes that have
// the image are not struck, unless they must ask (imagePullPolicy Always).
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_missing_tag(Context& context, FaultEngine::Active& active) {
  active.patterns = {active.spec.image};
  context.inject(active, "image " + active.spec.image);
  context.world.set_image_unavailable(active.spec.image, true);
  return {};
}

void end_missing_tag(Context& context, FaultEngine::Active& active) {
  for (const std::string& pattern : active.patterns) context.world.set_image_unavailable(pattern, false);
}

}  // namespace wavetank::fault
