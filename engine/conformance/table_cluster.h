#pragma once
// A cluster that a table's row states by facts: no loop, no world. Inside the room only.

#include <string>

#include "engine/control/controllers.h"
#include "engine/decide/decide.h"
#include "engine/state/view.h"

namespace wavetank::conformance {

class TableCluster {
 public:
  TableCluster();
  [[nodiscard]] state::ClusterView view() const { return {state, now}; }
  void fact(event::Payload payload);
  /// Creates the object; it must be valid.
  void apply(const std::string& json);
  /// Deployment "d" of template {app: d}; row 0.
  void add_deployment(std::int32_t replicas);
  /// One sync of Deployment row 0.
  const control::Plan& sync_deployment();

  state::ClusterState state;
  base::SimTime now;

 private:
  control::Plan plan_;
};

}  // namespace wavetank::conformance
