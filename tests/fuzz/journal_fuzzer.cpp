// Bytes as a segment: whatever they are, reading them ends, and what is read can be written and read again.

#include <cstdint>

#include "engine/base/assert.h"
#include "engine/log/segment.h"

using namespace wavetank;

namespace {

/// Reads events as they stand, whatever the chain says.
void read_events(const log::Segment& segment) {
  log::SegmentBuilder again(segment.header.before);
  const auto read = log::visit_events(segment, 0, segment.header.last(), [&again](const event::Event& event) {
    again.append(event);
    return true;
  });
  if (!read) return;
  const log::Bytes bytes = again.take();
  const auto copy = log::split_segment(bytes);
  WT_ASSERT(copy && log::check_chain(*copy).empty(), "what was read is written as a sound segment");
  base::Seq seq = segment.header.before.seq;
  const auto reread = log::visit_events(*copy, 0, copy->header.last(),
                                        [&seq](const event::Event& event) { return event.seq == ++seq; });
  WT_ASSERT(reread && *reread && seq == copy->header.last(), "and all of it is read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // As a whole segment…
  if (const auto segment = log::split_segment({data, size})) {
    static_cast<void>(log::check_chain(*segment));
    read_events(*segment);
  }
  // …and as the events of one, with a header that fits.
  log::Segment bare;
  bare.events = {data, size};
  bare.header.size = size;
  bare.header.after.seq = size;
  static_cast<void>(log::check_chain(bare));
  read_events(bare);
  return 0;
}
