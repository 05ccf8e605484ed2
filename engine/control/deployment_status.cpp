// Status numbers, conditions and the progress deadline.
// Source: kubernetes/pkg/controller/deployment/{sync.go calculateStatus, progress.go}.

#include <algorithm>

#include "engine/control/deployment_sync.h"

namespace wavetank::control {

void DeploymentSync::set_condition(DeploymentStatus& status, Type type, Status value, std::string reason,
                                   std::string message) const {
  Cond& c = status[type];
  if (c.present && c.status == value && c.reason == reason) return;  // a new message alone does not count
  c = {true, value, std::move(reason), std::move(message), view_.now()};
}

void DeploymentSync::write_condition(Type type) {
  const Cond& c = status_[type];
  // The deadline is a timer: what it ran out on is the last progress.
  const bool late = plan_.wake_cause() == 0 && c.reason == "ProgressDeadlineExceeded";
  const base::Seq cause = late ? row_.conditions[static_cast<std::size_t>(Type::Progressing)].seq : 0;
  plan_.also(command::SetDeploymentCondition{{id_, type, c.present ? c.status : Status::Unknown, c.reason, c.message}},
             cause);
}

std::string DeploymentSync::subject() const {
  if (has_new()) return "ReplicaSet \"" + set_name(new_) + "\"";
  return "Deployment \"" + std::string(view_.text(row_.header.name)) + "\"";
}

DeploymentSync::DeploymentStatus DeploymentSync::calculate_status() const {
  DeploymentStatus next = status_;
  next.numbers = {};
  for (const SetCopy& s : sets_) {
    next.numbers.replicas += s.status_replicas;
    next.numbers.ready += s.ready;
    next.numbers.available += s.available;
  }
  if (has_new()) next.numbers.updated = at(new_).status_replicas;
  next.numbers.unavailable = std::max(0, total_replicas() - next.numbers.available);
  next.numbers.observed_generation = row_.header.generation;
  const bool enough = next.numbers.available >= spec_.replicas - max_unavailable(spec_);
  set_condition(next, Type::Available, enough ? Status::True : Status::False,
                enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.");
  return next;
}

bool DeploymentSync::timed_out(const DeploymentStatus& next) const {
  const Cond& c = next[Type::Progressing];
  if (!c.present || c.reason == "NewReplicaSetAvailable") return false;
  if (c.reason == "ProgressDeadlineExceeded") return true;
  return c.updated + base::seconds(spec_.progress_deadline_seconds) < view_.now();
}

void DeploymentSync::judge_progress(DeploymentStatus& next) const {
  if (!has_progress_deadline()) {
    next[Type::Progressing] = {};
    return;
  }
  const Cond& current = status_[Type::Progressing];
  const bool rolled_out = current.present && current.reason == "NewReplicaSetAvailable";
  switch (control::judge_progress(
      {spec_.replicas, row_.header.generation, status_.numbers, next.numbers, rolled_out, timed_out(next)})) {
    case Progress::Keep:
      return;
    case Progress::Complete:
      return set_condition(next, Type::Progressing, Status::True, "NewReplicaSetAvailable",
                           subject() + " has successfully progressed.");
    case Progress::Progressing:
      // Set even if nothing but lastUpdateTime changes: the deadline counts from the last progress.
      next[Type::Progressing] = {true, Status::True, "ReplicaSetUpdated", subject() + " is progressing.", view_.now()};
      return;
    case Progress::TimedOut:
      return set_condition(next, Type::Progressing, Status::False, "ProgressDeadlineExceeded",
                           subject() + " has timed out progressing.");
  }
}

void DeploymentSync::take_set_failures(DeploymentStatus& next) const {
  const state::Condition* failure = nullptr;
  for (const int i : old_sets()) {
    const state::Condition& c = view_.replica_set(at(i).id).failure;
    if (failure == nullptr && c.present) failure = &c;
  }
  if (has_new() && at(new_).id.valid()) {
    const state::Condition& c = view_.replica_set(at(new_).id).failure;
    if (c.present) failure = &c;  // the new set's before those of old ones
  }
  if (failure != nullptr) {
    set_condition(next, Type::ReplicaFailure, failure->status, failure->reason, failure->message);
  } else {
    next[Type::ReplicaFailure] = {};
  }
}

void DeploymentSync::write_status(const DeploymentStatus& next) {
  plan_.next_batch();
  const Cond& before = status_[Type::Progressing];
  const Cond& after = next[Type::Progressing];
  const bool same_text = before.present == after.present && before.status == after.status &&
                         before.reason == after.reason && before.message == after.message;
  const bool progressed = same_text && before.updated < after.updated;
  if (!(next.numbers == status_.numbers) || progressed) {
    const StatusNumbers& n = next.numbers;
    plan_.also(command::UpdateDeploymentStatus{
        {id_, n.replicas, n.updated, n.ready, n.available, n.unavailable, n.observed_generation, progressed}});
  }
  for (std::size_t i = 0; i < next.conditions.size(); ++i) {
    const Cond& was = status_.conditions[i];
    const Cond& is = next.conditions[i];
    if (was.present == is.present && was.status == is.status && was.reason == is.reason && was.message == is.message)
      continue;
    status_.conditions[i] = is;
    write_condition(static_cast<Type>(i));
  }
  status_ = next;
}

void DeploymentSync::requeue_stuck(const DeploymentStatus& next) {
  const Cond& c = next[Type::Progressing];
  if (!has_progress_deadline() || !c.present || c.reason == "ProgressDeadlineExceeded") return;
  // A rollout that has completed once cannot run out of time any more (DeploymentTimedOut), whatever its pods do later;
  // Kubernetes looks again every few milliseconds all the same, to no effect.
  if (c.reason == "NewReplicaSetAvailable") return;
  if (deployment_complete(spec_.replicas, row_.header.generation, next.numbers)) return;
  // A second more, as Kubernetes adds, so that the deadline has surely passed.
  const base::SimTime due = c.updated + base::seconds(spec_.progress_deadline_seconds) + base::seconds(1);
  plan_.requeue_at(std::max(due, view_.now() + base::milliseconds(5)));
}

void DeploymentSync::sync_status(bool rollout) {
  DeploymentStatus next = calculate_status();
  if (rollout) {
    judge_progress(next);
    take_set_failures(next);
  }
  write_status(next);
  if (rollout) requeue_stuck(next);
}

}  // namespace wavetank::control
