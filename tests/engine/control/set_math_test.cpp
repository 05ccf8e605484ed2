// The arithmetic of StatefulSets and DaemonSets: names and ordinals, which revision, whose claims, which nodes.
#include <catch2/catch.hpp>

#include "engine/control/daemon_set_math.h"
#include "engine/control/stateful_set_math.h"
#include "engine/model/decode.h"

using namespace wavetank;
using namespace wavetank::control;

TEST_CASE("A pod's name tells its set and its ordinal") {
  struct Row {
    const char* name;
    const char* parent;
    std::int32_t ordinal;
  };
  const Row rows[] = {
      {"web-0", "web", 0}, {"web-12", "web", 12},       {"my-web-3", "my-web", 3}, {"web", "", -1},
      {"web-", "", -1},    {"web-x1", "", -1},          {"web-007", "web", 7},     {"web-99999999999", "web", -1},
      {"-4", "", 4},       {"web-abc12-x2z4q", "", -1},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(pod_identity(row.name) == PodIdentity{row.parent, row.ordinal});
  }
  CHECK(stateful_pod_name("web", 3) == "web-3");
  CHECK(claim_name("data", "web", 3) == "data-web-3");
}

TEST_CASE("Ordinals go from spec.ordinals.start, replicas of them") {
  model::StatefulSet set;
  set.replicas = 3;
  set.ordinals_start = 5;
  CHECK_FALSE(in_ordinal_range(set, 4));
  CHECK(in_ordinal_range(set, 5));
  CHECK(in_ordinal_range(set, 7));
  CHECK_FALSE(in_ordinal_range(set, 8));
  set.replicas = 0;
  CHECK_FALSE(in_ordinal_range(set, 5));
}

TEST_CASE("Below the partition pods are made of the current revision, from it on of the update revision") {
  model::StatefulSet set;
  set.replicas = 4;
  set.partition = 2;
  CHECK(keeps_current_revision(set, 1, 0));
  CHECK_FALSE(keeps_current_revision(set, 2, 4));
  set.ordinals_start = 10;
  CHECK(keeps_current_revision(set, 11, 0));
  CHECK_FALSE(keeps_current_revision(set, 12, 0));
  set.on_delete = true;
  CHECK_FALSE(keeps_current_revision(set, 10, 4));
  // type RollingUpdate written without rollingUpdate: status.currentReplicas decides.
  set = {};
  set.partition = -1;
  CHECK(keeps_current_revision(set, 1, 2));
  CHECK_FALSE(keeps_current_revision(set, 2, 2));
}

TEST_CASE("Owners of claims under persistentVolumeClaimRetentionPolicy") {
  struct Row {
    bool when_deleted, when_scaled;
    ClaimOwners kept, condemned;  // of a pod in range, of one out of range
  };
  const Row rows[] = {
      {false, false, {false, false}, {false, false}},
      {true, false, {true, false}, {true, false}},
      {false, true, {false, false}, {false, true}},
      {true, true, {true, false}, {false, true}},
  };
  for (const Row& row : rows) {
    model::StatefulSet set;
    set.replicas = 1;
    set.delete_claims_when_deleted = row.when_deleted;
    set.delete_claims_when_scaled = row.when_scaled;
    CHECK(claim_owners(set, 0) == row.kept);
    CHECK(claim_owners(set, 1) == row.condemned);
  }
}

namespace {

model::PodSpec spec_of(const std::string& yaml) {
  auto docs = model::parse_yaml(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: i}]\n" + yaml, "t");
  REQUIRE(docs.has_value());
  auto object = model::decode(std::move(docs->front()), "t");
  REQUIRE(object.has_value());
  return std::get<model::Pod>(object->spec).tmpl.spec;
}

model::Taint taint(const char* key, model::TaintEffect effect) { return {key, "", effect}; }

}  // namespace

TEST_CASE("Where a daemon pod has to run, and where it may stay") {
  using model::TaintEffect;
  const model::Labels labels = {{"disk", "ssd"}, {"zone", "a"}};
  struct Row {
    const char* name;
    std::string spec;
    std::vector<model::Taint> taints;
    DaemonFit fit;
  };
  const std::string in_zone_a =
      "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
      "[{matchExpressions: [{key: zone, operator: In, values: [a]}]}]}}}\n";
  const std::string not_n1 =
      "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
      "[{matchFields: [{key: metadata.name, operator: NotIn, values: [n1]}]}]}}}\n";
  const Row rows[] = {
      {"anywhere", "", {}, {true, true}},
      {"a selector that fits", "  nodeSelector: {disk: ssd}\n", {}, {true, true}},
      {"a selector that does not", "  nodeSelector: {disk: hdd}\n", {}, {false, false}},
      {"affinity that fits", in_zone_a, {}, {true, true}},
      {"affinity by name that does not", not_n1, {}, {false, false}},
      {"another node named", "  nodeName: n2\n", {}, {false, false}},
      {"a NoSchedule taint: what runs stays", "", {taint("x", TaintEffect::NoSchedule)}, {false, true}},
      {"a NoExecute taint", "", {taint("x", TaintEffect::NoExecute)}, {false, false}},
      {"PreferNoSchedule does not count", "", {taint("x", TaintEffect::PreferNoSchedule)}, {true, true}},
      {"a tolerated taint",
       "  tolerations: [{key: x, operator: Exists}]\n",
       {taint("x", TaintEffect::NoExecute)},
       {true, true}},
      {"what every daemon pod tolerates",
       "",
       {taint("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
        taint("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
        taint("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
        taint("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
        taint("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
        taint("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule)},
       {true, true}},
      {"not-ready:NoSchedule is not among it",
       "",
       {taint("node.kubernetes.io/not-ready", TaintEffect::NoSchedule)},
       {false, true}},
      {"network-unavailable",
       "",
       {taint("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule)},
       {false, true}},
      {"network-unavailable on the host's network",
       "  hostNetwork: true\n",
       {taint("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule)},
       {true, true}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const model::PodSpec spec = spec_of(row.spec);
    const DaemonFit fit = daemon_fit(spec, daemon_tolerations(spec), "n1", labels, row.taints);
    CHECK(fit.should_run == row.fit.should_run);
    CHECK(fit.should_continue == row.fit.should_continue);
  }
}

TEST_CASE("A daemon pod is pinned to its node; a toleration that is there is not added twice") {
  auto tmpl = model::parse_json(
      R"({"metadata":{"labels":{"app":"a"}},"spec":{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[],)"
      R"("requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"Exists"}]}]}}},)"
      R"("containers":[{"image":"i","name":"c"}],"tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}]}})",
      "t");
  REQUIRE(tmpl.has_value());
  model::Doc pod = daemon_pod_doc(*tmpl, "abc", "3");
  pin_to_node(pod, "n7");
  pin_to_node(pod, "n8");
  CHECK(pod.at({"metadata", "labels", "controller-revision-hash"})->text == "abc");
  CHECK(pod.at({"metadata", "labels", "pod-template-generation"})->text == "3");
  CHECK(pod.at({"spec", "tolerations"})->items.size() == 6);
  CHECK(pod.at({"spec", "tolerations"})->items[0].find("tolerationSeconds") == nullptr);
  CHECK(model::to_canonical_json(
            *pod.at({"spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"})) ==
        R"({"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n8"]}]}]})");
  pod["apiVersion"] = model::Doc::string("v1");
  pod["kind"] = model::Doc::string("Pod");
  pod["metadata"]["name"] = model::Doc::string("p");
  auto object = model::decode(std::move(pod), "t");
  REQUIRE(object.has_value());
  CHECK(target_node_name(std::get<model::Pod>(object->spec).tmpl.spec) == "n8");
}

TEST_CASE("How many nodes of a DaemonSet may be without, or have two") {
  struct Row {
    model::IntOrPercent unavailable, surge;
    std::int32_t desired;
    DaemonLimits limits;  // surge, unavailable
  };
  const Row rows[] = {
      {{1, false}, {0, false}, 5, {0, 1}}, {{50, true}, {0, false}, 5, {0, 3}},  {{30, true}, {0, false}, 5, {0, 2}},
      {{0, false}, {20, true}, 6, {2, 0}}, {{0, false}, {1, false}, 6, {1, 0}},  {{0, true}, {0, true}, 4, {0, 1}},
      {{0, false}, {0, false}, 0, {0, 0}}, {{100, true}, {0, false}, 7, {0, 7}},
  };
  for (const Row& row : rows) {
    model::DaemonSet set;
    set.max_unavailable = row.unavailable;
    set.max_surge = row.surge;
    CHECK(daemon_limits(set, row.desired) == row.limits);
    set.on_delete = true;
    CHECK(daemon_limits(set, row.desired) == DaemonLimits{});
  }
}
