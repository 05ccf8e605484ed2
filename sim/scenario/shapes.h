#pragma once
// The field tables of the scenario file, top to bottom. See fields.h.

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/loop/control_plane.h"
#include "sim/scenario/fields.h"

namespace wavetank::scenario {

const Shape& scenario_shape();
const Shape& manifest_shape();
const Shape& timeline_shape();
const Shape& expectation_shape();

/// One parameter of the control plane: a field of the model and where its value goes. Values: nanoseconds, whole
/// numbers, thousandths (Amount), millionths (Share).
struct ControlParameter {
  Field field;
  void (*set)(loop::Settings& settings, std::int64_t value);
};
std::span<const ControlParameter> control_parameters();
const Shape& control_plane_shape();
const Shape& scheduler_shape();
const Shape& scheduler_config_shape();

}  // namespace wavetank::scenario
