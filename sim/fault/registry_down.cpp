// registry-down: a registry, or every one, does not answer. Whatever has to be pulled from it fails; images that are on
// the node already and need no asking are used.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_registry_down(Context& context, FaultEngine::Active& active) {
  const std::string& registry = active.spec.registry;
  active.patterns = {registry.empty() ? "*" : registry + "/*"};
  context.inject(active, registry.empty() ? "all registries" : "registry " + registry);
  for (const std::string& pattern : active.patterns) context.world.set_image_unavailable(pattern, true);
  return {};
}

void end_registry_down(Context& context, FaultEngine::Active& active) {
  for (const std::string& pattern : active.patterns) context.world.set_image_unavailable(pattern, false);
}

}  // namespace wavetank::fault
