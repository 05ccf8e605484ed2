#pragma once
// The scale subresource of what an autoscaler names.

#include <string>
#include <string_view>

#include "engine/state/view.h"

namespace wavetank::control {

struct Scale {
  std::string error;  ///< Not empty: there is none, in the API server's words.
  event::Ref object;
  std::int32_t replicas = 0, status_replicas = 0;
  const model::LabelSelector* selector = nullptr;  ///< Of the state: valid as long as the view.
};

/// O(1).
Scale scale_of(const model::ScaleTarget& target, std::string_view ns, const state::ClusterView& view);

}  // namespace wavetank::control
