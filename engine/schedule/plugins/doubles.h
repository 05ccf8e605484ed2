#pragma once
// Two doubles at a time, for passes over whole columns: GCC's and Clang's vector extension, which any machine has
// instructions for. Lane by lane the results are those of the scalar operations.

#include <cstdint>
#include <cstring>

namespace wavetank::schedule {

using Doubles = double __attribute__((vector_size(16)));
using Longs = std::int64_t __attribute__((vector_size(16)));
inline constexpr std::size_t kLanes = 2;

inline Longs load(const std::int64_t* from) {
  Longs out;
  std::memcpy(&out, from, sizeof out);
  return out;
}
inline Doubles load(const double* from) {
  Doubles out;
  std::memcpy(&out, from, sizeof out);
  return out;
}
template <class T, class V>
void store(T* to, V value) {
  std::memcpy(to, &value, sizeof value);
}
inline Doubles both(double x) { return Doubles{x, x}; }
inline Longs both(std::int64_t x) { return Longs{x, x}; }

/// Below this, 100 times an amount is a double without rounding, and so is the whole part of its ratio to another: a
/// ratio up to 100 that is not whole is further from the next whole number than doubles lie apart there.
inline constexpr std::int64_t kExactAmount = std::int64_t{1} << 46;

/// Amounts from 0 to 2^52 as doubles: put into the mantissa of 2^52, which is then taken off again.
inline Doubles exact_doubles(Longs amounts) {
  return reinterpret_cast<Doubles>(amounts + both(std::int64_t{0x4330000000000000})) - both(0x1.0p52);
}
/// The whole part of doubles from 0 to 2^51, as a double: rounded to the nearest by adding 2^52, then one less where that
/// was more.
inline Doubles whole_part(Doubles x) {
  const Doubles near = (x + both(0x1.0p52)) - both(0x1.0p52);
  return near - (near > x ? both(1.0) : both(0.0));
}
/// The same as whole numbers.
inline Longs whole_numbers(Doubles x) {
  return reinterpret_cast<Longs>(whole_part(x) + both(0x1.0p52)) - both(std::int64_t{0x4330000000000000});
}

}  // namespace wavetank::schedule
