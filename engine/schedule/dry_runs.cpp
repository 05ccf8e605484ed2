#include "engine/schedule/dry_runs.h"

#include <algorithm>
#include <bit>

namespace wavetank::schedule {
namespace {

/// Tables kept, each 64 bytes a node.
constexpr std::size_t kMostTables = 8;

bool more_important(const Occupant& a, const Occupant& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (a.start != b.start) return a.start < b.start;
  return a.pod < b.pod;
}

}  // namespace

// ---- Budgets ----

bool Budgets::update(const ClusterView& view) {
  const auto& rows = view->pdbs;
  bool anew = seen_.size() > rows.size();
  seen_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const state::PdbRow& row = rows[i];
    Seen& s = seen_[i];
    const bool alive = row.header.alive;
    if (s.version == row.header.version && s.alive == alive && s.allowed == row.disruptions_allowed &&
        s.disrupted == row.disrupted.size()) {
      continue;
    }
    if (s.alive != alive || s.ns != row.header.ns || s.selector != row.spec.selector) anew = true;
    live_ += (alive ? 1U : 0U) - (s.alive ? 1U : 0U);
    s = {row.header.version, alive, row.disruptions_allowed, row.disrupted.size(), row.header.ns, row.spec.selector};
    changed_[i & 63] = ++clock_;
  }
  if (anew) of_.clear();
  return anew;
}

const std::vector<std::uint32_t>& Budgets::of(TemplateId tmpl, const Cache& cache, const ClusterView& view) {
  if (of_.size() <= tmpl.index()) of_.resize(tmpl.index() + 1);
  OfTemplate& out = of_[tmpl.index()];
  if (out.known) return out.rows;
  out.known = true;
  const TemplateInfo& t = cache.known_info(tmpl);
  if (t.pod->labels.empty()) return out.rows;  // a pod without labels is never looked at
  for (std::size_t i = 0; i < view->pdbs.size(); ++i) {
    const state::PdbRow& pdb = view->pdbs[i];
    if (!pdb.header.alive || pdb.header.ns != t.ns) continue;
    if (!pdb.spec.selector || pdb.spec.selector->empty()) continue;  // takes in nothing here
    if (pdb.spec.selector->matches(t.pod->labels)) out.rows.push_back(static_cast<std::uint32_t>(i));
  }
  return out.rows;
}

bool Budgets::violates(const Occupant& pod, const std::vector<std::uint32_t>& rows, const ClusterView& view) {
  if (left_.size() < seen_.size()) {
    left_.resize(seen_.size(), 0);
    left_walk_.resize(seen_.size(), 0);
  }
  bool out = false;
  for (const std::uint32_t i : rows) {
    const state::PdbRow& pdb = view->pdbs[i];
    const auto is_pod = [&](const state::DisruptedPod& d) { return d.pod == pod.pod; };
    if (std::any_of(pdb.disrupted.begin(), pdb.disrupted.end(), is_pod)) continue;  // its going is granted already
    if (left_walk_[i] != walk_) {
      left_walk_[i] = walk_;
      left_[i] = pdb.disruptions_allowed;
    }
    if (--left_[i] < 0) out = true;
  }
  return out;
}

bool Budgets::unchanged(std::uint64_t set, std::uint32_t since) const {
  for (; set != 0; set &= set - 1) {
    if (changed_[static_cast<std::size_t>(std::countr_zero(set))] > since) return false;
  }
  return true;
}

// ---- DryRuns ----

DryRuns::DryRuns(Evaluator& evaluator, Cache& cache) : evaluator_(evaluator), cache_(cache) {}

void DryRuns::begin(const Evaluator::Request& request, Nodes potential, const ClusterView& view) {
  if (!known_plugins_) look_at_profile();
  if (budgets_.update(view)) tables_.clear();
  look_beyond(request, potential, view);
  const std::uint32_t need = need_of(request.tmpl);
  need_ = &needs_[need];
  priority_ = request.priority;
  table_ = &table_of(need, request.priority);
  if (on_.size() < cache_.columns()) on_.resize(cache_.columns());
  if (table_->by_node.size() < cache_.columns()) table_->by_node.resize(cache_.columns());
}

void DryRuns::look_at_profile() {
  known_plugins_ = true;
  // Arithmetic answers for plugins of the second rank: those of the first must have had their say, those of the third
  // not yet. Plugins of volumes are asked as those of the third are, and skip pods without.
  static constexpr std::pair<std::string_view, int> kRanks[] = {
      {"NodeUnschedulable", 1},  {"NodeName", 1},         {"TaintToleration", 1},   {"NodeAffinity", 1},
      {"NodePorts", 2},          {"NodeResourcesFit", 2}, {"PodTopologySpread", 3}, {"InterPodAffinity", 3},
      {"VolumeRestrictions", 0}, {"NodeVolumeLimits", 0}, {"VolumeBinding", 0},     {"VolumeZone", 0}};
  int rank = 1;
  for (const Plugin* p : evaluator_.plugins().filters) {
    const auto at =
        std::find_if(std::begin(kRanks), std::end(kRanks), [&](const auto& r) { return r.first == p->plugin_name; });
    if (at == std::end(kRanks) || (at->second != 0 && at->second < rank)) ordered_ = false;
    if (at != std::end(kRanks) && at->second == 0 && p->depends() != Depends::Cluster) ordered_ = false;
    if (at != std::end(kRanks) && at->second != 0) rank = at->second;
    fit_ |= p->plugin_name == "NodeResourcesFit";
    ports_ |= p->plugin_name == "NodePorts";
  }
}

/// Plugins that look beyond the node. Topology spread and anti-affinity only mind pods being there: where they let the
/// pod pass beside everybody, they let it pass beside fewer, and have no say in who goes. (Taking pods from a domain
/// lowers its count at least as much as the smallest count of all.) Affinity may miss those that go. Whatever they say,
/// it stays so when none of those that may go is of the kind they look at.
void DryRuns::look_beyond(const Evaluator::Request& request, Nodes potential, const ClusterView& view) {
  const state::TemplateRow& row = view.pod_template(request.tmpl);
  pod_ = row.value;
  ns_ = row.ns;
  may_ = ordered_;
  ask_ = !evaluator_.cluster_filters_used().empty();
  if (!may_ || !ask_) return;
  for (const Plugin* p : evaluator_.cluster_filters_used()) {
    may_ = may_ && (p->plugin_name == "PodTopologySpread" || p->plugin_name == "InterPodAffinity");
  }
  minds_presence_ = pod_->spec.affinity.pod.required.empty();
  if (!may_) return;
  evaluator_.ask_cluster_filters(potential, view, verdicts_);
  beyond_.resize(cache_.columns(), kPassed);
  for (std::size_t i = 0; i < potential.size(); ++i) beyond_[potential[i].index()] = verdicts_[i];
  matters_.assign(matters_.size(), 0);
}

/// Whether topology spread or affinity may count pods of this template for the present pod. Rather yes than no.
bool DryRuns::matters(TemplateId tmpl) {
  if (matters_.size() <= tmpl.index()) matters_.resize(tmpl.index() + 1, 0);
  std::uint8_t& known = matters_[tmpl.index()];
  if (known != 0) return known == 2;
  const TemplateInfo& t = cache_.known_info(tmpl);
  const auto& constraints = pod_->spec.topology_spread_constraints;
  bool out = constraints.empty() && !evaluator_.profile().spread.system_defaults;
  for (const model::PodAffinityTerm& term : t.pod->spec.affinity.pod_anti.required) {
    out |= term.label_selector && term.label_selector->matches(pod_->labels);
  }
  for (const auto* terms : {&pod_->spec.affinity.pod.required, &pod_->spec.affinity.pod_anti.required}) {
    for (const model::PodAffinityTerm& term : *terms) {
      out |= term.label_selector && term.label_selector->matches(t.pod->labels);
    }
  }
  for (const model::TopologySpreadConstraint& k : constraints) {
    out |= t.ns == ns_ && k.label_selector && k.label_selector->matches(t.pod->labels);
  }
  known = out ? 2 : 1;
  return out;
}

bool DryRuns::nobody_matters(NodeId node, const ClusterView& view) {
  const std::vector<Occupant>& pods = on(node, view).pods;
  return std::none_of(pods.rbegin(), pods.rend(),
                      [&](const Occupant& p) { return p.priority < priority_ && matters(p.tmpl); });
}

bool DryRuns::may(NodeId node, const ClusterView& view) {
  if (!may_ || on(node, view).odd) return false;
  const Depends failed = evaluator_.filter_plugin(evaluator_.verdict(node)).depends();
  if (!ask_) return failed == Depends::NodeLoad;
  if (failed == Depends::NodeObject) return false;
  return (minds_presence_ && beyond_[node.index()].ok()) || nobody_matters(node, view);
}

std::uint32_t DryRuns::need_of(TemplateId tmpl) {
  if (need_of_.size() <= tmpl.index()) need_of_.resize(tmpl.index() + 1, 0);
  std::uint32_t& known = need_of_[tmpl.index()];
  if (known != 0) return known - 1;
  const TemplateInfo& t = cache_.known_info(tmpl);
  Need need;
  if (fit_) {
    const FitArgs& args = evaluator_.profile().fit;
    const auto has = [](const std::vector<std::string>& list, const std::string& name) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    need.cpu = t.requests.real.milli_cpu;
    need.memory = t.requests.real.memory;
    need.ephemeral = t.requests.real.ephemeral_storage;
    for (const auto& [column, amount] : t.scalars) {
      const std::string& name = cache_.scalars[column].name;
      if (is_extended_resource(name) &&
          (has(args.ignored_resources, name) || has(args.ignored_resource_groups, name.substr(0, name.find('/')))))
        continue;
      need.scalars.emplace_back(column, amount);
    }
  }
  if (ports_) need.ports = t.ports;
  std::size_t at = static_cast<std::size_t>(std::find(needs_.begin(), needs_.end(), need) - needs_.begin());
  if (at == needs_.size()) needs_.push_back(std::move(need));
  known = static_cast<std::uint32_t>(at + 1);
  return static_cast<std::uint32_t>(at);
}

DryRuns::Table& DryRuns::table_of(std::uint32_t need, std::int32_t priority) {
  Table* out = nullptr;
  for (const auto& t : tables_) {
    if (t->need == need && t->priority == priority) out = t.get();
  }
  if (out == nullptr && tables_.size() < kMostTables) {
    tables_.push_back(std::make_unique<Table>());
    out = tables_.back().get();
    out->need = need;
    out->priority = priority;
  }
  if (out == nullptr) {
    out = std::min_element(tables_.begin(), tables_.end(), [](const auto& a, const auto& b) {
            return a->last_used < b->last_used;
          })->get();
    out->need = need;
    out->priority = priority;
    std::fill(out->by_node.begin(), out->by_node.end(), Entry());
  }
  out->last_used = ++uses_;
  return *out;
}

const DryRuns::OnNode& DryRuns::on(NodeId node, const ClusterView& view) {
  if (on_.size() <= node.index()) on_.resize(node.index() + 1);
  OnNode& out = on_[node.index()];
  if (out.version == cache_.load_version[node.index()] && !out.assumed) return out;
  out.version = cache_.load_version[node.index()];
  out.assumed = false;
  out.pods.clear();
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  for (const PodId p : cache_.pods_on[node.index()]) {
    const Cache::Placed& placed = *cache_.placed(p);
    out.assumed |= placed.assumed;
    const SimTime start = placed.assumed ? view.now() : view->pods.scheduled[p.index()];
    out.pods.push_back({p, placed.tmpl, view->pods.priority[p.index()], start});
    const TemplateInfo& t = cache_.known_info(placed.tmpl);
    cpu += t.placed_as.real.milli_cpu;
    memory += t.placed_as.real.memory;
  }
  std::sort(out.pods.begin(), out.pods.end(), more_important);
  out.odd = cpu != cache_.requested_cpu[node.index()] || memory != cache_.requested_memory[node.index()];
  return out;
}

void DryRuns::tell(NodeId node, Verdict verdict) {
  Entry& e = table_->by_node[node.index()];
  if (e.version == 0) return;
  e.version = cache_.load_version[node.index()];
  e.outcome.verdict = verdict;
  e.outcome.verdict_known = true;
}

const DryRuns::Outcome& DryRuns::of(NodeId node, const ClusterView& view) {
  const Outcome& local = on_its_own(node, view);
  const bool elsewhere = ask_ && !beyond_[node.index()].ok();
  if (!elsewhere || local.kind == Outcome::Kind::NoPods || local.kind == Outcome::Kind::Rejected) return local;
  beyond_outcome_ = {Outcome::Kind::Rejected, true, beyond_[node.index()], {}};
  return beyond_outcome_;
}

const DryRuns::Outcome& DryRuns::on_its_own(NodeId node, const ClusterView& view) {
  Entry& e = table_->by_node[node.index()];
  const std::uint32_t version = cache_.load_version[node.index()];
  if (e.version == version) {
    if (e.checked == budgets_.clock()) return e.outcome;
    if (budgets_.unchanged(e.budgets, e.checked)) {
      e.checked = budgets_.clock();
      return e.outcome;
    }
  }
  std::uint64_t budgets = 0;
  const Outcome found = compute(node, view, budgets);
  Entry& to = on_[node.index()].assumed ? unkept_ : e;
  e.version = 0;
  to = {version, budgets_.clock(), budgets, found};
  return to.outcome;
}

void DryRuns::victims(NodeId node, const ClusterView& view, std::vector<PodId>& out) {
  out.clear();
  std::uint64_t budgets = 0;
  if (compute(node, view, budgets).kind != Outcome::Kind::Candidate) return;
  const auto& pods = on(node, view).pods;
  const std::size_t first = pods.size() - goes_.size();
  for (std::size_t i = 0; i < goes_.size(); ++i) {
    if (goes_[i] != 0) out.push_back(pods[first + i].pod);
  }
}

void DryRuns::move(Room& room, TemplateId tmpl, std::int64_t sign) {
  const TemplateInfo& t = cache_.known_info(tmpl);
  room.pods += sign;
  room.cpu += sign * t.placed_as.real.milli_cpu;
  room.memory += sign * t.placed_as.real.memory;
  room.ephemeral += sign * t.placed_as.real.ephemeral_storage;
  for (std::size_t i = 0; i < need_->scalars.size(); ++i) {
    for (const auto& [column, amount] : t.placed_scalars) {
      if (column == need_->scalars[i].first) scalar_room_[i] += sign * amount;
    }
  }
}

bool DryRuns::fits(const Room& room) const {
  if (!fit_) return true;
  bool ok = room.pods >= 1 && (need_->cpu == 0 || need_->cpu <= room.cpu) &&
            (need_->memory == 0 || need_->memory <= room.memory) &&
            (need_->ephemeral == 0 || need_->ephemeral <= room.ephemeral);
  for (std::size_t i = 0; i < need_->scalars.size(); ++i) ok = ok && need_->scalars[i].second <= scalar_room_[i];
  return ok;
}

bool DryRuns::port_taken(TemplateId tmpl) const {
  if (need_->ports.empty()) return false;
  const auto& taken = cache_.known_info(tmpl).ports;
  return std::any_of(need_->ports.begin(), need_->ports.end(), [&](const HostPort& p) {
    return std::any_of(taken.begin(), taken.end(), [&](const HostPort& t) { return p.conflicts_with(t); });
  });
}

/// Fills violating_ and others_ with places in `pods`.
void DryRuns::split(std::span<const Occupant> pods, const ClusterView& view, std::uint64_t& budgets) {
  violating_.clear();
  others_.clear();
  budgets_.begin_walk();
  for (std::uint32_t i = 0; i < pods.size(); ++i) {
    bool violates = false;
    if (budgets_.any()) {
      const auto& rows = budgets_.of(pods[i].tmpl, cache_, view);
      for (const std::uint32_t row : rows) budgets |= Budgets::bit(row);
      violates = !rows.empty() && budgets_.violates(pods[i], rows, view);
    }
    (violates ? violating_ : others_).push_back(i);
  }
}

DryRuns::Outcome DryRuns::compute(NodeId node, const ClusterView& view, std::uint64_t& budgets) {
  using Kind = Outcome::Kind;
  Outcome out;
  const std::vector<Occupant>& all = on(node, view).pods;
  const auto first =
      std::partition_point(all.begin(), all.end(), [&](const Occupant& p) { return p.priority >= priority_; });
  if (first == all.end()) return out;
  const std::span<const Occupant> lower(first, all.end());

  const std::size_t n = node.index();
  Room room{cache_.allocatable_pods[n] - static_cast<std::int64_t>(all.size()),
            cache_.allocatable_cpu[n] - cache_.requested_cpu[n],
            cache_.allocatable_memory[n] - cache_.requested_memory[n],
            cache_.allocatable_ephemeral[n] - cache_.requested_ephemeral[n]};
  scalar_room_.clear();
  for (const auto& [column, amount] : need_->scalars) {
    scalar_room_.push_back(cache_.scalars[column].allocatable[n] - cache_.scalars[column].requested[n]);
  }
  for (const Occupant& p : lower) move(room, p.tmpl, 1);
  if (!fits(room) || std::any_of(all.begin(), first, [&](const Occupant& p) { return port_taken(p.tmpl); })) {
    out.kind = Kind::Rejected;
    return out;
  }

  split(lower, view, budgets);
  goes_.assign(lower.size(), 0);
  const auto reprieve = [&](std::uint32_t i) {
    move(room, lower[i].tmpl, -1);
    if (fits(room) && !port_taken(lower[i].tmpl)) return;
    move(room, lower[i].tmpl, 1);
    goes_[i] = 1;
  };
  for (const std::uint32_t i : violating_) {
    reprieve(i);
    out.rank.violations += goes_[i];
  }
  for (const std::uint32_t i : others_) reprieve(i);

  SimTime earliest;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (goes_[i] == 0) continue;
    const Occupant& p = lower[i];  // the first one has the highest priority and among those the earliest start
    if (out.rank.victims++ == 0) {
      out.rank.highest = p.priority;
      earliest = p.start;
    }
    out.rank.sum += p.priority + (std::int64_t{1} << 31);
  }
  out.rank.minus_start = -earliest.ns;
  out.kind = out.rank.victims > 0 ? Kind::Candidate : Kind::AllStay;
  return out;
}

}  // namespace wavetank::schedule
