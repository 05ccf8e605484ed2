#pragma once
// One scheduling cycle: PreFilter, Filter over the list of nodes, PreScore, Score, choice. Pure with respect to the
// cluster; the scheduler assumes the chosen node, explain() only reads. Source: pkg/scheduler/schedule_one.go
// (findNodesThatFitPod, prioritizeNodes, selectHost).

#include <string>
#include <vector>

#include "engine/base/prng.h"
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
  /// The nodes that some pod is nominated to, in no order that means anything.
  [[nodiscard]] const std::vector<NodeId>& nodes() const { return nodes_; }

 private:
  std::vector<std::vector<Entry>> by_node_;
  std::vector<NodeId> by_pod_;
  std::vector<NodeId> nodes_;
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
  std::size_t tie_count = 0;  ///< Nodes with the best total; 0: the pod fits nowhere.
  /// Those nodes, in the order found. Empty when they were only counted: Evaluator::ties() then finds them.
  std::vector<NodeId> ties;
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

  /// `next_start`, where the next walk over the nodes begins, is shared by the profiles of one scheduler; null: its
  /// own.
  Evaluator(const Profile& profile, Cache& cache, Nominations& nominations, std::size_t* next_start = nullptr)
      : profile_(profile),
        plugins_(profile_),
        cache_(cache),
        nominations_(nominations),
        classes_(plugins_, cache_, reasons_),
        start_(next_start != nullptr ? *next_start : own_start_) {}
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// Runs one cycle; advances the start of the walk as the real scheduler does.
  const Attempt& run(const Request& request, const ClusterView& view);
  [[nodiscard]] const Attempt& attempt() const { return attempt_; }
  [[nodiscard]] Verdict verdict(NodeId n) const { return verdicts_[n.index()]; }
  [[nodiscard]] const std::vector<std::string>& reasons(Verdict v) const { return reasons_.list(v.reasons); }
  [[nodiscard]] const Plugin& filter_plugin(Verdict v) const { return *plugins_.filters[v.plugin]; }
  [[nodiscard]] std::size_t reason_count() const { return reasons_.size(); }
  [[nodiscard]] const std::vector<std::string>& reason_list(std::uint32_t id) const { return reasons_.list(id); }

  /// All nodes with the best total of the last run.
  const std::vector<NodeId>& ties();
  /// One of them. Random: uniformly, by draws n, n + 1, … of `draws`; the same one whether ties were listed or only
  /// counted. Name: the one with the smallest name.
  NodeId choose(TieBreak tie_break, const base::Stream& draws, std::uint64_t n, const ClusterView& view);

  /// Filters one node again for the last request, with what has since been taken from or put on it, and with the pods
  /// nominated there. For preemption's dry runs.
  Verdict filter_again(NodeId node, const ClusterView& view);
  /// Plugins of Depends::Cluster that had a say in the last run.
  [[nodiscard]] const std::vector<Plugin*>& cluster_filters_used() const { return active_; }
  /// What those alone say of `nodes`, with the cluster as it is now and nominations left out.
  void ask_cluster_filters(Nodes nodes, const ClusterView& view, std::vector<Verdict>& out);

  [[nodiscard]] std::string pre_enqueue(const model::PodSpec& spec) const;
  bool reserve_and_permit(NodeId node, const ClusterView& view);
  PodClass& class_of(TemplateId tmpl, event::Ref owner, const ClusterView& view) {
    return classes_.class_of(tmpl, owner, view);
  }
  [[nodiscard]] Cycle cycle(const PodClass& pod_class, const ClusterView& view);
  void outdate_classes() { classes_.outdate(); }
  /// Plain mode: every cycle asks every plugin about every node anew, as the real scheduler does. The decisions are the
  /// same; it is what the other mode is held against.
  void set_plain(bool plain);
  [[nodiscard]] const PluginSet& plugins() const { return plugins_; }
  [[nodiscard]] const Profile& profile() const { return profile_; }
  [[nodiscard]] std::size_t next_start() const { return start_; }
  void clear();

 private:
  [[nodiscard]] Cycle cycle_of_request(const PodClass& pod_class, const ClusterView& view);
  bool pre_filter(const Cycle& c, const ClusterView& view);
  void prepare(const Cycle& c);
  void ask_one(const Cycle& c, NodeId node);
  void find_feasible(const Cycle& c, PodClass& pod_class, Nodes list, std::size_t want);
  bool walk_block(const Cycle& c, const LoadAnswers& loads, Nodes block, std::size_t want);
  Verdict filter_one(const Cycle& c, NodeId node);
  Verdict filter_with_nominated(const Cycle& c, NodeId node);
  void score(const Cycle& c, PodClass& pod_class);
  void read_object_scores(const ObjectAnswers& objects, const Scorer& s, Nodes nodes);
  void score_details(const Cycle& c, const Scorer& s, Nodes nodes);
  void record_failure(NodeId node, Verdict v);
  bool run_on_cells(PodClass& pod_class, const ClusterView& view);
  void mask_nominated(const Cycle& c, Cells& cells);
  void unmask();
  bool feasible_cells(const Cycle& c, Cells& cells);
  bool score_cells(const Cycle& c, const ObjectAnswers& objects, const Cells& cells);
  [[nodiscard]] bool is_tie(NodeId node) const;

  Profile profile_;
  PluginSet plugins_;
  Cache& cache_;
  Nominations& nominations_;
  Reasons reasons_;
  Classes classes_;
  std::size_t own_start_ = 0;
  std::size_t& start_;
  Request request_;
  Attempt attempt_;
  std::vector<Verdict> verdicts_;  // by NodeId, of the nodes evaluated last
  // scratch
  std::vector<Plugin*> active_;  // cluster filters that do not skip
  std::vector<NodeId> block_, narrowed_;
  std::vector<Verdict> block_verdicts_;
  std::vector<std::int64_t> scores_;
  // the last run on cells
  bool plain_ = false;
  const Cells* tied_cells_ = nullptr;  ///< Not null: ties are the nodes at tied_places_.
  std::vector<Cells::Place> tied_places_;
  std::vector<Plugin*> opaque_;
  std::vector<std::uint32_t> cell_, members_;
  std::vector<NodeId> representatives_;
  Cells* masked_cells_ = nullptr;  ///< Out of which masked_ were taken for the last run.
  std::vector<std::pair<NodeId, Cells::Place>> masked_;
  std::vector<std::int64_t> totals_;
  std::vector<std::uint8_t> tied_;  ///< By node, of ties that were listed.
};

/// The node that TieBreak::Name takes of several.
NodeId smallest_name(Nodes nodes, const ClusterView& view);

/// How many feasible nodes end the search. Source: numFeasibleNodesToFind.
std::size_t nodes_to_find(std::size_t nodes, std::int32_t percentage);

}  // namespace wavetank::schedule
