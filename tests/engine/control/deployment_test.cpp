// Syncs of a Deployment, and of a namespace that goes: given a cluster, the calls.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;
using support::plan_text;

namespace {

struct Fixture : support::Cluster {
  std::unique_ptr<control::Controller> controller = control::make_deployment_controller();
  control::Plan plan;

  void deploy(const std::string& image, const std::string& extra = "") {
    apply("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 4" + extra +
          ", selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: "
          "[{name: c, image: '" +
          image + "'}]}}}}");
  }
  std::string sync(base::Seq cause = 1) {
    plan.reset(cause);
    controller->reconcile(find(model::Kind::Deployment, "web"), view(), plan);
    return plan_text(plan, view());
  }
  /// Syncs, performs, and does so again until nothing is left to do.
  void settle() {
    for (int i = 0; i < 10 && !sync().empty(); ++i) {
      for (const auto& call : plan.calls()) wish(call.payload);
    }
  }
  event::ReplicaSetId set(std::size_t i) const { return event::ReplicaSetId(i); }
  std::string set_name(std::size_t i) const { return std::string(view().text(state.replica_sets.at(i).header.name)); }
  /// As its controller would report it.
  void report(std::size_t i, std::int32_t replicas, std::int32_t ready) {
    wish(command::UpdateReplicaSetStatus{
        {set(i), replicas, replicas, ready, ready, state.replica_sets[i].header.generation}});
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A new Deployment: a set, its revision and condition in one write, then the status") {
  deploy("app:1");
  CHECK(sync() ==
        "other\n"                                   // CreateReplicaSet
        "other + Condition NewReplicaSetCreated\n"  // SetDeploymentRevision
        "other + Condition MinimumReplicasUnavailable");
  settle();
  CHECK(state.replica_sets.size() == 1);
  CHECK(state.deployments[0].revision == 1);
  CHECK(sync().empty());
}

TEST_CASE_METHOD(Fixture, "A rolling update takes from the old set what the new one has available") {
  deploy("app:1");
  settle();
  report(0, 4, 4);
  settle();
  deploy("app:2");
  settle();
  // maxSurge 25 % and maxUnavailable 25 % of 4: one more, one fewer.
  CHECK(state.replica_sets[1].replicas == 2);
  CHECK(state.replica_sets[0].replicas == 3);
  // The old set's status is behind its spec: nothing more is taken from it until it has caught up.
  report(1, 2, 1);
  CHECK(sync().find("Scale") == std::string::npos);
  report(0, 3, 3);
  CHECK(sync().find("Scale " + set_name(0) + " 2") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "Progress runs out: a timer, put down to the last progress") {
  deploy("app:1", ", progressDeadlineSeconds: 10");
  settle();
  now = base::SimTime{} + base::seconds(3);
  report(0, 4, 0);
  settle();
  sync();
  CHECK(plan.requeue_at() == base::SimTime{} + base::seconds(14));
  now = base::SimTime{} + base::seconds(8);
  report(0, 4, 1);  // it counts from the last progress
  settle();
  sync();
  CHECK(plan.requeue_at() == base::SimTime{} + base::seconds(19));
  now = base::SimTime{} + base::seconds(19);
  CHECK(sync(0) == "Condition ProgressDeadlineExceeded");
  CHECK(plan.calls()[0].cause != 0);
  settle();
  CHECK(sync().empty());
  CHECK(plan.requeue_at() == base::SimTime::never());
}

TEST_CASE_METHOD(Fixture, "minReadySeconds of the Deployment reaches its set") {
  deploy("app:1");
  settle();
  deploy("app:1", ", minReadySeconds: 20");
  settle();
  CHECK(state.replica_sets.size() == 1);
  CHECK(state.replica_sets[0].min_ready_seconds == 20);
}

TEST_CASE_METHOD(Fixture, "Annotations of the Deployment reach its new set, not its old ones, and stay there") {
  deploy("app:1");
  settle();
  deploy("app:2");
  settle();
  REQUIRE(state.replica_sets.size() == 2);
  const auto annotate = [&](const std::string& value) {
    wish(command::PatchObject{find(model::Kind::Deployment, "web"),
                              R"({"metadata":{"annotations":{"team":)" + value + "}}}", 0});
  };
  const auto team = [&](std::size_t i) {
    const model::Doc doc = view().stored_doc(set(i));
    const model::Doc* value = doc.at({"metadata", "annotations", "team"});
    return value == nullptr ? "-" : value->text;
  };
  const std::uint32_t generation = state.replica_sets[1].header.generation;
  annotate("\"blue\"");
  settle();
  CHECK(team(1) == "blue");
  CHECK(team(0) == "-");
  CHECK(state.replica_sets[1].header.generation == generation);
  annotate("\"red\"");
  settle();
  CHECK(team(1) == "red");
  annotate("null");
  CHECK(sync().empty());
  CHECK(team(1) == "red");
  CHECK(state.replica_sets.size() == 2);
}

TEST_CASE_METHOD(Fixture, "Old sets are taken from by age, those of one second by name") {
  const auto shrunk = [&](std::int64_t apart_ms) {
    Fixture f;
    for (const char* image : {"app:1", "app:2", "app:3"}) {
      f.deploy(image);
      f.fact(event::ReplicaSetCreated{event::DeploymentId(std::size_t{0}), f.state.deployments[0].hash, 2,
                                      static_cast<std::int64_t>(f.state.replica_sets.size()) + 1, 4, 5});
      f.report(f.state.replica_sets.size() - 1, 2, 2);
      f.now = f.now + base::milliseconds(apart_ms);
    }
    // Three sets of two where four are wanted and three would do: the first to be taken from loses all.
    f.state.replica_sets[2].replicas = 4;
    f.report(2, 4, 2);
    const std::string calls = f.sync();
    const bool first = calls.find("Scale " + f.set_name(0) + " 0") != std::string::npos;
    const bool second = calls.find("Scale " + f.set_name(1) + " 0") != std::string::npos;
    INFO(calls);
    REQUIRE(first != second);
    const bool in_order = f.set_name(0) < f.set_name(1);
    return std::make_pair(first, in_order);
  };
  CHECK(shrunk(1000).first);
  const auto [first, in_order] = shrunk(10);
  CHECK(first == in_order);
  CHECK_FALSE(in_order);  // else the test would show nothing: take other images
}

TEST_CASE_METHOD(Fixture, "A set with the old hash in its labels is taken back by its template") {
  deploy("app:1");
  // As exported from a real cluster: the same template with Kubernetes' own hash.
  apply(
      "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-real, labels: {app: web, pod-template-hash: "
      "real}}, spec: {replicas: 4, "
      "selector: {matchLabels: {app: web, pod-template-hash: real}}, template: {metadata: {labels: {app: web, "
      "pod-template-hash: real}}, "
      "spec: {containers: [{name: c, image: 'app:1'}]}}}}");
  settle();
  CHECK(state.replica_sets.size() == 1);
  CHECK(state.replica_sets[0].deployment.valid());
  CHECK(state.replica_sets[0].revision == 1);
}

TEST_CASE_METHOD(Fixture, "A namespace that goes takes its content along, then itself") {
  apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {a: b}}");
  apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {containers: [{name: c, image: "
      "'app:1'}]}}");
  apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: mine}, data: {a: b}}");
  const event::Ref ns = find(model::Kind::Namespace, "shop", "");
  auto namespaces = control::make_namespace_controller();
  const auto sync_namespace = [&] {
    plan.reset(1);
    namespaces->reconcile(ns, view(), plan);
    return plan_text(plan, view());
  };
  CHECK(sync_namespace().empty());
  wish(command::DeleteObject{ns, event::Propagation::Background, {}});
  // KEP-5080: pods first, while what they may need is still there.
  CHECK(sync_namespace() == "DeletePod p");
  for (const auto& call : plan.calls()) wish(call.payload);
  CHECK(sync_namespace() == "DeleteObject settings");
  for (const auto& call : plan.calls()) wish(call.payload);
  CHECK(sync_namespace() == "RemoveObject shop");
}
