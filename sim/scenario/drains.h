#pragma once
// `kubectl drain` as a process: it cordons its nodes, then for one node after the other lists the pods once, evicts
// them, tries again every 5 s while a budget says no, and waits until they are gone. Source: k8s.io/kubectl
// pkg/drain/drain.go (evictPods, waitForDelete), pkg/cmd/drain (RunDrain).

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/scenario/steps/step.h"

namespace wavetank::scenario {

struct DrainOptions {
  base::Duration timeout{};               ///< --timeout; 0: never.
  bool force = true;                      ///< Also pods that no controller would make again.
  bool ignore_daemonsets = true;          ///< Pods of DaemonSets stay; else they are an error.
  bool delete_emptydir_data = true;       ///< Also pods with emptyDir volumes.
  bool disable_eviction = false;          ///< Deletes instead of evicting: budgets are not asked.
  std::optional<std::int64_t> grace_s{};  ///< --grace-period; missing: the pods' own.
};

/// One running `kubectl drain`. Plain data.
struct DrainProcess {
  struct Pod {
    event::PodId pod;
    base::SimTime next_try;  ///< never(): evicted, now waiting for it to go.
    bool refused = false;    ///< The first refusal was journalled; the later ones say the same.
    bool done = false;
    bool failed = false;  ///< Refused for good; the drain goes on with the others and fails in the end.
  };
  DrainOptions options;
  std::vector<event::NodeId> nodes;
  std::size_t current = 0;
  std::vector<Pod> pods;  ///< Of the current node.
  base::Seq cause = 0;    ///< Its RequestMade.
  base::SimTime deadline = base::SimTime::never();
  base::SimTime next_check;
};

class Drains {
 public:
  /// Cordons the nodes and begins with the first one.
  void start(std::vector<event::NodeId> nodes, const DrainOptions& options, const StepContext& context);
  /// When a process wants to act next; never() if none runs.
  [[nodiscard]] base::SimTime next_due() const;
  /// Lets every process act that is due at context.now.
  void act(const StepContext& context);
  [[nodiscard]] const std::vector<DrainProcess>& running() const { return running_; }

 private:
  /// False when pods of the node may not be deleted: nothing is done to it.
  static bool begin_node(DrainProcess& drain, const StepContext& context);
  static void try_pod(DrainProcess& drain, DrainProcess::Pod& pod, const StepContext& context);
  /// False when it is over.
  static bool act(DrainProcess& drain, const StepContext& context);

  std::vector<DrainProcess> running_;
};

}  // namespace wavetank::scenario
