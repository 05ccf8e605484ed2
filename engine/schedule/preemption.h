#pragma once
// DefaultPreemption: which pods of lower priority would have to go, and on which node that hurts least.
// Source: pkg/scheduler/framework/preemption/preemption.go, plugins/defaultpreemption/default_preemption.go.

#include <string>
#include <vector>

#include "engine/schedule/evaluator.h"

namespace wavetank::schedule {

struct Candidate {
  NodeId node;
  std::vector<PodId> victims;  ///< Most important first.
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
    bool all_nodes = false;  ///< Dry-run every potential node, whatever the profile's limits.
  };

  Preempter(Evaluator& evaluator, Cache& cache, Nominations& nominations)
      : evaluator_(evaluator), cache_(cache), nominations_(nominations) {}

  /// The PostFilter plugins of the profile, after a failed attempt of the evaluator. Pods are taken off and put back
  /// node by node; at the end the cache is as it was.
  Preemption run(const Request& request, const ClusterView& view);

 private:
  void preempt(const Request& request, const ClusterView& view, Preemption& out);
  [[nodiscard]] std::string not_eligible(const Request& request, const ClusterView& view) const;
  bool dry_run(const Request& request, NodeId node, const ClusterView& view, Candidate& out, Preemption& all);
  void split_by_budgets(const std::vector<PodId>& pods, const ClusterView& view, std::vector<PodId>& violating,
                        std::vector<PodId>& others) const;
  void fail_message(Preemption& out) const;

  Evaluator& evaluator_;
  Cache& cache_;
  Nominations& nominations_;
};

/// The candidates that are best under pickOneNodeForPreemption's criteria, as indexes.
std::vector<std::size_t> best_candidates(const std::vector<Candidate>& candidates, const ClusterView& view);

}  // namespace wavetank::schedule
