#pragma once
// Reading a journal that lies somewhere in segments: the one way from bytes to events for every kind of journal.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "engine/log/segment.h"

namespace wavetank::log {

/// Where segments lie, numbered 1 … count() in the order of their events.
class SegmentSource {
 public:
  SegmentSource() = default;
  SegmentSource(const SegmentSource&) = delete;
  SegmentSource& operator=(const SegmentSource&) = delete;
  virtual ~SegmentSource() = default;

  [[nodiscard]] virtual std::size_t count() const = 0;
  /// The header alone, as cheaply as can be; need not be checked.
  [[nodiscard]] virtual OrFault<SegmentHeader> header(std::size_t number) const = 0;
  /// The segment; it may lie in `room` and is valid as long as that is. The source checks what it wrote beside the
  /// segment (a checksum, a copy of the header), not the chain.
  [[nodiscard]] virtual OrFault<Segment> segment(std::size_t number, Bytes& room) const = 0;
  /// The journal's name for messages; "" for none.
  [[nodiscard]] virtual std::string name() const = 0;
};

// Each segment is checked whole, chain and joint with the one before, before any of its events is shown. Errors read
//   damaged segment 3 (events 8193–12288): chain …; readable up to event 8192 at 00:00:12.500

/// As Journal::scan. O(segments bisected · header + events from the start of the first segment).
base::Result<void> scan(const SegmentSource& source, base::Seq from, base::Seq to, const Visitor& visit);

/// As Journal::position_at.
base::Result<Position> position_at(const SegmentSource& source, base::Seq seq);
base::Result<Position> position_at(const SegmentSource& source, base::SimTime time);

/// What can be read of a journal.
struct Extent {
  Position end;              ///< The last event that is sound, as are all before it.
  std::size_t segments = 0;  ///< So many are sound.
  std::string damage;        ///< What ends it, as in the errors above; "" if nothing does.
};
/// Checks segments from the first on, without decoding payloads. O(bytes).
Extent readable_extent(const SegmentSource& source);

}  // namespace wavetank::log
