#include "engine/log/replay.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/log/memory_journal.h"
#include "engine/log/snapshotter.h"

using namespace wavetank;
using namespace wavetank::log;
using event::Event;

namespace {

/// A run of five nodes that are cordoned and uncordoned every second, journalled and folded as it goes.
class Run {
 public:
  explicit Run(MemoryJournal& journal, base::Seq snapshot_every = 1000)
      : journal_(&journal), snapshots_(journal, snapshot_every) {
    fact(event::RunStarted{"test", "0", 1, 1, 0});
    for (int n = 1; n <= 5; ++n) {
      fact(event::ObjectCreated{
          model::Kind::Node,
          fmt::format(R"({{"apiVersion":"v1","kind":"Node","metadata":{{"name":"n{}"}},"spec":{{}}}})", n)});
    }
  }
  Run& cordon_until(base::Seq last, std::string_view odd_one_out = "") {
    while (state.last_seq < last) {
      const auto n = static_cast<std::uint32_t>(state.last_seq);
      now_ = now_ + base::seconds(1);
      if (state.last_seq == 41 && !odd_one_out.empty()) {
        fact(event::FaultInjected{std::string(odd_one_out), "node n1"});
      } else {
        fact(event::NodeCordoned{event::NodeId(n % 5), n % 2 == 0});
      }
    }
    return *this;
  }

  state::ClusterState state;

 private:
  void fact(event::Payload payload) {
    const Event event{state.last_seq + 1, now_, 0, std::move(payload)};
    journal_->append(event);
    state::evolve(state, event);
    snapshots_.observe(event, state::ClusterView(state, now_));
  }

  MemoryJournal* journal_;
  Snapshotter snapshots_;
  base::SimTime now_;
};

std::uint64_t digest_at(base::Seq seq) {
  MemoryJournal journal;
  return state::digest(Run(journal).cordon_until(seq).state);
}

}  // namespace

TEST_CASE("the state of any moment is the fold up to there, with snapshots or without") {
  MemoryJournal journal({16, 1U << 20});
  const base::Seq every = GENERATE(base::Seq{1000}, base::Seq{20}, base::Seq{1});
  Run run(journal, every);
  run.cordon_until(100);
  for (const base::Seq seq : {0, 1, 6, 7, 19, 20, 21, 64, 99, 100}) {
    INFO("event " << seq << ", a snapshot every " << every);
    const auto by_seq = state_at(journal, base::Seq{seq});
    REQUIRE(by_seq);
    CHECK(by_seq->last_seq == seq);
    if (seq < 6) continue;  // the first six have one time
    CHECK(state::digest(*by_seq) == digest_at(seq));
    const auto by_time = state_at(journal, base::SimTime{base::seconds(static_cast<std::int64_t>(seq) - 6).ns});
    REQUIRE(by_time);
    CHECK(state::digest(*by_time) == state::digest(*by_seq));
    const auto between =
        state_at(journal, base::SimTime{base::milliseconds((static_cast<std::int64_t>(seq) - 6) * 1000 + 999).ns});
    REQUIRE(between);
    CHECK(between->last_seq == seq);
  }
  CHECK(base::to_text(state_at(journal, base::Seq{101}).error()) == "there is no event 101");
  CHECK(state_at(journal, base::SimTime::never()).value().last_seq == 100);
}

TEST_CASE("a snapshot that cannot be read is passed over") {
  MemoryJournal journal;
  Run run(journal);
  run.cordon_until(50);
  journal.put_snapshot(journal.position_at(base::Seq{30}).value(), {1, 2, 3});
  CHECK(state::digest(state_at(journal, base::Seq{40}).value()) == digest_at(40));
}

TEST_CASE("verify goes through events, snapshots and the state given") {
  MemoryJournal journal({16, 1U << 20});
  Run run(journal, 20);
  run.cordon_until(100);
  const auto error = [&journal](std::optional<std::uint64_t> digest = std::nullopt) {
    const auto verified = verify(journal, digest);
    return verified ? "" : base::to_text(verified.error());
  };
  const auto verified = verify(journal, state::digest(run.state));
  REQUIRE(verified);
  CHECK(verified->end == journal.position());
  CHECK(verified->digest == state::digest(run.state));
  CHECK(verified->snapshots == 5);

  SECTION("another state") {
    CHECK_THAT(error(5), Catch::Matchers::Contains("is not the state given (0000000000000005)"));
  }
  SECTION("a snapshot of another moment") {
    Bytes body;
    state::save(run.state, body);
    journal.put_snapshot(journal.position_at(base::Seq{50}).value(), body);
    CHECK(error() == "the snapshot after event 50 is not the fold of the events up to there");
  }
  SECTION("a snapshot of another history") {
    Position at = journal.position_at(base::Seq{50}).value();
    Bytes body;
    state::save(state_at(journal, base::Seq{50}).value(), body);
    at.fingerprint ^= 1;
    journal.put_snapshot(at, body);
    CHECK_THAT(error(),
               Catch::Matchers::StartsWith("the snapshot after event 50 was taken in another history: chain "));
  }
  SECTION("an unreadable snapshot") {
    journal.put_snapshot(journal.position_at(base::Seq{50}).value(), {1, 2, 3});
    CHECK(error() == "the snapshot after event 50 cannot be read");
  }
  SECTION("a damaged segment") {
    journal.segments()[3].back() ^= 1;
    CHECK_THAT(error(), Catch::Matchers::StartsWith("damaged segment 4 (events 49–64): chain "));
  }
}

TEST_CASE("two journals are compared to the first event that differs") {
  struct Row {
    const char* what;
    base::Seq left, right;
    const char* fault;  ///< Right has this as event 42; "": the same as left.
    base::Seq differs;  ///< 0: nowhere.
  };
  const Row rows[] = {
      {"the same", 100, 100, "", 0},         {"one longer", 100, 97, "", 98},
      {"the other longer", 97, 100, "", 98}, {"an event differs", 100, 100, "x", 42},
      {"and lengths too", 100, 50, "x", 42}, {"at the end", 42, 42, "x", 42},
      {"cut before it", 41, 100, "x", 42},   {"only the six at the start", 6, 6, "", 0},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    MemoryJournal left({16, 1U << 20}), right({7, 1U << 20});
    Run(left).cordon_until(row.left);
    Run(right).cordon_until(row.right, row.fault);
    const auto difference = first_difference(left, right);
    REQUIRE(difference);
    REQUIRE(difference->has_value() == (row.differs != 0));
    if (row.differs == 0) continue;
    CHECK((*difference)->seq == row.differs);
    CHECK((*difference)->left.has_value() == (row.left >= row.differs));
    CHECK((*difference)->right.has_value() == (row.right >= row.differs));
  }
}

TEST_CASE("snapshots are kept as often as asked, and never of a state that is behind the journal") {
  MemoryJournal journal;
  Snapshotter snapshots(journal, 10);
  state::ClusterState state;
  const auto event = [&](base::Seq seq) { return Event{seq, {}, 0, event::FaultInjected{"x", "y"}}; };
  for (base::Seq seq = 1; seq <= 30; seq += 3) {  // batches of three, appended before they are folded
    for (base::Seq s = seq; s < seq + 3; ++s) journal.append(event(s));
    for (base::Seq s = seq; s < seq + 3; ++s) {
      state::evolve(state, event(s));
      snapshots.observe(event(s), state::ClusterView(state, {}));
    }
  }
  CHECK(snapshots.kept() == 2);  // after 12 and 24
  Position at;
  Bytes body;
  REQUIRE(journal.find_snapshot(base::SimTime::never(), at, body));
  CHECK(at.seq == 24);
  CHECK(at == journal.position_at(base::Seq{24}).value());
}
