#pragma once
// A cluster in memory and its scheduler, for programs that only ask where pods would go: objects in, placements out. No
// controllers (a Deployment makes no pods here), no machines, no journal. scenarios/policies/place.cpp shows it.

#include <string>
#include <vector>

#include "engine/model/types.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

struct Placement {
  std::string pod;                  ///< "namespace/name"
  std::string node;                 ///< Empty: it found none.
  std::int64_t score = 0;           ///< The node's total; 0 where no other node was feasible: then nothing is scored.
  std::string message;              ///< Of a pod that found none: the FitError, or why nobody looked for one.
  std::vector<std::string> evicts;  ///< Pods that had to go for it, as "namespace/name".
};

class Placer {
 public:
  explicit Placer(const Settings& settings = {});

  /// Adds objects, in any order: nodes and classes come before pods. A pod with spec.nodeName is there already, the
  /// others wait. Priorities are resolved as admission does. Error: a second object of a name, or a nodeName that names
  /// no node; what is refused is not added, the rest is.
  base::Result<void> add(std::vector<model::Object> objects);

  /// Schedules the pods that wait and binds those that fit; evicted pods are removed at once, and whoever evicted them
  /// is tried again. Pods that fit nowhere wait on, and are tried again when what is added might help. In the order of
  /// their first attempts; then the pods that are not attempted, for their gates or the scheduler they name.
  std::vector<Placement> place();

  [[nodiscard]] ClusterView view() const { return {state_, now_}; }

 private:
  void fact(event::Payload payload);
  void add(model::Object object, base::Diagnostics& errors);
  void take(const Decision& decision, Placement& out);
  [[nodiscard]] std::string name(PodId pod) const;
  [[nodiscard]] std::string kept_out(PodId pod) const;

  state::ClusterState state_;
  SimTime now_;
  Scheduler scheduler_;
};

}  // namespace wavetank::schedule
