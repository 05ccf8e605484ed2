// node-crash: machines lose power. Their containers are gone; the control plane learns of it by missing heartbeats.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_node_crash(Context& context, FaultEngine::Active& active) {
  active.nodes = choose_nodes(context, active.spec);
  if (active.nodes.empty()) return nobody("no node is meant, or all that are meant are down");
  context.inject(active, name_nodes(context.view(), active.nodes));
  for (const NodeId node : active.nodes) context.crash(node);
  return {};
}

void end_node_crash(Context& context, FaultEngine::Active& active) {
  for (const NodeId node : active.nodes) context.restore(node);
}

}  // namespace wavetank::fault
