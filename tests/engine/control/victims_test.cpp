// What the order of victims reads.
#include <catch2/catch.hpp>

#include "engine/control/victims.h"

using namespace wavetank;

TEST_CASE("Deletion cost is read as Kubernetes reads it") {
  struct Row {
    const char* text;
    std::int32_t cost;
  };
  for (const Row& r : {Row{"0", 0}, Row{"-100", -100}, Row{"2147483647", 2147483647}, Row{"2147483648", 0},
                       Row{"+1", 0}, Row{"01", 0}, Row{"", 0}, Row{"-", 0}, Row{"1.5", 0}, Row{"12a", 0}}) {
    INFO(r.text);
    CHECK(control::parse_deletion_cost(r.text) == r.cost);
  }
}

TEST_CASE("Of pods that are alike but for their age the gates decide") {
  // a became ready 1000 s ago, b 900 s: one power of two, so that 1.34 looks at UIDs and 1.20 at the times.
  const base::SimTime now{base::seconds(2000).ns};
  control::Candidate a, b;
  a.pod = event::PodId(std::size_t{0});
  b.pod = event::PodId(std::size_t{1});
  a.ready = b.ready = true;
  a.ready_s = 1000;
  b.ready_s = 1100;
  a.uid = 1;
  b.uid = 2;
  const auto first = [&](control::VictimRules rules) {
    std::vector<control::Candidate> pods{a, b};
    control::order_victims(pods, now, rules);
    return pods[0].pod.value;
  };
  CHECK(first({}) == 0);
  CHECK(first({true, false}) == 1);
  a.cost = 5;
  CHECK(first({}) == 1);
  CHECK(first({false, true}) == 0);
}

TEST_CASE("Each criterion of the order of victims, the weightier first") {
  // Two pods that differ in one thing, and in the next less weighty thing the other way round: the first of them goes.
  const base::SimTime now{base::seconds(100'000).ns};
  const auto pod = [](auto change) {
    control::Candidate c;
    c.assigned = c.ready = true;
    c.phase = 2;
    c.ready_s = c.created_s = 50'000;
    change(c);
    return c;
  };
  using C = control::Candidate;
  struct Row {
    const char* what;
    C goes, stays;
  };
  const std::vector<Row> rows = {
      {"without a node", pod([](C& c) { c.assigned = false; }), pod([](C& c) { c.phase = 0; })},
      {"not running", pod([](C& c) { c.phase = 0; }), pod([](C& c) { c.ready = false; })},
      {"not ready", pod([](C& c) { c.ready = false, c.cost = 9; }), pod([](C& c) { c.cost = -9; })},
      {"of the least deletion cost", pod([](C& c) { c.cost = -1; }), pod([](C& c) { c.rank = 5; })},
      {"on the most crowded node", pod([](C& c) { c.rank = 2; }), pod([](C& c) { c.rank = 1, c.ready_s = 99'000; })},
      {"ready for the shortest power of two", pod([](C& c) { c.ready_s = 99'000; }), pod([](C& c) { c.restarts = 7; })},
      {"started again most often", pod([](C& c) { c.restarts = 2; }),
       pod([](C& c) { c.restarts = 1, c.sidecar_restarts = 9; })},
      {"whose sidecars started again most often", pod([](C& c) { c.sidecar_restarts = 2; }),
       pod([](C& c) { c.sidecar_restarts = 1, c.created_s = 99'000; })},
      {"created last, by powers of two", pod([](C& c) { c.created_s = 99'000, c.uid = 9; }),
       pod([](C& c) { c.uid = 1; })},
      {"of the least UID", pod([](C& c) { c.uid = 1; }), pod([](C& c) { c.uid = 2; })},
  };
  for (const Row& r : rows) {
    INFO(r.what);
    for (const bool swapped : {false, true}) {
      std::vector<C> both{r.goes, r.stays};
      both[0].pod = event::PodId(std::size_t{0});
      both[1].pod = event::PodId(std::size_t{1});
      if (swapped) std::swap(both[0], both[1]);
      control::order_victims(both, now, {});
      CHECK(both[0].pod.value == 0);
    }
  }
}
