#pragma once
// A scenario as plain values: what load_scenario() makes of a scenario file and Simulation runs. Everything read from
// files is in it, and Inputs keeps the texts themselves, so that a run can be executed again from its journal alone.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/loop/control_plane.h"
#include "sim/scenario/expectation.h"
#include "sim/scenario/file_source.h"
#include "sim/scenario/steps/step.h"
#include "sim/world/world_params.h"

namespace wavetank::scenario {

/// One entry of the timeline: a step and when it is taken.
struct TimelineEntry {
  SimTime at;                        ///< The first time.
  std::optional<Duration> every;     ///< Then again and again,
  std::int64_t times = 1;            ///< so many times in all,
  Duration jitter{};                 ///< each later by a draw below this.
  std::optional<Expression> when;    ///< Instead: from `at` on, when this becomes true
  Duration lasting{};                ///< and has been so for this long;
  std::optional<Duration> cooldown;  ///< again after this, if it is true then. Missing: when it becomes true anew.
  std::optional<SimTime> last;       ///< Not after this.
  std::shared_ptr<const Step> step;
  base::Position position;
};

/// What a scenario was read from.
struct Inputs {
  std::string file;                          ///< The scenario's path as given.
  std::map<std::string, std::string> files;  ///< Every text read, the scenario's own too, by path.
  std::vector<std::string> sets;             ///< `--set path=value`, in order.
  std::string scheduler_config;              ///< `--scheduler-config`: a path as given; empty: none.
};

/// Unix time of the start of a run that does not say otherwise, 2026-01-01T00:00:00Z.
inline constexpr std::int64_t kEpochSeconds = 1'767'225'600;

struct Scenario {
  std::string name, description;
  std::uint64_t seed = 1;
  std::int64_t epoch_s = kEpochSeconds;  ///< Unix time of the start.
  std::optional<SimTime> until;
  Duration quiet = base::minutes(15);        ///< Without `until`: the run ends when nothing has happened for so long.
  SimTime limit{base::minutes(24 * 60).ns};  ///< Without `until`: the run ends here at the latest.
  std::vector<ManifestDoc> nodes;
  std::vector<ManifestGroup> manifests;
  loop::Settings control_plane;
  std::string scheduler_config;  ///< The KubeSchedulerConfiguration that was read, as JSON; empty: none.
  world::WorldParams world;
  std::vector<TimelineEntry> timeline;  ///< By time.
  std::vector<Expectation> expectations;
  std::vector<std::string> notices;  ///< What was read but will have no effect, in one sentence each.
  Inputs inputs;
};

/// Reads a scenario file and all that it names. `sets`: "cluster.nodes[0].count=20", applied to the document before it
/// is read. `scheduler_config`: a file whose KubeSchedulerConfiguration is used instead of the scenario's. Error:
/// everything that is wrong, by place.
base::Result<Scenario> load_scenario(const std::string& file, FileSource& files,
                                     const std::vector<std::string>& sets = {},
                                     const std::string& scheduler_config = {});

/// The JSON Schema of the scenario file, printed from the reader's own tables.
std::string scenario_schema();

}  // namespace wavetank::scenario
