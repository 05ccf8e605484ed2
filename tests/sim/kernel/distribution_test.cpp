#include "sim/kernel/distribution.h"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <limits>

using namespace wavetank;
using base::Duration;
using base::Stream;
using kernel::Distribution;
using Kind = Distribution::Kind;

namespace {

Distribution make(Kind kind, Duration scale, double shape = 1) {
  Distribution d;
  d.kind = kind;
  d.scale = scale;
  d.shape_micro = static_cast<std::int64_t>(shape * 1e6 + 0.5);
  return d;
}

Distribution empirical(std::vector<Duration> values, std::vector<std::int64_t> weights) {
  Distribution d;
  d.kind = Kind::Empirical;
  d.values = std::move(values);
  d.weights = std::move(weights);
  return d;
}

}  // namespace

// Part of the rules: another value here is another journal for the same seed. The file is compiled by g++ and clang,
// with and without optimisation, and these are whole nanoseconds.
TEST_CASE("draws of distributions are fixed for ever") {
  const Stream stream = Stream(1, "fault").of("node-7");
  struct Row {
    Distribution distribution;
    std::int64_t first, second, third;
  };
  Distribution uniform = make(Kind::Uniform, base::seconds(1));
  uniform.high = base::seconds(3);
  const Row rows[] = {
      {make(Kind::Constant, base::minutes(30)), 1800000000000, 1800000000000, 1800000000000},
      {uniform, 2157954590, 1586677377, 1854018070},
      {make(Kind::Exponential, base::minutes(60)), 1967371257161, 4415138650681, 3063420380411},
      {make(Kind::Weibull, base::minutes(12'000), 0.7), 303705209342810, 963748476658546, 571735937583191},
      {make(Kind::Weibull, base::minutes(12'000), 3.5), 605837909715108, 763235808902882, 687551280824550},
      {make(Kind::LogNormal, base::minutes(30), 0.8), 2111099580940, 1165162882397, 1553625717850},
      {make(Kind::Gamma, base::minutes(60), 0.4), 773525451864, 583311834656, 345284411691},
      {make(Kind::Gamma, base::minutes(60), 9), 30505169910216, 37094632044007, 45696645597398},
      {empirical({base::seconds(1), base::seconds(2), base::seconds(3)}, {1, 5, 2}), 2000000000, 2000000000,
       2000000000},
      {empirical({base::seconds(1), base::seconds(2), base::seconds(3)}, {}), 2000000000, 1000000000, 2000000000},
  };
  for (const Row& row : rows) {
    CAPTURE(row.distribution.text());
    CHECK(row.distribution.draw(stream, 0).ns == row.first);
    CHECK(row.distribution.draw(stream, 1).ns == row.second);
    CHECK(row.distribution.draw(stream, 1'000'000).ns == row.third);
  }
  std::uint64_t all = 0;
  for (const Row& row : rows) {
    for (std::uint64_t n = 0; n < 200'000; ++n)
      all = all * 31 + static_cast<std::uint64_t>(row.distribution.draw(stream, n).ns);
  }
  CHECK(all == 0xffeeef5c92a1c4b4);
}

TEST_CASE("the exponential function is right to the last bits") {
  for (const double x : {0.0, 1.0, -1.0, 0.5, 1e-17, -1e-9, 0.34657359, 0.34657360, 10.0, -36.7, 100.0, 700.0, 709.4,
                         -700.0, -708.0, -720.0, -744.0}) {
    CAPTURE(x);
    const double truth = std::exp(x);
    CHECK(std::abs(kernel::natural_exp(x) - truth) <= 4e-16 * truth + 5e-324);
  }
  CHECK(kernel::natural_exp(-800) == 0);
  CHECK(kernel::natural_exp(800) == std::numeric_limits<double>::max());
}

TEST_CASE("the normal quantile turns the normal distribution round") {
  for (const double p : {1e-300, 1e-16, 1e-12, 1e-6, 0.001, 0.02425, 0.07, 0.075, 0.0750001, 0.25, 0.4999, 0.5, 0.75,
                         0.925, 0.9251, 0.999}) {
    CAPTURE(p);
    const double z = kernel::normal_quantile(p);
    CHECK(0.5 * std::erfc(-z / std::sqrt(2.0)) == Approx(p).epsilon(1e-12));
  }
  CHECK(kernel::normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-14));
  CHECK(kernel::normal_quantile(0.5) == 0);
}

// Tolerances: three standard errors of 200,000 draws, estimated from the theoretical fourth moments and rounded up.
TEST_CASE("distributions have the moments that theory gives them") {
  constexpr double kHour = 3.6e12;
  const Duration hour = base::minutes(60);
  struct Row {
    Distribution distribution;
    double mean, deviation, mean_within, deviation_within;
  };
  Distribution uniform = make(Kind::Uniform, base::minutes(30));
  uniform.high = base::minutes(90);
  const auto weibull = [&](double k) {
    const double m = std::tgamma(1 + 1 / k);
    return std::pair(kHour * m, kHour * std::sqrt(std::tgamma(1 + 2 / k) - m * m));
  };
  const auto log_normal = [&](double s) {
    const double m = std::exp(s * s / 2);
    return std::pair(kHour * m, kHour * m * std::sqrt(std::exp(s * s) - 1));
  };
  const Row rows[] = {
      {uniform, kHour, 0.5 * kHour / std::sqrt(3.0), 0.002, 0.005},
      {make(Kind::Exponential, hour), kHour, kHour, 0.007, 0.01},
      {make(Kind::Weibull, hour, 0.7), weibull(0.7).first, weibull(0.7).second, 0.01, 0.02},
      {make(Kind::Weibull, hour, 1), weibull(1).first, weibull(1).second, 0.007, 0.01},
      {make(Kind::Weibull, hour, 3.5), weibull(3.5).first, weibull(3.5).second, 0.003, 0.006},
      {make(Kind::LogNormal, hour, 0.25), log_normal(0.25).first, log_normal(0.25).second, 0.002, 0.008},
      {make(Kind::LogNormal, hour, 0.8), log_normal(0.8).first, log_normal(0.8).second, 0.007, 0.04},
      {make(Kind::Gamma, hour, 0.4), kHour * 0.4, kHour * std::sqrt(0.4), 0.011, 0.016},
      {make(Kind::Gamma, hour, 1), kHour, kHour, 0.007, 0.01},
      {make(Kind::Gamma, hour, 2.5), kHour * 2.5, kHour * std::sqrt(2.5), 0.005, 0.008},
      {make(Kind::Gamma, hour, 100), kHour * 100, kHour * 10, 0.001, 0.006},
      {empirical({hour, hour * 2, hour * 5}, {5, 3, 2}), kHour * 2.1, kHour * std::sqrt(2.29), 0.006, 0.006},
  };
  for (const Row& row : rows) {
    CAPTURE(row.distribution.text());
    const Stream stream(9, "moments");
    constexpr std::uint64_t kDraws = 200'000;
    double mean = 0;
    double squares = 0;
    for (std::uint64_t n = 0; n < kDraws; ++n) {
      const auto x = static_cast<double>(row.distribution.draw(stream, n).ns);
      mean += x / kDraws;
      squares += x * x / kDraws;
    }
    CHECK(mean == Approx(row.mean).epsilon(row.mean_within));
    CHECK(std::sqrt(squares - mean * mean) == Approx(row.deviation).epsilon(row.deviation_within));
  }
}

TEST_CASE("half of the draws lie below the theoretical median") {
  const Duration hour = base::minutes(60);
  struct Row {
    Distribution distribution;
    double median_hours;
  };
  for (const Row& row : {Row{make(Kind::Weibull, hour, 0.7), std::pow(std::log(2.0), 1 / 0.7)},
                         Row{make(Kind::LogNormal, hour, 1.2), 1.0}, Row{make(Kind::Gamma, hour, 1), std::log(2.0)},
                         Row{make(Kind::Gamma, hour, 2), 1.6783469900166605}}) {
    CAPTURE(row.distribution.text());
    const Stream stream(4, "medians");
    int below = 0;
    for (std::uint64_t n = 0; n < 100'000; ++n)
      below += static_cast<double>(row.distribution.draw(stream, n).ns) < row.median_hours * 3.6e12 ? 1 : 0;
    CHECK(std::abs(below - 50'000) < 480);  // three standard deviations of a fair coin
  }
}

TEST_CASE("extreme parameters end at the ends") {
  const Stream stream(3, "edges");
  const Duration most{std::numeric_limits<std::int64_t>::max()};
  for (std::uint64_t n = 0; n < 1'000; ++n) {
    CHECK(make(Kind::Weibull, most, 0.001).draw(stream, n).ns >= 0);
    CHECK(make(Kind::LogNormal, most, 100).draw(stream, n).ns >= 0);
    CHECK(make(Kind::Gamma, most, 0.001).draw(stream, n).ns >= 0);
    CHECK(make(Kind::Gamma, most, 1'000).draw(stream, n) == most);
    CHECK(empirical({base::seconds(1), base::seconds(2)}, {0, 1}).draw(stream, n) == base::seconds(2));
  }
}
