#pragma once
// What a pod's volumes keep it waiting for, in a sentence.

#include <string>

#include "engine/state/view.h"

namespace wavetank::project {

/// "its volume pvc-1 (claim data) lies in zone b, and none of the 2 nodes there can take it"; empty: nothing.
std::string volume_trouble(event::PodId pod, const state::ClusterView& view);

}  // namespace wavetank::project
