// Rows of the tables job-*: whole syncs of the Job controller over a cluster that the row states, and its back-off.
#include <algorithm>
#include <optional>

#include "engine/conformance/table_cluster.h"
#include "engine/conformance/table_runners.h"
#include "engine/control/controllers.h"
#include "engine/control/job_math.h"

namespace wavetank::conformance::rows {
namespace {

using event::PodId;

std::int32_t number(const Doc* d) { return static_cast<std::int32_t>(cell_int(d)); }

/// A Job "j" whose pods were made, ran and ended an hour ago: no back-off is running.
class JobTable {
 public:
  JobTable(const Doc& row, const char* restart_policy) : controller_(control::make_job_controller()) {
    cluster_.apply(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"status":{"capacity":{"cpu":"64",)"
                   R"("memory":"64Gi","pods":"500"}}})");
    cluster_.apply(std::string(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"default"},)"
                               R"("spec":{"parallelism":500,"template":{"spec":{"restartPolicy":")") +
                   restart_policy + R"(","containers":[{"name":"c","image":"exit0:v1"}]}}}})");
    // What the controller makes is made as often as the row wants.
    sync();
    for (const control::Plan::Call& call : plan_.calls()) {
      if (std::holds_alternative<command::MakePod>(call.payload)) prototype_ = call.payload;
      if (prototype_) break;
    }
    model::Job& spec = job().spec;
    spec.parallelism = number(row.find("parallelism"));
    const Doc* completions = row.find("completions");
    spec.completions.reset();
    if (completions != nullptr && !completions->is_null() && cell_int(completions) >= 0)
      spec.completions = number(completions);
    spec.backoff_limit = number(row.find("backoffLimit"));
    if (const Doc* deadline = row.find("activeDeadlineSeconds"); deadline != nullptr && !deadline->is_null())
      spec.active_deadline_seconds = cell_int(deadline);
    limit_ = number(row.find("podLimit"));
    refused_ = !cell_text(row.find("podControllerError")).empty();
  }

  state::JobRow& job() { return cluster_.state.jobs[0]; }

  void add_pods(std::int32_t count, event::Phase phase, std::uint32_t restarts = 0) {
    for (; count > 0; --count) {
      if (!prototype_ || !wish(*prototype_)) return;
      const PodId pod(cluster_.state.pods.size() - 1);
      cluster_.fact(event::PodBound{pod, event::NodeId(std::size_t{0})});
      if (phase == event::Phase::Pending) {
        set_restarts(pod, restarts);
        continue;
      }
      cluster_.fact(event::ContainerStarted{pod, 0});
      cluster_.fact(event::PodPhaseChanged{pod, event::Phase::Running, ""});
      set_restarts(pod, restarts);
      if (phase == event::Phase::Succeeded || phase == event::Phase::Failed) end(pod, phase);
    }
  }

  void begin(base::Duration ago) {
    cluster_.now = base::SimTime{base::minutes(60).ns};
    job().status.start = cluster_.now - ago;
  }

  /// Syncs until nothing is left to do; pods that are to go then stop.
  void settle() {
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 20; ++i) {
        sync();
        if (plan_.calls().empty()) break;
        perform();
      }
      bool stopped = false;
      for (std::size_t i = 0; i < cluster_.state.pods.size(); ++i) {
        const PodId pod(i);
        if (!cluster_.view().pod_alive(pod) || !cluster_.view().pod_terminating(pod)) continue;
        if (cluster_.view().pod_phase(pod) == event::Phase::Failed) continue;
        end(pod, event::Phase::Failed);
        stopped = true;
      }
      if (!stopped) return;
    }
  }

  void compare(const Doc& row, RowRecord& record) {
    const auto number_of = [&](const char* key, std::int64_t got) {
      if (row.find(key) != nullptr) record.compare(key, row.find(key), got);
    };
    number_of("expectedCreations", creations);
    number_of("expectedDeletions", deletions);
    number_of("expectedActive", job().status.active);
    number_of("expectedSucceeded", job().status.succeeded);
    number_of("expectedFailed", job().status.failed);
    const std::string_view reason = cell_text(row.find("expectedConditionReason"));
    if (reason.empty()) return;
    const auto failed = std::find_if(job().conditions.begin(), job().conditions.end(),
                                     [](const state::NamedCondition& c) { return c.type == "Failed"; });
    record.compare("expectedConditionReason", row.find("expectedConditionReason"),
                   std::string_view(failed == job().conditions.end() ? std::string() : failed->value.reason));
    record.changed("since 1.31: FailureTarget comes first, Failed when all pods have ended");
  }

  std::int64_t creations = 0, deletions = 0;

 private:
  bool wish(const command::Payload& payload) {
    decide::Facts facts;
    if (decide::decide(cluster_.view(), {0, payload}, facts)) return false;
    for (event::Payload& fact : facts) cluster_.fact(std::move(fact));
    return true;
  }
  void set_restarts(PodId pod, std::uint32_t restarts) {
    const std::uint32_t first = cluster_.state.pods.container_begin[pod.index()];
    cluster_.state.pods.containers[first].restarts = restarts;
  }
  void end(PodId pod, event::Phase phase) {
    const bool good = phase == event::Phase::Succeeded;
    if (cluster_.view().container(pod, 0).state == state::ContainerState::Running)
      cluster_.fact(
          event::ContainerExited{pod, 0, good ? 0 : 1, good ? event::ExitReason::Completed : event::ExitReason::Error});
    cluster_.fact(event::PodPhaseChanged{pod, phase, ""});
  }
  void sync() {
    plan_.reset(1);
    controller_->reconcile(event::JobId(std::size_t{0}), cluster_.view(), plan_);
  }
  /// Makes the calls; a refusal ends the sync after its batch, and the controller may say something about it, as the
  /// loop does it.
  void perform() {
    const control::Plan::Call* refused_call = nullptr;
    for (const control::Plan::Call& call : plan_.calls()) {
      if (refused_call != nullptr && call.batch != refused_call->batch) break;
      const bool makes = std::holds_alternative<command::MakePod>(call.payload);
      const bool deletes = std::holds_alternative<command::DeletePod>(call.payload);
      const bool refused = ((makes || deletes) && refused_) || (makes && limit_ > 0 && creations >= limit_);
      // With an error each attempt of the first sync is counted, with a limit what was made.
      if (makes && (!refused || (refused_ && creations == 0))) ++creations;
      if (deletes && (!refused || (refused_ && deletions == 0))) ++deletions;
      if (!refused) {
        wish(call.payload);
      } else if (refused_call == nullptr && !call.optional) {
        refused_call = &call;
      }
    }
    if (refused_call == nullptr) return;
    control::Plan answer;
    answer.reset(1);
    controller_->on_refusal(event::JobId(std::size_t{0}), *refused_call, {"InternalError", "fake error"},
                            cluster_.view(), answer);
    for (const control::Plan::Call& call : answer.calls()) wish(call.payload);
  }

  TableCluster cluster_;
  control::Plan plan_;
  std::unique_ptr<control::Controller> controller_;
  std::optional<command::Payload> prototype_;
  std::int32_t limit_ = 0;
  bool refused_ = false;
};

constexpr const char* kBackOff =
    "since 1.26: the back-off counts from when the latest pod failed, its cap is 10 min since 1.30";

}  // namespace

void job_sync(const Doc& row, RowRecord& record) {
  JobTable table(row, "Never");
  table.add_pods(number(row.find("succeededPods")), event::Phase::Succeeded);
  table.add_pods(number(row.find("failedPods")), event::Phase::Failed);
  table.add_pods(number(row.find("activePods")), event::Phase::Running);
  table.add_pods(number(row.find("pendingPods")), event::Phase::Pending);
  table.begin(base::minutes(60));
  table.settle();
  record.changed(kBackOff);
  table.compare(row, record);
}

void job_past_deadline(const Doc& row, RowRecord& record) {
  JobTable table(row, "Never");
  table.add_pods(number(row.find("succeededPods")), event::Phase::Succeeded);
  table.add_pods(number(row.find("failedPods")), event::Phase::Failed);
  table.add_pods(number(row.find("activePods")), event::Phase::Running);
  table.begin(base::seconds(cell_int(row.find("startTime"))));
  table.settle();
  table.compare(row, record);
}

void job_backoff_never(const Doc& row, RowRecord& record) {
  JobTable table(row, "Never");
  const bool pending = cell_text(row.find("activePodsPhase")) == "Pending";
  table.add_pods(number(row.find("failedPods")), event::Phase::Failed);
  table.add_pods(number(row.find("activePods")), pending ? event::Phase::Pending : event::Phase::Running);
  table.begin(base::minutes(60));
  table.settle();
  record.changed(kBackOff);
  table.compare(row, record);
}

void job_backoff_onfailure(const Doc& row, RowRecord& record) {
  JobTable table(row, "OnFailure");
  const bool pending = cell_text(row.find("podPhase")) == "Pending";
  if (const Doc* restarts = row.find("restartCounts"); restarts != nullptr) {
    for (const Doc& count : restarts->items)
      table.add_pods(1, pending ? event::Phase::Pending : event::Phase::Running,
                     static_cast<std::uint32_t>(std::max<std::int64_t>(0, cell_int(&count))));
  }
  table.begin(base::minutes(60));
  table.settle();
  table.compare(row, record);
}

/// In units of 10 s.
void job_backoff_delay(const Doc& row, RowRecord& record) {
  const std::int32_t failures = cell_text(row.find("phase")) == "Failed" ? number(row.find("requeues")) : 0;
  record.compare("backoff", row.find("backoff"), control::job::back_off(failures).ns / base::seconds(10).ns);
  record.changed(kBackOff);
}

void job_backoff_reset(const Doc& row, RowRecord& record) {
  const Doc* pods = row.find("pods");
  if (pods == nullptr || !pods->is_array()) return record.unreadable("pods: a list is expected");
  control::job::Failures failures;
  base::SimTime now{base::seconds(1).ns};
  for (const Doc& step : pods->items) {
    const auto at = [&](const char* key) {
      return std::vector<base::SimTime>(static_cast<std::size_t>(std::max(0, number(step.find(key)))), now);
    };
    failures = control::job::counted_on(failures, at("succeed"), at("failed"));
    now = now + base::seconds(1);
  }
  const Doc none = Doc::integer(0);
  record.compare("failures since the last success", &none, std::int64_t{failures.count});
  record.changed(kBackOff);
}

}  // namespace wavetank::conformance::rows
