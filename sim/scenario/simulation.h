#pragma once
// One run of one scenario: virtual time from its start to its end. The order of things at one moment is fixed:
//
//   1. faults whose time is up end, then those begin that come by a time to failure
//   2. steps of the timeline, in their order     3. running drains act
//   4. the control plane and the machines do all that is due                              5. expectations are looked at
//   6. steps whose condition has become true, and 4 and 5 again after them
//
// The run ends at `until`. Without one it ends when the timeline is over, no drain runs, no fault waits for its end,
// every expectation with a time of its own is decided, and for `quiet` (15 minutes unless the scenario says otherwise)
// no fact came up; after 24 hours at the latest. (15 minutes are longer than what Kubernetes waits for in silence:
// tolerations of 5 minutes, back-offs of 5 minutes, progress deadlines of 10 minutes.)

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/log/journal.h"
#include "engine/log/snapshotter.h"
#include "engine/loop/control_plane.h"
#include "sim/fault/fault.h"
#include "sim/kernel/clock.h"
#include "sim/scenario/drains.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/triggers.h"
#include "sim/world/sim_world.h"

namespace wavetank::scenario {

/// What a run does differently from what its scenario says.
struct Options {
  std::optional<std::uint64_t> seed;
  std::optional<Duration> until;
  bool snapshots = true;  ///< Whether to keep snapshots in the journal; they do not change the run.
};

struct ExpectationResult {
  Verdict::Outcome outcome = Verdict::Outcome::Undecided;
  std::string name;  ///< As the author named it, or the text.
  std::string text;
  std::string detail;
  SimTime at;
  base::Seq seq = 0;    ///< Of its ExpectationJudged.
  base::Seq cause = 0;  ///< What to ask `why` about: the last event before it broke; 0: none.
};

struct RunResult {
  enum class End : std::uint8_t { Until, Quiet, Limit, Stopped };
  End end = End::Until;
  SimTime time;
  log::Position position;
  std::vector<ExpectationResult> expectations;  ///< In the scenario's order.
  loop::ControlPlane::Counters counters;

  [[nodiscard]] bool all_kept() const;
};

base::Diagnostics refused_at_start(const Scenario& scenario);

/// Called now and then; false stops the run where it is.
using Progress = std::function<bool(SimTime now, std::uint64_t events)>;

class Simulation {
  friend base::Diagnostics refused_at_start(const Scenario& scenario);

 public:
  /// Writes what re-execution needs into the journal's meta values and prepares the run. `scenario` and `journal` must
  /// outlive it, and the journal must be empty.
  Simulation(const Scenario& scenario, const Options& options, log::Journal& journal);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Runs to the end, then flushes the journal. Call once. Error: the journal could not be written, or the API server
  /// refuses one of the scenario's own manifests at the start; nothing is run then.
  base::Result<RunResult> run(const Progress& progress = {});
  /// Statistics, read models and other followers; add them before run().
  void add_observer(state::Observer& observer);
  [[nodiscard]] const loop::ControlPlane& control_plane() const { return control_plane_; }
  /// When the run ends at the latest.
  [[nodiscard]] SimTime latest_end() const { return latest_end_; }

 private:
  struct Due {
    std::size_t entry = 0;
    SimTime at;       ///< With its jitter.
    SimTime nominal;  ///< Without.
    std::int64_t left = 0;
    std::int64_t taken = 0;
    base::Stream stream;  ///< Of its jitter: named by the step's words, not by its place.
  };
  [[nodiscard]] base::Diagnostics begin();
  void take_steps();
  void take_triggered();
  [[nodiscard]] SimTime time_of(const Due& due) const;
  void settle();
  void judge(const std::vector<Verdict>& verdicts);
  [[nodiscard]] SimTime next_step() const;
  [[nodiscard]] SimTime next_moment() const;
  [[nodiscard]] SimTime end_of_run() const;
  [[nodiscard]] StepContext context();

  const Scenario* scenario_;
  Options options_;
  log::Journal* journal_;
  std::uint64_t seed_;
  SimTime latest_end_;
  bool has_until_;
  kernel::SimClock clock_;
  world::SimWorld world_;
  loop::ControlPlane control_plane_;
  fault::FaultEngine faults_;
  Drains drains_;
  Judge judge_;
  Triggers triggers_;
  log::Snapshotter snapshotter_;
  std::map<std::string, std::vector<event::FaultId>> named_faults_;
  std::map<std::string, std::vector<std::size_t>> named_renewals_;
  std::vector<Due> due_;  ///< Entries of the timeline with times left, in the scenario's order.
  SimTime last_activity_;
  base::Seq quiet_seq_ = 0;
  std::vector<Verdict> verdicts_;
  RunResult result_;
};

/// What the API server would refuse of the scenario's manifests at the start: a namespace that nothing makes, a
/// PriorityClass that is not there, a quota that is too small. Runs nothing. O(objects).
base::Diagnostics refused_at_start(const Scenario& scenario);

/// The settings of a run's control plane: the scenario's with the seed put in.
loop::Settings control_plane_settings(const Scenario& scenario, std::uint64_t seed);

/// The scenario and options that a journal's run was started with. Error: the journal has none, or they cannot be read
/// any more.
base::Result<Scenario> scenario_from_meta(const log::Journal& journal);
base::Result<Options> options_from_meta(const log::Journal& journal);

/// Runs a journal's scenario again, into `fresh`. Same program, same fingerprint. Error: no scenario in the journal, or
/// it was made by a program with other rules.
base::Result<RunResult> re_execute(const log::Journal& journal, log::Journal& fresh, const Progress& progress = {});

}  // namespace wavetank::scenario
