#include "engine/schedule/preemption.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/schedule/fit_error.h"

namespace wavetank::schedule {
namespace {

constexpr const char* kNoVictims = "No preemption victims found for incoming pod";
constexpr const char* kNoHelp = "Preemption is not helpful for scheduling";

std::int32_t priority_of(const ClusterView& view, PodId p) { return view->pods.priority[p.index()]; }

}  // namespace

std::string Preempter::not_eligible(const Request& request, const ClusterView& view) const {
  const model::PodSpec& spec = view.pod_template(request.pod.tmpl).value->spec;
  if (!spec.preempt_lower_priority) return "not eligible due to preemptionPolicy=Never.";
  const NodeId nominated = nominations_.node_of(request.pod.pod);
  if (!nominated.valid() || !cache_.alive(nominated)) return {};
  const Attempt& a = evaluator_.attempt();
  const bool failed_there = std::find(a.failed.begin(), a.failed.end(), nominated) != a.failed.end();
  if (!failed_there || evaluator_.verdict(nominated).unresolvable != 0) return {};
  for (const PodId p : cache_.pods_on[nominated.index()]) {
    const Cache::Placed* placed = cache_.placed(p);
    if (priority_of(view, p) < request.pod.priority && placed->terminating &&
        view->pods.deletion_reason[p.index()] == event::DeletionReason::Preempted) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
  return {};
}

/// Whether other pods are nominated to the node that this one has to leave room for.
bool Preempter::others_nominated(const Request& request, NodeId node) const {
  const auto& there = nominations_.on(node);
  return std::any_of(there.begin(), there.end(), [&](const Nominations::Entry& e) {
    return e.priority >= request.pod.priority && e.pod != request.pod.pod && cache_.placed(e.pod) == nullptr;
  });
}

/// One node with the plugins: pods are taken off the cache and put back. Fills victims_.
DryRuns::Outcome Preempter::dry_run(const Request& request, NodeId node, const ClusterView& view) {
  using Kind = Outcome::Kind;
  Outcome out;
  victims_.clear();
  lower_.clear();
  for (const Occupant& p : dry_runs_.occupants(node, view)) {
    if (p.priority < request.pod.priority) lower_.push_back(p);
  }
  if (lower_.empty()) return out;
  const Cache::Trial trial(cache_);
  was_.clear();
  for (const Occupant& p : lower_) was_.push_back(*cache_.placed(p.pod));
  const auto put_back = [&](std::size_t i) {
    cache_.place(lower_[i].pod, was_[i].tmpl, node, was_[i].terminating, was_[i].assumed, view);
  };
  for (const Occupant& p : lower_) cache_.take(p.pod);
  const Verdict bare = evaluator_.filter_again(node, view);
  if (!bare.ok()) {
    for (std::size_t i = 0; i < lower_.size(); ++i) put_back(i);
    out.kind = Kind::Rejected;
    out.verdict = bare;
    out.verdict_known = true;
    return out;
  }
  Budgets& budgets = dry_runs_.budgets();
  budgets.begin_walk();
  goes_.assign(lower_.size(), 0);
  for (std::size_t i = 0; i < lower_.size(); ++i) {
    goes_[i] = budgets.violates(lower_[i], budgets.of(lower_[i].tmpl, cache_, view), view) ? 1 : 0;
  }
  // Those whose budget is used up are reprieved first, and within that the more important.
  const auto reprieve = [&](std::size_t i) {
    put_back(i);
    if (evaluator_.filter_again(node, view).ok()) return;
    cache_.take(lower_[i].pod);
    goes_[i] |= 2;
  };
  for (std::size_t i = 0; i < lower_.size(); ++i) {
    if (goes_[i] != 1) continue;
    reprieve(i);
    out.rank.violations += goes_[i] == 3 ? 1 : 0;
  }
  for (std::size_t i = 0; i < lower_.size(); ++i) {
    if ((goes_[i] & 1) == 0) reprieve(i);
  }
  SimTime earliest;
  for (std::size_t i = 0; i < lower_.size(); ++i) {
    if ((goes_[i] & 2) == 0) continue;
    put_back(i);
    if (out.rank.victims++ == 0) {
      out.rank.highest = lower_[i].priority;
      earliest = lower_[i].start;
    }
    out.rank.sum += lower_[i].priority + (std::int64_t{1} << 31);
    victims_.push_back(lower_[i].pod);
  }
  out.rank.minus_start = -earliest.ns;
  out.kind = victims_.empty() ? Kind::AllStay : Kind::Candidate;
  return out;
}

std::string Preempter::fail_message() const {
  const std::size_t nodes = cache_.order().size();
  std::vector<std::size_t> by_list(evaluator_.reason_count(), 0);
  for (const auto& [node, verdict] : out_.rejected) ++by_list[verdict.reasons];
  ReasonCounts counts;
  counts.add(kNoVictims, out_.without_victims.size());
  for (std::uint32_t id = 0; id < by_list.size(); ++id) {
    if (by_list[id] == 0) continue;
    for (const std::string& reason : evaluator_.reason_list(id)) counts.add(reason, by_list[id]);
  }
  counts.add(kNoHelp, nodes - out_.without_victims.size() - out_.rejected.size());
  return fmt::format("preemption: 0/{} nodes are available: {}.", nodes, counts.text());
}

/// Nodes that failed the pod in a way that fewer pods may mend, by number.
void Preempter::find_potential() {
  is_potential_.assign(cache_.columns(), 0);
  for (const NodeId n : evaluator_.attempt().failed) {
    is_potential_[n.index()] = evaluator_.verdict(n).unresolvable == 0 ? 1 : 0;
  }
  potential_.clear();
  for (std::size_t n = 0; n < is_potential_.size(); ++n) {
    if (is_potential_[n] != 0) potential_.push_back(NodeId(n));
  }
}

void Preempter::take_candidate(NodeId node, const VictimRank& rank) {
  const std::size_t index = out_.candidates.size();
  out_.candidates.push_back({node, {}, static_cast<std::size_t>(rank.violations)});
  if (index == 0 || rank < best_) {
    best_ = rank;
    out_.ties.assign(1, index);
  } else if (rank == best_) {
    out_.ties.push_back(index);
  }
}

void Preempter::try_node(const Request& request, NodeId node, const ClusterView& view) {
  using Kind = Outcome::Kind;
  const bool arithmetic = !plain_ && !others_nominated(request, node) && dry_runs_.may(node, view);
  Outcome found = arithmetic ? dry_runs_.of(node, view) : dry_run(request, node, view);
  if (found.kind == Kind::Rejected && !found.verdict_known) {
    // Only a plugin can say why.
    found.verdict = dry_run(request, node, view).verdict;
    dry_runs_.tell(node, found.verdict);
  }
  if (found.kind == Kind::NoPods) out_.without_victims.push_back(node);
  if (found.kind == Kind::Rejected) out_.rejected.emplace_back(node, found.verdict);
  if (found.kind != Kind::Candidate) return;
  take_candidate(node, found.rank);
  if (!arithmetic) {
    out_.candidates.back().victims = victims_;
  } else if (request.all_nodes) {
    dry_runs_.victims(node, view, out_.candidates.back().victims);
  }
}

std::vector<PodId> Preempter::victims(const Candidate& candidate, const ClusterView& view) {
  if (!candidate.victims.empty()) return candidate.victims;
  std::vector<PodId> out;
  dry_runs_.victims(candidate.node, view, out);
  return out;
}

/// What PostFilter's plugins say one after the other. DynamicResources has no claims to deallocate, or finds no state
/// of its own where its PreFilter never ran: then the phase ends with that error.
const Preemption& Preempter::run(const Request& request, const ClusterView& view) {
  out_.error = out_.clears_nomination = false;
  out_.message.clear();
  out_.candidates.clear();
  out_.ties.clear();
  out_.rejected.clear();
  out_.without_victims.clear();
  const bool cut_short = evaluator_.attempt().pre_filter == PreFilterStatus::Code::Unresolvable;
  for (const std::string& name : evaluator_.profile().post_filter) {
    const std::string before = std::move(out_.message);
    out_.message.clear();
    if (name == "DynamicResources") {
      if (cut_short) {
        out_ = Preemption();
        out_.error = true;
        out_.message = "not found";
        return out_;
      }
      out_.message = "no new claims to deallocate";
    } else {
      preempt(request, view, out_);
      if (!out_.candidates.empty()) return out_;
    }
    if (!before.empty()) out_.message = before + ", " + out_.message;
  }
  return out_;
}

void Preempter::preempt(const Request& request, const ClusterView& view, Preemption& out) {
  if (const std::string why = not_eligible(request, view); !why.empty()) {
    out.message = "preemption: " + why;
    return;
  }
  find_potential();
  const PreemptionArgs& args = evaluator_.profile().preemption;
  const auto count = static_cast<std::int64_t>(potential_.size());
  std::int64_t wanted =
      std::min(count, std::max(count * args.min_candidate_nodes_percentage / 100, args.min_candidate_nodes_absolute));
  if (request.all_nodes) wanted = count;
  const std::size_t offset = potential_.empty() ? 0 : request.draw % potential_.size();
  std::size_t without_violations = 0;
  if (!potential_.empty()) dry_runs_.begin(request.pod, potential_, view);
  for (std::size_t i = 0; i < potential_.size(); ++i) {
    const std::size_t before = out.candidates.size();
    const std::size_t at = offset + i;
    try_node(request, potential_[at < potential_.size() ? at : at - potential_.size()], view);
    if (out.candidates.size() == before) continue;
    without_violations += out.candidates.back().pdb_violations == 0 ? 1 : 0;
    if (without_violations > 0 && static_cast<std::int64_t>(out.candidates.size()) >= wanted) break;
  }
  if (out.candidates.empty()) {
    out.clears_nomination = true;
    out.message = fail_message();
  }
}

}  // namespace wavetank::schedule
