// Nodes whose resources would be used in equal parts. Source: plugins/noderesources/balanced_allocation.go.

#include <cmath>

#include "engine/schedule/node_match.h"
#include "engine/schedule/plugins/columns.h"
#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/plugins/resource_allocation.h"

namespace wavetank::schedule {
namespace {

struct Data : PluginData {
  model::ResourceList pod;
  bool best_effort = false;
};

/// In doubles and in the order of operations of the original.
std::int64_t balance(std::span<const ScoredColumn> columns, std::size_t n) {
  std::array<double, kMaxScoredResources> fractions;
  std::size_t count = 0;
  double total = 0;
  for (const ScoredColumn& column : columns) {
    const std::int64_t capacity = (*column.allocatable)[n];
    if (capacity == 0) continue;
    double fraction = static_cast<double>((*column.requested)[n] + column.pod) / static_cast<double>(capacity);
    if (fraction > 1) fraction = 1;
    total += fraction;
    fractions[count++] = fraction;
  }
  double deviation = 0;
  if (count == 2) {
    deviation = std::fabs((fractions[0] - fractions[1]) / 2);
  } else if (count > 2) {
    const double mean = total / static_cast<double>(count);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum = sum + (fractions[i] - mean) * (fractions[i] - mean);
    deviation = std::sqrt(sum / static_cast<double>(count));
  }
  return static_cast<std::int64_t>((1 - deviation) * 100.0);
}

/// balance() of every node at once for two resources, in the same doubles; false where amounts are too large for it.
bool balance_all(std::span<const ScoredColumn> columns, std::size_t nodes, std::int64_t* raw) {
  const auto share = [&](std::size_t i) {
    return ColumnShare{columns[i].allocatable->data(), columns[i].requested->data(), nullptr, columns[i].pod, 1};
  };
  const std::size_t even = nodes / kLanes * kLanes;
  const Pass pass = balance_scores(share(0), share(1), even, raw);
  const std::int64_t* first = columns[0].allocatable->data();
  const std::int64_t* second = columns[1].allocatable->data();
  for (std::size_t n = 0; pass == Pass::SomeMissing && n < even; ++n) {
    if (first[n] == 0 || second[n] == 0) raw[n] = balance(columns, n);
  }
  for (std::size_t n = even; n < nodes; ++n) raw[n] = balance(columns, n);
  return pass != Pass::Inexact;
}

class NodeResourcesBalancedAllocation final : public Plugin {
 public:
  explicit NodeResourcesBalancedAllocation(const BalancedArgs& args) : resources_(scored_resources(args.resources)) {}

  [[nodiscard]] Depends depends() const override { return Depends::NodeLoad; }
  void append_class_key(const model::PodSpec& spec, std::string& key) const override {
    append_key(key, pod_requests(spec).real);
  }
  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto out = std::make_unique<Data>();
    out->pod = c.cache.known_info(c.pod_class.tmpl).requests.real;
    out->best_effort = true;
    for (const ScoredResource& r : resources_) out->best_effort = out->best_effort && amount_of(out->pod, r.name) == 0;
    return out;
  }
  bool pre_score(const Cycle& c, Nodes) override { return !data<Data>(c).best_effort; }
  void score(const Cycle& c, Nodes nodes, std::int64_t* raw) override {
    std::array<ScoredColumn, kMaxScoredResources> columns;
    const std::size_t count = scored_columns(c.cache, resources_, data<Data>(c).pod, false, columns);
    const std::span used(columns.data(), count);
    if (count == 2 && all_columns(nodes, c.cache) && balance_all(used, nodes.size(), raw)) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) raw[i] = balance(used, nodes[i].index());
  }

 private:
  std::vector<ScoredResource> resources_;
};

}  // namespace

std::unique_ptr<Plugin> make_node_resources_balanced_allocation(const Profile& profile) {
  return std::make_unique<NodeResourcesBalancedAllocation>(profile.balanced);
}

}  // namespace wavetank::schedule
