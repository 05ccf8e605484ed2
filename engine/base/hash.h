#pragma once
// Hashes whose values may be written down: the same on every compiler and machine.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wavetank::base {

/// Finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes all bits.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// 32-bit FNV-1a, as Kubernetes uses for pod-template-hash (on its own dump of the template).
constexpr std::uint32_t fnv1a32(std::string_view text) {
  std::uint32_t h = 2166136261U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
  return h;
}

constexpr std::uint64_t fnv1a64(std::string_view text, std::uint64_t h = 14695981039346656037ULL) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

/// XXH3 of `size` bytes with `seed`: with the previous value as the seed it makes a chain.
std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t seed);

}  // namespace wavetank::base
