#include "engine/control/registry.h"

#include "engine/control/controllers.h"

namespace wavetank::control {

std::vector<std::unique_ptr<Controller>> make_controllers(const Settings& settings) {
  static_cast<void>(settings);
  std::vector<std::unique_ptr<Controller>> all;
  all.push_back(make_replica_set_controller());
  all.push_back(make_deployment_controller());
  return all;
}

}  // namespace wavetank::control
