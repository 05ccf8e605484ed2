// One sync of a ReplicaSet: given a cluster, the calls.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;
using support::plan_text;

namespace {

struct Fixture : support::Cluster {
  std::unique_ptr<control::Controller> controller = control::make_replica_set_controller();
  control::Plan plan;

  Fixture() { add_node("n1"); }
  event::ReplicaSetId set(const std::string& name, int replicas, const std::string& extra = "") {
    apply("{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: " + name +
          "}, spec: {replicas: " + std::to_string(replicas) + extra +
          ", selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: "
          "[{name: c, image: 'app:1'}]}}}}");
    return find(model::Kind::ReplicaSet, name).as<event::ReplicaSetId>();
  }
  std::string sync(event::ReplicaSetId id, base::Seq cause = 1) {
    plan.reset(cause);
    controller->reconcile(id, view(), plan);
    return plan_text(plan, view());
  }
  event::PodId running(event::ReplicaSetId id, const std::string& suffix) {
    fact(event::PodCreated{id, suffix, 0});
    const event::PodId p(state.pods.size() - 1);
    fact(event::PodBound{p, node("n1")});
    fact(event::ContainerStarted{p, 0});
    fact(event::PodPhaseChanged{p, event::Phase::Running, ""});
    fact(event::PodReadyChanged{p, true, event::ReadyReason::None});
    return p;
  }
  /// Performs the status write, so that the next sync shows news only.
  void settle(event::ReplicaSetId id) {
    sync(id);
    for (const auto& call : plan.calls()) wish(call.payload);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A ReplicaSet makes its pods in batches of 1, 2, 4…") {
  const auto web = set("web", 5);
  CHECK(sync(web) ==
        "CreatePod web\n"
        "CreatePod web | CreatePod web\n"
        "CreatePod web | CreatePod web\n"
        "Status 0 labeled 0 ready 0 available 0");
}

TEST_CASE_METHOD(Fixture, "At most 500 pods are made in one sync") {
  sync(set("web", 1200));
  CHECK(plan.calls().size() == 501);
}

TEST_CASE_METHOD(Fixture, "A set that is as it should be asks for nothing") {
  const auto web = set("web", 1);
  running(web, "a");
  settle(web);
  CHECK(sync(web).empty());
}

TEST_CASE_METHOD(Fixture, "The cause of a new pod is the deletion of the one it replaces") {
  const auto web = set("web", 2);
  const auto a = running(web, "a");
  running(web, "b");
  settle(web);
  wish(command::DeletePod{a, event::DeletionReason::Deleted, {}});
  CHECK(sync(web, 7) == "CreatePod web\nStatus 1 labeled 1 ready 1 available 1");
  CHECK(plan.calls()[0].cause == state.pods.deletion_seq[a.index()]);
  CHECK(plan.calls()[1].cause == 7);
  // Once replaced, a later need has its own cause.
  running(web, "c");
  wish(command::ScaleObject{web, 3});
  sync(web, 9);
  CHECK(plan.calls()[0].cause == 9);
}

TEST_CASE_METHOD(Fixture, "Orphans that match are adopted and count at once; others are not") {
  add_pod("bare", "app: web", "n1");
  add_pod("other", "app: db", "n1");
  const auto web = set("web", 2);
  CHECK(sync(web) ==
        "SetOwner bare web\n"
        "CreatePod web\n"
        "Status 1 labeled 1 ready 1 available 1");
}

TEST_CASE_METHOD(Fixture, "A bare pod created while the set is full is adopted and deleted: not Ready before Ready") {
  const auto web = set("web", 1);
  running(web, "a");
  settle(web);
  add_pod("bare", "app: web");
  CHECK(sync(web) ==
        "SetOwner bare web\n"
        "DeletePod bare\n"
        "Status 2 labeled 2 ready 1 available 1");
}

TEST_CASE_METHOD(Fixture, "A pod whose labels no longer match is released and replaced") {
  const auto web = set("web", 1);
  const auto a = running(web, "a");
  settle(web);
  CHECK(wish(command::SetLabel{a, "app", "debug"}) == "ObjectUpdated");
  CHECK(sync(web) ==
        "SetOwner web-a none\n"
        "CreatePod web\n"
        "Status 0 labeled 0 ready 0 available 0");
}

TEST_CASE_METHOD(Fixture, "minReadySeconds: available after that time, and the key wakes then") {
  const auto web = set("web", 1, ", minReadySeconds: 10");
  now = base::SimTime{} + base::seconds(5);
  running(web, "a");
  CHECK(sync(web) == "Status 1 labeled 1 ready 1 available 0");
  CHECK(plan.requeue_at() == base::SimTime{} + base::seconds(15));
  now = base::SimTime{} + base::seconds(15);
  CHECK(sync(web) == "Status 1 labeled 1 ready 1 available 1");
}

TEST_CASE_METHOD(Fixture, "A refused creation becomes the condition ReplicaFailure; the next success takes it away") {
  const auto web = set("web", 1);
  sync(web);
  const control::Plan::Call refused = plan.calls().front();
  plan.reset(1);
  controller->on_refusal(web, refused, {"Forbidden", "pods \"web-\" is forbidden: exceeded quota"}, view(), plan);
  CHECK(plan_text(plan, view()) ==
        "Event FailedCreate\nReplicaFailure FailedCreate + Status 0 labeled 0 ready 0 available 0");
  for (const auto& call : plan.calls()) wish(call.payload);
  running(web, "a");
  CHECK(sync(web) == "ReplicaFailure off + Status 1 labeled 1 ready 1 available 1");
}

TEST_CASE_METHOD(Fixture, "A set that is being deleted makes no pods") {
  const auto web = set("web", 2);
  wish(command::DeleteObject{web, event::Propagation::Foreground, {}});
  CHECK(sync(web) == "Status 0 labeled 0 ready 0 available 0");
}

TEST_CASE_METHOD(Fixture, "A node is crowded by the pods of all sets of the Deployment") {
  add_node("n2");
  apply(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: "
      "{app: "
      "web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: 'app:1'}]}}}}");
  const auto deployment = find(model::Kind::Deployment, "web").as<event::DeploymentId>();
  fact(event::ReplicaSetCreated{deployment, "old", 1, 1, 2, 3});
  fact(event::ReplicaSetCreated{deployment, "new", 5, 2, 2, 3});
  const event::ReplicaSetId old(0U), fresh(1U);
  const auto run = [&](event::ReplicaSetId id, const std::string& suffix, const char* on) {
    fact(event::PodCreated{id, suffix, 0});
    const event::PodId p(state.pods.size() - 1);
    fact(event::PodBound{p, node(on)});
    fact(event::PodPhaseChanged{p, event::Phase::Running, ""});
    fact(event::PodReadyChanged{p, true, event::ReadyReason::None});
    return p;
  };
  run(old, "one", "n1");
  run(old, "two", "n2");
  const event::PodId crowd = run(fresh, "crowd", "n1");
  CHECK(sync(old).find("DeletePod web-old-one") != std::string::npos);
  fact(event::PodRemoved{crowd});
  run(fresh, "other", "n2");
  CHECK(sync(old).find("DeletePod web-old-two") != std::string::npos);
}
