// What the words of time mean, on hand-made rows of events: "+2 -5" is a node that is cordoned at 2 s and uncordoned at
// 5 s.
#include <catch2/catch.hpp>

#include <charconv>

#include "sim/scenario/expectation.h"

using namespace wavetank;
using namespace wavetank::scenario;

namespace {

struct Change {
  base::SimTime at;
  bool cordoned = false;
};

std::vector<Change> changes(std::string_view text) {
  std::vector<Change> out;
  while (!text.empty()) {
    int second = 0;
    const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + text.size(), second);
    REQUIRE(error == std::errc());
    out.push_back({{base::seconds(second).ns}, text[0] == '+'});
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
  return out;
}

// Runs a row of events past one expectation up to `end`; "kept at 5s", "broken at 2s", "undecided at 10s".
std::string judge(const Expectation& e, std::string_view events, int end_s, bool cut) {
  state::ClusterState state;
  const std::vector<Expectation> all = {e};
  Judge judge(all);
  base::Seq seq = 0;
  const auto happen = [&](base::SimTime at, event::Payload payload) {
    const event::Event event{++seq, at, 0, std::move(payload)};
    state::evolve(state, event);
    judge.observe(event, {state, at});
  };
  happen({}, event::RunStarted{"test", "0", 1, 1, 0});
  happen({}, event::ObjectCreated{model::Kind::Node, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}})"});
  std::vector<Verdict> verdicts;
  const base::SimTime end{base::seconds(end_s).ns};
  const std::vector<Change> row = changes(events);
  std::size_t next = 0;
  base::SimTime now;
  for (;;) {
    while (next < row.size() && row[next].at == now)
      happen(now, event::NodeCordoned{event::NodeId(0U), row[next++].cordoned});
    judge.settle({state, now}, verdicts);
    if (now >= end) break;
    now = std::min({next < row.size() ? row[next].at : end, judge.next_deadline(), end});
  }
  judge.finish({state, now}, cut, verdicts);
  REQUIRE(verdicts.size() == 1);
  const char* const words[] = {"kept", "broken", "undecided"};
  return std::string(words[static_cast<int>(verdicts[0].outcome)]) + " at " +
         base::format_duration(verdicts[0].at - base::SimTime{});
}

}  // namespace

TEST_CASE("always, never, eventually, at") {
  struct Row {
    Expectation::Mode mode;
    int from;
    int to;  ///< -1: the end of the run.
    int lasting;
    const char* events;
    const char* verdict;  ///< Of a run of 10 s.
  };
  constexpr auto kAlways = Expectation::Mode::Always;
  constexpr auto kNever = Expectation::Mode::Never;
  constexpr auto kEventually = Expectation::Mode::Eventually;
  constexpr auto kAt = Expectation::Mode::At;
  // clang-format off
  const Row rows[] = {
      // mode       from to  for  events           verdict
      {kAlways,      0, -1, 0, "+0",             "kept at 10s"},
      {kAlways,      0, -1, 0, "",               "broken at 0s"},
      {kAlways,      0, -1, 0, "+0 -4",          "broken at 4s"},
      {kAlways,      0, -1, 0, "+0 -4 +4",       "kept at 10s"},    // a moment is looked at when all of it has happened
      {kAlways,      2, -1, 0, "+1",             "kept at 10s"},    // before the window it does not matter
      {kAlways,      2, -1, 0, "+3",             "broken at 2s"},   // the window's first moment counts, though nothing happens then
      {kAlways,      2,  6, 0, "+1 -7",          "kept at 6s"},
      {kAlways,      2,  6, 0, "+1 -6",          "broken at 6s"},   // its last moment counts, too
      {kAlways,      2, 20, 0, "+1",             "broken at 10s"},  // not seen to the end
      {kAlways,     12, -1, 0, "+1",             "broken at 10s"},  // never looked at is not kept
      {kNever,       0, -1, 0, "",               "kept at 10s"},
      {kNever,       0, -1, 0, "+3 -4",          "broken at 3s"},
      {kNever,       4,  6, 0, "+3 -4 +7",       "kept at 6s"},
      {kNever,       4,  6, 0, "+3 -5",          "broken at 4s"},
      {kEventually,  0, -1, 0, "+7",             "kept at 7s"},
      {kEventually,  0, -1, 0, "",               "broken at 10s"},
      {kEventually,  0,  5, 0, "+5",             "kept at 5s"},
      {kEventually,  0,  5, 0, "+6",             "broken at 5s"},
      {kEventually,  3,  5, 0, "+1 -2",          "broken at 5s"},   // it held, but before the window
      {kEventually,  3,  5, 0, "+1 -4",          "kept at 3s"},     // it holds when the window begins
      {kEventually,  0,  5, 3, "+1 -2 +3",       "kept at 6s"},     // a first time too short, a second long enough
      {kEventually,  0,  5, 3, "+5",             "kept at 8s"},     // began within the window
      {kEventually,  0,  5, 3, "+5 -7",          "broken at 7s"},
      {kEventually,  0,  5, 3, "+1 -2 +6",       "broken at 5s"},
      {kEventually,  0, -1, 3, "+8",             "broken at 10s"},  // the run ended before it had lasted
      {kAt,          5,  5, 0, "+5",             "kept at 5s"},
      {kAt,          5,  5, 0, "+4 -5",          "broken at 5s"},
      {kAt,          5,  5, 0, "+6",             "broken at 5s"},
      {kAt,         12, 12, 0, "+1",             "broken at 10s"},
  };
  // clang-format on
  std::vector<ExpressionProblem> problems;
  const Expression cordoned = parse_expression("node/n1 cordoned", problems);
  REQUIRE(problems.empty());
  for (const Row& row : rows) {
    Expectation e;
    e.mode = row.mode;
    e.expression = cordoned;
    e.from = {base::seconds(row.from).ns};
    if (row.to >= 0) e.to = base::SimTime{base::seconds(row.to).ns};
    e.lasting = base::seconds(row.lasting);
    CAPTURE(e.text(), row.events);
    CHECK(judge(e, row.events, 10, false) == row.verdict);
  }
}

TEST_CASE("a run that is cut short leaves open what it did not see") {
  struct Row {
    const char* expression;
    Expectation::Mode mode;
    int from, to;
    const char* verdict;
  };
  const Row rows[] = {
      {"node/n1 cordoned", Expectation::Mode::At, 12, 12, "undecided at 10s"},
      {"node/n1 cordoned", Expectation::Mode::Eventually, 0, 12, "undecided at 10s"},
      {"not node/n1 cordoned", Expectation::Mode::Always, 0, 12, "undecided at 10s"},
      {"not node/n1 cordoned", Expectation::Mode::Always, 0, -1, "kept at 10s"},
      {"node/n1 cordoned", Expectation::Mode::Always, 0, 12, "broken at 0s"},
  };
  for (const Row& row : rows) {
    std::vector<ExpressionProblem> problems;
    Expectation e;
    e.mode = row.mode;
    e.expression = parse_expression(row.expression, problems);
    e.from = {base::seconds(row.from).ns};
    if (row.to >= 0) e.to = base::SimTime{base::seconds(row.to).ns};
    CAPTURE(e.text());
    CHECK(judge(e, "", 10, true) == row.verdict);
  }
}

TEST_CASE("events are counted from the beginning of the window") {
  struct Row {
    const char* expression;
    Expectation::Mode mode;
    int from;
    const char* events;
    const char* verdict;
  };
  const Row rows[] = {
      {"event NodeCordoned count == 2", Expectation::Mode::Eventually, 0, "+1 -2", "kept at 2s"},
      {"event NodeCordoned count == 2", Expectation::Mode::Eventually, 2, "+1 -2", "broken at 10s"},
      {"event NodeCordoned count > 0", Expectation::Mode::Never, 3, "+1 -2", "kept at 10s"},
      {"event NodeCordoned(name=n1) count == 1", Expectation::Mode::Eventually, 0, "+1", "kept at 1s"},
      {"event NodeCordoned(name=n2) count == 1", Expectation::Mode::Eventually, 0, "+1", "broken at 10s"},
  };
  for (const Row& row : rows) {
    std::vector<ExpressionProblem> problems;
    Expectation e;
    e.mode = row.mode;
    e.expression = parse_expression(row.expression, problems);
    REQUIRE(problems.empty());
    e.from = {base::seconds(row.from).ns};
    CAPTURE(e.text(), row.events);
    CHECK(judge(e, row.events, 10, false) == row.verdict);
  }
}
