#pragma once
// Explain as data: what a scheduling attempt of one pod sees, per node: the first failing plugin and its words, or raw,
// normalised and weighted scores; how PreFilter narrowed the search; whom preemption would evict. Computed on demand
// from a view, never stored. An attempt of the past is explained from the state of then.

#include <optional>
#include <string>
#include <vector>

#include "engine/schedule/preemption.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

struct NodeVerdict {
  NodeId node;
  std::string name, zone;
  bool feasible = false;
  bool evaluated = false;     ///< False: PreFilter left the node out.
  std::string plugin;         ///< The first failing Filter plugin; of nodes left out the one that did.
  bool unresolvable = false;  ///< UnschedulableAndUnresolvable: preemption could not help.
  std::vector<std::string> reasons;
  std::vector<std::int64_t> raw,
      normalized;  ///< By Explanation::score_plugins; only when two or more nodes are feasible.
  std::int64_t total = 0;
};

/// What PostFilter did, or would do.
struct PreemptionStory {
  struct Option {
    NodeId node;
    std::string name;
    std::vector<std::string> victims;  ///< "namespace/name", most important first.
    std::size_t pdb_violations = 0;
    bool best = false;  ///< Among those equal under all criteria.
  };
  struct Refusal {
    std::string name, plugin;  ///< plugin is "" where there was no one to evict.
    bool unresolvable = false;
    std::vector<std::string> reasons;
  };
  std::string code;                ///< Success, Unschedulable, Error.
  std::string message;             ///< Of the status; empty on success.
  std::vector<Option> candidates;  ///< By name of the node.
  std::vector<Refusal> rejected;   ///< By name of the node.
  bool clears_nomination = false;  ///< The pod's own nomination is dropped.
};

struct Explanation {
  std::string pod;                          ///< "namespace/name"
  std::string gate;                         ///< PreEnqueue keeps the pod out: its message, and nothing else.
  std::string pre_filter_code;              ///< Success, Unschedulable, UnschedulableAndUnresolvable.
  std::string pre_filter_plugin;            ///< The one that failed the pod.
  std::string pre_filter_message;           ///< Its words.
  std::vector<std::string> pre_filter_ran;  ///< In execution order; those that skip are left out.
  std::vector<std::string> narrowed_by;  ///< Plugins whose PreFilterResult named nodes; empty: all nodes are looked at.
  std::vector<std::string> narrowed_to;  ///< Those nodes' names; may name some that are not there.
  std::string nominated_node;            ///< The pod's own nomination, or "".
  bool nominated_node_used = false;      ///< It fits: no other node was looked at.
  std::vector<std::string> score_plugins;  ///< In execution order.
  std::vector<std::int64_t> weights;
  std::vector<std::string> skipped;           ///< Score plugins that had nothing to say for this pod.
  std::vector<NodeVerdict> nodes;             ///< All nodes, in order of their names.
  std::vector<NodeId> best;                   ///< The ties.
  std::string fit_error;                      ///< When no node is feasible: the text before PostFilter …
  std::string message;                        ///< … and after it, as the pod's condition has it.
  std::optional<PreemptionStory> preemption;  ///< When no node is feasible and the profile has PostFilter plugins.
  std::string unserved;  ///< The scheduler's name that the pod asks for, when no profile has it: nothing else is known.
};

/// All nodes are evaluated and scored, and all potential nodes dry-run, whatever percentageOfNodesToScore and the
/// limits of preemption say. A pod that is already bound is explained as if it were not (its own requests are not
/// counted); pods nominated in the view are respected. The profile is that of the pod's schedulerName; no profiles: the
/// default one. O(nodes × plugins), and the dry runs.
Explanation explain(PodId pod, const ClusterView& view, const std::vector<Profile>& profiles = {});

/// The same of an attempt that has just been run by the parts themselves, with details; `preemption` null: none was
/// run.
Explanation explain_attempt(PodId pod, const Evaluator& evaluator, Cache& cache, const Preemption* preemption,
                            const ClusterView& view);

}  // namespace wavetank::schedule
