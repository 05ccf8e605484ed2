// The CronJob controller. Source: kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go of 1.34.
#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "engine/control/controllers.h"
#include "engine/control/cron_math.h"
#include "engine/control/lookup.h"
#include "engine/model/doc.h"

namespace wavetank::control {

namespace {

using base::SimTime;
using event::CronJobId;
using event::EventKind;
using event::JobId;
using event::mask_of;
using model::ConcurrencyPolicy;
using model::CronSchedule;
using model::Doc;
using model::Kind;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr const char* kName = "cronjob-controller";

bool erase(std::vector<JobId>& jobs, JobId job) {
  const auto at = std::find(jobs.begin(), jobs.end(), job);
  if (at == jobs.end()) return false;
  jobs.erase(at);
  return true;
}

bool contains(const std::vector<JobId>& jobs, JobId job) {
  return std::find(jobs.begin(), jobs.end(), job) != jobs.end();
}

/// The condition that ended the Job; null: it goes on.
const state::NamedCondition* ending(const state::JobRow& job) {
  for (const state::NamedCondition& c : job.conditions) {
    if ((c.type == "Complete" || c.type == "Failed") && c.value.status == event::ConditionStatus::True) return &c;
  }
  return nullptr;
}

/// One sync of one cron job: what it has seen so far, and the status it will write.
class Sync {
 public:
  Sync(CronJobId id, const ClusterView& view, Plan& plan)
      : id_(id), row_(view.cron_job(id)), view_(view), plan_(plan), status_(row_.status) {
    now_ns_ = view.now().ns + view->epoch_s * kSecond;
  }

  void run() {
    clean_up_history();
    look_at_jobs();
    drop_missing_jobs();
    const std::string started = row_.header.terminating() ? "" : start_what_is_due();
    if (status_ != row_.status || !started.empty())
      plan_.call(command::UpdateCronJobStatus{{id_, std::move(status_)}, started});
  }

  /// After the creation of a Job was refused: the rest of the sync, without it.
  void run_refused(const command::Rejection& rejection) {
    clean_up_history();
    look_at_jobs();
    drop_missing_jobs();
    if (!namespace_terminating(view_, row_.header.ns))
      tell(true, "FailedCreate", "Error creating job: " + rejection.message);
    if (status_ != row_.status) plan_.call(command::UpdateCronJobStatus{{id_, std::move(status_)}, ""});
  }

  /// When the last run was due, or else when the cron job came, in Unix time.
  [[nodiscard]] std::int64_t since_s() const {
    const SimTime since =
        row_.status.last_schedule != SimTime::never() ? row_.status.last_schedule : row_.header.created;
    return unix_s(since);
  }
  [[nodiscard]] std::optional<SimTime> next_look(const CronSchedule& schedule) const {
    const auto at = next_look_ns(schedule, since_s(), now_ns_);
    if (!at) return std::nullopt;
    return SimTime{*at - view_->epoch_s * kSecond};
  }
  /// The schedule in its zone; nullopt if there is none such, with the complaint told.
  std::optional<CronSchedule> schedule() {
    const model::CronJob& spec = row_.spec;
    const auto zone = model::TimeZone::find(spec.time_zone.value_or(""));
    if (!zone) {
      tell(true, "UnknownTimeZone",
           fmt::format("invalid timeZone: \"{}\": unknown time zone {}", *spec.time_zone, *spec.time_zone));
      return std::nullopt;
    }
    if (spec.suspend) return std::nullopt;
    auto parsed = CronSchedule::parse(spec.schedule);
    if (spec.schedule.find("TZ") != std::string::npos) {
      tell(true, "UnsupportedSchedule",
           fmt::format("CRON_TZ or TZ used in schedule \"{}\" is not officially supported, see "
                       "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
                       spec.schedule));
    } else if (parsed) {
      parsed->set_zone(*zone);
    }
    if (parsed) return *parsed;
    tell(true, "UnparseableSchedule",
         fmt::format("unparseable schedule: \"{}\" : {}", spec.schedule, parsed.error().front().message));
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::int64_t unix_s(SimTime t) const {
    const std::int64_t s = t.ns / kSecond - (t.ns % kSecond < 0 ? 1 : 0);
    return s + view_->epoch_s;
  }
  void tell(bool warning, std::string reason, std::string message) {
    plan_.next_batch();
    tell_of_call(warning, std::move(reason), std::move(message));
  }
  /// Of the call before it: void if that is refused.
  void tell_of_call(bool warning, std::string reason, std::string message) {
    plan_.also(command::RecordEvent{{Ref(id_), warning, std::move(reason), std::move(message), kName}});
  }

  void delete_job(JobId job) {
    plan_.call(command::DeleteObject{Ref(job), event::Propagation::Background, std::nullopt}, 0, true);
    tell_of_call(false, "SuccessfulDelete", fmt::format("Deleted job {}", view_.bare_name(Ref(job))));
    erase(status_.active, job);
  }

  void remove_oldest(std::vector<JobId> jobs, std::optional<std::int32_t> limit) {
    if (!limit || jobs.size() <= static_cast<std::size_t>(*limit)) return;
    std::sort(jobs.begin(), jobs.end(), [&](JobId a, JobId b) {
      const SimTime start_a = view_.job(a).status.start, start_b = view_.job(b).status.start;  // never: last
      if (start_a != start_b) return start_a < start_b;
      return view_.bare_name(Ref(a)) < view_.bare_name(Ref(b));
    });
    jobs.resize(jobs.size() - static_cast<std::size_t>(*limit));
    for (const JobId job : jobs) delete_job(job);
  }

  void clean_up_history() {
    std::vector<JobId> complete, failed;
    for (const JobId job : row_.jobs) {
      if (const state::NamedCondition* end = ending(view_.job(job)))
        (end->type == "Complete" ? complete : failed).push_back(job);
    }
    remove_oldest(std::move(complete), row_.spec.successful_jobs_history_limit);
    remove_oldest(std::move(failed), row_.spec.failed_jobs_history_limit);
  }

  void look_at_jobs() {
    for (const JobId id : row_.jobs) {
      const state::JobRow& job = view_.job(id);
      const state::NamedCondition* end = ending(job);
      const std::string_view name = view_.bare_name(Ref(id));
      if (end == nullptr) {
        if (!contains(status_.active, id))
          tell(true, "UnexpectedJob", fmt::format("Saw a job that the controller did not create or forgot: {}", name));
        continue;
      }
      if (erase(status_.active, id))
        tell(false, "SawCompletedJob", fmt::format("Saw completed job: {}, condition: {}", name, end->type));
      const SimTime completion = job.status.completion;
      if (end->type != "Complete" || completion == SimTime::never()) continue;
      if (status_.last_successful == SimTime::never() || completion > status_.last_successful)
        status_.last_successful = completion;
    }
  }

  /// A Job in the list that is not there any more would block Forbid for ever.
  void drop_missing_jobs() {
    const std::vector<JobId> active = status_.active;
    for (const JobId job : active) {
      if (view_.alive(Ref(job))) continue;
      tell(false, "MissingJob", fmt::format("Active job went missing: {}", view_.bare_name(Ref(job))));
      erase(status_.active, job);
    }
  }

  void look_again(const CronSchedule& schedule) {
    if (const auto at = next_look(schedule)) plan_.requeue_at(*at);
  }

  /// The name of the Job that this sync makes, or "".
  std::string start_what_is_due() {
    const std::optional<CronSchedule> parsed = schedule();
    if (!parsed) return "";
    const model::CronJob& spec = row_.spec;
    const std::optional<std::int64_t> deadline = spec.starting_deadline_seconds;
    const DueTimes due = due_times(*parsed, since_s(), deadline, now_ns_);
    if (due.invalid) {
      tell(true, "InvalidSchedule", fmt::format("invalid schedule: {} : {}", spec.schedule, kInvalidSchedule));
      return "";
    }
    if (due.latest_s && due.missed == DueTimes::Missed::Many)
      tell(true, "TooManyMissedTimes",
           "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
    look_again(*parsed);
    if (!due.latest_s) return "";
    const std::int64_t scheduled_s = *due.latest_s;
    if (deadline && *deadline < (now_ns_ - scheduled_s * kSecond + kSecond - 1) / kSecond) {
      tell(true, "MissSchedule", "Missed scheduled time to start a job: " + model::format_rfc1123z(scheduled_s));
      return "";
    }
    const std::string name = fmt::format("{}-{}", view_.text(row_.header.name), scheduled_s / 60);
    const SimTime scheduled{(scheduled_s - view_->epoch_s) * kSecond};
    const bool listed = std::any_of(status_.active.begin(), status_.active.end(),
                                    [&](JobId job) { return view_.bare_name(Ref(job)) == name; });
    if (listed || row_.status.last_schedule == scheduled) return "";
    if (spec.concurrency == ConcurrencyPolicy::Forbid && !status_.active.empty()) {
      tell(false, "JobAlreadyActive",
           "Not starting job because prior execution is running and concurrency policy is Forbid");
      return "";
    }
    if (spec.concurrency == ConcurrencyPolicy::Replace) {
      const std::vector<JobId> active = status_.active;
      for (const JobId job : active) delete_job(job);
    }
    return make(name, scheduled_s, scheduled);
  }

  std::string make(const std::string& name, std::int64_t scheduled_s, SimTime scheduled) {
    const Ref there = view_.find(Kind::Job, view_.text(row_.header.ns), name);
    if (there.valid()) {
      // Made before, but the status was not written; or it is somebody else's, who is to see to it.
      if (view_.header(there)->controller != Ref(id_)) return "";
      status_.last_schedule = scheduled;
      return name;
    }
    plan_.call(command::ApplyObject{job_doc(name, scheduled_s), command::ApplyObject::Mode::Create});
    tell_of_call(false, "SuccessfulCreate", fmt::format("Created job {}", name));
    status_.last_schedule = scheduled;
    return name;
  }

  [[nodiscard]] std::string job_doc(const std::string& name, std::int64_t scheduled_s) const {
    const auto parsed = model::parse_json(row_.header.doc, "cron job");
    const Doc* tmpl = parsed ? parsed->at({"spec", "jobTemplate"}) : nullptr;
    Doc job = Doc::object();
    job["apiVersion"] = Doc::string("batch/v1");
    job["kind"] = Doc::string("Job");
    Doc meta = Doc::object();
    meta["name"] = Doc::string(name);
    meta["namespace"] = Doc::string(view_.text(row_.header.ns));
    for (const char* key : {"labels", "annotations"}) {
      const Doc* map = tmpl == nullptr ? nullptr : tmpl->at({"metadata", key});
      if (map != nullptr && map->is_object()) meta[key] = *map;
    }
    const auto zone = model::TimeZone::find(row_.spec.time_zone.value_or(""));
    meta["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] =
        Doc::string(model::format_rfc3339(scheduled_s, zone ? *zone : model::TimeZone()));
    Doc owner = Doc::object();
    owner["apiVersion"] = Doc::string("batch/v1");
    owner["kind"] = Doc::string("CronJob");
    owner["name"] = Doc::string(view_.text(row_.header.name));
    owner["uid"] = Doc::string(view_.uid(Ref(id_)));
    owner["controller"] = Doc::boolean(true);
    owner["blockOwnerDeletion"] = Doc::boolean(true);
    meta["ownerReferences"] = Doc::array();
    meta["ownerReferences"].items.push_back(std::move(owner));
    job["metadata"] = std::move(meta);
    const Doc* spec = tmpl == nullptr ? nullptr : tmpl->find("spec");
    job["spec"] = spec == nullptr ? Doc::object() : *spec;
    return model::to_json(job);
  }

  CronJobId id_;
  const state::CronJobRow& row_;
  const ClusterView& view_;
  Plan& plan_;
  event::CronJobStatus status_;
  std::int64_t now_ns_ = 0;
};

class CronJobController final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                   EventKind::ObjectRemoved, EventKind::OwnerChanged, EventKind::JobStatusChanged,
                   EventKind::ObjectConditionChanged, EventKind::CronJobStatusChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    remember(key.as<CronJobId>(), view);
    Sync(key.as<CronJobId>(), view, plan).run();
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<CronJobId>(view->cron_jobs, keys); }

  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    if (view.alive(key) && std::holds_alternative<command::ApplyObject>(refused.payload))
      Sync(key.as<CronJobId>(), view, plan).run_refused(rejection);
  }

 private:
  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  static void add_owner(Ref job, const ClusterView& view, KeySink& keys) {
    const Ref owner = view.header(job)->controller;
    if (owner.valid() && owner.kind == Kind::CronJob) keys.add(owner);
  }
  static void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind == Kind::CronJob) {
      const std::size_t row = row_created_by(view->cron_jobs, event.seq);
      if (row < view->cron_jobs.size()) keys.add(CronJobId(row));
    } else if (e.kind == Kind::Job) {
      const std::size_t row = row_created_by(view->jobs, event.seq);
      if (row < view->jobs.size()) add_owner(Ref(JobId(row)), view, keys);
    }
  }
  void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::Job) return add_owner(e.ref, view, keys);
    if (e.ref.kind != Kind::CronJob) return;
    // A changed schedule waits for its next time; it does not start what it would have missed.
    if (!remember(e.ref.as<CronJobId>(), view)) return keys.add(e.ref);
    Plan unused;
    Sync sync(e.ref.as<CronJobId>(), view, unused);
    const auto schedule = sync.schedule();
    const auto at = schedule ? sync.next_look(*schedule) : std::nullopt;
    if (at && *at > view.now()) {
      keys.add_at(e.ref, *at);
    } else {
      keys.add(e.ref);
    }
  }
  static void on_object(Ref ref, const ClusterView& view, KeySink& keys) {
    if (ref.kind == Kind::CronJob) keys.add(ref);
    if (ref.kind == Kind::Job) add_owner(ref, view, keys);
  }
  static void on(const event::Event&, const event::ObjectDeletionStarted& e, const ClusterView& view, KeySink& keys) {
    on_object(e.ref, view, keys);
  }
  static void on(const event::Event&, const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    on_object(e.ref, view, keys);
  }
  static void on(const event::Event&, const event::OwnerChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.child.kind == Kind::Job) add_owner(e.child, view, keys);
  }
  static void on(const event::Event&, const event::JobStatusChanged& e, const ClusterView& view, KeySink& keys) {
    add_owner(Ref(e.id), view, keys);
  }
  static void on(const event::Event&, const event::ObjectConditionChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::Job) add_owner(e.ref, view, keys);
  }
  static void on(const event::Event&, const event::CronJobStatusChanged& e, const ClusterView&, KeySink& keys) {
    keys.add(e.id);
  }

  /// Keeps the schedule as the informer's cache does; whether it is another than the one known before.
  bool remember(CronJobId id, const ClusterView& view) {
    if (known_.size() <= id.index()) known_.resize(id.index() + 1);
    const model::CronJob& spec = view.cron_job(id).spec;
    std::string now = spec.time_zone.value_or("") + "\n" + spec.schedule;
    std::string& before = known_[id.index()];
    const bool changed = !before.empty() && before != now;
    before = std::move(now);
    return changed;
  }

  std::vector<std::string> known_;  ///< By row; "" for what has not been looked at yet.
};

}  // namespace

std::unique_ptr<Controller> make_cron_job_controller() { return std::make_unique<CronJobController>(); }

}  // namespace wavetank::control
