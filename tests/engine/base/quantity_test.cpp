// Quantities as Kubernetes reads and prints them. Expected values: k8s.io/apimachinery pkg/api/resource.
#include "engine/base/quantity.h"

#include <catch2/catch.hpp>

using wavetank::base::Quantity;

namespace {

struct Row {
  const char* written;
  const char* printed;
  std::int64_t value;  // whole units, rounded up
  std::int64_t milli;  // thousandths, rounded up
};

constexpr std::int64_t kMax = 9223372036854775807;

constexpr Row kRows[] = {
    {"0", "0", 0, 0},
    {"00", "0", 0, 0},
    {"-0", "0", 0, 0},
    {"0Mi", "0", 0, 0},
    {"1", "1", 1, 1000},
    {"+1", "1", 1, 1000},
    {"007", "7", 7, 7000},
    {"100m", "100m", 1, 100},
    {"500m", "500m", 1, 500},
    {"0.5", "500m", 1, 500},
    {".5", "500m", 1, 500},
    {"5.", "5", 5, 5000},
    {"1000m", "1", 1, 1000},
    {"1500m", "1500m", 2, 1500},
    {"1.5", "1500m", 2, 1500},
    {"2.25", "2250m", 3, 2250},
    {"-1500m", "-1500m", -2, -1500},
    {"0.1m", "100u", 1, 1},
    {"100u", "100u", 1, 1},
    {"1n", "1n", 1, 1},
    {"0.5n", "1n", 1, 1},
    {"-0.5n", "-1n", -1, -1},
    {"1.0000000001", "1000000001n", 2, 1001},
    {"250n", "250n", 1, 1},
    {"1k", "1k", 1000, 1000000},
    {"1000", "1k", 1000, 1000000},
    {"1500", "1500", 1500, 1500000},
    {"1000k", "1M", 1000000, 1000000000},
    {"123456789", "123456789", 123456789, 123456789000},
    {"12e6", "12e6", 12000000, 12000000000},
    {"1e3", "1e3", 1000, 1000000},
    {"1E3", "1e3", 1000, 1000000},
    {"1e0", "1", 1, 1000},
    {"1e-3", "1e-3", 1, 1},
    {"100e-3", "100e-3", 1, 100},
    {"1e2", "100", 100, 100000},
    {"10e3", "10e3", 10000, 10000000},
    {"1.5e3", "1500", 1500, 1500000},
    {"1M", "1M", 1000000, 1000000000},
    {"1G", "1G", 1000000000, 1000000000000},
    {"1T", "1T", 1000000000000, 1000000000000000},
    {"1P", "1P", 1000000000000000, 1000000000000000000},
    {"1E", "1E", 1000000000000000000, kMax},
    {"1Ki", "1Ki", 1024, 1024000},
    {"1Mi", "1Mi", 1048576, 1048576000},
    {"1Gi", "1Gi", 1073741824, 1073741824000},
    {"1Ti", "1Ti", 1099511627776, 1099511627776000},
    {"1Pi", "1Pi", 1125899906842624, 1125899906842624000},
    {"1Ei", "1Ei", 1152921504606846976, kMax},
    {"1024Mi", "1Gi", 1073741824, 1073741824000},
    {"1536Mi", "1536Mi", 1610612736, 1610612736000},
    {"1.5Gi", "1536Mi", 1610612736, 1610612736000},
    {"0.5Gi", "512Mi", 536870912, 536870912000},
    {"1000Ki", "1000Ki", 1024000, 1024000000},
    {"0.5Ki", "512", 512, 512000},
    {"1023", "1023", 1023, 1023000},
    {"-1Ki", "-1Ki", -1024, -1024000},
    {"0.1Ki", "102400m", 103, 102400},
    {"0.0000000001Ki", "103n", 1, 1},
    {"1.1Ki", "1126400m", 1127, 1126400},
    {"64Mi", "64Mi", 67108864, 67108864000},
    {"16384Mi", "16Gi", 17179869184, 17179869184000},
    {"9223372036854775807", "9223372036854775807", kMax, kMax},
    {"9223372036854775808", "9223372036854775807", kMax, kMax},
    {"100Ei", "9223372036854775807", kMax, kMax},
    {"-100Ei", "-9223372036854775807", -kMax, -kMax},
    {"1e99999999999", "9223372036854775807", kMax, kMax},
    {"1e-99999999999", "1e-9", 1, 1},
    {"0e99999999999", "0", 0, 0},
    {"m", "0", 0, 0},
};

}  // namespace

TEST_CASE("quantities print in canonical form and give whole and thousandth amounts") {
  for (const Row& row : kRows) {
    INFO("written: " << row.written);
    const auto q = Quantity::parse(row.written);
    REQUIRE(q);
    CHECK(q->text() == row.printed);
    CHECK(q->value() == row.value);
    CHECK(q->milli_value() == row.milli);
    // What is printed is read back as the same value and printed the same.
    const auto again = Quantity::parse(q->text());
    REQUIRE(again);
    CHECK(again->compare(*q) == 0);
    CHECK(again->text() == q->text());
  }
}

TEST_CASE("what is no quantity is refused with Kubernetes' words") {
  constexpr const char* kFormat =
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  constexpr const char* kSuffix = "unable to parse quantity's suffix";
  const std::pair<const char*, const char*> rows[] = {
      {"", kFormat},     {"abc", kFormat},  {"1 Gi", kFormat}, {" 1", kFormat},  {"1.2.3", kFormat}, {"1e3.5", kFormat},
      {"0x10", kFormat}, {"1,5", kFormat},  {"1Gib", kFormat}, {"NaN", kFormat}, {"1K", kSuffix},    {"--1", kSuffix},
      {"1mi", kSuffix},  {"1Gi3", kSuffix}, {"1kk", kSuffix},  {"1e", kSuffix},  {"1e+", kSuffix},
  };
  for (const auto& [text, message] : rows) {
    INFO("written: " << text);
    const auto q = Quantity::parse(text);
    REQUIRE_FALSE(q);
    CHECK(q.error()[0].message == message);
  }
}

TEST_CASE("quantities compare by value, whatever their form") {
  const std::tuple<const char*, const char*, int> rows[] = {
      {"1", "1000m", 0}, {"1Ki", "1024", 0}, {"1k", "1Ki", -1},  {"1.5Gi", "1536Mi", 0}, {"1n", "0", 1},
      {"-1", "0", -1},   {"-2m", "-1m", -1}, {"500m", "0.5", 0}, {"1e3", "1k", 0},       {"1000000001n", "1", 1},
  };
  for (const auto& [a, b, order] : rows) {
    INFO(a << " against " << b);
    CHECK(Quantity::parse(a)->compare(*Quantity::parse(b)) == order);
    CHECK(Quantity::parse(b)->compare(*Quantity::parse(a)) == -order);
  }
}

TEST_CASE("resource lists are stored rounded up to thousandths") {
  const std::pair<const char*, const char*> rows[] = {{"1n", "1m"},       {"1.0001", "1001m"}, {"0.9999", "1"},
                                                      {"-0.0001", "-1m"}, {"250m", "250m"},    {"1Gi", "1Gi"}};
  for (const auto& [written, stored] : rows) CHECK(Quantity::parse(written)->rounded_to_milli().text() == stored);
}

TEST_CASE("sums keep the format of what they begin with") {
  const auto q = [](const char* text) { return *Quantity::parse(text); };
  CHECK(q("1Gi").plus(q("512Mi")).text() == "1536Mi");
  CHECK(q("0").plus(q("1Gi")).text() == "1Gi");
  CHECK(q("500m").plus(q("500m")).text() == "1");
  CHECK(q("900m").plus(q("300m")).text() == "1200m");
  CHECK(q("1").minus(q("300m")).text() == "700m");
  CHECK(q("300m").minus(q("1")).text() == "-700m");
  CHECK(q("1G").plus(q("1Gi")).text() == "2073741824");
  CHECK(q("9E").plus(q("9E")).compare(q("9223372036854775807")) == 0);
}
