#include "engine/base/prng.h"

#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>

using namespace wavetank::base;

// A draw is part of the rules: another value here is another journal for the same seed (raise kRulesVersion).
TEST_CASE("draws are fixed for ever") {
  const Stream pulls(1, "image-pull");
  CHECK(pulls.bits(0) == 0xc08cdd92440e3058ULL);
  CHECK(pulls.bits(1) == 0x804a90ce6ea891bfULL);
  CHECK(pulls.bits(2) == 0x4f1ba498da8c671eULL);
  CHECK(pulls.of("node-7").bits(0) == 0x8a2d515626cc876aULL);
  CHECK(pulls.of("node-7").below(1000, 0) == 539);
  CHECK(pulls.of(7).bits(0) == 0x11dc56baa70fb4c6ULL);
  CHECK(Stream(0, "").bits(0) == 0x97a7e8de67b775bbULL);
  static_assert(Stream(1, "image-pull").bits(0) == 0xc08cdd92440e3058ULL, "the same at compile time");
}

TEST_CASE("a draw does not depend on other draws") {
  const Stream stream(42, "probe");
  const std::uint64_t third = stream.bits(3);
  for (std::uint64_t n = 0; n < 100; ++n) (void)stream.of("other").bits(n);
  CHECK(stream.bits(3) == third);
  CHECK(Stream(42, "probe").of("web-1").bits(3) == stream.of("web-1").bits(3));
}

TEST_CASE("bounds hold") {
  const Stream stream(7, "bounds");
  for (std::uint64_t n = 0; n < 1'000; ++n) {
    CHECK(stream.below(1, n) == 0);
    CHECK(stream.below(3, n) < 3);
    CHECK(stream.below(~0ULL, n) < ~0ULL);
    CHECK(stream.unit(n) >= 0.0);
    CHECK(stream.unit(n) < 1.0);
  }
}

namespace {

// Chi-square of draws in 64 equal cells; 63 degrees of freedom. Seeds are fixed, so this either holds or does not.
template <class Draw>
double chi_square(Draw draw) {
  constexpr int kDraws = 64'000;
  std::array<int, 64> cells{};
  for (std::uint64_t n = 0; n < kDraws; ++n) ++cells[draw(n)];
  double sum = 0;
  for (const int count : cells) sum += (count - 1'000.0) * (count - 1'000.0) / 1'000.0;
  return sum;
}

constexpr double kLikely = 110;  // exceeded by chance once in about 4,000
constexpr double kTooEven = 30;  // fallen short of once in about 10,000

}  // namespace

TEST_CASE("draws are uniform along every axis: number, subject, name, seed") {
  const std::uint64_t seed = GENERATE(0, 1, 2, 0xffffffffffffffffULL);
  CAPTURE(seed);
  const Stream stream(seed, "uniform");
  const auto cell = [](const Stream& s, std::uint64_t n) { return static_cast<std::size_t>(s.below(64, n)); };
  const double values[] = {
      chi_square([&](std::uint64_t n) { return cell(stream, n); }),
      chi_square([&](std::uint64_t n) { return static_cast<std::size_t>(stream.bits(n) & 63U); }),
      chi_square([&](std::uint64_t n) { return static_cast<std::size_t>(stream.unit(n) * 64); }),
      chi_square([&](std::uint64_t n) { return cell(stream.of(n), 0); }),
      chi_square([&](std::uint64_t n) { return cell(stream.of("pod-" + std::to_string(n)), 0); }),
      chi_square([&](std::uint64_t n) { return cell(Stream(seed + n, "uniform"), 0); }),
  };
  for (const double value : values) {
    CHECK(value < kLikely);
    CHECK(value > kTooEven);
  }
}

TEST_CASE("streams are independent: pairs of neighbouring streams fill the square evenly") {
  const Stream stream(3, "pairs");
  const auto pair_of = [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::size_t>((a >> 61) * 8 + (b >> 61));
  };
  const double values[] = {
      chi_square([&](std::uint64_t n) { return pair_of(stream.bits(n), stream.bits(n + 1)); }),
      chi_square([&](std::uint64_t n) { return pair_of(stream.of(n).bits(0), stream.of(n + 1).bits(0)); }),
      chi_square([&](std::uint64_t n) { return pair_of(stream.of(n).bits(0), stream.of(n).bits(1)); }),
      chi_square([&](std::uint64_t n) { return pair_of(stream.of("a").bits(n), stream.of("b").bits(n)); }),
      chi_square([&](std::uint64_t n) { return pair_of(Stream(n, "a").bits(0), Stream(n, "b").bits(0)); }),
      chi_square([&](std::uint64_t n) { return pair_of(Stream(n, "a").bits(0), Stream(n + 1, "a").bits(0)); }),
      chi_square([&](std::uint64_t n) { return pair_of(Stream(3, "x").bits(n), Stream(3, "x").of("x").bits(n)); }),
  };
  for (const double value : values) {
    CHECK(value < kLikely);
    CHECK(value > kTooEven);
  }
}

TEST_CASE("neighbouring inputs share about half their bits") {
  const Stream stream(11, "avalanche");
  int flipped = 0;
  for (std::uint64_t n = 0; n < 10'000; ++n) {
    for (std::uint64_t x = stream.bits(n) ^ stream.bits(n + 1); x != 0; x &= x - 1) ++flipped;
  }
  CHECK(std::abs(flipped - 320'000) < 4 * 400);  // four standard deviations of sqrt(640,000)/2
}
