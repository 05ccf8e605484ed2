// One sync of a cron job, of a quota: given a cluster, the calls. And when a schedule is due.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "engine/control/cron_math.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;
using model::Kind;
using support::plan_text;

namespace {

constexpr std::int64_t kStart = 1'735'689'600;  // 2025-01-01T00:00:00Z, of support::Cluster
constexpr std::int64_t kMinute = 60;

struct Fixture : support::Cluster {
  std::unique_ptr<control::Controller> controller = control::make_cron_job_controller();
  control::Plan plan;

  event::CronJobId cron(const std::string& spec) {
    apply("{apiVersion: batch/v1, kind: CronJob, metadata: {name: cj}, spec: {" + spec +
          ", jobTemplate: {metadata: {labels: {a: b}}, spec: {template: {spec: {restartPolicy: Never, containers: "
          "[{name: "
          "c, image: 'a:1'}]}}}}}}");
    return find(Kind::CronJob, "cj").as<event::CronJobId>();
  }
  /// At so many seconds after midnight: the calls; they are made.
  std::string sync(event::CronJobId id, std::int64_t s, std::int64_t ms = 100) {
    now = base::SimTime{} + base::seconds(s) + base::milliseconds(ms);
    plan.reset(1);
    controller->reconcile(id, view(), plan);
    const std::string text = plan_text(plan, view());
    for (const auto& call : plan.calls()) wish(call.payload);
    return text;
  }
  std::int64_t again_ms() const { return plan.requeue_at().ns / 1'000'000; }
  void finish(const std::string& job, bool success = true) {
    const auto id = find(Kind::Job, job).as<event::JobId>();
    event::JobStatus status;
    status.start = now;
    if (success) status.completion = now;
    fact(event::JobStatusChanged{id, status});
    fact(event::ObjectConditionChanged{event::Ref(id), success ? "Complete" : "Failed", event::ConditionStatus::True,
                                       "", "", false});
  }
  std::string name(std::int64_t minute) const { return "cj-" + std::to_string(kStart / 60 + minute); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A Job is made 100 ms after its minute, named after it, with the template's labels") {
  const auto cj = cron("schedule: '*/5 * * * *', timeZone: Asia/Kolkata");
  CHECK(sync(cj, 1).empty());
  CHECK(again_ms() == 300'100);
  CHECK(sync(cj, 300) == "Create Job " + name(5) + " + Event SuccessfulCreate\nCronJobStatus +" + name(5));
  CHECK(again_ms() == 600'100);
  const auto job = view().stored_doc(find(Kind::Job, name(5)));
  CHECK(job.at({"metadata", "labels", "a"})->text == "b");
  CHECK(job.at({"metadata", "annotations", "batch.kubernetes.io/cronjob-scheduled-timestamp"})->text ==
        "2025-01-01T05:35:00+05:30");
  CHECK(view().header(find(Kind::Job, name(5)))->controller == event::Ref(cj));
  CHECK(view().cron_job(cj).status.active.size() == 1);
  CHECK(view().cron_job(cj).status.last_schedule == base::SimTime{} + base::seconds(300));
  CHECK(sync(cj, 301).empty());  // done for this minute
}

TEST_CASE_METHOD(Fixture, "Allow starts beside a running Job, Forbid does not, Replace ends it") {
  const auto second = [&](const char* policy) {
    const auto cj = cron(std::string("schedule: '* * * * *', concurrencyPolicy: ") + policy);
    sync(cj, kMinute);
    return sync(cj, 2 * kMinute);
  };
  SECTION("Allow") {
    CHECK(second("Allow") ==
          "Create Job " + name(2) + " + Event SuccessfulCreate\nCronJobStatus " + name(1) + " +" + name(2));
  }
  SECTION("Forbid") { CHECK(second("Forbid") == "Event JobAlreadyActive"); }
  SECTION("Replace") {
    CHECK(second("Replace") == "DeleteObject " + name(1) + " + Event SuccessfulDelete\nCreate Job " + name(2) +
                                   " + Event SuccessfulCreate\nCronJobStatus +" + name(2));
  }
}

TEST_CASE_METHOD(Fixture, "Forbid makes up for the missed minute when the Job has ended") {
  const auto cj = cron("schedule: '* * * * *', concurrencyPolicy: Forbid");
  sync(cj, kMinute);
  CHECK(sync(cj, 2 * kMinute) == "Event JobAlreadyActive");
  finish(name(1));
  CHECK(sync(cj, 2 * kMinute + 30) ==
        "Event SawCompletedJob\nCreate Job " + name(2) + " + Event SuccessfulCreate\nCronJobStatus +" + name(2));
  CHECK(view().cron_job(cj).status.last_successful != base::SimTime::never());
}

TEST_CASE_METHOD(Fixture, "Beyond its deadline a start is missed; many missed starts are told, the latest is made") {
  SECTION("a deadline") {
    const auto cj = cron("schedule: '0 * * * *', startingDeadlineSeconds: 30");
    CHECK(sync(cj, 3600, 0).find("Create Job") == 0);
    CHECK(sync(cj, 7200 + 31).empty());  // nothing within the last 30 s
    CHECK(sync(cj, 10'800 + 29, 0).find("Create Job " + name(180)) == 0);
  }
  SECTION("many") {
    const auto cj = cron("schedule: '* * * * *'");
    CHECK(sync(cj, 102 * kMinute) == "Event TooManyMissedTimes\nCreate Job " + name(102) +
                                         " + Event SuccessfulCreate\nCronJobStatus +" + name(102));
  }
  SECTION("few") {
    const auto cj = cron("schedule: '* * * * *'");
    CHECK(sync(cj, 50 * kMinute).find("Create Job " + name(50)) == 0);
  }
}

TEST_CASE_METHOD(Fixture, "Histories are kept to their limits, oldest first") {
  const auto cj = cron("schedule: '* * * * *', successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0");
  sync(cj, kMinute);
  finish(name(1));
  sync(cj, 2 * kMinute);
  finish(name(2));
  CHECK(sync(cj, 2 * kMinute + 10) ==
        "DeleteObject " + name(1) + " + Event SuccessfulDelete\nEvent SawCompletedJob\nCronJobStatus");
  sync(cj, 3 * kMinute);
  finish(name(3), false);
  CHECK(sync(cj, 3 * kMinute + 10) == "DeleteObject " + name(3) + " + Event SuccessfulDelete\nCronJobStatus");
}

TEST_CASE_METHOD(Fixture, "Suspended, impossible, gone") {
  SECTION("suspended: no start, no timer") {
    const auto cj = cron("schedule: '* * * * *', suspend: true");
    CHECK(sync(cj, kMinute).empty());
    CHECK(plan.requeue_at() == base::SimTime::never());
  }
  SECTION("a schedule that names no day") {
    CHECK(sync(cron("schedule: '0 0 31 2 *'"), 1) == "Event InvalidSchedule");
    CHECK(plan.requeue_at() == base::SimTime::never());
  }
  SECTION("an active Job that went missing") {
    const auto cj = cron("schedule: '0 * * * *', concurrencyPolicy: Forbid");
    sync(cj, 3600);
    wish(command::DeleteObject{find(Kind::Job, name(60)), event::Propagation::Background, {}});
    CHECK(sync(cj, 3700) == "Event MissingJob\nCronJobStatus");
  }
  SECTION("a Job of somebody's making") {
    const auto cj = cron("schedule: '0 * * * *'");
    apply(
        "{apiVersion: batch/v1, kind: Job, metadata: {name: mine, ownerReferences: [{apiVersion: batch/v1, kind: "
        "CronJob, "
        "name: cj, uid: x, controller: true}]}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, "
        "image: 'a:1'}]}}}}");
    CHECK(sync(cj, 10) == "Event UnexpectedJob");
  }
}

TEST_CASE_METHOD(Fixture, "A refused creation is told of, and the rest of the sync is written") {
  const auto cj = cron("schedule: '* * * * *'");
  sync(cj, kMinute);
  finish(name(1));
  now = base::SimTime{} + base::seconds(2 * kMinute);
  plan.reset(1);
  controller->reconcile(cj, view(), plan);
  const auto create = std::find_if(plan.calls().begin(), plan.calls().end(), [](const auto& call) {
    return std::holds_alternative<command::ApplyObject>(call.payload);
  });
  REQUIRE(create != plan.calls().end());
  const control::Plan::Call refused = *create;
  plan.reset(1);
  controller->on_refusal(cj, refused, {"Forbidden", "jobs.batch \"x\" is forbidden: exceeded quota: q"}, view(), plan);
  CHECK(plan_text(plan, view()) == "Event SawCompletedJob\nEvent FailedCreate\nCronJobStatus");
}

TEST_CASE("When a controller looks again, whatever it made of the moment") {
  struct Row {
    const char *schedule, *since, *now, *next;
  };
  const Row rows[] = {
      {"0 * * * *", "2026-01-01T09:50:00Z", "2026-01-01T09:55:00Z", "2026-01-01T10:00:00Z"},
      {"0 * * * *", "2026-01-01T09:50:00Z", "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"},
      {"0 * * * *", "2026-01-01T07:50:00Z", "2026-01-01T10:30:00Z", "2026-01-01T11:00:00Z"},
      {"30 6-16/4 * * 1-5", "2026-01-02T14:30:00Z", "2026-01-03T10:30:00Z", "2026-01-05T06:30:00Z"},
      {"30 6-16/4 * * 1-5", "2026-01-02T10:30:00Z", "2026-01-05T06:31:00Z", "2026-01-05T10:30:00Z"},
      {"@every 7m", "2026-01-01T09:50:10Z", "2026-01-01T10:00:00Z", "2026-01-01T10:04:10Z"},
  };
  for (const Row& row : rows) {
    INFO(row.schedule << " " << row.now);
    const auto schedule = model::CronSchedule::parse(row.schedule);
    const auto at = control::next_look_ns(*schedule, *model::parse_rfc3339(row.since),
                                          *model::parse_rfc3339(row.now) * 1'000'000'000);
    REQUIRE(at.has_value());
    CHECK(*at % 1'000'000'000 == 100'000'000);
    CHECK(model::format_rfc3339(*at / 1'000'000'000, model::TimeZone()) == row.next);
  }
  const auto never = model::CronSchedule::parse("0 0 31 2 *");
  CHECK_FALSE(control::next_look_ns(*never, 0, 1'000'000'000).has_value());
}

TEST_CASE_METHOD(Fixture, "A quota's use is counted when it comes and when something goes") {
  std::unique_ptr<control::Controller> quotas = control::make_resource_quota_controller();
  add_node("n1");
  add_pod("a", "app: web", "n1");
  add_pod("b", "app: web", "n1");
  apply(
      "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 5, requests.cpu: '2', "
      "count/pods: 9, "
      "count/jobs.batch: 3}}}");
  const auto q = find(Kind::ResourceQuota, "q").as<event::QuotaId>();
  const auto count = [&] {
    plan.reset(1);
    quotas->reconcile(q, view(), plan);
    return plan_text(plan, view());
  };
  CHECK(count() == "QuotaStatus count/jobs.batch=0 count/pods=2 pods=2 requests.cpu=200m");
  const auto write = plan.calls()[0].payload;
  CHECK(wish(write) == "QuotaStatusChanged");
  CHECK(count().empty());
  // What ended takes no resources, but is an object still.
  fact(event::PodPhaseChanged{pod("a"), event::Phase::Succeeded, ""});
  CHECK(count() == "QuotaStatus count/jobs.batch=0 count/pods=2 pods=1 requests.cpu=100m");
  const auto stale = plan.calls()[0].payload;
  // In the meantime admission has charged it: the write is refused, and counted anew.
  add_pod("c", "app: web");
  CHECK(wish(stale).find("Conflict: Operation cannot be fulfilled on resourcequotas \"q\"") == 0);
  CHECK(count() == "QuotaStatus count/jobs.batch=0 count/pods=3 pods=2 requests.cpu=200m");
}
