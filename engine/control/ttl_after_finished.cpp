// Deletes Jobs some time after they finished, and their pods with them.
// Source: kubernetes/pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.

#include "engine/control/controllers.h"
#include "engine/control/job_sync.h"
#include "engine/control/lookup.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::JobId;
using model::Kind;

class TtlAfterFinished final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "ttl-after-finished-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectConditionChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    Ref job;
    if (const auto* made = std::get_if<event::ObjectCreated>(&event.payload)) {
      const std::size_t row = made->kind == Kind::Job ? row_created_by(view->jobs, event.seq) : view->jobs.size();
      if (row < view->jobs.size()) job = JobId(row);
    } else if (const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload)) {
      job = updated->ref;
    } else if (const auto* condition = std::get_if<event::ObjectConditionChanged>(&event.payload)) {
      job = condition->ref;
    }
    if (job.valid() && job.kind == Kind::Job && due(job, view) != base::SimTime::never()) keys.add(job);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const base::SimTime at = due(key, view);
    if (at > view.now()) return plan.requeue_at(at);
    // The end of the Job is what it comes of, however long ago.
    plan.call(command::DeleteObject{key, event::Propagation::Foreground, {}}, ended(view->jobs[key.row])->value.seq,
              true);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<JobId>(view->jobs, keys); }

 private:
  static const state::NamedCondition* ended(const state::JobRow& job) {
    const state::NamedCondition* complete = true_condition(job, "Complete");
    return complete != nullptr ? complete : true_condition(job, "Failed");
  }

  /// When the Job is to go; never: not as it stands.
  static base::SimTime due(Ref key, const ClusterView& view) {
    if (!view.alive(key)) return base::SimTime::never();
    const state::JobRow& job = view->jobs[key.row];
    const state::NamedCondition* end = ended(job);
    if (job.header.terminating() || !job.spec.ttl_seconds_after_finished || end == nullptr)
      return base::SimTime::never();
    return end->value.transitioned + base::seconds(*job.spec.ttl_seconds_after_finished);
  }
};

}  // namespace

std::unique_ptr<Controller> make_ttl_after_finished_controller() { return std::make_unique<TtlAfterFinished>(); }

}  // namespace wavetank::control
