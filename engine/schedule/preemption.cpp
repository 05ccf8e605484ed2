#include "engine/schedule/preemption.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/schedule/fit_error.h"

namespace wavetank::schedule {
namespace {

constexpr const char* kNoVictims = "No preemption victims found for incoming pod";
constexpr const char* kNoHelp = "Preemption is not helpful for scheduling";

std::int32_t priority_of(const ClusterView& view, PodId p) { return view->pods.priority[p.index()]; }
/// When the pod started; a placed pod that has not reported yet counts from its binding.
base::SimTime start_of(const ClusterView& view, PodId p) { return view->pods.scheduled[p.index()]; }

bool more_important(const ClusterView& view, PodId a, PodId b) {
  if (priority_of(view, a) != priority_of(view, b)) return priority_of(view, a) > priority_of(view, b);
  if (start_of(view, a) != start_of(view, b)) return start_of(view, a) < start_of(view, b);
  return a < b;
}

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

void Preempter::split_by_budgets(const std::vector<PodId>& pods, const ClusterView& view, std::vector<PodId>& violating,
                                 std::vector<PodId>& others) const {
  std::vector<std::int64_t> allowed;
  for (const state::PdbRow& pdb : view->pdbs) allowed.push_back(pdb.disruptions_allowed);
  for (const PodId p : pods) {
    const TemplateInfo& t =
        cache_.known_info(cache_.placed(p) != nullptr ? cache_.placed(p)->tmpl : view->pods.tmpl[p.index()]);
    bool violated = false;
    for (std::size_t i = 0; i < allowed.size() && !t.pod->labels.empty(); ++i) {
      const state::PdbRow& pdb = view->pdbs[i];
      if (!pdb.header.alive || pdb.header.ns != t.ns) continue;
      if (!pdb.spec.selector || pdb.spec.selector->empty() || !pdb.spec.selector->matches(t.pod->labels)) continue;
      const auto is_pod = [&](const state::DisruptedPod& d) { return d.pod == p; };
      if (std::any_of(pdb.disrupted.begin(), pdb.disrupted.end(), is_pod)) continue;
      if (--allowed[i] < 0) violated = true;
    }
    (violated ? violating : others).push_back(p);
  }
}

bool Preempter::dry_run(const Request& request, NodeId node, const ClusterView& view, Candidate& out, Preemption& all) {
  std::vector<PodId> potential;
  for (const PodId p : cache_.pods_on[node.index()]) {
    if (priority_of(view, p) < request.pod.priority) potential.push_back(p);
  }
  if (potential.empty()) {
    all.without_victims.push_back(node);
    return false;
  }
  std::sort(potential.begin(), potential.end(), [&](PodId a, PodId b) { return more_important(view, a, b); });
  std::vector<Cache::Placed> was;
  for (const PodId p : potential) was.push_back(*cache_.placed(p));
  const auto put_back = [&](PodId p) {
    const auto i = static_cast<std::size_t>(std::find(potential.begin(), potential.end(), p) - potential.begin());
    cache_.place(p, was[i].tmpl, node, was[i].terminating, was[i].assumed, view);
  };
  for (const PodId p : potential) cache_.take(p);
  const Verdict bare = evaluator_.filter_again(node, view);
  if (!bare.ok()) {
    all.rejected.emplace_back(node, bare);
    for (const PodId p : potential) put_back(p);
    return false;
  }
  std::vector<PodId> violating;
  std::vector<PodId> others;
  split_by_budgets(potential, view, violating, others);
  out.node = node;
  const auto reprieve = [&](PodId p) {
    put_back(p);
    if (evaluator_.filter_again(node, view).ok()) return true;
    cache_.take(p);
    out.victims.push_back(p);
    return false;
  };
  for (const PodId p : violating) out.pdb_violations += reprieve(p) ? 0 : 1;
  for (const PodId p : others) reprieve(p);
  for (const PodId p : out.victims) put_back(p);
  std::sort(out.victims.begin(), out.victims.end(), [&](PodId a, PodId b) { return more_important(view, a, b); });
  return !out.victims.empty();
}

void Preempter::fail_message(Preemption& out) const {
  const std::size_t nodes = cache_.order().size();
  ReasonCounts counts;
  counts.add(kNoVictims, out.without_victims.size());
  for (const auto& [node, verdict] : out.rejected) {
    for (const std::string& reason : evaluator_.reasons(verdict)) counts.add(reason, 1);
  }
  counts.add(kNoHelp, nodes - out.without_victims.size() - out.rejected.size());
  out.message = fmt::format("preemption: 0/{} nodes are available: {}.", nodes, counts.text());
}

/// What PostFilter's plugins say one after the other. DynamicResources has no claims to deallocate, or finds no state
/// of its own where its PreFilter never ran: then the phase ends with that error.
Preemption Preempter::run(const Request& request, const ClusterView& view) {
  Preemption out;
  const bool cut_short = evaluator_.attempt().pre_filter == PreFilterStatus::Code::Unresolvable;
  for (const std::string& name : evaluator_.profile().post_filter) {
    const std::string before = std::move(out.message);
    out.message.clear();
    if (name == "DynamicResources") {
      if (cut_short) {
        out = Preemption();
        out.error = true;
        out.message = "not found";
        return out;
      }
      out.message = "no new claims to deallocate";
    } else {
      preempt(request, view, out);
      if (!out.candidates.empty()) return out;
    }
    if (!before.empty()) out.message = before + ", " + out.message;
  }
  return out;
}

void Preempter::preempt(const Request& request, const ClusterView& view, Preemption& out) {
  const Attempt& a = evaluator_.attempt();
  if (const std::string why = not_eligible(request, view); !why.empty()) {
    out.message = "preemption: " + why;
    return;
  }
  std::vector<NodeId> potential;
  for (const NodeId n : a.failed) {
    if (evaluator_.verdict(n).unresolvable == 0) potential.push_back(n);
  }
  std::sort(potential.begin(), potential.end());
  const PreemptionArgs& args = evaluator_.profile().preemption;
  const auto count = static_cast<std::int64_t>(potential.size());
  std::int64_t wanted =
      std::min(count, std::max(count * args.min_candidate_nodes_percentage / 100, args.min_candidate_nodes_absolute));
  if (request.all_nodes) wanted = count;
  const std::size_t offset = potential.empty() ? 0 : request.draw % potential.size();
  std::size_t without_violations = 0;
  for (std::size_t i = 0; i < potential.size(); ++i) {
    Candidate candidate;
    if (!dry_run(request, potential[(offset + i) % potential.size()], view, candidate, out)) continue;
    without_violations += candidate.pdb_violations == 0 ? 1 : 0;
    out.candidates.push_back(std::move(candidate));
    if (without_violations > 0 && static_cast<std::int64_t>(out.candidates.size()) >= wanted) break;
  }
  if (out.candidates.empty()) {
    out.clears_nomination = true;
    fail_message(out);
  } else {
    out.ties = best_candidates(out.candidates, view);
  }
}

std::vector<std::size_t> best_candidates(const std::vector<Candidate>& candidates, const ClusterView& view) {
  struct Rank {
    std::int64_t violations, highest, sum, pods, latest;
    auto operator<=>(const Rank&) const = default;
  };
  std::vector<std::size_t> best;
  Rank least{};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& c = candidates[i];
    Rank r{static_cast<std::int64_t>(c.pdb_violations), std::numeric_limits<std::int64_t>::min(), 0,
           static_cast<std::int64_t>(c.victims.size()), 0};
    for (const PodId p : c.victims) {
      r.highest = std::max(r.highest, std::int64_t{priority_of(view, p)});
      r.sum += priority_of(view, p) + (std::int64_t{1} << 31);
    }
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    for (const PodId p : c.victims) {
      if (priority_of(view, p) == r.highest) earliest = std::min(earliest, start_of(view, p).ns);
    }
    r.latest = -earliest;  // the latest start is the best
    if (best.empty() || r < least) {
      best.assign(1, i);
      least = r;
    } else if (r == least) {
      best.push_back(i);
    }
  }
  return best;
}

}  // namespace wavetank::schedule
