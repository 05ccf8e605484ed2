// Counting ended pods once: first their names go into status.uncountedTerminatedPods, then the finalizer
// batch.kubernetes.io/job-tracking is taken off them, then the counters go up. Source: job_controller.go,
// trackJobStatusAndRemoveFinalizers, flushUncountedAndRemoveFinalizers, enactJobFinished.

#include <algorithm>

#include "engine/control/job_sync.h"

namespace wavetank::control {

using event::ConditionStatus;
using event::JobStatus;
using event::PodId;

namespace {

constexpr std::size_t kMostUncounted = 500;  // MaxUncountedPods

bool listed(const std::vector<PodId>& list, PodId p) { return std::find(list.begin(), list.end(), p) != list.end(); }

}  // namespace

void JobSync::track(std::int32_t active) {
  status_.active = active;
  status_.ready = ready_;
  status_.terminating = terminating_;
  // What lost its finalizer in a sync that was cut short.
  std::vector<PodId> tracked;
  for (const Pod& pod : pods_)
    if (pod.tracked) tracked.push_back(pod.id);
  std::sort(tracked.begin(), tracked.end());
  count_untracked(status_, tracked);

  std::vector<PodId> untrack;
  const bool all = count_ended(untrack);
  if (verdict_ && !verdict_->known) {
    set_condition(verdict_->failed ? "FailureTarget" : "SuccessCriteriaMet", ConditionStatus::True, verdict_->reason,
                  verdict_->message);
  }
  write_status(status_, row_.status);

  plan_.next_batch();
  for (const PodId p : untrack) plan_.together(command::UntrackPod{{p}}, 0, true);
  std::sort(untrack.begin(), untrack.end());
  std::erase_if(tracked, [&](PodId p) { return std::binary_search(untrack.begin(), untrack.end(), p); });

  JobStatus last = status_;
  count_untracked(last, tracked);
  if (all && verdict_ && terminating_ == 0 && last.uncounted_succeeded.empty() && last.uncounted_failed.empty())
    finish(last);
  write_status(last, status_);
}

/// Pods that have no finalizer any more leave the lists and count.
void JobSync::count_untracked(JobStatus& status, const std::vector<PodId>& still_tracked) {
  const auto take = [&](std::vector<PodId>& list) {
    const auto counted = std::erase_if(
        list, [&](PodId p) { return !std::binary_search(still_tracked.begin(), still_tracked.end(), p); });
    return static_cast<std::int32_t>(counted);
  };
  status.succeeded += take(status.uncounted_succeeded);
  status.failed += take(status.uncounted_failed);
}

/// Whether the finalizer may be taken off (canRemoveFinalizer).
bool JobSync::may_untrack(const Pod& pod) const {
  if (row_.header.terminating() || verdict_ || pod.succeeded) return true;
  if (!pod.failed) return false;
  return !per_index() || !pod.valid || delayed_[static_cast<std::size_t>(pod.index)] != pod.id;
}

/// Lists those that have ended and are not counted yet. False if there were too many for one sync.
bool JobSync::count_ended(std::vector<PodId>& untrack) {
  std::vector<std::int32_t> new_indexes;
  if (spec_.indexed)
    std::stable_sort(pods_.begin(), pods_.end(), [](const Pod& a, const Pod& b) { return a.index < b.index; });
  bool all = true;
  for (const Pod& pod : pods_) {
    if (!pod.tracked || !may_untrack(pod)) continue;
    untrack.push_back(pod.id);
    count_one(pod, new_indexes);
    if (new_indexes.size() + status_.uncounted_succeeded.size() + status_.uncounted_failed.size() >= kMostUncounted) {
      all = false;
      break;
    }
  }
  if (!spec_.indexed) return all;
  std::sort(new_indexes.begin(), new_indexes.end());
  succeeded_indexes_ = job::with_indexes(succeeded_indexes_, new_indexes);
  status_.succeeded = job::total(succeeded_indexes_);
  status_.completed_indexes = job::text_of(succeeded_indexes_);
  if (per_index()) status_.failed_indexes = job::text_of(failed_indexes_);
  return all;
}

void JobSync::count_one(const Pod& pod, std::vector<std::int32_t>& new_indexes) {
  if (pod.succeeded && !listed(status_.uncounted_failed, pod.id)) {
    if (spec_.indexed) {
      // The index alone keeps it from being counted twice.
      if (pod.valid && !job::contains(before_, pod.index)) new_indexes.push_back(pod.index);
    } else if (!listed(status_.uncounted_succeeded, pod.id)) {
      status_.uncounted_succeeded.push_back(pod.id);
    }
    return;
  }
  // Of a Job that failed, whatever has not succeeded has failed.
  if (!pod.failed && !(verdict_ && verdict_->failed)) return;
  if (!pod.valid || listed(status_.uncounted_failed, pod.id)) return;
  if (spec_.has_pod_failure_policy && !policy_match(pod.id).counted) return;
  status_.uncounted_failed.push_back(pod.id);
}

// ---- Writing
// ----------------------------------------------------------------------------------------------------------------------

void JobSync::set_condition(std::string_view type, ConditionStatus status, std::string reason, std::string message) {
  conditions_.push_back({{Ref(id_), std::string(type), status, std::move(reason), std::move(message), false}});
}

void JobSync::record(bool warning, std::string reason, std::string message) {
  events_.push_back({{Ref(id_), warning, std::move(reason), std::move(message), std::string(kJobController)}});
}

/// One request: the status if it is another than before, and the conditions and events that have gathered.
void JobSync::write_status(const JobStatus& status, const JobStatus& before) {
  plan_.next_batch();
  if (!(status == before)) plan_.also(command::UpdateJobStatus{{id_, status}});
  for (command::SetCondition& c : conditions_) plan_.also(std::move(c));
  for (command::RecordEvent& e : events_) plan_.also(std::move(e));
  conditions_.clear();
  events_.clear();
}

/// Complete or Failed, when all pods are gone and counted.
void JobSync::finish(JobStatus& status) {
  if (verdict_->failed) {
    set_condition("Failed", ConditionStatus::True, verdict_->reason, verdict_->message);
    return record(true, verdict_->reason, verdict_->message);
  }
  status.completion = view_.now();
  set_condition("Complete", ConditionStatus::True, verdict_->reason, verdict_->message);
  if (spec_.completions && status.succeeded > *spec_.completions)
    record(true, "TooManySucceededPods", "Too many succeeded pods running after completion count reached");
  record(false, "Completed", "Job completed");
}

/// The condition Suspended, which appears when the Job is first suspended.
void JobSync::suspended_or_resumed() {
  const state::NamedCondition* now = nullptr;
  for (const state::NamedCondition& c : row_.conditions)
    if (c.type == "Suspended") now = &c;
  if (spec_.suspend) {
    if (now != nullptr && now->value.status == ConditionStatus::True) return;
    set_condition("Suspended", ConditionStatus::True, "JobSuspended", "Job suspended");
    return record(false, "Suspended", "Job suspended");
  }
  if (now == nullptr || now->value.status == ConditionStatus::False) return;
  set_condition("Suspended", ConditionStatus::False, "JobResumed", "Job resumed");
  record(false, "Resumed", "Job resumed");
  status_.start = view_.now();  // the deadline counts from here
}

}  // namespace wavetank::control
