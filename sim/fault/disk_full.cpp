// disk-full: something that is no pod's (logs of the system, a dump) fills the nodes' disks. Their agents remove images
// that nobody uses, then set DiskPressure and evict.
#include <algorithm>

#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

constexpr std::int64_t kWholeDisk = std::int64_t{1} << 50;

/// The largest of the faults that are on counts.
void fill(Context& context, NodeId node, std::int64_t bytes) {
  for (const FaultEngine::Active& other : context.others) {
    if (other.spec.kind != "disk-full") continue;
    if (std::find(other.nodes.begin(), other.nodes.end(), node) != other.nodes.end())
      bytes = std::max(bytes, other.spec.bytes.value_or(kWholeDisk));
  }
  context.world.fill_disk(node, bytes, context.now, context.cause);
}

}  // namespace

base::Result<void> begin_disk_full(Context& context, FaultEngine::Active& active) {
  active.nodes = choose_nodes(context, active.spec);
  if (active.nodes.empty()) return nobody("no node is meant, or all that are meant are down");
  context.inject(active, name_nodes(context.view(), active.nodes));
  for (const NodeId node : active.nodes) fill(context, node, active.spec.bytes.value_or(kWholeDisk));
  return {};
}

void end_disk_full(Context& context, FaultEngine::Active& active) {
  for (const NodeId node : active.nodes) fill(context, node, 0);
}

}  // namespace wavetank::fault
