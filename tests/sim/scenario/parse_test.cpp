// What a scenario file may not be, and what is said then. Lines count from the head in support.h, which has 9.
#include <catch2/catch.hpp>

#include "tests/sim/scenario/support.h"

using namespace wavetank;
using namespace wavetank::scenario;
using namespace wavetank::scenario::test;

TEST_CASE("a scenario is read") {
  const auto s = load(R"(seed: 7
model:
  control_plane: {controller_qps: 50, watch_delay: 1ms, node_monitor_grace_period: 40s}
  scheduler: {percentageOfNodesToScore: 100, tieBreak: name}
  world:
    image: {bandwidth: 100MB/s}
    image.size: {"*/web:*": 50MB}
timeline:
  - at: 1m
    scale: {target: deployment/web, replicas: 5}
  - after: 30s
    drain: n1
  - every: 1m
    times: 3
    note: tick
expectations:
  - eventually: deployment/web availableReplicas == 5
    from: 1m
    within: 2m
)");
  REQUIRE(errors_of(s) == "");
  CHECK(s->name == "test");
  CHECK(s->seed == 7);
  CHECK(s->nodes.size() == 3);
  CHECK(s->nodes[2].name == "n3");
  CHECK(s->manifests.at(0).docs.at(1).text() == "service/web");
  CHECK(s->control_plane.controller_client.qps == 50);
  CHECK(s->control_plane.watch_delay == base::milliseconds(1));
  CHECK(s->control_plane.controllers.node_monitor_grace_period == base::seconds(40));
  CHECK(s->control_plane.scheduler.percentage_of_nodes_to_score == 100);
  CHECK(s->world.get(world::Param::ImageBandwidth).value == 100'000'000);
  CHECK(s->world.get(world::Param::ImageSize, "example/web:1").value == 50'000'000);
  REQUIRE(s->timeline.size() == 3);
  CHECK(s->timeline[1].at.ns == base::seconds(90).ns);
  CHECK(s->timeline[1].step->text() == "drain n1");
  CHECK(s->timeline[2].at.ns == base::seconds(150).ns);
  CHECK(s->timeline[2].times == 3);
  CHECK(s->expectations.at(0).text() == "eventually deployment/web availableReplicas == 5, from 1m within 2m");
  CHECK(s->inputs.files.size() == 2);
}

TEST_CASE("what is wrong with a file is said with its place") {
  struct Row {
    const char* rest;
    const char* error;
  };
  const Row rows[] = {
      // Fields
      {"sed: 1", R"(10:1: unknown field "sed" in the scenario; did you mean "seed"?)"},
      {"seed: -1", "10:7: seed: -1 is too small, the least is 0"},
      {"seed: x", R"(10:7: seed: want a whole number, found "x")"},
      {"quiet: 30",
       R"(10:8: quiet: invalid duration "30": want numbers with a unit of ns, us, ms, s, m, h, such as "90s", "1m30s", "1.5h"; at most 292 years)"},
      {"timeline: 5", "10:11: timeline: want a list, found the number 5"},
      {"model: {control_plan: {}}", R"(10:9: unknown field "control_plan" in model; did you mean "control_plane"?)"},
      {"model: {control_plane: {controler_qps: 5}}",
       R"(10:25: unknown field "controler_qps" in model.control_plane; did you mean "controller_qps"?)"},
      {"model: {control_plane: {controller_qps: 0}}",
       "10:41: model.control_plane.controller_qps: 0 is too small, the least is 1"},
      {"model: {control_plane: {node_monitor_period: 0s}}",
       "10:46: model.control_plane.node_monitor_period: 0s is too short, the least is 1ms"},
      {"model: {scheduler: {tieBreak: nam}}",
       R"(10:31: model.scheduler.tieBreak: "nam" is not known; did you mean "name"?)"},
      {"model: {scheduler: {percentageOfNodesToScore: 101}}",
       "10:47: model.scheduler.percentageOfNodesToScore: 101 is too large, the most is 100"},
      // Time
      {"timeline: [{note: x}]", R"(10:12: timeline[0]: does not say when; write "at: 5m" or "after: 30s")"},
      {"timeline: [{at: 1m}]",
       "10:12: timeline[0]: does not say what happens; want one of add-nodes, apply, cordon, create-job, delete, "
       "drain, fail, "
       "heal, label, load, note, "
       "patch, rollout, scale, set-image, taint, uncordon"},
      {"timeline: [{at: 1m, after: 1s, note: x}]", "10:12: timeline[0]: has both at and after"},
      {"timeline: [{at: -1m, note: x}]", "10:17: timeline[0].at: -1m is negative"},
      {"timeline: [{at: 2m, note: x}, {at: 1m, note: z}]",
       "10:36: timeline[1].at: 1m is before 2m, the time of the entry above; entries stand in the order of their "
       "times"},
      {"timeline: [{at: 11m, note: x}]", "10:17: timeline[0]: 11m is beyond the end of the run, until: 10m"},
      {"timeline: [{at: 1m, note: x, drain: n1}]", "10:30: timeline[0]: has both note and drain; write two entries"},
      {"timeline: [{at: 1m, times: 2, note: x}]", "10:28: timeline[0].times: goes with every"},
      {"timeline: [{at: 2m, every: 1m, until: 1m, note: x}]",
       "10:39: timeline[0].until: 1m is before the first time, 2m"},
      {"timeline: [{at: 1m, every: 0s, note: x}]", "10:28: timeline[0].every: 0s is too short, the least is 1ms"},
      {"timeline: [{at: 1m, scael: {}}]", R"(10:21: unknown field "scael" in timeline[0]; did you mean "scale"?)"},
      {"timeline: [{at: 1m, every: 1m, jitter: 2m, note: x}]", "10:40: timeline[0].jitter: is longer than every"},
      {"timeline: [{at: 1m, jitter: 2s, note: x}]", "10:29: timeline[0].jitter: goes with every"},
      // Conditions
      {"timeline: [{at: 1m, for: 10s, note: x}]", "10:26: timeline[0].for: goes with when"},
      {"timeline: [{at: 1m, cooldown: 10s, note: x}]", "10:31: timeline[0].cooldown: goes with when"},
      {"timeline: [{when: pods ready == 1, after: 1m, note: x}]", "10:43: timeline[0].after: does not go with when"},
      {"timeline: [{when: pods ready == 1, every: 1m, note: x}]", "10:43: timeline[0].every: does not go with when"},
      {"timeline: [{when: pods ready == 1, jitter: 1s, note: x}]", "10:44: timeline[0].jitter: does not go with when"},
      {"timeline: [{when: pods ready == 1, times: 0, note: x}]",
       "10:43: timeline[0].times: 0 is too small, the least is 1"},
      {"timeline: [{at: 5m, when: pods ready == 1, until: 1m, note: x}]",
       "10:51: timeline[0].until: 1m is before at, 5m"},
      {"timeline: [{at: 11m, when: pods ready == 1, note: x}]",
       "10:17: timeline[0]: 11m is beyond the end of the run, until: 10m"},
      {"timeline: [{when: pods raedy == 1, note: x}]",
       R"(10:24: timeline[0].when: pods has no field "raedy"; did you mean "ready"?)"},
      {"timeline: [{when: deployment/wbe replicas == 1, note: x}]",
       R"(10:19: timeline[0].when: there is no Deployment "wbe" in namespace default; did you mean "web"?)"},
      {"timeline: [{when: pods ready ==, note: x}]",
       "10:32: timeline[0].when: expected a number, a word or a quantity, found the end"},
      {"timeline: [{when: pods ready == 1}]",
       "10:12: timeline[0]: does not say what happens; want one of add-nodes, apply, cordon, create-job, delete, "
       "drain, fail, "
       "heal, label, load, note, "
       "patch, rollout, scale, set-image, taint, uncordon"},
      // Expectations
      {"expectations: [{expr: pods ready == 1}]",
       "10:16: expectations[0]: does not say when it holds; want one of always, never, eventually, at"},
      {"expectations: [{at: 1m}]", R"(10:16: expectations[0]: the field "expr" is missing (with at: the expression))"},
      {"expectations: [{always: pods ready == 1, never: pods ready == 2}]",
       "10:16: expectations[0]: has both always and never; write two entries"},
      {"expectations: [{always: pods ready == 1, from: 2m, to: 1m}]",
       "10:56: expectations[0].to: 1m is before from, 2m"},
      {"expectations: [{always: pods ready == 1, within: 1m}]", "10:50: expectations[0].within: goes with eventually"},
      {"expectations: [{eventually: pods ready == 1, to: 1m}]",
       "10:50: expectations[0].to: goes with always and never"},
      {"expectations: [{at: 11m, expr: pods ready == 1}]",
       "10:21: expectations[0].at: 11m is beyond the end of the run, until: 10m"},
      {"expectations: [{eventually: pods ready == 1, from: 9m, within: 2m}]",
       "10:64: expectations[0].within: 11m is beyond the end of the run, until: 10m"},
      {"expectations: [{always: pods raedy == 1}]",
       R"(10:30: expectations[0].always: pods has no field "raedy"; did you mean "ready"?)"},
      {"expectations: [{always: \"pods raedy == 1\"}]",
       R"(10:31: expectations[0].always: pods has no field "raedy"; did you mean "ready"?)"},
      {"expectations: [{always: deployment/wbe replicas == 1}]",
       R"(10:25: expectations[0].always: there is no Deployment "wbe" in namespace default; did you mean "web"?)"},
      // Syntax
      {"seed: 1\nseed: 2", R"(11:1: duplicate key "seed": already set in line 10)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rest);
    CHECK(errors(std::string(row.rest) + "\n") == row.error);
  }
}

TEST_CASE("a number is no expression, and is not passed over") {
  for (const char* rest : {"timeline: [{when: 5, note: x}]", "expectations: [{always: 5}]"}) {
    CAPTURE(rest);
    CHECK(errors(std::string(rest) + "\n").find("\"5\" is neither a set of objects nor kind/name") !=
          std::string::npos);
  }
}

TEST_CASE("all errors of a file are reported at once, in the order of their places") {
  CHECK(errors(R"(sed: 1
timeline:
  - at: 1m
    scale: {target: deployment/wbe, replicas: -1}
expectations:
  - always: pod ready == 1
)") == R"(10:1: unknown field "sed" in the scenario; did you mean "seed"?
13:21: timeline[0].scale.target: there is no deployment/wbe at that time; did you mean "web"?
13:47: timeline[0].scale.replicas: -1 is too small, the least is 0
15:13: expectations[0].always: "pod" is a kind: write pod/NAME, or pods for all of them)");
}

TEST_CASE("nodes and manifests that cannot be") {
  struct Row {
    const char* text;  ///< What follows the three lines of the head.
    const char* error;
  };
  const Row rows[] = {
      {"cluster: {}", "4:10: cluster: has no nodes"},
      {"cluster: {nodes: [{count: -1}]}", "4:27: cluster.nodes[0].count: -1 is too small, the least is 0"},
      {"cluster: {nodes: [{name: one, count: 2}]}",
       R"(4:26: cluster.nodes[0].name: "one" gives several the same name; put {n} in it)"},
      {"cluster: {nodes: [{name: 'n{x}'}]}",
       R"(4:26: cluster.nodes[0].name: "n{x}" has a brace that is neither {n} nor {zone})"},
      {"cluster: {nodes: [{name: n}]}",
       "4:26: cluster.nodes[0].name: want text, found the boolean false (put it in quotes if it is meant as text)"},
      {"cluster: {nodes: [{name: one}, {name: one}]}",
       R"(4:39: cluster.nodes[1].name: there are two nodes named "one")"},
      {"cluster: {nodes: [{capacity: {cpu: -4}}]}", "4:36: cluster.nodes[0].capacity.cpu: -4 is negative"},
      {"cluster: {nodes: [{capacity: {cpu: four}}]}",
       R"(4:36: cluster.nodes[0].capacity.cpu: "four" is not a quantity (such as 500m or 2Gi))"},
      {"cluster: {nodes: [{taints: 'gpu:Never'}]}",
       R"(4:28: cluster.nodes[0].taints: "gpu:Never" is not a taint; write key=value:NoSchedule (or PreferNoSchedule, NoExecute))"},
      {"cluster: {nodes: [{labels: {gpu: yes}}]}",
       "4:34: cluster.nodes[0].labels.gpu: want text, found the boolean true (put it in quotes)"},
      {"cluster: {nodes: [{}]}\nmanifests: [missing.yaml]", "5:13: cannot read dir/missing.yaml: no such file"},
      {"cluster: {nodes: [{}]}\nmanifests: [{path: web.yaml, generate: {deployments: 1, replicas: 1}}]",
       "5:13: manifests[0]: wants one of path, inline, generate"},
      {"cluster: {nodes: [{}]}\nmanifests: [{generate: {deployments: 1}}]",
       R"(5:24: manifests[0].generate: the field "replicas" is missing (Pods of each.))"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    MemoryFiles files;
    add_files(files,
              std::string("apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: test}\n") + row.text + "\n");
    CHECK(errors_of(load_scenario("dir/s.yaml", files)) == row.error);
  }
}

TEST_CASE("a manifest's errors name the manifest") {
  MemoryFiles files;
  std::string web(kWeb);
  web.replace(web.find("replicas: 3"), 11, "replicas: -1");
  add_files(files, kHead);
  files.put("dir/web.yaml", web);
  const std::string all = errors_of(load_scenario("dir/s.yaml", files));
  CHECK(all.find("dir/web.yaml:5:") != std::string::npos);
  CHECK(all.find("spec.replicas: Invalid value: -1: must be greater than or equal to 0") != std::string::npos);
}

TEST_CASE("what is no scenario at all") {
  struct Row {
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"", "the file is empty; a scenario begins with \"apiVersion: wavetank/v1\" and \"kind: Scenario\""},
      {"# nothing\n", "the file is empty; a scenario begins with \"apiVersion: wavetank/v1\" and \"kind: Scenario\""},
      {"hello",
       "1:1: this is not a scenario: it begins with \"apiVersion: wavetank/v1\" and \"kind: Scenario\", found "
       "\"hello\""},
      {std::string(kWeb),
       "1:13: this is not a scenario: it begins with \"apiVersion: wavetank/v1\" and \"kind: Scenario\", found "
       "apiVersion: apps/v1"},
      {std::string(kHead) + "---\na: 1\n",
       "11:1: a second document; a scenario file holds one (manifests go under \"manifests\")"},
      {"apiVersion: wavetank/v2\nkind: Scenari\nmetadata: {name: x}\ncluster: {nodes: [{}]}\n",
       "1:13: apiVersion: \"wavetank/v2\" is not known; did you mean \"wavetank/v1\"?\n2:7: kind: \"Scenari\" is not "
       "known; did you mean \"Scenario\"?"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    MemoryFiles files;
    files.put("dir/s.yaml", row.text);
    CHECK(errors_of(load_scenario("dir/s.yaml", files)) == row.error);
  }
  MemoryFiles none;
  CHECK(errors_of(load_scenario("dir/s.yaml", none)) == "cannot read dir/s.yaml: no such file");
}

TEST_CASE("hostile files are refused, not endured") {
  MemoryFiles files;
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "[";
  files.put("deep.yaml", deep);
  CHECK(!load_scenario("deep.yaml", files).has_value());
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  files.put("bomb.yaml", bomb);
  CHECK(!load_scenario("bomb.yaml", files).has_value());
  files.put("binary.yaml", std::string("\0\1\2\xff\xfe", 5));
  CHECK(!load_scenario("binary.yaml", files).has_value());
}

TEST_CASE("--set changes the document before it is read") {
  const auto s = load("", {"cluster.nodes[0].count=20", "model.world.image.bandwidth=5MB/s", "seed=9", "until=5m"});
  REQUIRE(errors_of(s) == "");
  CHECK(s->nodes.size() == 20);
  CHECK(s->seed == 9);
  CHECK(s->until->ns == base::minutes(5).ns);
  CHECK(s->world.get(world::Param::ImageBandwidth).value == 5'000'000);

  struct Row {
    const char* set;
    const char* error;
  };
  const Row rows[] = {
      {"cluster.nodes[0].count", "--set cluster.nodes[0].count: want path=value, such as cluster.nodes[0].count=20"},
      {"cluster.nodes[1].count=2", "--set cluster.nodes[1].count=2: cluster.nodes has 1 entries, the first is [0]"},
      {"kind.x=2", "--set kind.x=2: kind is not a mapping, so it has no x"},
      {"cluster.nodes[0].cuont=2",
       R"(--set cluster.nodes[0].cuont=2: unknown field "cuont" in cluster.nodes[0]; did you mean "count"?)"},
      {"cluster.nodes[0].count=-2",
       "--set cluster.nodes[0].count=-2: cluster.nodes[0].count: -2 is too small, the least is 0"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.set);
    CHECK(errors("", {row.set}) == row.error);
  }
}
