// Node pressure: thresholds, conditions, ranks and words, as tables.
#include "sim/world/pressure.h"

#include <catch2/catch.hpp>

using namespace wavetank;
using namespace wavetank::world;
using base::seconds;
using base::SimTime;

namespace {

constexpr std::int64_t kMi = 1LL << 20;
SimTime at(std::int64_t s) { return {s * 1'000'000'000}; }

Observations memory(std::int64_t available_mi) {
  Observations seen{};
  seen[0] = {available_mi * kMi, 1000 * kMi, true};
  return seen;
}

std::vector<Threshold> thresholds(const char* hard, const char* soft = "", const char* grace = "",
                                  const char* reclaim = "") {
  auto read = parse_thresholds(hard, soft, grace, reclaim);
  INFO((read ? std::string() : base::to_text(read.error())));
  REQUIRE(read.has_value());
  return *read;
}

}  // namespace

TEST_CASE("Thresholds are read as the kubelet's flags are") {
  const auto all = thresholds("nodefs.available<10%,memory.available<100Mi, nodefs.inodesFree<5%,imagefs.available<15%",
                              "memory.available<30%", "memory.available=1m30s", "memory.available=500Mi");
  REQUIRE(all.size() == 5);
  CHECK(signal_name(all[0].signal) == "memory.available");
  CHECK(all[0].value.of(0).text() == "100Mi");
  CHECK(all[0].hard());
  CHECK(all[0].min_reclaim->of(0).text() == "500Mi");
  CHECK(signal_name(all[1].signal) == "nodefs.available");
  CHECK(all[1].value.of(100'000).value() == 10'000);
  CHECK(all[4].grace == seconds(90));

  CHECK(thresholds("memory.available<0%,nodefs.available<100%").empty());
  CHECK(thresholds("").empty());

  struct Row {
    const char *hard, *soft, *grace, *reclaim, *error;
  };
  for (const Row row : {
           Row{"disk.available<1Gi", "", "", "", "unsupported eviction signal disk.available"},
           Row{"memory.available<-1Mi", "", "", "", "eviction threshold memory.available must be positive: -1Mi"},
           Row{"memory.available<101%", "", "", "",
               "eviction percentage threshold memory.available must be <= 100%: 101%"},
           Row{"memory.available=1Mi", "", "", "",
               "\"memory.available=1Mi\": expected signal<value, as in memory.available<100Mi"},
           Row{"", "memory.available<1Gi", "", "",
               "grace period must be specified for the soft eviction threshold memory.available"},
           Row{"", "memory.available<1Gi", "memory.available=-1s", "",
               "invalid eviction grace period specified: -1s, must be a positive value"},
           Row{"memory.available<1Gi", "", "", "memory.available=0%",
               "eviction percentage minimum reclaim memory.available must be >= 0%: 0%"},
       }) {
    const auto read = parse_thresholds(row.hard, row.soft, row.grace, row.reclaim);
    INFO(row.error);
    REQUIRE(!read.has_value());
    CHECK(read.error().front().message == row.error);
  }
}

TEST_CASE("A hard threshold acts at once; the condition stays for five minutes after it was last seen") {
  const auto t = thresholds("memory.available<100Mi");
  PressureMemory m;
  CHECK(look(m, t, memory(100), at(0), seconds(300)).acting.empty());  // less than, not as much as
  Look l = look(m, t, memory(99), at(10), seconds(300));
  CHECK(l.acting == std::vector<std::size_t>{0});
  CHECK(l.conditions[0]);
  l = look(m, t, memory(500), at(20), seconds(300));
  CHECK(l.acting.empty());
  CHECK(l.conditions[0]);
  CHECK(look(m, t, memory(500), at(300), seconds(300)).conditions[0]);
  CHECK(!look(m, t, memory(500), at(310), seconds(300)).conditions[0]);
}

TEST_CASE("A soft threshold acts after its grace period without a break; the condition is set at once") {
  const auto t = thresholds("", "memory.available<200Mi", "memory.available=1m");
  PressureMemory m;
  Look l = look(m, t, memory(150), at(0), seconds(300));
  CHECK(l.acting.empty());
  CHECK(l.conditions[0]);
  CHECK(look(m, t, memory(150), at(50), seconds(300)).acting.empty());
  CHECK(look(m, t, memory(250), at(55), seconds(300)).acting.empty());  // a break: it counts anew
  CHECK(look(m, t, memory(150), at(60), seconds(300)).acting.empty());
  CHECK(look(m, t, memory(150), at(110), seconds(300)).acting.empty());
  CHECK(look(m, t, memory(150), at(120), seconds(300)).acting.size() == 1);
}

TEST_CASE("Once acted on, a threshold is met until its minimum reclaim is there too") {
  const auto t = thresholds("memory.available<100Mi", "", "", "memory.available=200Mi");
  PressureMemory m;
  CHECK(look(m, t, memory(150), at(0), seconds(300)).acting.empty());
  CHECK(look(m, t, memory(50), at(10), seconds(300)).acting.size() == 1);
  CHECK(look(m, t, memory(299), at(20), seconds(300)).acting.size() == 1);
  CHECK(look(m, t, memory(300), at(30), seconds(300)).acting.empty());
  CHECK(look(m, t, memory(150), at(40), seconds(300)).acting.empty());
}

TEST_CASE("Memory comes before disk, whatever the order of thresholds") {
  const auto t = thresholds("memory.available<100Mi,nodefs.available<10%");
  PressureMemory m;
  Observations seen = memory(50);
  seen[1] = {5, 100, true};
  CHECK(look(m, t, seen, at(0), seconds(300)).acting == std::vector<std::size_t>{0, 1});
  seen[0].available = 500 * kMi;
  CHECK(look(m, t, seen, at(10), seconds(300)).acting == std::vector<std::size_t>{1});
}

TEST_CASE("Ranks: above the request first, then lower priority, then the larger excess, then the younger") {
  const auto order = [](Signal signal, std::vector<PodUse> pods) {
    rank(signal, pods);
    std::string out;
    for (const PodUse& p : pods) out += static_cast<char>('a' + p.pod.value);
    return out;
  };
  using event::PodId;
  const std::vector<PodUse> pods = {
      {PodId(0U), 0, 900, 1000},     // a: below its request
      {PodId(1U), 100, 5000, 1000},  // b: much above, but important
      {PodId(2U), 0, 1100, 1000},    // c: 100 above
      {PodId(3U), 0, 400, 0},        // d: 400 above nothing
      {PodId(4U), -5, 10, 100},      // e: unimportant, below
      {PodId(5U), 0, 1100, 1000},    // f: as c, younger
  };
  CHECK(order(Signal::MemoryAvailable, pods) == "dfcbea");
  CHECK(order(Signal::NodeFsAvailable, pods) == "dfcbea");
  CHECK(order(Signal::PidAvailable, pods) == "efcadb");
}

TEST_CASE("The message is Kubernetes'") {
  const auto t = thresholds("memory.available<100Mi,nodefs.available<10%");
  Observations seen{};
  seen[0] = {79632 * 1024, 1000 * kMi, true};
  seen[1] = {5 * kMi, 100 * kMi, true};
  const auto q = [](const char* text) { return *base::Quantity::parse(text); };
  CHECK(eviction_message(t, {0}, seen, {{"app", 512 * kMi, q("128Mi")}, {"side", 10 * kMi, q("32Mi")}}) ==
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 79632Ki. Container app was using "
        "512Mi, request is 128Mi, has larger consumption of memory. ");
  CHECK(eviction_message(t, {1}, seen, {{"app", 7 * kMi, q("0")}}) ==
        "The node was low on resource: ephemeral-storage. Threshold quantity: 10Mi, available: 5Mi. Container app was "
        "using 7Mi, request is 0, has larger consumption of ephemeral-storage. ");
}

TEST_CASE("The kernel weighs memory and oom_score_adj") {
  CHECK(badness(100 * kMi, 1000, 1000 * kMi) > badness(1000 * kMi, -997, 1000 * kMi));
  CHECK(badness(300 * kMi, 900, 1000 * kMi) > badness(100 * kMi, 1000, 1000 * kMi));
}
