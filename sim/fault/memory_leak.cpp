// memory-leak: containers of an image take ever more memory, from now or from their start, until their limit or the
// node's memory ends it: OOMKilled, or eviction.
#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

constexpr std::int64_t kRate = std::int64_t{1} << 20;

}  // namespace

base::Result<void> begin_memory_leak(Context& context, FaultEngine::Active& active) {
  active.patterns = {active.spec.image};
  context.inject(active, "image " + active.spec.image);
  context.world.set_memory_leak(active.spec.image, true, active.spec.bytes.value_or(kRate), context.now, context.cause);
  return {};
}

void end_memory_leak(Context& context, FaultEngine::Active& active) {
  for (const std::string& pattern : active.patterns)
    context.world.set_memory_leak(pattern, false, active.spec.bytes.value_or(kRate), context.now, context.cause);
}

}  // namespace wavetank::fault
