// Recordings and tables of real controllers (Kubernetes 1.20.2), case by case. A compact subset lies in
// tests/golden/controllers; all are played where the folder with the recordings is there (WAVETANK_SHARED, or ../shared
// beside the repository).
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "engine/conformance/controllers.h"
#include "tests/engine/conformance/files.h"

using namespace wavetank;
using conformance::ControllerCase;

namespace {

struct Sum {
  std::size_t cases = 0, equal = 0;
};

/// Plays cases and keeps count; what differs is shown.
struct Played {
  std::map<std::string, Sum> areas;
  std::string shown;
  std::vector<std::string> different;

  void run(const ControllerCase& c) {
    const auto outcome = conformance::run_controller_case(c);
    INFO(c.name << (outcome ? "" : base::to_text(outcome.error())));
    REQUIRE(outcome.has_value());
    CHECK(outcome->parts > 0);
    Sum& area = areas[c.area];
    ++area.cases;
    area.equal += outcome->differences.empty() ? 1 : 0;
    if (outcome->differences.empty()) return;
    different.push_back(c.name);
    const conformance::ControllerDifference& d = outcome->differences.front();
    shown += fmt::format("{} {} {}\n    expected {}\n    got      {}\n", c.name, d.step, d.key, d.expected, d.got);
  }
  void print(const char* title) const {
    for (const auto& [area, sum] : areas)
      std::cout << fmt::format("{} {:16} {}/{}\n", title, area, sum.equal, sum.cases);
  }
};

ControllerCase read(const std::string& json, const std::string& file = "a.json") {
  auto c = conformance::read_controller_case(json, file);
  INFO((c ? "" : base::to_text(c.error())));
  REQUIRE(c.has_value());
  return std::move(*c);
}

/// A recording of one Deployment, whose second step does what is given.
std::string recording(const std::string& action, const std::string& then = "{}", const std::string& more = "") {
  return R"({"format":"kcp-trace/1","name":"t","area":"deployment","mode":"stepped","k8s":"1.20.2","repeatable":"exact",
"steps":[
{"i":0,"do":{"op":"create","manifests":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},
"spec":{"replicas":2,"selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":{"app":"d"}},
"spec":{"containers":[{"name":"c","image":"ok:v1"}]}}}}]},
"then":{"scale":[["d.r1",null,2]],"pods":{"d.r1":{"created":2}},"objects":[["created","Deployment/d"]]},"state":{}},
{"i":1,"do":)" +
         action + R"(,"then":)" + then + R"(,"state":{})" + more + "}]}";
}

std::vector<std::string> differences(const std::string& json) {
  const auto outcome = conformance::run_controller_case(read(json));
  INFO((outcome ? "" : base::to_text(outcome.error())));
  REQUIRE(outcome.has_value());
  std::vector<std::string> out;
  for (const auto& d : outcome->differences)
    out.push_back(fmt::format("{} {}: {} | {}", d.step, d.key, d.expected, d.got));
  return out;
}

}  // namespace

TEST_CASE("Recordings of controllers kept here come out as recorded", "[golden]") {
  Played played;
  conformance_test::for_each_kept_file("tests/golden/controllers",
                                       [&](const std::string& text, const std::string& name) {
                                         base::Diagnostics problems;
                                         conformance::for_each_controller_case(
                                             text, name, [&](ControllerCase&& c) { played.run(c); }, problems);
                                         CHECK(base::to_text(problems) == "");
                                       });
  played.print("kept");
  UNSCOPED_INFO(played.shown);
  CHECK(played.different == std::vector<std::string>{});
  CHECK(played.areas.size() >= 6);
}

TEST_CASE("A step says what differs: the step, the key, what was expected and what we did") {
  using Rows = std::vector<std::string>;
  const std::string scale = R"({"op":"scale","kind":"Deployment","name":"d","patch":{"spec":{"replicas":3}}})";
  CHECK(differences(recording(scale, R"({"scale":[["d.r1",2,3]],"pods":{"d.r1":{"created":1}}})")) == Rows{});
  CHECK(differences(recording(scale, R"({"scale":[["d.r1",2,4]],"pods":{"d.r1":{"created":1}}})")) ==
        Rows{"step 1 (scale) then/scale/0/2: 4 | 3"});
  CHECK(differences(recording(scale, R"({"scale":[["d.r1",2,{"any_of":[3,4]}]],"pods":{"d.r1":{"created":1}}})")) ==
        Rows{});
  CHECK(differences(recording(scale, R"({"scale":[["d.r1",2,3]],"pods":{"d.r1":{"created":1}}})", R"(,"novelty":7)")) ==
        Rows{"step 1 (scale) novelty: 7 | an observation that is not known here"});
}

TEST_CASE("What cannot be played is named with its file and line") {
  struct Row {
    const char *action, *problem;
  };
  for (const Row& row : {Row{R"({"op":"dance"})", "action \"dance\" is not known"},
                         Row{R"({"op":"scale","kind":"Deployment","name":"x","patch":{"spec":{"replicas":1}}})",
                             "Deployment \"x\" is not there"},
                         Row{R"({"op":"kubelet","reap":"some"})", "all, one or none is expected"},
                         Row{R"({"op":"kubelet","juggle":1})", "the node agent does not know \"juggle\""},
                         Row{R"({"op":"kubectl","args":["explode","d"]})", "kubectl explode is not known"},
                         Row{R"({"op":"cordon","node":"g9"})", ""}}) {
    INFO(row.action);
    const auto outcome = conformance::run_controller_case(read(recording(row.action)));
    CHECK(outcome.has_value() == (*row.problem == '\0'));
    if (outcome) continue;
    CHECK(base::to_text(outcome.error()).find(row.problem) != std::string::npos);
    CHECK(base::to_text(outcome.error()).rfind("a.json:", 0) == 0);
    CHECK(outcome.error()[0].position.line > 1);
  }
  for (const char* bad : {"{", "[]", R"({"format":"kcp-trace/9"})", R"({"format":"kcp-trace/1","name":"x"})",
                          R"({"format":"kcp-trace/1","name":"x","steps":[{"do":{}}]})",
                          R"({"format":"kcp-table/1","table":"x","rows":3})"}) {
    INFO(bad);
    CHECK_FALSE(conformance::read_controller_case(bad, "a.json").has_value());
  }
}

TEST_CASE("A table that nobody plays counts as a difference") {
  const auto outcome =
      conformance::run_controller_case(read(R"({"format":"kcp-table/1","table":"none-such","rows":[[1]]})"));
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->differences.size() == 1);
  CHECK(outcome->differences[0].got == "not played: no runner for this table");
}

TEST_CASE("Newer releases' ways are told by rule, never by the recording's name") {
  const auto outcome = conformance::run_controller_case(read(recording(R"({"op":"wait","seconds":1})", "{}")));
  REQUIRE(outcome.has_value());
  std::vector<std::string> rules;
  for (const auto& change : outcome->changes) rules.push_back(change.rule.substr(0, change.rule.find(':')));
  CHECK(rules == std::vector<std::string>{"since 1.22", "since 1.26", "since 1.32"});
}

TEST_CASE("Shared recordings of controllers come out as recorded", "[golden]") {
  const auto root = conformance_test::shared_data().parent_path() / "controllers";
  if (!std::filesystem::exists(root)) {
    WARN("skipped: no recordings at " << root.string());
    return;
  }
  Played played;
  for (const char* folder : {"traces", "tables"}) {
    std::vector<std::filesystem::path> files;
    for (const auto& f : std::filesystem::directory_iterator(root / folder)) files.push_back(f.path());
    std::sort(files.begin(), files.end());
    for (const auto& f : files) played.run(read(conformance_test::slurp(f), f.filename().string()));
  }
  played.print("shared");
  UNSCOPED_INFO(played.shown);
  CHECK(played.different == std::vector<std::string>{});
}
