#include "engine/model/cron_schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace wavetank::model {

namespace {

using base::failure;
using base::Result;

struct Bounds {
  std::uint64_t min, max;
  std::span<const std::string_view> names;  ///< The first is `first_name`.
  std::uint64_t first_name = 0;
};

constexpr std::array<std::string_view, 12> kMonthNames = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDayNames = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::uint64_t kStarBit = std::uint64_t{1} << 63;

// ---- Texts as Go reads them
// ---------------------------------------------------------------------------------------------------------------

/// The length of the white space (unicode.IsSpace) that `text` begins with, in bytes; 0: none.
std::size_t space_length(std::string_view text) {
  if (text.empty()) return 0;
  const char c = text.front();
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  static constexpr std::array<std::string_view, 19> kWide = {
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
      "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
      "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  for (const std::string_view wide : kWide)
    if (text.starts_with(wide)) return wide.size();
  return 0;
}

/// strings.Fields
std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = std::string_view::npos;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t space = space_length(text.substr(i));
    if (space > 0 && begin != std::string_view::npos) {
      out.push_back(text.substr(begin, i - begin));
      begin = std::string_view::npos;
    } else if (space == 0 && begin == std::string_view::npos) {
      begin = i;
    }
    i += std::max<std::size_t>(space, 1);
  }
  if (begin != std::string_view::npos) out.push_back(text.substr(begin));
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::vector<std::string_view> fields = fields_of(text);
  if (fields.empty()) return {};
  const char* begin = fields.front().data();
  return {begin, static_cast<std::size_t>(fields.back().data() + fields.back().size() - begin)};
}

/// strings.Split
std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t found = text.find(at);
    out.push_back(text.substr(0, found));
    if (found == std::string_view::npos) return out;
    text.remove_prefix(found + 1);
  }
}

/// strconv.Quote of what is nearly always plain ASCII; other bytes as \x.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      (out += '\\') += c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

Result<std::uint64_t> parse_int(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits.front() == '+' || digits.front() == '-')) digits.remove_prefix(1);
  const bool is_number =
      !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto bad = [&](std::string_view why) {
    return failure(fmt::format("failed to parse int from {}: strconv.Atoi: parsing {}: {}", text, quoted(text), why));
  };
  if (!is_number) return bad("invalid syntax");
  std::int64_t n = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), n).ec != std::errc())
    return bad("value out of range");
  if (text.front() == '-' && n != 0) return failure(fmt::format("negative number (-{}) not allowed: {}", n, text));
  return static_cast<std::uint64_t>(n);
}

Result<std::uint64_t> parse_int_or_name(std::string_view text, const Bounds& r) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (std::size_t i = 0; i < r.names.size(); ++i)
    if (r.names[i] == lower) return r.first_name + i;
  return parse_int(text);
}

// ---- Fields
// -------------------------------------------------------------------------------------------------------------------------------

struct Range {
  std::uint64_t start = 0, end = 0, step = 1, star = 0;
};

/// start, end and whether it was a star, of what stands before "/".
Result<Range> parse_ends(std::string_view text, std::string_view whole, const Bounds& r) {
  const std::vector<std::string_view> ends = split(text, '-');
  Range out;
  if (ends[0] == "*" || ends[0] == "?") {
    out = {r.min, r.max, 1, kStarBit};
    return out;
  }
  auto start = parse_int_or_name(ends[0], r);
  if (!start) return tl::unexpected(start.error());
  out.start = out.end = *start;
  if (ends.size() > 2) return failure(fmt::format("too many hyphens: {}", whole));
  if (ends.size() == 2) {
    auto end = parse_int_or_name(ends[1], r);
    if (!end) return tl::unexpected(end.error());
    out.end = *end;
  }
  return out;
}

/// number | number "-" number [ "/" number ]
Result<std::uint64_t> parse_range(std::string_view text, const Bounds& r) {
  const std::vector<std::string_view> parts = split(text, '/');
  auto range = parse_ends(parts[0], text, r);
  if (!range) return tl::unexpected(range.error());
  if (parts.size() > 2) return failure(fmt::format("too many slashes: {}", text));
  if (parts.size() == 2) {
    auto step = parse_int(parts[1]);
    if (!step) return tl::unexpected(step.error());
    range->step = *step;
    if (parts[0].find('-') == std::string_view::npos) range->end = r.max;  // "N/step" means "N-max/step"
    if (range->step > 1) range->star = 0;
  }
  const auto [start, end, step, star] = *range;
  if (start < r.min) return failure(fmt::format("beginning of range ({}) below minimum ({}): {}", start, r.min, text));
  if (end > r.max) return failure(fmt::format("end of range ({}) above maximum ({}): {}", end, r.max, text));
  if (start > end)
    return failure(fmt::format("beginning of range ({}) beyond end of range ({}): {}", start, end, text));
  if (step == 0) return failure(fmt::format("step of range should be a positive number: {}", text));
  std::uint64_t bits = star;
  for (std::uint64_t i = start; i <= end; i += step) bits |= std::uint64_t{1} << i;
  return bits;
}

Result<std::uint64_t> parse_field(std::string_view text, const Bounds& r) {
  std::uint64_t bits = 0;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) continue;  // strings.FieldsFunc
    auto range = parse_range(part, r);
    if (!range) return range;
    bits |= *range;
  }
  return bits;
}

constexpr Bounds kMinutes{0, 59, {}};
constexpr Bounds kHours{0, 23, {}};
constexpr Bounds kDays{1, 31, {}};
const Bounds kMonths{1, 12, kMonthNames, 1};
const Bounds kWeekdays{0, 6, kDayNames, 0};

std::uint64_t all(const Bounds& r) {
  return ((std::uint64_t{1} << (r.max + 1)) - (std::uint64_t{1} << r.min)) | kStarBit;
}

// ---- time.ParseDuration
// -------------------------------------------------------------------------------------------------------------------

/// Nanoseconds of a unit; 0: there is no such unit.
std::int64_t unit_ns(std::string_view unit) {
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ns", 1},         {"us", 1'000},        {"\xC2\xB5s", 1'000},  {"\xCE\xBCs", 1'000},
      {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  for (const auto& [name, ns] : kUnits)
    if (unit == name) return ns;
  return 0;
}

__extension__ typedef unsigned __int128 Wide;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// One "1.5h" of a duration; true, or false with the complaint in `why`.
bool take_term(std::string_view& rest, std::string_view whole, Wide& sum, std::string& why) {
  const auto bad = [&] {
    why = "time: invalid duration " + quoted(whole);
    return false;
  };
  Wide number = 0, fraction = 0, scale = 1;
  bool digits = false;
  for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), digits = true) {
    number = number * 10 + static_cast<unsigned>(rest.front() - '0');
    if (number > (std::uint64_t{1} << 63)) return bad();
  }
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), digits = true) {
      if (scale >= 1'000'000'000'000'000'000ULL) continue;  // finer than any unit can show
      fraction = fraction * 10 + static_cast<unsigned>(rest.front() - '0');
      scale *= 10;
    }
  }
  if (!digits) return bad();
  const std::size_t length = static_cast<std::size_t>(
      std::find_if(rest.begin(), rest.end(), [](char c) { return c == '.' || is_digit(c); }) - rest.begin());
  const std::string_view unit = rest.substr(0, length);
  if (unit.empty()) {
    why = "time: missing unit in duration " + quoted(whole);
    return false;
  }
  const std::int64_t ns = unit_ns(unit);
  if (ns == 0) {
    why = fmt::format("time: unknown unit {} in duration {}", quoted(unit), quoted(whole));
    return false;
  }
  rest.remove_prefix(length);
  const auto unit_size = static_cast<Wide>(ns);
  sum += number * unit_size + fraction * unit_size / scale;
  return sum <= (std::uint64_t{1} << 63) ? true : bad();
}

/// Whole seconds of an "@every", at least one.
Result<std::int64_t> parse_every(std::string_view text, std::string_view descriptor) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::string why;
  Wide sum = 0;
  if (rest.empty()) why = "time: invalid duration " + quoted(text);
  if (rest == "0") rest = {};  // the one number that needs no unit
  while (why.empty() && !rest.empty())
    if (!take_term(rest, text, sum, why)) break;
  if (why.empty() && !negative && sum > (std::uint64_t{1} << 63) - 1) why = "time: invalid duration " + quoted(text);
  if (!why.empty()) return failure(fmt::format("failed to parse duration {}: {}", descriptor, why));
  const auto s = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) / 1'000'000'000);
  return negative || s < 1 ? 1 : s;
}

}  // namespace

base::Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  if (text.empty()) return failure("empty spec string");
  CronSchedule out;
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    const std::size_t begin = text.find('=') + 1, end = std::min(text.find(' '), text.size());
    const std::string_view name = text.substr(begin, end - begin);
    const auto zone = TimeZone::find(name);
    if (!zone) return failure(fmt::format("provided bad location {}: unknown time zone {}", name, name));
    out.zone_ = *zone;
    text = trimmed(text.substr(end));
  }
  if (text.starts_with('@')) {
    constexpr std::string_view kEvery = "@every ";
    if (text.starts_with(kEvery)) {
      auto every = parse_every(text.substr(kEvery.size()), text);
      if (!every) return tl::unexpected(every.error());
      out.every_s_ = *every;
      return out;
    }
    out.minutes_ = 1;
    out.hours_ = text == "@hourly" ? all(kHours) : 1;
    const bool yearly = text == "@yearly" || text == "@annually", monthly = text == "@monthly";
    out.days_ = yearly || monthly ? 2 : all(kDays);
    out.months_ = yearly ? 2 : all(kMonths);
    out.weekdays_ = text == "@weekly" ? 1 : all(kWeekdays);
    static constexpr std::array<std::string_view, 7> kDescriptors = {"@yearly", "@annually", "@monthly", "@weekly",
                                                                     "@daily",  "@midnight", "@hourly"};
    if (std::find(kDescriptors.begin(), kDescriptors.end(), text) == kDescriptors.end())
      return failure(fmt::format("unrecognized descriptor: {}", text));
    return out;
  }
  const std::vector<std::string_view> fields = fields_of(text);
  if (fields.size() != 5) {
    std::string list;
    for (const std::string_view f : fields) (list += list.empty() ? "" : " ") += f;
    return failure(fmt::format("expected exactly 5 fields, found {}: [{}]", fields.size(), list));
  }
  const Bounds* const bounds[] = {&kMinutes, &kHours, &kDays, &kMonths, &kWeekdays};
  std::uint64_t* const into[] = {&out.minutes_, &out.hours_, &out.days_, &out.months_, &out.weekdays_};
  for (std::size_t i = 0; i < 5; ++i) {
    auto bits = parse_field(fields[i], *bounds[i]);
    if (!bits) return tl::unexpected(bits.error());
    *into[i] = *bits;
  }
  return out;
}

bool CronSchedule::day_matches(const CivilTime& c) const {
  const bool day = (days_ >> c.day & 1) != 0, weekday = (weekdays_ >> c.weekday & 1) != 0;
  // Both restricted: either will do, as in Vixie cron.
  return ((days_ | weekdays_) & kStar) != 0 ? day && weekday : day || weekday;
}

/// A moment that is moved on, and what the zone's clock shows at it. The first move of a walk goes back to the start of
/// the unit that is moved by; a unit that comes round is looked at again from the month down.
class CronSchedule::Walk {
 public:
  Walk(const CronSchedule& schedule, std::int64_t at) : s_(schedule) { set(at); }

  [[nodiscard]] std::int64_t at() const { return at_; }
  [[nodiscard]] const CivilTime& clock() const { return c_; }

  /// Each takes the walk on to a fitting month, day, …; false when the next larger unit has come round.
  bool to_month() {
    while ((s_.months_ >> c_.month & 1) == 0) {
      if (first_move()) set_civil({c_.year, c_.month, 1});
      CivilTime next = c_;
      ++next.month;
      set_civil(next);
      if (c_.month == 1) return false;
    }
    return true;
  }
  bool to_day() {
    while (!s_.day_matches(c_)) {
      if (first_move()) set_civil({c_.year, c_.month, c_.day});
      CivilTime next = c_;
      ++next.day;
      set_civil(next);
      // Where clocks change at midnight, a day may begin at 1 or have to be reached from 23.
      if (c_.hour != 0) set(at_ + (c_.hour > 12 ? 24 - c_.hour : -c_.hour) * 3600);
      if (c_.day == 1) return false;
    }
    return true;
  }
  bool to_hour() {
    while ((s_.hours_ >> c_.hour & 1) == 0) {
      if (first_move()) set_civil({c_.year, c_.month, c_.day, c_.hour});
      set(at_ + 3600);
      if (c_.hour == 0) return false;
    }
    return true;
  }
  bool to_minute() {
    while ((s_.minutes_ >> c_.minute & 1) == 0) {
      if (first_move()) set(at_ - ((at_ % 60) + 60) % 60);
      set(at_ + 60);
      if (c_.minute == 0) return false;
    }
    return true;
  }
  /// Schedules name whole minutes: second 0.
  bool to_second() {
    if (c_.second == 0) return true;
    moved_ = true;
    set(at_ + (60 - c_.second));
    return false;
  }

 private:
  bool first_move() { return !std::exchange(moved_, true); }
  void set(std::int64_t at) {
    at_ = at;
    c_ = s_.zone_.local(at);
  }
  void set_civil(const CivilTime& c) { set(s_.zone_.moment(c)); }

  const CronSchedule& s_;
  std::int64_t at_ = 0;
  CivilTime c_;
  bool moved_ = false;
};

std::optional<std::int64_t> CronSchedule::next(std::int64_t unix_s) const {
  if (every_s_ != 0) return unix_s + every_s_;
  constexpr std::uint64_t kNoStar = ~kStar;
  if ((minutes_ & kNoStar) == 0 || (hours_ & kNoStar) == 0 || (months_ & kNoStar) == 0) return std::nullopt;
  Walk walk(*this, unix_s + 1);
  const std::int64_t last_year = walk.clock().year + 5;
  while (walk.clock().year <= last_year) {
    if (walk.to_month() && walk.to_day() && walk.to_hour() && walk.to_minute() && walk.to_second()) return walk.at();
  }
  return std::nullopt;
}

}  // namespace wavetank::model
