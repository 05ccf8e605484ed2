#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/control/replay.h"

namespace wavetank::replay {

/// Notes between two actions what a watcher of the API would see.
class Trace::Recorder final : public state::Observer {
 public:
  explicit Recorder(const Trace& trace) : trace_(trace) {}

  struct Scale {
    std::string set, from, to;  ///< "null" where there is none.
  };
  std::vector<Scale> scales;
  std::map<std::string, std::map<std::string, int>> pods;  ///< Set → created, terminating, gone → count.
  std::vector<std::pair<std::string, std::string>> pod_order;

  void clear() {
    scales.clear();
    pods.clear();
    pod_order.clear();
  }

  void observe(const event::Event& event, const state::ClusterView& view) override;

 private:
  void note_pod(event::PodId pod, const char* what, const state::ClusterView& view);
  void note_size(event::ReplicaSetId set, std::string to);

  const Trace& trace_;
  std::map<std::uint32_t, std::string> size_;  ///< By set.
};

}  // namespace wavetank::replay
