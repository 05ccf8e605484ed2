#pragma once
// Tables of quantities.cpp that have a file of their own.

#include "sim/scenario/quantities.h"

namespace wavetank::scenario {

ObjectKind stateful_sets();
ObjectKind daemon_sets();
ObjectKind namespaces();

}  // namespace wavetank::scenario
