#pragma once
// Looks at a run after every fact and says what must never be.

#include <string>
#include <vector>

#include "engine/state/observer.h"

namespace wavetank::swarm {

class Watchman final : public state::Observer {
 public:
  void observe(const event::Event& event, const state::ClusterView& view) override;
  /// What was seen, the first few; empty: all was well.
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }

 private:
  void complain(const event::Event& event, std::string what);
  void check_binding(const event::Event& event, const event::PodBound& bound);
  void check_end(const event::Event& event, event::PodId pod, const state::ClusterView& view);
  void check_eviction(const event::Event& event, event::PodId pod, const state::ClusterView& view);
  void check_quotas(const event::Event& event, const state::ClusterView& view);
  void check_volumes(const event::Event& event, const state::ClusterView& view);
  void check_endpoints(const event::Event& event, const state::ClusterView& view);

  std::vector<std::string> broken_;
  std::vector<bool> bound_;                    ///< By pod.
  std::vector<base::SimTime> health_changed_;  ///< By pod: readiness, deletion.
  base::SimTime last_;
  base::SimTime plane_down_;  ///< Until when a part of the control plane was down.
};

}  // namespace wavetank::swarm
