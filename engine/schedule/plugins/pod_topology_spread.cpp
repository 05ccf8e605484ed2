// Pods of one selector spread over the domains of a topology key: hard constraints filter, soft ones score.
// Source: pkg/scheduler/framework/plugins/podtopologyspread/{common,filtering,scoring}.go, KEP-895, KEP-3022, KEP-3094,
// KEP-3243.

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/plugins/spread_constraints.h"

namespace wavetank::schedule {
namespace {

struct Constraint {
  TopologyId topology;
  GroupId group;      ///< Not valid: a selector that counts no pod (empty or missing).
  CounterId counter;  ///< Valid with the group, and for hard constraints always.
  std::int64_t max_skew = 1;
  std::uint32_t min_domains = 1;
  bool self = false;  ///< The selector selects the pod itself.
  bool hostname = false;
  bool honor_taints = false;
  PodTerm term;
};

struct Data : PluginData {
  std::vector<Constraint> hard, soft;
  bool require_all_keys = true;
};

/// math.Round for what is never negative; the fraction is exact.
std::int64_t round_half_up(double x) {
  const auto whole = static_cast<std::int64_t>(x);
  return whole + (x - static_cast<double>(whole) >= 0.5 ? 1 : 0);
}

class PodTopologySpread final : public Plugin {
 public:
  explicit PodTopologySpread(const PodTopologySpreadArgs& args) : args_(args) {}

  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    const SpreadConstraints wanted = spread_constraints(c, args_);
    out->require_all_keys = !wanted.system_defaults;
    compile(c, wanted.hard, true, true, out->hard);
    compile(c, wanted.soft, out->require_all_keys, false, out->soft);
    return out;
  }

  PreFilterStatus pre_filter(const Cycle& c) override {
    const Data& d = data<Data>(c);
    PreFilterStatus out;
    if (d.hard.empty()) {
      out.code = PreFilterStatus::Code::Skip;
      return out;
    }
    minimum_.resize(d.hard.size());
    for (std::size_t i = 0; i < d.hard.size(); ++i) minimum_[i] = minimum(c, d.hard[i]);
    return out;
  }

  int trait_count(const Cycle& c) override {
    const Data& d = data<Data>(c);
    return static_cast<int>(d.hard.size() + d.soft.size());
  }
  /// A domain's number where domains have many nodes; else the pods in the node's own domain.
  void traits(const Cycle& c, Nodes nodes, std::int32_t* out, std::size_t stride) override {
    const Data& d = data<Data>(c);
    for (const auto* list : {&d.hard, &d.soft}) {
      for (const Constraint& k : *list) trait_of(c, k, nodes, out++, stride);
    }
  }
  std::uint64_t traits_epoch(const Cycle& c) const override {
    const Data& d = data<Data>(c);
    std::uint64_t sum = 0;
    for (const auto* list : {&d.hard, &d.soft}) {
      for (const Constraint& k : *list) sum += c.cache.counters.topology(k.topology).shape_epoch;
    }
    return sum;
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const Data& d = data<Data>(c);
    for (std::size_t i = 0; i < d.hard.size(); ++i) {
      const Constraint& k = d.hard[i];
      const auto& domain = c.cache.counters.topology(k.topology).domain;
      const auto& pods = c.cache.counters.fresh(k.counter, c.view).pods;
      const std::int64_t most = k.max_skew + minimum_[i] - (k.self ? 1 : 0);
      for (std::size_t j = 0; j < nodes.size(); ++j) {
        if (verdicts[j].plugin <= filter_order) continue;
        const std::uint32_t at = domain[nodes[j].index()];
        if (at == kNoDomain) {
          fail(verdicts[j], missing_label_.in(c.reasons), true);
        } else if (k.group.valid() ? pods[at] > most : most < 0) {
          fail(verdicts[j], skew_.in(c.reasons), false);
        }
      }
    }
  }

  bool pre_score(const Cycle& c, Nodes feasible) override {
    const Data& d = data<Data>(c);
    if (d.soft.empty()) return false;
    ignored_.assign(feasible.size(), 0);
    std::size_t scored = 0;
    for (std::size_t j = 0; j < feasible.size(); ++j) {
      for (const Constraint& k : d.soft) {
        if (d.require_all_keys && c.cache.counters.domain(k.topology, feasible[j]) == kNoDomain) ignored_[j] = 1;
      }
      if (ignored_[j] == 0) scored += c.members_of(j);
    }
    weight_.resize(d.soft.size());
    for (std::size_t i = 0; i < d.soft.size(); ++i) {
      const std::size_t size = d.soft[i].hostname ? scored : topology_size(c, d.soft[i], feasible);
      weight_[i] = std::log(static_cast<double>(size + 2));
    }
    return true;
  }

  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    const Data& d = data<Data>(c);
    sum_.assign(nodes.size(), 0.0);
    for (std::size_t i = 0; i < d.soft.size(); ++i) add_scores(c, d.soft[i], weight_[i], nodes);
    for (std::size_t j = 0; j < nodes.size(); ++j) raw[j] = ignored_[j] != 0 ? 0 : round_half_up(sum_[j]);
  }

  void normalize(const Cycle&, Nodes nodes, std::int64_t* scores) override {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = 0;
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      if (ignored_[j] != 0) continue;
      least = std::min(least, scores[j]);
      most = std::max(most, scores[j]);
    }
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      if (ignored_[j] != 0) {
        scores[j] = 0;
      } else {
        scores[j] = most == 0 ? 100 : 100 * (most + least - scores[j]) / most;
      }
    }
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Pod, action::kAdd | action::kUpdatePodLabel | action::kUpdatePodToleration | action::kDelete},
        {Resource::Node, action::kAdd | action::kDelete | action::kUpdateNodeLabel | action::kUpdateNodeTaint},
    };
    return kEvents;
  }
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    const Data& d = data<Data>(c);
    if (!e.is_pod()) return node_helps(e, c, d);
    const TemplateInfo& pod = c.cache.known_info(e.tmpl);
    if (c.view.text(pod.ns) != c.pod_class.ns || e.nominated_only) return false;
    const auto selects = [&](const Constraint& k, const TemplateInfo& t) {
      return k.term.matches(c.pod_class.ns, t.pod->labels);
    };
    const auto any = [&](auto&& holds) { return std::any_of(d.hard.begin(), d.hard.end(), holds); };
    if (e.action == action::kAdd || e.action == action::kDelete)
      return any([&](const Constraint& k) { return selects(k, pod); });
    const TemplateInfo& was = c.cache.known_info(e.old_tmpl);
    if (e.resource == Resource::UnschedulablePod && was.pod->spec.tolerations != pod.pod->spec.tolerations &&
        any([](const Constraint& k) { return k.honor_taints; }))
      return true;
    return any([&](const Constraint& k) { return selects(k, pod) != selects(k, was); });
  }

 private:
  static void compile(const Cycle& c, const std::vector<SpreadConstraint>& wanted, bool require_all_keys, bool hard,
                      std::vector<Constraint>& out) {
    Counters& counters = c.cache.counters;
    EligibleRule rule;
    rule.pod = c.pod_class.pod;
    for (const SpreadConstraint& w : wanted) {
      const TopologyId topology = counters.topology(w.topology_key, c.view);
      if (require_all_keys) rule.required_keys.push_back(topology);
    }
    const model::PodSpec& spec = c.pod_class.spec();
    const bool has_affinity = !spec.node_selector.empty() || (spec.affinity.node && spec.affinity.node->required);
    for (const SpreadConstraint& w : wanted) {
      Constraint k;
      k.topology = counters.topology(w.topology_key, c.view);
      k.max_skew = w.max_skew;
      k.min_domains = w.min_domains;
      k.hostname = w.topology_key == "kubernetes.io/hostname";
      k.honor_taints = w.honor_taints;
      k.term.namespaces = {c.pod_class.ns};
      k.term.nothing = !w.selector;
      if (w.selector) k.term.selector = *w.selector;
      k.self = w.selector && w.selector->matches(c.pod_class.pod->labels);
      PodPredicate predicate;
      predicate.live_only = true;
      predicate.all = {k.term};
      const bool counts = w.selector && !w.selector->empty();
      if (counts) k.group = c.cache.group(predicate, c.view);
      rule.honor_affinity = w.honor_affinity && has_affinity;
      rule.honor_taints = w.honor_taints;
      if (!counts) predicate.all[0].nothing = true;
      if (hard || (counts && !k.hostname)) {
        k.counter =
            counters.counter(counts ? k.group : c.cache.group(predicate, c.view), k.topology, counters.eligible(rule));
      }
      out.push_back(std::move(k));
    }
  }

  static void trait_of(const Cycle& c, const Constraint& k, Nodes nodes, std::int32_t* out, std::size_t stride) {
    const Counters::Topology& t = c.cache.counters.topology(k.topology);
    const bool by_node = t.one_node_each() || (k.hostname && !k.counter.valid());
    const std::vector<std::int64_t>* pods =
        by_node && k.counter.valid() ? &c.cache.counters.fresh(k.counter, c.view).pods : nullptr;
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      const std::uint32_t at = t.domain[nodes[j].index()];
      std::int64_t trait = at;
      if (at == kNoDomain) {
        trait = -1;
      } else if (pods != nullptr) {
        trait = (*pods)[at];
      } else if (by_node) {
        trait = k.group.valid() ? c.cache.counters.on_node(k.group, nodes[j]) : 0;
      }
      out[j * stride] = static_cast<std::int32_t>(trait);
    }
  }

  static std::int64_t minimum(const Cycle& c, const Constraint& k) {
    if (c.cache.counters.fresh(k.counter, c.view).domains < k.min_domains) return 0;
    return c.cache.counters.least(k.counter, c.view);
  }

  /// Domains that the feasible nodes lie in; nodes without the key make one more where they still score (system
  /// defaults).
  std::size_t topology_size(const Cycle& c, const Constraint& k, Nodes feasible) {
    const Counters::Topology& t = c.cache.counters.topology(k.topology);
    if (++stamp_ == 0) {
      std::fill(seen_.begin(), seen_.end(), 0);
      stamp_ = 1;
    }
    if (seen_.size() < t.values.size()) seen_.resize(t.values.size(), 0);
    std::size_t size = 0;
    bool missing = false;
    for (std::size_t j = 0; j < feasible.size(); ++j) {
      if (ignored_[j] != 0) continue;
      const std::uint32_t at = t.domain[feasible[j].index()];
      if (at == kNoDomain) {
        missing = true;
      } else if (t.one_node_each()) {
        size += c.members_of(j);
      } else if (seen_[at] != stamp_) {
        seen_[at] = stamp_;
        ++size;
      }
    }
    return size + (missing ? 1 : 0);
  }

  void add_scores(const Cycle& c, const Constraint& k, double weight, Nodes nodes) {
    const auto& domain = c.cache.counters.topology(k.topology).domain;
    const auto base = static_cast<double>(k.max_skew - 1);
    if (!k.group.valid()) {
      for (std::size_t j = 0; j < nodes.size(); ++j)
        sum_[j] += domain[nodes[j].index()] == kNoDomain ? 0.0 : 0.0 * weight + base;
    } else if (k.hostname) {
      for (std::size_t j = 0; j < nodes.size(); ++j) {
        if (domain[nodes[j].index()] == kNoDomain) continue;
        sum_[j] += static_cast<double>(c.cache.counters.on_node(k.group, nodes[j])) * weight + base;
      }
    } else {
      const auto& pods = c.cache.counters.fresh(k.counter, c.view).pods;
      for (std::size_t j = 0; j < nodes.size(); ++j) {
        const std::uint32_t at = domain[nodes[j].index()];
        if (at != kNoDomain) sum_[j] += static_cast<double>(pods[at]) * weight + base;
      }
    }
  }

  static bool node_helps(const ClusterEvent& e, const Cycle& c, const Data& d) {
    const auto value = [&](const NodeObject& n, const Constraint& k) {
      return model::find_label(n.labels, c.cache.counters.topology(k.topology).key);
    };
    const auto counts = [&](const std::shared_ptr<const NodeObject>& n) {
      return n != nullptr &&
             std::all_of(d.hard.begin(), d.hard.end(), [&](const Constraint& k) { return value(*n, k) != nullptr; });
    };
    const bool did = counts(e.old_node);
    const bool does = counts(e.new_node);
    if (e.old_node == nullptr || e.new_node == nullptr) return did || does;
    if (did != does) return true;
    return does && (e.old_node->taints != e.new_node->taints ||
                    std::any_of(d.hard.begin(), d.hard.end(),
                                [&](const Constraint& k) { return *value(*e.old_node, k) != *value(*e.new_node, k); }));
  }

  PodTopologySpreadArgs args_;
  Reason skew_{"node(s) didn't match pod topology spread constraints"};
  Reason missing_label_{"node(s) didn't match pod topology spread constraints (missing required label)"};
  // of one cycle
  std::vector<std::int64_t> minimum_;
  std::vector<double> weight_, sum_;
  std::vector<std::uint8_t> ignored_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t stamp_ = 0;
};

}  // namespace

std::unique_ptr<Plugin> make_pod_topology_spread(const Profile& profile) {
  return std::make_unique<PodTopologySpread>(profile.spread);
}

}  // namespace wavetank::schedule
