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

std::int32_t reconcile_new_size(const model::Deployment& spec, std::int32_t all, std::int32_t current) {
  return current >= spec.replicas ? spec.replicas : new_set_replicas(spec, all, current);
}

Shrunk clean_up_unhealthy(std::vector<SetCopy> old, std::int32_t limit) {
  Shrunk out;
  for (SetCopy& s : old) {
    if (out.removed >= limit) break;
    if (s.replicas == 0 || s.replicas == s.available) continue;
    const std::int32_t count = std::min(limit - out.removed, s.replicas - s.available);
    out.behind = count < 0;
    if (out.behind) break;
    s.replicas -= count;
    out.removed += count;
  }
  out.old = std::move(old);
  return out;
}

Shrunk scale_down_old(const model::Deployment& spec, std::vector<SetCopy> old, std::int32_t available) {
  Shrunk out;
  const std::int32_t excess = available - (spec.replicas - max_unavailable(spec));
  for (SetCopy& s : old) {
    if (out.removed >= excess) break;
    if (s.replicas == 0) continue;
    const std::int32_t count = std::min(s.replicas, excess - out.removed);
    s.replicas -= count;
    out.removed += count;
  }
  out.old = std::move(old);
  return out;
}

Shrunk reconcile_old(const model::Deployment& spec, const SetCopy& fresh, std::vector<SetCopy> old) {
  std::int32_t all = fresh.replicas, available = fresh.available;
  for (const SetCopy& s : old) {
    all += s.replicas;
    available += s.available;
  }
  const std::int32_t budget = all - (spec.replicas - max_unavailable(spec)) - (fresh.replicas - fresh.available);
  if (budget <= 0) return {std::move(old), {}, 0, false};
  // Unhealthy ones first: else they would hold up the rollout for ever. Only then what is available beyond the minimum.
  Shrunk cleaned = clean_up_unhealthy(std::move(old), budget);
  std::vector<std::int32_t> sizes;
  for (const SetCopy& s : cleaned.old) sizes.push_back(s.replicas);
  Shrunk out = cleaned.behind ? std::move(cleaned) : scale_down_old(spec, std::move(cleaned.old), available);
  if (!out.behind) out.removed += cleaned.removed;
  out.cleaned = std::move(sizes);
  return out;
}

Progress judge_progress(const ProgressFacts& f) {
  if (f.after.replicas == f.after.updated && f.rolled_out_before) return Progress::Keep;
  if (deployment_complete(f.replicas, f.generation, f.after)) return Progress::Complete;
  if (deployment_progressing(f.before, f.after)) return Progress::Progressing;
  return f.timed_out ? Progress::TimedOut : Progress::Keep;
}

}  // namespace wavetank::control
