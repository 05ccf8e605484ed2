#include "engine/schedule/node_order.h"

#include <algorithm>

namespace wavetank::schedule {
namespace {

constexpr const char* kAbsent = "\n";

std::string_view first_of(const model::Labels& labels, std::string_view old_key, std::string_view key) {
  if (const std::string* v = model::find_label(labels, old_key)) return *v;
  if (const std::string* v = model::find_label(labels, key)) return *v;
  return {};
}

/// utilnode.GetZoneKey: the beta labels still come first.
std::string zone_key(const model::Labels& labels) {
  const auto zone = first_of(labels, "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone");
  const auto region = first_of(labels, "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");
  if (zone.empty() && region.empty()) return {};
  std::string key(region);
  key.append(":").push_back('\0');
  return key.append(":").append(zone);
}

}  // namespace

void NodeOrder::put(event::NodeId node, const model::Labels& labels) {
  if (group_of_.size() <= node.index()) group_of_.resize(node.index() + 1, kAbsent);
  std::string key = zone_key(labels);
  if (group_of_[node.index()] == key) return;
  remove(node);
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.key == key; });
  if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{key, {}});
  group->nodes.push_back(node);
  group_of_[node.index()] = std::move(key);
  dirty_ = true;
}

void NodeOrder::remove(event::NodeId node) {
  if (node.index() >= group_of_.size() || group_of_[node.index()] == kAbsent) return;
  const auto group =
      std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.key == group_of_[node.index()]; });
  group->nodes.erase(std::find(group->nodes.begin(), group->nodes.end(), node));
  if (group->nodes.empty()) groups_.erase(group);
  group_of_[node.index()] = kAbsent;
  dirty_ = true;
}

void NodeOrder::clear() {
  groups_.clear();
  group_of_.clear();
  list_.clear();
  dirty_ = false;
}

const std::vector<event::NodeId>& NodeOrder::list() {
  if (!dirty_) return list_;
  dirty_ = false;
  list_.clear();
  std::size_t longest = 0;
  for (const Group& g : groups_) longest = std::max(longest, g.nodes.size());
  for (std::size_t round = 0; round < longest; ++round) {
    for (const Group& g : groups_) {
      if (round < g.nodes.size()) list_.push_back(g.nodes[round]);
    }
  }
  return list_;
}

}  // namespace wavetank::schedule
