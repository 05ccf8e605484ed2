#pragma once
// DefaultPreemption: which pods of lower priority would have to go, and on which node that hurts least.
// Source: pkg/scheduler/framework/preemption/preemption.go, plugins/defaultpreemption/default_preemption.go.

#include <string>
#include <vector>

#include "engine/schedule/dry_runs.h"

namespace wavetank::schedule {

struct Candidate {
  NodeId node;
  std::vector<PodId> victims;  ///< Most important first. May be left out: see Preempter::victims().
  std::size_t pdb_violations = 0;
};

struct Preemption {
  bool error = false;  ///< PreFilter was cut short: the chain of PostFilter plugins ended before preemption.
  bool clears_nomination = false;  ///< Nothing found: the pod's own nomination is dropped.
  std::string message;             ///< Of the PostFilter status; empty on success.
  std::vector<Candidate> candidates;
  std::vector<std::size_t> ties;  ///< Indexes of candidates equal under all criteria.
  std::vector<std::pair<NodeId, Verdict>>
      rejected;  ///< Dry runs that failed; a Verdict without reasons: no victims there.
  std::vector<NodeId> without_victims;
};

class Preempter {
 public:
  struct Request {
    Evaluator::Request pod;
    std::uint64_t draw = 0;  ///< Random bits: where the dry runs begin.
    bool all_nodes = false;  ///< Dry-run every potential node, whatever the profile's limits, and list all victims.
  };

  Preempter(Evaluator& evaluator, Cache& cache, Nominations& nominations)
      : evaluator_(evaluator), cache_(cache), nominations_(nominations), dry_runs_(evaluator, cache) {}

  /// The PostFilter plugins of the profile, after a failed attempt of the evaluator. Where a dry run needs plugins,
  /// pods are taken off and put back; at the end the cache is as it was. The reference holds until the next run.
  const Preemption& run(const Request& request, const ClusterView& view);
  /// The victims of a candidate of the last run.
  std::vector<PodId> victims(const Candidate& candidate, const ClusterView& view);

  /// Lets every dry run ask the plugins. The outcomes are the same; it is what the other way is held against.
  void set_plain(bool plain) { plain_ = plain; }

 private:
  using Outcome = DryRuns::Outcome;

  void preempt(const Request& request, const ClusterView& view, Preemption& out);
  [[nodiscard]] std::string not_eligible(const Request& request, const ClusterView& view) const;
  void find_potential();
  void try_node(const Request& request, NodeId node, const ClusterView& view);
  Outcome dry_run(const Request& request, NodeId node, const ClusterView& view);
  [[nodiscard]] bool others_nominated(const Request& request, NodeId node) const;
  void take_candidate(NodeId node, const VictimRank& rank);
  std::string fail_message() const;

  Evaluator& evaluator_;
  Cache& cache_;
  Nominations& nominations_;
  DryRuns dry_runs_;
  bool plain_ = false;
  Preemption out_;
  VictimRank best_;
  // scratch
  std::vector<NodeId> potential_;
  std::vector<std::uint8_t> is_potential_, goes_;
  std::vector<Occupant> lower_;
  std::vector<Cache::Placed> was_;
  std::vector<PodId> victims_;
};

}  // namespace wavetank::schedule
