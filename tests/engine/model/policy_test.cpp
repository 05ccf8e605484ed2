// Cron jobs, quotas, limits and runtime classes: what is refused, in Kubernetes' words; what is filled in.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

struct Row {
  const char* spec;
  const char* errors;
};

/// The complaints without their places.
std::string complaints(const std::string& yaml) {
  std::string out;
  std::string all = errors_of(yaml);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::string line = all.substr(at, end - at);
    const std::size_t place = line.find(": ");
    out += (out.empty() ? "" : "\n") + line.substr(place + 2);
    at = end + 1;
  }
  return out;
}

void check(const std::vector<Row>& rows, const std::string& before, const std::string& after) {
  for (const Row& row : rows) {
    INFO(row.spec);
    CHECK(complaints(before + row.spec + after) == row.errors);
  }
}

const char* const kJob =
    ", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: a}]}}}}}";

}  // namespace

TEST_CASE("cron jobs are validated") {
  check(
      {
          {"schedule: '*/5 * * * *', timeZone: Europe/Berlin", ""},
          {"schedule: '@every 1h'", ""},
          {"schedule: '0 0 31 2 *'", ""},  // it names no day, but it is a schedule
          {"schedule: ''", "spec.schedule: Required value"},
          {"schedule: hourly",
           "spec.schedule: Invalid value: \"hourly\": expected exactly 5 fields, found 1: [hourly]"},
          {"schedule: '0 0 * * 7'",
           "spec.schedule: Invalid value: \"0 0 * * 7\": end of range (7) above maximum (6): 7"},
          {"schedule: 'TZ=UTC 0 0 * * *'",
           "spec.schedule: Invalid value: \"TZ=UTC 0 0 * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone "
           "field "
           "instead"},
          {"schedule: '* * * * *', timeZone: Mars/Olympus",
           "spec.timeZone: Invalid value: \"Mars/Olympus\": unknown time zone Mars/Olympus"},
          {"schedule: '* * * * *', timeZone: ''",
           "spec.timeZone: Invalid value: \"\": timeZone must be nil or non-empty string"},
          {"schedule: '* * * * *', timeZone: ../etc",
           "spec.timeZone: Invalid value: \"../etc\": unknown time zone ../etc"},
          {"schedule: '* * * * *', timeZone: Local",
           "spec.timeZone: Invalid value: \"Local\": timeZone must be an explicit time zone as defined in "
           "https://www.iana.org/time-zones"},
          {"schedule: '* * * * *', concurrencyPolicy: Never",
           "spec.concurrencyPolicy: Unsupported value: \"Never\": supported values: \"Allow\", \"Forbid\", "
           "\"Replace\""},
          {"schedule: '* * * * *', startingDeadlineSeconds: -1, successfulJobsHistoryLimit: -1, "
           "failedJobsHistoryLimit: -2",
           "spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0\n"
           "spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0\n"
           "spec.failedJobsHistoryLimit: Invalid value: -2: must be greater than or equal to 0"},
      },
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {", kJob);
  CHECK(complaints("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: " + std::string(53, 'a') +
                   "}\nspec: {schedule: '* * * * *'" + kJob) ==
        "metadata.name: Invalid value: \"" + std::string(53, 'a') + "\": must be no more than 52 characters");
}

TEST_CASE("quotas are validated") {
  check(
      {
          {"hard: {pods: 1, requests.cpu: 500m, count/jobs.batch: 3, requests.example.com/gpu: 1}", ""},
          {"hard: {cats: 1}",
           "spec.hard[cats]: Invalid value: \"cats\": must be a standard resource type or fully qualified\n"
           "spec.hard[cats]: Invalid value: \"cats\": must be a standard resource for quota"},
          {"hard: {storage: 1Gi}",
           "spec.hard[storage]: Invalid value: \"storage\": must be a standard resource for quota"},
          {"hard: {pods: 1500m}", "spec.hard[pods]: Invalid value: \"1500m\": must be an integer"},
          {"hard: {requests.cpu: -1}",
           "spec.hard[requests.cpu]: Invalid value: \"-1\": must be greater than or equal to 0"},
          {"hard: {pods: 1}, scopes: [Sometimes]", "spec.scopes: Invalid value: [\"Sometimes\"]: unsupported scope"},
          {"hard: {services: 1}, scopes: [Terminating]",
           "spec.scopes: Invalid value: [\"Terminating\"]: unsupported scope applied to resource"},
          {"hard: {cpu: 1}, scopes: [BestEffort]",
           "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource"},
          {"hard: {pods: 1}, scopes: [BestEffort, NotBestEffort]",
           "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes"},
          {"hard: {pods: 1}, scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In}]}",
           "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is "
           "'In' "
           "or 'NotIn' for scope selector"},
          {"hard: {pods: 1}, scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: Maybe}]}",
           "spec.scopeSelector.matchExpressions.operator: Invalid value: \"Maybe\": not a valid selector operator"},
      },
      "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: a}\nspec: {", "}");
}

TEST_CASE("limits are validated, and filled in for containers") {
  check(
      {
          {"{type: Container, max: {cpu: 2}, min: {cpu: 100m}, default: {cpu: 1}, defaultRequest: {cpu: 200m}}", ""},
          {"{type: Box, max: {cpu: 2}}",
           "spec.limits[0].type: Invalid value: \"Box\": must be a standard limit type or fully qualified"},
          {"{type: Container, max: {cpu: 1}, min: {cpu: 2}}",
           "spec.limits[0].defaultRequest[cpu]: Invalid value: \"1\": min value 2 is greater than default request "
           "value 1\n"
           "spec.limits[0].default[cpu]: Invalid value: \"2\": min value 2 is greater than default value 1\n"
           "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1"},
          {"{type: Pod, max: {cpu: 1}, default: {cpu: 1}}",
           "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"},
          {"{type: PersistentVolumeClaim}",
           "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither "
           "was "
           "provided"},
          {"{type: Container, maxLimitRequestRatio: {cpu: 500m}}",
           "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"500m\": ratio 500m is less than 1"},
          {"{type: Pod, max: {cpu: 1}}, {type: Pod, max: {cpu: 1}}", "spec.limits[1].type: Duplicate value: \"Pod\""},
      },
      "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\nspec: {limits: [", "]}");
  auto doc = parse_yaml(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: a}, spec: {limits: [{type: Container, max: "
      "{cpu: '1', memory: 1Gi}, min: {example.com/a: 1}, default: {cpu: 500m}}]}}",
      "x");
  REQUIRE(doc.has_value());
  apply_defaults(doc->front());
  CHECK(
      to_canonical_json(doc->front().at({"spec", "limits"})->items[0]) ==
      R"({"default":{"cpu":"500m","memory":"1Gi"},"defaultRequest":{"cpu":"500m","example.com/a":"1","memory":"1Gi"},)"
      R"("max":{"cpu":"1","memory":"1Gi"},"min":{"example.com/a":"1"},"type":"Container"})");
}

TEST_CASE("runtime classes are validated") {
  check(
      {
          {"handler: kata", ""},
          {"handler: Kata_1",
           "handler: Invalid value: \"Kata_1\": a lowercase RFC 1123 label must consist of lower case alphanumeric "
           "characters "
           "or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
           "for "
           "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"},
          {"handler: kata\noverhead: {podFixed: {cpu: -1}}",
           "overhead.podFixed[cpu]: Invalid value: \"-1\": must be greater than or equal to 0"},
      },
      "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: a}\n", "\n");
}
