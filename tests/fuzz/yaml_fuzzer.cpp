// The YAML reader survives any input, and what it reads it writes and reads back as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/model/doc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank::model;
  ReadLimits limits;
  limits.nodes = 100'000;
  limits.alias_nodes = 10'000;
  const auto docs = parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz", limits);
  if (!docs) return docs.error().empty() ? (std::abort(), 0) : 0;
  for (const Doc& doc : *docs) {
    const auto again = parse_yaml(to_yaml(doc), "again");
    if (!again || again->size() != 1 || !again->front().same_as(doc)) std::abort();
    const auto json = parse_json(to_json(doc), "json");
    if (!json || !json->same_as(doc)) std::abort();
  }
  return 0;
}
