#pragma once
// Inside the room: the tables of claims and volumes, see quantities.h.

#include "sim/scenario/quantities.h"

namespace wavetank::scenario {

ObjectKind claim_quantities();
ObjectKind volume_quantities();
SetKind claim_set_quantities();
SetKind volume_set_quantities();

}  // namespace wavetank::scenario
