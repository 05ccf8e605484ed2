// Any text is a schedule or an error with a message; what a schedule names comes after the moment it is asked for, on a
// whole minute (unless it counts seconds), within the years it looks through.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/model/cron_schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wavetank::model;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto schedule = CronSchedule::parse(text);
  if (!schedule)
    return schedule.error().size() == 1 && !schedule.error().front().message.empty() ? 0 : (std::abort(), 0);
  const bool every = text.find("@every") != std::string_view::npos;
  std::int64_t at = 1'772'000'000 + static_cast<std::int64_t>(size % 7) * 7'776'001;
  for (int i = 0; i < 4; ++i) {
    const auto next = schedule->next(at);
    if (!next) return 0;
    if (*next <= at) std::abort();
    if (!every && (*next % 60 != 0 || *next - at > std::int64_t{6} * 366 * 86'400)) std::abort();
    if (every && *next - at > std::int64_t{300} * 366 * 86'400) std::abort();
    // Nothing lies between: from any moment before it, it is the next still.
    if (!every && schedule->next(*next - 1) != next) std::abort();
    at = *next;
  }
  return 0;
}
