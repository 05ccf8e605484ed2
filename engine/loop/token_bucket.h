#pragma once

#include <cstdint>

#include "engine/base/time.h"

namespace wavetank::loop {

/// Requests a second and burst of one client, as golang.org/x/time/rate admits them: a full bucket at the start, one
/// token a request, waiting in order. Kept as the "theoretical arrival time" of the generic cell rate algorithm, in
/// whole nanoseconds.
class TokenBucket {
 public:
  /// `qps` ≤ 0: no limit.
  TokenBucket(std::int64_t qps, std::int64_t burst)
      : interval_ns_(qps > 0 ? 1'000'000'000 / qps : 0), allowance_ns_(interval_ns_ * (burst > 0 ? burst - 1 : 0)) {}

  /// Takes a token; returns when the request may go out, `now` or later.
  base::SimTime take(base::SimTime now) {
    if (interval_ns_ == 0) return now;
    const std::int64_t earliest = full_at_ns_ - allowance_ns_;
    const std::int64_t at = now.ns > earliest ? now.ns : earliest;
    full_at_ns_ = (full_at_ns_ > at ? full_at_ns_ : at) + interval_ns_;
    return {at};
  }

 private:
  std::int64_t interval_ns_;
  std::int64_t allowance_ns_;
  std::int64_t full_at_ns_ = 0;
};

}  // namespace wavetank::loop
