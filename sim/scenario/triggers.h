#pragma once
// Entries of the timeline that wait for a condition: `when` an expression becomes true, and stays so `for` some time,
// the step is taken; once, or again after `cooldown`, when it becomes true anew or still is.

#include <cstdint>
#include <vector>

#include "engine/state/observer.h"
#include "sim/scenario/scenario.h"

namespace wavetank::scenario {

/// Looks at the conditions as a run goes on. An observer only to know what can have changed; settle() does the work.
class Triggers final : public state::Observer {
 public:
  explicit Triggers(const std::vector<TimelineEntry>& timeline);

  void observe(const event::Event& event, const ClusterView& view) override;
  /// After all that happens at view.now(): appends the entries whose steps are due, in their order. One of them is due
  /// at most once a moment.
  void settle(const ClusterView& view, std::vector<std::size_t>& due);
  /// The next moment at which a condition wants to be looked at although nothing may happen then.
  [[nodiscard]] SimTime next_due() const;

 private:
  struct Watch {
    std::size_t index = 0;
    const TimelineEntry* entry = nullptr;
    event::KindMask changed_by = 0;
    std::vector<std::int64_t> counts;
    std::vector<const Operand::Events*> counters;
    std::int64_t left = 0;
    bool stale = true, open = false, holding = false;
    bool taken = false;  ///< While it holds: the step was taken, and is not again unless there is a cooldown.
    SimTime held_since;
    SimTime rests_until;  ///< cooldown
  };
  [[nodiscard]] static SimTime due(const Watch& watch);
  std::vector<Watch> watches_;
};

}  // namespace wavetank::scenario
