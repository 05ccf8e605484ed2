#include "sim/kernel/draws.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "engine/base/assert.h"

namespace wavetank::kernel {
namespace {

__extension__ typedef __int128 Wide;

}  // namespace

base::Duration draw_uniform(const base::Stream& stream, std::uint64_t n, base::Duration low, base::Duration high) {
  if (high <= low) return low;
  const std::uint64_t span = static_cast<std::uint64_t>(high.ns) - static_cast<std::uint64_t>(low.ns);
  return {static_cast<std::int64_t>(static_cast<std::uint64_t>(low.ns) + stream.below(span, n))};
}

base::Duration draw_exponential(const base::Stream& stream, std::uint64_t n, base::Duration mean) {
  WT_ASSERT(mean.ns >= 0, "a mean time cannot be negative");
  constexpr double kLargest = 9.2e18;                                            // a little below 2^63
  const double u = static_cast<double>((stream.bits(n) >> 11) + 1) * 0x1.0p-53;  // in (0, 1]
  const double ns = -natural_log(u) * static_cast<double>(mean.ns) + 0.5;
  return {ns < kLargest ? static_cast<std::int64_t>(ns) : std::numeric_limits<std::int64_t>::max()};
}

base::Duration draw_normal(const base::Stream& stream, std::uint64_t n, base::Duration mean, base::Duration deviation) {
  // Twelve uniforms on [0, 1) have variance 1 together and mean 6; here each is 32 bits of a draw.
  const base::Stream halves = stream.of(n);
  std::int64_t sum = 0;
  for (std::uint64_t i = 0; i < 6; ++i) {
    const std::uint64_t two = halves.bits(i);
    sum += static_cast<std::int64_t>(two >> 32) + static_cast<std::int64_t>(two & 0xffffffffU);
  }
  constexpr std::int64_t kOne = std::int64_t{1} << 32;
  const Wide ns = mean.ns + static_cast<Wide>(deviation.ns) * (sum - 6 * kOne) / kOne;
  const Wide most = std::numeric_limits<std::int64_t>::max();
  return {static_cast<std::int64_t>(std::clamp<Wide>(ns, 0, most))};
}

// x = m 2^e with m in [sqrt(1/2), sqrt(2)), and ln m = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + …) with s = (m-1)/(m+1). As
// |s| < 0.1716, the terms after s^21 lie below 2e-19.
double natural_log(double x) {
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // ln 2 in two parts: e times the first has no rounding error
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
  int exponent = 0;
  if (x < 0x1.0p-1022) {
    x *= 0x1.0p54;
    exponent = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1022;
  double m = std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3fe0000000000000ULL);  // in [1/2, 1)
  if (m < kSqrtHalf) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  double series = 0;
  for (int k = 21; k >= 3; k -= 2) series = (series + 1.0 / k) * square;
  const double e = exponent;
  return e * kLn2High + (2 * s + (2 * s * series + e * kLn2Low));
}

}  // namespace wavetank::kernel
