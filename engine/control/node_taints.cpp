#include "engine/control/node_taints.h"

#include <array>

namespace wavetank::control {

using event::ConditionStatus;
using event::NodeConditionType;
using model::TaintEffect;

int find_taint(const Taints& taints, std::string_view key, TaintEffect effect) {
  for (std::size_t i = 0; i < taints.size(); ++i) {
    if (taints[i].key == key && taints[i].effect == effect) return static_cast<int>(i);
  }
  return -1;
}

void erase_taint(Taints& taints, std::string_view key, TaintEffect effect) {
  if (const int at = find_taint(taints, key, effect); at >= 0) taints.erase(taints.begin() + at);
}

void add_taint(Taints& taints, std::string_view key, TaintEffect effect) {
  if (find_taint(taints, key, effect) < 0) taints.push_back({std::string(key), "", effect});
}

void sync_condition_taints(const state::NodeRow& node, Taints& taints) {
  struct Rule {
    NodeConditionType type;
    ConditionStatus status;
    std::string_view key;
  };
  static constexpr std::array<Rule, 6> kRules = {{
      {NodeConditionType::Ready, ConditionStatus::False, kNotReadyTaint},
      {NodeConditionType::Ready, ConditionStatus::Unknown, kUnreachableTaint},
      {NodeConditionType::MemoryPressure, ConditionStatus::True, "node.kubernetes.io/memory-pressure"},
      {NodeConditionType::DiskPressure, ConditionStatus::True, "node.kubernetes.io/disk-pressure"},
      {NodeConditionType::PIDPressure, ConditionStatus::True, "node.kubernetes.io/pid-pressure"},
      {NodeConditionType::NetworkUnavailable, ConditionStatus::True, "node.kubernetes.io/network-unavailable"},
  }};
  const auto put = [&](std::string_view key, bool wanted) {
    wanted ? add_taint(taints, key, TaintEffect::NoSchedule) : erase_taint(taints, key, TaintEffect::NoSchedule);
  };
  for (const Rule& rule : kRules) {
    const state::Condition& c = node.conditions[static_cast<std::size_t>(rule.type)];
    // A kubelet registers its node as not ready; one that has posted nothing yet keeps the taint it was admitted with.
    if (!c.present && rule.key == kNotReadyTaint) continue;
    put(rule.key, c.present && c.status == rule.status);
  }
  put("node.kubernetes.io/unschedulable", node.spec.unschedulable);
}

std::string_view eviction_taint(const state::Condition& ready) {
  if (!ready.present || ready.status == ConditionStatus::True) return "";
  return ready.status == ConditionStatus::False ? kNotReadyTaint : kUnreachableTaint;
}

int find_eviction_taint(const Taints& taints) {
  const int not_ready = find_taint(taints, kNotReadyTaint, TaintEffect::NoExecute);
  return not_ready >= 0 ? not_ready : find_taint(taints, kUnreachableTaint, TaintEffect::NoExecute);
}

ZoneState zone_state(std::int32_t ready, std::int32_t not_ready, std::int64_t threshold_milli) {
  if (ready == 0 && not_ready > 0) return ZoneState::FullDisruption;
  if (not_ready > 2 && std::int64_t{not_ready} * 1000 >= threshold_milli * (std::int64_t{not_ready} + ready)) {
    return ZoneState::PartialDisruption;
  }
  return ZoneState::Normal;
}

}  // namespace wavetank::control
