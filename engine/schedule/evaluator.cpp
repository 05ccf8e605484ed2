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
  by_node_[entry.node.index()].push_back(entry);
  by_pod_[entry.pod.index()] = entry.node;
  ++count_;
}

void Nominations::remove(PodId pod) {
  const NodeId node = node_of(pod);
  if (!node.valid()) return;
  std::erase_if(by_node_[node.index()], [&](const Entry& e) { return e.pod == pod; });
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
  verdicts_.clear();
  start_ = 0;
}

Cycle Evaluator::cycle(const PodClass& pod_class, const ClusterView& view) {
  return {cache_, reasons_, view, pod_class, cache_.order().size()};
}

std::string Evaluator::pre_enqueue(const model::PodSpec& spec) const {
  for (const Plugin* p : plugins_.pre_enqueue) {
    if (std::string why = p->pre_enqueue(spec); !why.empty()) return why;
  }
  return {};
}

bool Evaluator::reserve_and_permit(NodeId node, const ClusterView& view) {
  if (plugins_.reservers.empty() && plugins_.permitters.empty()) return true;
  const Cycle c = cycle(class_of(request_.tmpl, request_.owner, view), view);
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

Verdict Evaluator::filter_one(const Cycle& c, LocalClass& local, NodeId node) {
  const Nodes one(&node, 1);
  classes_.refresh(c, local, one);
  Verdict v = local.verdict[node.index()];
  for (Plugin* p : active_) p->filter(c, one, &v);
  return v;
}

/// The node must do with and without the pods of equal or higher priority that are nominated to it.
Verdict Evaluator::filter_with_nominated(const Cycle& c, LocalClass& local, NodeId node) {
  std::vector<PodId> added;
  for (const Nominations::Entry& e : nominations_.on(node)) {
    if (e.priority < request_.priority || e.pod == request_.pod || cache_.placed(e.pod) != nullptr) continue;
    cache_.place(e.pod, e.tmpl, node, false, true, c.view);
    added.push_back(e.pod);
  }
  if (!added.empty()) {
    // A new template may bring a skipped InterPodAffinity to life.
    const std::vector<Plugin*> before = active_;
    for (Plugin* p : plugins_.cluster_filters) {
      if (std::find(active_.begin(), active_.end(), p) == active_.end()) active_.push_back(p);
    }
    prepare(c);
    const Verdict v = filter_one(c, local, node);
    while (!added.empty()) {
      cache_.take(added.back());
      added.pop_back();
    }
    active_ = before;
    prepare(c);
    if (!v.ok()) return v;
  }
  return filter_one(c, local, node);
}

Verdict Evaluator::filter_again(NodeId node, const ClusterView& view) {
  PodClass& pod_class = class_of(request_.tmpl, request_.owner, view);
  const Cycle c = cycle(pod_class, view);
  prepare(c);
  return filter_with_nominated(c, classes_.local_of(pod_class), node);
}

void Evaluator::record_failure(NodeId node, Verdict v) {
  attempt_.failed.push_back(node);
  verdicts_[node.index()] = v;
  attempt_.rejected_by |= std::uint64_t{1} << plugins_.filters[v.plugin]->index;
}

/// Filters block_ and records; true when the search is over.
bool Evaluator::walk_block(const Cycle& c, LocalClass& local, std::size_t want) {
  classes_.refresh(c, local, block_);
  block_verdicts_.resize(block_.size());
  for (std::size_t i = 0; i < block_.size(); ++i) block_verdicts_[i] = local.verdict[block_[i].index()];
  for (Plugin* p : active_) p->filter(c, block_, block_verdicts_.data());
  for (std::size_t i = 0; i < block_.size(); ++i) {
    const NodeId n = block_[i];
    Verdict v = block_verdicts_[i];
    if (!nominations_.empty() && !nominations_.on(n).empty()) v = filter_with_nominated(c, local, n);
    if (!v.ok()) {
      record_failure(n, v);
      continue;
    }
    if (attempt_.feasible.size() == want) return true;  // the one too many ends the search and does not count
    verdicts_[n.index()] = kPassed;
    attempt_.feasible.push_back(n);
  }
  return false;
}

void Evaluator::find_feasible(const Cycle& c, Nodes list, std::size_t want) {
  LocalClass& local = classes_.local_of(const_cast<PodClass&>(c.pod_class));
  const std::size_t start = list.empty() ? 0 : start_ % list.size();
  std::size_t done = 0;
  while (done < list.size()) {
    const std::size_t size =
        std::min(list.size() - done, std::max<std::size_t>(64, want + 1 - attempt_.feasible.size()));
    block_.clear();
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = start + done + i;
      block_.push_back(list[at < list.size() ? at : at - list.size()]);
    }
    if (walk_block(c, local, want)) break;
    done += size;
  }
  attempt_.evaluated = attempt_.feasible.size() + attempt_.failed.size();
}

void Evaluator::score(const Cycle& c) {
  Attempt& a = attempt_;
  const Nodes nodes(a.feasible);
  LocalClass& local = classes_.local_of(const_cast<PodClass&>(c.pod_class));
  classes_.refresh(c, local, nodes);
  a.totals.assign(nodes.size(), 0);
  scores_.resize(nodes.size());
  for (const Scorer& s : plugins_.scorers) {
    if (s.pre_score && !s.plugin->pre_score(c, nodes)) {
      if (request_.details) a.skipped.push_back(s.plugin);
      continue;
    }
    if (s.slot >= 0) {
      const auto& column = local.raw[static_cast<std::size_t>(s.slot)];
      for (std::size_t i = 0; i < nodes.size(); ++i) scores_[i] = column[nodes[i].index()];
    } else {
      s.plugin->score(c, nodes, scores_.data());
    }
    if (request_.details) a.columns.push_back({s.plugin, s.weight, scores_, {}});
    s.plugin->normalize(c, nodes, scores_.data());
    if (request_.details) a.columns.back().normalized = scores_;
    for (std::size_t i = 0; i < nodes.size(); ++i) a.totals[i] += scores_[i] * s.weight;
  }
  a.best_total = std::numeric_limits<std::int64_t>::min();
  for (const std::int64_t t : a.totals) a.best_total = std::max(a.best_total, t);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (a.totals[i] == a.best_total) a.ties.push_back(nodes[i]);
  }
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
  a.ties.clear();
}

}  // namespace

const Attempt& Evaluator::run(const Request& request, const ClusterView& view) {
  request_ = request;
  Attempt& a = attempt_;
  reset(a);
  if (verdicts_.size() < cache_.columns()) verdicts_.resize(cache_.columns(), kPassed);
  PodClass& pod_class = class_of(request.tmpl, request.owner, view);
  const Cycle c = cycle(pod_class, view);
  if (!pre_filter(c, view)) return a;
  const NodeId nominated = nominations_.node_of(request.pod);
  if (nominated.valid() && cache_.alive(nominated)) {
    if (filter_with_nominated(c, classes_.local_of(pod_class), nominated).ok()) {
      a.feasible.push_back(nominated);
      a.ties.push_back(nominated);
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
  find_feasible(c, list, nodes_to_find(list.size(), request.percentage));
  if (c.node_count > 0) start_ = (start_ + a.evaluated) % c.node_count;
  if (a.feasible.size() == 1) a.ties.push_back(a.feasible.front());
  if (a.feasible.size() > 1) score(c);
  return a;
}

}  // namespace wavetank::schedule
