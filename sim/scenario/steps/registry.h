#pragma once
// All steps of the timeline, by name.

#include <span>

#include "sim/scenario/steps/step.h"

namespace wavetank::scenario {

/// Sorted by name.
std::span<const StepInfo> steps();
const StepInfo* find_step(std::string_view name);

}  // namespace wavetank::scenario
