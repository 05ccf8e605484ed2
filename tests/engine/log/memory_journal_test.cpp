#include "engine/log/memory_journal.h"

#include <catch2/catch.hpp>

#include "tests/support/event_maker.h"

using namespace wavetank;
using namespace wavetank::log;
using event::Event;

namespace {

MemoryJournal& fill(MemoryJournal& journal, const std::vector<Event>& events) {
  for (const Event& e : events) journal.append(e);
  return journal;
}

std::vector<base::Seq> scanned(const Journal& journal, base::Seq from, base::Seq to) {
  std::vector<base::Seq> seqs;
  REQUIRE(journal.scan(from, to, [&seqs](const Event& e) {
    seqs.push_back(e.seq);
    return true;
  }));
  return seqs;
}

std::string scan_error(const Journal& journal, base::Seq from, base::Seq to) {
  const auto result = journal.scan(from, to, [](const Event&) { return true; });
  return result ? "" : base::to_text(result.error());
}

}  // namespace

TEST_CASE("a scan gives just the events asked for") {
  MemoryJournal journal({10, 1U << 20});
  fill(journal, support::random_events(1, 95));
  struct Row {
    base::Seq from, to, first, count;
  };
  const Row rows[] = {
      {1, 95, 1, 95}, {1, 1, 1, 1},     {10, 11, 10, 2}, {11, 20, 11, 10}, {91, 95, 91, 5}, {95, 95, 95, 1},
      {0, 3, 1, 3},   {90, 200, 90, 6}, {96, 200, 0, 0}, {20, 10, 0, 0},   {0, 0, 0, 0},
  };
  for (const Row& row : rows) {
    INFO(row.from << " to " << row.to);
    const auto seqs = scanned(journal, row.from, row.to);
    REQUIRE(seqs.size() == row.count);
    for (std::size_t i = 0; i < seqs.size(); ++i) REQUIRE(seqs[i] == row.first + i);
  }
}

TEST_CASE("a scan stops when the visitor has had enough") {
  MemoryJournal journal({10, 1U << 20});
  fill(journal, support::random_events(1, 95));
  base::Seq last = 0;
  REQUIRE(journal.scan(5, 95, [&last](const Event& e) { return (last = e.seq) < 33; }));
  CHECK(last == 33);
}

TEST_CASE("a place in time is after the last event by then") {
  MemoryJournal journal({2, 1U << 20});
  for (base::Seq seq = 1; const std::int64_t s : {1, 1, 1, 2, 5, 5, 9}) {
    journal.append({seq++, base::SimTime{s}, 0, event::MachineUp{event::NodeId(1U)}});
  }
  struct Row {
    std::int64_t time;
    base::Seq seq;
  };
  for (const Row& row : {Row{0, 0}, {1, 3}, {2, 4}, {3, 4}, {4, 4}, {5, 6}, {6, 6}, {8, 6}, {9, 7}, {1000, 7}}) {
    INFO("time " << row.time);
    const auto place = journal.position_at(base::SimTime{row.time});
    REQUIRE(place);
    CHECK(place->seq == row.seq);
    CHECK(place->fingerprint == journal.position_at(row.seq).value().fingerprint);
  }
  CHECK(base::to_text(journal.position_at(base::Seq{8}).error()) == "there is no event 8");
}

TEST_CASE("damage names the segment, its events, and what can be read before it") {
  MemoryJournal journal({10, 1U << 20});
  std::vector<Event> events;
  for (base::Seq seq = 1; seq <= 35; ++seq) {
    events.push_back(
        {seq, base::SimTime{static_cast<std::int64_t>(seq) * 1'000'000'000}, 0, event::MachineUp{event::NodeId(1U)}});
  }
  fill(journal, events);
  SECTION("a flipped bit in the events of the third") {
    journal.segments()[2].back() ^= 1;
    for (const base::Seq from : {1, 15, 21, 30}) {
      const std::string error = scan_error(journal, from, 35);
      CHECK_THAT(error, Catch::Matchers::StartsWith("damaged segment 3 (events 21–30): chain "));
      CHECK_THAT(error, Catch::Matchers::EndsWith("; readable up to event 20 at 00:00:20"));
    }
    CHECK(scanned(journal, 1, 20).size() == 20);
    CHECK(scanned(journal, 31, 35).size() == 5);
  }
  SECTION("in the first") {
    journal.segments()[0].back() ^= 1;
    CHECK_THAT(scan_error(journal, 1, 5), Catch::Matchers::StartsWith("damaged segment 1 (events 1–10): chain ") &&
                                              Catch::Matchers::EndsWith("; nothing is readable"));
  }
  SECTION("one is missing") {
    journal.segments().erase(journal.segments().begin() + 1);
    CHECK_THAT(scan_error(journal, 1, 35),
               Catch::Matchers::StartsWith(
                   "damaged segment 2 (events 21–30): does not join the one before: that ends with event 10,"));
  }
  SECTION("cut") {
    journal.segments()[2].resize(60);
    CHECK(scan_error(journal, 1, 35) ==
          "damaged segment 3 (events from 21): the header tells of 100 bytes of events, there are 4; readable up to "
          "event 20 at "
          "00:00:20");
  }
}

TEST_CASE("the latest snapshot by a time is found") {
  MemoryJournal journal;
  Position at;
  Bytes body;
  CHECK_FALSE(journal.find_snapshot(base::SimTime::never(), at, body));
  journal.put_snapshot({20, base::SimTime{200}, 1}, {2});
  journal.put_snapshot({10, base::SimTime{100}, 1}, {1});
  journal.put_snapshot({21, base::SimTime{200}, 1}, {3});
  struct Row {
    std::int64_t time;
    base::Seq seq;
  };
  for (const Row& row : {Row{99, 0}, {100, 10}, {199, 10}, {200, 21}, {5000, 21}}) {
    INFO("time " << row.time);
    CHECK(journal.find_snapshot(base::SimTime{row.time}, at, body) == (row.seq != 0));
    if (row.seq != 0) CHECK(at.seq == row.seq);
  }
}

TEST_CASE("meta values come back, keys sorted") {
  MemoryJournal journal;
  journal.put_meta("seed", "1");
  journal.put_meta("options", "a");
  journal.put_meta("seed", "2");
  CHECK(journal.meta("seed") == "2");
  CHECK(journal.meta("none").empty());
  CHECK(journal.meta_keys() == std::vector<std::string>{"options", "seed"});
}
