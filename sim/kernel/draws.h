#pragma once
// Random durations on top of base::Stream. The n-th draw of a stream is a pure function of stream, n and parameters,
// and the same on every machine: integers, or IEEE additions, multiplications and divisions in a fixed order; no libm,
// whose last bit differs between versions. A draw is part of the rules: another value for the same seed is another
// rules version.

#include <cstdint>

#include "engine/base/prng.h"
#include "engine/base/time.h"

namespace wavetank::kernel {

/// Uniform in [low, high); low itself when the span is empty.
base::Duration draw_uniform(const base::Stream& stream, std::uint64_t n, base::Duration low, base::Duration high);

/// Exponential with the given mean >= 0, rounded to whole ns: the time to the next of events that know nothing of each
/// other. At most 36.7 times the mean (53 random bits).
base::Duration draw_exponential(const base::Stream& stream, std::uint64_t n, base::Duration mean);

/// Nearly normal: a sum of 12 uniform draws, hence within mean ± 6 deviations, and a little light in the tails (excess
/// kurtosis -0.1). Never below zero: a duration that would be negative is 0.
base::Duration draw_normal(const base::Stream& stream, std::uint64_t n, base::Duration mean, base::Duration deviation);

/// Natural logarithm of a finite x > 0, normal or not; error below 2e-16 relative to max(1, |ln x|).
double natural_log(double x);

}  // namespace wavetank::kernel
