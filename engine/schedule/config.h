#pragma once
// KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) as kube-scheduler 1.34 reads, defaults and validates it,
// but stricter where that one is silent: a plugin's name that does not exist is an error wherever it stands. Sources:
// pkg/scheduler/apis/config/{v1,validation}, pkg/scheduler/framework/runtime/framework.go (NewFramework).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/model/doc.h"
#include "engine/schedule/profile.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

/// What of a configuration has an effect here. parallelism, leaderElection, clientConnection, enableProfiling and
/// delayCacheUntilActive are checked and left out.
struct SchedulerConfig {
  std::vector<Profile> profiles;  ///< One or more; their names differ.
  std::int32_t percentage_of_nodes_to_score = 0;
  base::Duration pod_initial_backoff = base::seconds(1);
  base::Duration pod_max_backoff = base::seconds(10);
  std::vector<std::string> notices;  ///< What was read and has no effect, a sentence each.

  /// Puts it into the settings of a scheduler; seed and ties are no part of a configuration.
  void apply_to(Settings& settings) const;
};

/// Error: everything that is wrong with it, by place. O(size of the document).
base::Result<SchedulerConfig> read_scheduler_config(const model::Doc& doc, std::string_view file);

/// The same from a text of YAML or JSON that holds one document.
base::Result<SchedulerConfig> parse_scheduler_config(std::string_view text, std::string_view file);

}  // namespace wavetank::schedule
