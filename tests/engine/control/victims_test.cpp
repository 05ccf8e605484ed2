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
