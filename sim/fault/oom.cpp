// oom: the kernel kills the process of one container of each pod meant for its memory: OOMKilled, exit code 137.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_oom(Context& context, FaultEngine::Active& active) {
  active.spec.oom = true;
  return begin_container_crash(context, active);
}

}  // namespace wavetank::fault
