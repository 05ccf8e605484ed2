#pragma once
// Random numbers without state: a draw is a pure function of (seed, stream, subject, n). Adding a fault therefore does
// not shift the workload, two policies meet the same random world, and a fork needs no generator state.

#include <cstdint>
#include <string_view>

#include "engine/base/hash.h"

namespace wavetank::base {

/// A named stream of one model, e.g. {seed, "image-pull"}; cheap to make and copy.
class Stream {
 public:
  constexpr Stream(std::uint64_t seed, std::string_view name) : key_(mix64(seed ^ fnv1a64(name))) {}

  /// The stream of one subject of this model; name it by something that another policy would not change (a name, not an
  /// id).
  [[nodiscard]] constexpr Stream of(std::string_view subject) const { return Stream(mix64(key_ ^ fnv1a64(subject))); }
  [[nodiscard]] constexpr Stream of(std::uint64_t subject) const {
    return Stream(mix64(key_ + 0x632be59bd9b4e019ULL * (subject + 1)));
  }

  /// The n-th draw: 64 uniform bits.
  [[nodiscard]] constexpr std::uint64_t bits(std::uint64_t n) const { return mix64(key_ ^ mix64(n)); }

  /// Uniform in [0, bound), bound > 0, by Lemire's multiply-shift; the bias is below bound / 2^64.
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t bound, std::uint64_t n) const {
    return static_cast<std::uint64_t>((static_cast<Wide>(bits(n)) * bound) >> 64);
  }

  /// Uniform in [0, 1) with 53 bits.
  [[nodiscard]] constexpr double unit(std::uint64_t n) const { return static_cast<double>(bits(n) >> 11) * 0x1.0p-53; }

 private:
  __extension__ typedef unsigned __int128 Wide;
  constexpr explicit Stream(std::uint64_t key) : key_(key) {}
  std::uint64_t key_;
};

}  // namespace wavetank::base
