#include "sim/scenario/triggers.h"

#include <algorithm>

namespace wavetank::scenario {

Triggers::Triggers(const std::vector<TimelineEntry>& timeline) {
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    const TimelineEntry& entry = timeline[i];
    if (!entry.when.has_value()) continue;
    Watch watch;
    watch.index = i;
    watch.entry = &entry;
    watch.changed_by = entry.when->changed_by();
    watch.counters = entry.when->counters();
    watch.counts.assign(watch.counters.size(), 0);
    watch.left = entry.times;
    watches_.push_back(std::move(watch));
  }
}

void Triggers::observe(const event::Event& event, const ClusterView& view) {
  const event::KindMask bit = event::mask(event.kind());
  for (Watch& watch : watches_) {
    if (watch.left == 0 || (watch.changed_by & bit) == 0) continue;
    watch.stale = true;
    if (view.now() < watch.entry->at) continue;  // counts begin with the entry
    for (const Operand::Events* events : watch.counters) {
      if (events->kind == event.kind() && event_matches(event, events->filter, view)) ++watch.counts[events->counter];
    }
  }
}

/// When the step of a condition that holds is to be taken.
SimTime Triggers::due(const Watch& watch) {
  if (watch.left == 0) return SimTime::never();
  if (!watch.open) return watch.entry->at;
  if (!watch.holding || watch.taken) return SimTime::never();
  return std::max(watch.held_since + watch.entry->lasting, watch.rests_until);
}

void Triggers::settle(const ClusterView& view, std::vector<std::size_t>& out) {
  for (Watch& watch : watches_) {
    const TimelineEntry& entry = *watch.entry;
    if (watch.left == 0 || view.now() < entry.at) continue;
    if (entry.last.has_value() && view.now() > *entry.last) {
      watch.left = 0;
      continue;
    }
    watch.open = true;
    if (watch.stale) {
      watch.stale = false;
      const bool holds = entry.when->holds(view, watch.counts);
      if (holds && !watch.holding) {
        watch.held_since = view.now();
        watch.taken = false;
      }
      watch.holding = holds;
    }
    if (!watch.holding || watch.taken || due(watch) > view.now()) continue;
    --watch.left;
    watch.taken = !entry.cooldown.has_value();
    if (entry.cooldown.has_value()) watch.rests_until = view.now() + *entry.cooldown;
    out.push_back(watch.index);
  }
}

SimTime Triggers::next_due() const {
  SimTime next = SimTime::never();
  for (const Watch& watch : watches_) next = std::min(next, due(watch));
  return next;
}

}  // namespace wavetank::scenario
