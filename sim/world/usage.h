#pragma once
// What containers use at a moment, by the parameters app.cpu and app.memory: a function of the parameters and the
// cluster's state alone, so that a saved run can be asked too. Whoever needs usage (metrics, limits, node pressure,
// `wavetank top`) asks here: SimWorld::usage() for the model of a run, with its leaks.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/state/view.h"
#include "sim/world/empty_dirs.h"
#include "sim/world/world_params.h"

namespace wavetank::world {

struct Usage {
  std::int64_t milli_cpu = 0;
  std::int64_t memory = 0;      ///< Working set, bytes.
  std::int64_t wanted_cpu = 0;  ///< What it would use without its limit: more than milli_cpu when it is throttled.
  Usage& operator+=(const Usage& other) {
    milli_cpu += other.milli_cpu;
    memory += other.memory;
    wanted_cpu += other.wanted_cpu;
    return *this;
  }
};

class UsageModel {
 public:
  /// `params` must outlive it.
  UsageModel(const WorldParams& params, std::uint64_t seed);

  /// One container (init containers counted first) at view.now(); nothing unless it runs on a machine that is on.
  /// O(containers' expression), and O(endpoints) once an event if it depends on load.
  [[nodiscard]] Usage container(event::PodId pod, std::size_t container, const state::ClusterView& view) const;
  /// All containers of a pod. A pod that has ended or waits uses nothing.
  [[nodiscard]] Usage pod(event::PodId pod, const state::ClusterView& view) const;
  /// All pods of a node. O(its pods).
  [[nodiscard]] Usage node(event::NodeId node, const state::ClusterView& view) const;

  /// What a running container has on the node's disk: its layer and logs (app.disk), bytes.
  [[nodiscard]] std::int64_t disk(event::PodId pod, std::size_t container, const state::ClusterView& view) const;
  /// What it has written into the first emptyDir on disk that it mounts (app.empty_dir), bytes; 0 without one.
  [[nodiscard]] std::int64_t empty_dir(event::PodId pod, std::size_t container, const state::ClusterView& view) const;
  [[nodiscard]] const EmptyDirs& empty_dirs(event::PodId pod, const state::ClusterView& view) const {
    return empty_dirs_.of(pod, view);
  }
  [[nodiscard]] bool disk_changes(event::PodId pod, std::size_t container, const state::ClusterView& view) const;

  /// Whether its memory may change while it runs.
  [[nodiscard]] bool memory_changes(event::PodId pod, std::size_t container, const state::ClusterView& view) const;
  [[nodiscard]] bool memory_follows_load(event::PodId pod, std::size_t container, const state::ClusterView& view) const;

  /// Thousandths of requests a second that reach the pod: each Service's load shared by its ready endpoints.
  [[nodiscard]] std::int64_t milli_rps(event::PodId pod, const state::ClusterView& view) const;
  /// A metric by name for a pod (its rps) or, without one, for an amount of load.
  [[nodiscard]] const UsageExpr* metric(Param p, std::string_view name) const { return params_->usage(p, name); }
  [[nodiscard]] UsageExpr::Inputs inputs(event::PodId pod, const state::ClusterView& view) const;

  /// Containers of images of this pattern take `bytes_per_s` more each second from `since` (or their start, if later).
  struct Leak {
    std::string pattern;
    std::int64_t bytes_per_s = 0;
    base::SimTime since;
    base::Seq cause = 0;
    template <class A>
    void fields(A& a) {
      a(pattern, bytes_per_s, since, cause);
    }
  };
  std::vector<Leak> leaks;
  [[nodiscard]] const Leak* leak_of(std::string_view image) const;

 private:
  struct ImageUse {
    std::string name;
    const UsageExpr* cpu = nullptr;
    const UsageExpr* memory = nullptr;
    const UsageExpr* disk = nullptr;
    const UsageExpr* empty_dir = nullptr;
  };
  const ImageUse& image(event::PodId pod, std::size_t container, const state::ClusterView& view) const;
  void share_load(const state::ClusterView& view) const;
  [[nodiscard]] std::int64_t written(const UsageExpr& use, event::PodId pod, std::size_t container, const char* stream,
                                     const state::ClusterView& view) const;

  const WorldParams* params_;
  base::Stream stream_;
  // Answers remembered; without them they are worked out anew.
  mutable std::vector<std::vector<ImageUse>> images_;  ///< By template and container.
  mutable std::vector<std::int64_t> shares_;           ///< By pod.
  mutable std::vector<std::uint32_t> shared_;          ///< Pods with a share.
  mutable base::Seq shared_at_ = 0;
  mutable EmptyDirIndex empty_dirs_;
};

}  // namespace wavetank::world
