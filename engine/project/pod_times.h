#pragma once
// How long pods waited: from creation to binding, and from binding until they were first ready.

#include <vector>

#include "engine/project/words.h"
#include "engine/state/observer.h"

namespace wavetank::project {

class PodTimes final : public state::Observer {
 public:
  void observe(const event::Event& event, const ClusterView& view) override;

  struct Summary {
    std::size_t count = 0;
    Duration p50, p90, p99, most;  ///< By nearest rank.
  };
  [[nodiscard]] Summary pending() const { return summarise(pending_); }
  [[nodiscard]] Summary starting() const { return summarise(starting_); }

 private:
  static Summary summarise(std::vector<std::int64_t> spans_ns);

  std::vector<std::int64_t> pending_, starting_;
  std::vector<bool> was_ready_;  ///< By pod.
};

}  // namespace wavetank::project
