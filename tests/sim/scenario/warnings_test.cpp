// What a scenario's objects are warned of, with file and line: those of manifests, those written in the scenario, and
// those that its timeline brings; with the metrics that its model provides.
#include <catch2/catch.hpp>

#include "tests/sim/scenario/support.h"

using namespace wavetank::scenario::test;

namespace {

std::string notices(std::string_view rest) {
  const auto s = load(rest);
  REQUIRE(errors_of(s) == "");
  std::string out;
  for (const std::string& n : s->notices) out += (out.empty() ? "" : "\n") + n;
  return out;
}

}  // namespace

TEST_CASE("a scenario says what its objects are warned of") {
  CHECK(notices("") == "");
  // In the timeline; the day never comes.
  CHECK(notices(R"(timeline:
  - at: 1m
    apply:
      inline:
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: leap}
        spec:
          schedule: "0 0 30 2 *"
          jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
)") == "dir/s.yaml:18:21: warning: CronJob/leap: spec.schedule: \"0 0 30 2 *\" names no day that comes within five "
       "years: "
       "no Job will ever be started (the controller will tell InvalidSchedule)");
  // A budget for pods that a later step makes is none to warn of; one for pods that nobody makes is.
  const std::string budget = R"(timeline:
  - at: 1m
    apply: {inline: {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 1, selector: {matchLabels: {app: NAME}}}}}
)";
  const auto of = [&](const std::string& name) { return std::string(budget).replace(budget.find("NAME"), 4, name); };
  CHECK(notices(of("web")) == "");
  CHECK(notices(of("wbe")) ==
        "dir/s.yaml:12:117: warning: poddisruptionbudget/b selects pods that nothing here makes: it protects nothing");
}

TEST_CASE("an autoscaler's metrics are those of model.world") {
  const std::string scaler = R"(timeline:
  - at: 1m
    apply:
      inline:
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          maxReplicas: 5
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
          metrics:
            - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
            - {type: External, external: {metric: {name: queue}, target: {type: Value, value: 5}}}
)";
  const std::string missing =
      "dir/s.yaml:22:15: warning: horizontalpodautoscaler/web asks for the external metric queue, which model.world "
      "(metric.external) does not provide; ";
  CHECK(notices(scaler) == missing + "none is provided");
  CHECK(notices(scaler + "model: {world: {metric.external: {queue_depth: '5'}}}\n") ==
        missing + "provided: queue_depth");
  CHECK(notices(scaler + "model: {world: {metric.external: {'que*': '5'}}}\n") == "");
  CHECK(notices(scaler + "model: {world: {'metric.external[queue]': none}}\n") == missing + "none is provided");
}
