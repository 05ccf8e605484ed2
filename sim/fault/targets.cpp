// Who is struck.
#include <algorithm>

#include "sim/fault/registry.h"

namespace wavetank::fault {
namespace {

/// `count` of `from`, by lot. The lot of each goes by its name, so that one more candidate does not turn the choice
/// over.
template <class Id, class NameOf>
std::vector<Id> draw(const base::Stream& stream, std::vector<Id> from, std::int64_t count, NameOf&& name_of) {
  if (count >= static_cast<std::int64_t>(from.size())) return from;
  std::vector<std::pair<std::uint64_t, Id>> lots;
  for (const Id id : from) lots.emplace_back(stream.of(name_of(id)).bits(0), id);
  std::sort(lots.begin(), lots.end());
  from.clear();
  for (std::int64_t i = 0; i < count; ++i) from.push_back(lots[static_cast<std::size_t>(i)].second);
  std::sort(from.begin(), from.end());
  return from;
}

/// The pod's owner, or its owner's owner.
bool belongs_to(const ClusterView& view, PodId pod, event::Ref workload) {
  event::Ref owner = view->pods.owner[pod.index()];
  for (int hops = 0; owner.valid() && hops < 3; ++hops) {
    if (owner == workload) return true;
    const state::Header* header = view.header(owner);
    if (header == nullptr) return false;
    owner = header->controller;
  }
  return false;
}

}  // namespace

bool is_meant(const ClusterView& view, const state::NodeRow& row, const FaultSpec& spec) {
  if (!spec.zone.empty() && !world::matches_glob(spec.zone, view.text(row.zone))) return false;
  if (!spec.node.empty() && !world::matches_glob(spec.node, view.text(row.header.name))) return false;
  if (spec.label.empty()) return true;
  const std::size_t equals = std::min(spec.label.find('='), spec.label.size());
  const std::string* value = model::find_label(row.labels, spec.label.substr(0, equals));
  if (value == nullptr) return false;
  return equals == spec.label.size() || world::matches_glob(std::string_view(spec.label).substr(equals + 1), *value);
}

std::string domain_of(const ClusterView& view, const state::NodeRow& row, const FaultSpec& spec) {
  if (spec.label.empty()) return std::string(view.text(row.zone));
  const std::string key = spec.label.substr(0, std::min(spec.label.find('='), spec.label.size()));
  const std::string* value = model::find_label(row.labels, key);
  return key + "=" + (value == nullptr ? "" : *value);
}

bool is_meant(const ClusterView& view, PodId pod, const FaultSpec& spec) {
  if (!spec.workload.empty()) {
    // "deployment/web", or with the namespace between: "deployment/shop/web"
    const std::size_t first = spec.workload.find('/');
    const std::size_t last = spec.workload.rfind('/');
    const std::string ns = last > first ? spec.workload.substr(first + 1, last - first - 1) : spec.ns;
    const event::Ref workload =
        view.find(model::kind_from_word(spec.workload.substr(0, first)), ns, spec.workload.substr(last + 1));
    if (!workload.valid() || !belongs_to(view, pod, workload)) return false;
  } else if (view.text(view.pod_ns(pod)) != spec.ns) {
    return false;
  }
  return spec.pod.empty() || world::matches_glob(spec.pod, view.pod_name(pod));
}

std::vector<NodeId> choose_nodes(const Context& context, const FaultSpec& spec) {
  const ClusterView view = context.view();
  std::optional<std::int64_t> count = spec.count;
  if (!count && spec.node.empty() && spec.zone.empty() && spec.label.empty()) count = 1;
  std::vector<NodeId> nodes;
  for (std::size_t n = 0; n < view->nodes.size(); ++n) {
    const state::NodeRow& row = view->nodes[n];
    if (!row.header.alive || (count && !row.machine_up)) continue;
    if (is_meant(view, row, spec)) nodes.push_back(NodeId(n));
  }
  if (!count) return nodes;
  return draw(context.stream, std::move(nodes), *count, [&](NodeId n) { return view.text(view.node(n).header.name); });
}

std::vector<PodId> choose_pods(const Context& context, const FaultSpec& spec,
                               const std::function<bool(PodId)>& can_be) {
  const ClusterView view = context.view();
  std::vector<PodId> pods;
  for (std::size_t p = 0; p < view->pods.size(); ++p) {
    const PodId pod(p);
    if (!view.pod_alive(pod) || !view.pod_node(pod).valid()) continue;
    if (is_meant(view, pod, spec) && can_be(pod)) pods.push_back(pod);
  }
  if (!spec.count) return pods;
  return draw(context.stream, std::move(pods), *spec.count, [&](PodId p) { return view.pod_name(p); });
}

std::string name_nodes(const ClusterView& view, const std::vector<NodeId>& nodes) {
  if (nodes.size() == 1) return "node " + std::string(view.text(view.node(nodes.front()).header.name));
  constexpr std::size_t kShown = 5;
  std::string text = nodes.size() > kShown ? std::to_string(nodes.size()) + " nodes " : "nodes ";
  for (std::size_t i = 0; i < nodes.size() && i < kShown; ++i) {
    if (i > 0) text += ", ";
    text += view.text(view.node(nodes[i]).header.name);
  }
  return nodes.size() > kShown ? text + ", …" : text;
}

base::Result<void> nobody(std::string what) { return base::failure(std::move(what)); }

}  // namespace wavetank::fault
