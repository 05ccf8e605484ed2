// Every step: what it reads as, and what is said about what it cannot be.
#include <catch2/catch.hpp>

#include <set>

#include "sim/scenario/steps/registry.h"
#include "tests/sim/scenario/support.h"

using namespace wavetank;
using namespace wavetank::scenario;
using namespace wavetank::scenario::test;

TEST_CASE("steps are read, and say what they do") {
  struct Row {
    const char* step;
    const char* text;
  };
  const Row rows[] = {
      {"add-nodes: {name: 'm{n}', count: 2}", "add 2 nodes"},
      {"add-nodes: {name: extra}", "add node extra"},
      {"apply: web.yaml", "apply web.yaml"},
      {"apply: {inline: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}}", "apply (inline)"},
      {"cordon: n1", "cordon n1"},
      {"cordon: [n1, n2]", "cordon n1 n2"},
      {"create-job: {from: cronjob/shop/report, name: now}", "create job now from cronjob/shop/report"},
      {"delete: deployment/web", "delete deployment/web"},
      {"delete: {target: [pod/web-x, service/web], grace: 0s}", "delete pod/web-x service/web"},
      {"drain: n1", "drain n1"},
      {"drain: {node: 'n*', timeout: 5m}", "drain n*"},
      {"fail: {kind: zone-outage, zone: a, duration: 5m}", "zone-outage of zone a for 5m"},
      {"fail: {kind: node-crash, node: n1, name: mine}", "node-crash of node n1"},
      {"heal: zone-outage", "heal zone-outage"},
      {"heal: all", "heal all"},
      {"label: {target: node/n1, set: {disk: ssd}, remove: old}", "label n1 disk=ssd old-"},
      {"load: {service: web, rps: 100}", "load of service/web 100/s"},
      {"load: {service: web, rps: 1500m}", "load of service/web 1.500/s"},
      {"note: hello", "note: hello"},
      {"patch: {target: deployment/web, merge: {spec: {minReadySeconds: 5}}}", "patch deployment/web"},
      {"rollout: {undo: deployment/web}", "rollout undo deployment/web"},
      {"rollout: {restart: 'deployment/*'}", "rollout restart deployment/*"},
      {"scale: {target: deployment/web, replicas: 9}", "scale deployment/web to 9"},
      {"scale: {target: deploy/default/web, replicas: 0}", "scale deployment/web to 0"},
      {"set-image: {target: deployment/web, image: 'example/web:2'}", "set image of deployment/web to example/web:2"},
      {"set-image: {target: 'deployment/*', image: x, fraction: 33%}", "set image of deployment/* to x"},
      {"taint: {node: n1, taint: 'dedicated=gpu:NoSchedule'}", "taint n1 dedicated=gpu:NoSchedule"},
      {"uncordon: n1", "uncordon n1"},
  };
  std::set<std::string_view> seen;
  for (const Row& row : rows) {
    CAPTURE(row.step);
    const auto s = load("timeline: [{at: 1m, " + std::string(row.step) + "}]\n");
    REQUIRE(errors_of(s) == "");
    REQUIRE(s->timeline.size() == 1);
    CHECK(s->timeline[0].step->text() == row.text);
    seen.insert(std::string_view(row.step).substr(0, std::string_view(row.step).find(':')));
  }
  for (const StepInfo& step : steps()) {
    CAPTURE(step.name);
    CHECK(seen.contains(step.name));
  }
}

TEST_CASE("steps that cannot be") {
  struct Row {
    const char* step;  ///< Stands in line 12, from column 5.
    const char* error;
  };
  const Row rows[] = {
      {"add-nodes: {name: n1}", R"(12:23: timeline[0].add-nodes.name: there are two nodes named "n1")"},
      {"apply: {}", "12:12: timeline[0].apply: names neither files nor inline manifests"},
      {"apply: nothing.yaml", "12:12: cannot read dir/nothing.yaml: no such file"},
      {"cordon: n4", R"(12:13: timeline[0].cordon.node: there is no node/n4 at that time; known are n1, n2, n3)"},
      {"cordon: 'm*'", R"(12:13: timeline[0].cordon.node: there is no node/m* at that time; known are n1, n2, n3)"},
      {"create-job: {from: deployment/web, name: now}",
       R"(12:24: timeline[0].create-job.from: the kind "deployment" is not one that can stand here; known are cronjob)"},
      {"create-job: {from: cronjob/*, name: now}",
       "12:24: timeline[0].create-job.from: one cron job is wanted, not a pattern"},
      {"delete: web", R"(12:13: timeline[0].delete.target: "web" is not kind/name, such as deployment/web)"},
      {"delete: {target: deployment/web, cascade: foregroud}",
       R"(12:47: timeline[0].delete.cascade: "foregroud" is not known; did you mean "foreground"?)"},
      {"drain: {timeout: 5m}",
       R"(12:12: timeline[0].drain: the field "node" is missing (Names of nodes; * stands for any text.))"},
      {"drain: {node: n1, tiemout: 5m}",
       R"(12:23: unknown field "tiemout" in timeline[0].drain; did you mean "timeout"?)"},
      {"fail: {kind: zone-outag, zone: a}",
       R"(12:18: timeline[0].fail.kind: "zone-outag" is not known; did you mean "zone-outage"?)"},
      {"fail: {kind: zone-outage, zone: d}", R"(12:37: timeline[0].fail.zone: no node is in zone "d"; known are a, b)"},
      {"fail: {kind: node-crash, node: n7}",
       R"(12:36: timeline[0].fail.node: there is no node/n7 at that time; known are n1, n2, n3)"},
      {"fail: {kind: zone-outage, zone: a, fraction: 5%}",
       "12:50: timeline[0].fail.fraction: zone-outage does not strike nodes"},
      {"fail: {kind: node-crash, node: n1, fraction: 500%}",
       R"(12:50: timeline[0].fail.fraction: want a share such as 5% or 0.05, found "500%")"},
      {"heal: zone-outag",
       R"(12:11: timeline[0].heal.fault: no step before this one begins a fault named "zone-outag", and no kind is; did you mean "zone-outage"?)"},
      {"label: {target: node/n1}", "12:12: timeline[0].label: has neither set nor remove"},
      {"load: {service: wbe, rps: 5}",
       R"(12:21: timeline[0].load.service: there is no service/wbe at that time; did you mean "web"?)"},
      {"load: {service: web, rps: 1e9}", "12:31: timeline[0].load.rps: at most 100000000 requests a second"},
      {"load: {service: web, rps: -5}", "12:31: timeline[0].load.rps: -5 is negative"},
      {"patch: {target: deployment/web, merge: 5}",
       "12:44: timeline[0].patch.merge: want a mapping with the fields to change"},
      {"rollout: {}", "12:14: timeline[0].rollout: wants one of undo, pause, resume, restart"},
      {"rollout: {undo: deployment/web, pause: deployment/web}",
       "12:14: timeline[0].rollout: has both undo and pause; write two steps"},
      {"rollout: {pause: deployment/web, toRevision: 3}", "12:50: timeline[0].rollout.toRevision: goes with undo only"},
      {"rollout: {undo: pod/web}",
       R"(12:21: timeline[0].rollout.undo: the kind "pod" is not one that can stand here; known are deployment, statefulset, daemonset)"},
      {"scale: {target: deployment/wbe, replicas: 1}",
       R"(12:21: timeline[0].scale.target: there is no deployment/wbe at that time; did you mean "web"?)"},
      {"scale: {target: deployment/web}",
       R"(12:12: timeline[0].scale: the field "replicas" is missing (How many pods.))"},
      {"scale: {target: deployment/web, replicas: -1}",
       "12:47: timeline[0].scale.replicas: -1 is too small, the least is 0"},
      {"set-image: {target: deployment/web, image: x, fraction: 5%}",
       "12:61: timeline[0].set-image.fraction: deployment/web is one object; a fraction needs a pattern such as "
       "deployment/*"},
      {"taint: {node: n1, taint: gpu}",
       R"(12:30: timeline[0].taint.taint: "gpu" is not a taint; write key=value:NoSchedule (or PreferNoSchedule, NoExecute), with a minus at the end to remove it)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.step);
    CHECK(errors("timeline:\n  - at: 1m\n    " + std::string(row.step) + "\n") == row.error);
  }
}

TEST_CASE("a step may name what a step before it has made") {
  CHECK(errors(R"(timeline:
  - at: 1m
    add-nodes: {name: late}
  - at: 2m
    drain: late
)") == "");
  CHECK(errors(R"(timeline:
  - at: 1m
    drain: late
  - at: 2m
    add-nodes: {name: late}
)") != "");
}
