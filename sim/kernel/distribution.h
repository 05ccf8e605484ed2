#pragma once
// Distributions of durations: times to failure and to repair, arrival gaps. Draws are those of draws.h: the n-th draw
// is a pure function of stream, n and parameters, made of integers and IEEE operations in a fixed order (natural_log,
// natural_exp and normal_quantile below; the square root is correctly rounded by IEEE 754), so that g++ and clang at
// any optimisation give the same bits under -ffp-contract=off. A draw is part of the rules.
//
//   Constant     value
//   Uniform      in [low, high)
//   Exponential  mean
//   Weibull      scale · E^(1/shape), E exponential of mean 1. Inversion.
//   LogNormal    median · e^(sigma · Z), Z standard normal. Inversion.
//   Gamma        scale · G(shape). Marsaglia and Tsang, A simple method for generating gamma variables, ACM TOMS 26
//                (2000); below shape 1: G(shape + 1) · U^(1/shape).
//   Empirical    one of `values`, each as likely as its weight.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/time.h"

namespace wavetank::kernel {

struct Distribution {
  enum class Kind : std::uint8_t { Constant, Uniform, Exponential, Weibull, LogNormal, Gamma, Empirical };
  Kind kind = Kind::Constant;
  base::Duration scale{};  ///< Constant: the value. Uniform: low. Exponential: mean. LogNormal: median. Else the scale.
  base::Duration high{};   ///< Uniform.
  std::int64_t shape_micro = 1'000'000;  ///< Weibull, Gamma: shape; LogNormal: sigma. In millionths, > 0.
  std::vector<base::Duration> values;    ///< Empirical.
  std::vector<std::int64_t> weights;     ///< Empirical, one a value; empty: all alike.

  /// The n-th draw of `stream`, never negative; what would be longer than the longest Duration is that.
  [[nodiscard]] base::Duration draw(const base::Stream& stream, std::uint64_t n) const;
  /// "weibull(shape 0.7, scale 200h)", as in messages and fault texts.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Distribution&, const Distribution&) = default;
};

/// e^x; relative error below 3e-16. 0 below -745, the largest double above 709.
double natural_exp(double x);

/// The standard normal's quantile for p in (0, 1): Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988);
/// relative error about 1e-15.
double normal_quantile(double p);

}  // namespace wavetank::kernel
