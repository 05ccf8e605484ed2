#pragma once
// As much of KubeSchedulerConfiguration as the golden cases use, without validation.

#include "engine/model/doc.h"
#include "engine/schedule/profile.h"

namespace wavetank::conformance {

schedule::Profile read_profile(const model::Doc& config);

}  // namespace wavetank::conformance
