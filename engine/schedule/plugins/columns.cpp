#include "engine/schedule/plugins/columns.h"

#include <cstring>

// Each pass is compiled for several widths and the loader takes the widest the machine has: GCC only, as Clang refuses
// to inline functions over wide vectors into such clones. Sanitizers are not ready when the loader asks.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define WT_WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WT_WIDEST
#endif
#define WT_INLINE inline __attribute__((always_inline))

namespace wavetank::schedule {
namespace {

using Doubles = double __attribute__((vector_size(8 * kLanes)));
using Longs = std::int64_t __attribute__((vector_size(8 * kLanes)));

constexpr std::int64_t kMantissa = 0x4330000000000000;  // the bits of 2^52
constexpr double kTwo52 = 0x1.0p52;

template <class V, class T>
WT_INLINE V load(const T* from) {
  V out;
  std::memcpy(&out, from, sizeof out);
  return out;
}
WT_INLINE Doubles where(Longs mask, Doubles value) {
  return reinterpret_cast<Doubles>(reinterpret_cast<Longs>(value) & mask);
}
WT_INLINE Doubles all(double x) { return Doubles{} + x; }
/// Amounts from 0 to 2^52, put into the mantissa of 2^52, which is then taken off again.
WT_INLINE Doubles exact(Longs amounts) { return reinterpret_cast<Doubles>(amounts + kMantissa) - kTwo52; }
/// The whole part of doubles from 0 to 2^51: rounded by adding 2^52, then one less where that was more.
WT_INLINE Doubles whole(Doubles x) {
  const Doubles near = (x + kTwo52) - kTwo52;
  return near - where(near > x, all(1.0));
}
WT_INLINE Longs whole_numbers(Doubles x) { return reinterpret_cast<Longs>(whole(x) + kTwo52) - kMantissa; }

/// What all amounts have had in them.
struct Seen {
  Longs bits{};
  Longs missing{};
};

WT_INLINE Doubles allocation(const ColumnShare& s, bool least, std::size_t n, Seen& seen) {
  const auto can = load<Longs>(s.allocatable + n);
  const Longs use = load<Longs>(s.requested + n) + s.pod;
  seen.bits |= can | use;
  seen.missing |= can == 0;
  const Doubles capacity = exact(can);
  const Doubles left = capacity - exact(use);
  const Doubles spare = where(left > 0.0, left);
  const Doubles hundredfold = (least ? spare : capacity - spare) * 100.0;
  // The product by the inverse may be off by one, which what is left over tells.
  const Doubles near = whole(hundredfold * load<Doubles>(s.inverse + n));
  const Doubles over = hundredfold - near * capacity;
  return (near + where(over >= capacity, all(1.0)) - where(over < 0.0, all(1.0))) * s.weight;
}

WT_INLINE Pass outcome(const Seen& seen) {
  std::int64_t any = 0;
  std::int64_t missing = 0;
  for (std::size_t i = 0; i < kLanes; ++i) {
    any |= seen.bits[i];
    missing |= seen.missing[i];
  }
  if (any < 0 || any >= kExactAmount) return Pass::Inexact;
  return missing != 0 ? Pass::SomeMissing : Pass::Exact;
}

WT_INLINE Doubles fraction(const ColumnShare& s, std::size_t n, Seen& seen) {
  const auto can = load<Longs>(s.allocatable + n);
  const Longs use = load<Longs>(s.requested + n) + s.pod;
  seen.bits |= can | use;
  seen.missing |= can == 0;
  const Doubles capacity = exact(can);
  const Doubles f = exact(use) / (capacity + where(capacity == 0.0, all(1.0)));
  const Longs more = f > 1.0;
  return where(~more, f) + where(more, all(1.0));
}

}  // namespace

WT_WIDEST
Pass allocation_scores(std::span<const ColumnShare> shares, bool least, double by, std::size_t nodes,
                       std::int64_t* raw) {
  Seen seen;
  for (std::size_t n = 0; n < nodes; n += kLanes) {
    Doubles sum{};
    for (const ColumnShare& s : shares) sum += allocation(s, least, n, seen);
    const Longs out = whole_numbers(sum * by);
    std::memcpy(raw + n, &out, sizeof out);
  }
  return outcome(seen);
}

WT_WIDEST
Pass balance_scores(const ColumnShare& first, const ColumnShare& second, std::size_t nodes, std::int64_t* raw) {
  Seen seen;
  for (std::size_t n = 0; n < nodes; n += kLanes) {
    const Doubles apart = (fraction(first, n, seen) - fraction(second, n, seen)) / 2.0;
    const Longs below = apart < 0.0;
    const Doubles deviation = where(~below, apart) + where(below, -apart);
    const Longs out = whole_numbers((1.0 - deviation) * 100.0);
    std::memcpy(raw + n, &out, sizeof out);
  }
  return outcome(seen);
}

WT_WIDEST
void or_what_is_left(const std::int64_t* allocatable, const std::int64_t* requested, std::int64_t want,
                     std::size_t nodes, std::int64_t* left) {
  for (std::size_t n = 0; n < nodes; ++n) left[n] |= allocatable[n] - requested[n] - want;
}

}  // namespace wavetank::schedule
