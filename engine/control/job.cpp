// The Job controller: which keys an event concerns, and pods whose Job is over or gone.
// Source: kubernetes/pkg/controller/job/job_controller.go of 1.34.

#include "engine/control/controllers.h"
#include "engine/control/job_sync.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::JobId;
using event::PodId;
using model::Kind;

constexpr base::Duration kBatch = base::seconds(1);  ///< syncJobBatchPeriod

/// Keys: Jobs, and pods that may have to lose their finalizer without a Job (the orphan queue).
class JobController final : public Controller {
 public:
  explicit JobController(const Settings& settings) : first_failure_counts_(settings.job_first_failure_backs_off) {}
  [[nodiscard]] std::string_view name() const override { return kJobController; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                          EventKind::ObjectRemoved, EventKind::OwnerChanged, EventKind::PodMade,
                          EventKind::PodPhaseChanged, EventKind::PodFailed, EventKind::PodReadyChanged,
                          EventKind::PodDeletionStarted, EventKind::PodRemoved, EventKind::PodUntracked,
                          EventKind::PodBound, EventKind::ContainerStarted, EventKind::ContainerExited,
                          EventKind::JobStatusChanged, EventKind::ObjectConditionChanged);
  }
  [[nodiscard]] base::Duration first_back_off() const override { return base::seconds(1); }
  [[nodiscard]] base::Duration longest_back_off() const override { return base::minutes(1); }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (key.kind == Kind::Pod) return release_orphan(key.as<PodId>(), view, plan);
    if (!view.alive(key)) return;
    const state::JobRow& job = view->jobs[key.row];
    if (managed_by_another(job) || job_finished(job)) return;
    if (plan.wake_cause() == 0) plan.reset(job.header.version);  // a timer: of what the Job has come to
    JobSync(key.as<JobId>(), view, plan, JobSync::Making::Allowed, first_failure_counts_).run();
  }

  void list(const ClusterView& view, KeySink& keys) override {
    add_alive<JobId>(view->jobs, keys);
    for (std::size_t p = 0; p < view->pods.size(); ++p) {
      if ((view->pods.flags[p] & (state::kTracked | state::kAlive)) == (state::kTracked | state::kAlive) &&
          orphaned(PodId(p), view))
        keys.add(PodId(p));
    }
  }

  /// A pod could not be made or deleted: the event, and the status as it is.
  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    const bool making = std::holds_alternative<command::MakePod>(refused.payload);
    if (key.kind != Kind::Job || !view.alive(key)) return;
    if (!making && !std::holds_alternative<command::DeletePod>(refused.payload)) return;
    plan.next_batch();
    plan.also(command::RecordEvent{{key, true, making ? "FailedCreate" : "FailedDelete",
                                    (making ? "Error creating: " : "Error deleting: ") + rejection.message,
                                    std::string(kJobController)}});
    JobSync(key.as<JobId>(), view, plan, JobSync::Making::Stopped, first_failure_counts_).run();
  }

 private:
  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  static void batched(Ref key, KeySink& keys) { keys.add_after(key, kBatch); }

  static bool is_tracked(PodId pod, const ClusterView& view) { return (view.pod_flags(pod) & state::kTracked) != 0; }

  /// Whether no Job will take the finalizer off.
  static bool orphaned(PodId pod, const ClusterView& view) {
    const Ref owner = view->pods.owner[pod.index()];
    if (!owner.valid()) return true;
    if (owner.kind != Kind::Job) return false;
    if (!view.alive(owner)) return true;
    const state::JobRow& job = view->jobs[owner.row];
    return job_finished(job) && !managed_by_another(job);
  }

  static void release_orphan(PodId pod, const ClusterView& view, Plan& plan) {
    if (!view.pod_alive(pod) || !is_tracked(pod, view) || !orphaned(pod, view)) return;
    plan.call(command::UntrackPod{{pod}}, 0, true);
  }

  /// A pod changed: its Job, or the pod itself where no Job cares.
  static void pod_changed(PodId pod, const ClusterView& view, KeySink& keys) {
    const Ref owner = view->pods.owner[pod.index()];
    if (owner.valid() && owner.kind != Kind::Job) return;
    if (owner.valid()) batched(owner, keys);
    if (view.pod_alive(pod) && is_tracked(pod, view) && orphaned(pod, view)) keys.add(pod);
  }

  /// A pod without a controller concerns every Job that selects it.
  void maybe_adopted(PodId pod, const ClusterView& view, KeySink& keys) {
    if (view->pods.owner[pod.index()].valid() || view->jobs.empty()) return;
    for (std::size_t i = 0; i < view->jobs.size(); ++i) {
      const state::JobRow& job = view->jobs[i];
      if (job.header.alive && job.header.ns == view.pod_ns(pod) && job.spec.selector && !job_finished(job) &&
          job.spec.selector->matches(view.pod_spec(pod).labels))
        batched(JobId(i), keys);
    }
  }

  void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind == Kind::Job) {
      const std::size_t row = row_created_by(view->jobs, event.seq);
      if (row < view->jobs.size()) keys.add(JobId(row));
    } else if (e.kind == Kind::Pod && !view->jobs.empty()) {
      const PodId pod = pod_created_by(view->pods, event.seq);
      if (!pod.valid()) return;
      pod_changed(pod, view, keys);
      maybe_adopted(pod, view, keys);
    }
  }
  void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::Job) {
      if (e.spec_changed) {
        keys.add(e.ref);
      } else {
        batched(e.ref, keys);
      }
    } else if (e.ref.kind == Kind::Pod && !view->jobs.empty()) {
      pod_changed(e.ref.as<PodId>(), view, keys);
      maybe_adopted(e.ref.as<PodId>(), view, keys);
    }
  }
  static void on(const event::Event&, const event::ObjectDeletionStarted& e, const ClusterView&, KeySink& keys) {
    if (e.ref.kind == Kind::Job) keys.add(e.ref);
  }
  static void on(const event::Event&, const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind != Kind::Job) return;
    keys.add(e.ref);
    release_all(e.ref, view, keys);
  }
  void on(const event::Event&, const event::OwnerChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.child.kind != Kind::Pod) return;
    if (e.owner.kind == Kind::Job && e.owner.valid()) batched(e.owner, keys);
    pod_changed(e.child.as<PodId>(), view, keys);
    maybe_adopted(e.child.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::PodMade& e, const ClusterView&, KeySink& keys) {
    if (e.owner.kind == Kind::Job) batched(e.owner, keys);
  }
  static void on(const event::Event&, const event::PodPhaseChanged& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::PodFailed& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::PodReadyChanged& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::PodDeletionStarted& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::PodRemoved& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::PodUntracked& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::PodBound& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  /// Restarts count towards the limit.
  static void on(const event::Event&, const event::ContainerStarted& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::ContainerExited& e, const ClusterView& view, KeySink& keys) {
    pod_changed(e.pod, view, keys);
  }
  static void on(const event::Event&, const event::JobStatusChanged& e, const ClusterView& view, KeySink& keys) {
    job_written(e.id, view, keys);
  }
  static void on(const event::Event&, const event::ObjectConditionChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::Job) job_written(e.ref, view, keys);
  }

  static void job_written(Ref job, const ClusterView& view, KeySink& keys) {
    if (!job_finished(view->jobs[job.row])) return batched(job, keys);
    release_all(job, view, keys);
  }

  /// The pods of a Job that is over (cleanupPodFinalizers).
  static void release_all(Ref job, const ClusterView& view, KeySink& keys) {
    for (const PodId pod : view->jobs[job.row].pods)
      if (is_tracked(pod, view)) keys.add(pod);
  }

  bool first_failure_counts_;
};

}  // namespace

std::unique_ptr<Controller> make_job_controller(const Settings& settings) {
  return std::make_unique<JobController>(settings);
}

}  // namespace wavetank::control
