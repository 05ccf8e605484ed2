#pragma once
// Enumerators by the names that Kubernetes gives them.

#include <string_view>

#include "engine/event/payloads.h"

namespace wavetank::event {

/// status.phase
std::string_view name_of(Phase phase);
/// state.waiting.reason
std::string_view name_of(WaitingReason reason);

}  // namespace wavetank::event
