#pragma once
// Virtual time: whole nanoseconds since the start of the run. Integers only, so that sums and comparisons are exact.

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace wavetank::base {

/// A span of time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, std::int64_t k) { return {a.ns * k}; }
  friend constexpr Duration operator/(Duration a, std::int64_t k) { return {a.ns / k}; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }

/// A moment of virtual time.
struct SimTime {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const SimTime&) const = default;
  /// "Never": later than any moment a run reaches.
  static constexpr SimTime never() { return {std::numeric_limits<std::int64_t>::max()}; }
  friend constexpr SimTime operator+(SimTime t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr SimTime operator-(SimTime t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(SimTime a, SimTime b) { return {a.ns - b.ns}; }
};

/// Reads a duration as Go writes it: "90s", "1m30s", "250ms", "1.5h", "0", units ns us ms s m h; a leading minus is
/// allowed. Error: what was read and what is allowed.
Result<Duration> parse_duration(std::string_view text);

/// The shortest exact Go form: "1m30s", "250ms", "0s".
std::string format_duration(Duration d);

/// Time since the start as people read it, "00:01:30.250" (hours may exceed two digits; the fraction only when not
/// zero).
std::string format_time(SimTime t);

/// An age or span as kubectl prints it in an AGE column: "45s", "2m5s", "12m", "3h10m", "5d4h".
/// Source: k8s.io/apimachinery duration.HumanDuration.
std::string format_age(Duration d);

/// RFC 3339 in UTC with seconds, as Kubernetes writes metav1.Time. `epoch_s` is the Unix time of the start of the run.
std::string format_rfc3339(SimTime t, std::int64_t epoch_s);

}  // namespace wavetank::base
