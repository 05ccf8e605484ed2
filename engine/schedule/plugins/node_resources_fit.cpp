// Room for the pod's requests, and how a node's load is judged (scoringStrategy). Source:
// plugins/noderesources/{fit,least_allocated, most_allocated,requested_to_capacity_ratio}.go.

#include <algorithm>
#include <cmath>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/columns.h"
#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/plugins/resource_allocation.h"

namespace wavetank::schedule {
namespace {

struct Data : PluginData {
  PodRequests requests;
  bool nothing = false;  ///< The pod asks for no resource at all: only the number of pods counts.
  std::vector<std::pair<std::uint32_t, std::int64_t>> scalars;
};

class NodeResourcesFit final : public Plugin {
 public:
  explicit NodeResourcesFit(const FitArgs& args) : args_(args), resources_(scored_resources(args.resources)) {}

  [[nodiscard]] Depends depends() const override { return Depends::NodeLoad; }

  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    const PodRequests r = pod_requests(spec);
    append_key(key, r.real);
    append_key(key, r.scored);
  }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    const TemplateInfo& info = c.cache.known_info(c.pod_class.tmpl);
    out->requests = info.requests;
    const model::ResourceList& r = info.requests.real;
    out->nothing = r.milli_cpu == 0 && r.memory == 0 && r.ephemeral_storage == 0 && r.scalar.empty();
    for (const auto& [column, amount] : info.scalars) {
      if (!ignored(c.cache.scalars[column].name)) out->scalars.emplace_back(column, amount);
    }
    return out;
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const Data& d = data<Data>(c);
    if (all_columns(nodes, c.cache)) return filter_all(c, d, verdicts);
    const model::ResourceList& r = d.requests.real;
    const Cache& k = c.cache;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::size_t n = nodes[i].index();
      bool short_of = k.pod_count[n] + 1 > k.allocatable_pods[n];
      short_of |= r.milli_cpu > 0 && r.milli_cpu > k.allocatable_cpu[n] - k.requested_cpu[n];
      short_of |= r.memory > 0 && r.memory > k.allocatable_memory[n] - k.requested_memory[n];
      short_of |=
          r.ephemeral_storage > 0 && r.ephemeral_storage > k.allocatable_ephemeral[n] - k.requested_ephemeral[n];
      for (const auto& [column, amount] : d.scalars) {
        short_of |= amount > k.scalars[column].allocatable[n] - k.scalars[column].requested[n];
      }
      if (short_of) explain(c, d, n, verdicts[i]);
    }
  }

  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    std::array<ScoredColumn, kMaxScoredResources> columns;
    const std::size_t count = scored_columns(c.cache, resources_, data<Data>(c).requests.scored, true, columns);
    if (all_columns(nodes, c.cache) && score_all(std::span(columns.data(), count), nodes.size(), raw)) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      raw[i] = score_of(std::span(columns.data(), count), nodes[i].index());
    }
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Pod, action::kDelete | action::kUpdatePodScaleDown},
        {Resource::Node, action::kAdd | action::kUpdateNodeAllocatable},
    };
    return kEvents;
  }
  /// A pod that went, from its node or from where it was nominated to, always helps: even a pod that fits on no node.
  bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (e.is_pod()) {
      return e.action == action::kDelete || e.resource == Resource::UnschedulablePod ||
             asks_for_what_became_less(c, e.old_tmpl, e.tmpl);
    }
    return fits_when_empty(c, *e.new_node) &&
           (e.old_node == nullptr || more_of_what_is_asked_for(c, *e.old_node, *e.new_node));
  }

 private:
  /// Only extended resources can be ignored, whatever the lists name.
  [[nodiscard]] bool ignored(const std::string& name) const {
    if (!is_extended_resource(name)) return false;
    const auto& names = args_.ignored_resources;
    const auto& groups = args_.ignored_resource_groups;
    return std::find(names.begin(), names.end(), name) != names.end() ||
           std::find(groups.begin(), groups.end(), name.substr(0, name.find('/'))) != groups.end();
  }

  /// The same for every node at once: what is left of each resource, or-ed, is negative where something is short.
  void filter_all(const Cycle& c, const Data& d, Verdict* verdicts) {
    const model::ResourceList& r = d.requests.real;
    const Cache& k = c.cache;
    const std::size_t nodes = k.columns();
    left_.assign(nodes, 0);
    const auto check = [&](std::int64_t want, const std::vector<std::int64_t>& can,
                           const std::vector<std::int64_t>& used) {
      if (want > 0) or_what_is_left(can.data(), used.data(), want, nodes, left_.data());
    };
    check(1, k.allocatable_pods, k.pod_count);
    check(r.milli_cpu, k.allocatable_cpu, k.requested_cpu);
    check(r.memory, k.allocatable_memory, k.requested_memory);
    check(r.ephemeral_storage, k.allocatable_ephemeral, k.requested_ephemeral);
    for (const auto& [column, amount] : d.scalars)
      check(amount, k.scalars[column].allocatable, k.scalars[column].requested);
    for (std::size_t n = 0; n < nodes; ++n) {
      if (left_[n] < 0) explain(c, d, n, verdicts[n]);
    }
  }

  /// LeastAllocated and MostAllocated of every node at once; false where that would not be exact.
  bool score_all(std::span<const ScoredColumn> columns, std::size_t nodes, std::int64_t* raw) {
    std::int64_t weights = 0;
    for (const ScoredColumn& column : columns) {
      weights += column.weight;
      if (column.inverse == nullptr) return false;
    }
    const bool halves = weights > 0 && (weights & (weights - 1)) == 0;  // a product by 1 / weights is then exact
    if (!halves || args_.strategy == ScoringStrategy::RequestedToCapacityRatio) return false;
    std::array<ColumnShare, kMaxScoredResources> shares;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const ScoredColumn& c = columns[i];
      shares[i] = {c.allocatable->data(), c.requested->data(), c.inverse->data(), c.pod, static_cast<double>(c.weight)};
    }
    const std::size_t even = nodes / kLanes * kLanes;
    const bool least = args_.strategy == ScoringStrategy::LeastAllocated;
    const Pass pass = allocation_scores(std::span(shares.data(), columns.size()), least,
                                        1.0 / static_cast<double>(weights), even, raw);
    for (std::size_t n = even; n < nodes; ++n) raw[n] = score_of(columns, n);
    for (const ScoredColumn& column : columns) {
      const std::int64_t* capacity = column.allocatable->data();
      for (std::size_t n = 0; pass == Pass::SomeMissing && n < even; ++n) {
        if (capacity[n] == 0) raw[n] = score_of(columns, n);  // its weight drops out
      }
    }
    return pass != Pass::Inexact;
  }

  /// Hints compare with the node's whole allocatable: the pods on it are left out. Nothing
  /// is ignored, whatever the profile says.
  [[nodiscard]] bool fits_when_empty(const Cycle& c, const NodeObject& n) const {
    const TemplateInfo& info = c.cache.known_info(c.pod_class.tmpl);
    const model::ResourceList& r = info.requests.real;
    return n.pods >= 1 && (r.milli_cpu <= 0 || r.milli_cpu <= n.milli_cpu) && (r.memory <= 0 || r.memory <= n.memory) &&
           (r.ephemeral_storage <= 0 || r.ephemeral_storage <= n.ephemeral_storage) &&
           std::all_of(info.scalars.begin(), info.scalars.end(),
                       [&](const auto& s) { return s.second <= n.scalar(s.first); });
  }
  [[nodiscard]] bool more_of_what_is_asked_for(const Cycle& c, const NodeObject& was, const NodeObject& is) const {
    const TemplateInfo& info = c.cache.known_info(c.pod_class.tmpl);
    const model::ResourceList& r = info.requests.real;
    return is.pods > was.pods || (r.milli_cpu > 0 && is.milli_cpu > was.milli_cpu) ||
           (r.memory > 0 && is.memory > was.memory) ||
           (r.ephemeral_storage > 0 && is.ephemeral_storage > was.ephemeral_storage) ||
           std::any_of(info.scalars.begin(), info.scalars.end(),
                       [&](const auto& s) { return is.scalar(s.first) > was.scalar(s.first); });
  }
  /// A pod on a node was made smaller, from `old_tmpl` to `tmpl`: when its node has done it, not when it is asked for.
  [[nodiscard]] bool asks_for_what_became_less(const Cycle& c, TemplateId old_tmpl, TemplateId tmpl) const {
    const TemplateInfo& info = c.cache.known_info(c.pod_class.tmpl);
    const model::ResourceList& r = info.requests.real;
    const model::ResourceList& was = c.cache.known_info(old_tmpl).placed_as.real;
    const model::ResourceList& is = c.cache.known_info(tmpl).placed_as.real;
    return (r.milli_cpu > 0 && is.milli_cpu < was.milli_cpu) || (r.memory > 0 && is.memory < was.memory) ||
           (r.ephemeral_storage > 0 && is.ephemeral_storage < was.ephemeral_storage) ||
           std::any_of(r.scalar.begin(), r.scalar.end(), [&](const auto& s) {
             return s.second != 0 && amount_of(is, s.first) < amount_of(was, s.first);
           });
  }

  void explain(const Cycle& c, const Data& d, std::size_t n, Verdict& verdict) const {
    const model::ResourceList& r = d.requests.real;
    const Cache& k = c.cache;
    std::vector<std::string>& why = why_;
    why.clear();
    bool unresolvable = false;
    if (k.pod_count[n] + 1 > k.allocatable_pods[n]) why.emplace_back("Too many pods");
    const auto check = [&](std::string_view name, std::int64_t want, std::int64_t allocatable, std::int64_t requested) {
      if (want <= 0 || want <= allocatable - requested) return;
      why.emplace_back("Insufficient ").append(name);
      unresolvable |= want > allocatable;
    };
    if (!d.nothing) {
      check("cpu", r.milli_cpu, k.allocatable_cpu[n], k.requested_cpu[n]);
      check("memory", r.memory, k.allocatable_memory[n], k.requested_memory[n]);
      check("ephemeral-storage", r.ephemeral_storage, k.allocatable_ephemeral[n], k.requested_ephemeral[n]);
      for (const auto& [column, amount] : d.scalars) {
        const Cache::Scalar& s = k.scalars[column];
        check(s.name, amount, s.allocatable[n], s.requested[n]);
      }
    }
    fail(verdict, c.reasons.id(why), unresolvable);
  }

  [[nodiscard]] std::int64_t score_of(std::span<const ScoredColumn> columns, std::size_t n) const {
    std::int64_t sum = 0;
    std::int64_t weights = 0;
    for (const ScoredColumn& column : columns) {
      const std::int64_t capacity = (*column.allocatable)[n];
      if (capacity == 0) continue;
      const std::int64_t used = (*column.requested)[n] + column.pod;
      std::int64_t score = 0;
      switch (args_.strategy) {
        case ScoringStrategy::LeastAllocated:
          score = used > capacity ? 0 : (capacity - used) * 100 / capacity;
          break;
        case ScoringStrategy::MostAllocated:
          score = std::min(used, capacity) * 100 / capacity;
          break;
        case ScoringStrategy::RequestedToCapacityRatio:
          score = used > capacity ? shape_at(100) : shape_at(used * 100 / capacity);
          if (score == 0) continue;  // a resource that scores nothing drops out of the weights, too
          break;
      }
      sum += score * column.weight;
      weights += column.weight;
    }
    if (weights == 0) return 0;
    if (args_.strategy != ScoringStrategy::RequestedToCapacityRatio) return sum / weights;
    return static_cast<std::int64_t>(std::round(static_cast<double>(sum) / static_cast<double>(weights)));
  }

  /// helper.BuildBrokenLinearFunction
  [[nodiscard]] std::int64_t shape_at(std::int64_t p) const {
    const auto& shape = args_.shape;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (p > shape[i].utilization) continue;
      if (i == 0) return shape[0].score;
      const ShapePoint& a = shape[i - 1];
      const ShapePoint& b = shape[i];
      return a.score + (b.score - a.score) * (p - a.utilization) / (b.utilization - a.utilization);
    }
    return shape.empty() ? 0 : shape.back().score;
  }

  FitArgs args_;
  std::vector<ScoredResource> resources_;
  // scratch
  mutable std::vector<std::string> why_;
  std::vector<std::int64_t> left_;
};

}  // namespace

std::unique_ptr<Plugin> make_node_resources_fit(const Profile& profile) {
  return std::make_unique<NodeResourcesFit>(profile.fit);
}

}  // namespace wavetank::schedule
