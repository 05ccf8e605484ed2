#pragma once
// What VolumeBinding does between Reserve and Bind: it writes what was decided, then looks once a second whether the
// claims are bound, until bindTimeoutSeconds have passed. Pure functions; the loop has the calls and the timers.
// Source: pkg/scheduler/framework/plugins/volumebinding/binder.go (bindAPIUpdate, checkBindings).

#include <string>

#include "engine/command/command.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::loop {

/// The API calls of a decision: one a volume that is bound, one a claim for which a volume is to be made.
[[nodiscard]] inline std::size_t volume_calls(const schedule::Decision& decision) {
  return decision.volumes.bind.size() + decision.volumes.provision.size();
}
/// The call number `index`. A call whose object has gone, or a volume that is another claim's by now, is refused by
/// volume_conflict().
command::Payload volume_call(const schedule::Decision& decision, std::size_t index, const state::ClusterView& view);
/// Why the API server would not take the call; empty when it would.
std::string volume_conflict(const schedule::Decision& decision, std::size_t index, const state::ClusterView& view);

enum class Bindings : std::uint8_t { Bound, Waiting, Failed };
/// Whether all claims of the decision are bound; `why` says why they will not be.
Bindings check_bindings(const schedule::Decision& decision, const state::ClusterView& view, std::string& why);

/// Between two looks at the claims (wait.PollUntilContextTimeout with a second).
inline constexpr base::Duration kVolumePoll = base::seconds(1);

/// The message of an attempt that ended in PreBind.
std::string prebind_message(const std::string& why);

}  // namespace wavetank::loop
