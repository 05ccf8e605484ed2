#pragma once
// Assertions that stay in release builds: a broken invariant is a bug of ours and ends the program (exit code 3) with
// what is needed to reproduce it. Expected failures are base::Result, refusals of the cluster are command::Rejection;
// neither asserts.

#include <cstdint>
#include <string_view>

namespace wavetank::base {

/// What a failed assertion prints beside its own text, kept up to date by the loop. Plain data: no ownership, no
/// locking; one engine runs on one thread.
struct CrashContext {
  std::uint64_t seed = 0;
  std::uint64_t seq = 0;
  std::int64_t time_ns = 0;
};

/// The context of the calling thread.
CrashContext& crash_context();

/// Prints the failure with the thread's CrashContext to standard error and exits with code 3 at once.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line, std::string_view message);

}  // namespace wavetank::base

#define WT_ASSERT(expression, message)                                                \
  do {                                                                                \
    if (!(expression)) [[unlikely]]                                                   \
      ::wavetank::base::assertion_failed(#expression, __FILE__, __LINE__, (message)); \
  } while (false)
