// One sync of a PodDisruptionBudget, and of the pod garbage collector for a pod whose node never was.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "engine/control/registry.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;

namespace {

std::string sync(control::Controller& controller, event::Ref key, const support::Cluster& c, control::Plan& plan) {
  plan.reset(1);
  controller.reconcile(key, c.view(), plan);
  return support::plan_text(plan, c.view());
}

}  // namespace

TEST_CASE("A budget that needs the scale of pods whose controller has none allows nothing and says why") {
  struct Row {
    const char* owner;  ///< "Job" or "DaemonSet"
    const char* budget;
    const char* plan;
    const char* message;
  };
  const Row rows[] = {
      {"Job", "maxUnavailable: 1",
       "Event CalculateExpectedPodCountFailed\nother + Condition DisruptionAllowed SyncFailed",
       "jobs.batch does not implement the scale subresource"},
      {"DaemonSet", "minAvailable: 50%",
       "Event CalculateExpectedPodCountFailed\nother + Condition DisruptionAllowed SyncFailed",
       "daemonsets.apps does not implement the scale subresource"},
      {"Job", "minAvailable: 1", "other + Condition DisruptionAllowed InsufficientPods", ""},
  };
  for (const Row& row : rows) {
    INFO(row.owner << " " << row.budget);
    support::Cluster c;
    const bool job = std::string(row.owner) == "Job";
    c.apply(std::string("{apiVersion: ") + (job ? "batch/v1" : "apps/v1") + ", kind: " + row.owner +
            ", metadata: {name: w}, spec: {" + (job ? "" : "selector: {matchLabels: {app: w}}, ") +
            "template: {metadata: {labels: {app: w}}, spec: {" + (job ? "restartPolicy: Never, " : "") +
            "containers: [{name: c, image: 'a:1'}]}}}}");
    c.apply(
        std::string(
            "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {selector: {matchLabels: "
            "{app: w}}, ") +
        row.budget + "}}");
    c.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: w}}, spec: {containers: [{name: c, image: "
        "'a:1'}]}}");
    const event::Ref owner = c.find(job ? model::Kind::Job : model::Kind::DaemonSet, "w");
    c.fact(event::OwnerChanged{c.pod("p"), owner});
    const event::Ref budget = c.find(model::Kind::PodDisruptionBudget, "b");
    const auto controller = control::make_disruption_controller({});
    control::Plan plan;
    CHECK(sync(*controller, budget, c, plan) == row.plan);
    CHECK(plan.failed() == (row.message[0] != '\0'));
    for (const auto& call : plan.calls()) c.wish(call.payload);
    const state::Condition* condition = c.view().condition(budget, "DisruptionAllowed");
    REQUIRE(condition != nullptr);
    CHECK(condition->status == event::ConditionStatus::False);
    CHECK(condition->message == row.message);
    CHECK(sync(*controller, budget, c, plan).find("Condition") == std::string::npos);  // written once
  }
}

TEST_CASE("A pod whose node never comes is collected: 40 s of quarantine after the next look") {
  support::Cluster c;
  c.now = c.now + base::seconds(5);
  c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {nodeName: nowhere, containers: [{name: c, image: "
      "'a:1'}]}}");
  const auto controller = control::make_pod_gc_controller({});
  control::Plan plan;
  CHECK(sync(*controller, c.pod("p"), c, plan).empty());
  CHECK(plan.requeue_at() == base::SimTime{} + base::seconds(60));  // it looks every 20 s
  c.now = plan.requeue_at();
  CHECK(sync(*controller, c.pod("p"), c, plan) == "SetPodPhase p\nDeletePod p grace 0");
  c.add_node("nowhere");  // it has come after all
  CHECK(sync(*controller, c.pod("p"), c, plan).empty());
}
