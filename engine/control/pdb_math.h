#pragma once
// The arithmetic of disruption budgets, apart from the controller so that tables can test it.
// Source: kubernetes/pkg/controller/disruption/disruption.go getExpectedPodCount, updatePdbStatus.

#include <algorithm>
#include <cstdint>

#include "engine/model/types.h"

namespace wavetank::control {

struct PdbCounts {
  std::int32_t scale = 0;    ///< Sum of the replicas of the selected pods' controllers.
  std::int32_t pods = 0;     ///< Selected.
  std::int32_t healthy = 0;  ///< Ready, not terminating, not being disrupted.
};
struct PdbNumbers {
  std::int32_t current_healthy = 0, desired_healthy = 0, expected_pods = 0, disruptions_allowed = 0;
};

/// Percentages round up for both fields. A number in minAvailable counts the pods there are, everything else the scale.
inline PdbNumbers pdb_numbers(const model::PodDisruptionBudget& spec, const PdbCounts& in) {
  PdbNumbers n;
  n.current_healthy = in.healthy;
  if (spec.max_unavailable) {
    n.expected_pods = in.scale;
    n.desired_healthy = std::max(0, in.scale - spec.max_unavailable->scaled(in.scale, true));
  } else if (spec.min_available) {
    n.expected_pods = spec.min_available->percent ? in.scale : in.pods;
    n.desired_healthy = spec.min_available->scaled(n.expected_pods, true);
  }
  n.disruptions_allowed = n.expected_pods > 0 ? std::max(0, n.current_healthy - n.desired_healthy) : 0;
  return n;
}

}  // namespace wavetank::control
