#include "engine/control/stateful_set_math.h"

#include <charconv>

namespace wavetank::control {

PodIdentity pod_identity(std::string_view pod_name) {
  const std::size_t last = pod_name.find_last_not_of("0123456789");
  if (last == std::string_view::npos || last + 1 == pod_name.size() || pod_name[last] != '-') return {};
  PodIdentity out{pod_name.substr(0, last), -1};
  const char* end = pod_name.data() + pod_name.size();
  std::int32_t number = 0;
  if (std::from_chars(pod_name.data() + last + 1, end, number).ec == std::errc()) out.ordinal = number;
  return out;
}

std::string stateful_pod_name(std::string_view set, std::int32_t ordinal) {
  return std::string(set) + "-" + std::to_string(ordinal);
}

std::string claim_name(std::string_view claim_template, std::string_view set, std::int32_t ordinal) {
  return std::string(claim_template) + "-" + stateful_pod_name(set, ordinal);
}

bool in_ordinal_range(const model::StatefulSet& spec, std::int32_t ordinal) {
  const auto end = std::int64_t{spec.ordinals_start} + spec.replicas;
  return ordinal >= spec.ordinals_start && ordinal < end;
}

bool keeps_current_revision(const model::StatefulSet& spec, std::int32_t ordinal, std::int32_t status_current) {
  if (spec.on_delete) return false;
  const std::int32_t kept = spec.partition >= 0 ? spec.partition : status_current;
  return ordinal < std::int64_t{spec.ordinals_start} + kept;
}

ClaimOwners claim_owners(const model::StatefulSet& spec, std::int32_t ordinal) {
  const bool scaled_down = !in_ordinal_range(spec, ordinal);
  if (!spec.delete_claims_when_scaled) return {spec.delete_claims_when_deleted, false};
  return {spec.delete_claims_when_deleted && !scaled_down, scaled_down};
}

}  // namespace wavetank::control
