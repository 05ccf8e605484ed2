#include "engine/schedule/counters.h"

#include <algorithm>

#include "engine/schedule/node_match.h"

namespace wavetank::schedule {

bool PodTerm::matches(std::string_view ns, const model::Labels& labels) const {
  if (nothing) return false;
  if (!any_namespace && std::find(namespaces.begin(), namespaces.end(), ns) == namespaces.end()) return false;
  return selector.matches(labels);
}

std::string PodPredicate::key() const {
  std::string out;
  append_key(out, std::int64_t{only.value});
  append_key(out, std::int64_t{live_only});
  for (const PodTerm& t : all) {
    append_key(out, std::int64_t{t.any_namespace});
    append_key(out, std::int64_t{t.nothing});
    append_key(out, static_cast<std::int64_t>(t.namespaces.size()));
    for (const std::string& ns : t.namespaces) append_key(out, ns);
    append_key(out, t.selector);
  }
  return out;
}

bool PodPredicate::matches(TemplateId id, std::string_view ns, const model::Labels& labels) const {
  if (only.valid()) return id == only;
  return !all.empty() && std::all_of(all.begin(), all.end(), [&](const PodTerm& t) { return t.matches(ns, labels); });
}

void Counters::clear() { *this = Counters(); }

void Counters::set_domain(Topology& t, NodeId node, const ClusterView& view) {
  if (t.domain.size() < alive_.size()) t.domain.resize(alive_.size(), kNoDomain);
  const std::string* value = alive(node) ? model::find_label(view.node(node).labels, t.key) : nullptr;
  if (value == nullptr) return put_in_domain(t, node, kNoDomain);
  const auto [at, made] = t.index.emplace(*value, static_cast<std::uint32_t>(t.values.size()));
  if (made) {
    t.values.push_back(*value);
    t.nodes_in.push_back(0);
  }
  put_in_domain(t, node, at->second);
}

void Counters::put_in_domain(Topology& t, NodeId node, std::uint32_t domain) {
  std::uint32_t& at = t.domain[node.index()];
  if (at == domain) return;
  const bool was = t.one_node_each();
  if (at != kNoDomain && --t.nodes_in[at] == 1) --t.shared_domains;
  if (domain != kNoDomain && ++t.nodes_in[domain] == 2) ++t.shared_domains;
  at = domain;
  if (was != t.one_node_each()) ++t.shape_epoch;
}

void Counters::node_changed(NodeId node, bool alive, bool labels, bool taints, const ClusterView& view) {
  if (alive_.size() <= node.index()) alive_.resize(node.index() + 1, 0);
  const bool appeared = (alive_[node.index()] != 0) != alive;
  alive_[node.index()] = alive ? 1 : 0;
  if (labels || appeared) {
    ++label_epoch_;
    for (Topology& t : topologies_) set_domain(t, node, view);
  }
  if (taints) ++taint_epoch_;
}

TopologyId Counters::topology(std::string_view key, const ClusterView& view) {
  for (std::size_t i = 0; i < topologies_.size(); ++i) {
    if (topologies_[i].key == key) return TopologyId(i);
  }
  topologies_.emplace_back();
  topologies_.back().key = key;
  topologies_.back().domain.assign(alive_.size(), kNoDomain);
  for (std::size_t n = 0; n < alive_.size(); ++n) set_domain(topologies_.back(), NodeId(n), view);
  return TopologyId(topologies_.size() - 1);
}

EligibleId Counters::eligible(EligibleRule rule) {
  std::string key;
  for (const TopologyId t : rule.required_keys) append_key(key, std::int64_t{t.value});
  append_key(key, std::int64_t{-1});
  if (rule.honor_affinity) append_required_affinity_key(key, rule.pod->spec);
  append_key(key, std::int64_t{rule.honor_taints});
  if (rule.honor_taints) append_key(key, rule.pod->spec.tolerations);
  const auto [at, made] = eligible_index_.emplace(std::move(key), EligibleId(eligibles_.size()));
  if (made) eligibles_.push_back({std::move(rule), {}, 0, 0});
  return at->second;
}

CounterId Counters::counter(GroupId group, TopologyId topology, EligibleId eligible) {
  std::string key;
  for (const std::uint32_t part : {group.value, topology.value, eligible.value}) append_key(key, std::int64_t{part});
  const auto [at, made] = counter_index_.emplace(std::move(key), CounterId(counters_.size()));
  if (made) {
    counters_.emplace_back();
    counters_.back().group = group;
    counters_.back().topology = topology;
    counters_.back().eligible = eligible;
    groups_[group.index()].counters.push_back(at->second);
  }
  return at->second;
}

GroupId Counters::group(const PodPredicate& predicate, bool& made) {
  const auto [at, inserted] = group_index_.emplace(predicate.key(), GroupId(groups_.size()));
  made = inserted;
  if (inserted) groups_.push_back({predicate, {}, 0, {}});
  return at->second;
}

bool Counters::is_fresh(const Counter& c) const {
  return c.label_epoch == label_epoch_ &&
         (c.taint_epoch == taint_epoch_ || !eligibles_[c.eligible.index()].rule.honor_taints);
}

void Counters::add(GroupId id, NodeId node, std::int32_t delta) {
  Group& g = groups_[id.index()];
  if (g.on_node.size() <= node.index()) g.on_node.resize(std::max(alive_.size(), node.index() + 1), 0);
  g.on_node[node.index()] += static_cast<std::uint32_t>(delta);
  g.total += static_cast<std::uint64_t>(std::int64_t{delta});
  for (const CounterId cid : g.counters) {
    Counter& c = counters_[cid.index()];
    const auto& mask = eligibles_[c.eligible.index()].mask;
    if (!is_fresh(c) || node.index() >= mask.size() || mask[node.index()] == 0) continue;
    const std::uint32_t d = domain(c.topology, node);
    if (d == kNoDomain) continue;
    c.total += delta;
    // Taken from the emptiest, or added to them: only the last of them leaving makes a search necessary.
    if (delta > 0 && c.at_least > 0 && c.pods[d] == c.least && c.nodes[d] != 0) --c.at_least;
    c.pods[d] += delta;
    if (delta < 0 && c.at_least > 0 && c.nodes[d] != 0) {
      if (c.pods[d] < c.least) {
        c.least = c.pods[d];
        c.at_least = 1;
      } else if (c.pods[d] == c.least) {
        ++c.at_least;
      }
    }
  }
}

const Counters::Eligible& Counters::fresh(EligibleId id, const ClusterView& view) {
  Eligible& e = eligibles_[id.index()];
  if (e.label_epoch == label_epoch_ && (e.taint_epoch == taint_epoch_ || !e.rule.honor_taints)) return e;
  e.label_epoch = label_epoch_;
  e.taint_epoch = taint_epoch_;
  e.mask.assign(alive_.size(), 0);
  for (std::size_t i = 0; i < alive_.size(); ++i) {
    if (alive_[i] == 0) continue;
    const NodeId n(i);
    bool in = std::all_of(e.rule.required_keys.begin(), e.rule.required_keys.end(),
                          [&](TopologyId t) { return domain(t, n) != kNoDomain; });
    if (in && e.rule.honor_affinity) {
      const state::NodeRow& row = view.node(n);
      in = required_node_affinity_matches(e.rule.pod->spec, row.labels, view.text(row.header.name));
    }
    if (in && e.rule.honor_taints) {
      in = untolerated_taint(view.node(n).spec.taints, e.rule.pod->spec.tolerations) == nullptr;
    }
    e.mask[i] = in ? 1 : 0;
  }
  return e;
}

const Counters::Counter& Counters::fresh(CounterId id, const ClusterView& view) {
  Counter& c = counters_[id.index()];
  if (is_fresh(c)) return c;
  const Eligible& e = fresh(c.eligible, view);
  c.label_epoch = label_epoch_;
  c.taint_epoch = taint_epoch_;
  const Topology& t = topologies_[c.topology.index()];
  c.pods.assign(t.values.size(), 0);
  c.nodes.assign(t.values.size(), 0);
  c.domains = 0;
  c.total = 0;
  c.at_least = 0;
  for (std::size_t i = 0; i < alive_.size(); ++i) {
    if (e.mask[i] == 0 || t.domain[i] == kNoDomain) continue;
    if (c.nodes[t.domain[i]]++ == 0) ++c.domains;
    const std::uint32_t pods = on_node(c.group, NodeId(i));
    c.pods[t.domain[i]] += pods;
    c.total += pods;
  }
  return c;
}

std::int64_t Counters::least(CounterId id, const ClusterView& view) {
  static_cast<void>(fresh(id, view));
  Counter& c = counters_[id.index()];
  if (c.at_least > 0) return c.least;
  c.least = kNoLeast;
  for (std::size_t d = 0; d < c.pods.size(); ++d) {
    if (c.nodes[d] == 0 || c.pods[d] > c.least) continue;
    c.at_least = c.pods[d] < c.least ? 1 : c.at_least + 1;
    c.least = c.pods[d];
  }
  return c.least;
}

}  // namespace wavetank::schedule
