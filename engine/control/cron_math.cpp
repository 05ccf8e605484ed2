#include "engine/control/cron_math.h"

#include <algorithm>

namespace wavetank::control {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLookDelay = 100'000'000;  // nextScheduleDelta: clocks differ
constexpr std::int64_t kMany = 100;

std::int64_t floor_s(std::int64_t ns) { return ns / kSecond - (ns % kSecond < 0 ? 1 : 0); }

}  // namespace

DueTimes due_times(const model::CronSchedule& schedule, std::int64_t since_s, std::optional<std::int64_t> deadline_s,
                   std::int64_t now_ns) {
  DueTimes out;
  out.earliest_ns = since_s * kSecond;
  // A deadline longer than all of time is none.
  if (deadline_s && *deadline_s <= floor_s(now_ns)) {
    out.earliest_ns = std::max(out.earliest_ns, now_ns - *deadline_s * kSecond);
  }
  const auto first = schedule.next(floor_s(out.earliest_ns));
  if (first && now_ns < *first * kSecond) return out;
  const auto second = first ? schedule.next(*first) : std::nullopt;
  if (second && now_ns < *second * kSecond) {
    out.latest_s = first;
    return out;
  }
  if (!first || !second) {
    out.invalid = true;
    return out;
  }
  // How many were missed is a rough guess by the distance of the first two; the latest is looked for from two before
  // the guess.
  const std::int64_t apart = *second - *first;
  const std::int64_t missed = (now_ns - *first * kSecond) / kSecond / apart + 1;
  for (auto t = schedule.next(*first + (missed - 2) * apart); t && *t * kSecond <= now_ns; t = schedule.next(*t))
    out.latest_s = t;
  out.missed = missed > kMany ? DueTimes::Missed::Many : DueTimes::Missed::Few;
  return out;
}

std::optional<std::int64_t> next_look_ns(const model::CronSchedule& schedule, std::int64_t since_s,
                                         std::int64_t now_ns) {
  const DueTimes due = due_times(schedule, since_s, std::nullopt, now_ns);
  std::int64_t from_s = floor_s(now_ns);
  if (!due.invalid && due.latest_s) {
    from_s = *due.latest_s;
  } else if (!due.invalid && due.missed == DueTimes::Missed::None) {
    from_s = floor_s(due.earliest_ns);
  }
  const auto next = schedule.next(from_s);
  if (!next) return std::nullopt;
  return *next * kSecond + kLookDelay;
}

}  // namespace wavetank::control
