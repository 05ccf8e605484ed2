#pragma once
// Segments: some thousand encoded events in one piece, the unit in which a journal is kept, checked and read.
//
//   segment = header event*
//   header  = before after size:u64                    56 bytes; all numbers little endian
//   before  = position                                 of the event before the first one (all 0 in the first segment)
//   after   = position                                 of the last event
//   position = seq:u64 time:i64 fingerprint:u64        time in ns
//   event   = as engine/event/codec.h says, the first one coded against before.time; `size` bytes of them all
//
// Neighbours join: after of one is before of the next. The chain of hashes runs over the encoded events alone, so the
// fingerprint of a run does not depend on where segments were cut.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/assert.h"
#include "engine/base/codec.h"
#include "engine/base/hash.h"
#include "engine/event/codec.h"
#include "engine/log/journal.h"

namespace wavetank::log {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;
using Visitor = std::function<bool(const event::Event&)>;

struct SegmentHeader {
  Position before, after;
  std::uint64_t size = 0;  ///< Of the events, in bytes.

  static constexpr std::size_t kBytes = 56;
  [[nodiscard]] base::Seq first() const { return before.seq + 1; }
  [[nodiscard]] base::Seq last() const { return after.seq; }
  [[nodiscard]] std::uint64_t count() const { return after.seq - before.seq; }
  bool operator==(const SegmentHeader&) const = default;
};

/// A segment is full when it reaches one of them. A single event may be larger than `bytes`.
struct SegmentLimits {
  std::uint32_t events = 4096;
  std::uint32_t bytes = 256 * 1024;
};

/// No segment is larger; a header that says so is damaged. (An event holds at most one document.)
inline constexpr std::uint64_t kMaxSegmentBytes = std::uint64_t{1} << 30;

/// Encodes events one after the other and keeps the chain. Allocates nothing once its buffers have grown.
class SegmentBuilder {
 public:
  explicit SegmentBuilder(Position at = {}, SegmentLimits limits = {});

  /// Adds the next event: its seq must be position().seq + 1. True when the segment is now full.
  bool append(const event::Event& event) {
    WT_ASSERT(event.seq == header_.after.seq + 1, "events are appended in the order of their numbers");
    const std::size_t start = buffer_.size();
    event::encode(event, header_.after.time, buffer_);
    const std::size_t size = buffer_.size() - start;
    header_.after = {event.seq, event.time, base::hash_bytes(buffer_.data() + start, size, header_.after.fingerprint)};
    return header_.count() >= limits_.events || buffer_.size() >= limits_.bytes;
  }
  [[nodiscard]] bool empty() const { return header_.count() == 0; }
  [[nodiscard]] const Position& position() const { return header_.after; }
  [[nodiscard]] SegmentHeader header() const;
  [[nodiscard]] ByteSpan events() const { return ByteSpan(buffer_).subspan(SegmentHeader::kBytes); }

  /// The finished segment; the next one begins in `spare`, whose contents go and whose room is used again.
  Bytes take(Bytes spare = {});

 private:
  void begin();

  SegmentLimits limits_;
  SegmentHeader header_;
  Bytes buffer_;
};

/// A segment to read: what its header says and where its events lie.
struct Segment {
  SegmentHeader header;
  ByteSpan events;
};

template <class T>
using OrFault = tl::expected<T, std::string>;  ///< Or what is wrong, in words that do not say where.

/// Takes the header off. Checks only that the sizes agree. O(1).
OrFault<Segment> split_segment(ByteSpan bytes);

/// Walks over encoded events and the chain without reading payloads: some nanoseconds an event.
class ChainWalk {
 public:
  ChainWalk(const Position& before, ByteSpan events) : at_(before), rest_(events.data(), events.size()) {}

  /// Goes over one event; false at the end, and when there is no event there: then ok() is false.
  bool next();
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] const Position& position() const { return at_; }

 private:
  Position at_;
  base::Reader rest_;
  bool ok_ = true;
};

/// Whether the events are as many, as late and of that chain as the header says. "" or what is wrong. O(bytes).
std::string check_chain(const Segment& segment);

/// Decodes the events with from ≤ seq ≤ to for `visit`, until it returns false: then the result is false too. Check the
/// chain first: what fails here is an event of a kind or version that this program does not know.
OrFault<bool> visit_events(const Segment& segment, base::Seq from, base::Seq to, const Visitor& visit);

}  // namespace wavetank::log
