#pragma once
// What a journal keeps beside its events so that the run can be executed again:
//
//   scenario.file      the scenario's path as given
//   scenario.options   JSON: seed and until_ns where they were overridden, sets: the --set values, scheduler_config:
//   the path scenario.name      metadata.name, for people scheduler.config   the KubeSchedulerConfiguration that was
//   used, as JSON; not there: the default scheduler.tie_break  "name" where ties go to the smallest name; not there:
//   drawn from the seed file:<path>        the text of every file read, the scenario's own too

#include "sim/scenario/simulation.h"

namespace wavetank::scenario {

inline constexpr const char* kSchedulerConfigKey = "scheduler.config";
inline constexpr const char* kTieBreakKey = "scheduler.tie_break";

void put_run_meta(const Scenario& scenario, const Options& options, log::Journal& journal);

}  // namespace wavetank::scenario
