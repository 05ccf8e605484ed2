#include "engine/schedule/evaluator.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace wavetank::schedule {

// ---- Nominations
// ----------------------------------------------------------------------------------------------------------------

void Nominations::set(const Entry& entry) {
  remove(entry.pod);
  if (by_node_.size() <= entry.node.index()) by_node_.resize(entry.node.index() + 1);
  if (by_pod_.size() <= entry.pod.index()) by_pod_.resize(entry.pod.index() + 1);
  if (by_node_[entry.node.index()].empty()) nodes_.push_back(entry.node);
  by_node_[entry.node.index()].push_back(entry);
  by_pod_[entry.pod.index()] = entry.node;
  ++count_;
}

void Nominations::remove(PodId pod) {
  const NodeId node = node_of(pod);
  if (!node.valid()) return;
  std::erase_if(by_node_[node.index()], [&](const Entry& e) { return e.pod == pod; });
  if (by_node_[node.index()].empty()) std::erase(nodes_, node);
  by_pod_[pod.index()] = NodeId();
  --count_;
}

void Nominations::clear() { *this = Nominations(); }

NodeId Nominations::node_of(PodId pod) const { return pod.index() < by_pod_.size() ? by_pod_[pod.index()] : NodeId(); }

const std::vector<Nominations::Entry>& Nominations::on(NodeId node) const {
  static const std::vector<Entry> none;
  return node.index() < by_node_.size() ? by_node_[node.index()] : none;
}

// ---- Evaluator
// ------------------------------------------------------------------------------------------------------------------

std::size_t nodes_to_find(std::size_t nodes, std::int32_t percentage) {
  constexpr std::size_t kFewest = 100;
  if (nodes < kFewest) return nodes;
  std::size_t share = static_cast<std::size_t>(percentage);
  if (percentage == 0) share = nodes / 125 >= 45 ? 5 : 50 - nodes / 125;
  return std::max(kFewest, nodes * share / 100);
}

void Evaluator::clear() {
  classes_.clear();
  classes_.outdate();
  tied_cells_ = nullptr;
  masked_cells_ = nullptr;
  verdicts_.clear();
  start_ = 0;
}

Cycle Evaluator::cycle(const PodClass& pod_class, const ClusterView& view) {
  return {cache_, reasons_, view, pod_class, cache_.order().size()};
}

Cycle Evaluator::cycle_of_request(const PodClass& pod_class, const ClusterView& view) {
  Cycle c = cycle(pod_class, view);
  c.pod = request_.pod;
  return c;
}

std::string Evaluator::pre_enqueue(const model::PodSpec& spec) const {
  for (const Plugin* p : plugins_.pre_enqueue) {
    if (std::string why = p->pre_enqueue(spec); !why.empty()) return why;
  }
  return {};
}

bool Evaluator::reserve_and_permit(NodeId node, const ClusterView& view) {
  if (plugins_.reservers.empty() && plugins_.permitters.empty()) return true;
  const Cycle c = cycle_of_request(class_of(request_.tmpl, request_.owner, view), view);
  std::size_t reserved = 0;
  bool ok = true;
  while (ok && reserved < plugins_.reservers.size()) ok = plugins_.reservers[reserved++]->reserve(c, node);
  for (std::size_t i = 0; ok && i < plugins_.permitters.size(); ++i) ok = plugins_.permitters[i]->permit(c, node);
  if (!ok) {
    while (reserved > 0) plugins_.reservers[--reserved]->unreserve(c, node);
  }
  return ok;
}

/// False: the pod can run nowhere and no node needs to be looked at.
bool Evaluator::pre_filter(const Cycle& c, const ClusterView&) {
  Attempt& a = attempt_;
  active_.clear();
  for (Plugin* p : plugins_.pre_filters) {
    PreFilterStatus s = p->pre_filter(c);
    if (s.code == PreFilterStatus::Code::Skip) continue;
    if (s.code != PreFilterStatus::Code::Success) {
      if (a.pre_filter == PreFilterStatus::Code::Success || s.code == PreFilterStatus::Code::Unresolvable) {
        a.pre_filter = s.code;
        a.pre_filter_message = std::move(s.message);
        a.pre_filter_plugin = p;
        a.rejected_by |= std::uint64_t{1} << p->index;
      }
      if (s.code == PreFilterStatus::Code::Unresolvable) return false;
      continue;
    }
    a.pre_filter_ran.push_back(p);
    if (p->depends() == Depends::Cluster && p->filter_order != Plugin::kNoFilter) active_.push_back(p);
    if (!s.nodes) continue;
    a.narrowed_by.push_back(p);
    if (a.narrowed)
      std::erase_if(*s.nodes, [&](const std::string& n) {
        return std::find(a.narrowed_to.begin(), a.narrowed_to.end(), n) == a.narrowed_to.end();
      });
    a.narrowed = true;
    a.narrowed_to = std::move(*s.nodes);
    if (!a.narrowed_to.empty()) continue;
    std::vector<std::string> names;
    for (const Plugin* by : a.narrowed_by) names.emplace_back(by->plugin_name);
    std::sort(names.begin(), names.end());
    a.pre_filter = PreFilterStatus::Code::Unresolvable;
    a.pre_filter_message =
        names.size() == 1 ? "node(s) didn't satisfy plugin " + names.front()
                          : fmt::format("node(s) didn't satisfy plugin(s) [{}] simultaneously", fmt::join(names, " "));
    return false;
  }
  return a.pre_filter == PreFilterStatus::Code::Success;
}

void Evaluator::prepare(const Cycle& c) {
  for (Plugin* p : active_) p->pre_filter(c);
}

Verdict Evaluator::filter_one(const Cycle& c, NodeId node) {
  const Nodes one(&node, 1);
  Verdict v;
  classes_.local_verdicts(c, classes_.objects_of(const_cast<PodClass&>(c.pod_class), c), one, &v);
  for (Plugin* p : active_) p->filter(c, one, &v);
  return v;
}

/// The node must do with and without the pods of equal or higher priority that are nominated to it.
Verdict Evaluator::filter_with_nominated(const Cycle& c, NodeId node) {
  std::vector<PodId> added;
  const Cache::Trial trial(cache_);
  for (const Nominations::Entry& e : nominations_.on(node)) {
    if (e.priority < request_.priority || e.pod == request_.pod || cache_.placed(e.pod) != nullptr) continue;
    cache_.place(e.pod, e.tmpl, node, false, true, c.view);
    added.push_back(e.pod);
  }
  if (!added.empty()) {
    // Plugins that PreFilter let skip go on skipping, as in the real one, even where a nominated pod's own terms would
    // give them something to say.
    prepare(c);
    const Verdict v = filter_one(c, node);
    while (!added.empty()) {
      cache_.take(added.back());
      added.pop_back();
    }
    prepare(c);
    if (!v.ok()) return v;
  }
  return filter_one(c, node);
}

Verdict Evaluator::filter_again(NodeId node, const ClusterView& view) {
  const Cycle c = cycle_of_request(class_of(request_.tmpl, request_.owner, view), view);
  prepare(c);
  return filter_with_nominated(c, node);
}

void Evaluator::ask_cluster_filters(Nodes nodes, const ClusterView& view, std::vector<Verdict>& out) {
  const Cycle c = cycle(class_of(request_.tmpl, request_.owner, view), view);
  prepare(c);
  out.assign(nodes.size(), kPassed);
  for (Plugin* p : active_) p->filter(c, nodes, out.data());
}

void Evaluator::record_failure(NodeId node, Verdict v) {
  attempt_.failed.push_back(node);
  verdicts_[node.index()] = v;
  attempt_.rejected_by |= std::uint64_t{1} << plugins_.filters[v.plugin]->index;
}

/// Filters a stretch of the list and records; true when the search is over.
bool Evaluator::walk_block(const Cycle& c, const LoadAnswers& loads, Nodes block, std::size_t want) {
  block_verdicts_.resize(block.size());
  std::uint32_t passing = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    block_verdicts_[i] = loads.verdict[block[i].index()];
    passing += block_verdicts_[i].ok() ? 1U : 0U;
  }
  if (passing == block.size() && active_.empty() && nominations_.empty() &&
      attempt_.feasible.size() + passing <= want) {
    attempt_.feasible.insert(attempt_.feasible.end(), block.begin(), block.end());
    return false;
  }
  for (Plugin* p : active_) p->filter(c, block, block_verdicts_.data());
  for (std::size_t i = 0; i < block.size(); ++i) {
    const NodeId n = block[i];
    Verdict v = block_verdicts_[i];
    if (!nominations_.empty() && !nominations_.on(n).empty()) v = filter_with_nominated(c, n);
    if (!v.ok()) {
      record_failure(n, v);
      continue;
    }
    if (attempt_.feasible.size() == want) return true;  // the one too many ends the search and does not count
    attempt_.feasible.push_back(n);
  }
  return false;
}

/// PreFilter named one node, as for the pods of a DaemonSet, each of which is a class of its own: what would be kept of
/// the others would never be asked for again.
void Evaluator::ask_one(const Cycle& c, NodeId node) {
  Verdict v = kPassed;
  const Nodes one(&node, 1);
  classes_.verdicts_now(c, one, &v);
  for (Plugin* p : active_) p->filter(c, one, &v);
  if (!nominations_.empty() && !nominations_.on(node).empty()) v = filter_with_nominated(c, node);
  if (v.ok()) {
    attempt_.feasible.push_back(node);
  } else {
    record_failure(node, v);
  }
  attempt_.evaluated = 1;
}

void Evaluator::find_feasible(const Cycle& c, PodClass& pod_class, Nodes list, std::size_t want) {
  if (attempt_.narrowed && list.size() == 1 && want > 0) return ask_one(c, list.front());
  const ObjectAnswers& objects = classes_.objects_of(pod_class, c);
  const std::size_t start = list.empty() ? 0 : start_ % list.size();
  std::size_t done = 0;
  while (done < list.size()) {
    const std::size_t size =
        std::min(list.size() - done, std::max<std::size_t>(64, want + 1 - attempt_.feasible.size()));
    const std::size_t from = start + done < list.size() ? start + done : start + done - list.size();
    Nodes block;
    if (from + size <= list.size()) {
      block = list.subspan(from, size);
    } else {  // round the end of the list
      block_.assign(list.begin() + static_cast<std::ptrdiff_t>(from), list.end());
      block_.insert(block_.end(), list.begin(), list.begin() + static_cast<std::ptrdiff_t>(from + size - list.size()));
      block = block_;
    }
    if (walk_block(c, classes_.loads_of(pod_class, c, objects, block), block, want)) break;
    done += size;
  }
  attempt_.evaluated = attempt_.feasible.size() + attempt_.failed.size();
}

void Evaluator::read_object_scores(const ObjectAnswers& objects, const Scorer& s, Nodes nodes) {
  const auto slot = static_cast<std::size_t>(s.slot);
  if (objects.distinct.size() == 1)
    return static_cast<void>(std::fill(scores_.begin(), scores_.end(), objects.distinct.front().raw[slot]));
  for (std::size_t i = 0; i < nodes.size(); ++i) scores_[i] = objects.of(nodes[i]).raw[slot];
}

/// One plugin's raw and normalised scores, which totals of load scores do not show.
void Evaluator::score_details(const Cycle& c, const Scorer& s, Nodes nodes) {
  if (s.depends != Depends::NodeLoad) {
    attempt_.columns.push_back({s.plugin, s.weight, scores_, {}});
    return;
  }
  std::vector<std::int64_t> raw(nodes.size());
  s.plugin->score(c, nodes, raw.data());
  attempt_.columns.push_back({s.plugin, s.weight, raw, raw});
}

void Evaluator::score(const Cycle& c, PodClass& pod_class) {
  Attempt& a = attempt_;
  const Nodes nodes(a.feasible);
  const ObjectAnswers& objects = classes_.objects_of(pod_class, c);
  const LoadAnswers& loads = classes_.loads_of(pod_class, c, objects, nodes);
  a.totals.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) a.totals[i] = loads.score[nodes[i].index()];
  scores_.resize(nodes.size());
  std::int64_t same_for_all = 0;
  for (const Scorer& s : plugins_.scorers) {
    if (s.pre_score && !s.plugin->pre_score(c, nodes)) {
      if (request_.details) a.skipped.push_back(s.plugin);
      continue;
    }
    if (s.depends == Depends::NodeObject && objects.distinct.size() == 1 && !request_.details) {
      std::int64_t one = objects.distinct.front().raw[static_cast<std::size_t>(s.slot)];
      s.plugin->normalize(c, nodes.first(1), &one);
      same_for_all += one * s.weight;
      continue;
    }
    if (s.depends == Depends::NodeObject) {
      read_object_scores(objects, s, nodes);
    } else if (s.depends == Depends::Cluster) {
      s.plugin->score(c, nodes, scores_.data());
    }
    if (request_.details) score_details(c, s, nodes);
    if (s.depends == Depends::NodeLoad) continue;
    s.plugin->normalize(c, nodes, scores_.data());
    if (request_.details) a.columns.back().normalized = scores_;
    for (std::size_t i = 0; i < nodes.size(); ++i) a.totals[i] += scores_[i] * s.weight;
  }
  for (std::int64_t& t : a.totals) t += same_for_all;
  a.best_total = std::numeric_limits<std::int64_t>::min();
  for (const std::int64_t t : a.totals) a.best_total = std::max(a.best_total, t);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (a.totals[i] == a.best_total) a.ties.push_back(nodes[i]);
  }
  a.tie_count = a.ties.size();
}

// ---- The same on cells ----
//
// When every node would be evaluated anyway, nodes need not be walked: cells are asked instead. Whatever asks for
// failures by node, or for scores by node, takes the walk.

/// Nodes that do for the pod, but not beside the pods nominated to them.
void Evaluator::mask_nominated(const Cycle& c, Cells& cells) {
  masked_cells_ = &cells;
  for (const NodeId n : nominations_.nodes()) {
    if (cells.place(n) == Cells::kNowhere) continue;
    if (!filter_with_nominated(c, n).ok()) masked_.emplace_back(n, cells.take_out(n));
  }
}

/// Fills cell_, members_ and representatives_ with the cells whose nodes pass; false when there are none.
bool Evaluator::feasible_cells(const Cycle& c, Cells& cells) {
  cell_.clear();
  representatives_.clear();
  cells.for_each([&](std::uint32_t cell) {
    cell_.push_back(cell);
    representatives_.push_back(cells.any_member(cell));
  });
  if (!active_.empty()) {
    block_verdicts_.assign(cell_.size(), kPassed);
    for (Plugin* p : active_) p->filter(c, representatives_, block_verdicts_.data());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < cell_.size(); ++i) {
      if (!block_verdicts_[i].ok()) continue;
      cell_[kept] = cell_[i];
      representatives_[kept++] = representatives_[i];
    }
    cell_.resize(kept);
    representatives_.resize(kept);
  }
  members_.clear();
  for (const std::uint32_t cell : cell_) members_.push_back(cells.members(cell));
  return !cell_.empty();
}

/// False when a plugin without traits wants to score.
bool Evaluator::score_cells(const Cycle& c, const ObjectAnswers& objects, const Cells& cells) {
  const Nodes nodes(representatives_);
  totals_.resize(nodes.size());
  scores_.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) totals_[i] = cells.best(cell_[i]).score;
  for (const Scorer& s : plugins_.scorers) {
    if (s.depends == Depends::NodeLoad) continue;
    if (s.pre_score && !s.plugin->pre_score(c, nodes)) continue;
    if (std::find(opaque_.begin(), opaque_.end(), s.plugin) != opaque_.end()) return false;
    if (s.depends == Depends::NodeObject) {
      read_object_scores(objects, s, nodes);
    } else {
      s.plugin->score(c, nodes, scores_.data());
    }
    s.plugin->normalize(c, nodes, scores_.data());
    for (std::size_t i = 0; i < nodes.size(); ++i) totals_[i] += scores_[i] * s.weight;
  }
  return true;
}

/// True when it found where the pod can go; the attempt's ties are then counted, not listed.
bool Evaluator::run_on_cells(PodClass& pod_class, const ClusterView& view) {
  Cycle c = cycle_of_request(pod_class, view);
  CellAnswers* answers = classes_.cells_of(pod_class, c, opaque_);
  if (answers == nullptr) return false;
  for (const Plugin* p : opaque_) {
    if (std::find(active_.begin(), active_.end(), p) != active_.end()) return false;
  }
  Cells& cells = answers->cells;
  if (!nominations_.empty()) mask_nominated(c, cells);
  bool found = feasible_cells(c, cells);
  std::size_t feasible = 0;
  for (const std::uint32_t m : members_) feasible += m;
  if (found) {
    c.members = members_.data();
    tied_places_.clear();
    attempt_.tie_count = 0;
    if (feasible == 1) {
      totals_.assign(1, 0);
    } else {
      found = score_cells(c, classes_.objects_of(pod_class, c), cells);
    }
    const std::int64_t best = found ? *std::max_element(totals_.begin(), totals_.end()) : 0;
    for (std::size_t i = 0; found && i < cell_.size(); ++i) {
      if (totals_[i] != best) continue;
      attempt_.tie_count += cells.best(cell_[i]).nodes;
      tied_places_.push_back(cells.best_place(cell_[i]));
    }
    attempt_.best_total = best;
    tied_cells_ = found ? &cells : nullptr;
  }
  return found;
}

// ---- Ties ----

NodeId smallest_name(Nodes nodes, const ClusterView& view) {
  return *std::min_element(nodes.begin(), nodes.end(), [&](NodeId a, NodeId b) {
    return view.text(view.node(a).header.name) < view.text(view.node(b).header.name);
  });
}

const std::vector<NodeId>& Evaluator::ties() {
  if (tied_cells_ != nullptr && attempt_.ties.empty())
    tied_cells_->find(tied_places_, attempt_.tie_count, attempt_.ties);
  return attempt_.ties;
}

bool Evaluator::is_tie(NodeId node) const {
  if (tied_cells_ == nullptr) return tied_[node.index()] != 0;
  return std::find(tied_places_.begin(), tied_places_.end(), tied_cells_->place(node)) != tied_places_.end();
}

NodeId Evaluator::choose(TieBreak tie_break, const base::Stream& draws, std::uint64_t n, const ClusterView& view) {
  const std::vector<NodeId>& list = cache_.order();
  const std::size_t count = attempt_.tie_count;
  if (tie_break == TieBreak::Name) return smallest_name(ties(), view);
  if (count == 1 && tied_cells_ != nullptr) {
    if (const NodeId known = tied_cells_->known_best(tied_places_.front() >> 16); known.valid()) return known;
  }
  if (count == 1) return ties().front();
  // Many ties: nodes are drawn until one is among them. Few: they are listed and one is drawn. Both are uniform, and
  // neither depends on how the ties were found.
  constexpr std::size_t kFew = 16;
  constexpr std::uint64_t kMostDraws = 64;
  if (count * kFew >= list.size()) {
    if (tied_cells_ == nullptr) {
      tied_.resize(cache_.columns(), 0);
      for (const NodeId t : attempt_.ties) tied_[t.index()] = 1;
    }
    NodeId chosen;
    for (std::uint64_t i = 0; i < kMostDraws && !chosen.valid(); ++i) {
      const NodeId drawn = list[draws.below(list.size(), n + i)];
      if (is_tie(drawn)) chosen = drawn;
    }
    if (tied_cells_ == nullptr) {
      for (const NodeId t : attempt_.ties) tied_[t.index()] = 0;
    }
    if (chosen.valid()) return chosen;
  }
  block_ = ties();
  const auto at = block_.begin() + static_cast<std::ptrdiff_t>(draws.below(count, n + kMostDraws));
  std::nth_element(block_.begin(), at, block_.end());
  return *at;
}

namespace {

void reset(Attempt& a) {
  a.pre_filter = PreFilterStatus::Code::Success;
  a.pre_filter_message.clear();
  a.pre_filter_plugin = nullptr;
  a.pre_filter_ran.clear();
  a.narrowed = false;
  a.narrowed_to.clear();
  a.narrowed_by.clear();
  a.nominated_node_used = false;
  a.feasible.clear();
  a.failed.clear();
  a.evaluated = 0;
  a.rejected_by = 0;
  a.totals.clear();
  a.columns.clear();
  a.skipped.clear();
  a.best_total = 0;
  a.tie_count = 0;
  a.ties.clear();
}

}  // namespace

void Evaluator::set_plain(bool plain) {
  plain_ = plain;
  classes_.ask_anew_each_time(plain);
}

/// Puts back what mask_nominated took out.
void Evaluator::unmask() {
  if (masked_cells_ == nullptr) return;
  for (const auto& [node, place] : masked_) masked_cells_->put_back(node, place);
  masked_.clear();
  masked_cells_ = nullptr;
}

const Attempt& Evaluator::run(const Request& request, const ClusterView& view) {
  request_ = request;
  Attempt& a = attempt_;
  reset(a);
  unmask();
  tied_cells_ = nullptr;
  if (verdicts_.size() < cache_.columns()) verdicts_.resize(cache_.columns(), kPassed);
  PodClass& pod_class = class_of(request.tmpl, request.owner, view);
  const Cycle c = cycle_of_request(pod_class, view);
  if (!pre_filter(c, view)) return a;
  const NodeId nominated = nominations_.node_of(request.pod);
  if (nominated.valid() && cache_.alive(nominated)) {
    if (filter_with_nominated(c, nominated).ok()) {
      a.feasible.push_back(nominated);
      a.ties.push_back(nominated);
      a.tie_count = 1;
      a.nominated_node_used = true;
      return a;
    }
  }
  Nodes list(cache_.order());
  if (a.narrowed) {
    narrowed_.clear();
    for (const std::string& name : a.narrowed_to) {
      const event::Ref ref = view.find(model::Kind::Node, "", name);
      if (ref.valid() && cache_.alive(ref.as<NodeId>())) narrowed_.push_back(ref.as<NodeId>());
    }
    list = narrowed_;
    for (const Plugin* p : a.narrowed_by) a.rejected_by |= std::uint64_t{1} << p->index;
  }
  // Where nothing scores, the first node that does is as good as any (numNodesToFind in findNodesThatPassFilters).
  const std::size_t want =
      plugins_.scorers.empty() ? std::min<std::size_t>(1, list.size()) : nodes_to_find(list.size(), request.percentage);
  if (!plain_ && !request.details && !a.narrowed && want >= list.size()) {
    if (run_on_cells(pod_class, view)) {
      a.evaluated = list.size();  // the start of the walk comes round to where it was
      return a;
    }
    unmask();
  }
  find_feasible(c, pod_class, list, want);
  if (c.node_count > 0) start_ = (start_ + a.evaluated) % c.node_count;
  if (a.feasible.size() == 1) {
    a.ties.push_back(a.feasible.front());
    a.tie_count = 1;
  }
  if (a.feasible.size() > 1) score(c, pod_class);
  return a;
}

}  // namespace wavetank::schedule
