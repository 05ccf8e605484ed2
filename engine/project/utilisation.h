#pragma once
// How much of the cluster is asked for: requests of bound pods that have not ended, against what nodes offer, over
// time.

#include "engine/project/series.h"
#include "engine/project/words.h"
#include "engine/state/observer.h"

namespace wavetank::project {

class Utilisation final : public state::Observer {
 public:
  struct Resource {
    Series requested, allocatable;  ///< cpu in thousandths, memory in MiB.
  };
  void observe(const event::Event& event, const ClusterView& view) override;
  [[nodiscard]] const Resource& cpu() const { return cpu_; }
  [[nodiscard]] const Resource& memory() const { return memory_; }

 private:
  struct Amounts {
    std::int64_t milli_cpu = 0, memory_mi = 0;
  };
  void recount(PodId pod, const ClusterView& view);
  void recount(NodeId node, const ClusterView& view);
  static void change(Resource& resource, SimTime now, std::int64_t requested, std::int64_t allocatable);

  Resource cpu_, memory_;
  std::vector<bool> counted_;   ///< By pod.
  std::vector<Amounts> nodes_;  ///< By node: what was counted.
};

}  // namespace wavetank::project
