// Any bytes as a case of golden data: complaints, or a comparison to its end, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/conformance/conformance.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 256 * 1024) return 0;
  const auto read = conformance::read_case(text, "case.json");
  if (!read.has_value()) {
    if (read.error().empty()) __builtin_trap();  // a refusal says why
    return 0;
  }
  const auto outcome = conformance::run_case(*read, "default/a");
  if (!outcome.has_value() && outcome.error().empty()) __builtin_trap();
  if (outcome.has_value() && outcome->decisions.matched > outcome->decisions.total) __builtin_trap();
  return 0;
}
