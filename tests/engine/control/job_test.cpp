// Syncs of a Job: given a cluster, the calls; and what comes of them when they are granted.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;
using model::Kind;
using support::plan_text;

namespace {

struct Jobs : support::Cluster {
  std::unique_ptr<control::Controller> controller = control::make_job_controller();
  std::unique_ptr<control::Controller> ttl = control::make_ttl_after_finished_controller();
  control::Plan plan;
  event::JobId id;

  Jobs() { add_node("n1"); }

  void job(const std::string& spec, const std::string& pod = "restartPolicy: Never") {
    apply("{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {" + spec + (spec.empty() ? "" : ", ") +
          "template: {spec: {" + pod + ", containers: [{name: c, image: 'app:1'}]}}}}");
    id = find(Kind::Job, "j").as<event::JobId>();
  }
  void patch(const std::string& json) {
    const std::string answer = wish(command::PatchObject{id, json, 0});
    INFO(answer);
    REQUIRE(answer.find(": ") == std::string::npos);
  }
  void after(std::int64_t s) { now = now + base::seconds(s); }

  /// One sync: its calls as text.
  std::string sync(control::Controller& of, event::Ref key) {
    plan.reset(state.last_seq);
    of.reconcile(key, view(), plan);
    return plan_text(plan, view());
  }
  std::string sync() { return sync(*controller, id); }
  /// Syncs until nothing is left to do now; the texts of all calls.
  std::string settle() {
    std::string all;
    for (int i = 0; i < 20; ++i) {
      const std::string text = sync();
      if (text.empty()) return all;
      all += (all.empty() ? "" : "\n") + text;
      for (const auto& call : plan.calls()) wish(call.payload);
    }
    FAIL("the Job does not settle: " << all);
    return all;
  }

  [[nodiscard]] const state::JobRow& row() const { return state.jobs[id.index()]; }
  /// "active/ready/terminating succeeded/failed"
  [[nodiscard]] std::string numbers() const {
    const event::JobStatus& s = row().status;
    return std::to_string(s.active) + "/" + std::to_string(s.ready) + "/" + std::to_string(s.terminating) + " " +
           std::to_string(s.succeeded) + "/" + std::to_string(s.failed);
  }
  [[nodiscard]] std::string conditions() const {
    std::string out;
    for (const auto& c : row().conditions)
      out += (out.empty() ? "" : " ") + c.type + (c.value.status == event::ConditionStatus::True ? "" : "=False") +
             ":" + c.value.reason;
    return out;
  }
  /// Pods of the Job that are there, in the order of making.
  [[nodiscard]] event::PodId nth(std::size_t n) const {
    REQUIRE(n < row().pods.size());
    return row().pods[n];
  }
  [[nodiscard]] std::size_t pods() const { return row().pods.size(); }
  event::PodId run(std::size_t n) {
    const event::PodId p = nth(n);
    fact(event::PodBound{p, node("n1")});
    fact(event::ContainerStarted{p, 0});
    fact(event::PodPhaseChanged{p, event::Phase::Running, ""});
    fact(event::PodReadyChanged{p, true, event::ReadyReason::None});
    return p;
  }
  void end(event::PodId p, std::int32_t code) {
    fact(event::ContainerExited{p, 0, code, code == 0 ? event::ExitReason::Completed : event::ExitReason::Error});
    fact(event::PodReadyChanged{p, false, event::ReadyReason::PodCompleted});
    fact(event::PodPhaseChanged{p, code == 0 ? event::Phase::Succeeded : event::Phase::Failed, ""});
  }
  /// A pod is made, runs and ends.
  void play(std::size_t n, std::int32_t code) { end(run(n), code); }
};

}  // namespace

TEST_CASE_METHOD(Jobs, "A Job makes its pods in batches of 1, 2, 4, at most 500 in one sync") {
  job("completions: 5, parallelism: 5");
  CHECK(sync() ==
        "MakePod j-\n"
        "MakePod j- | MakePod j-\n"
        "MakePod j- | MakePod j-\n"
        "Status 5/0/0 0/0");
  patch(R"({"spec":{"parallelism":0}})");
  settle();
  wish(command::DeleteObject{id, event::Propagation::Background, {}});
  job("completions: 1200, parallelism: 1200");
  sync();
  CHECK(plan.calls().size() == 501);
}

TEST_CASE_METHOD(Jobs, "An ended pod is noted, loses its finalizer, and counts then") {
  job("completions: 3, parallelism: 2");
  settle();
  CHECK(numbers() == "2/0/0 0/0");
  run(0);
  run(1);
  settle();
  CHECK(numbers() == "2/2/0 0/0");
  end(nth(0), 0);
  CHECK(sync() ==
        "MakePod j-\n"
        "Status 2/1/0 0/0 uncounted 1/0\n"
        "UntrackPod " +
            std::string(view().pod_name(nth(0))) +
            "\n"
            "Status 2/1/0 1/0");
  settle();
  CHECK(numbers() == "2/1/0 1/0");
  CHECK(pods() == 3);
}

TEST_CASE_METHOD(Jobs, "A Job is complete when enough have succeeded; the interim condition comes first") {
  job("completions: 2, parallelism: 2");
  settle();
  play(0, 0);
  settle();
  CHECK(conditions() == "");
  after(7);
  play(1, 0);
  const std::string text = sync();
  CHECK(text.find("Condition SuccessCriteriaMet CompletionsReached") != std::string::npos);
  settle();
  CHECK(conditions() == "SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached");
  CHECK(row().status.completion == now);
  CHECK(numbers() == "0/0/0 2/0");
  CHECK(sync() == "");
}

TEST_CASE_METHOD(Jobs, "A work queue starts no pod after its first success and is complete when all have ended") {
  job("parallelism: 3");
  settle();
  for (std::size_t i = 0; i < 3; ++i) run(i);
  end(nth(0), 0);
  settle();
  CHECK(numbers() == "2/2/0 1/0");
  end(nth(1), 1);
  settle();
  CHECK(pods() == 3);
  CHECK(conditions() == "");
  end(nth(2), 0);
  settle();
  CHECK(numbers() == "0/0/0 2/1");
  CHECK(conditions() == "SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached");
}

TEST_CASE_METHOD(Jobs, "A failed pod is replaced 10 s after it ended, then after 20 s; a success forgets that") {
  job("completions: 9, backoffLimit: 6");
  settle();
  play(0, 1);
  settle();
  CHECK(pods() == 1);
  CHECK(numbers() == "0/0/0 0/1");
  CHECK(plan.requeue_at() == now + base::seconds(10));
  after(9);
  settle();
  CHECK(pods() == 1);
  after(1);
  settle();
  REQUIRE(pods() == 2);
  play(1, 1);
  after(19);
  settle();
  CHECK(pods() == 2);
  after(1);
  settle();
  REQUIRE(pods() == 3);
  play(2, 0);
  settle();
  REQUIRE(pods() == 4);
  play(3, 1);
  settle();
  CHECK(plan.requeue_at() == now + base::seconds(10));
}

TEST_CASE_METHOD(Jobs, "More failures than backoffLimit: what runs is deleted, Failed comes when it is gone") {
  job("completions: 4, parallelism: 2, backoffLimit: 0");
  settle();
  run(0);
  play(1, 1);
  settle();
  CHECK(conditions() == "FailureTarget:BackoffLimitExceeded");
  CHECK(numbers() == "0/0/1 0/2");  // what is cut short has failed
  CHECK(view().pod_terminating(nth(0)));
  CHECK((view().pod_flags(nth(0)) & state::kTracked) == 0);
  wish(command::ReportPodStopped{nth(0)});
  settle();
  CHECK(conditions() == "FailureTarget:BackoffLimitExceeded Failed:BackoffLimitExceeded");
  CHECK(row().conditions.back().value.message == "Job has reached the specified backoff limit");
  CHECK(row().status.completion == base::SimTime::never());
}

TEST_CASE_METHOD(Jobs, "restartPolicy OnFailure: the restarts of its containers count against the limit") {
  job("backoffLimit: 2", "restartPolicy: OnFailure");
  settle();
  const event::PodId p = run(0);
  const auto restart = [&] {
    fact(event::ContainerExited{p, 0, 1, event::ExitReason::Error});
    fact(event::ContainerStarted{p, 0});
  };
  restart();
  settle();
  CHECK(conditions() == "");
  restart();
  settle();
  CHECK(conditions() == "FailureTarget:BackoffLimitExceeded");
  CHECK(view().pod_terminating(p));
}

TEST_CASE_METHOD(Jobs, "activeDeadlineSeconds count from the start; the key comes back when they are over") {
  job("completions: 2, parallelism: 2, activeDeadlineSeconds: 30");
  settle();
  CHECK(plan.requeue_at() == now + base::seconds(30));
  run(0);
  after(30);
  settle();
  CHECK(conditions().rfind("FailureTarget:DeadlineExceeded", 0) == 0);
  CHECK(row().conditions.front().value.message == "Job was active longer than specified deadline");
  CHECK(row().status.failed == 2);
}

TEST_CASE_METHOD(Jobs, "A suspended Job has no pods and no failures; resumed it starts anew") {
  job("completions: 2, parallelism: 2, activeDeadlineSeconds: 300, suspend: true");
  settle();
  CHECK(pods() == 0);
  CHECK(conditions() == "Suspended:JobSuspended");
  CHECK(row().status.start == base::SimTime::never());
  after(100);
  patch(R"({"spec":{"suspend":false}})");
  settle();
  CHECK(conditions() == "Suspended=False:JobResumed");
  CHECK(row().status.start == now);
  CHECK(pods() == 2);
  const event::PodId p = run(0);
  patch(R"({"spec":{"suspend":true}})");
  settle();
  CHECK(view().pod_terminating(p));
  CHECK(numbers() == "0/0/1 0/0");
  wish(command::ReportPodStopped{p});
  settle();
  CHECK(numbers() == "0/0/0 0/0");
  CHECK(conditions() == "Suspended:JobSuspended");
  after(200);
  patch(R"({"spec":{"suspend":false}})");
  settle();
  CHECK(row().status.start == now);  // the deadline counts from here
  CHECK(conditions() == "Suspended=False:JobResumed");
  after(200);
  settle();
  CHECK(conditions() == "Suspended=False:JobResumed");
}

// 1.34 looks at the deadline before it resets the start; 1.35 forgets the start when a Job is suspended.
TEST_CASE_METHOD(Jobs, "A Job that is resumed after its old deadline fails") {
  job("completions: 2, parallelism: 2, activeDeadlineSeconds: 30");
  settle();
  patch(R"({"spec":{"suspend":true}})");
  settle();
  after(30);
  settle();
  CHECK(conditions() == "Suspended:JobSuspended");
  patch(R"({"spec":{"suspend":false}})");
  settle();
  CHECK(conditions() == "Suspended:JobSuspended FailureTarget:DeadlineExceeded Failed:DeadlineExceeded");
}

TEST_CASE_METHOD(Jobs, "Indexed: each pod has its index, as name, label, annotation and host name") {
  job("completions: 3, parallelism: 2, completionMode: Indexed");
  settle();
  REQUIRE(pods() == 2);
  CHECK(view().pod_name(nth(0)).substr(0, 4) == "j-0-");
  CHECK(view().pod_name(nth(1)).substr(0, 4) == "j-1-");
  const model::Doc doc = view().to_doc(nth(1));
  const auto at = [&](const char* map) {
    return std::string(doc.at({"metadata", map, "batch.kubernetes.io/job-completion-index"})->text);
  };
  CHECK(at("labels") == "1");
  CHECK(at("annotations") == "1");
  CHECK(doc.at({"spec", "hostname"})->text == "j-1");
  CHECK(doc.at({"metadata", "labels", "job-name"})->text == "j");
  play(1, 0);
  settle();
  CHECK(row().status.completed_indexes == "1");
  REQUIRE(pods() == 3);
  CHECK(view().pod_name(nth(2)).substr(0, 4) == "j-2-");
  play(0, 0);
  play(2, 0);
  settle();
  CHECK(row().status.completed_indexes == "0-2");
  CHECK(conditions() == "SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached");
}

TEST_CASE_METHOD(Jobs, "Indexed: of two pods with one index one goes; one whose index is too large goes") {
  job("completions: 3, parallelism: 3, completionMode: Indexed");
  settle();
  patch(R"({"spec":{"completions":2,"parallelism":2}})");
  const std::string third(view().pod_name(nth(2)));
  CHECK(sync() == "UntrackPod " + third + "\nDeletePod " + third + "\nStatus 2/0/1 0/0");
}

TEST_CASE_METHOD(Jobs, "backoffLimitPerIndex: an index fails alone, and its counts go from pod to pod") {
  job("completions: 2, parallelism: 2, completionMode: Indexed, backoffLimitPerIndex: 1");
  settle();
  const auto count = [&](event::PodId p) {
    return *model::find_label(view().pod_spec(p).annotations, "batch.kubernetes.io/job-index-failure-count");
  };
  CHECK(count(nth(0)) == "0");
  play(0, 1);
  settle();
  CHECK((view().pod_flags(nth(0)) & state::kTracked) != 0);  // until its successor has taken over
  CHECK(numbers() == "1/0/0 0/0");
  after(10);
  settle();
  REQUIRE(pods() == 3);
  CHECK(count(nth(2)) == "1");
  CHECK((view().pod_flags(nth(0)) & state::kTracked) == 0);
  CHECK(numbers() == "2/0/0 0/1");
  play(2, 1);
  settle();
  CHECK(row().status.failed_indexes == "0");
  CHECK(conditions() == "");  // the other index goes on
  after(100);
  settle();
  CHECK(pods() == 3);
  play(1, 0);
  settle();
  CHECK(conditions() == "FailureTarget:FailedIndexes Failed:FailedIndexes");
  CHECK(row().status.completed_indexes == "1");
}

TEST_CASE_METHOD(Jobs, "maxFailedIndexes: more failed indexes end the Job") {
  job("completions: 4, parallelism: 4, completionMode: Indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 1");
  settle();
  for (std::size_t i = 0; i < 4; ++i) run(i);
  end(nth(0), 1);
  settle();
  CHECK(conditions() == "");
  end(nth(2), 1);
  settle();
  CHECK(conditions() == "FailureTarget:MaxFailedIndexesExceeded");
  CHECK(row().status.failed_indexes == "0,2");
}

TEST_CASE_METHOD(Jobs, "podFailurePolicy: FailJob ends the Job at once, Ignore does not count") {
  job("completions: 2, parallelism: 1, backoffLimit: 0, podFailurePolicy: {rules: ["
      "{action: Ignore, onExitCodes: {operator: In, values: [7]}}, "
      "{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}");
  settle();
  play(0, 7);
  settle();
  CHECK(numbers() == "0/0/0 0/0");
  CHECK(conditions() == "");
  after(10);  // it still holds the next one back
  settle();
  REQUIRE(pods() == 2);
  play(1, 42);
  settle();
  CHECK(conditions() == "FailureTarget:PodFailurePolicy Failed:PodFailurePolicy");
  CHECK(row().conditions.back().value.message == "Container c for pod default/" + std::string(view().pod_name(nth(1))) +
                                                     " failed with exit code 42 matching FailJob rule at index 1");
  CHECK(numbers() == "0/0/0 0/1");
}

TEST_CASE_METHOD(Jobs, "podFailurePolicy: a disruption is ignored") {
  job("backoffLimit: 0, podFailurePolicy: {rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}");
  settle();
  const event::PodId p = run(0);
  wish(command::EvictPod{p});
  settle();
  CHECK(numbers() == "0/0/1 0/0");
  CHECK(pods() == 1);  // with a policy a pod is replaced when it has failed, not before
  end(p, 143);
  wish(command::ReportPodStopped{p});
  settle();
  CHECK(conditions() == "");
  CHECK(row().status.failed == 0);
  after(10);
  settle();
  CHECK(row().status.active == 1);
}

TEST_CASE_METHOD(Jobs, "successPolicy: the leader's success is enough, what runs is deleted and has not failed") {
  job("completions: 3, parallelism: 3, completionMode: Indexed, successPolicy: {rules: [{succeededIndexes: '0'}]}");
  settle();
  for (std::size_t i = 0; i < 3; ++i) run(i);
  end(nth(1), 0);
  settle();
  CHECK(conditions() == "");
  end(nth(0), 0);
  settle();
  CHECK(conditions() == "SuccessCriteriaMet:SuccessPolicy");
  CHECK(row().conditions.front().value.message == "Matched rules at index 0");
  CHECK(view().pod_terminating(nth(2)));
  CHECK(numbers() == "0/0/1 2/0");
  wish(command::ReportPodStopped{nth(2)});
  settle();
  CHECK(conditions() == "SuccessCriteriaMet:SuccessPolicy Complete:SuccessPolicy");
  CHECK(numbers() == "0/0/0 2/0");
}

TEST_CASE_METHOD(Jobs, "podReplacementPolicy: a pod that is deleted is replaced at once, or when it has failed") {
  SECTION("TerminatingOrFailed") {
    job("completions: 1");
    settle();
    wish(command::DeletePod{run(0), event::DeletionReason::Deleted, {}});
    settle();
    CHECK(row().status.failed == 1);  // deletion is failure
    after(10);
    settle();
    CHECK(pods() == 2);
    CHECK(numbers() == "1/0/1 0/1");
  }
  SECTION("Failed") {
    job("completions: 1, podReplacementPolicy: Failed");
    settle();
    const event::PodId p = run(0);
    wish(command::DeletePod{p, event::DeletionReason::Deleted, {}});
    after(100);
    settle();
    CHECK(pods() == 1);
    CHECK(numbers() == "0/0/1 0/0");
    end(p, 143);
    wish(command::ReportPodStopped{p});
    CHECK(view().pod_alive(p));  // its finalizer holds it
    settle();
    CHECK_FALSE(view().pod_alive(p));
    CHECK(row().status.failed == 1);
    after(10);
    settle();
    CHECK(numbers() == "1/0/0 0/1");
  }
}

TEST_CASE_METHOD(Jobs, "parallelism may change: too many pods go uncounted, the least far first") {
  job("completions: 8, parallelism: 4");
  settle();
  run(0);
  run(1);
  patch(R"({"spec":{"parallelism":1}})");
  settle();
  CHECK(pods() == 2);  // the two without a node went at once
  CHECK(view().pod_terminating(nth(1)));
  CHECK(numbers() == "1/1/1 0/0");
  patch(R"({"spec":{"parallelism":3}})");
  settle();
  CHECK(numbers() == "3/1/1 0/0");
}

TEST_CASE_METHOD(Jobs, "managedBy another: the controller keeps its hands off") {
  job("managedBy: example.com/robot");
  CHECK(sync() == "");
}

TEST_CASE_METHOD(Jobs, "Pods of a Job that is gone lose their finalizer") {
  job("completions: 1");
  settle();
  const event::PodId p = run(0);
  wish(command::DeleteObject{id, event::Propagation::Background, {}});
  CHECK(sync(*controller, p) == "UntrackPod " + std::string(view().pod_name(p)));
}

TEST_CASE_METHOD(Jobs, "A Job adopts what it selects and releases what it does not") {
  apply(
      "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {manualSelector: true, parallelism: 1, "
      "completions: 1, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: "
      "{restartPolicy: Never, containers: [{name: c, image: 'app:1'}]}}}}");
  id = find(Kind::Job, "j").as<event::JobId>();
  add_pod("lonely", "app: a");
  CHECK(sync() == "SetOwner lonely j\nStatus 1/0/0 0/0");
  settle();
  const event::PodId p = pod("lonely");
  CHECK((view().pod_flags(p) & state::kTracked) != 0);
  wish(command::SetLabel{p, "app", "b"});
  CHECK(sync().rfind("SetOwner lonely none", 0) == 0);
  settle();
  CHECK((view().pod_flags(p) & state::kTracked) == 0);
  CHECK(row().status.active == 1);
}

TEST_CASE_METHOD(Jobs, "A refused pod: the event, and the status without it") {
  job("completions: 2, parallelism: 2");
  sync();
  const control::Plan::Call call = plan.calls().front();
  plan.reset(1);
  controller->on_refusal(id, call, {"Forbidden", "exceeded quota"}, view(), plan);
  CHECK(plan_text(plan, view()) == "Event FailedCreate\nStatus 0/0/0 0/0");
}

TEST_CASE_METHOD(Jobs, "At most 500 pods wait to be counted; the others are counted by the next sync") {
  job("completions: 1200, parallelism: 1200");
  settle();
  REQUIRE(pods() == 1200);
  for (std::size_t i = 0; i < 1200; ++i) end(nth(i), 0);
  const std::string text = sync();
  CHECK(text.find("Status 0/0/0 0/0 uncounted 500/0") != std::string::npos);
  CHECK(text.find("uncounted 501") == std::string::npos);
  settle();
  CHECK(numbers() == "0/0/0 1200/0");
  CHECK(conditions() == "SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached");
}

TEST_CASE_METHOD(Jobs, "ttlSecondsAfterFinished: the Job goes so long after it finished") {
  job("ttlSecondsAfterFinished: 60");
  settle();
  play(0, 0);
  settle();
  CHECK(sync(*ttl, id) == "");
  CHECK(plan.requeue_at() == now + base::seconds(60));
  after(60);
  CHECK(sync(*ttl, id) == "DeleteObject j");
}
