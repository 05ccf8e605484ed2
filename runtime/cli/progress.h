#pragma once
// A bar on standard error while a run goes on, and Ctrl-C.

#include <chrono>
#include <cstdint>

#include "engine/base/time.h"

namespace wavetank::cli {

/// While one lives, Ctrl-C asks the run to stop; the second Ctrl-C ends the program at once.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  [[nodiscard]] static bool asked();
};

class ProgressBar {
 public:
  /// `shown` false: never prints.
  ProgressBar(bool shown, base::SimTime end)
      : shown_(shown), end_(end), began_(std::chrono::steady_clock::now()), last_(began_) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// At most ten times a second, and not in the first three tenths.
  void show(base::SimTime now, std::uint64_t events);
  void clear();
  [[nodiscard]] std::chrono::milliseconds elapsed() const;

 private:
  bool shown_;
  bool visible_ = false;
  base::SimTime end_;
  std::chrono::steady_clock::time_point began_, last_;
};

}  // namespace wavetank::cli
