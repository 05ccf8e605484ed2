// Reading manifests survives any input; an admitted object is admitted again, as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/model/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank::model;
  const auto read = read_manifests({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!read) return read.error().empty() ? (std::abort(), 0) : 0;
  for (const Object& object : read->objects) {
    const auto again = admit(object.doc, "again");
    if (!again || !again->doc.same_as(object.doc)) std::abort();
    (void)merge_apply(object.doc, &object.doc, again->doc);
  }
  return 0;
}
