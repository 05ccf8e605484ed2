#pragma once
// Cron schedules, read and counted as Kubernetes does: the standard parser of github.com/robfig/cron v3 (five fields or
// a descriptor), its messages, its walk over days on which clocks change. Source:
// https://pkg.go.dev/github.com/robfig/cron/v3

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/result.h"
#include "engine/model/time_zones.h"

namespace wavetank::model {

class CronSchedule {
 public:
  /// Five fields (minute, hour, day of month, month, day of week) of numbers, names (jan, mon), ranges, steps and
  /// lists; or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, "@every 1h30m". Error: one message,
  /// as the library words it. A prefix "TZ=Zone " or "CRON_TZ=Zone " sets the zone, as it does there; Kubernetes'
  /// validation refuses it before.
  static base::Result<CronSchedule> parse(std::string_view text);

  /// The zone in which the fields are meant; UTC unless set.
  void set_zone(const TimeZone& zone) { zone_ = zone; }

  /// The first moment after `unix_s` (seconds since 1970) that the schedule names; nullopt if there is none within five
  /// years ("0 0 31 2 *"). "@every" counts from `unix_s`. O(days passed over).
  [[nodiscard]] std::optional<std::int64_t> next(std::int64_t unix_s) const;

 private:
  class Walk;
  [[nodiscard]] bool day_matches(const CivilTime& c) const;

  static constexpr std::uint64_t kStar = std::uint64_t{1} << 63;
  std::uint64_t minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;
  std::int64_t every_s_ = 0;  ///< Not 0: "@every".
  TimeZone zone_;
};

}  // namespace wavetank::model
