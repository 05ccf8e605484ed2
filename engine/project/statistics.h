#pragma once
// All read models of a run's report as one observer.

#include "engine/project/disturbances.h"
#include "engine/project/pod_times.h"
#include "engine/project/traffic.h"
#include "engine/project/utilisation.h"
#include "engine/project/workloads.h"

namespace wavetank::project {

class Statistics final : public state::Observer {
 public:
  struct Expectation {
    Seq seq = 0;
    SimTime at;
    std::uint32_t index = 0;
    std::string text, detail;
    bool kept = false;
    Seq cause = 0;  ///< What broke it; 0: none.
  };

  /// O(1) amortised an event.
  void observe(const event::Event& event, const ClusterView& view) override;
  /// The run, or what is looked at of it, ends at `end`. Call once, last.
  void finish(SimTime end);

  Workloads workloads;
  Disturbances disturbances;
  PodTimes pod_times;
  Traffic traffic;
  Utilisation utilisation;
  std::vector<Expectation> expectations;  ///< In the scenario's order.
  std::int64_t pods_made = 0, pods_deleted = 0;
  SimTime end;
};

}  // namespace wavetank::project
