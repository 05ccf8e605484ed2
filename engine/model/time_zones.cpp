#include "engine/model/time_zones.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace wavetank::model {

namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// Days since 1970-01-01 of a date whose month is in range. Years are counted from March, so that the leap day ends
/// one.
std::int64_t days_of(std::int64_t year, int month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t cycle = floor_div(y, 400);
  const std::int64_t in_cycle = y - cycle * 400;
  const std::int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return cycle * 146'097 + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + in_year - 719'468;
}

// ---- POSIX TZ texts, of the kind the tz database writes
// -----------------------------------------------------------------------------------------

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int take_number(std::string_view& text) {
  int n = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    n = n * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  return n;
}

/// "[+-]h[h[h]][:mm[:ss]]" in seconds.
std::int32_t take_time(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  std::int32_t s = take_number(text) * 3600;
  if (take(text, ':')) s += take_number(text) * 60;
  if (take(text, ':')) s += take_number(text);
  return negative ? -s : s;
}

void skip_name(std::string_view& text) {
  if (take(text, '<')) {
    while (!text.empty() && !take(text, '>')) text.remove_prefix(1);
    return;
  }
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  while (!text.empty() && is_letter(text.front())) text.remove_prefix(1);
}

bool starts_time(std::string_view text) {
  return !text.empty() && (text.front() == '-' || text.front() == '+' || (text.front() >= '0' && text.front() <= '9'));
}

}  // namespace

CivilTime civil_time(std::int64_t unix_s) {
  constexpr std::int64_t kCycleDays = 146'097;
  const std::int64_t since_1970 = floor_div(unix_s, kDay);
  const std::int64_t days = since_1970 + 719'468;
  const std::int64_t cycle = floor_div(days, kCycleDays);
  const std::int64_t in_cycle = days - cycle * kCycleDays;
  const std::int64_t year = (in_cycle - in_cycle / 1'460 + in_cycle / 36'524 - in_cycle / 146'096) / 365;
  const std::int64_t in_year = in_cycle - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * in_year + 2) / 153;
  const auto s = static_cast<int>(unix_s - since_1970 * kDay);
  CivilTime c;
  c.day = static_cast<int>(in_year - (153 * month + 2) / 5) + 1;
  c.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  c.year = cycle * 400 + year + (c.month <= 2 ? 1 : 0);
  c.hour = s / 3600;
  c.minute = s / 60 % 60;
  c.second = s % 60;
  c.weekday = static_cast<int>(((since_1970 + 4) % 7 + 7) % 7);
  return c;
}

std::int64_t civil_seconds(const CivilTime& c) {
  const std::int64_t years = floor_div(c.month - 1, 12);
  const int month = static_cast<int>(c.month - years * 12);
  return days_of(c.year + years, month, c.day) * kDay + c.hour * 3600 + c.minute * 60 + c.second;
}

std::string format_rfc1123z(std::int64_t unix_s) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime c = civil_time(unix_s);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[static_cast<std::size_t>(c.weekday)], c.day,
                     kMonths[static_cast<std::size_t>(c.month - 1)], c.year, c.hour, c.minute, c.second);
}

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  if (name.empty() || name == "UTC") return TimeZone();
  const detail::ZoneName* const end = detail::kZoneNames + detail::kZoneNameCount;
  const detail::ZoneName* const at =
      std::lower_bound(detail::kZoneNames, end, name,
                       [](const detail::ZoneName& z, std::string_view n) { return std::string_view(z.name) < n; });
  if (at == end || at->name != name) return std::nullopt;
  TimeZone zone;
  zone.data_ = &detail::kZoneData[at->data];
  if (!zone.read_rule(zone.data_->rule)) return std::nullopt;
  return zone;
}

bool TimeZone::read_rule(std::string_view text) {
  skip_name(text);
  std_s_ = -take_time(text);  // POSIX counts west of Greenwich
  if (text.empty()) return true;
  has_dst_ = true;
  skip_name(text);
  dst_s_ = starts_time(text) ? -take_time(text) : std_s_ + 3600;
  return read_change(text, start_) && read_change(text, end_);
}

bool TimeZone::read_change(std::string_view& text, Change& out) {
  if (!take(text, ',') || !take(text, 'M')) return false;
  out.month = take_number(text);
  take(text, '.');
  out.week = take_number(text);
  take(text, '.');
  out.weekday = take_number(text);
  if (take(text, '/')) out.second = take_time(text);
  return true;
}

std::int32_t TimeZone::by_rule(std::int64_t unix_s) const {
  if (!has_dst_) return std_s_;
  const std::int64_t year = civil_time(unix_s).year;
  const auto moment_of = [&](const Change& change, std::int32_t offset) {
    const std::int64_t first = days_of(year, change.month, 1);
    const int first_weekday = static_cast<int>(((first + 4) % 7 + 7) % 7);
    std::int64_t day = 1 + (change.weekday - first_weekday + 7) % 7 + (change.week - 1) * 7;
    const std::int64_t length =
        (change.month == 12 ? days_of(year + 1, 1, 1) : days_of(year, change.month + 1, 1)) - first;
    if (day > length) day -= 7;
    return (first + day - 1) * kDay + change.second - offset;
  };
  const std::int64_t start = moment_of(start_, std_s_), end = moment_of(end_, dst_s_);
  if (start < end) return unix_s >= start && unix_s < end ? dst_s_ : std_s_;
  return unix_s >= end && unix_s < start ? std_s_ : dst_s_;
}

std::int32_t TimeZone::offset_s(std::int64_t unix_s) const {
  if (data_ == nullptr) return 0;
  constexpr std::int64_t k2000 = 946'684'800;
  const detail::ZoneChange* const first = detail::kZoneChanges + data_->first;
  const detail::ZoneChange* const last = first + data_->count;
  const std::int64_t minute = floor_div(unix_s, 60);
  const detail::ZoneChange* const at =
      std::upper_bound(first, last, minute, [](std::int64_t m, const detail::ZoneChange& c) { return m < c.at_min; });
  if (at == last && unix_s >= k2000) return by_rule(unix_s);
  return (at == first ? data_->initial_min : (at - 1)->offset_min) * 60;
}

std::int64_t TimeZone::moment(const CivilTime& c) const {
  const std::int64_t as_utc = civil_seconds(c);
  return as_utc - offset_s(as_utc - offset_s(as_utc));
}

std::string format_rfc3339(std::int64_t unix_s, const TimeZone& zone) {
  const CivilTime c = zone.local(unix_s);
  const std::int32_t east = zone.offset_s(unix_s);
  const std::int32_t off = (east < 0 ? -east : east) / 60;
  const std::string suffix = east == 0 ? "Z" : fmt::format("{}{:02}:{:02}", east < 0 ? '-' : '+', off / 60, off % 60);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     suffix);
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  bool good = text.size() == 20 || text.size() == 25;
  const auto number = [&](std::size_t at, std::size_t length, int least, int most) {
    int n = 0;
    for (std::size_t i = at; good && i < at + length; ++i) {
      good = text[i] >= '0' && text[i] <= '9';
      n = n * 10 + (text[i] - '0');
    }
    good = good && n >= least && n <= most;
    return n;
  };
  CivilTime c;
  c.year = number(0, 4, 1, 9999), c.month = number(5, 2, 1, 12), c.day = number(8, 2, 1, 31);
  c.hour = number(11, 2, 0, 23), c.minute = number(14, 2, 0, 59), c.second = number(17, 2, 0, 59);
  if (!good || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const std::int64_t s = civil_seconds(c);
  if (civil_time(s).day != c.day) return std::nullopt;  // 31 April
  if (text.size() == 20) return text[19] == 'Z' ? std::optional<std::int64_t>(s) : std::nullopt;
  const int east = number(20, 2, 0, 23) * 3600 + number(23, 2, 0, 59) * 60;
  if (!good || text[22] != ':' || (text[19] != '+' && text[19] != '-')) return std::nullopt;
  return text[19] == '+' ? s - east : s + east;
}

std::string_view time_zone_version() { return detail::kTzdataVersion; }

}  // namespace wavetank::model
