#include "engine/base/assert.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#include "engine/base/version.h"

namespace wavetank::base {

CrashContext& crash_context() {
  thread_local CrashContext context;  // tidy: allow(banned) one run a thread, and read only by a crash
  return context;
}

void assertion_failed(const char* expression, const char* file, int line, std::string_view message) {
  const CrashContext& context = crash_context();
  fmt::print(stderr,
             "wavetank {}: internal error at {}:{}: {}\n  failed: {}\n  seed {}, event {}, virtual time {} ns\n"
             "  This is a bug in Wavetank. The scenario and the seed reproduce it.\n",
             kVersion, file, line, message, expression, context.seed, context.seq, context.time_ns);
  std::fflush(stderr);
  std::_Exit(3);
}

}  // namespace wavetank::base
