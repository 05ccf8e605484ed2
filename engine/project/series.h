#pragma once
// A number over time in bounded room: piecewise constant, kept in at most 256 buckets whose width doubles as the run
// grows.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/time.h"

namespace wavetank::project {

class Series {
 public:
  /// One bucket, or one column of a picture.
  struct Bucket {
    std::int64_t value_us = 0;    ///< Integral of the value over time, in value × microseconds.
    std::int64_t covered_us = 0;  ///< So much of it was observed.
    std::int64_t least = 0, most = 0, last = 0;
    [[nodiscard]] std::int64_t mean() const { return covered_us == 0 ? last : value_us / covered_us; }
  };

  /// The value is `value` from `now` on. Amortised O(1); `now` may not go back. Before the first call there is nothing.
  void set(base::SimTime now, std::int64_t value);
  [[nodiscard]] std::int64_t value() const { return value_; }
  /// The time from 0 to `end` in `columns` equal parts; parts before the first set() have covered_us 0.
  [[nodiscard]] std::vector<Bucket> columns(base::SimTime end, std::size_t columns) const;
  /// Over the whole time up to `end`.
  [[nodiscard]] Bucket total(base::SimTime end) const;

 private:
  static constexpr std::size_t kMost = 256;
  void advance(std::int64_t to_us);
  void widen();

  std::vector<Bucket> buckets_;
  std::int64_t width_us_ = 1'000'000;
  std::int64_t now_us_ = 0;
  std::int64_t value_ = 0;
  bool begun_ = false;
};

/// "▁▂▃▄▅▆▇█", one character a value: " " where `present` is false, "▁" for 0, "█" only for `full` and above.
std::string sparkline(const std::vector<Series::Bucket>& columns, std::int64_t full);

}  // namespace wavetank::project
