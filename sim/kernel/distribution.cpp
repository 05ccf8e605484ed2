#include "sim/kernel/distribution.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "engine/base/assert.h"
#include "sim/kernel/draws.h"

namespace wavetank::kernel {
namespace {

using base::Duration;

constexpr double kLargestNs = 9.2e18;  // a little below 2^63

Duration whole_ns(double ns) {
  if (!(ns < kLargestNs)) return {std::numeric_limits<std::int64_t>::max()};
  return {ns > 0 ? static_cast<std::int64_t>(ns + 0.5) : 0};
}

/// In (0, 1], as draw_exponential takes it.
double unit_above_zero(const base::Stream& stream, std::uint64_t n) {
  return static_cast<double>((stream.bits(n) >> 11) + 1) * 0x1.0p-53;
}
/// In (0, 1), symmetric about 1/2.
double unit_open(const base::Stream& stream, std::uint64_t n) {
  return (static_cast<double>(stream.bits(n) >> 12) + 0.5) * 0x1.0p-52;
}

/// Horner's rule, the coefficient of the highest power first.
double polynomial(double x, std::span<const double> coefficients) {
  double sum = 0;
  for (const double c : coefficients) sum = sum * x + c;
  return sum;
}

/// Gamma of scale 1. Each try uses two draws of a stream of the n-th draw's own.
double standard_gamma(const base::Stream& stream, std::uint64_t n, double shape) {
  const base::Stream tries = stream.of(n);
  const double boosted = shape < 1 ? shape + 1 : shape;
  const double d = boosted - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  double value = d;
  // One try in twenty fails at worst; a thousand in a row do not happen.
  for (std::uint64_t i = 0; i < 2000; i += 2) {
    const double z = normal_quantile(unit_open(tries, i));
    const double t = 1 + c * z;
    if (t <= 0) continue;
    const double v = t * t * t;
    if (natural_log(unit_above_zero(tries, i + 1)) >= 0.5 * z * z + d - d * v + d * natural_log(v)) continue;
    value = d * v;
    break;
  }
  if (shape < 1) value *= natural_exp(natural_log(unit_above_zero(tries, 1'000'000)) / shape);
  return value;
}

Duration draw_empirical(const Distribution& d, const base::Stream& stream, std::uint64_t n) {
  WT_ASSERT(!d.values.empty(), "an empirical distribution has values");
  if (d.weights.empty()) return d.values[stream.below(d.values.size(), n)];
  std::uint64_t total = 0;
  for (const std::int64_t w : d.weights) total += static_cast<std::uint64_t>(w);
  std::uint64_t at = stream.below(total, n);
  std::size_t i = 0;
  while (at >= static_cast<std::uint64_t>(d.weights[i])) at -= static_cast<std::uint64_t>(d.weights[i++]);
  return d.values[i];
}

/// 700000 → "0.7"
std::string decimal(std::int64_t micro) {
  std::string out = std::to_string(micro / 1'000'000);
  std::string rest = std::to_string(micro % 1'000'000);
  rest.insert(0, 6 - rest.size(), '0');
  while (!rest.empty() && rest.back() == '0') rest.pop_back();
  return rest.empty() ? out : out + "." + rest;
}

}  // namespace

Duration Distribution::draw(const base::Stream& stream, std::uint64_t n) const {
  const double shape = static_cast<double>(shape_micro) / 1e6;
  const auto size = static_cast<double>(scale.ns);
  switch (kind) {
    case Kind::Constant:
      return scale;
    case Kind::Uniform:
      return draw_uniform(stream, n, scale, high);
    case Kind::Exponential:
      return draw_exponential(stream, n, scale);
    case Kind::Weibull: {
      const double exponential = -natural_log(unit_above_zero(stream, n));
      if (exponential <= 0) return {};
      return whole_ns(size * natural_exp(natural_log(exponential) / shape));
    }
    case Kind::LogNormal:
      return whole_ns(size * natural_exp(shape * normal_quantile(unit_open(stream, n))));
    case Kind::Gamma:
      return whole_ns(size * standard_gamma(stream, n, shape));
    case Kind::Empirical:
      return draw_empirical(*this, stream, n);
  }
  return {};
}

std::string Distribution::text() const {
  const std::string size = base::format_duration(scale);
  switch (kind) {
    case Kind::Constant:
      return size;
    case Kind::Uniform:
      return "uniform(" + size + " to " + base::format_duration(high) + ")";
    case Kind::Exponential:
      return "exponential(mean " + size + ")";
    case Kind::Weibull:
      return "weibull(shape " + decimal(shape_micro) + ", scale " + size + ")";
    case Kind::LogNormal:
      return "lognormal(median " + size + ", sigma " + decimal(shape_micro) + ")";
    case Kind::Gamma:
      return "gamma(shape " + decimal(shape_micro) + ", scale " + size + ")";
    case Kind::Empirical:
      return "empirical(" + std::to_string(values.size()) + (values.size() == 1 ? " value)" : " values)");
  }
  return {};
}

// x = k ln 2 + r with |r| <= ln 2 / 2; e^r by its series up to r^14 / 14!, whose rest lies below 2e-19; then k goes
// into the exponent, in two steps where the result is not normal.
double natural_exp(double x) {
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // as in natural_log: k times it is exact
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  constexpr double kPerLn2 = 0x1.71547652b82fep0;
  if (x < -745.5) return 0;
  if (x > 709.5) return std::numeric_limits<double>::max();
  const double turns = x * kPerLn2;
  const auto k = static_cast<std::int64_t>(turns < 0 ? turns - 0.5 : turns + 0.5);
  const auto whole = static_cast<double>(k);
  const double r = (x - whole * kLn2High) - whole * kLn2Low;
  double series = 1;
  for (int i = 14; i >= 1; --i) series = 1 + series * r / i;
  const auto power = [](std::int64_t e) { return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52); };
  if (k < -1000) return series * power(k + 60) * 0x1.0p-60;
  return k > 1000 ? series * power(k - 60) * 0x1.0p60 : series * power(k);
}

double normal_quantile(double p) {
  static constexpr double kCentre[] = {2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
                                       4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
                                       1.3314166789178437745e2, 3.3871328727963666080e0};
  static constexpr double kCentreBelow[] = {
      5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
      5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0};
  static constexpr double kNear[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                                     1.27045825245236838258e0,  3.64784832476320460504e0,  5.76949722146069140550e0,
                                     4.63033784615654529590e0,  1.42343711074968357734e0};
  static constexpr double kNearBelow[] = {
      1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
      6.89767334985100004550e-1, 1.67638483018380384940e0,  2.05319162663775882187e0,  1.0};
  static constexpr double kFar[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
                                    2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
                                    5.46378491116411436990e0,  6.65790464350110377720e0};
  static constexpr double kFarBelow[] = {
      2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
      1.48753612908506148525e-2,  1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0};
  WT_ASSERT(p > 0 && p < 1, "a quantile is asked for a probability");
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(r, kCentre) / polynomial(r, kCentreBelow);
  }
  const double r = std::sqrt(-natural_log(q < 0 ? p : 1 - p));
  const double value = r <= 5 ? polynomial(r - 1.6, kNear) / polynomial(r - 1.6, kNearBelow)
                              : polynomial(r - 5, kFar) / polynomial(r - 5, kFarBelow);
  return q < 0 ? -value : value;
}

}  // namespace wavetank::kernel
