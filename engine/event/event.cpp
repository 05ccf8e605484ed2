#include "engine/event/event.h"

#include <array>

namespace wavetank::event {

namespace {
constexpr std::array<std::string_view, static_cast<std::size_t>(EventKind::Count)> kNames = {
#define WT_EVENT(tag, version, Name) #Name,
#include "engine/event/event_kinds.def"
#undef WT_EVENT
};
}  // namespace

std::string_view kind_name(EventKind kind) {
  return kind < EventKind::Count ? kNames[static_cast<std::size_t>(kind)] : "?";
}

EventKind kind_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<EventKind>(i);
  return EventKind::Count;
}

}  // namespace wavetank::event
