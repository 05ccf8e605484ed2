#pragma once
// The taints that the control plane itself puts on nodes.
// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/, kubernetes/pkg/controller/nodelifecycle.

#include <string_view>
#include <vector>

#include "engine/state/rows.h"

namespace wavetank::control {

inline constexpr std::string_view kNotReadyTaint = "node.kubernetes.io/not-ready";
inline constexpr std::string_view kUnreachableTaint = "node.kubernetes.io/unreachable";

using Taints = std::vector<model::Taint>;

/// Index of a taint by key and effect, or -1.
int find_taint(const Taints& taints, std::string_view key, model::TaintEffect effect);
void erase_taint(Taints& taints, std::string_view key, model::TaintEffect effect);
void add_taint(Taints& taints, std::string_view key, model::TaintEffect effect);

/// Makes the NoSchedule taints say what conditions and spec.unschedulable say (doNoScheduleTaintingPass).
void sync_condition_taints(const state::NodeRow& node, Taints& taints);
/// The NoExecute taint that a node in this Ready condition earns: not-ready, unreachable, or "" when it is Ready or
/// silent so far.
std::string_view eviction_taint(const state::Condition& ready);
/// Whether the node bears one of the two NoExecute taints, and which row it is in; -1 if none.
int find_eviction_taint(const Taints& taints);

/// How zones of a cluster fare, and what rate evictions in them have (handleDisruption).
enum class ZoneState : std::uint8_t { Normal, PartialDisruption, FullDisruption };
ZoneState zone_state(std::int32_t ready, std::int32_t not_ready, std::int64_t threshold_milli);

}  // namespace wavetank::control
