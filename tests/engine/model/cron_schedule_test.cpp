// Cron schedules and time zones: rows of a real control plane, and facts of the library's own tests.
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "engine/model/cron_schedule.h"
#include "engine/model/doc.h"

using namespace wavetank;
using model::CronSchedule;
using model::TimeZone;

namespace {

/// "2026-02-26T23:58:30Z" or with an offset "-0500"; seconds since 1970.
std::int64_t unix_of(const std::string& text) {
  const auto number = [&](std::size_t at, std::size_t n) { return std::stoi(text.substr(at, n)); };
  model::CivilTime c;
  c.year = number(0, 4), c.month = number(5, 2), c.day = number(8, 2);
  c.hour = number(11, 2), c.minute = number(14, 2), c.second = number(17, 2);
  if (text[19] == 'Z') return model::civil_seconds(c);
  const int east = (number(20, 2) * 3600 + number(22, 2) * 60) * (text[19] == '-' ? -1 : 1);
  return model::civil_seconds(c) - east;
}

std::string error_of(const std::string& text) {
  const auto parsed = CronSchedule::parse(text);
  return parsed ? "" : parsed.error().front().message;
}

/// "A schedule from a moment: the next one" in UTC.
std::string next_of(const std::string& schedule, const std::string& from) {
  const auto parsed = CronSchedule::parse(schedule);
  REQUIRE(parsed.has_value());
  const auto next = parsed->next(unix_of(from));
  return next ? model::format_rfc1123z(*next) : "never";
}

}  // namespace

TEST_CASE("the next times of a schedule are those of a real control plane") {
  std::ifstream in("tests/golden/controllers/tables/cronjob-next.json");
  std::stringstream text;
  text << in.rdbuf();
  const auto doc = model::parse_json(text.str(), "cronjob-next");
  REQUIRE(doc.has_value());
  for (const model::Doc& row : doc->find("rows")->items) {
    const std::string schedule(row.string_or("schedule"));
    INFO(schedule);
    const auto parsed = CronSchedule::parse(schedule);
    if (const model::Doc* error = row.find("error")) {
      // Since 1.22 (robfig/cron v3) the message begins with a small letter.
      std::string wanted = error->text;
      wanted[0] = static_cast<char>(wanted[0] - 'A' + 'a');
      CHECK(error_of(schedule) == wanted);
      continue;
    }
    REQUIRE(parsed.has_value());
    std::int64_t at = unix_of(std::string(row.string_or("from")));
    for (const model::Doc& next : row.find("next")->items) {
      const auto found = parsed->next(at);
      REQUIRE(found.has_value());
      CHECK(model::format_rfc1123z(*found) == model::format_rfc1123z(unix_of(next.text)));
      at = *found;
    }
  }
}

TEST_CASE("what a schedule says on days on which clocks change") {
  struct Row {
    const char *from, *schedule, *next;
  };
  const Row rows[] = {
      // 2012-03-11: 02:00 EST is 03:00 EDT. A time that does not exist is skipped.
      {"2012-03-11T00:00:00-0500", "TZ=America/New_York 30 2 11 Mar ?", "2013-03-11T02:30:00-0400"},
      {"2012-03-11T00:00:00-0500", "TZ=America/New_York 0 * * * ?", "2012-03-11T01:00:00-0500"},
      {"2012-03-11T01:00:00-0500", "TZ=America/New_York 0 * * * ?", "2012-03-11T03:00:00-0400"},
      {"2012-03-11T03:00:00-0400", "CRON_TZ=America/New_York 0 * * * ?", "2012-03-11T04:00:00-0400"},
      {"2012-03-11T01:00:00-0500", "TZ=America/New_York 0 1 * * ?", "2012-03-12T01:00:00-0400"},
      {"2012-03-11T00:00:00-0500", "TZ=America/New_York 0 2 * * ?", "2012-03-12T02:00:00-0400"},
      // 2012-11-04: 02:00 EDT is 01:00 EST. A time that comes twice is met twice.
      {"2012-11-04T00:00:00-0400", "TZ=America/New_York 30 2 04 Nov ?", "2012-11-04T02:30:00-0500"},
      {"2012-11-04T01:45:00-0400", "TZ=America/New_York 30 1 04 Nov ?", "2012-11-04T01:30:00-0500"},
      {"2012-11-04T01:00:00-0400", "TZ=America/New_York 0 * * * ?", "2012-11-04T01:00:00-0500"},
      {"2012-11-04T01:00:00-0400", "TZ=America/New_York 0 1 * * ?", "2012-11-04T01:00:00-0500"},
      {"2012-11-04T01:00:00-0500", "TZ=America/New_York 0 1 * * ?", "2012-11-05T01:00:00-0500"},
      {"2012-11-04T02:00:00-0500", "TZ=America/New_York 0 2 * * ?", "2012-11-05T02:00:00-0500"},
      // Days without a midnight.
      {"2018-10-17T05:00:00-0400", "TZ=America/Sao_Paulo 0 9 10 * ?", "2018-11-10T06:00:00-0500"},
      {"2018-02-14T05:00:00-0500", "TZ=America/Sao_Paulo 0 9 22 * ?", "2018-02-22T07:00:00-0500"},
      // Long after the table's last change, by the rule.
      {"2050-03-27T00:30:00Z", "TZ=Europe/Berlin 30 3 * * *", "2050-03-27T01:30:00Z"},
      {"2050-07-01T00:00:00Z", "TZ=Australia/Sydney 0 9 * * *", "2050-07-01T23:00:00Z"},
      {"2050-12-01T00:00:00Z", "TZ=Australia/Sydney 0 9 * * *", "2050-12-01T22:00:00Z"},
  };
  for (const Row& row : rows) {
    INFO(row.from << " " << row.schedule);
    CHECK(next_of(row.schedule, row.from) == model::format_rfc1123z(unix_of(row.next)));
  }
}

TEST_CASE("fields: lists, steps, names, either day") {
  struct Row {
    const char *from, *schedule, *next;
  };
  const Row rows[] = {
      {"2012-07-09T15:45:00Z", "20-35/15 * * * *", "Mon, 09 Jul 2012 16:20:00 +0000"},
      {"2012-07-09T14:59:59Z", "0/15 * * * *", "Mon, 09 Jul 2012 15:00:00 +0000"},
      {"2012-07-09T23:35:00Z", "0 0 9 Apr-Oct ?", "Thu, 09 Aug 2012 00:00:00 +0000"},
      {"2012-07-09T23:35:00Z", "0 0 */5 Apr,Aug,Oct Mon", "Wed, 01 Aug 2012 00:00:00 +0000"},
      {"2012-07-09T23:35:00Z", "0 0 * Feb Mon/2", "Fri, 01 Feb 2013 00:00:00 +0000"},
      {"2012-12-31T23:59:45Z", "* * * * *", "Tue, 01 Jan 2013 00:00:00 +0000"},
      {"2012-07-09T23:35:00Z", "0 0 29 Feb ?", "Mon, 29 Feb 2016 00:00:00 +0000"},
      {"2012-07-09T23:35:00Z", "0 0 30 Feb ?", "never"},
      {"2012-07-09T23:35:00Z", "0 0 31 2 *", "never"},
      {"2012-07-09T23:35:00Z", "0 0 31 Apr ?", "never"},
      {"2012-07-09T23:35:00Z", ", * * * *", "never"},
      {"2012-07-09T23:35:00Z", "  0\t1 * * *  ", "Tue, 10 Jul 2012 01:00:00 +0000"},
      {"2012-07-09T23:35:07Z", "@every 1h30m", "Tue, 10 Jul 2012 01:05:07 +0000"},
      {"2012-07-09T23:35:07Z", "@every 1500ms", "Mon, 09 Jul 2012 23:35:08 +0000"},
      {"2012-07-09T23:35:07Z", "@every -5m", "Mon, 09 Jul 2012 23:35:08 +0000"},
      {"2012-07-09T23:35:07Z", "@midnight", "Tue, 10 Jul 2012 00:00:00 +0000"},
  };
  for (const Row& row : rows) {
    INFO(row.schedule);
    CHECK(next_of(row.schedule, row.from) == row.next);
  }
}

TEST_CASE("what is no schedule is refused in the library's words") {
  struct Row {
    const char *schedule, *message;
  };
  const Row rows[] = {
      {"", "empty spec string"},
      {"* * * *", "expected exactly 5 fields, found 4: [* * * *]"},
      {"* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"},
      {"error", "expected exactly 5 fields, found 1: [error]"},
      {"5 j * * *", "failed to parse int from j: strconv.Atoi: parsing \"j\": invalid syntax"},
      {"99999999999999999999 * * * *",
       "failed to parse int from 99999999999999999999: strconv.Atoi: parsing \"99999999999999999999\": value out of "
       "range"},
      {"60 * * * *", "end of range (60) above maximum (59): 60"},
      {"* * 0 * *", "beginning of range (0) below minimum (1): 0"},
      {"* * * * 7", "end of range (7) above maximum (6): 7"},
      {"5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"},
      {"5--5 * * * *", "too many hyphens: 5--5"},
      {"-5 * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"},
      {"*//2 * * * *", "too many slashes: *//2"},
      {"*/-12 * * * *", "negative number (-12) not allowed: -12"},
      {"*/0 * * * *", "step of range should be a positive number: */0"},
      {"@unrecognized", "unrecognized descriptor: @unrecognized"},
      {"@Daily", "unrecognized descriptor: @Daily"},
      {"@every", "unrecognized descriptor: @every"},
      {"@every Xm", "failed to parse duration @every Xm: time: invalid duration \"Xm\""},
      {"@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\""},
      {"@every 5x", "failed to parse duration @every 5x: time: unknown unit \"x\" in duration \"5x\""},
      {"@every ", "failed to parse duration @every : time: invalid duration \"\""},
      {"TZ=Nowhere * * * * *", "provided bad location Nowhere: unknown time zone Nowhere"},
      {"TZ=UTC", "expected exactly 5 fields, found 0: []"},
  };
  for (const Row& row : rows) {
    INFO(row.schedule);
    CHECK(error_of(row.schedule) == row.message);
  }
}

TEST_CASE("zones by name") {
  const auto offset = [](std::string_view zone, const std::string& at) {
    const auto found = TimeZone::find(zone);
    REQUIRE(found.has_value());
    return found->offset_s(unix_of(at));
  };
  CHECK(offset("", "2026-07-01T00:00:00Z") == 0);
  CHECK(offset("Etc/UTC", "2026-07-01T00:00:00Z") == 0);
  CHECK(offset("Asia/Kolkata", "2026-07-01T00:00:00Z") == 19'800);
  CHECK(offset("Asia/Kathmandu", "2026-07-01T00:00:00Z") == 20'700);
  CHECK(offset("America/St_Johns", "2026-07-01T00:00:00Z") == -9'000);
  CHECK(offset("Europe/Dublin", "2026-01-01T00:00:00Z") == 0);  // its rule counts winter as the exception
  CHECK(offset("Europe/Dublin", "2026-07-01T00:00:00Z") == 3600);
  CHECK(offset("America/New_York", "2026-03-08T06:59:59Z") == -18'000);
  CHECK(offset("America/New_York", "2026-03-08T07:00:00Z") == -14'400);
  CHECK(offset("America/New_York", "2006-03-15T00:00:00Z") == -18'000);  // before the law of 2005
  CHECK(offset("Europe/Moscow", "2012-01-01T00:00:00Z") == 14'400);      // summer for ever, then not
  CHECK(offset("Europe/Moscow", "2015-01-01T00:00:00Z") == 10'800);
  CHECK(offset("Pacific/Apia", "2011-12-30T09:59:59Z") == -36'000);  // a day that was not
  CHECK(offset("Pacific/Apia", "2011-12-30T10:00:00Z") == 50'400);
  CHECK_FALSE(TimeZone::find("America/Gotham").has_value());
  CHECK_FALSE(TimeZone::find("america/new_york").has_value());
  CHECK_FALSE(TimeZone::find("Local").has_value());
  CHECK_FALSE(TimeZone::find("posix/UTC").has_value());
}

TEST_CASE("moments as texts") {
  CHECK(model::parse_rfc3339("2026-03-29T01:30:00Z") == unix_of("2026-03-29T01:30:00Z"));
  CHECK(model::parse_rfc3339("2026-03-29T03:30:00+02:00") == unix_of("2026-03-29T01:30:00Z"));
  for (const char* text : {"", "2026-03-29", "2026-04-31T00:00:00Z", "2026-03-29T24:00:00Z", "2026-03-29T01:30:00",
                           "2026-03-29 01:30:00Z", "2026-03-29T01:30:00+0200"})
    CHECK_FALSE(model::parse_rfc3339(text).has_value());
  const std::int64_t at = unix_of("2026-03-29T01:30:00Z");
  CHECK(model::format_rfc3339(at, *TimeZone::find("Europe/Berlin")) == "2026-03-29T03:30:00+02:00");
  CHECK(model::format_rfc3339(at, *TimeZone::find("America/St_Johns")) == "2026-03-28T23:00:00-02:30");
  CHECK(model::format_rfc3339(at, TimeZone()) == "2026-03-29T01:30:00Z");
}
