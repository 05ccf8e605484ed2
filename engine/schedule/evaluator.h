#pragma once
// One scheduling cycle: PreFilter, Filter over the list of nodes, PreScore, Score, choice. Pure with respect to the
// cluster; the scheduler assumes the chosen node, explain() only reads. Source: pkg/scheduler/schedule_one.go
// (findNodesThatFitPod, prioritizeNodes, selectHost).

#include <string>
#include <vector>

#include "engine/schedule/classes.h"

namespace wavetank::schedule {

/// Pods for which room is being made on a node. At most one node a pod.
class Nominations {
 public:
  struct Entry {
    PodId pod;
    NodeId node;
    TemplateId tmpl;
    std::int32_t priority = 0;
  };
  void set(const Entry& entry);
  void remove(PodId pod);
  void clear();
  [[nodiscard]] NodeId node_of(PodId pod) const;
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const std::vector<Entry>& on(NodeId node) const;

 private:
  std::vector<std::vector<Entry>> by_node_;
  std::vector<NodeId> by_pod_;
  std::size_t count_ = 0;
};

struct ScoreColumn {
  const Plugin* plugin = nullptr;
  std::int64_t weight = 0;
  std::vector<std::int64_t> raw, normalized;  ///< Parallel to Attempt::feasible.
};

/// What a cycle found. Owned by the evaluator and overwritten by the next.
struct Attempt {
  PreFilterStatus::Code pre_filter = PreFilterStatus::Code::Success;
  std::string pre_filter_message;
  const Plugin* pre_filter_plugin = nullptr;  ///< The one that failed the pod; null when narrowing left nothing.
  std::vector<const Plugin*> pre_filter_ran;  ///< Success, not Skip.
  bool narrowed = false;
  std::vector<std::string> narrowed_to;  ///< Node names.
  std::vector<const Plugin*> narrowed_by;
  bool nominated_node_used = false;
  std::vector<NodeId> feasible;        ///< In the order found.
  std::vector<NodeId> failed;          ///< In the order found; verdict(n) says why.
  std::size_t evaluated = 0;           ///< Feasible and failed.
  std::uint64_t rejected_by = 0;       ///< Plugins that rejected some node, as bits by Plugin::index.
  std::vector<std::int64_t> totals;    ///< Parallel to feasible; empty when at most one is feasible.
  std::vector<ScoreColumn> columns;    ///< With details only.
  std::vector<const Plugin*> skipped;  ///< With details only.
  std::int64_t best_total = 0;
  std::vector<NodeId> ties;  ///< All with the best total, in the order found.
};

class Evaluator {
 public:
  struct Request {
    PodId pod;
    TemplateId tmpl;
    event::Ref owner;
    std::int32_t priority = 0;
    std::int32_t percentage = 0;  ///< percentageOfNodesToScore; 0: adaptive, 100: all.
    bool details = false;         ///< Keep raw and normalised scores.
  };

  Evaluator(const Profile& profile, Cache& cache, Nominations& nominations)
      : profile_(profile),
        plugins_(profile_),
        cache_(cache),
        nominations_(nominations),
        classes_(plugins_, cache_, reasons_) {}

  /// Runs one cycle; advances the start of the walk as the real scheduler does.
  const Attempt& run(const Request& request, const ClusterView& view);
  [[nodiscard]] const Attempt& attempt() const { return attempt_; }
  [[nodiscard]] Verdict verdict(NodeId n) const { return verdicts_[n.index()]; }
  [[nodiscard]] const std::vector<std::string>& reasons(Verdict v) const { return reasons_.list(v.reasons); }
  [[nodiscard]] const Plugin& filter_plugin(Verdict v) const { return *plugins_.filters[v.plugin]; }
  [[nodiscard]] std::size_t reason_count() const { return reasons_.size(); }
  [[nodiscard]] const std::vector<std::string>& reason_list(std::uint32_t id) const { return reasons_.list(id); }

  /// Filters one node again for the last request, with what has since been taken from or put on it, and with the pods
  /// nominated there. For preemption's dry runs.
  Verdict filter_again(NodeId node, const ClusterView& view);

  [[nodiscard]] std::string pre_enqueue(const model::PodSpec& spec) const;
  bool reserve_and_permit(NodeId node, const ClusterView& view);
  PodClass& class_of(TemplateId tmpl, event::Ref owner, const ClusterView& view) {
    return classes_.class_of(tmpl, owner, view);
  }
  [[nodiscard]] Cycle cycle(const PodClass& pod_class, const ClusterView& view);
  void outdate_classes() { classes_.outdate(); }
  [[nodiscard]] const PluginSet& plugins() const { return plugins_; }
  [[nodiscard]] const Profile& profile() const { return profile_; }
  [[nodiscard]] std::size_t next_start() const { return start_; }
  void clear();

 private:
  bool pre_filter(const Cycle& c, const ClusterView& view);
  void prepare(const Cycle& c);
  void find_feasible(const Cycle& c, Nodes list, std::size_t want);
  bool walk_block(const Cycle& c, LocalClass& local, std::size_t want);
  Verdict filter_one(const Cycle& c, LocalClass& local, NodeId node);
  Verdict filter_with_nominated(const Cycle& c, LocalClass& local, NodeId node);
  void score(const Cycle& c);
  void record_failure(NodeId node, Verdict v);

  Profile profile_;
  PluginSet plugins_;
  Cache& cache_;
  Nominations& nominations_;
  Reasons reasons_;
  Classes classes_;
  std::size_t start_ = 0;
  Request request_;
  Attempt attempt_;
  std::vector<Verdict> verdicts_;  // by NodeId, of the nodes evaluated last
  // scratch
  std::vector<Plugin*> active_;  // cluster filters that do not skip
  std::vector<NodeId> block_, narrowed_;
  std::vector<Verdict> block_verdicts_;
  std::vector<std::int64_t> scores_;
};

/// How many feasible nodes end the search. Source: numFeasibleNodesToFind.
std::size_t nodes_to_find(std::size_t nodes, std::int32_t percentage);

}  // namespace wavetank::schedule
