// The driver: when a run ends, in what order things happen, that a run can be executed again from its journal.
#include <catch2/catch.hpp>

#include "engine/log/memory_journal.h"
#include "engine/log/replay.h"
#include "sim/scenario/simulation.h"
#include "tests/sim/scenario/support.h"

using namespace wavetank;
using namespace wavetank::scenario;
using namespace wavetank::scenario::test;

namespace {

Scenario loaded(const std::string& text) {
  MemoryFiles files;
  add_files(files, text);
  auto s = load_scenario("dir/s.yaml", files);
  INFO(errors_of(s));
  REQUIRE(s.has_value());
  return std::move(*s);
}

std::string head(std::string_view rest) {
  std::string text(kHead);
  text.erase(text.find("until: 10m\n"));
  return text + std::string(rest);
}

RunResult run(const Scenario& s, log::Journal& journal, const Options& options = {}) {
  Simulation simulation(s, options, journal);
  auto result = simulation.run();
  REQUIRE(result.has_value());
  return std::move(*result);
}

std::vector<event::Event> events_of(const log::Journal& journal, event::KindMask kinds) {
  std::vector<event::Event> out;
  REQUIRE(journal.scan(1, journal.position().seq, [&](const event::Event& e) {
    if ((event::mask(e.kind()) & kinds) != 0) out.push_back(e);
    return true;
  }));
  return out;
}

std::string requests(const log::Journal& journal) {
  std::string out;
  for (const event::Event& e : events_of(journal, event::mask_of(event::EventKind::RequestMade))) {
    out += base::format_duration(e.time - base::SimTime{}) + " " + std::get<event::RequestMade>(e.payload).text + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a run ends at until, or when it has become quiet") {
  struct Row {
    const char* rest;
    RunResult::End end;
    const char* at;  ///< "" where it depends on when the last pod became ready.
  };
  const Row rows[] = {
      {"until: 3m\n", RunResult::End::Until, "3m"},
      {"quiet: 1m\ntimeline: [{at: 10m, note: x}]\n", RunResult::End::Quiet, "11m"},
      {"quiet: 1m\nexpectations: [{at: 20m, expr: pods ready == 3}]\n", RunResult::End::Quiet, "20m"},
      {"quiet: 1m\ntimeline: [{at: 5m, every: 1m, times: 3, note: x}]\n", RunResult::End::Quiet, "8m"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rest);
    log::MemoryJournal journal;
    const RunResult result = run(loaded(head(row.rest)), journal);
    CHECK(result.end == row.end);
    CHECK(base::format_duration(result.time - base::SimTime{}) == row.at);
    CHECK(result.all_kept());
  }
}

TEST_CASE("a run can be made shorter, with another seed, or stopped") {
  const Scenario s =
      loaded(head("until: 30m\nexpectations: [{always: nodes count == 3}, {at: 20m, expr: pods ready == 3}]\n"));
  log::MemoryJournal journal;
  Options options;
  options.until = base::minutes(2);
  options.seed = 5;
  const RunResult result = run(s, journal, options);
  CHECK(result.time.ns == base::minutes(2).ns);
  CHECK(result.expectations.at(0).outcome == Verdict::Outcome::Kept);
  CHECK(result.expectations.at(1).outcome == Verdict::Outcome::Undecided);
  const auto started = events_of(journal, event::mask_of(event::EventKind::RunStarted));
  CHECK(std::get<event::RunStarted>(started.at(0).payload).seed == 5);

  log::MemoryJournal stopped;
  Simulation simulation(s, {}, stopped);
  const auto cut = simulation.run([](base::SimTime, std::uint64_t) { return false; });
  REQUIRE(cut.has_value());
  CHECK(cut->end == RunResult::End::Stopped);
  CHECK(cut->expectations.at(1).outcome == Verdict::Outcome::Undecided);
}

TEST_CASE("what a client asks for is journalled as a person would type it") {
  const Scenario s = loaded(head(R"(until: 5m
timeline:
  - at: 1m
    scale: {target: deployment/web, replicas: 4}
  - at: 1m
    set-image: {target: "deployment/*", image: "example/web:2"}
  - after: 30s
    cordon: n1
  - after: 30s
    delete: pod/missing
  - after: 0s
    note: enough
)"));
  log::MemoryJournal journal;
  run(s, journal);
  CHECK(requests(journal) ==
        "0s cluster of 3 nodes\n"
        "0s kubectl apply -f web.yaml\n"
        "1m kubectl scale deployment/web --replicas=4\n"
        "1m kubectl set image deployment/web *=example/web:2\n"
        "1m30s kubectl cordon n1\n"
        "2m kubectl delete pod/missing\n"
        "2m note: enough\n");
  const auto refused = events_of(journal, event::mask_of(event::EventKind::RequestRefused));
  REQUIRE(refused.size() == 1);
  CHECK(std::get<event::RequestRefused>(refused[0].payload).reason == "NotFound");
}

TEST_CASE("drain evicts as the budget allows, and tries again every 5 s") {
  std::string text = head(R"(  - inline:
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata: {name: web}
      spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}
until: 5m
timeline:
  - at: 1m
    drain: n1
  - at: 2m
    scale: {target: deployment/web, replicas: 4}
expectations:
  - at: 119s
    expr: node/n1 pods == 1
  - eventually: node/n1 pods == 0
    from: 2m
    within: 90s
  - always: pods(app=web) ready >= 3
    from: 1m
)");
  log::MemoryJournal journal;
  const RunResult result = run(loaded(text), journal);
  for (const ExpectationResult& e : result.expectations) {
    CAPTURE(e.text, e.detail);
    CHECK(e.outcome == Verdict::Outcome::Kept);
  }
  // The refusal of the first try is there to be read, those of the next ones say the same.
  const auto refused = events_of(journal, event::mask_of(event::EventKind::RequestRefused));
  REQUIRE(refused.size() == 1);
  CHECK(std::get<event::RequestRefused>(refused[0].payload).reason == "TooManyRequests");
  // The eviction follows from the request.
  base::Seq drain = 0;
  for (const event::Event& e : events_of(journal, event::mask_of(event::EventKind::RequestMade))) {
    if (std::get<event::RequestMade>(e.payload).text.starts_with("kubectl drain n1 ")) drain = e.seq;
  }
  bool evicted = false;
  for (const event::Event& e : events_of(journal, event::mask_of(event::EventKind::PodDeletionStarted))) {
    if (std::get<event::PodDeletionStarted>(e.payload).reason != event::DeletionReason::Evicted) continue;
    evicted = true;
    CHECK(e.cause == drain);
    CHECK((e.time - base::SimTime{base::minutes(1).ns}).ns % base::seconds(5).ns == 0);
  }
  CHECK(evicted);
}

TEST_CASE("a pod of two budgets cannot be evicted: the drain goes on with the others, and fails in the end") {
  log::MemoryJournal journal;
  const std::string budget =
      "  - inline: {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: %}, spec: {minAvailable: 1, "
      "selector: {matchLabels: {app: web}}}}\n";
  std::string both;
  for (const char* name : {"b1", "b2"}) both += std::string(budget).replace(budget.find('%'), 1, name);
  run(loaded(head(both + "until: 3m\ntimeline:\n  - {at: 1m, drain: n1}\n")), journal);
  const auto refused = events_of(journal, event::mask_of(event::EventKind::RequestRefused));
  REQUIRE(!refused.empty());
  CHECK(std::get<event::RequestRefused>(refused[0].payload).message.find("more than one PodDisruptionBudget") !=
        std::string::npos);
  CHECK(requests(journal).find("kubectl drain n1: error: unable to drain node \"n1\": 1 of its pods could not be "
                               "evicted\n") != std::string::npos);
}

TEST_CASE("a run can be executed again from its journal alone") {
  const Scenario s = loaded(head(R"(until: 4m
timeline:
  - at: 1m
    fail: {kind: node-crash, node: n2, duration: 1m}
  - at: 90s
    scale: {target: deployment/web, replicas: 6}
)"));
  log::MemoryJournal journal;
  const RunResult first = run(s, journal, {3, base::minutes(3), true});
  log::MemoryJournal fresh;
  const auto again = re_execute(journal, fresh);
  REQUIRE(again.has_value());
  CHECK(again->position.fingerprint == first.position.fingerprint);
  CHECK(again->position.seq == first.position.seq);
  const auto difference = log::first_difference(journal, fresh);
  REQUIRE(difference.has_value());
  CHECK(!difference->has_value());

  log::MemoryJournal other;
  const RunResult seed4 = run(s, other, {4, base::minutes(3), true});
  CHECK(seed4.position.fingerprint != first.position.fingerprint);

  log::MemoryJournal empty;
  CHECK(!re_execute(empty, fresh).has_value());
}

TEST_CASE("what the API server refuses of the scenario's own manifests is bad input, and nothing is run") {
  const auto refused = [](const std::string& manifest) {
    MemoryFiles files;
    files.put("dir/s.yaml", head("until: 1m\n"));
    files.put("dir/web.yaml", std::string(kWeb) + "---\n" + manifest);
    auto s = load_scenario("dir/s.yaml", files);
    INFO(errors_of(s));
    REQUIRE(s.has_value());
    log::MemoryJournal journal;
    Simulation simulation(*s, {}, journal);
    const auto result = simulation.run();
    CHECK(result.has_value() == refused_at_start(*s).empty());
    return result ? std::string() : base::to_text(result.error());
  };
  const std::string spec = "containers: [{name: c, image: 'a:1'}]";
  CHECK(refused("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" + spec + "}}").empty());
  CHECK(refused("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {" + spec + "}}") ==
        "dir/web.yaml:20:1: pod/shop/p: refused: namespaces \"shop\" not found");
  CHECK(refused("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {priorityClassName: gold, " + spec + "}}") ==
        "dir/web.yaml:20:1: pod/p: refused: pods \"p\" is forbidden: no PriorityClass with name gold was found");
}

TEST_CASE("an export brings the namespaces and PriorityClasses that it speaks of") {
  MemoryFiles files;
  files.put("dir/cluster.json",
            R"({"kind":"List","apiVersion":"v1","items":[
 {"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"status":{"capacity":{"cpu":"4","memory":"8Gi","pods":"9"}}},
 {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"status":{"phase":"Running"},
  "spec":{"nodeName":"n1","priorityClassName":"gold","priority":77,"containers":[{"name":"c","image":"a:1"}]}}]})");
  files.put(
      "dir/s.yaml",
      "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: x}\nuntil: 1m\ncluster: {export: cluster.json}\n");
  auto s = load_scenario("dir/s.yaml", files);
  INFO(errors_of(s));
  REQUIRE(s.has_value());
  CHECK(refused_at_start(*s).empty());
  log::MemoryJournal journal;
  Simulation simulation(*s, {}, journal);
  REQUIRE(simulation.run().has_value());
  const auto& state = simulation.control_plane().state();
  REQUIRE(state.pods.size() == 1);
  CHECK(state.pods.priority[0] == 77);
}

TEST_CASE("a step about what is not there is told the name") {
  const Scenario s = loaded(head("until: 1m\ntimeline:\n  - {at: 1s, delete: [pod/nope, job/shop/nope]}\n"));
  log::MemoryJournal journal;
  run(s, journal);
  std::string answers;
  for (const event::Event& e : events_of(journal, event::mask_of(event::EventKind::RequestRefused)))
    answers += std::get<event::RequestRefused>(e.payload).message + "\n";
  CHECK(answers == "pods \"nope\" not found\njobs.batch \"nope\" not found\n");
}

TEST_CASE("allocatable takes from the capacity what it does not name") {
  const Scenario s = loaded(
      "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: x}\nuntil: 1s\ncluster: {nodes: [{count: 1, capacity: "
      "{cpu: 8, example.com/gpu: 2}, allocatable: {cpu: 7}}]}\n");
  log::MemoryJournal journal;
  Simulation simulation(s, {}, journal);
  REQUIRE(simulation.run().has_value());
  const auto view = simulation.control_plane().view({});
  const model::Doc doc = view.to_doc(event::Ref(event::NodeId(0U)));
  CHECK(model::to_canonical_json(*doc.at({"status", "allocatable"})) ==
        R"({"cpu":"7","ephemeral-storage":"100Gi","example.com/gpu":"2","memory":"16Gi","pods":"110"})");
  CHECK(doc.at({"status", "capacity", "cpu"})->text == "8");
}

TEST_CASE("an entry with a condition is taken when it has held for its time, and again by cooldown or anew") {
  struct Row {
    const char* what;
    const char* timeline;
    std::vector<std::string> times;  ///< Of the notes.
  };
  // The load is above 10 from 2m to 4m and from 6m on.
  const Row rows[] = {
      {"at once", "{when: service/web rps > 10, note: x}", {"2m"}},
      {"after ten seconds", "{when: service/web rps > 10, for: 10s, note: x}", {"2m10s"}},
      {"it does not hold so long before 6m", "{when: service/web rps > 10, for: 3m, note: x}", {"9m"}},
      {"not before its time", "{at: 3m, when: service/web rps > 10, note: x}", {"3m"}},
      {"each time that it comes true", "{when: service/web rps > 10, times: 5, note: x}", {"2m", "6m"}},
      {"again while it holds",
       "{when: service/web rps > 10, cooldown: 90s, times: 4, note: x}",
       {"2m", "3m30s", "6m", "7m30s"}},
      {"not after its end", "{when: service/web rps > 10, cooldown: 90s, until: 5m, note: x}", {"2m", "3m30s"}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Scenario s = loaded(head("until: 10m\ntimeline:\n  - {at: 2m, load: {service: web, rps: 20}}\n"
                                   "  - {at: 4m, load: {service: web, rps: 5}}\n"
                                   "  - {at: 6m, load: {service: web, rps: 20}}\n  - ") +
                              row.timeline + "\n");
    log::MemoryJournal journal;
    run(s, journal);
    std::vector<std::string> times;
    for (const event::Event& e : events_of(journal, event::mask_of(event::EventKind::RequestMade)))
      if (std::get<event::RequestMade>(e.payload).text.find("note") != std::string::npos)
        times.push_back(base::format_duration(base::milliseconds((e.time - base::SimTime{}).ns / 1'000'000)));
    CHECK(times == row.times);
  }
}
