#include "engine/log/segment.h"

#include <catch2/catch.hpp>

#include "engine/log/memory_journal.h"
#include "tests/support/event_maker.h"

using namespace wavetank;
using namespace wavetank::log;
using event::Event;

namespace {

constexpr auto kKinds = static_cast<std::size_t>(event::EventKind::Count);

Bytes segment_of(const std::vector<Event>& events) {
  SegmentBuilder builder;
  for (const Event& e : events) builder.append(e);
  return builder.take();
}

std::vector<Event> read_all(const Segment& segment) {
  std::vector<Event> events;
  const auto whole = visit_events(segment, 1, segment.header.last(), [&events](const Event& e) {
    events.push_back(e);
    return true;
  });
  REQUIRE(whole);
  return events;
}

}  // namespace

TEST_CASE("every kind of event with random field values is read as it was written") {
  const auto seed = GENERATE(range<std::uint64_t>(1, 21));
  const std::vector<Event> written = support::random_events(seed, 4 * kKinds);
  const Bytes bytes = segment_of(written);
  const auto segment = split_segment(bytes);
  REQUIRE(segment);
  REQUIRE(check_chain(*segment).empty());
  const std::vector<Event> read = read_all(*segment);
  REQUIRE(read.size() == written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    INFO("seed " << seed << ", event " << i + 1 << ", " << event::kind_name(written[i].kind()));
    REQUIRE(read[i].seq == written[i].seq);
    REQUIRE(read[i].time == written[i].time);
    REQUIRE(read[i].cause == written[i].cause);
    REQUIRE(read[i].kind() == written[i].kind());
    REQUIRE(support::bytes_of(read[i]) == support::bytes_of(written[i]));
  }
}

TEST_CASE("the segment's bytes are as the grammar says") {
  SegmentBuilder builder;
  builder.append({1, base::SimTime{300}, 0, event::MachineDown{event::NodeId(4U)}});
  builder.append({2, base::SimTime{301}, 1, event::MachineUp{event::NodeId(4U)}});
  const std::uint64_t fingerprint = builder.position().fingerprint;
  const Bytes bytes = builder.take();
  const Bytes events = {6, 6, 1, 0xac, 0x02, 0, 5,  // length, tag, version, dt 300, no cause, node 4
                        5, 7, 1, 1,    1,    5};    // length, tag, version, dt 1, cause one back, node 4
  const std::uint64_t first = base::hash_bytes(events.data(), 7, 0);
  CHECK(fingerprint == base::hash_bytes(events.data() + 7, 6, first));
  Bytes header(SegmentHeader::kBytes);
  header[24] = 2;  // after.seq
  header[32] = 0x2d, header[33] = 0x01;
  for (unsigned i = 0; i < 8; ++i) header[40 + i] = static_cast<std::uint8_t>(fingerprint >> (8 * i));
  header[48] = 13;
  CHECK(Bytes(bytes.begin(), bytes.begin() + SegmentHeader::kBytes) == header);
  CHECK(Bytes(bytes.begin() + SegmentHeader::kBytes, bytes.end()) == events);
}

TEST_CASE("the fingerprint does not depend on where segments are cut") {
  const std::vector<Event> events = support::random_events(7, 500);
  SegmentBuilder whole;
  for (const Event& e : events) whole.append(e);
  for (const std::uint32_t limit : {1U, 2U, 3U, 7U, 100U, 499U, 500U, 501U}) {
    MemoryJournal journal({limit, 1U << 20});
    for (const Event& e : events) journal.append(e);
    INFO("segments of " << limit);
    CHECK(journal.segments().size() == 500 / limit);
    CHECK(journal.position() == whole.position());
    CHECK(journal.position_at(base::Seq{250}).value() == [&events] {
      SegmentBuilder half;
      for (std::size_t i = 0; i < 250; ++i) half.append(events[i]);
      return half.position();
    }());
  }
}

TEST_CASE("a segment ends at its limit of events or of bytes") {
  SegmentBuilder by_events({}, {3, 1U << 20});
  SegmentBuilder by_bytes({}, {1000, 500});
  base::Seq seq = 0;
  const auto small = [&seq] { return Event{++seq, {}, 0, event::MachineUp{event::NodeId(1U)}}; };
  CHECK_FALSE(by_events.append(small()));
  CHECK_FALSE(by_events.append(small()));
  CHECK(by_events.append(small()));
  const Event large{1, {}, 0, event::RequestMade{"kubectl", std::string(5000, 'x')}};
  CHECK(by_bytes.append(large));  // may be larger than the limit, but then it is the last
  CHECK(split_segment(by_bytes.take()).value().header.count() == 1);
  CHECK(by_bytes.empty());
  CHECK(by_bytes.position().seq == 1);
}

TEST_CASE("a flip of any bit of a segment is seen") {
  const Bytes good = segment_of(support::random_events(3, 2 * kKinds));
  const auto fault = [](const Bytes& bytes, const Position& before) -> std::string {
    const auto segment = split_segment(bytes);
    if (!segment) return segment.error();
    if (segment->header.before != before) return "before";
    return check_chain(*segment);
  };
  REQUIRE(fault(good, {}).empty());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[at] ^= static_cast<std::uint8_t>(1U << bit);
      INFO("byte " << at << ", bit " << bit);
      REQUIRE_FALSE(fault(bad, {}).empty());
    }
  }
}

TEST_CASE("a segment cut anywhere is seen") {
  const Bytes good = segment_of(support::random_events(3, kKinds));
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(size << " of " << good.size() << " bytes");
    REQUIRE_FALSE(split_segment(ByteSpan(good).first(size)));
  }
}

TEST_CASE("events of a kind or version that is not known are refused, not misread") {
  struct Row {
    const char* what;
    Bytes event;
  };
  const Row rows[] = {
      {"unknown tag", {5, 120, 1, 0, 0, 5}},          {"newer version", {5, 7, 2, 0, 0, 5}},
      {"payload too long", {6, 7, 1, 0, 0, 5, 5}},    {"payload missing", {4, 7, 1, 0, 0}},
      {"cause before the first", {5, 7, 1, 0, 2, 5}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Segment segment;
    segment.events = row.event;
    segment.header.after = {1, {}, base::hash_bytes(row.event.data(), row.event.size(), 0)};
    segment.header.size = row.event.size();
    REQUIRE(check_chain(segment).empty());
    const auto read = visit_events(segment, 1, 1, [](const Event&) { return true; });
    REQUIRE_FALSE(read);
    CHECK(read.error() == "event 1 is of a kind or version unknown to this program");
  }
}
