#pragma once
// What disturbed the workloads, and how long until they were whole again. A disturbance is a fault or a request of a
// client; it has to do with a workload if an event that it led to (by causes, over any number of steps) left the
// workload worse off.

#include <string>
#include <vector>

#include "engine/project/workloads.h"

namespace wavetank::project {

struct Disturbance {
  Seq seq = 0;  ///< Of the FaultInjected or RequestMade.
  SimTime began;
  bool fault = false;
  bool refused = false;               ///< The cluster said no, and nothing else came of it.
  SimTime ended = SimTime::never();   ///< Faults: when it was healed.
  std::string text;                   ///< "zone-outage of zone a", "kubectl scale deployment/web --replicas=5"
  std::vector<std::size_t> affected;  ///< Workloads, in the order they were hit.
  std::int64_t facts = 0;             ///< What it led to, its refusals left out.
  std::int64_t pods_deleted = 0;      ///< Pods whose deletion it led to.
  std::size_t open = 0;               ///< So many of them are not whole yet.
  SimTime recovered;                  ///< When the last of them was whole again; means nothing while open > 0.
};

class Disturbances final {
 public:
  /// Call after workloads.observe() of the same event. O(1) amortised.
  void observe(const event::Event& event, const ClusterView& view, const Workloads& workloads);
  [[nodiscard]] const std::vector<Disturbance>& all() const { return all_; }

 private:
  [[nodiscard]] std::uint32_t root_of(const event::Event& event);

  std::vector<Disturbance> all_;
  std::vector<std::uint32_t> root_;                  ///< By seq: 1 + the disturbance that led to it, 0 for none.
  std::vector<std::uint32_t> of_fault_;              ///< By FaultId.
  std::vector<std::vector<std::uint32_t>> open_of_;  ///< By workload: disturbances it has not recovered from.
};

}  // namespace wavetank::project
