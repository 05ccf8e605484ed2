// Every scenario is a test: its expectations hold, it gives the same journal as when it was last reviewed, and its
// journal can be executed again.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "engine/log/memory_journal.h"
#include "engine/log/replay.h"
#include "sim/scenario/simulation.h"
#include "tests/scenarios/disk_files.h"

using namespace wavetank;
using namespace wavetank::scenario;
using namespace wavetank::scenario::test;

namespace {

const std::string kTable = "scenarios/fingerprints.csv";
constexpr const char* kHeader = "scenario,seed,events,fingerprint\n";

std::string line(const std::string& name, std::uint64_t seed, const log::Position& position) {
  return fmt::format("{},{},{},{:016x}", name, seed, position.seq, position.fingerprint);
}

// By scenario.
std::map<std::string, std::string> read_table() {
  std::map<std::string, std::string> out;
  std::ifstream in(kTable);
  std::string text;
  std::getline(in, text);
  while (std::getline(in, text)) out[text.substr(0, text.find(','))] = text;
  return out;
}

std::string broken(const RunResult& result) {
  std::string out;
  for (const ExpectationResult& e : result.expectations) {
    if (e.outcome != Verdict::Outcome::Kept) out += fmt::format("\n  {} ({}): {}", e.name, e.text, e.detail);
  }
  return out;
}

}  // namespace

TEST_CASE("every scenario keeps its expectations and its fingerprint") {
  const bool update = std::getenv("WAVETANK_UPDATE_FINGERPRINTS") != nullptr;
  const std::map<std::string, std::string> table = read_table();
  std::string fresh = kHeader;
  for (const std::string& path : scenario_files("scenarios")) {
    const std::string name = path.substr(std::string("scenarios/").size());
    DiskFiles files;
    const auto scenario = load_scenario(path, files);
    INFO("wavetank run " << path);
    if (!scenario.has_value()) {
      FAIL_CHECK(base::to_text(scenario.error()));
      continue;
    }
    if (name.starts_with("scale/")) continue;  // ./dev bench runs those
    log::MemoryJournal journal;
    Simulation simulation(*scenario, {}, journal);
    const auto result = simulation.run();
    REQUIRE(result.has_value());
    CHECK(broken(*result) == "");
    CHECK(!result->expectations.empty());

    const std::string got = line(name, scenario->seed, result->position);
    fresh += got + "\n";
    const auto known = table.find(name);
    if (!update) CHECK((known == table.end() ? "not in the table" : known->second) == got);

    log::MemoryJournal again;
    const auto repeated = re_execute(journal, again);
    REQUIRE(repeated.has_value());
    CHECK(repeated->position == result->position);
    const auto verified = log::verify(journal, state::digest(simulation.control_plane().state()));
    INFO((verified.has_value() ? "" : base::to_text(verified.error())));
    CHECK(verified.has_value());
    const auto unsound = state::check_invariants(simulation.control_plane().state());
    CHECK(fmt::format("{}", fmt::join(unsound, "\n")) == "");
  }
  if (update) std::ofstream(kTable) << fresh;
}

// By hand: test_scenarios "[scale]". Minutes in a debug build; ./dev bench measures them.
TEST_CASE("large scenarios keep their expectations", "[.][scale]") {
  for (const std::string& path : scenario_files("scenarios/scale")) {
    INFO(path);
    DiskFiles files;
    const auto scenario = load_scenario(path, files);
    REQUIRE(scenario.has_value());
    log::MemoryJournal journal;
    Simulation simulation(*scenario, {}, journal);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = simulation.run();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    REQUIRE(result.has_value());
    WARN(fmt::format("{}: {} events, {:.1f} s, {} bytes", path, result->position.seq, wall.count(), journal.bytes()));
    CHECK(broken(*result) == "");
  }
}

TEST_CASE("applications of others run, too") {
  const char* given = std::getenv("WAVETANK_SHARED");
  const std::string shared = given != nullptr ? given : "../shared";
  struct Row {
    const char* file;
    const char* rollout;  ///< Which Deployment gets a new image half way.
    int deployments;
  };
  const Row rows[] = {{"online-boutique.yaml", "frontend", 12}, {"example-voting-app.yaml", "vote", 5}};
  for (const Row& row : rows) {
    const std::string manifest =
        std::filesystem::absolute(shared + "/data/manifests/" + row.file).lexically_normal().generic_string();
    if (!std::filesystem::exists(manifest)) {
      WARN("left out: there is no " << manifest << " (set WAVETANK_SHARED to the folder that holds data/manifests)");
      continue;
    }
    MemoryFiles files;
    DiskFiles disk;
    files.put(manifest, disk.read(manifest).value());
    files.put("s.yaml", fmt::format(R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {{name: {0}}}
cluster:
  nodes:
    - {{name: "node-{{n}}", count: 12, zones: [a, b, c]}}
manifests: ["{0}"]
until: 35m
timeline:
  - at: 5m
    fail: {{kind: zone-outage, zone: a, duration: 15m}}
  - at: 25m
    set-image: {{target: deployment/{1}, image: "example/{1}:next"}}
expectations:
  - eventually: deployments complete == {2}
    within: 4m
  - eventually: nodes notReady == 4
    from: 5m
    within: 1m
  - eventually: event PodDeletionStarted(reason=TaintEviction) count >= 1
    from: 5m
    within: 8m
  - eventually: deployments complete == {2}
    from: 12m
    within: 2m
  - eventually: nodes ready == 12
    from: 20m
    within: 2m
  - never: services withoutEndpoints > 0
    from: 25m
  - eventually: deployment/{1} complete and deployment/{1} revision == 2
    from: 25m
    within: 3m
)",
                                    manifest, row.rollout, row.deployments));
    const auto scenario = load_scenario("s.yaml", files);
    INFO(row.file);
    INFO((scenario.has_value() ? "" : base::to_text(scenario.error())));
    REQUIRE(scenario.has_value());
    log::MemoryJournal journal;
    Simulation simulation(*scenario, {}, journal);
    const auto result = simulation.run();
    REQUIRE(result.has_value());
    CHECK(broken(*result) == "");
    log::MemoryJournal again;
    const auto repeated = re_execute(journal, again);
    REQUIRE(repeated.has_value());
    CHECK(repeated->position == result->position);
  }
}
