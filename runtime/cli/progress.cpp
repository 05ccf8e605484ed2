#include "runtime/cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "engine/project/words.h"

namespace wavetank::cli {
namespace {

volatile std::sig_atomic_t g_asked = 0;

void on_interrupt(int) {
  g_asked = 1;
  std::signal(SIGINT, SIG_DFL);
}

constexpr int kBar = 30;

}  // namespace

Interrupt::Interrupt() {
  g_asked = 0;
  std::signal(SIGINT, on_interrupt);
}
Interrupt::~Interrupt() { std::signal(SIGINT, SIG_DFL); }
bool Interrupt::asked() { return g_asked != 0; }

void ProgressBar::show(base::SimTime now, std::uint64_t events) {
  if (!shown_) return;
  const auto clock = std::chrono::steady_clock::now();
  if (clock - began_ < std::chrono::milliseconds(300) || clock - last_ < std::chrono::milliseconds(100)) return;
  last_ = clock;
  visible_ = true;
  const std::int64_t full = std::max<std::int64_t>(end_.ns, 1);
  const int done = static_cast<int>(std::clamp<std::int64_t>(now.ns / (full / kBar + 1), 0, kBar));
  std::string bar;
  for (int i = 0; i < kBar; ++i) bar += i < done ? "━" : "─";
  const std::string line =
      fmt::format("\r\x1b[2K  {}  {} of {}  {} events", bar, project::span_words(now - base::SimTime{}),
                  project::span_words(end_ - base::SimTime{}), project::thousands(static_cast<std::int64_t>(events)));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void ProgressBar::clear() {
  if (!visible_) return;
  std::fputs("\r\x1b[2K", stderr);
  visible_ = false;
}

std::chrono::milliseconds ProgressBar::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
}

}  // namespace wavetank::cli
