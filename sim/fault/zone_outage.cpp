// zone-outage: all machines of a zone lose power at once. Nodes that join it later are not struck.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_zone_outage(Context& context, FaultEngine::Active& active) {
  active.nodes = choose_nodes(context, active.spec);
  if (active.nodes.empty()) return nobody("no node is in zone \"" + active.spec.zone + "\"");
  const std::string size = std::to_string(active.nodes.size()) + (active.nodes.size() == 1 ? " node" : " nodes");
  context.inject(active, "zone " + active.spec.zone + " (" + size + ")");
  for (const NodeId node : active.nodes) context.crash(node);
  return {};
}

void end_zone_outage(Context& context, FaultEngine::Active& active) {
  for (const NodeId node : active.nodes) context.restore(node);
}

}  // namespace wavetank::fault
