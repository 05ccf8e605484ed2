#include "sim/world/probes.h"

#include <algorithm>

namespace wavetank::world {
namespace {

using base::Duration;
using base::SimTime;

Duration period_of(const model::Probe& probe) { return base::seconds(std::max(probe.period_seconds, 1)); }

/// The first tick at or after `t`.
SimTime tick_from(const Duration period, SimTime anchor, SimTime t) {
  if (t <= anchor) return anchor;
  const std::int64_t n = ((t - anchor).ns + period.ns - 1) / period.ns;
  return anchor + period * n;
}

}  // namespace

SimTime first_probe(const model::Probe& probe, const Probed& at) {
  const SimTime allowed = std::max(at.from, at.started + base::seconds(probe.initial_delay_seconds));
  return tick_from(period_of(probe), at.anchor, allowed);
}

SimTime success_time(const model::Probe& probe, const Probed& at, SimTime answers) {
  if (answers == SimTime::never()) return SimTime::never();
  const Duration period = period_of(probe);
  const SimTime first = std::max(first_probe(probe, at), tick_from(period, at.anchor, answers));
  return first + period * (std::max(probe.success_threshold, 1) - 1);
}

SimTime failure_time(const model::Probe& probe, const Probed& at, SimTime answers) {
  const SimTime last = first_probe(probe, at) + period_of(probe) * (std::max(probe.failure_threshold, 1) - 1);
  return answers > last ? last : SimTime::never();
}

}  // namespace wavetank::world
