// One sync of a DaemonSet: given a cluster, the calls.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;
using event::Phase;
using support::plan_text;

namespace {

struct Fixture : support::Cluster {
  std::unique_ptr<control::Controller> controller = control::make_daemon_set_controller();
  control::Plan plan;

  void apply_set(const std::string& image, const std::string& extra = "") {
    apply("{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: a}}" +
          extra + ", template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: '" + image +
          "'}]}}}}");
  }
  const state::DaemonSetRow& row() const { return state.daemon_sets[0]; }
  std::string sync() {
    plan.reset(1);
    controller->reconcile(find(model::Kind::DaemonSet, "agent"), view(), plan);
    return plan_text(plan, view());
  }
  void perform() {
    for (const auto& call : plan.calls()) wish(call.payload);
  }
  /// Syncs and performs until nothing is left to do; pods that were made run and are ready on the node that is theirs,
  /// those to be deleted are gone at once.
  void settle() {
    for (int i = 0; i < 40 && !sync().empty(); ++i) {
      perform();
      for (std::size_t p = 0; p < state.pods.size(); ++p) {
        const event::PodId pod(p);
        if (!view().pod_alive(pod)) continue;
        if (view().pod_terminating(pod)) {
          fact(event::PodRemoved{pod});
        } else if (!view().pod_node(pod).valid()) {
          run(pod);
        }
      }
    }
    REQUIRE(sync().empty());
  }
  void run(event::PodId p) {
    const auto& terms = *view().pod_spec(p).spec.affinity.node->required;
    fact(event::PodBound{p, node(terms.front().match_fields.front().values.front())});
    fact(event::ContainerStarted{p, 0});
    fact(event::PodPhaseChanged{p, Phase::Running, ""});
    fact(event::PodReadyChanged{p, true, event::ReadyReason::None});
  }
  event::PodId on(const std::string& name) const {
    for (const event::PodId p : state.nodes[node(name).index()].pods)
      if (!view().pod_terminating(p)) return p;
    FAIL("no pod on " << name);
    return {};
  }
  void fail(const std::string& node_name) { fact(event::PodPhaseChanged{on(node_name), Phase::Failed, ""}); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Pods know the revision and the number of the template they were made of") {
  add_node("n1");
  apply_set("i:1");
  settle();
  const auto label = [&](const char* key) { return *model::find_label(view().pod_spec(on("n1")).labels, key); };
  const std::string first = label("controller-revision-hash");
  CHECK(label("pod-template-generation") == "1");
  apply_set("i:2");
  settle();
  CHECK(label("controller-revision-hash") != first);
  CHECK(label("pod-template-generation") == "2");
  apply_set("i:1");
  settle();
  CHECK(label("controller-revision-hash") == first);
  CHECK(label("pod-template-generation") == "3");
}

TEST_CASE_METHOD(Fixture, "A failed daemon pod is replaced at once, then after 1 s, 2 s, 4 s…, each node for itself") {
  for (const char* name : {"n1", "n2"}) add_node(name);
  apply_set("i:1");
  settle();
  now = now + base::seconds(100);
  for (const std::int64_t wait : {0, 1, 2, 4, 8}) {
    CAPTURE(wait);
    fail("n1");
    if (wait > 0) {
      const base::SimTime due = now + base::seconds(wait);
      CHECK(sync().find("DeletePod") == std::string::npos);
      CHECK(plan.requeue_at() == due);
      now = due;
    }
    CHECK(sync().find("Event FailedDaemonPod") != std::string::npos);
    settle();
  }
  fail("n2");
  CHECK(sync().find("DeletePod") != std::string::npos);
  settle();
  // After twice the longest wait without a failure it starts anew.
  now = now + base::minutes(31);
  fail("n1");
  CHECK(sync().find("DeletePod") != std::string::npos);
  settle();
  fail("n1");
  CHECK(sync().find("DeletePod") == std::string::npos);
  CHECK(plan.requeue_at() == now + base::seconds(1));
}

TEST_CASE_METHOD(Fixture, "Where a pod runs that should not, it is counted") {
  for (const char* name : {"n1", "n2"}) add_node(name);
  apply_set("i:1");
  settle();
  wish(command::SetTaint{node("n1"), {"dedicated", "db", model::TaintEffect::NoSchedule}, false});
  settle();
  CHECK(row().status.misscheduled == 1);
  CHECK(row().status.desired == 1);
  CHECK(row().pods.size() == 2);
  wish(command::SetTaint{node("n1"), {"dedicated", "db", model::TaintEffect::NoExecute}, false});
  settle();
  CHECK(row().status.misscheduled == 0);
  CHECK(row().pods.size() == 1);
}

TEST_CASE_METHOD(Fixture, "Of old revisions those that pods have are kept, and as many others as the limit says") {
  add_node("n1");
  apply_set("i:1", ", revisionHistoryLimit: 1");
  settle();
  for (const char* image : {"i:2", "i:3"}) {
    apply_set(image, ", revisionHistoryLimit: 1");
    settle();
  }
  CHECK(row().revisions.size() == 2);
  apply_set("i:4", ", revisionHistoryLimit: 0, updateStrategy: {type: OnDelete}");
  settle();
  CHECK(row().revisions.size() == 2);  // the pod's and the newest
}

TEST_CASE_METHOD(Fixture, "minReadySeconds of a DaemonSet: available after that time, and the key wakes then") {
  add_node("n1");
  apply_set("i:1", ", minReadySeconds: 20");
  settle();
  CHECK(row().status.ready == 1);
  CHECK(row().status.available == 0);
  CHECK(plan.requeue_at() == now + base::seconds(20));
  now = now + base::seconds(20);
  settle();
  CHECK(row().status.available == 1);
}

TEST_CASE_METHOD(Fixture, "OnDelete waits for somebody else to delete") {
  add_node("n1");
  apply_set("i:1", ", updateStrategy: {type: OnDelete}");
  settle();
  const event::PodId before = on("n1");
  apply_set("i:2", ", updateStrategy: {type: OnDelete}");
  settle();
  CHECK(on("n1") == before);
  CHECK(row().status.updated == 0);
  fact(event::PodReadyChanged{before, false, event::ReadyReason::None});
  settle();
  CHECK(on("n1") == before);  // not even if nothing would be lost
  fact(event::PodRemoved{before});
  settle();
  CHECK(row().status.updated == 1);
}
