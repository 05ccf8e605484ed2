#pragma once
// The journal: a run's append-only, ordered facts. engine/log has the in-memory one, runtime/store the SQLite one.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/event.h"

namespace wavetank::log {

/// Where a journal stands: the last event and the hash chain over all encoded events up to it.
/// chain(0) = 0; chain(n) = XXH3(encoded bytes of event n, seed = chain(n−1)). Does not depend on segmentation.
struct Position {
  base::Seq seq = 0;
  base::SimTime time;
  std::uint64_t fingerprint = 0;
  bool operator==(const Position&) const = default;
};

class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  virtual ~Journal() = default;

  /// Appends the next event: event.seq must be position().seq + 1 and times must not go back. May block while the
  /// writer is behind (back-pressure). Storage errors are kept and come out of flush().
  virtual void append(const event::Event& event) = 0;
  /// Makes everything appended so far durable and tells of any storage error since.
  virtual base::Result<void> flush() = 0;
  [[nodiscard]] virtual Position position() const = 0;

  /// Calls `visit` for the events with from ≤ seq ≤ to in order, until it returns false. Sees only flushed events.
  /// Error: the damaged segment, what was wrong, and up to which event the journal can be read.
  virtual base::Result<void> scan(base::Seq from, base::Seq to,
                                  const std::function<bool(const event::Event&)>& visit) const = 0;

  /// The position after event `seq` (0: before the first), found and checked without decoding events. Errors as in
  /// scan(), and when the journal has no such event.
  [[nodiscard]] virtual base::Result<Position> position_at(base::Seq seq) const = 0;
  /// The position after the last event whose time is ≤ `time`.
  [[nodiscard]] virtual base::Result<Position> position_at(base::SimTime time) const = 0;

  /// Small named values beside the events: the scenario, its files, the options (what re-execution needs).
  virtual void put_meta(std::string_view key, std::string_view value) = 0;
  [[nodiscard]] virtual std::string meta(std::string_view key) const = 0;  ///< "" when missing.
  [[nodiscard]] virtual std::vector<std::string> meta_keys() const = 0;    ///< Sorted.

  /// A snapshot of the state after event `seq` (state::save's bytes). A cache: may be dropped.
  virtual void put_snapshot(Position at, const std::vector<std::uint8_t>& body) = 0;
  /// The latest snapshot whose time is ≤ `time` and version fits; false when there is none.
  virtual bool find_snapshot(base::SimTime time, Position& at, std::vector<std::uint8_t>& body) const = 0;
};

}  // namespace wavetank::log
