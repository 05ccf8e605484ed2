#pragma once
// Events as bytes. Grammar (varint, zigzag: engine/base/codec.h):
//
//   event   = length:varint body            length of body in bytes
//   body    = tag:varint version:varint dt:varint back:varint payload
//   dt      = time − time of the event before, in ns       (never negative)
//   back    = 0 for no cause, else seq − cause             (≥ 1)
//   payload = the struct's fields in the order of its WT_FIELDS
//
// seq is not written: events are consecutive. The first event of a segment is coded against the segment header's base
// time.

#include <cstdint>
#include <vector>

#include "engine/base/codec.h"
#include "engine/event/event.h"

namespace wavetank::event {

/// Appends `event`, coded against the time of the one before. O(bytes).
void encode(const Event& event, base::SimTime previous, std::vector<std::uint8_t>& out);

/// Reads one event that has number `seq`; false (and reader.ok() false) when the bytes are not an event. Old payload
/// versions are lifted. Never reads past the reader's end.
bool decode(base::Reader& reader, base::Seq seq, base::SimTime previous, Event& out);

}  // namespace wavetank::event
