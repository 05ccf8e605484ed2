// registry-slow: images arrive at a part of image.bandwidth, on all nodes or on those meant.
#include <algorithm>

#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

/// The slowest of the faults that are on decides.
void set_speed(Context& context, NodeId node, std::int64_t percent) {
  for (const FaultEngine::Active& other : context.others) {
    if (other.spec.kind != "registry-slow") continue;
    if (std::find(other.nodes.begin(), other.nodes.end(), node) != other.nodes.end())
      percent = std::min(percent, other.spec.percent);
  }
  context.world.set_pull_speed(node, percent, context.now);
}

}  // namespace

base::Result<void> begin_registry_slow(Context& context, FaultEngine::Active& active) {
  FaultSpec whom = active.spec;
  const bool all = whom.node.empty() && whom.zone.empty() && whom.label.empty() && !whom.count;
  if (all) whom.node = "*";
  active.nodes = choose_nodes(context, whom);
  if (active.nodes.empty()) return nobody("no node is meant, or all that are meant are down");
  context.inject(active, all ? "all nodes" : name_nodes(context.view(), active.nodes));
  for (const NodeId node : active.nodes) set_speed(context, node, active.spec.percent);
  return {};
}

void end_registry_slow(Context& context, FaultEngine::Active& active) {
  for (const NodeId node : active.nodes) set_speed(context, node, 100);
}

}  // namespace wavetank::fault
