// Who may include whom: the one table behind the layering test. Change it together with DESIGN, never for comfort.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wavetank::tidy {

struct Layer {
  std::string_view room;
  std::string_view below;  // the rooms right below, separated by spaces; what lies below those may be included too
};

// A library's header (or its prefix) and the only rooms that may include it. Tests may include any.
struct ExternalHeader {
  std::string_view prefix;
  std::string_view rooms;
};

[[nodiscard]] std::span<const Layer> layers();
[[nodiscard]] std::span<const ExternalHeader> external_headers();

// The room a path lies in ("engine/schedule/plugins/x.cpp" -> "engine/schedule"), or "" when there is none.
[[nodiscard]] std::string_view room_of(std::string_view path);

[[nodiscard]] bool may_include(std::string_view from_room, std::string_view to_room);

[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

}  // namespace wavetank::tidy
