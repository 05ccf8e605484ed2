#include "engine/log/segment_source.h"

#include <fmt/format.h>

namespace wavetank::log {

namespace {

/// The message for a segment that cannot be read; `before`: the end of what is sound, when that is known.
std::string damage_text(const SegmentSource& source, std::size_t number, const std::optional<Position>& before,
                        const std::string& fault) {
  const OrFault<SegmentHeader> header = source.header(number);
  std::optional<Position> sound = before;
  if (!sound && number > 1) {
    if (const OrFault<SegmentHeader> previous = source.header(number - 1)) sound = previous->after;
  }
  std::string text = fmt::format("damaged segment {}", number);
  if (header && header->first() <= header->last()) {
    text += fmt::format(" (events {}–{})", header->first(), header->last());
  } else if (sound) {
    text += fmt::format(" (events from {})", sound->seq + 1);
  }
  text += ": " + fault;
  if (sound && sound->seq > 0) {
    text += fmt::format("; readable up to event {} at {}", sound->seq, base::format_time(sound->time));
  } else if (number == 1) {
    text += "; nothing is readable";
  }
  return text;
}

tl::unexpected<base::Diagnostics> damaged(const SegmentSource& source, std::size_t number,
                                          const std::optional<Position>& before, const std::string& fault) {
  return base::failure(base::Diagnostic{source.name(), {}, damage_text(source, number, before, fault)});
}

/// Segment `number`, sound and joined to `before`.
OrFault<Segment> sound_segment(const SegmentSource& source, std::size_t number, const std::optional<Position>& before,
                               Bytes& room) {
  OrFault<Segment> segment = source.segment(number, room);
  if (!segment) return segment;
  if (before && segment->header.before != *before) {
    return tl::unexpected(
        fmt::format("does not join the one before: that ends with event {}, chain {:016x}; this follows event {}, "
                    "chain {:016x}",
                    before->seq, before->fingerprint, segment->header.before.seq, segment->header.before.fingerprint));
  }
  if (std::string fault = check_chain(*segment); !fault.empty()) return tl::unexpected(std::move(fault));
  return segment;
}

/// The first segment of which `wanted` (monotone in the number) holds, count() + 1 if none.
template <class F>
base::Result<std::size_t> first_segment(const SegmentSource& source, F&& wanted) {
  std::size_t low = 1, high = source.count() + 1;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const OrFault<SegmentHeader> header = source.header(middle);
    if (!header) return damaged(source, middle, std::nullopt, header.error());
    if (wanted(*header)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// The search trusts headers unread, and a damaged one may mislead it. So whoever uses its result reads a segment beside
// the place and compares; then the damage is found where it lies.

/// The segment that holds event `seq`, or the damaged one that hides it; count() + 1 if the journal ends before.
base::Result<std::size_t> segment_of(const SegmentSource& source, base::Seq seq) {
  auto number = first_segment(source, [seq](const SegmentHeader& h) { return h.last() >= seq; });
  if (!number || *number == 1) return number;
  if (*number <= source.count()) {
    const OrFault<SegmentHeader> header = source.header(*number);
    if (header && header->before.seq >= seq) --*number;
    return number;
  }
  Bytes room;
  const OrFault<Segment> last = sound_segment(source, source.count(), std::nullopt, room);
  if (!last) return source.count();
  return number;
}

/// The last segment that begins by `time`, or the damaged one that hides it; 0 before the first.
base::Result<std::size_t> segment_by(const SegmentSource& source, base::SimTime time) {
  if (time.ns < 0) return 0;
  const auto later = first_segment(source, [time](const SegmentHeader& h) { return h.before.time > time; });
  if (!later) return later;
  if (*later > source.count()) return source.count();
  Bytes room;
  const OrFault<Segment> segment = sound_segment(source, *later, std::nullopt, room);
  return segment ? *later - 1 : *later;
}

/// The place in segment `number` before the first event of which `beyond` holds; the segment's end if there is none.
template <class F>
base::Result<Position> walk_to(const SegmentSource& source, std::size_t number, F&& beyond) {
  Bytes room;
  std::optional<Position> before;
  if (number == 1) before = Position{};
  const OrFault<Segment> segment = sound_segment(source, number, before, room);
  if (!segment) return damaged(source, number, before, segment.error());
  ChainWalk walk(segment->header.before, segment->events);
  Position at = walk.position();
  while (walk.next() && !beyond(walk.position())) at = walk.position();
  return at;
}

}  // namespace

base::Result<void> scan(const SegmentSource& source, base::Seq from, base::Seq to, const Visitor& visit) {
  const auto start = segment_of(source, from);
  if (!start) return tl::unexpected(start.error());
  std::optional<Position> before;
  if (*start == 1) before = Position{};
  Bytes room;
  for (std::size_t number = *start; number <= source.count(); ++number) {
    if (before && before->seq >= to) return {};
    const OrFault<Segment> segment = sound_segment(source, number, before, room);
    if (!segment) return damaged(source, number, before, segment.error());
    const OrFault<bool> more = visit_events(*segment, from, to, visit);
    if (!more) return damaged(source, number, before, more.error());
    if (!*more) return {};
    before = segment->header.after;
  }
  return {};
}

base::Result<Position> position_at(const SegmentSource& source, base::Seq seq) {
  if (seq == 0) return Position{};
  const auto number = segment_of(source, seq);
  if (!number) return tl::unexpected(number.error());
  if (*number > source.count()) {
    return base::failure(base::Diagnostic{source.name(), {}, fmt::format("there is no event {}", seq)});
  }
  return walk_to(source, *number, [seq](const Position& p) { return p.seq > seq; });
}

base::Result<Position> position_at(const SegmentSource& source, base::SimTime time) {
  const auto number = segment_by(source, time);
  if (!number) return tl::unexpected(number.error());
  if (*number == 0) return Position{};
  return walk_to(source, *number, [time](const Position& p) { return p.time > time; });
}

Extent readable_extent(const SegmentSource& source) {
  Extent extent;
  Bytes room;
  for (std::size_t number = 1; number <= source.count(); ++number) {
    const OrFault<Segment> segment = sound_segment(source, number, extent.end, room);
    if (!segment) {
      extent.damage = damage_text(source, number, extent.end, segment.error());
      return extent;
    }
    extent.end = segment->header.after;
    extent.segments = number;
  }
  return extent;
}

}  // namespace wavetank::log
