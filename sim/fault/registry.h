#pragma once
// The kinds of faults: an explicit table sorted by name, and what the kinds share.

#include <functional>
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
  const std::vector<FaultEngine::Active>& others;  ///< Faults that are on beside this one.
  base::Stream stream;                             ///< For choosing; of this fault alone.
  SimTime now;
  Seq cause = 0;  ///< What led to the fault; after inject() the fault itself; when it ends, its FaultHealed.

  [[nodiscard]] ClusterView view() const { return control_plane.view(now); }
  /// FaultInjected. Sets `cause`, and id and seq of `active`.
  void inject(FaultEngine::Active& active, std::string subject);
  /// Power off, power on: MachineDown or MachineUp, then the world's lever. Power stays off while another fault holds
  /// the node down.
  void crash(NodeId node);
  void restore(NodeId node);
  /// A part of the control plane stops, or comes back when no other fault holds it down.
  void stop(event::Component component);
  void start(event::Component component, std::string_view kind);
  /// Whether another fault of one of `kinds` (separated by blanks) struck the node and is still on.
  [[nodiscard]] bool held_by_another(NodeId node, std::string_view kinds) const;
};

/// One kind of fault.
struct KindInfo {
  std::string_view name;      ///< "zone-outage"
  std::string_view summary;   ///< One line for help and schema.
  std::string_view fields;    ///< The fields it takes, separated by blanks.
  std::string_view required;  ///< Those it must have, separated by blanks; "a|b": one of them.
  /// Chooses whom to strike, injects and strikes. Error: nobody is meant.
  base::Result<void> (*begin)(Context& context, FaultEngine::Active& active);
  /// Undoes it, FaultHealed being written. Null: over in the moment it happens.
  void (*end)(Context& context, FaultEngine::Active& active);
};

/// Sorted by name.
std::span<const KindInfo> kinds();
const KindInfo* find_kind(std::string_view name);

// ---- What several kinds share
// -------------------------------------------------------------------------------------------------

/// Alive nodes by name or pattern and zone, in the order of their making; with `count` so many of those whose machine
/// is up.
std::vector<NodeId> choose_nodes(const Context& context, const FaultSpec& spec);
/// Alive, bound pods by name or pattern, or of a workload, that `can_be` struck, in the order of their making; with
/// `count` so many of them.
std::vector<PodId> choose_pods(const Context& context, const FaultSpec& spec, const std::function<bool(PodId)>& can_be);
/// Whether the spec's words mean this node or pod.
bool is_meant(const ClusterView& view, const state::NodeRow& node, const FaultSpec& spec);
bool is_meant(const ClusterView& view, PodId pod, const FaultSpec& spec);
/// The node's zone, or, with a label in the spec, "rack=r1": what a fault of whole domains strikes.
std::string domain_of(const ClusterView& view, const state::NodeRow& node, const FaultSpec& spec);
/// "node n1", "nodes n1, n2", "5 nodes n1, n2, n3 …".
std::string name_nodes(const ClusterView& view, const std::vector<NodeId>& nodes);

/// Nobody is meant.
base::Result<void> nobody(std::string what);

// ---- The kinds, one file each
// --------------------------------------------------------------------------------------------------

base::Result<void> begin_api_server_outage(Context& context, FaultEngine::Active& active);
void end_api_server_outage(Context& context, FaultEngine::Active& active);
base::Result<void> begin_container_crash(Context& context, FaultEngine::Active& active);
base::Result<void> begin_controller_manager_outage(Context& context, FaultEngine::Active& active);
void end_controller_manager_outage(Context& context, FaultEngine::Active& active);
base::Result<void> begin_disk_full(Context& context, FaultEngine::Active& active);
void end_disk_full(Context& context, FaultEngine::Active& active);
base::Result<void> begin_domain_outage(Context& context, FaultEngine::Active& active);
void end_domain_outage(Context& context, FaultEngine::Active& active);
base::Result<void> begin_image_crash(Context& context, FaultEngine::Active& active);
void end_image_crash(Context& context, FaultEngine::Active& active);
base::Result<void> begin_image_never_ready(Context& context, FaultEngine::Active& active);
void end_image_never_ready(Context& context, FaultEngine::Active& active);
base::Result<void> begin_image_unavailable(Context& context, FaultEngine::Active& active);
void end_image_unavailable(Context& context, FaultEngine::Active& active);
base::Result<void> begin_kubelet_stop(Context& context, FaultEngine::Active& active);
void end_kubelet_stop(Context& context, FaultEngine::Active& active);
base::Result<void> begin_memory_leak(Context& context, FaultEngine::Active& active);
void end_memory_leak(Context& context, FaultEngine::Active& active);
base::Result<void> begin_network_partition(Context& context, FaultEngine::Active& active);
void end_network_partition(Context& context, FaultEngine::Active& active);
base::Result<void> begin_node_crash(Context& context, FaultEngine::Active& active);
void end_node_crash(Context& context, FaultEngine::Active& active);
base::Result<void> begin_oom(Context& context, FaultEngine::Active& active);
base::Result<void> begin_registry_down(Context& context, FaultEngine::Active& active);
void end_registry_down(Context& context, FaultEngine::Active& active);
base::Result<void> begin_registry_slow(Context& context, FaultEngine::Active& active);
void end_registry_slow(Context& context, FaultEngine::Active& active);
base::Result<void> begin_scheduler_outage(Context& context, FaultEngine::Active& active);
void end_scheduler_outage(Context& context, FaultEngine::Active& active);
base::Result<void> begin_zone_outage(Context& context, FaultEngine::Active& active);
void end_zone_outage(Context& context, FaultEngine::Active& active);

}  // namespace wavetank::fault
