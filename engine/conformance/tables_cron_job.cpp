// Rows of the tables cronjob-*: when a schedule is due, what the controller makes of it, which Jobs it keeps.
#include <fmt/format.h>

#include <algorithm>

#include "engine/conformance/table_cluster.h"
#include "engine/conformance/table_runners.h"
#include "engine/control/cron_math.h"

namespace wavetank::conformance::rows {
namespace {

using event::JobId;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNoDeadline = -12345;
constexpr const char* kLowerCase = "since 1.21: robfig/cron v3's errors begin with a small letter";
constexpr const char* kLegacy =
    "since 1.22: there is no legacy controller; more than 100 missed times are told and the latest is made up for "
    "(played by the legacy rule here)";
constexpr const char* kTooMany =
    "too many missed start time (> 100). Set or decrease .spec.startingDeadlineSeconds or check clock skew";

std::optional<std::int64_t> moment(const Doc& row, std::string_view key) {
  const Doc* d = row.find(key);
  return d == nullptr || d->is_null() ? std::nullopt : model::parse_rfc3339(d->text);
}
std::string text_of(std::int64_t unix_s) { return model::format_rfc3339(unix_s, model::TimeZone()); }

/// All times that were due and missed: what the controller knew up to 1.21. nullopt: more than 100.
std::optional<std::vector<std::int64_t>> unmet(const model::CronSchedule& schedule, std::int64_t since_s,
                                               std::optional<std::int64_t> deadline_s, std::int64_t now_s) {
  if (deadline_s) since_s = std::max(since_s, now_s - *deadline_s);
  std::vector<std::int64_t> out;
  for (auto t = schedule.next(since_s); !t || *t <= now_s; t = schedule.next(*t)) {
    if (!t || out.size() >= 100) return std::nullopt;
    out.push_back(*t);
  }
  return out;
}

/// A cron job "cj" at 2016-05-19, its Jobs, one sync.
class CronCluster {
 public:
  void set_time(std::int64_t unix_s) { cluster_.now = at(unix_s); }
  [[nodiscard]] base::SimTime at(std::int64_t unix_s) const { return {(unix_s - cluster_.state.epoch_s) * kSecond}; }

  /// The row's cron job, made at `created_s`.
  void create(const Doc& row, std::int64_t created_s) {
    set_time(created_s);
    cluster_.apply(
        R"({"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"cj","namespace":"default"},"spec":{)"
        R"("schedule":"0 * * * ?","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never",)"
        R"("containers":[{"name":"c","image":"exit0:v1"}]}}}}}})");
    model::CronJob& spec = cluster_.state.cron_jobs[0].spec;
    const std::string_view policy = cell_text(row.find("concurrencyPolicy"));
    spec.concurrency = policy == "Forbid"    ? model::ConcurrencyPolicy::Forbid
                       : policy == "Replace" ? model::ConcurrencyPolicy::Replace
                                             : model::ConcurrencyPolicy::Allow;
    if (const Doc* schedule = row.find("schedule")) spec.schedule = schedule->text;
    spec.suspend = cell_bool(row.find("suspend"));
    const std::int64_t deadline = cell_int(row.find("deadline"));
    if (row.find("deadline") != nullptr && deadline != kNoDeadline) spec.starting_deadline_seconds = deadline;
  }

  /// A Job of the cron job, as the controller names it.
  JobId add_job(std::int64_t scheduled_s) {
    const JobId id(cluster_.state.jobs.size());
    cluster_.apply(fmt::format(
        R"({{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"cj-{}","namespace":"default","ownerReferences":[)"
        R"({{"apiVersion":"batch/v1","kind":"CronJob","name":"cj","uid":"{}","controller":true}}]}},"spec":{{)"
        R"("template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"c","image":"exit0:v1"}}]}}}}}}}})",
        scheduled_s / 60, cluster_.view().uid(event::Ref(event::CronJobId(std::size_t{0})))));
    return id;
  }
  void start(JobId job, std::int64_t started_s) {
    event::JobStatus status = cluster_.state.jobs[job.index()].status;
    status.start = at(started_s);
    cluster_.fact(event::JobStatusChanged{job, status});
  }
  void finish(JobId job, bool success, std::int64_t at_s) {
    event::JobStatus status = cluster_.state.jobs[job.index()].status;
    if (success) status.completion = at(at_s);
    cluster_.fact(event::JobStatusChanged{job, status});
    cluster_.fact(event::ObjectConditionChanged{event::Ref(job), success ? "Complete" : "Failed",
                                                event::ConditionStatus::True, "", "", false});
  }
  void remove(JobId job) { cluster_.fact(event::ObjectRemoved{event::Ref(job)}); }
  void set_status(std::vector<JobId> running, std::optional<std::int64_t> last_s) {
    event::CronJobStatus status;
    status.active = std::move(running);
    if (last_s) status.last_schedule = at(*last_s);
    cluster_.fact(event::CronJobStatusChanged{event::CronJobId(std::size_t{0}), status});
  }
  void start_deletion() {
    cluster_.fact(
        event::ObjectDeletionStarted{event::Ref(event::CronJobId(std::size_t{0})), event::Propagation::Foreground});
  }
  state::CronJobRow& row() { return cluster_.state.cron_jobs[0]; }

  void sync() {
    plan_.reset(1);
    control::make_cron_job_controller()->reconcile(event::CronJobId(std::size_t{0}), cluster_.view(), plan_);
    active = row().status.active.size();
    for (const control::Plan::Call& call : plan_.calls()) {
      if (std::holds_alternative<command::ApplyObject>(call.payload)) ++creates;
      if (const auto* gone = std::get_if<command::DeleteObject>(&call.payload))
        deleted.push_back(gone->ref.as<JobId>());
      if (const auto* told = std::get_if<command::RecordEvent>(&call.payload)) {
        warnings += told->fact.warning ? 1 : 0;
        reasons.push_back(told->fact.reason);
      }
      if (const auto* status = std::get_if<command::UpdateCronJobStatus>(&call.payload))
        active = status->fact.status.active.size() + (status->started.empty() ? 0 : 1);
    }
  }
  [[nodiscard]] bool comes_back() const { return plan_.requeue_at() != base::SimTime::never(); }
  [[nodiscard]] bool told(std::string_view reason) const {
    return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
  }

  std::int64_t creates = 0, warnings = 0;
  std::size_t active = 0;
  std::vector<JobId> deleted;
  std::vector<std::string> reasons;

 private:
  TableCluster cluster_;
  control::Plan plan_;
};

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kTen = 1'463'652'000;  // 2016-05-19T10:00:00Z

struct Prior {
  std::int64_t created_s = kTen - 60;  ///< 09:59
  std::optional<std::int64_t> last_s;
};
/// A cron job that ran is of 08:59 and ran for 09:00, noticed at 09:01.
Prior prior_of(const Doc& row) {
  if (!cell_bool(row.find("ranPreviously"))) return {kTen - kHour, std::nullopt};
  return {kTen - 2 * kHour, kTen - kHour + 60};
}

void run_or_not(const Doc& row, RowRecord& record, bool legacy) {
  const auto now = moment(row, "now");
  if (!now) return record.unreadable("now: a time is expected");
  const Prior prior = prior_of(row);
  CronCluster c;
  c.create(row, prior.created_s);
  std::vector<JobId> active;
  if (prior.last_s) {
    const std::int64_t made_s = moment(row, "jobCreationTime").value_or(kTen - kHour + 60);
    const JobId job = c.add_job(made_s);
    if (cell_bool(row.find("stillActive"))) {
      active.push_back(job);
    } else {
      c.finish(job, true, made_s + 10);
    }
    c.set_status(active, prior.last_s);
  }
  c.set_time(*now);
  const auto schedule = model::CronSchedule::parse(c.row().spec.schedule);
  if (legacy && schedule && !c.row().spec.suspend &&
      !unmet(*schedule, prior.last_s.value_or(prior.created_s), c.row().spec.starting_deadline_seconds, *now)) {
    c.warnings = 1;  // FailedNeedsStart, and nothing else
    c.active = active.size();
    record.changed(kLegacy);
  } else {
    c.sync();
  }
  record.compare("expectCreate", row.find("expectCreate"), c.creates > 0);
  record.compare("expectDelete", row.find("expectDelete"), !c.deleted.empty());
  record.compare("expectActive", row.find("expectActive"), static_cast<std::int64_t>(c.active));
  record.compare("expectedWarnings", row.find("expectedWarnings"), c.warnings);
  if (!legacy) record.compare("expectRequeueAfter", row.find("expectRequeueAfter"), c.comes_back());
}

}  // namespace

void cronjob_next(const Doc& row, RowRecord& record) {
  const auto schedule = model::CronSchedule::parse(cell_text(row.find("schedule")));
  if (!schedule) {
    Doc wanted = row.find("error") == nullptr ? Doc() : *row.find("error");
    if (!wanted.text.empty() && wanted.text[0] >= 'A' && wanted.text[0] <= 'Z') {
      wanted.text[0] = static_cast<char>(wanted.text[0] - 'A' + 'a');
      record.changed(kLowerCase);
    }
    return record.compare("error", &wanted, schedule.error().front().message);
  }
  const auto from = moment(row, "from");
  if (!from) return record.unreadable("from: a time is expected");
  Doc next = Doc::array();
  const Doc* wanted = row.find("next");
  const std::size_t count = wanted == nullptr ? 6 : wanted->items.size();
  for (auto t = schedule->next(*from); t && next.items.size() < count; t = schedule->next(*t))
    next.items.push_back(Doc::string(text_of(*t)));
  record.compare("next", wanted, next);
}

void cronjob_unmet(const Doc& row, RowRecord& record) {
  const auto schedule = model::CronSchedule::parse(cell_text(row.find("schedule")));
  const auto created = moment(row, "created"), now = moment(row, "now");
  if (!schedule || !created || !now) return record.unreadable("schedule, created, now are expected");
  const std::int64_t deadline = cell_int(row.find("deadline"));
  const std::int64_t since = moment(row, "last").value_or(*created);
  const auto limit = deadline < 0 ? std::nullopt : std::optional<std::int64_t>(deadline);
  const auto times = unmet(*schedule, since, limit, *now);
  // What 1.34 knows of it: the latest, and whether there are many.
  const control::DueTimes due = control::due_times(*schedule, since, limit, *now * kSecond);
  if (!times) {
    record.compare("error", row.find("error"), std::string_view(kTooMany));
    record.changed(kLegacy);
    const Doc yes = Doc::boolean(true);
    return record.compare("invalid or many", &yes, due.invalid || due.missed == control::DueTimes::Missed::Many);
  }
  record.compare("error", row.find("error"), Doc());
  const Doc* wanted = row.find("unmet");
  Doc last = Doc::array();  // the last eight are shown
  for (std::size_t i = times->size() > 8 ? times->size() - 8 : 0; i < times->size(); ++i)
    last.items.push_back(Doc::string(text_of((*times)[i])));
  const Doc none = Doc::array();
  record.compare("unmet", wanted == nullptr ? &none : wanted, last);
  const Doc latest = times->empty() ? Doc() : Doc::string(text_of(times->back()));
  record.compare("latest", &latest, due.latest_s ? Doc::string(text_of(*due.latest_s)) : Doc());
}

void cronjob_run_or_not_v1(const Doc& row, RowRecord& record) { run_or_not(row, record, true); }
void cronjob_run_or_not_v2(const Doc& row, RowRecord& record) { run_or_not(row, record, false); }

void cronjob_status(const Doc& row, RowRecord& record) {
  const auto now = moment(row, "now");
  if (!now) return record.unreadable("now: a time is expected");
  const Prior prior = prior_of(row);
  CronCluster c;
  c.create(row, prior.created_s);
  std::vector<JobId> active;
  if (cell_bool(row.find("hasFinishedJob"))) {
    active.push_back(c.add_job(kTen - kHour));
    c.finish(active.back(), true, kTen - kHour + 10);
  }
  if (cell_bool(row.find("hasUnexpectedJob"))) c.add_job(kTen - kHour - 60);
  if (cell_bool(row.find("hasMissingJob"))) {
    active.push_back(c.add_job(kTen - kHour - 120));
    c.remove(active.back());
  }
  c.set_status(active, prior.last_s);
  c.set_time(*now);
  if (cell_bool(row.find("beingDeleted"))) c.start_deletion();
  c.sync();
  record.compare("expectCreate", row.find("expectCreate"), c.creates > 0);
  record.compare("expectDelete", row.find("expectDelete"), !c.deleted.empty());
  record.compare("hasFinishedJob", row.find("hasFinishedJob"), c.told("SawCompletedJob"));
  record.compare("hasUnexpectedJob", row.find("hasUnexpectedJob"), c.told("UnexpectedJob"));
  record.compare("hasMissingJob", row.find("hasMissingJob"), c.told("MissingJob"));
  const Doc wanted = Doc::integer(c.creates);
  record.compare("active", &wanted, static_cast<std::int64_t>(c.active));
}

void cronjob_history(const Doc& row, RowRecord& record) {
  const auto now = moment(row, "now");
  const Doc* jobs = row.find("jobSpecs");
  if (!now || jobs == nullptr || !jobs->is_array()) return record.unreadable("now and jobSpecs are expected");
  CronCluster c;
  c.create(row, kTen - 10 * kHour);
  const auto limit = [&](std::string_view key) -> std::optional<std::int32_t> {
    const Doc* d = row.find(key);
    if (d == nullptr || d->is_null()) return std::nullopt;
    return static_cast<std::int32_t>(cell_int(d));
  };
  c.row().spec.suspend = true;
  c.row().spec.successful_jobs_history_limit = limit("successfulJobsHistoryLimit");
  c.row().spec.failed_jobs_history_limit = limit("failedJobsHistoryLimit");
  std::vector<JobId> active;
  for (const Doc& spec : jobs->items) {
    const auto start = moment(spec, "StartTime");
    if (!start) return record.unreadable("StartTime: a time is expected");
    const JobId job = c.add_job(*start);
    c.start(job, *start);
    const bool finished = cell_bool(spec.find("IsFinished"));
    if (finished) c.finish(job, cell_bool(spec.find("IsSuccessful")), *start + 60);
    if (!finished || cell_bool(spec.find("IsStillInActiveList"))) active.push_back(job);
  }
  c.set_status(active, std::nullopt);
  c.set_time(*now);
  c.sync();
  for (std::size_t i = 0; i < jobs->items.size(); ++i) {
    const bool gone = std::find(c.deleted.begin(), c.deleted.end(), JobId(i)) != c.deleted.end();
    record.compare(fmt::format("jobSpecs[{}].ExpectDelete", i), jobs->items[i].find("ExpectDelete"), gone);
  }
  record.compare("expectActive", row.find("expectActive"), static_cast<std::int64_t>(c.active));
}

}  // namespace wavetank::conformance::rows
