// The recommender of the VerticalPodAutoscaler: histograms, bounds, kills for memory.
#include <catch2/catch.hpp>

#include "engine/control/vpa_math.h"

using namespace wavetank;
using namespace wavetank::control::vpa;

namespace {

constexpr std::int64_t kMi = 1 << 20;
constexpr double kEndOf100 = 110.265643;    // 200 · (1.05^9 - 1): the bucket that holds 100
constexpr double kEndOf1000 = 1016.281383;  // 200 · (1.05^37 - 1)

base::SimTime hours(std::int64_t h) { return base::SimTime{} + base::minutes(60 * h); }

/// A container that used this much cpu and memory once a minute, `samples` times until now.
Aggregate steady(std::int64_t milli_cpu, std::int64_t memory, std::int64_t samples, base::SimTime now) {
  Aggregate out;
  out.first = now - base::minutes(samples);
  out.samples = samples;
  out.cpu.add(static_cast<double>(milli_cpu), 1, now);
  out.memory.add(static_cast<double>(memory), 1, now);
  return out;
}

}  // namespace

TEST_CASE("VPA: buckets grow by a twentieth, and a percentile is the end of one") {
  Histogram h(10);
  CHECK(h.percentile(0.9) == 0);
  for (int i = 0; i < 9; ++i) h.add(100, 1, {});
  h.add(1000, 1, {});
  CHECK(h.percentile(0.5) == Approx(kEndOf100));
  CHECK(h.percentile(0.9) == Approx(kEndOf100));
  CHECK(h.percentile(0.95) == Approx(kEndOf1000));
  Histogram least(10);
  least.add(0, 1, {});
  CHECK(least.percentile(1) == Approx(10));
  Histogram most(10);
  most.add(1e30, 1, {});  // beyond the last bucket
  CHECK(most.percentile(1) > 1e6);
}

TEST_CASE("VPA: a sample weighs half after 24 hours") {
  Histogram h(10);
  h.add(100, 1, hours(0));
  h.add(1000, 1, hours(24));  // two thirds of all weight
  CHECK(h.percentile(0.33) == Approx(kEndOf100));
  CHECK(h.percentile(0.34) == Approx(kEndOf1000));
  h.add(100, 1, hours(24 * 30));  // a month later nothing else counts
  CHECK(h.percentile(0.99) == Approx(kEndOf100));
}

TEST_CASE("VPA: what was learned is written and read without loss") {
  std::vector<Aggregate> all = {steady(100, 300 * kMi, 90, hours(40)), steady(1000, kMi, 3, hours(41))};
  all[0].container = "app";
  all[1].container = "proxy";
  const std::vector<Aggregate> again = read_aggregates(write_aggregates(all));
  REQUIRE(again.size() == 2);
  CHECK(write_aggregates(again) == write_aggregates(all));
  CHECK(again[0].container == "app");
  CHECK(again[0].samples == 90);
  CHECK(again[1].cpu.percentile(0.9) == Approx(kEndOf1000));
}

TEST_CASE("VPA: target, bounds, and the least that is recommended") {
  struct Row {
    const char* what;
    std::int64_t milli_cpu, memory, samples, containers;
    std::int64_t target_cpu, lower_cpu, upper_cpu, target_memory;
  };
  // 15 % above the bucket's end; memory in buckets of which the first is 10 MB. The upper bound is (1 + 1/days) times
  // the 95th percentile, the lower one (1 + 0.001/days)^-2 times the median.
  const Row rows[] = {
      {"one day", 100, 300'000'000, 1440, 1, 127, 127, 254, 351'198'545},
      {"ten days", 100, 300'000'000, 14400, 1, 127, 127, 139, 351'198'545},
      {"ten minutes", 100, 300'000'000, 10, 1, 127, 97, 18387, 351'198'545},
      {"hardly anything", 1, 1'000'000, 1440, 1, 25, 25, 25, 262'144'000},
      {"of two containers each half", 1, 1'000'000, 1440, 2, 12, 12, 23, 131'072'000},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const base::SimTime now = hours(24 * 20);
    const Recommendation out = recommend(steady(row.milli_cpu, row.memory, row.samples, now), now, row.containers);
    CHECK(out.target.milli_cpu == row.target_cpu);
    CHECK(out.uncapped.milli_cpu == row.target_cpu);
    CHECK(out.lower.milli_cpu == row.lower_cpu);
    CHECK(out.upper.milli_cpu == row.upper_cpu);
    CHECK(out.target.memory == row.target_memory);
  }
}

TEST_CASE("VPA: the target is the 90th percentile, the bounds are the 50th and the 95th") {
  Aggregate a;
  a.samples = 14400;
  for (int i = 0; i < 100; ++i) a.cpu.add(i < 60 ? 100 : i < 92 ? 400 : 1000, 1, hours(240));
  const Recommendation out = recommend(a, hours(240), 1);
  CHECK(out.lower.milli_cpu == 127);   // of 100
  CHECK(out.target.milli_cpu == 476);  // of 400
  CHECK(out.upper.milli_cpu == 1286);  // of 1000, and a tenth: ten days are known
}

TEST_CASE("VPA: after a kill for memory 20 % more, or 100Mi") {
  CHECK(after_oom(100 * kMi) == 200 * kMi);
  CHECK(after_oom(500 * kMi) == 600 * kMi);
  CHECK(after_oom(1000 * kMi) == 1200 * kMi);
}
