#include "sim/kernel/draws.h"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

using namespace wavetank;
using base::Duration;
using base::Stream;

// These are part of the rules: another value here is another journal for the same seed (raise kRulesVersion).
TEST_CASE("draws are fixed for ever") {
  const Stream stream = Stream(1, "image-pull").of("node-7");
  const Duration second = base::seconds(1);
  CHECK(kernel::draw_uniform(stream, 0, second, base::seconds(3)).ns == 2079507987);
  CHECK(kernel::draw_uniform(stream, 1, second, base::seconds(3)).ns == 1562501787);
  CHECK(kernel::draw_exponential(stream, 0, second).ns == 616641811);
  CHECK(kernel::draw_exponential(stream, 1, second).ns == 1268508148);
  CHECK(kernel::draw_normal(stream, 0, second, base::milliseconds(100)).ns == 994057643);
  CHECK(kernel::draw_normal(stream, 1, second, base::milliseconds(100)).ns == 974302830);
}

TEST_CASE("the logarithm's bits are fixed, and right") {
  struct Row {
    double x;
    std::uint64_t bits;
  };
  // The nearest doubles to the true values.
  for (const Row& row : {Row{1.0, 0x0000000000000000}, Row{2.0, 0x3fe62e42fefa39ef}, Row{0.5, 0xbfe62e42fefa39ef},
                         Row{10.0, 0x40026bb1bbb55516}, Row{0x1.0p-53, 0xc0425e4f7b2737fa}}) {
    CAPTURE(row.x);
    CHECK(std::bit_cast<std::uint64_t>(kernel::natural_log(row.x)) == row.bits);
  }
  for (const double x : {5e-324, 1e-310, 2.3e-308, 1e-100, 0.1, 0.7071067811865475, 0.7071067811865476, 0.999999999999,
                         1.0000000000000002, 1.5, 3.14159, 1e10, 1.7976931348623157e308}) {
    CAPTURE(x);
    CHECK(std::abs(kernel::natural_log(x) - std::log(x)) <= 4e-16 * std::max(1.0, std::abs(std::log(x))));
  }
}

namespace {

struct Moments {
  double mean = 0;
  double deviation = 0;
  double least = std::numeric_limits<double>::max();
  double most = std::numeric_limits<double>::lowest();
};

Moments moments(const std::function<Duration(std::uint64_t)>& draw) {
  constexpr std::uint64_t kDraws = 200'000;
  Moments m;
  double squares = 0;
  for (std::uint64_t n = 0; n < kDraws; ++n) {
    const auto x = static_cast<double>(draw(n).ns);
    m.mean += x / kDraws;
    squares += x * x / kDraws;
    m.least = std::min(m.least, x);
    m.most = std::max(m.most, x);
  }
  m.deviation = std::sqrt(squares - m.mean * m.mean);
  return m;
}

}  // namespace

TEST_CASE("the distributions have the mean, spread and range they claim") {
  const Stream stream(9, "moments");

  const Moments uniform =
      moments([&](std::uint64_t n) { return kernel::draw_uniform(stream, n, Duration{-1'000}, Duration{3'000}); });
  CHECK(uniform.mean == Approx(999.5).margin(8));
  CHECK(uniform.deviation == Approx(4'000 / std::sqrt(12)).epsilon(0.01));
  CHECK(uniform.least == -1'000);
  CHECK(uniform.most == 2'999);

  const Moments exponential =
      moments([&](std::uint64_t n) { return kernel::draw_exponential(stream, n, base::seconds(1)); });
  CHECK(exponential.mean == Approx(1e9).epsilon(0.01));
  CHECK(exponential.deviation == Approx(1e9).epsilon(0.02));
  CHECK(exponential.least >= 0);
  CHECK(exponential.most > 9e9);
  CHECK(exponential.most < 36.8e9);

  const Moments normal = moments(
      [&](std::uint64_t n) { return kernel::draw_normal(stream, n, base::seconds(1), base::milliseconds(100)); });
  CHECK(normal.mean == Approx(1e9).epsilon(0.001));
  CHECK(normal.deviation == Approx(1e8).epsilon(0.01));
  CHECK(normal.least > 0.4e9);
  CHECK(normal.most < 1.6e9);
}

TEST_CASE("half of exponential draws come before ln 2 of the mean, a tenth after ln 10") {
  const Stream stream(9, "quantiles");
  int early = 0;
  int late = 0;
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    const std::int64_t ns = kernel::draw_exponential(stream, n, base::seconds(1)).ns;
    early += ns < 693'147'181 ? 1 : 0;
    late += ns > 2'302'585'093 ? 1 : 0;
  }
  CHECK(std::abs(early - 50'000) < 650);
  CHECK(std::abs(late - 10'000) < 380);
}

TEST_CASE("edges") {
  const Stream stream(3, "edges");
  const Duration most{std::numeric_limits<std::int64_t>::max()};
  const Duration least{std::numeric_limits<std::int64_t>::min()};
  for (std::uint64_t n = 0; n < 1'000; ++n) {
    CHECK(kernel::draw_uniform(stream, n, Duration{5}, Duration{5}).ns == 5);
    CHECK(kernel::draw_uniform(stream, n, Duration{5}, Duration{4}).ns == 5);
    CHECK(kernel::draw_uniform(stream, n, Duration{5}, Duration{6}).ns == 5);
    CHECK(kernel::draw_uniform(stream, n, least, most) < most);
    CHECK(kernel::draw_exponential(stream, n, Duration{0}).ns == 0);
    CHECK(kernel::draw_exponential(stream, n, most).ns >= 0);
    CHECK(kernel::draw_normal(stream, n, Duration{7}, Duration{0}).ns == 7);
    CHECK(kernel::draw_normal(stream, n, Duration{0}, base::seconds(1)).ns >= 0);
    CHECK(kernel::draw_normal(stream, n, most, most).ns >= 0);
  }
}
