#pragma once
// Preemption's dry runs by arithmetic: where only requests, host ports and the number of pods keep a pod from a node,
// its victims follow from sums over the pods there, and neither the cache nor a plugin needs to be touched. What was
// found is kept by what the pod asks for and its priority, and holds until the pods or the object of the node change,
// or a budget that covers a pod there. DryRuns::may() says where nothing else can matter.
// Source: plugins/defaultpreemption/default_preemption.go, SelectVictimsOnNode.

#include <array>
#include <compare>
#include <limits>
#include <vector>

#include "engine/schedule/evaluator.h"

namespace wavetank::schedule {

using base::SimTime;

/// What pickOneNodeForPreemption compares, in its order; the least is the best.
struct VictimRank {
  std::int64_t violations = 0;
  std::int64_t highest = std::numeric_limits<std::int64_t>::min();  ///< Priority.
  std::int64_t sum = 0;                                             ///< Of priorities, each raised by 2^31.
  std::int64_t victims = 0;
  std::int64_t minus_start = 0;  ///< Of the earliest start among the victims of the highest priority.
  auto operator<=>(const VictimRank&) const = default;
};

/// One pod on a node, as preemption sees it.
struct Occupant {
  PodId pod;
  TemplateId tmpl;
  std::int32_t priority = 0;
  SimTime start;  ///< One that is bound in mind only starts now.
};

/// PodDisruptionBudgets: which of them cover the pods of a template, and when one last changed.
class Budgets {
 public:
  /// O(budgets) to look. True when what was known of templates is void: a selector changed, a budget came or went.
  bool update(const ClusterView& view);
  /// Rows of the budgets whose selector takes in the template's pods, ascending. O(budgets) once for a template.
  const std::vector<std::uint32_t>& of(TemplateId tmpl, const Cache& cache, const ClusterView& view);
  [[nodiscard]] bool any() const { return live_ > 0; }

  /// For a walk over pods: takes each from the budgets that cover it, and says whether one of them was used up.
  void begin_walk() { ++walk_; }
  bool violates(const Occupant& pod, const std::vector<std::uint32_t>& rows, const ClusterView& view);

  /// Sets of budgets as 64 bits, one for all rows that are equal modulo 64.
  static std::uint64_t bit(std::uint32_t row) { return std::uint64_t{1} << (row & 63); }
  [[nodiscard]] std::uint32_t clock() const { return clock_; }
  /// Whether none of the set changed after `since`.
  [[nodiscard]] bool unchanged(std::uint64_t set, std::uint32_t since) const;

 private:
  struct Seen {
    base::Seq version = 0;
    bool alive = false;
    std::int32_t allowed = 0;
    std::size_t disrupted = 0;
    base::Sym ns;
    std::optional<model::LabelSelector> selector;
  };
  struct OfTemplate {
    bool known = false;
    std::vector<std::uint32_t> rows;
  };
  std::vector<Seen> seen_;
  std::vector<OfTemplate> of_;
  std::vector<std::int32_t> left_;
  std::vector<std::uint64_t> left_walk_;
  std::uint64_t walk_ = 0;
  std::uint32_t clock_ = 1;
  std::array<std::uint32_t, 64> changed_{};
  std::size_t live_ = 0;
};

class DryRuns {
 public:
  struct Outcome {
    enum class Kind : std::uint8_t {
      NoPods,    ///< Nobody of lower priority there.
      Rejected,  ///< Does not fit even without all of them.
      AllStay,   ///< All could stay: nobody would have to go.
      Candidate,
    };
    Kind kind = Kind::NoPods;
    bool verdict_known = false;
    Verdict verdict = kPassed;  ///< Rejected: by whom, once told.
    VictimRank rank;
  };

  DryRuns(Evaluator& evaluator, Cache& cache);

  /// For a pod that just failed an attempt of the evaluator, perhaps for want of room on `potential` nodes.
  void begin(const Evaluator::Request& request, Nodes potential, const ClusterView& view);
  /// Whether arithmetic is enough on this node, on which the pod failed. (Other pods nominated to it are up to the
  /// caller.)
  bool may(NodeId node, const ClusterView& view);
  /// The reference holds until the next call.
  const Outcome& of(NodeId node, const ClusterView& view);
  /// Who would have to go, the most important first.
  void victims(NodeId node, const ClusterView& view, std::vector<PodId>& out);
  /// The verdict of a rejected node. The pods on it may have been taken off and put back meanwhile.
  void tell(NodeId node, Verdict verdict);

  /// All pods on the node, the most important first (util.MoreImportantPod; among equals the one made first).
  const std::vector<Occupant>& occupants(NodeId node, const ClusterView& view) { return on(node, view).pods; }
  Budgets& budgets() { return budgets_; }

 private:
  struct Need {
    std::int64_t cpu = 0, memory = 0, ephemeral = 0;
    std::vector<std::pair<std::uint32_t, std::int64_t>> scalars;
    std::vector<HostPort> ports;
    bool operator==(const Need&) const = default;
  };
  struct Entry {
    std::uint32_t version = 0;  ///< Cache::load_version; 0: never asked.
    std::uint32_t checked = 0;  ///< Budgets::clock when last known to hold.
    std::uint64_t budgets = 0;
    Outcome outcome;
  };
  struct Table {
    std::uint32_t need = 0;
    std::int32_t priority = 0;
    std::uint64_t last_used = 0;
    std::vector<Entry> by_node;
  };
  struct OnNode {
    std::uint32_t version = 0;
    bool assumed = false;  ///< Some pod's start is not known yet.
    bool odd = false;      ///< Requests do not add up to what the cache holds.
    std::vector<Occupant> pods;
  };
  struct Room {
    std::int64_t pods = 0, cpu = 0, memory = 0, ephemeral = 0;
  };

  const OnNode& on(NodeId node, const ClusterView& view);
  void look_at_profile();
  void look_beyond(const Evaluator::Request& request, Nodes potential, const ClusterView& view);
  bool matters(TemplateId tmpl);
  bool nobody_matters(NodeId node, const ClusterView& view);
  const Outcome& on_its_own(NodeId node, const ClusterView& view);
  std::uint32_t need_of(TemplateId tmpl);
  Table& table_of(std::uint32_t need, std::int32_t priority);
  Outcome compute(NodeId node, const ClusterView& view, std::uint64_t& budgets);
  void split(std::span<const Occupant> pods, const ClusterView& view, std::uint64_t& budgets);
  void move(Room& room, TemplateId tmpl, std::int64_t sign);
  [[nodiscard]] bool fits(const Room& room) const;
  [[nodiscard]] bool port_taken(TemplateId tmpl) const;

  Evaluator& evaluator_;
  Cache& cache_;
  Budgets budgets_;
  bool known_plugins_ = false, ordered_ = true, fit_ = false, ports_ = false;
  bool may_ = false, ask_ = false, minds_presence_ = false;
  std::vector<Need> needs_;
  std::vector<std::uint32_t> need_of_;  // by template, one more than the number
  std::vector<std::unique_ptr<Table>> tables_;
  Table* table_ = nullptr;
  const Need* need_ = nullptr;
  std::int32_t priority_ = 0;
  std::uint64_t uses_ = 0;
  std::vector<OnNode> on_;
  // scratch
  Entry unkept_;
  std::vector<std::int64_t> scalar_room_;
  std::vector<std::uint32_t> violating_, others_;
  std::vector<std::uint8_t> goes_;
  std::vector<Verdict> verdicts_;
  std::vector<Verdict> beyond_;        ///< By node, with ask_: of plugins that look beyond the node.
  std::vector<std::uint8_t> matters_;  ///< By template, for the present pod: 0 not known, 1 no, 2 yes.
  std::shared_ptr<const model::PodTemplate> pod_;
  base::Sym ns_;
  Outcome beyond_outcome_;
};

}  // namespace wavetank::schedule
