#pragma once
// Replay: folding a journal's events into the state they led to. Needs no plugins, no randomness, no rules.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/log/journal.h"
#include "engine/state/cluster_state.h"

namespace wavetank::log {

/// The state after the last event whose time is ≤ `time`; the empty state before the first. Starts from the nearest
/// snapshot that loads: O(snapshot + events since). Error: as Journal::scan.
base::Result<state::ClusterState> state_at(const Journal& journal, base::SimTime time);
/// The state after event `seq`; 0 is the empty state. Error also when the journal has no such event.
base::Result<state::ClusterState> state_at(const Journal& journal, base::Seq seq);

/// What verify() went through.
struct Verification {
  Position end;
  std::uint64_t digest = 0;   ///< state::digest of the fold.
  std::size_t snapshots = 0;  ///< So many were compared with the fold.
};

/// Reads the whole journal: every segment, the chain of hashes, the fold; compares each snapshot with the fold at its
/// place and, if given, the fold's digest with `expected` (that of the live state). Error: all that is wrong. O(events
/// + snapshots · state).
base::Result<Verification> verify(const Journal& journal, std::optional<std::uint64_t> expected = std::nullopt);

/// Where two journals part.
struct Difference {
  base::Seq seq = 0;                        ///< The first event that is not the same in both.
  std::optional<event::Event> left, right;  ///< Missing where a journal ends.
};

/// Compares by the chain of hashes: O(log events) segments are read. nullopt: the same events, bit for bit.
base::Result<std::optional<Difference>> first_difference(const Journal& left, const Journal& right);

}  // namespace wavetank::log
