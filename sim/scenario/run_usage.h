#pragma once
// What containers and machines use at a moment of a run that was kept: the usage model of its scenario, with the leaks
// that were on then. A function of the journal alone.

#include <memory>

#include "sim/scenario/run_meta.h"
#include "sim/world/usage.h"

namespace wavetank::scenario {

class RunUsage {
 public:
  /// `view`: of the moment. Error: the journal does not hold its scenario.
  static base::Result<std::unique_ptr<RunUsage>> at(const log::Journal& journal, const state::ClusterView& view);

  /// Whether the scenario says what anything uses (app.cpu or app.memory).
  [[nodiscard]] bool known() const;
  /// As metrics-server knows them: a node whose agent answers; of its pods those that run and whose containers are
  /// metrics.min_age old.
  [[nodiscard]] bool measured(event::NodeId node) const;
  [[nodiscard]] bool measured(event::PodId pod) const;
  [[nodiscard]] world::Usage container(event::PodId pod, std::size_t container) const;
  /// Its pods, and what the system itself uses (node.memory_used).
  [[nodiscard]] world::Usage node(event::NodeId node) const;

 private:
  RunUsage(world::WorldParams params, std::uint64_t seed, const state::ClusterView& view);
  world::WorldParams params_;
  state::ClusterView view_;
  world::UsageModel model_;
};

}  // namespace wavetank::scenario
