#pragma once
// When a cron job is due: the arithmetic of its controller apart from it, so that tables can test it. Source:
// pkg/controller/cronjob/utils.go of Kubernetes 1.34. Times are Unix times: controllers count in nanoseconds, objects
// carry whole seconds.

#include <cstdint>
#include <optional>

#include "engine/model/cron_schedule.h"

namespace wavetank::control {

/// What became due since a cron job last ran.
struct DueTimes {
  enum class Missed : std::uint8_t { None, Few, Many };  ///< Many: more than 100.
  std::int64_t earliest_ns = 0;                          ///< From when on it was counted.
  std::optional<std::int64_t> latest_s;                  ///< The latest time that is due, if any.
  Missed missed = Missed::None;
  bool invalid = false;  ///< A schedule that names no time, as "0 0 31 2 *": kInvalidSchedule.
};

inline constexpr const char* kInvalidSchedule = "time difference between two schedules is less than 1 second";

/// Counts from `since_s`, when it last ran or else was created; not from before now − startingDeadlineSeconds.
DueTimes due_times(const model::CronSchedule& schedule, std::int64_t since_s, std::optional<std::int64_t> deadline_s,
                   std::int64_t now_ns);

/// When the controller looks again: 100 ms after the next time named, whatever the deadline; nullopt: never.
std::optional<std::int64_t> next_look_ns(const model::CronSchedule& schedule, std::int64_t since_s,
                                         std::int64_t now_ns);

}  // namespace wavetank::control
