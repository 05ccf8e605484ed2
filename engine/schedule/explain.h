#pragma once
// Explain as data: what a scheduling attempt of one pod would see now, per node. Computed on demand from a view, never
// stored.

#include <string>
#include <vector>

#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

struct NodeVerdict {
  NodeId node;
  bool feasible = false;
  std::string plugin;         ///< The first failing Filter plugin.
  bool unresolvable = false;  ///< UnschedulableAndUnresolvable: preemption could not help.
  std::vector<std::string> reasons;
  std::vector<std::int64_t> raw,
      normalized;  ///< By Explanation::score_plugins; only when two or more nodes are feasible.
  std::int64_t total = 0;
};

struct Explanation {
  std::vector<std::string> score_plugins;  ///< In execution order.
  std::vector<std::int64_t> weights;
  std::vector<std::string> skipped;  ///< Score plugins that had nothing to say for this pod.
  std::vector<NodeVerdict> nodes;    ///< All nodes, in order of their names.
  std::vector<NodeId> best;          ///< The ties.
  std::string fit_error;             ///< When no node is feasible.
  std::string unserved;              ///< The scheduler's name that the pod asks for, when no profile has it.
};

/// All nodes are evaluated and scored, whatever percentageOfNodesToScore says. A pod that is already bound is explained
/// as if it were not (its own requests are not counted). The
/// profile is that of the pod's schedulerName; no profiles: the default one. O(nodes × plugins).
Explanation explain(PodId pod, const ClusterView& view, const std::vector<Profile>& profiles = {});

}  // namespace wavetank::schedule
