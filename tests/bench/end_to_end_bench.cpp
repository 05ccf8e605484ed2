// Whole runs at size, from reading the scenario to the closed journal on disk: (c) 1,000 nodes and 30,000 pods, (d)
// 5,000 and 150,000. Wall seconds, events a second, peak resident memory, bytes an event on disk, and the longest time
// to show a moment of the run.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/log/replay.h"
#include "runtime/store/sqlite_journal.h"
#include "sim/scenario/simulation.h"
#include "tests/scenarios/disk_files.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace wavetank;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Forgets the highest resident size so far, so that each case has its own (Linux, see proc(5) clear_refs).
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kilobytes = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kilobytes;
  return kilobytes / 1024;
}

/// Returns whether every expectation was kept: a benchmark in which nothing happened would not be noticed otherwise.
bool run(const std::string& file, const std::string& path, benchmark::State& state) {
  scenario::test::DiskFiles files;
  const auto loaded = scenario::load_scenario(file, files);
  if (!loaded) return false;
  auto journal = store::SqliteJournal::create(path, {});
  if (!journal) return false;
  scenario::Simulation simulation(*loaded, {}, **journal);
  const auto result = simulation.run();
  if (!result || !result->all_kept() || !(*journal)->finish()) return false;
  state.counters["events"] = static_cast<double>(result->position.seq);
  state.counters["syncs"] = static_cast<double>(result->counters.syncs);
  state.counters["cycles"] = static_cast<double>(result->counters.cycles);
  return true;
}

void end_to_end(benchmark::State& state, const std::string& file) {
  const support::TempDir dir;
  const std::string path = (dir.path() / "run.wt").string();
  for ([[maybe_unused]] auto _ : state) {
    reset_peak();
    const auto start = std::chrono::steady_clock::now();
    if (!run(file, path, state)) return state.SkipWithError("the run failed or broke an expectation");
    const double wall = seconds_since(start);
    const double events = state.counters["events"];
    state.counters["events/s"] = events / wall;
    state.counters["peak_MB"] = peak_megabytes();
    state.counters["bytes/event"] = static_cast<double>(std::filesystem::file_size(path)) / events;
  }
  auto journal = store::SqliteJournal::open(path);
  if (!journal) return state.SkipWithError("the journal does not open");
  double longest = 0;
  for (const int minute : {1, 4, 6, 8, 13, 20}) {
    const auto start = std::chrono::steady_clock::now();
    const auto at = log::state_at(**journal, base::SimTime{base::minutes(minute).ns});
    if (!at) return state.SkipWithError("a moment cannot be shown");
    longest = std::max(longest, seconds_since(start));
  }
  state.counters["show_s"] = longest;
}

}  // namespace

BENCHMARK_CAPTURE(end_to_end, c_1000_nodes, std::string("scenarios/scale/1000-nodes.yaml"))
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(end_to_end, d_5000_nodes, std::string("scenarios/scale/5000-nodes.yaml"))
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
