// The JSON reader survives any input, and what it reads it writes and reads back as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/model/doc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank::model;
  const auto doc = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!doc) return doc.error().empty() ? (std::abort(), 0) : 0;
  for (const std::string& text : {to_json(*doc), to_canonical_json(*doc), to_pretty_json(*doc)}) {
    const auto again = parse_json(text, "again");
    if (!again || !again->same_as(*doc)) std::abort();
  }
  return 0;
}
