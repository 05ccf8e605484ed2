#pragma once
// One event as `kubectl get events` shows it.

#include <string>

#include "engine/project/narrate.h"

namespace wavetank::project {

struct KubeEvent {
  bool warning = false;
  std::string reason, message;
  Ref object;
  std::string source;  ///< "default-scheduler", "kubelet, n1"
  Duration ago{};      ///< It was so long before the fact: pulling an image is told when it is there.
};

}  // namespace wavetank::project
