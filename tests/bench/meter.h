#pragma once
// What a benchmark measures: CPU time of the thread, instructions and cache misses where the machine counts them (Linux
// perf_event_open; virtual machines often do not), and bytes held on the heap. Include in one file of a program only:
// it replaces the global operators new and delete.

#include <linux/perf_event.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

namespace wavetank::bench {

inline std::int64_t live_bytes = 0;   ///< As malloc rounds them, without its headers.
inline std::int64_t allocations = 0;  ///< Calls of operator new.

inline void* counted(void* p) {
  if (p == nullptr) std::abort();
  live_bytes += static_cast<std::int64_t>(malloc_usable_size(p));
  ++allocations;
  return p;
}
inline void uncounted(void* p) {
  if (p != nullptr) live_bytes -= static_cast<std::int64_t>(malloc_usable_size(p));
  std::free(p);
}

/// User-space counts of this thread, all zero where the machine does not count.
class HardwareCounters {
 public:
  struct Counts {
    std::int64_t instructions = 0, cache_misses = 0;
  };
  HardwareCounters() : instructions_(open(PERF_COUNT_HW_INSTRUCTIONS)), misses_(open(PERF_COUNT_HW_CACHE_MISSES)) {}
  ~HardwareCounters() {
    if (instructions_ >= 0) close(instructions_);
    if (misses_ >= 0) close(misses_);
  }
  HardwareCounters(const HardwareCounters&) = delete;
  HardwareCounters& operator=(const HardwareCounters&) = delete;
  [[nodiscard]] bool counts_instructions() const { return instructions_ >= 0; }
  [[nodiscard]] bool counts_misses() const { return misses_ >= 0; }
  [[nodiscard]] Counts read() const { return {value(instructions_), value(misses_)}; }

 private:
  static int open(std::uint64_t what) {
    perf_event_attr a{};
    a.type = PERF_TYPE_HARDWARE;
    a.size = sizeof(a);
    a.config = what;
    a.exclude_kernel = 1;
    a.exclude_hv = 1;
    return static_cast<int>(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0UL));
  }
  static std::int64_t value(int fd) {
    std::int64_t out = 0;
    if (fd >= 0 && ::read(fd, &out, sizeof(out)) != static_cast<ssize_t>(sizeof(out))) return 0;
    return out;
  }
  int instructions_, misses_;
};

inline const HardwareCounters& hardware() {
  static const HardwareCounters counters;
  return counters;
}

/// Sums what passes between start() and stop().
struct Meter {
  std::int64_t cpu_ns = 0, instructions = 0, cache_misses = 0, allocated = 0;

  void start() { add(-1); }
  void stop() { add(1); }

 private:
  void add(std::int64_t sign) {
    if (sign > 0) cpu_ns += now();
    const HardwareCounters::Counts c = hardware().read();
    instructions += sign * c.instructions;
    cache_misses += sign * c.cache_misses;
    allocated += sign * allocations;
    if (sign < 0) cpu_ns -= now();
  }
  static std::int64_t now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
  }
};

}  // namespace wavetank::bench

void* operator new(std::size_t size) { return wavetank::bench::counted(std::malloc(size)); }
void* operator new[](std::size_t size) { return wavetank::bench::counted(std::malloc(size)); }
void operator delete(void* p) noexcept { wavetank::bench::uncounted(p); }
void operator delete[](void* p) noexcept { wavetank::bench::uncounted(p); }
void operator delete(void* p, std::size_t) noexcept { wavetank::bench::uncounted(p); }
void operator delete[](void* p, std::size_t) noexcept { wavetank::bench::uncounted(p); }
