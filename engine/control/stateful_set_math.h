#pragma once
// The arithmetic of StatefulSets apart from the controller, so that tables can test it.
// Source: kubernetes/pkg/controller/statefulset/stateful_set_utils.go.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/types.h"

namespace wavetank::control {

/// What a pod's name says: "web-12" is number 12 of "web". A name that says nothing has ordinal -1.
struct PodIdentity {
  std::string_view parent;
  std::int32_t ordinal = -1;
  bool operator==(const PodIdentity&) const = default;
};
PodIdentity pod_identity(std::string_view pod_name);

std::string stateful_pod_name(std::string_view set, std::int32_t ordinal);
/// "<template>-<set>-<ordinal>"
std::string claim_name(std::string_view claim_template, std::string_view set, std::int32_t ordinal);

/// From spec.ordinals.start, spec.replicas of them.
bool in_ordinal_range(const model::StatefulSet& spec, std::int32_t ordinal);

/// Whether a pod that is made now with this ordinal still gets the current revision, not the update revision.
/// `status_current` is status.currentReplicas, which decides where the strategy has no rollingUpdate at all (partition
/// -1).
bool keeps_current_revision(const model::StatefulSet& spec, std::int32_t ordinal, std::int32_t status_current);

/// What the owner references of a claim have to be under persistentVolumeClaimRetentionPolicy.
struct ClaimOwners {
  bool set = false, pod = false;
  bool operator==(const ClaimOwners&) const = default;
};
ClaimOwners claim_owners(const model::StatefulSet& spec, std::int32_t ordinal);

}  // namespace wavetank::control
