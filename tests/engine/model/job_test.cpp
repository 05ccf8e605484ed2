// Jobs: what the API server fills in, reads and refuses.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

struct Row {
  std::string spec;    ///< Members of spec beside the template.
  std::string errors;  ///< Without "line:column: " in front.
  std::string pod = "restartPolicy: Never";
  std::string name = "j";
};

std::string manifest(const Row& row) {
  return "{apiVersion: batch/v1, kind: Job, metadata: {name: " + row.name + "}, spec: {" + row.spec +
         (row.spec.empty() ? "" : ", ") + "template: {spec: {" + row.pod +
         ", containers: [{name: main, image: 'a:1'}], initContainers: [{name: first, image: 'a:1'}]}}}}";
}

/// The messages, one a line, without their places.
std::string messages_of(const std::string& text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    out += (out.empty() ? "" : "\n") + std::string(line.substr(line.find(": ") + 2));
  }
  return out;
}

Doc defaulted(const std::string& yaml) {
  auto docs = parse_yaml(yaml, "test");
  REQUIRE(docs.has_value());
  apply_defaults(docs->front());
  return docs->front();
}

}  // namespace

TEST_CASE("Jobs: validation") {
  const std::vector<Row> rows = {
      {"", ""},
      {"parallelism: -1, completions: -2, backoffLimit: -3",
       "spec.parallelism: Invalid value: -1: must be greater than or equal to 0\n"
       "spec.completions: Invalid value: -2: must be greater than or equal to 0\n"
       "spec.backoffLimit: Invalid value: -3: must be greater than or equal to 0"},
      {"activeDeadlineSeconds: -1, ttlSecondsAfterFinished: -1",
       "spec.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0\n"
       "spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0"},
      {"", "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
       "restartPolicy: Always"},
      {"", "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"",
       "terminationGracePeriodSeconds: 1"},
      {"completionMode: Sorted",
       "spec.completionMode: Unsupported value: \"Sorted\": supported values: \"NonIndexed\", \"Indexed\""},
      {"completionMode: Indexed, parallelism: 2", "spec.completions: Required value: when completion mode is Indexed"},
      {"completionMode: Indexed, completions: 2, parallelism: 100001",
       "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed"},
      {"backoffLimitPerIndex: 1, maxFailedIndexes: 1",
       "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode\n"
       "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode"},
      {"completionMode: Indexed, completions: 2, maxFailedIndexes: 1",
       "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"},
      {"completionMode: Indexed, completions: 2, backoffLimitPerIndex: 0, maxFailedIndexes: 3",
       "spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions"},
      {"completionMode: Indexed, completions: 100001, parallelism: 10001, backoffLimitPerIndex: 0",
       "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000\n"
       "spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 "
       "and used with backoff limit per index"},
      {"managedBy: robot",
       "spec.managedBy: Invalid value: \"robot\": must be a domain-prefixed path (such as \"acme.io/foo\")"},
      {"managedBy: 'example.com/a b'",
       "spec.managedBy: Invalid value: \"a b\": Invalid path (regex used for validation is "
       "'[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"},
      {"managedBy: example.com/" + std::string(60, 'a'), "spec.managedBy: Too long: may not be more than 63 bytes"},
      {"podReplacementPolicy: Never",
       "spec.podReplacementPolicy: Unsupported value: \"Never\": supported values: \"Failed\", "
       "\"TerminatingOrFailed\""},
      {"manualSelector: true", "spec.selector: Required value"},
      {"manualSelector: true, selector: {matchLabels: {a: b}}",
       "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"},
      {"selector: {matchLabels: {a: b}}",
       "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: `selector` not auto-generated\n"
       "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"},
      {"completionMode: Indexed, completions: 10",
       "metadata.name: Invalid value: \"" + std::string(62, 'a') +
           "\": will not able to create pod with invalid DNS label: " + std::string(62, 'a') + "-9",
       "restartPolicy: Never", std::string(62, 'a')},
  };
  for (const Row& row : rows) {
    INFO(row.spec << " / " << row.pod);
    CHECK(messages_of(errors_of(manifest(row))) == row.errors);
  }
}

TEST_CASE("Jobs: validation of podFailurePolicy") {
  const auto rule = [](const std::string& text) { return "podFailurePolicy: {rules: [{" + text + "}]}"; };
  const std::string at = "spec.podFailurePolicy.rules[0]";
  const std::vector<Row> rows = {
      {rule("action: FailJob, onExitCodes: {operator: In, values: [1, 2]}"), ""},
      {rule("action: Ignore, onPodConditions: [{type: DisruptionTarget}]"), ""},
      {rule("action: FailJob, onExitCodes: {operator: In, values: [1]}"),
       "spec.template.spec.restartPolicy: Invalid value: \"OnFailure\": only \"Never\" is supported when "
       "podFailurePolicy is specified",
       "restartPolicy: OnFailure"},
      {rule("action: Ignore, onPodConditions: [{type: A}]") + ", podReplacementPolicy: TerminatingOrFailed",
       "spec.podReplacementPolicy: Unsupported value: \"TerminatingOrFailed\": supported values: \"Failed\""},
      {rule("action: Stop, onPodConditions: [{type: A}]"),
       at + ".action: Unsupported value: \"Stop\": supported values: \"Count\", \"FailIndex\", \"FailJob\", "
            "\"Ignore\""},
      {rule("onPodConditions: [{type: A}]"),
       at + ".action: Required value: valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"},
      {rule("action: FailIndex, onPodConditions: [{type: A}]"),
       at + ".action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set"},
      {rule("action: Count"), at + ": Invalid value: specifying one of OnExitCodes and OnPodConditions is required"},
      {rule("action: Count, onExitCodes: {operator: In, values: [1]}, onPodConditions: [{type: A}]"),
       at + ": Invalid value: specifying both OnExitCodes and OnPodConditions is not supported"},
      {rule("action: Count, onExitCodes: {operator: In, values: [0, 3, 2, 3]}"),
       at + ".onExitCodes.values: Invalid value: [0,3,2,3]: must be ordered\n" + at +
           ".onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator\n" + at +
           ".onExitCodes.values[3]: Duplicate value: 3"},
      {rule("action: Count, onExitCodes: {operator: NotIn, values: [0]}"), ""},
      {rule("action: Count, onExitCodes: {operator: Like, values: []}"),
       at + ".onExitCodes.operator: Unsupported value: \"Like\": supported values: \"In\", \"NotIn\"\n" + at +
           ".onExitCodes.values: Invalid value: []: at least one value is required"},
      {rule("action: Count, onExitCodes: {containerName: other, operator: In, values: [1]}"),
       at + ".onExitCodes.containerName: Invalid value: \"other\": must be one of the container or initContainer "
            "names in the pod template"},
      {rule("action: Count, onExitCodes: {containerName: first, operator: In, values: [1]}"), ""},
      {rule("action: Count, onPodConditions: [{type: A, status: Maybe}]"),
       at + ".onPodConditions[0].status: Unsupported value: \"Maybe\": supported values: \"False\", \"True\", "
            "\"Unknown\""},
  };
  for (const Row& row : rows) {
    INFO(row.spec);
    CHECK(messages_of(errors_of(manifest(row))) == row.errors);
  }
  std::string many;
  for (int i = 0; i < 21; ++i) many += "{action: Count, onPodConditions: [{type: A}]}, ";
  CHECK(messages_of(errors_of(manifest({"podFailurePolicy: {rules: [" + many + "]}", ""}))) ==
        "spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items");
}

TEST_CASE("Jobs: validation of successPolicy") {
  const auto rule = [](const std::string& text) {
    return "completionMode: Indexed, completions: 10, successPolicy: {rules: [{" + text + "}]}";
  };
  const std::string at = "spec.successPolicy.rules[0]";
  const auto wrong = [&](const std::string& indexes, const std::string& why) {
    return at + ".succeededIndexes: Invalid value: \"" + indexes + "\": error parsing succeededIndexes: " + why;
  };
  const std::vector<Row> rows = {
      {rule("succeededCount: 1"), ""},
      {rule("succeededIndexes: '0,2-4'"), ""},
      {rule("succeededIndexes: '0,2-4', succeededCount: 4"), ""},
      {rule("succeededIndexes: '0,2-4', succeededCount: 5"),
       at + ".succeededCount: Invalid value: 5: must be less than or equal to 4 (the number of indexes in the "
            "specified succeededIndexes field)"},
      {rule("succeededCount: 11"),
       at + ".succeededCount: Invalid value: 11: must be less than or equal to 10 (the number of specified "
            "completions)"},
      {rule("succeededCount: -1"), at + ".succeededCount: Invalid value: -1: must be greater than or equal to 0"},
      {rule(""), at + ": Required value: at least one of succeededCount or succeededIndexes must be specified"},
      {rule("succeededIndexes: '10'"), wrong("10", "too large index: \\\"10\\\"")},
      {rule("succeededIndexes: '0,'"), wrong("0,", "cannot convert string to integer for index: \\\"\\\"")},
      {rule("succeededIndexes: ''"), ""},
      {rule("succeededIndexes: '3-1'"), wrong("3-1", "non-increasing order, previous: 3, current: 1")},
      {rule("succeededIndexes: '3,3'"), wrong("3,3", "non-increasing order, previous: 3, current: 3")},
      {rule("succeededIndexes: '1-2-3'"),
       wrong("1-2-3",
             "the fragment \\\"1-2-3\\\" violates the requirement that an index interval can have at most two parts "
             "separated by '-'")},
      {rule("succeededIndexes: 'x'"), wrong("x", "cannot convert string to integer for index: \\\"x\\\"")},
      {"completionMode: Indexed, completions: 1, successPolicy: {rules: []}",
       "spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is "
       "specified"},
      {"successPolicy: {rules: [{succeededCount: 1}]}",
       "spec.successPolicy: Invalid value: {\"rules\":[{\"succeededCount\":1}]}: requires indexed completion mode"},
  };
  for (const Row& row : rows) {
    INFO(row.spec);
    std::string want = row.errors;
    for (std::size_t i = want.find("\\\""); i != std::string::npos; i = want.find("\\\"")) want.erase(i, 1);
    CHECK(messages_of(errors_of(manifest(row))) == want);
  }
}

TEST_CASE("Jobs: defaults") {
  const auto of = [](const Row& row, const char* key) {
    const Doc doc = defaulted(manifest(row));
    const Doc* found = doc.at({"spec", key});
    return found == nullptr ? std::string("none") : to_json(*found);
  };
  CHECK(of({"", ""}, "completions") == "1");
  CHECK(of({"", ""}, "parallelism") == "1");
  CHECK(of({"parallelism: 3", ""}, "completions") == "none");  // a work queue
  CHECK(of({"completions: 3", ""}, "parallelism") == "1");
  CHECK(of({"", ""}, "backoffLimit") == "6");
  CHECK(of({"backoffLimitPerIndex: 1", ""}, "backoffLimit") == "2147483647");
  CHECK(of({"", ""}, "completionMode") == "\"NonIndexed\"");
  CHECK(of({"", ""}, "suspend") == "false");
  CHECK(of({"", ""}, "podReplacementPolicy") == "\"TerminatingOrFailed\"");
  CHECK(of({"podFailurePolicy: {rules: []}", ""}, "podReplacementPolicy") == "\"Failed\"");
  CHECK(of({"podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: A}]}]}", ""}, "podFailurePolicy") ==
        R"({"rules":[{"action":"Ignore","onPodConditions":[{"type":"A","status":"True"}]}]})");
  const Doc labelled = defaulted(
      "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {metadata: {labels: {a: b}}}}}");
  CHECK(to_json(*labelled.at({"metadata", "labels"})) == R"({"a":"b"})");
}

TEST_CASE("Jobs: reading") {
  auto docs = parse_yaml(
      manifest({"completions: 4, parallelism: 2, completionMode: Indexed, backoffLimitPerIndex: 1, suspend: true, "
                "ttlSecondsAfterFinished: 9, activeDeadlineSeconds: 8, managedBy: a.b/c, "
                "podFailurePolicy: {rules: [{action: FailIndex, onExitCodes: {containerName: main, operator: NotIn, "
                "values: [1, 2]}}, {action: Ignore, onPodConditions: [{type: A, status: 'False'}]}]}, "
                "successPolicy: {rules: [{succeededIndexes: '0-2', succeededCount: 1}]}",
                ""}),
      "test");
  REQUIRE(docs.has_value());
  auto object = admit(docs->front(), "test");
  REQUIRE(object.has_value());
  const Job& job = std::get<Job>(object->spec);
  CHECK(job.completions == 4);
  CHECK(job.parallelism == 2);
  CHECK(job.indexed);
  CHECK(job.suspend);
  CHECK(job.backoff_limit_per_index == 1);
  CHECK(job.ttl_seconds_after_finished == 9);
  CHECK(job.active_deadline_seconds == 8);
  CHECK(job.managed_by == "a.b/c");
  CHECK(job.replace_failed_only);
  REQUIRE(job.pod_failure_policy.size() == 2);
  PodFailureRule codes;
  codes.action = PodFailureRule::Action::FailIndex;
  codes.on_exit_codes = true;
  codes.container = "main";
  codes.exit_codes_in = false;
  codes.exit_codes = {1, 2};
  CHECK(job.pod_failure_policy[0] == codes);
  PodFailureRule conditions;
  conditions.action = PodFailureRule::Action::Ignore;
  conditions.conditions = {{"A", "False"}};
  CHECK(job.pod_failure_policy[1] == conditions);
  CHECK(job.success_policy == std::vector<JobSuccessRule>{{"0-2", 1}});
}
