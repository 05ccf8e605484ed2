#pragma once
// Dense identifiers: an index into the columns of one kind of thing, typed so that a pod's cannot index nodes.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace wavetank::base {

template <class Tag>
struct Id {
  static constexpr std::uint32_t kNone = 0xffffffffU;
  std::uint32_t value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t v) : value(v) {}
  constexpr explicit Id(std::size_t v) : value(static_cast<std::uint32_t>(v)) {}

  /// Whether this names something at all.
  [[nodiscard]] constexpr bool valid() const { return value != kNone; }
  [[nodiscard]] constexpr std::size_t index() const { return value; }
  constexpr auto operator<=>(const Id&) const = default;
};

struct SymTag;
/// An interned string, see symbols.h.
using Sym = Id<SymTag>;

/// Sequence number of an event in its journal; the first is 1, 0 is "none".
using Seq = std::uint64_t;

}  // namespace wavetank::base

template <class Tag>
struct std::hash<wavetank::base::Id<Tag>> {
  std::size_t operator()(wavetank::base::Id<Tag> id) const noexcept { return id.value; }
};
