#include "engine/base/time.h"

#include <catch2/catch.hpp>

using namespace wavetank::base;

namespace {
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMs;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kYear = 365 * kDay;
}  // namespace

TEST_CASE("durations are read as Go writes them, exactly") {
  struct Row {
    const char* text;
    std::int64_t ns;
  };
  const Row row = GENERATE(values<Row>({
      {"0", 0},
      {"0s", 0},
      {"-0", 0},
      {"90s", 90 * kSecond},
      {"1m30s", 90 * kSecond},
      {"+5s", 5 * kSecond},
      {"-5s", -5 * kSecond},
      {"250ms", 250 * kMs},
      {"1.5h", 90 * kMinute},
      {".5s", 500 * kMs},
      {"5.s", 5 * kSecond},
      {"1h2m3s4ms5us6ns", kHour + 2 * kMinute + 3 * kSecond + 4 * kMs + 5'006},
      {"7us", 7'000},
      {"7\xc2\xb5s", 7'000},  // micro sign
      {"7\xce\xbcs", 7'000},  // Greek mu
      {"0.000000001s", 1},
      {"0.0000000019s", 1},  // below a nanosecond: cut off
      {"0.3333333333333333333h", 1'199'999'999'999},
      {"1s1s", 2 * kSecond},
      {"9223372036854775807ns", INT64_MAX},
      {"-9223372036854775808ns", INT64_MIN},
      {"2562047h47m16.854775807s", INT64_MAX},
  }));
  CAPTURE(row.text);
  const Result<Duration> read = parse_duration(row.text);
  REQUIRE(read.has_value());
  CHECK(read->ns == row.ns);
}

TEST_CASE("what is no duration is refused with what was read and what is allowed") {
  const char* text =
      GENERATE("", "-", "+", "5", "1.5", "s", ".s", ".", "3x", "1min", "1 s", "1s ", " 1s", "--1s", "1m-3s", "1..5s",
               "1,5s", "0x5s", "1S", "9223372036854775808ns", "-9223372036854775809ns", "2562048h",
               "99999999999999999999999999999999999999999999h", "2562047h47m16.854775808s", "1d");
  CAPTURE(text);
  const Result<Duration> read = parse_duration(text);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().front().message.find("\"" + std::string(text).substr(0, 40)) != std::string::npos);
  CHECK(read.error().front().message.find("ns, us, ms, s, m, h") != std::string::npos);
}

TEST_CASE("a message about a hostile duration stays short") {
  const Result<Duration> read = parse_duration(std::string(1'000'000, '9'));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().front().message.size() < 250);
}

TEST_CASE("durations print in the shortest exact form and read back") {
  struct Row {
    std::int64_t ns;
    const char* text;
  };
  const Row row = GENERATE(values<Row>({
      {0, "0s"},
      {1, "1ns"},
      {999, "999ns"},
      {1'500, "1.5us"},
      {250 * kMs, "250ms"},
      {1'000'001, "1.000001ms"},
      {kSecond, "1s"},
      {1'500 * kMs, "1.5s"},
      {90 * kSecond, "1m30s"},
      {90 * kSecond + 250 * kMs, "1m30.25s"},
      {kHour, "1h"},
      {kHour + 1, "1h0.000000001s"},
      {kHour + kSecond, "1h1s"},
      {26 * kHour + 3 * kMinute, "26h3m"},
      {-90 * kSecond, "-1m30s"},
      {INT64_MAX, "2562047h47m16.854775807s"},
      {INT64_MIN, "-2562047h47m16.854775808s"},
  }));
  CHECK(format_duration({row.ns}) == row.text);
  CHECK(parse_duration(row.text).value().ns == row.ns);
}

TEST_CASE("time since the start of the run") {
  CHECK(format_time({0}) == "00:00:00");
  CHECK(format_time({90 * kSecond}) == "00:01:30");
  CHECK(format_time({90 * kSecond + 250 * kMs}) == "00:01:30.250");
  CHECK(format_time({90 * kSecond + 1'000}) == "00:01:30.000001");
  CHECK(format_time({90 * kSecond + 1}) == "00:01:30.000000001");
  CHECK(format_time({100 * kHour}) == "100:00:00");
  CHECK(format_time({-kSecond}) == "-00:00:01");
  CHECK(format_time(SimTime::never()) == "never");
}

TEST_CASE("ages print as kubectl prints them") {
  struct Row {
    std::int64_t ns;
    const char* text;
  };
  // The steps of duration.HumanDuration in k8s.io/apimachinery, each side of each step.
  const Row row = GENERATE(values<Row>({
      {-2 * kSecond, "<invalid>"},
      {-2 * kSecond + 1, "0s"},
      {0, "0s"},
      {kSecond - kMs, "0s"},
      {45 * kSecond, "45s"},
      {2 * kMinute - kMs, "119s"},
      {2 * kMinute, "2m"},
      {2 * kMinute + kSecond, "2m1s"},
      {10 * kMinute - kMs, "9m59s"},
      {10 * kMinute, "10m"},
      {10 * kMinute + kSecond, "10m"},
      {3 * kHour - kMs, "179m"},
      {3 * kHour, "3h"},
      {3 * kHour + 10 * kMinute, "3h10m"},
      {8 * kHour - kMs, "7h59m"},
      {8 * kHour, "8h"},
      {8 * kHour + 59 * kMinute, "8h"},
      {2 * kDay - kMs, "47h"},
      {2 * kDay, "2d"},
      {2 * kDay + kHour, "2d1h"},
      {5 * kDay + 4 * kHour, "5d4h"},
      {8 * kDay - kMs, "7d23h"},
      {8 * kDay, "8d"},
      {8 * kDay + 23 * kHour, "8d"},
      {2 * kYear - kMs, "729d"},
      {2 * kYear, "2y"},
      {2 * kYear + 23 * kHour, "2y"},
      {2 * kYear + 23 * kHour + 59 * kMinute, "2y"},
      {2 * kYear + kDay, "2y1d"},
      {8 * kYear - kMs, "7y364d"},
      {8 * kYear, "8y"},
      {8 * kYear + 364 * kDay, "8y"},
      {9 * kYear, "9y"},
  }));
  CHECK(format_age({row.ns}) == row.text);
}

TEST_CASE("RFC 3339 in UTC") {
  CHECK(format_rfc3339({0}, 0) == "1970-01-01T00:00:00Z");
  CHECK(format_rfc3339({0}, 1'756'684'800) == "2025-09-01T00:00:00Z");
  CHECK(format_rfc3339({kSecond - 1}, 1'756'684'800) == "2025-09-01T00:00:00Z");
  CHECK(format_rfc3339({90 * kMinute}, 1'756'684'800) == "2025-09-01T01:30:00Z");
  CHECK(format_rfc3339({-1}, 951'868'800) == "2000-02-29T23:59:59Z");
  CHECK(format_rfc3339({0}, 951'868'800) == "2000-03-01T00:00:00Z");
  CHECK(format_rfc3339({0}, 4'107'542'399) == "2100-02-28T23:59:59Z");
  CHECK(format_rfc3339({0}, 4'107'542'400) == "2100-03-01T00:00:00Z");  // 2100 is no leap year
  CHECK(format_rfc3339({0}, 1'735'689'599) == "2024-12-31T23:59:59Z");
  CHECK(format_rfc3339({0}, -1) == "1969-12-31T23:59:59Z");
}

TEST_CASE("every day of four centuries follows the one before") {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = 1900;
  int month = 1;
  int day = 1;
  bool all_right = true;
  for (std::int64_t n = -25'567; n < -25'567 + 146'097; ++n) {  // from 1900-01-01
    char expected[32];
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00Z", year, month, day);
    if (format_rfc3339({0}, n * 86'400) != expected) {
      INFO(expected);
      all_right = false;
      CHECK(format_rfc3339({0}, n * 86'400) == expected);
      break;
    }
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (++day <= kLengths[month - 1] + (month == 2 && leap ? 1 : 0)) continue;
    day = 1;
    if (++month <= 12) continue;
    month = 1;
    ++year;
  }
  CHECK(all_right);
  CHECK(year == 2300);
}
