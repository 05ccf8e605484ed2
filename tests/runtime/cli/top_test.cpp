// wavetank top: what pods and nodes use, on a small run with a load, a limit, a leak and a machine that dies.
#include "tests/runtime/cli/program.h"

using namespace wavetank::cli::test;

namespace {

constexpr const char* kUsed = R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: used}
cluster: {nodes: [{name: "node-{n}", count: 2, capacity: {cpu: "4", memory: 8Gi}}]}
until: 10m
manifests:
  - inline:
      - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
      - apiVersion: v1
        kind: Pod
        metadata: {name: web, labels: {app: web}}
        spec:
          nodeName: node-1
          containers:
            - {name: server, image: "web:1", resources: {requests: {cpu: 500m}, limits: {cpu: 500m}}}
            - {name: proxy, image: "proxy:1"}
      - apiVersion: v1
        kind: Pod
        metadata: {name: cache, namespace: shop, labels: {app: cache}}
        spec: {nodeName: node-2, containers: [{name: cache, image: "cache:1"}]}
      - apiVersion: v1
        kind: Pod
        metadata: {name: batch, labels: {app: batch}}
        spec: {nodeName: node-2, containers: [{name: batch, image: "batch:1"}]}
model:
  world:
    app.cpu: {"web:*": 800m, "proxy:*": 25m, "cache:*": 100m, "batch:*": "1"}
    app.memory: {"web:*": 200Mi, "proxy:*": 50Mi, "cache:*": 1Gi, "batch:*": 64Mi}
    node.memory_used: 512Mi
timeline:
  - {at: 1m, fail: {kind: memory-leak, image: "batch:*", rate: 1Mi, duration: 5m}}
  - {at: 8m, fail: {kind: node-crash, node: node-1}}
)";

const Folder& used() {
  static const Folder folder;
  static const Ran ran = [] {
    folder.write("used.yaml", kUsed);
    return folder.run("run used.yaml -o used.wt");
  }();
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  return folder;
}

}  // namespace

TEST_CASE("top prints what kubectl top prints") {
  struct Row {
    const char *golden, *arguments;
  };
  const Row rows[] = {
      {"top_pods.txt", "top used.wt pods --at 1m"},
      {"top_pods_all.txt", "top used.wt pod -A --at 5m --sort-by memory"},
      {"top_containers.txt", "top used.wt po -A --containers --sort-by cpu"},
      {"top_pods.json", "top used.wt pods -n shop -o json"},
      {"top_nodes.txt", "top used.wt nodes --at 5m --sort-by cpu"},
      {"top_nodes_lost.txt", "top used.wt nodes"},
  };
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = used().run(row.arguments);
    CHECK(ran.code == 0);
    CHECK(ran.err == "");
    check_golden(row.golden, ran.out);
  }
}

TEST_CASE("top: cpu is at most the limit, a leak counts while it is on, a selector and a name choose") {
  CHECK(used().run("top used.wt pods --at 2m -l app=web").out ==
        "NAME   CPU(cores)   MEMORY(bytes)\nweb    525m         250Mi\n");
  CHECK(used().run("top used.wt pods batch --at 2m").out ==
        "NAME    CPU(cores)   MEMORY(bytes)\nbatch   1000m        124Mi\n");
  CHECK(used().run("top used.wt pods batch --at 7m").out ==
        "NAME    CPU(cores)   MEMORY(bytes)\nbatch   1000m        64Mi\n");
}

TEST_CASE("top says what is not known, as kubectl does") {
  struct Row {
    const char* arguments;
    int code;
    const char* error;
  };
  const Row rows[] = {
      {"top used.wt pods --at 3s", 0, "No resources found in default namespace.\n"},
      {"top used.wt pods -A --at 3s", 0, "No resources found\n"},
      {"top used.wt pods -n nowhere", 0, "No resources found in nowhere namespace.\n"},
      {"top used.wt pods web --at 9m", 2, "wavetank: Metrics not available for pod default/web, age: 9m\n"},
      {"top used.wt pods wbe", 2, "wavetank: Error from server (NotFound): pods \"wbe\" not found\n"},
      {"top used.wt nodes node-9", 2, "wavetank: Error from server (NotFound): nodes \"node-9\" not found\n"},
      {"top used.wt nodes node-1", 2, "wavetank: metrics not available yet\n"},
      {"top used.wt pods web -l app=web", 2, "wavetank: only one of NAME or --selector can be provided\n"},
      {"top used.wt podz", 2, "wavetank: top knows pods and nodes, not \"podz\"; did you mean \"pods\"?\n"},
      {"top plain.wt pods", 2,
       "wavetank: metrics not available yet: the scenario of this run says nothing of app.cpu or app.memory\n"},
  };
  const Folder& folder = used();
  REQUIRE(folder.run("run outage.yaml -o plain.wt --force").code == 1);
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = folder.run(row.arguments);
    CHECK(ran.code == row.code);
    CHECK(ran.out == "");
    CHECK(ran.err == row.error);
  }
}
