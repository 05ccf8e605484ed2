#pragma once
// All admission rules: a command and the state it meets become facts or a refusal. Pure: no clock but view.now(), no
// randomness but draws that are functions of the run's seed and the subject.

#include <optional>
#include <vector>

#include "engine/command/command.h"
#include "engine/event/event.h"
#include "engine/state/view.h"

namespace wavetank::decide {

/// The facts that a command leads to, in order. Reused: cleared by decide().
using Facts = std::vector<event::Payload>;

/// Appends the facts to `facts`, or returns the refusal with `facts` empty. No facts and no refusal: it is already so.
/// Facts of one command are applied together; a fact may name a row that an earlier one of the same command makes.
std::optional<command::Rejection> decide(const state::ClusterView& view, const command::Command& command, Facts& facts);

}  // namespace wavetank::decide
