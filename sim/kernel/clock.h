#pragma once
// The clock of the simulated world: it shows the moment of the timer being handled, and never goes back.

#include "engine/base/assert.h"
#include "engine/base/time.h"

namespace wavetank::kernel {

class SimClock {
 public:
  SimClock() = default;
  explicit SimClock(base::SimTime start) : now_(start) {}

  [[nodiscard]] base::SimTime now() const { return now_; }

  /// Moves to `t`. A bug if `t` lies before now.
  void advance_to(base::SimTime t) {
    WT_ASSERT(t >= now_, "virtual time went backwards");
    now_ = t;
  }

  template <class A>
  void fields(A& a) {
    a(now_);
  }

 private:
  base::SimTime now_;
};

}  // namespace wavetank::kernel
