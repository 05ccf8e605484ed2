// network-partition: nodes and the API server do not reach each other. TCP needs both ways, so that a node agent whose
// packets do not arrive hears nothing either; one that cannot be called (api-to-node) still reports by connections of
// its own, and only logs, exec and port-forward fail. Containers run on and are restarted; what happens to them is
// reported when the link is back, and pods that were deleted meanwhile end then.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_network_partition(Context& context, FaultEngine::Active& active) {
  active.nodes = choose_nodes(context, active.spec);
  if (active.nodes.empty()) return nobody("no node is meant, or all that are meant are down");
  const std::string& way = active.spec.direction;
  context.inject(active, name_nodes(context.view(), active.nodes) + (way.empty() || way == "both" ? "" : ", " + way));
  if (way == "api-to-node") active.nodes.clear();
  for (const NodeId node : active.nodes) context.world.set_link(node, false, context.now, context.cause);
  return {};
}

void end_network_partition(Context& context, FaultEngine::Active& active) {
  if (active.spec.direction == "api-to-node") return;
  for (const NodeId node : active.nodes) {
    const bool held = context.held_by_another(node, "network-partition");
    if (!held) context.world.set_link(node, true, context.now, context.cause);
  }
}

}  // namespace wavetank::fault
