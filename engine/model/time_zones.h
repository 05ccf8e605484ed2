#pragma once
// Civil time and named time zones, without a file: the zones are a generated table (time_zone_table.py, from Debian's
// tzdata; time_zone_version() says which). A zone knows its changes since 2000 and the POSIX rule that holds after
// them; before 2000 it keeps the offset it had then.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wavetank::model {

/// A moment as a wall clock shows it. Proleptic Gregorian calendar.
struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;  ///< 1…12
  int day = 1;    ///< 1…31
  int hour = 0, minute = 0, second = 0;
  int weekday = 4;  ///< 0 is Sunday.
};

/// The wall clock of UTC at `unix_s` seconds since 1970.
CivilTime civil_time(std::int64_t unix_s);
/// Seconds since 1970 of a date in UTC; a month or a day beyond its range runs over, as in Go's time.Date. The weekday
/// is not looked at.
std::int64_t civil_seconds(const CivilTime& c);

/// "Thu, 19 May 2016 10:00:00 +0000": Go's time.RFC1123Z in UTC.
std::string format_rfc1123z(std::int64_t unix_s);

namespace detail {
struct ZoneChange {
  std::int32_t at_min;
  std::int16_t offset_min;
};
struct ZoneData {
  const char* rule;
  std::int16_t initial_min;
  std::int16_t first;
  std::int16_t count;
};
struct ZoneName {
  const char* name;
  std::int16_t data;
};
extern const char* const kTzdataVersion;
extern const ZoneChange kZoneChanges[];
extern const ZoneData kZoneData[];
extern const ZoneName kZoneNames[];
extern const int kZoneNameCount;
}  // namespace detail

/// One time zone. A small value; copies share the table.
class TimeZone {
 public:
  TimeZone() = default;  ///< UTC
  /// The zone of that name (IANA, as it is spelled), "" and "UTC" among them; nullopt if there is none. O(log zones).
  static std::optional<TimeZone> find(std::string_view name);

  /// Seconds east of UTC at that moment. O(log changes).
  [[nodiscard]] std::int32_t offset_s(std::int64_t unix_s) const;
  /// What a clock on the wall shows.
  [[nodiscard]] CivilTime local(std::int64_t unix_s) const { return civil_time(unix_s + offset_s(unix_s)); }
  /// The moment at which it shows `c`, as Go's time.Date decides where a change makes that none or two.
  [[nodiscard]] std::int64_t moment(const CivilTime& c) const;

 private:
  /// "M3.2.0/2": the week-th weekday of a month (5: the last), `second` after its midnight.
  struct Change {
    int month = 0, week = 0, weekday = 0;
    std::int32_t second = 7200;
  };
  [[nodiscard]] bool read_rule(std::string_view text);
  static bool read_change(std::string_view& text, Change& out);
  [[nodiscard]] std::int32_t by_rule(std::int64_t unix_s) const;

  const detail::ZoneData* data_ = nullptr;  ///< Null pointer: UTC.
  std::int32_t std_s_ = 0, dst_s_ = 0;
  bool has_dst_ = false;
  Change start_, end_;
};

/// RFC 3339 with whole seconds on the clock of a zone: "2026-03-29T03:30:00+02:00", "…Z" where it is not off UTC.
std::string format_rfc3339(std::int64_t unix_s, const TimeZone& zone);

/// Reads "2026-03-29T01:30:00Z" or with an offset, "…+02:00"; whole seconds; nullopt when it is not of that form.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// The tzdata release the table was made of, "2025b-…".
std::string_view time_zone_version();

}  // namespace wavetank::model
