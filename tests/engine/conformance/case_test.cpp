// What is no case is said by place, in words; a case that is one runs to its end, whatever stands in it.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "tests/engine/conformance/files.h"

using namespace wavetank;

namespace {

/// Two nodes; a pod that fits, one that preempts `old` and is tried again.
const std::string& tiny() {
  static const std::string text = conformance_test::slurp("tests/fuzz/corpus/case/tiny.json");
  return text;
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = tiny();
  const std::size_t at = text.find(from);
  INFO(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

conformance::Outcome run(const std::string& text, std::string_view explain = "") {
  const auto read = conformance::read_case(text, "case.json");
  INFO((read ? "" : base::to_text(read.error())));
  REQUIRE(read.has_value());
  auto outcome = conformance::run_case(*read, explain);
  INFO((outcome ? "" : base::to_text(outcome.error())));
  REQUIRE(outcome.has_value());
  return std::move(*outcome);
}

/// "subject field: expected → got", one a line.
std::string differences(const conformance::Outcome& outcome) {
  std::string out;
  for (const conformance::Difference& d : outcome.differences)
    out += fmt::format("{} {}: {} → {}\n", d.subject, d.field, d.expected, d.got);
  return out;
}

}  // namespace

TEST_CASE("What is no case is said by place") {
  struct Row {
    const char* what;
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"nothing", "", "case.json"},
      {"no JSON", "not a case", "case.json:1:"},
      {"cut off", tiny().substr(0, 900), "case.json:"},
      {"a list", "[1, 2]", "case.json:1:1: a case is an object with name, family, objects and expect"},
      {"a number", "7", "case.json:1:1: a case is an object"},
      {"another object", "{\"kind\": \"Pod\"}", "case.json:1:1: name: want a text"},
      {"a name that is a number", with("\"tiny-000\"", "7"), "case.json:1:10: name: want a text"},
      {"a config that is a text", with("\"config\": null", "\"config\": \"default\""), "config"},
      {"a plugin that is not there",
       with(
           "\"config\": null",
           "\"config\": {\"apiVersion\": \"kubescheduler.config.k8s.io/v1\", \"kind\": \"KubeSchedulerConfiguration\", "
           "\"profiles\": [{\"plugins\": {\"score\": {\"enabled\": [{\"name\": \"NodeSize\"}]}}}]}"),
       "NodeSize"},
      {"an object of no kind", with("\"kind\": \"Node\"", "\"kid\": \"Node\""), "objects[0]"},
      {"a field of a wrong type", with("\"allocatable\": {\"cpu\": \"2\"", "\"allocatable\": {\"cpu\": []"),
       "objects[0]: "},
      {"a quantity that is none", with("\"cpu\": \"3500m\"", "\"cpu\": \"many\""), "pods[1]: "},
      {"two nodes of one name", with("\"name\": \"n2\"", "\"name\": \"n1\""), "objects[1]: a second Node \"n1\""},
      {"a pod on a node that is not there", with("\"nodeName\": \"n2\"", "\"nodeName\": \"n9\""),
       "objects[2].spec.nodeName: there is no node \"n9\""},
      {"a pod of the cluster on no node", with("\"nodeName\": \"n2\", ", ""), "a pod of the cluster has spec.nodeName"},
      {"a time that is none", with("2024-12-20T08:58:28Z", "yesterday"),
       "objects[2].status.startTime: \"yesterday\": want a time such as 2025-01-01T00:00:00Z"},
      {"fewer answers than pods",
       with(",\n  {\"pod\": \"default/b\", \"outcome\": \"unschedulable\"", ", {\"x\": 1}], \"y\": [{\"pod\": \"\""),
       "expect"},
      {"an answer for another pod", with("{\"pod\": \"default/a\"", "{\"pod\": \"default/z\""),
       "expect[0].pod: \"default/z\": want \"default/a\""},
      {"an outcome of no name", with("\"outcome\": \"scheduled\"", "\"outcome\": \"maybe\""),
       "expect[0].outcome: \"maybe\": want one of scheduled, unschedulable, gated, error"},
      {"a choice that is not there", with("\"chosen\": \"n1\"", "\"chosen\": \"n7\""),
       "expect[0].chosen: there is no node \"n7\""},
      {"a code of no name", with("\"code\": \"UnschedulableAndUnresolvable\"", "\"code\": \"Perhaps\""),
       "expect[1].failures[0].code: \"Perhaps\": want one of"},
      {"a name that would move the cursor", with("\"tiny-000\"", "\"a\\u001b[2J\""),
       "case.json:1:10: name: may not hold control characters"},
      {"a choice that is a number", with("\"chosen\": \"n1\"", "\"chosen\": 1"), "expect[0].chosen: want a text"},
      {"a count beyond whole numbers", with("\"feasibleCount\": 2", "\"feasibleCount\": 99999999999999999999"),
       "expect[0].feasibleCount: want a whole number"},
      {"victims that are a text", with("\"victims\": [\"default/old\"]", "\"victims\": \"default/old\""),
       "victims: want a list"},
      {"a retry of an unknown pod", with("\"retries\": [\"default/b\"]", "\"retries\": [\"default/x\"]"),
       "retries: \"default/x\" is none of the pods"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto read = conformance::read_case(row.text, "case.json");
    CHECK(!read.has_value());
    if (!read) CHECK_THAT(base::to_text(read.error()), Catch::Contains(row.error));
  }
}

TEST_CASE("A step that cannot be taken ends the case with its place") {
  struct Row {
    const char* what;
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"a victim that is on no node",
       with("\"nominatedNode\": \"n2\", \"victims\": [\"default/old\"]",
            "\"nominatedNode\": \"n2\", \"victims\": [\"default/b\"]"),
       "victim \"default/b\" is on no node"},
      {"a pod placed twice",
       with("\"retries\": [\"default/b\"],\n \"expectRetries\": [{\"pod\": \"default/b\"",
            "\"retries\": [\"default/a\"],\n \"expectRetries\": [{\"pod\": \"default/a\""),
       "default/a is on a node already"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto read = conformance::read_case(row.text, "case.json");
    REQUIRE(read.has_value());
    const auto outcome = conformance::run_case(*read);
    CHECK(!outcome.has_value());
    if (!outcome) CHECK_THAT(base::to_text(outcome.error()), Catch::Contains(row.error));
  }
}

TEST_CASE("A file of many cases tells of each bad line by its number") {
  std::string one = tiny();
  for (char& c : one) c = c == '\n' ? ' ' : c;
  std::size_t good = 0;
  base::Diagnostics problems;
  conformance::for_each_case(
      one + "\n\nnot a case\n" + one + "\n{}\n", "all.jsonl",
      [&](conformance::Case&& c) { good += c.name == "tiny-000" ? 1 : 0; }, problems);
  CHECK(good == 2);
  REQUIRE(problems.size() >= 2);
  CHECK(problems.front().position.line == 3);
  CHECK(problems.back().position.line == 5);
}

TEST_CASE("What differs is told once: the golden answer is applied, and the case goes on") {
  CHECK(differences(run(tiny())) == "default/a maxTotal: 400 → 469\n");  // the one lie in it
  // Had the real one put the first pod on n2, there were no room to make for the second.
  const conformance::Outcome other =
      run(with("\"ties\": [\"n1\"], \"chosen\": \"n1\"", "\"ties\": [\"n2\"], \"chosen\": \"n2\""));
  CHECK_THAT(differences(other), Catch::Contains("default/a chosen: n2 → n1\n"));
  CHECK_THAT(differences(other),
             Catch::Contains("default/b preemption.victims: default/old → default/a default/old\n"));
  CHECK(other.decisions.total == 3);
}

TEST_CASE("Our attempt can be told in full, that of a retry too") {
  const conformance::Outcome outcome = run(tiny(), "default/b");
  REQUIRE(outcome.told.size() == 2);
  const schedule::Explanation& first = outcome.told[0].explanation;
  CHECK(first.message == "0/2 nodes are available: 2 Insufficient cpu.");
  REQUIRE(first.preemption.has_value());
  CHECK(first.preemption->candidates.at(0).victims == std::vector<std::string>{"default/old"});
  CHECK(outcome.told[1].subject == "default/b (retry)");
  CHECK(outcome.told[1].explanation.nominated_node_used);
  CHECK(outcome.told[1].golden_choice == "n2");
}

TEST_CASE("Fields are counted where either side has them, families summed and sorted") {
  const auto read = conformance::read_case(tiny(), "case.json");
  REQUIRE(read.has_value());
  conformance::Case second = *read;
  second.family = "a";
  std::vector<conformance::Family> families;
  for (const conformance::Case& c : {*read, second, *read}) conformance::add(families, c, run(tiny()));
  REQUIRE(families.size() == 2);
  CHECK(families[0].name == "a");
  CHECK(families[1].cases.total == 2);
  CHECK(families[1].decisions.total == 6);
  CHECK(families[1].decisions.matched == 4);
  for (const auto& [name, count] : families[1].fields) {
    INFO(name);
    CHECK(count.total > 0);
    CHECK(count.matched == (name == "maxTotal" ? 0 : count.total));
  }
}

TEST_CASE("Fields that nothing is compared with are named") {
  CHECK(conformance::read_case(tiny(), "case.json")->unknown.empty());
  const std::string text = with("\"chosen\": \"n1\"", "\"chosen\": \"n1\", \"chosenn\": \"n2\"");
  const auto read = conformance::read_case(text, "case.json");
  REQUIRE(read.has_value());
  CHECK(read->unknown == std::vector<std::string>{"expect.chosenn"});
}
