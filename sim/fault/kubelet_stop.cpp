// kubelet-stop: node agents stop. Containers run on, but nobody probes, restarts, starts or stops them, and heartbeats
// are missing.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_kubelet_stop(Context& context, FaultEngine::Active& active) {
  active.nodes = choose_nodes(context, active.spec);
  if (active.nodes.empty()) return nobody("no node is meant, or all that are meant are down");
  context.inject(active, name_nodes(context.view(), active.nodes));
  for (const NodeId node : active.nodes) context.world.stop_kubelet(node, context.now, context.cause);
  return {};
}

void end_kubelet_stop(Context& context, FaultEngine::Active& active) {
  for (const NodeId node : active.nodes) {
    if (!context.held_by_another(node, "kubelet-stop")) context.world.start_kubelet(node, context.now, context.cause);
  }
}

}  // namespace wavetank::fault
