#pragma once
// Which spread constraints hold for a pod: its own, or the profile's defaults with the selector of its services and
// owner. Source: podtopologyspread/common.go, plugins/helper/spread.go DefaultSelector.

#include "engine/schedule/framework.h"

namespace wavetank::schedule {

struct SpreadConstraint {
  std::string topology_key;
  std::int64_t max_skew = 1;
  std::uint32_t min_domains = 1;
  std::optional<model::LabelSelector> selector;  ///< matchLabelKeys merged in. Missing: selects nothing.
  bool honor_affinity = true;
  bool honor_taints = false;
};
struct SpreadConstraints {
  std::vector<SpreadConstraint> hard, soft;
  bool system_defaults = false;  ///< Then nodes without a key still count and score.
};

SpreadConstraints spread_constraints(const Cycle& c, const PodTopologySpreadArgs& args);

}  // namespace wavetank::schedule
