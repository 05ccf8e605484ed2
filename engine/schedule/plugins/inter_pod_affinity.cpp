// Pods that want to be, or not to be, where other pods are; and what pods already placed demand of newcomers.
// Source: pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring}.go.
//
// Everything is a sum over counters (counters.h): pods matching the incoming pod's terms, and pods of each template
// that has terms of its own which the incoming pod matches.

#include <algorithm>
#include <limits>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::schedule {
namespace {

struct Count {
  TopologyId topology;
  CounterId counter;
  std::int64_t weight = 0;
};

struct Data : PluginData {
  std::vector<PodTerm> required, required_anti;
  std::vector<PodTerm> hint_affinity, hint_anti;  ///< The same terms as queueing hints read them.
  std::vector<Count> affinity, anti, preferred;
  bool matches_itself = false;
  // What templates met so far demand of this class; grows as templates are met.
  std::size_t met = 0;
  std::vector<Count> existing_anti, existing_preferred;
};

class InterPodAffinity final : public Plugin {
 public:
  explicit InterPodAffinity(const InterPodAffinityArgs& args) : args_(args) {}

  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    const model::Affinity& a = c.pod_class.spec().affinity;
    for (const model::PodAffinityTerm& t : a.pod.required) out->required.push_back(own_term(c, t));
    for (const model::PodAffinityTerm& t : a.pod_anti.required) out->required_anti.push_back(own_term(c, t));
    for (const model::PodAffinityTerm& t : a.pod.required) out->hint_affinity.push_back(hint_term(c, t));
    for (const model::PodAffinityTerm& t : a.pod_anti.required) out->hint_anti.push_back(hint_term(c, t));
    const auto matches_pod = [&](const PodTerm& t) { return t.matches(c.pod_class.ns, c.pod_class.pod->labels); };
    out->matches_itself = std::all_of(out->required.begin(), out->required.end(), matches_pod);
    for (const model::PodAffinityTerm& t : a.pod.required)
      out->affinity.push_back(count(c, out->required, t.topology_key, 0));
    for (std::size_t i = 0; i < a.pod_anti.required.size(); ++i) {
      out->anti.push_back(count(c, {out->required_anti[i]}, a.pod_anti.required[i].topology_key, 0));
    }
    for (const auto& w : a.pod.preferred)
      out->preferred.push_back(count(c, {own_term(c, w.term)}, w.term.topology_key, w.weight));
    for (const auto& w : a.pod_anti.preferred) {
      out->preferred.push_back(count(c, {own_term(c, w.term)}, w.term.topology_key, -w.weight));
    }
    return out;
  }

  PreFilterStatus pre_filter(const Cycle& c) override {
    Data& d = changing_data<Data>(c);
    meet_templates(c, d);
    PreFilterStatus out;
    const bool silent =
        std::all_of(d.existing_anti.begin(), d.existing_anti.end(), [&](const Count& k) { return total(c, k) == 0; });
    if (silent && d.affinity.empty() && d.anti.empty()) out.code = PreFilterStatus::Code::Skip;
    return out;
  }

  /// The domain's number for each topology whose domains have many nodes. Of the others together: whether the node has
  /// each label, which required terms hold there, whether any anti-affinity does, and the sum of what is preferred.
  int trait_count(const Cycle& c) override {
    Data& d = changing_data<Data>(c);
    meet_templates(c, d);
    if (d.affinity.size() > kMostFlags || d.anti.size() > kMostFlags) return kNoTraits;
    wide_.clear();
    bool any = false;
    for_each_count(d, [&](const Count& k) {
      any = true;
      if (c.cache.counters.topology(k.topology).one_node_each()) return;
      if (std::find(wide_.begin(), wide_.end(), k.topology) == wide_.end()) wide_.push_back(k.topology);
    });
    return any ? static_cast<int>(wide_.size()) + 3 : 0;
  }
  void traits(const Cycle& c, Nodes nodes, std::int32_t* out, std::size_t stride) override {
    const Data& d = data<Data>(c);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::int32_t* at = out + i * stride;
      for (const TopologyId t : wide_) *at++ = static_cast<std::int32_t>(c.cache.counters.domain(t, nodes[i]));
      std::fill_n(at, 3, 0);
    }
    std::int32_t bit = 1;
    for (const Count& k : d.affinity) {
      add_flags(c, k, nodes, bit, bit << kMostFlags, out + wide_.size(), stride);
      bit <<= 1;
    }
    for (const Count& k : d.anti) add_flags(c, k, nodes, 1, 0, out + wide_.size() + 1, stride);
    for (const Count& k : d.existing_anti) add_flags(c, k, nodes, 2, 0, out + wide_.size() + 1, stride);
    for (const Count& k : d.preferred) add_trait_sum(c, k, nodes, out + wide_.size() + 2, stride);
    for (const Count& k : d.existing_preferred) add_trait_sum(c, k, nodes, out + wide_.size() + 2, stride);
  }
  std::uint64_t traits_epoch(const Cycle& c) const override {
    std::uint64_t sum = 0;
    for_each_count(data<Data>(c),
                   [&](const Count& k) { sum += 1 + c.cache.counters.topology(k.topology).shape_epoch; });
    return sum;
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const Data& d = data<Data>(c);
    filter_affinity(c, d, nodes, verdicts);
    reject_where_any(c, d.anti, anti_, nodes, verdicts);
    reject_where_any(c, d.existing_anti, existing_anti_, nodes, verdicts);
  }

  bool pre_score(const Cycle& c, Nodes) override {
    Data& d = changing_data<Data>(c);
    meet_templates(c, d);
    const model::Affinity& a = c.pod_class.spec().affinity;
    if (args_.ignore_preferred_terms_of_existing_pods && a.pod.preferred.empty() && a.pod_anti.preferred.empty())
      return false;
    const auto touched = [&](const Count& k) { return total(c, k) != 0; };
    return std::any_of(d.preferred.begin(), d.preferred.end(), touched) ||
           std::any_of(d.existing_preferred.begin(), d.existing_preferred.end(), touched);
  }

  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    const Data& d = data<Data>(c);
    std::fill(raw, raw + nodes.size(), 0);
    for (const Count& k : d.preferred) add(c, k, nodes, raw);
    for (const Count& k : d.existing_preferred) add(c, k, nodes, raw);
  }

  void normalize(const Cycle&, Nodes nodes, std::int64_t* scores) override {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      least = std::min(least, scores[i]);
      most = std::max(most, scores[i]);
    }
    const std::int64_t span = most - least;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      double score = 0;
      if (span > 0) score = 100.0 * (static_cast<double>(scores[i] - least) / static_cast<double>(span));
      scores[i] = static_cast<std::int64_t>(score);
    }
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Pod, action::kAdd | action::kUpdatePodLabel | action::kDelete},
        {Resource::Node, action::kAdd | action::kUpdateNodeLabel},
    };
    return kEvents;
  }
  /// Only the pod's own terms are looked at: the end of a pod whose anti-affinity kept this one out is no help.
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (!e.is_pod()) return node_helps(e, c.pod_class.spec().affinity);
    if (e.resource == Resource::UnschedulablePod || e.nominated_only) return false;
    const Data& d = data<Data>(c);
    if (e.action == action::kAdd) return matches_all(d.hint_affinity, c, e.tmpl);
    if (e.action == action::kDelete) return matches_all(d.hint_anti, c, e.tmpl);
    return (matches_all(d.hint_affinity, c, e.tmpl) && !matches_all(d.hint_affinity, c, e.old_tmpl)) ||
           (!matches_all(d.hint_anti, c, e.tmpl) && matches_all(d.hint_anti, c, e.old_tmpl));
  }

 private:
  static constexpr std::size_t kMostFlags = 15;

  template <class F>
  static void for_each_count(const Data& d, F&& f) {
    for (const auto* list : {&d.affinity, &d.anti, &d.existing_anti, &d.preferred, &d.existing_preferred}) {
      for (const Count& k : *list) f(k);
    }
  }
  /// Sets `some` where a node's own domain has pods that count, `labelled` where the node has the label.
  static void add_flags(const Cycle& c, const Count& k, Nodes nodes, std::int32_t some, std::int32_t labelled,
                        std::int32_t* out, std::size_t stride) {
    const Counters::Topology& t = c.cache.counters.topology(k.topology);
    if (!t.one_node_each()) return;
    const auto& pods = c.cache.counters.fresh(k.counter, c.view).pods;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::uint32_t at = t.domain[nodes[i].index()];
      if (at != kNoDomain) out[i * stride] |= labelled | (pods[at] > 0 ? some : 0);
    }
  }
  static void add_trait_sum(const Cycle& c, const Count& k, Nodes nodes, std::int32_t* out, std::size_t stride) {
    const Counters::Topology& t = c.cache.counters.topology(k.topology);
    if (!t.one_node_each()) return;
    const auto& pods = c.cache.counters.fresh(k.counter, c.view).pods;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::uint32_t at = t.domain[nodes[i].index()];
      if (at != kNoDomain) out[i * stride] += static_cast<std::int32_t>(pods[at] * k.weight);
    }
  }

  /// A term of the incoming pod. Namespaces chosen by selector are listed; yet the selector itself is then held against
  /// no labels at all, so that one which holds for "nothing set" means every namespace. Source:
  /// mergeAffinityTermNamespacesIfNotEmpty.
  static PodTerm own_term(const Cycle& c, const model::PodAffinityTerm& t) {
    PodTerm out = bare_term(c.pod_class.ns, t);
    if (!t.namespace_selector) return out;
    out.any_namespace = t.namespace_selector->matches({});
    if (t.namespace_selector->empty()) return out;
    for (const state::NamespaceRow& ns : c.view->namespaces) {
      if (ns.header.alive && t.namespace_selector->matches(ns.labels))
        out.namespaces.emplace_back(c.view.text(ns.header.name));
    }
    return out;
  }
  /// Hints hold the namespace selector against no labels, and choose no namespaces by it.
  static PodTerm hint_term(const Cycle& c, const model::PodAffinityTerm& t) {
    PodTerm out = bare_term(c.pod_class.ns, t);
    out.any_namespace = t.namespace_selector && t.namespace_selector->matches({});
    return out;
  }
  static bool node_helps(const ClusterEvent& e, const model::Affinity& a) {
    const auto value = [](const std::shared_ptr<const NodeObject>& n, const std::string& key) {
      return n == nullptr ? nullptr : model::find_label(n->labels, key);
    };
    const bool added = e.old_node == nullptr;
    const bool domain_came = std::any_of(a.pod.required.begin(), a.pod.required.end(), [&](const auto& t) {
      const std::string* was = value(e.old_node, t.topology_key);
      const std::string* is = value(e.new_node, t.topology_key);
      return is != nullptr && (was == nullptr || *was != *is);
    });
    return domain_came || std::any_of(a.pod_anti.required.begin(), a.pod_anti.required.end(), [&](const auto& t) {
             const std::string* was = value(e.old_node, t.topology_key);
             const std::string* is = value(e.new_node, t.topology_key);
             return added || (was != nullptr && (is == nullptr || *was != *is));
           });
  }
  static PodTerm bare_term(const std::string& own_ns, const model::PodAffinityTerm& t) {
    PodTerm out;
    out.namespaces = t.namespaces;
    if (t.namespaces.empty() && !t.namespace_selector) out.namespaces = {own_ns};
    out.nothing = !t.label_selector;
    if (t.label_selector) out.selector = *t.label_selector;
    return out;
  }

  static Count count_of(const Cycle& c, GroupId group, const std::string& key, std::int64_t weight) {
    Counters& counters = c.cache.counters;
    const TopologyId topology = counters.topology(key, c.view);
    return {topology, counters.counter(group, topology, counters.eligible({})), weight};
  }
  static Count count(const Cycle& c, std::vector<PodTerm> all, const std::string& key, std::int64_t weight) {
    PodPredicate predicate;
    predicate.all = std::move(all);
    return count_of(c, c.cache.group(predicate, c.view), key, weight);
  }

  void meet_templates(const Cycle& c, Data& d) const {
    const auto& met = c.cache.affinity_templates();
    if (d.met == met.size()) return;
    const model::Labels ns_labels = namespace_labels(c);
    for (; d.met < met.size(); ++d.met) {
      const TemplateInfo& other = c.cache.known_info(met[d.met]);
      const model::Affinity& a = other.pod->spec.affinity;
      const std::string other_ns(c.view.text(other.ns));
      const auto take = [&](const model::PodAffinityTerm& t, std::int64_t weight, std::vector<Count>& to) {
        const PodTerm term = bare_term(other_ns, t);
        const bool in_ns =
            std::find(term.namespaces.begin(), term.namespaces.end(), c.pod_class.ns) != term.namespaces.end() ||
            (t.namespace_selector && t.namespace_selector->matches(ns_labels));
        if (!in_ns || term.nothing || !term.selector.matches(c.pod_class.pod->labels)) return;
        to.push_back(count_of(c, other.own_group, t.topology_key, weight));
      };
      for (const auto& t : a.pod_anti.required) take(t, 0, d.existing_anti);
      if (args_.hard_pod_affinity_weight > 0) {
        for (const auto& t : a.pod.required) take(t, args_.hard_pod_affinity_weight, d.existing_preferred);
      }
      for (const auto& w : a.pod.preferred) take(w.term, w.weight, d.existing_preferred);
      for (const auto& w : a.pod_anti.preferred) take(w.term, -w.weight, d.existing_preferred);
    }
  }
  static model::Labels namespace_labels(const Cycle& c) {
    for (const state::NamespaceRow& ns : c.view->namespaces) {
      if (ns.header.alive && c.view.text(ns.header.name) == c.pod_class.ns) return ns.labels;
    }
    return {};
  }

  static std::int64_t total(const Cycle& c, const Count& k) { return c.cache.counters.fresh(k.counter, c.view).total; }

  void filter_affinity(const Cycle& c, const Data& d, Nodes nodes, Verdict* verdicts) const {
    if (d.affinity.empty()) return;
    // The first pod of a group that wants to be together may go anywhere.
    const bool first = d.matches_itself && std::all_of(d.affinity.begin(), d.affinity.end(),
                                                       [&](const Count& k) { return total(c, k) == 0; });
    for (const Count& k : d.affinity) {
      const auto& domain = c.cache.counters.topology(k.topology).domain;
      const auto& pods = c.cache.counters.fresh(k.counter, c.view).pods;
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::uint32_t at = domain[nodes[i].index()];
        if (at == kNoDomain || (!first && pods[at] <= 0)) fail(verdicts[i], affinity_.in(c.reasons), true);
      }
    }
  }

  void reject_where_any(const Cycle& c, const std::vector<Count>& counts, const Reason& reason, Nodes nodes,
                        Verdict* verdicts) const {
    for (const Count& k : counts) {
      const Counters::Counter& counter = c.cache.counters.fresh(k.counter, c.view);
      if (counter.total == 0) continue;
      const auto& domain = c.cache.counters.topology(k.topology).domain;
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::uint32_t at = domain[nodes[i].index()];
        if (at != kNoDomain && counter.pods[at] > 0) fail(verdicts[i], reason.in(c.reasons), false);
      }
    }
  }

  static void add(const Cycle& c, const Count& k, Nodes nodes, std::int64_t* raw) {
    const Counters::Counter& counter = c.cache.counters.fresh(k.counter, c.view);
    if (counter.total == 0) return;
    const auto& domain = c.cache.counters.topology(k.topology).domain;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::uint32_t at = domain[nodes[i].index()];
      if (at != kNoDomain) raw[i] += counter.pods[at] * k.weight;
    }
  }

  static bool matches_all(const std::vector<PodTerm>& terms, const Cycle& c, TemplateId tmpl) {
    const TemplateInfo& t = c.cache.known_info(tmpl);
    return !terms.empty() && std::all_of(terms.begin(), terms.end(), [&](const PodTerm& term) {
      return term.matches(c.view.text(t.ns), t.pod->labels);
    });
  }

  InterPodAffinityArgs args_;
  std::vector<TopologyId> wide_;  // of the class whose traits were counted last
  Reason affinity_{"node(s) didn't match pod affinity rules"};
  Reason anti_{"node(s) didn't match pod anti-affinity rules"};
  Reason existing_anti_{"node(s) didn't satisfy existing pods anti-affinity rules"};
};

}  // namespace

std::unique_ptr<Plugin> make_inter_pod_affinity(const Profile& profile) {
  return std::make_unique<InterPodAffinity>(profile.inter_pod);
}

}  // namespace wavetank::schedule
