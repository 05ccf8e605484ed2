#pragma once
// What may make a waiting pod schedulable: cluster events, as kube-scheduler's queueing hints see them. A plugin
// registers resources and actions; the queue offers an event to the plugins that rejected a pod and registered it.
// Source: k8s.io/kube-scheduler/framework/types.go (ClusterEvent, ActionType), pkg/scheduler/framework/events.go.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/ids.h"
#include "engine/event/ids.h"
#include "engine/model/labels.h"
#include "engine/model/types.h"

namespace wavetank::schedule {

/// Pod is registered only: it stands for both kinds of pods. An event is about an AssignedPod (one with a node) or an
/// UnschedulablePod (one that waits; offered to that pod alone).
enum class Resource : std::uint8_t {
  Pod,
  AssignedPod,
  UnschedulablePod,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  CSINode,
};
inline constexpr std::size_t kResources = 8;

using Actions = std::uint16_t;
namespace action {
inline constexpr Actions kAdd = 1;
inline constexpr Actions kDelete = 2;
inline constexpr Actions kUpdateNodeAllocatable = 4;
inline constexpr Actions kUpdateNodeLabel = 8;
inline constexpr Actions kUpdateNodeTaint = 16;
inline constexpr Actions kUpdateNodeCondition = 32;
inline constexpr Actions kUpdateNodeAnnotation = 64;
inline constexpr Actions kUpdatePodLabel = 128;
inline constexpr Actions kUpdatePodScaleDown = 256;
inline constexpr Actions kUpdatePodToleration = 512;
inline constexpr Actions kUpdatePodSchedulingGatesEliminated = 1024;
inline constexpr Actions kUpdatePodGeneratedResourceClaim = 2048;
inline constexpr Actions kUpdate = 4092;  ///< Any of the updates, or none that has a bit.
}  // namespace action

/// One line of EventsToRegister. Without a hint every such event helps.
struct EventRegistration {
  Resource resource;
  Actions actions = 0;
  bool has_hint = true;
};

/// A node object as hints compare it.
struct NodeObject {
  std::string name;
  model::Labels labels;
  std::vector<model::Taint> taints;
  bool unschedulable = false;
  std::int64_t milli_cpu = 0, memory = 0, ephemeral_storage = 0, pods = 0;
  std::vector<std::int64_t> scalars;  ///< By Cache::scalars column; columns made later are missing.

  [[nodiscard]] std::int64_t scalar(std::uint32_t column) const {
    return column < scalars.size() ? scalars[column] : 0;
  }
};

/// What changed of a volume object, as bits: all that hints ask about.
enum VolumeChange : std::uint8_t {
  kZonesChanged = 1,       ///< PersistentVolume: the zones and regions its labels name.
  kTopologiesChanged = 2,  ///< StorageClass: allowedTopologies.
  kLimitRaised = 4,        ///< CSINode: some driver may attach more volumes.
  kMigrationChanged = 8,   ///< CSINode: the annotation of migrated plugins.
};

struct ClusterEvent {
  Resource resource = Resource::Node;
  Actions action = action::kAdd;  ///< One bit, or kUpdate.
  base::Seq seq = 0;
  // Node
  event::NodeId node;
  std::shared_ptr<const NodeObject> old_node, new_node;  ///< Null: there was, there is none.
  // Pods. Add, Delete: `tmpl` alone; updates: before and after.
  event::PodId pod;
  event::TemplateId tmpl, old_tmpl;
  bool nominated_only = false;  ///< Delete: the pod was on no node, it only held room by its nomination.
  std::optional<std::int32_t> for_priority_up_to;
  // Volumes
  event::Ref object;
  std::uint8_t changed = 0;  ///< Updates: VolumeChange bits.

  [[nodiscard]] bool is_pod() const {
    return resource == Resource::AssignedPod || resource == Resource::UnschedulablePod;
  }
};

/// MatchClusterEvents: the actions have a bit in common and the event's are no larger number than the registered ones,
/// so that a plugin with special updates is not given the general one.
[[nodiscard]] bool matches(const EventRegistration& registered, Resource resource, Actions action);
/// "NodeUpdateNodeTaint", "AssignedPodAdd", "storage.k8s.io/CSINodeUpdate".
[[nodiscard]] std::string event_label(Resource resource, Actions action);

}  // namespace wavetank::schedule
