#include "engine/base/time.h"

#include <fmt/core.h>

#include <cstddef>

namespace wavetank::base {
namespace {

__extension__ typedef unsigned __int128 Wide;

struct Unit {
  std::string_view name;
  std::int64_t ns;
};

// Longer names before their prefixes; both spellings of micro, as Go accepts.
constexpr Unit kUnits[] = {{"ns", 1},         {"us", 1'000},        {"\xc2\xb5s", 1'000},  {"\xce\xbcs", 1'000},
                           {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

constexpr std::uint64_t kLargest = 9'223'372'036'854'775'807ULL;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const Unit* take_unit(std::string_view& rest) {
  for (const Unit& unit : kUnits) {
    if (!rest.starts_with(unit.name)) continue;
    // "m" must not eat the head of an unknown word such as "min": what follows a unit is the next number or the end.
    const std::string_view after = rest.substr(unit.name.size());
    if (!after.empty() && !is_digit(after[0]) && after[0] != '.') continue;
    rest = after;
    return &unit;
  }
  return nullptr;
}

// The digits at the head of `rest` as a number. False when the number is above kLargest + 1.
bool take_whole(std::string_view& rest, Wide& number) {
  for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1)) {
    number = number * 10 + static_cast<unsigned>(rest[0] - '0');
    if (number > static_cast<Wide>(kLargest) + 1) return false;
  }
  return true;
}

// The digits after a point, of which those after the 18th are skipped.
void take_fraction(std::string_view& rest, Wide& number, Wide& scale) {
  constexpr std::uint64_t kFinest = 1'000'000'000'000'000'000ULL;
  for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1)) {
    if (scale == kFinest) continue;
    number = number * 10 + static_cast<unsigned>(rest[0] - '0');
    scale *= 10;
  }
}

// One "1.5h" at the head of `rest`, in ns (a part below 1 ns is cut off, as Go does). False when malformed or too
// large.
bool take_term(std::string_view& rest, Wide& sum) {
  Wide whole = 0;
  Wide fraction = 0;
  Wide scale = 1;
  const std::size_t before = rest.size();
  if (!take_whole(rest, whole)) return false;
  std::size_t digits = before - rest.size();
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const std::size_t after_point = rest.size();
    take_fraction(rest, fraction, scale);
    digits += after_point - rest.size();
  }
  const Unit* unit = digits > 0 ? take_unit(rest) : nullptr;
  if (unit == nullptr) return false;
  const auto unit_ns = static_cast<Wide>(unit->ns);
  sum += whole * unit_ns + fraction * unit_ns / scale;
  return sum <= static_cast<Wide>(kLargest) + 1;
}

tl::unexpected<Diagnostics> bad_duration(std::string_view text) {
  constexpr std::size_t kShown = 40;
  const std::string shown = text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "...";
  return failure(fmt::format(
      "invalid duration \"{}\": want numbers with a unit of ns, us, ms, s, m, h, such as \"90s\", \"1m30s\", \"1.5h\"; "
      "at most 292 years",
      shown));
}

void append_fraction(std::string& out, std::uint64_t part, std::uint64_t whole) {
  if (part == 0) return;
  out += '.';
  while (part != 0) {
    whole /= 10;
    out += static_cast<char>('0' + part / whole);
    part %= whole;
  }
}

std::uint64_t magnitude(std::int64_t v) {
  const auto u = static_cast<std::uint64_t>(v);
  return v < 0 ? 0 - u : u;
}

struct Date {
  std::int64_t year = 0;
  int month = 0;
  int day = 0;
};

// Proleptic Gregorian calendar. Counts from 1 March of year 0, so that the leap day is the last day of a year, and
// takes the 400-year cycle (146,097 days) apart.
Date date_of(std::int64_t days_since_1970) {
  constexpr std::int64_t kCycleDays = 146'097;
  const std::int64_t days = days_since_1970 + 719'468;  // 1970-01-01 counted from 0000-03-01
  const std::int64_t cycle = (days >= 0 ? days : days - (kCycleDays - 1)) / kCycleDays;
  const std::int64_t in_cycle = days - cycle * kCycleDays;
  const std::int64_t year = (in_cycle - in_cycle / 1'460 + in_cycle / 36'524 - in_cycle / 146'096) / 365;
  const std::int64_t in_year = in_cycle - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * in_year + 2) / 153;  // 0 = March; five months have 153 days
  const int day = static_cast<int>(in_year - (153 * month + 2) / 5) + 1;
  const int civil_month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  return {cycle * 400 + year + (civil_month <= 2 ? 1 : 0), civil_month, day};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration{0};
  if (rest.empty()) return bad_duration(text);
  Wide sum = 0;
  while (!rest.empty()) {
    if (!take_term(rest, sum)) return bad_duration(text);
  }
  if (!negative && sum > kLargest) return bad_duration(text);
  const auto total = static_cast<std::uint64_t>(sum);
  return Duration{static_cast<std::int64_t>(negative ? 0 - total : total)};
}

std::string format_duration(Duration d) {
  if (d.ns == 0) return "0s";
  std::uint64_t rest = magnitude(d.ns);
  std::string out = d.ns < 0 ? "-" : "";
  constexpr std::uint64_t kSecond = 1'000'000'000;
  if (rest < kSecond) {
    const bool is_ms = rest >= 1'000'000;
    const bool is_us = !is_ms && rest >= 1'000;
    const std::uint64_t unit = is_ms ? 1'000'000 : is_us ? 1'000 : 1;
    out += std::to_string(rest / unit);
    append_fraction(out, rest % unit, unit);
    return out + (is_ms ? "ms" : is_us ? "us" : "ns");
  }
  const std::uint64_t hours = rest / (3'600 * kSecond);
  rest %= 3'600 * kSecond;
  const std::uint64_t mins = rest / (60 * kSecond);
  rest %= 60 * kSecond;
  if (hours != 0) out += std::to_string(hours) + "h";
  if (mins != 0) out += std::to_string(mins) + "m";
  if (rest != 0) {
    out += std::to_string(rest / kSecond);
    append_fraction(out, rest % kSecond, kSecond);
    out += "s";
  }
  return out;
}

std::string format_time(SimTime t) {
  if (t == SimTime::never()) return "never";
  const std::uint64_t ns = magnitude(t.ns);
  const std::uint64_t s = ns / 1'000'000'000;
  const std::uint64_t fraction = ns % 1'000'000'000;
  std::string out = fmt::format("{}{:02}:{:02}:{:02}", t.ns < 0 ? "-" : "", s / 3'600, s / 60 % 60, s % 60);
  if (fraction == 0) return out;
  if (fraction % 1'000'000 == 0) return out + fmt::format(".{:03}", fraction / 1'000'000);
  if (fraction % 1'000 == 0) return out + fmt::format(".{:06}", fraction / 1'000);
  return out + fmt::format(".{:09}", fraction);
}

std::string format_age(Duration d) {
  const std::int64_t s = d.ns / 1'000'000'000;
  // Clocks that differ by less than two seconds count as "now", as in Kubernetes.
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 2 * 60) return fmt::format("{}s", s);
  const auto two = [](std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
    if (small == 0) return fmt::format("{}{}", large, large_unit);
    return fmt::format("{}{}{}{}", large, large_unit, small, small_unit);
  };
  const std::int64_t mins = s / 60;
  if (mins < 10) return two(mins, "m", s % 60, "s");
  if (mins < 3 * 60) return fmt::format("{}m", mins);
  const std::int64_t hours = mins / 60;
  if (hours < 8) return two(hours, "h", mins % 60, "m");
  if (hours < 48) return fmt::format("{}h", hours);
  const std::int64_t days = hours / 24;
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 2 * 365) return fmt::format("{}d", days);
  const std::int64_t years = days / 365;
  if (years < 8) return two(years, "y", days % 365, "d");
  return fmt::format("{}y", years);
}

std::string format_rfc3339(SimTime t, std::int64_t epoch_s) {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t whole = t.ns / 1'000'000'000;
  const std::int64_t unix_s = epoch_s + (t.ns % 1'000'000'000 < 0 ? whole - 1 : whole);
  const std::int64_t days = (unix_s >= 0 ? unix_s : unix_s - (kDay - 1)) / kDay;
  const std::int64_t s = unix_s - days * kDay;
  const Date date = date_of(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", date.year, date.month, date.day, s / 3'600, s / 60 % 60,
                     s % 60);
}

}  // namespace wavetank::base
