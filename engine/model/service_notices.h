#pragma once
// Warnings about Services and Ingresses that an API server would take and nobody would ever answer.

#include <string>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::model {

/// Of all the objects that belong together: Services whose selector takes no pod, or whose named port no pod names;
/// Ingresses without a class, or that lead to a Service or port that is not here. A sentence each.
/// O(Services × workloads).
std::vector<std::string> service_notices(const std::vector<Object>& objects);

}  // namespace wavetank::model
