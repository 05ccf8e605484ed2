// domain-outage: the machines that share a label's value, such as a rack or a power feed, lose power at once. Nodes
// that join the domain later are not struck.
#include "sim/fault/registry.h"

namespace wavetank::fault {

base::Result<void> begin_domain_outage(Context& context, FaultEngine::Active& active) {
  active.nodes = choose_nodes(context, active.spec);
  if (active.nodes.empty()) return nobody("no node has the label " + active.spec.label);
  const std::string size = std::to_string(active.nodes.size()) + (active.nodes.size() == 1 ? " node" : " nodes");
  context.inject(active, active.spec.label + " (" + size + ")");
  for (const NodeId node : active.nodes) context.crash(node);
  return {};
}

void end_domain_outage(Context& context, FaultEngine::Active& active) {
  for (const NodeId node : active.nodes) context.restore(node);
}

}  // namespace wavetank::fault
