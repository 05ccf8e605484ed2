// Any text as a scheduler configuration: a set of profiles that a scheduler starts with, or an error; never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/schedule/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank;
  if (size > 64 * 1024) return 0;
  const auto config =
      schedule::parse_scheduler_config(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (!config.has_value()) {
    if (config.error().empty()) __builtin_trap();  // a refusal says why
    return 0;
  }
  if (config->profiles.empty()) __builtin_trap();
  schedule::Settings settings;
  config->apply_to(settings);
  const schedule::Scheduler scheduler(settings);  // makes every plugin with its arguments
  return 0;
}
