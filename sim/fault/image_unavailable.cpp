// image-unavailable: the registry does not give out an image. missing-tag: it answers, but has no such tag (a typing
// error, or an image that was deleted); a node agent tells the two apart by nothing but the message. Nodes that have
// the image are not struck, unless they must ask (imagePullPolicy Always).
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_image_unavailable(Context& context, FaultEngine::Active& active) {
  active.patterns = {active.spec.image};
  context.inject(active, "image " + active.spec.image);
  context.world.set_image_unavailable(active.spec.image, true);
  return {};
}

void end_image_unavailable(Context& context, FaultEngine::Active& active) {
  for (const std::string& pattern : active.patterns) context.world.set_image_unavailable(pattern, false);
}

}  // namespace wavetank::fault
