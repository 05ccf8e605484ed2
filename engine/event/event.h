#pragma once
// An event: a journalled fact, numbered, timed, and with what led to it.

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/event/payloads.h"

namespace wavetank::event {

using Payload = std::variant<std::monostate
#define WT_EVENT(tag, version, Name) , Name
#include "engine/event/event_kinds.def"
#undef WT_EVENT
                             >;

/// The kinds in the order of the list; also the index in Payload minus one.
enum class EventKind : std::uint8_t {
#define WT_EVENT(tag, version, Name) Name,
#include "engine/event/event_kinds.def"
#undef WT_EVENT
  Count
};

struct Event {
  base::Seq seq = 0;
  base::SimTime time;
  base::Seq cause = 0;  ///< Always smaller than seq; 0: nothing in this journal led to it.
  Payload payload;

  [[nodiscard]] EventKind kind() const { return static_cast<EventKind>(payload.index() - 1); }
};

/// "PodBound"
std::string_view kind_name(EventKind kind);
/// By name; Count when unknown.
EventKind kind_from_name(std::string_view name);

/// A set of kinds, for subscriptions.
__extension__ typedef unsigned __int128 KindMask;  // NOLINT: `using` does not take __extension__
static_assert(static_cast<int>(EventKind::Count) <= 128);
constexpr KindMask mask(EventKind kind) { return KindMask{1} << static_cast<int>(kind); }
template <class... Kinds>
constexpr KindMask mask_of(Kinds... kinds) {
  return (mask(kinds) | ... | 0);
}

}  // namespace wavetank::event
