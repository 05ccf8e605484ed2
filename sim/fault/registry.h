#pragma once
// The kinds of faults: an explicit table sorted by name.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fault/fault.h"

namespace wavetank::fault {

/// What a kind may touch while it begins or ends.
struct Context {
  loop::ControlPlane& control_plane;
  world::SimWorld& world;
  base::Stream stream;  ///< For choosing, one of its own for each fault of the run.
  SimTime now;
  Seq cause = 0;  ///< What led to the fault, and after inject(): the fault.

  [[nodiscard]] ClusterView view() const { return control_plane.view(now); }
  /// FaultInjected. Sets `cause`, and id and seq of `active`.
  void inject(FaultEngine::Active& active, std::string subject);
  /// Power off and on: MachineDown or MachineUp, then the world's lever.
  void crash(NodeId node);
  void restore(NodeId node);
};

/// One kind of fault.
struct KindInfo {
  std::string_view name;      ///< "zone-outage"
  std::string_view summary;   ///< One line for help and schema.
  std::string_view fields;    ///< The FaultSpec fields it takes, separated by blanks.
  std::string_view required;  ///< Those it must have, separated by blanks; "a|b": one of them.
  /// Chooses whom to strike, injects and strikes. Error: nobody is meant.
  base::Result<void> (*begin)(Context& context, FaultEngine::Active& active);
  /// Undoes it (FaultHealed is already written); null where there is nothing to undo.
  void (*end)(Context& context, FaultEngine::Active& active);
};

/// Sorted by name.
std::span<const KindInfo> kinds();
const KindInfo* find_kind(std::string_view name);

// ---- What several kinds share ----------------------------------------------------------------------------------------------------

/// Alive nodes by name or pattern and zone (empty: all), in the order of their making, then `count` of them.
std::vector<NodeId> choose_nodes(const Context& context, const FaultSpec& spec);
/// Alive pods that are bound, by pod name or workload, then `count` of them.
std::vector<PodId> choose_pods(const Context& context, const FaultSpec& spec);
/// "node n1", "3 nodes (n1, n2, n5)".
std::string name_nodes(const ClusterView& view, const std::vector<NodeId>& nodes);

extern const KindInfo kContainerCrash, kImageCrash, kImageNeverReady, kImageUnavailable, kKubeletStop, kNodeCrash, kZoneOutage;

}  // namespace wavetank::fault
