// The scheduler alone, decisions only: CPU time of schedule_one() and of observe() of what follows from it (the bind;
// in the storm the nomination and the victims' end), default plugins, ties at random. Making the cluster and the pods
// and folding facts into the state are not counted; the fold of a bind is shown by itself. Pods come in waves; up to 64
// decisions are in flight before their binds are facts. A row ends after 30 pods a node, 300,000 pods or about a
// second, whichever is first, and small ones are run several times.
//
// After the rows a table sets them beside what is asked, and beside the real scheduler's own algorithm (kube-scheduler
// 1.34, one CPU second on a machine of this kind). Bytes are what the scheduler's calls left on the heap, beyond the
// cluster's objects, which the state holds.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/bench/meter.h"
#include "tests/bench/schedule_loads.h"

namespace {

using namespace wavetank;
using bench::Load;
using bench::Meter;
using bench::World;
using schedule::Decision;

struct Sample {
  double pods, nodes, bytes;
};

struct Row {
  std::string load;
  std::size_t nodes = 0;
  double asked = 0, real = 0;  ///< Pods a second; 0: nothing.
  // found
  Meter meter, fold;
  std::size_t bound = 0, unschedulable = 0, victims = 0;
  std::int64_t held = 0;
  std::vector<Sample> samples;
  std::string skipped;

  [[nodiscard]] double per_pod(std::int64_t sum) const {
    return static_cast<double>(sum) / static_cast<double>(std::max<std::size_t>(1, bound));
  }
  [[nodiscard]] double pods_per_second() const { return meter.cpu_ns == 0 ? 0 : 1e9 / per_pod(meter.cpu_ns); }
};

constexpr std::int64_t kEnoughNs = 1'000'000'000;

struct Case {
  Row row;
  std::int32_t percentage = 100;
  bool plain = false;  ///< Everything computed anew in each cycle.
  std::size_t wave = 8192;
  std::int64_t enough_ns = kEnoughNs;
  std::function<std::unique_ptr<Load>()> load;
  bool storm = false;
};

constexpr std::size_t kMostPods = 300'000;
constexpr std::size_t kInFlight = 64;

/// Whether this scheduler has a plain mode to switch on.
template <class Settings>
bool set_plain(Settings& s) {
  if constexpr (requires { s.plain; }) {
    s.plain = true;
    return true;
  }
  return false;
}

/// Follows up to kInFlight decisions; false when the queue is empty.
bool fly(World& w, Row& row) {
  std::vector<Decision> decisions;
  std::vector<event::Event> facts;
  decisions.reserve(kInFlight);
  row.meter.start();
  while (decisions.size() < kInFlight) {
    auto d = w.schedule_one();
    if (!d) break;
    decisions.push_back(std::move(*d));
    if (decisions.back().outcome != Decision::Outcome::Bind) break;
  }
  row.meter.stop();
  row.fold.start();
  for (const Decision& d : decisions) {
    if (d.outcome == Decision::Outcome::Bind) {
      facts.push_back(w.fold(event::PodBound{d.pod, d.node}));
      ++row.bound;
      continue;
    }
    ++row.unschedulable;
    row.victims += d.victims.size();
    if (d.nomination_changed) facts.push_back(w.fold(event::PodNominated{d.pod, d.nominated}));
    for (const event::PodId p : d.cleared) facts.push_back(w.fold(event::PodNominated{p, event::NodeId()}));
    for (const event::PodId p : d.victims) {
      facts.push_back(w.fold(event::PodDeletionStarted{p, 0, event::DeletionReason::Preempted}));
      facts.push_back(w.fold(event::PodRemoved{p}));
    }
  }
  row.fold.stop();
  row.meter.start();
  for (const event::Event& e : facts) w.observe(e);
  row.meter.stop();
  return !decisions.empty();
}

void fill(World& w, Load& load, Row& row, std::size_t wave, std::size_t most, std::int64_t until_ns) {
  std::size_t made = 0;
  while (made < most && row.meter.cpu_ns < until_ns) {
    const std::size_t count = std::min(wave, most - made);
    for (std::size_t i = 0; i < count; ++i) load.pod(w);
    made += count;
    const std::size_t before = row.bound;
    while (row.meter.cpu_ns < until_ns && fly(w, row)) {
    }
    if (row.bound == before) break;
    row.samples.push_back(
        {static_cast<double>(row.bound), static_cast<double>(row.nodes), static_cast<double>(w.held)});
  }
}

void run_case(Case& c) {
  for (int repeats = 0; repeats < 10 && c.row.meter.cpu_ns < kEnoughNs / 4; ++repeats) {
    schedule::Settings settings;
    settings.percentage_of_nodes_to_score = c.percentage;
    if (c.plain && !set_plain(settings)) {
      c.row.skipped = "no plain mode yet";
      return;
    }
    World w(settings);
    const std::unique_ptr<Load> load = c.load();
    load->nodes(w, c.row.nodes);
    const std::size_t most = std::min(kMostPods, c.row.nodes * (c.storm ? 4 : 30));
    load->begin(w, most);
    Row one = c.row;
    one.meter = one.fold = Meter();
    one.bound = one.unschedulable = one.victims = 0;
    fill(w, *load, one, c.storm ? 1 : c.wave, most, c.enough_ns);
    const auto add = [](Meter& to, const Meter& m) {
      to.cpu_ns += m.cpu_ns;
      to.instructions += m.instructions;
      to.cache_misses += m.cache_misses;
      to.allocated += m.allocated;
    };
    add(c.row.meter, one.meter);
    add(c.row.fold, one.fold);
    c.row.bound += one.bound;
    c.row.unschedulable += one.unschedulable;
    c.row.victims += one.victims;
    c.row.held = w.held;
    c.row.samples = one.samples;
  }
}

template <class L, class... Args>
std::function<std::unique_ptr<Load>()> make(Args... args) {
  return [args...] { return std::make_unique<L>(args...); };
}

std::vector<Case> cases() {
  std::vector<Case> out;
  const auto add = [&](const std::string& name, std::size_t nodes, double asked, double real, auto load) -> Case& {
    Case c;
    c.row.load = name;
    c.row.nodes = nodes;
    c.row.asked = asked;
    c.row.real = real;
    c.load = load;
    out.push_back(std::move(c));
    return out.back();
  };
  struct Size {
    std::size_t nodes;
    double plain, spread;  // of the real scheduler
  };
  constexpr Size kSizes[] = {{100, 2620, 382}, {1000, 351, 145}, {5000, 67, 47}, {15000, 0, 0}};
  for (const auto& [nodes, plain, spread] : kSizes) add("plain", nodes, 300'000, plain, make<bench::Plain>());
  for (const bool hard : {true, false}) {
    for (const auto& [nodes, plain, spread] : kSizes) {
      add(hard ? "spread DoNotSchedule" : "spread ScheduleAnyway", nodes, nodes == 5000 ? 100'000 : 0, spread,
          make<bench::ZoneSpread>(hard, std::size_t{0}));
    }
  }
  add("spread DoNotSchedule, sets of 500", 5000, 0, 0, make<bench::ZoneSpread>(true, std::size_t{500}));
  for (const auto& [nodes, plain, spread] : kSizes) add("default spread", nodes, 0, 0, make<bench::DefaultSpread>());
  for (const std::size_t nodes : {1000U, 5000U}) {
    Case& c = add("mixed", nodes, nodes == 5000 ? 30'000 : 0, 0, make<bench::Mixed>());
    c.wave = 1024;
    c.enough_ns = 4 * kEnoughNs;  // long enough that meeting each spec for the first time does not show
  }
  for (const std::size_t nodes : {1000U, 5000U}) {
    add("storm, alike", nodes, 2'000, 0, make<bench::Storm>(true)).storm = true;
  }
  for (const std::size_t nodes : {1000U, 5000U}) {
    add("storm, budgets", nodes, 2'000, 0, make<bench::Storm>(false)).storm = true;
  }
  for (const std::size_t nodes : {1000U, 5000U}) {
    add("storm, zone spread", nodes, 2'000, 0, make<bench::Storm>(true, true)).storm = true;
  }
  for (const std::size_t nodes : {1000U, 5000U}) {
    add("plain mode, plain", nodes, nodes == 5000 ? 20'000 : 0, 0, make<bench::Plain>()).plain = true;
  }
  add("adaptive, plain", 5000, 0, 0, make<bench::Plain>()).percentage = 0;
  add("adaptive, spread DoNotSchedule", 5000, 0, 0, make<bench::ZoneSpread>(true, std::size_t{0})).percentage = 0;
  return out;
}

// ---- The table at the end ----

std::string number(double v) {
  if (v >= 100) return fmt::format("{:.0f}", v);
  return fmt::format("{:.2f}", v);
}

void print_rows(const std::vector<Case>& all) {
  const bool hardware = bench::hardware().counts_instructions();
  fmt::print("\n{:<34}{:>7}{:>9}{:>10}{:>9}{:>10}{:>8}{:>7}{:>7}{:>8}  {:<14}{}\n", "load", "nodes", "pods", "pods/s",
             "us/pod", "instr", "misses", "fold", "alloc", "held kB", "asked", "x real");
  for (const Case& c : all) {
    const Row& r = c.row;
    if (!r.skipped.empty()) {
      fmt::print("{:<34}{:>7}  {}\n", r.load, r.nodes, r.skipped);
      continue;
    }
    if (r.bound == 0) continue;
    const double speed = r.pods_per_second();
    fmt::print(
        "{:<34}{:>7}{:>9}{:>10.0f}{:>9.2f}{:>10}{:>8}{:>7.2f}{:>7.1f}{:>8}  {:<14}{}{}\n", r.load, r.nodes, r.bound,
        speed, r.per_pod(r.meter.cpu_ns) / 1000, hardware ? number(r.per_pod(r.meter.instructions)) : "-",
        bench::hardware().counts_misses() ? number(r.per_pod(r.meter.cache_misses)) : "-",
        r.per_pod(r.fold.cpu_ns) / 1000, r.per_pod(r.meter.allocated), r.held / 1024,
        r.asked == 0 ? "" : fmt::format("{:.0f} {}", r.asked, speed >= r.asked ? "met" : "MISSED"),
        r.real == 0 ? "" : fmt::format("{:.0f}", speed / r.real),
        r.unschedulable == 0 ? "" : fmt::format("  ({} failed attempts, {} victims)", r.unschedulable, r.victims));
  }
  fmt::print(
      "us/pod: decisions and observing their facts; fold: folding those facts into the state, us a pod, not in "
      "us/pod; alloc: calls of operator new a pod.\n");
  if (!hardware) fmt::print("instr, misses: not counted here (the machine gives no hardware counters).\n");
}

/// Slope of log(cost) against log(nodes), least squares.
void print_exponents(const std::vector<Case>& all) {
  fmt::print("\ncost a pod ~ nodes^x:\n");
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (; end < all.size() && all[end].row.load == all[i].row.load; ++end) {
      const Row& r = all[end].row;
      if (r.bound == 0) continue;
      const double x = std::log(static_cast<double>(r.nodes));
      const double y = std::log(r.per_pod(r.meter.cpu_ns));
      n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    if (n >= 2) fmt::print("  {:<34}x = {:.2f}\n", all[i].row.load, (n * sxy - sx * sy) / (n * sxx - sx * sx));
    i = end;
  }
}

/// bytes = a·pods + b·nodes + c over the waves of all sizes from 1,000 nodes on, by normal equations.
void print_bytes(const std::vector<Case>& all, std::string_view load) {
  double m[3][4] = {};
  for (const Case& c : all) {
    if (c.row.load != load || c.row.nodes < 1000) continue;
    for (const Sample& s : c.row.samples) {
      const double v[4] = {s.pods, s.nodes, 1, s.bytes};
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 4; ++j) m[i][j] += v[i] * v[j];
      }
    }
  }
  if (m[2][2] < 4) return;
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) {
      if (k == i) continue;
      const double f = m[k][i] / m[i][i];
      for (int j = i; j < 4; ++j) m[k][j] -= f * m[i][j];
    }
  }
  fmt::print("  {:<34}{:.0f} bytes a placed pod (asked 150), {:.0f} bytes a node (asked 2000), {:.0f} kB besides\n",
             load, m[0][3] / m[0][0], m[1][3] / m[1][1], m[2][3] / m[2][2] / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  std::vector<Case> all = cases();
  for (Case& c : all) {
    benchmark::RegisterBenchmark(fmt::format("{}/{}", c.row.load, c.row.nodes).c_str(),
                                 [&c](benchmark::State& run) {
                                   for (auto step : run) {
                                     static_cast<void>(step);
                                     run_case(c);
                                     run.SetIterationTime(static_cast<double>(c.row.meter.cpu_ns) * 1e-9);
                                   }
                                   if (!c.row.skipped.empty()) return run.SkipWithError(c.row.skipped.c_str());
                                   if (c.row.bound == 0) return run.SkipWithError("nothing was bound");
                                   run.SetItemsProcessed(static_cast<std::int64_t>(c.row.bound));
                                 })
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  print_rows(all);
  print_exponents(all);
  fmt::print("\nheld by the scheduler beyond the cluster's objects:\n");
  for (const char* load : {"plain", "spread DoNotSchedule", "default spread", "mixed"}) print_bytes(all, load);
}
