#include "tests/tidy/layers.h"

#include <algorithm>

namespace wavetank::tidy {
namespace {

constexpr Layer kLayers[] = {
    {"engine/base", ""},
    {"engine/model", "engine/base"},
    {"engine/event", "engine/model"},
    {"engine/command", "engine/event"},
    {"engine/state", "engine/command"},
    {"engine/decide", "engine/state"},
    {"engine/schedule", "engine/state"},
    {"engine/conformance", "engine/loop"},
    {"engine/control", "engine/state"},
    {"engine/project", "engine/schedule"},
    {"engine/log", "engine/state"},
    {"engine/loop", "engine/decide engine/schedule engine/control engine/project engine/log"},
    {"sim/kernel", "engine/base"},
    {"sim/world", "engine/loop sim/kernel"},
    {"sim/fault", "sim/world"},
    {"sim/scenario", "sim/fault"},
    {"sim/study", "sim/scenario"},
    {"runtime/store", "engine/log"},
    {"runtime/live", "engine/loop"},
    {"runtime/api", "engine/loop runtime/store"},
    {"runtime/drive", "engine/loop runtime/store"},
    {"runtime/cli",
     "engine/conformance engine/project sim/study sim/scenario runtime/store runtime/live runtime/api runtime/drive"},
};

constexpr ExternalHeader kExternalHeaders[] = {
    {"yaml.h", "engine/model"},     {"simdjson.h", "engine/model"},
    {"sqlite3.h", "runtime/store"}, {"zstd.h", "runtime/store"},
    {"CLI/", "runtime/cli"},        {"boost/graph/", "engine/model engine/project sim/fault"},
    {"xxhash.h", "engine/base"},    {"tl/expected.hpp", "engine/base"},
};

bool reaches(std::string_view from, std::string_view to) {
  for (const Layer& layer : kLayers) {
    if (layer.room != from) continue;
    for (const std::string_view below : split_words(layer.below)) {
      if (below == to || reaches(below, to)) return true;
    }
  }
  return false;
}

}  // namespace

std::span<const Layer> layers() { return kLayers; }
std::span<const ExternalHeader> external_headers() { return kExternalHeaders; }

std::string_view room_of(std::string_view path) {
  for (const Layer& layer : kLayers) {
    if (path.size() > layer.room.size() && path.starts_with(layer.room) && path[layer.room.size()] == '/') {
      return layer.room;
    }
  }
  return {};
}

bool may_include(std::string_view from_room, std::string_view to_room) {
  return from_room == to_room || reaches(from_room, to_room);
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace wavetank::tidy
