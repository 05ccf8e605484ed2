#include "engine/log/segment.h"

#include <fmt/format.h>

#include <utility>

namespace wavetank::log {

namespace {

void write_u64(std::uint8_t* out, std::uint64_t v) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(v >> (8 * i));
}
std::uint64_t read_u64(const std::uint8_t* in) {
  std::uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v |= static_cast<std::uint64_t>(in[i]) << (8 * i);
  return v;
}

void write_position(std::uint8_t* out, const Position& p) {
  write_u64(out, p.seq);
  write_u64(out + 8, static_cast<std::uint64_t>(p.time.ns));
  write_u64(out + 16, p.fingerprint);
}
Position read_position(const std::uint8_t* in) {
  return {read_u64(in), {static_cast<std::int64_t>(read_u64(in + 8))}, read_u64(in + 16)};
}

}  // namespace

SegmentBuilder::SegmentBuilder(Position at, SegmentLimits limits) : limits_(limits) {
  header_.after = at;
  begin();
}

void SegmentBuilder::begin() {
  header_.before = header_.after;
  buffer_.clear();
  buffer_.reserve(limits_.bytes + limits_.bytes / 8);
  buffer_.resize(SegmentHeader::kBytes);
}

SegmentHeader SegmentBuilder::header() const {
  SegmentHeader header = header_;
  header.size = events().size();
  return header;
}

Bytes SegmentBuilder::take(Bytes spare) {
  write_position(buffer_.data(), header_.before);
  write_position(buffer_.data() + 24, header_.after);
  write_u64(buffer_.data() + 48, events().size());
  Bytes done = std::exchange(buffer_, std::move(spare));
  begin();
  return done;
}

OrFault<Segment> split_segment(ByteSpan bytes) {
  if (bytes.size() < SegmentHeader::kBytes) {
    return tl::unexpected(fmt::format("{} bytes cannot hold the header of {}", bytes.size(), SegmentHeader::kBytes));
  }
  Segment segment;
  segment.header = {read_position(bytes.data()), read_position(bytes.data() + 24), read_u64(bytes.data() + 48)};
  segment.events = bytes.subspan(SegmentHeader::kBytes);
  if (segment.header.size != segment.events.size()) {
    return tl::unexpected(fmt::format("the header tells of {} bytes of events, there are {}", segment.header.size,
                                      segment.events.size()));
  }
  const Position& before = segment.header.before;
  const Position& after = segment.header.after;
  if (before.time.ns < 0 || before.time > after.time || before.seq > after.seq ||
      after.seq - before.seq > segment.header.size) {  // an event takes at least a byte
    return tl::unexpected(std::string("the header contradicts itself"));
  }
  return segment;
}

bool ChainWalk::next() {
  if (rest_.at_end()) return false;
  const std::uint8_t* const start = rest_.position();
  const std::uint64_t length = rest_.varint();
  ok_ = rest_.ok() && length <= rest_.left();
  if (!ok_) return false;
  base::Reader body(rest_.position(), length);
  rest_.skip(length);
  body.varint();  // tag
  body.varint();  // version
  const std::uint64_t dt = body.varint();
  ok_ = body.ok() &&
        dt <= static_cast<std::uint64_t>(base::SimTime::never().ns) - static_cast<std::uint64_t>(at_.time.ns);
  if (!ok_) return false;
  ++at_.seq;
  at_.time.ns += static_cast<std::int64_t>(dt);
  at_.fingerprint = base::hash_bytes(start, static_cast<std::size_t>(rest_.position() - start), at_.fingerprint);
  return true;
}

std::string check_chain(const Segment& segment) {
  const SegmentHeader& header = segment.header;
  ChainWalk walk(header.before, segment.events);
  while (walk.next()) {
  }
  const Position& end = walk.position();
  if (!walk.ok()) return fmt::format("what follows event {} is not an event", end.seq);
  if (end.seq != header.after.seq) {
    return fmt::format("the header tells of events {}–{}, the last one here is {}", header.first(), header.last(),
                       end.seq);
  }
  if (end.fingerprint != header.after.fingerprint) {
    return fmt::format("chain {:016x} instead of {:016x}", end.fingerprint, header.after.fingerprint);
  }
  if (end.time != header.after.time) {
    return fmt::format("ends at {} instead of {}", base::format_time(end.time), base::format_time(header.after.time));
  }
  return {};
}

OrFault<bool> visit_events(const Segment& segment, base::Seq from, base::Seq to, const Visitor& visit) {
  base::Reader reader(segment.events.data(), segment.events.size());
  base::Seq seq = segment.header.before.seq;
  base::SimTime time = segment.header.before.time;
  event::Event event;
  while (!reader.at_end() && seq < to) {
    ++seq;
    if (!event::decode(reader, seq, time, event)) {
      return tl::unexpected(fmt::format("event {} is of a kind or version unknown to this program", seq));
    }
    time = event.time;
    if (seq >= from && !visit(event)) return false;
  }
  return true;
}

}  // namespace wavetank::log
