#pragma once
// Inside the room: the tables of autoscalers, see quantities.h.

#include "sim/scenario/quantities.h"

namespace wavetank::scenario {

ObjectKind hpa_quantities();
ObjectKind vpa_quantities();

}  // namespace wavetank::scenario
