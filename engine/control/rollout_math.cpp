#include "engine/control/rollout_math.h"

#include <algorithm>

namespace wavetank::control {

Fenceposts resolve_fenceposts(model::IntOrPercent max_surge, model::IntOrPercent max_unavailable,
                              std::int32_t desired) {
  Fenceposts f{max_surge.scaled(desired, true), max_unavailable.scaled(desired, false)};
  if (f.surge == 0 && f.unavailable == 0) f.unavailable = 1;
  return f;
}

std::int32_t max_surge(const model::Deployment& spec) {
  return spec.recreate ? 0 : resolve_fenceposts(spec.max_surge, spec.max_unavailable, spec.replicas).surge;
}

std::int32_t max_unavailable(const model::Deployment& spec) {
  if (spec.recreate || spec.replicas == 0) return 0;
  return std::min(resolve_fenceposts(spec.max_surge, spec.max_unavailable, spec.replicas).unavailable, spec.replicas);
}

std::int32_t new_set_replicas(const model::Deployment& spec, std::int32_t all, std::int32_t current) {
  if (spec.recreate) return spec.replicas;
  // Kubernetes scales maxSurge itself here, without the fenceposts; for maxSurge both give the same.
  const std::int32_t ceiling = wrapping_add(spec.replicas, spec.max_surge.scaled(spec.replicas, true));
  if (all >= ceiling) return current;
  return current + std::min(ceiling - all, spec.replicas - current);
}

namespace {

/// getReplicaSetFraction: how much the set should change to keep its share. Kubernetes rounds a float64 quotient half
/// away from zero; with whole numbers of this size the integer form below is the same.
std::int32_t fraction(const model::Deployment& spec, std::int32_t status_replicas, const SetCopy& set) {
  if (spec.replicas == 0) return -set.replicas;
  const std::int64_t max_before = set.max != 0 ? set.max : status_replicas;
  if (max_before == 0) return 0;
  const std::int64_t max_now = wrapping_add(spec.replicas, max_surge(spec));
  const std::int64_t size = (2 * set.replicas * max_now + max_before) / (2 * max_before);
  return static_cast<std::int32_t>(size) - set.replicas;
}

}  // namespace

std::int32_t proportion(const model::Deployment& spec, std::int32_t status_replicas, const SetCopy& set,
                        std::int32_t to_add, std::int32_t added) {
  if (set.replicas == 0 || to_add == 0 || to_add == added) return 0;
  const std::int32_t share = fraction(spec, status_replicas, set);
  const std::int32_t allowed = to_add - added;
  return to_add > 0 ? std::min(share, allowed) : std::max(share, allowed);
}

bool deployment_complete(std::int32_t replicas, std::uint32_t generation, const StatusNumbers& status) {
  return status.updated == replicas && status.replicas == replicas && status.available == replicas &&
         status.observed_generation >= generation;
}

bool deployment_progressing(const StatusNumbers& before, const StatusNumbers& after) {
  return after.updated > before.updated || after.replicas - after.updated < before.replicas - before.updated ||
         after.ready > before.ready || after.available > before.available;
}

}  // namespace wavetank::control
