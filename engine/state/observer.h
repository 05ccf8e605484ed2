#pragma once

#include "engine/state/view.h"

namespace wavetank::state {

/// Whoever follows the journal as it grows: read models, statistics, expectations. Called once for each event right
/// after evolve(), in order; `view` includes the event. Observers change nothing and cost every run, so they must be
/// O(1) amortised an event.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;
  virtual void observe(const event::Event& event, const ClusterView& view) = 0;
};

}  // namespace wavetank::state
