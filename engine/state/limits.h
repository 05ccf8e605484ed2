#pragma once
// What LimitRanges do to pods and claims as they are made. Source: kubernetes/plugin/pkg/admission/limitranger of 1.34.

#include <string>

#include "engine/state/cluster_state.h"

namespace wavetank::state {

/// Whether the namespace has a LimitRange. O(LimitRanges).
bool has_limits(const ClusterState& state, Sym ns);

/// Gives containers that name no request or limit those of the namespace, and notes it in the pod's annotations. `pod`
/// is {"metadata", "spec"}.
void apply_limits(const ClusterState& state, Sym ns, model::Doc& pod);

/// What of a pod or a claim is out of bounds, in the words of the API server; "" if nothing is.
std::string limit_violation(const ClusterState& state, Sym ns, model::Kind kind, const model::Doc& doc);

}  // namespace wavetank::state
