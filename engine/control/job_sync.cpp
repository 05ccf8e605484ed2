// What a sync of a Job sees, and whether the Job is to end.
#include "engine/control/job_sync.h"

#include <algorithm>
#include <charconv>

namespace wavetank::control {

using event::Phase;
using event::PodId;

namespace {

constexpr std::string_view kFailureCount = "batch.kubernetes.io/job-index-failure-count";
constexpr std::string_view kIgnoredCount = "batch.kubernetes.io/job-index-ignored-failure-count";

/// What an annotation says, 0 unless it is a number that fits.
std::int32_t number_of(const model::Labels& annotations, std::string_view key) {
  const std::string* text = model::find_label(annotations, key);
  std::int32_t n = 0;
  if (text == nullptr) return 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), n);
  return error == std::errc() && stop == text->data() + text->size() && n > 0 ? n : 0;
}

}  // namespace

const state::NamedCondition* true_condition(const state::JobRow& job, std::string_view type) {
  for (const state::NamedCondition& c : job.conditions)
    if (c.type == type && c.value.status == event::ConditionStatus::True) return &c;
  return nullptr;
}

bool job_finished(const state::JobRow& job) {
  return true_condition(job, "Complete") != nullptr || true_condition(job, "Failed") != nullptr;
}

bool managed_by_another(const state::JobRow& job) {
  return !job.spec.managed_by.empty() && job.spec.managed_by != "kubernetes.io/job-controller";
}

void JobSync::run() {
  claim();
  count();
  judge();
  if (verdict_) {
    remove_active();
    return track(0);
  }
  std::int32_t active = active_;
  const bool managing = making_ == Making::Allowed && !row_.header.terminating();
  if (managing) active = manage();
  if (job::is_complete(spec_.completions, succeeded_, active)) {
    verdict_ = Verdict{false, false, "CompletionsReached", "Reached expected number of succeeded pods"};
  } else if (managing) {
    suspended_or_resumed();
  }
  track(active);
}

// ---- What there is
// ----------------------------------------------------------------------------------------------------------------

/// Releases pods that the selector does not take any more, adopts those without a controller that it takes
/// (PodControllerRefManager.ClaimPods).
void JobSync::claim() {
  pods_.reserve(row_.pods.size());
  const bool may = !row_.header.terminating() && spec_.selector.has_value();
  for (const PodId p : row_.pods) {
    const bool ended = view_.pod_phase(p) == Phase::Succeeded || view_.pod_phase(p) == Phase::Failed;
    const bool tracked = (view_.pod_flags(p) & state::kTracked) != 0;
    if (ended && !tracked) continue;  // counted
    if (may && !spec_.selector->matches(view_.pod_spec(p).labels)) {
      plan_.call(command::SetOwner{p, Ref()}, 0, true);
    } else {
      add_pod(p, false);
    }
  }
  const std::size_t ns = row_.header.ns.index();
  if (!may || ns >= view_->orphans_of_ns.size() || view_->orphans_of_ns[ns] == 0) return;
  for (const event::TemplateId t : view_->templates_of_ns[ns]) {
    const state::TemplateRow& tmpl = view_.pod_template(t);
    if (tmpl.orphans == 0 || !spec_.selector->matches(tmpl.value->labels)) continue;
    for (const PodId p : tmpl.pods) {
      if (view_->pods.owner[p.index()].valid() || view_.pod_terminating(p)) continue;
      plan_.call(command::SetOwner{p, id_}, 0, true);
      add_pod(p, true);
    }
  }
}

void JobSync::add_pod(PodId p, bool adopted) {
  Pod pod;
  pod.id = p;
  pod.adopted = adopted;
  const Phase phase = view_.pod_phase(p);
  const bool deleted = view_.pod_terminating(p);
  pod.active = view_.pod_active(p);
  pod.ready = pod.active && view_.pod_ready(p);
  pod.tracked = adopted || (view_.pod_flags(p) & state::kTracked) != 0;
  pod.succeeded = phase == Phase::Succeeded;
  pod.terminating = deleted && !pod.succeeded && phase != Phase::Failed;
  // A pod that is being deleted may never get as far as Failed.
  pod.failed = phase == Phase::Failed || (!only_failed_are_replaced() && deleted && !pod.succeeded);
  if (spec_.indexed) {
    pod.index = job::completion_index(view_.pod_spec(p).annotations);
    pod.valid = pod.index >= 0 && pod.index < completions();
  }
  pods_.push_back(pod);
}

void JobSync::count() {
  status_ = row_.status;
  std::vector<SimTime> succeeded, failed;
  std::int32_t counted_failures = 0;
  const auto listed = [](const std::vector<PodId>& list, PodId p) {
    return std::find(list.begin(), list.end(), p) != list.end();
  };
  for (const Pod& pod : pods_) {
    active_ += pod.active ? 1 : 0;
    ready_ += pod.ready ? 1 : 0;
    terminating_ += pod.terminating ? 1 : 0;
    if (!pod.tracked || !pod.valid) continue;
    if (pod.succeeded && !listed(status_.uncounted_succeeded, pod.id)) succeeded.push_back(finish_time(pod.id));
    if (!pod.failed || listed(status_.uncounted_failed, pod.id)) continue;
    failed.push_back(finish_time(pod.id));
    if (!spec_.has_pod_failure_policy || policy_match(pod.id).counted) ++counted_failures;
  }
  succeeded_ = status_.succeeded + static_cast<std::int32_t>(succeeded.size() + status_.uncounted_succeeded.size());
  failed_ = status_.failed + counted_failures + static_cast<std::int32_t>(status_.uncounted_failed.size());
  if (!per_index()) {
    failures_ = job::counted_on({status_.failures_since_success, status_.last_failure}, succeeded, std::move(failed));
    status_.failures_since_success = failures_.count;
    status_.last_failure = failures_.last;
  }
  if (status_.start == SimTime::never() && !spec_.suspend) status_.start = view_.now();
}

/// When a pod ended, as far as it says (getFinishedTime).
base::SimTime JobSync::finish_time(PodId p) const {
  const std::size_t inits = view_.pod_spec(p).spec.init_containers.size();
  SimTime last;
  bool all = view_.container_count(p) > inits;
  for (std::size_t c = inits; c < view_.container_count(p) && all; ++c) {
    const state::ContainerStatus& status = view_.container(p, c);
    all = status.state == state::ContainerState::Terminated;
    last = std::max(last, status.finished);
  }
  if (all && view_.pod_node(p).valid()) return last;
  if (view_.pod_node(p).valid() && !view_.pod_ready(p)) return view_->pods.ready_changed[p.index()];
  return view_.pod_terminating(p) ? view_->pods.deletion[p.index()] : view_->pods.created[p.index()];
}

job::PolicyMatch JobSync::policy_match(PodId p) const {
  job::FailedPod pod;
  pod.ns = view_.namespace_of(Ref(p));
  pod.name = view_.pod_name(p);
  const std::size_t inits = view_.pod_spec(p).spec.init_containers.size();
  const auto add = [&](std::size_t c) {
    const state::ContainerStatus& status = view_.container(p, c);
    if (status.state == state::ContainerState::Terminated)
      pod.containers.push_back({view_.container_spec(p, c).name, status.exit_code});
  };
  for (std::size_t c = inits; c < view_.container_count(p); ++c) add(c);
  std::sort(pod.containers.begin(), pod.containers.end(),
            [](const job::EndedContainer& a, const job::EndedContainer& b) { return a.name < b.name; });
  for (std::size_t c = 0; c < inits; ++c) add(c);
  const bool scheduled = view_.pod_node(p).valid();
  if (scheduled) {
    pod.conditions.emplace_back("Initialized", view_.pod_phase(p) == Phase::Pending ? "False" : "True");
    pod.conditions.emplace_back("Ready", view_.pod_ready(p) ? "True" : "False");
    pod.conditions.emplace_back("ContainersReady", view_.pod_ready(p) ? "True" : "False");
  }
  pod.conditions.emplace_back("PodScheduled", scheduled ? "True" : "False");
  if ((view_.pod_flags(p) & state::kDisruptionTarget) != 0) pod.conditions.emplace_back("DisruptionTarget", "True");
  return job::match_failure_policy(spec_.pod_failure_policy, pod);
}

std::int64_t JobSync::restarts() const {
  std::int64_t sum = 0;
  for (const Pod& pod : pods_)
    if (!pod.succeeded && view_.pod_phase(pod.id) != Phase::Failed) sum += view_.restarts(pod.id);
  return sum;
}

// ---- Whether it is to end
// ---------------------------------------------------------------------------------------------------------

void JobSync::judge() {
  if (const state::NamedCondition* met = true_condition(row_, "SuccessCriteriaMet"); met != nullptr) {
    verdict_ = Verdict{false, true, met->value.reason, met->value.message};
  } else if (const state::NamedCondition* target = true_condition(row_, "FailureTarget"); target != nullptr) {
    verdict_ = Verdict{true, true, target->value.reason, target->value.message};
  } else {
    judge_failure();
  }
  if (spec_.indexed) judge_indexes();
}

void JobSync::judge_failure() {
  if (spec_.has_pod_failure_policy) {
    for (const Pod& pod : pods_) {
      if (!pod.failed) continue;
      job::PolicyMatch match = policy_match(pod.id);
      if (match.action != model::PodFailureRule::Action::FailJob) continue;
      verdict_ = Verdict{true, false, "PodFailurePolicy", std::move(match.message)};
      return;
    }
  }
  const std::int32_t limit = spec_.backoff_limit.value_or(6);
  const bool on_failure = view_.pod_template(row_.tmpl).value->spec.restart_policy == model::RestartPolicy::OnFailure;
  if (failed_ > limit || (on_failure && job::past_limit_on_failure(limit, restarts()))) {
    verdict_ = Verdict{true, false, "BackoffLimitExceeded", "Job has reached the specified backoff limit"};
    return;
  }
  if (!spec_.active_deadline_seconds || spec_.suspend) return;
  const SimTime deadline = status_.start + base::seconds(*spec_.active_deadline_seconds);
  if (view_.now() >= deadline) {
    verdict_ = Verdict{true, false, "DeadlineExceeded", "Job was active longer than specified deadline"};
  } else {
    plan_.requeue_at(deadline);
  }
}

void JobSync::judge_indexes() {
  before_ = job::parse_indexes(row_.status.completed_indexes, completions());
  std::vector<std::int32_t> succeeded, failed;
  for (const Pod& pod : pods_) {
    if (!pod.tracked || !pod.valid) continue;
    if (pod.succeeded) succeeded.push_back(pod.index);
    if (per_index() && index_failed(pod)) failed.push_back(pod.index);
  }
  std::sort(succeeded.begin(), succeeded.end());
  std::sort(failed.begin(), failed.end());
  succeeded_indexes_ = job::with_indexes(before_, succeeded);
  succeeded_ = job::total(succeeded_indexes_);
  if (per_index()) {
    failed_indexes_ = job::with_indexes(job::parse_indexes(row_.status.failed_indexes, completions()), failed);
    const std::int32_t count = job::total(failed_indexes_);
    if (!verdict_ && spec_.max_failed_indexes && count > *spec_.max_failed_indexes) {
      verdict_ = Verdict{true, false, "MaxFailedIndexesExceeded",
                         "Job has exceeded the specified maximal number of failed indexes"};
    } else if (!verdict_ && count > 0 && count + succeeded_ >= completions()) {
      verdict_ = Verdict{true, false, "FailedIndexes", "Job has failed indexes"};
    }
    find_delayed();
  }
  if (verdict_) return;
  if (const auto rule = job::match_success_policy(spec_.success_policy, completions(), succeeded_indexes_))
    verdict_ = Verdict{false, false, "SuccessPolicy", "Matched rules at index " + std::to_string(*rule)};
}

std::int32_t JobSync::index_failures(PodId p, bool ignored_too) const {
  const model::Labels& annotations = view_.pod_spec(p).annotations;
  return number_of(annotations, kFailureCount) + (ignored_too ? number_of(annotations, kIgnoredCount) : 0);
}

/// Whether the pod's failure is the end of its index (isIndexFailed).
bool JobSync::index_failed(const Pod& pod) const {
  if (!pod.failed) return false;
  if (spec_.has_pod_failure_policy) {
    const job::PolicyMatch match = policy_match(pod.id);
    if (match.action == model::PodFailureRule::Action::FailIndex) return true;
    if (!match.counted) return false;
  }
  return index_failures(pod.id, false) >= *spec_.backoff_limit_per_index;
}

/// A failed pod keeps its finalizer until the pod that replaces it has taken over its counts
/// (getPodsWithDelayedDeletionPerIndex).
void JobSync::find_delayed() {
  delayed_.assign(static_cast<std::size_t>(completions()), {});
  std::vector<bool> runs(delayed_.size(), false);
  for (const Pod& pod : pods_)
    if (pod.active && pod.valid) runs[static_cast<std::size_t>(pod.index)] = true;
  for (const Pod& pod : pods_) {
    if (!pod.tracked || !pod.valid || !pod.failed || runs[static_cast<std::size_t>(pod.index)]) continue;
    if (job::contains(succeeded_indexes_, pod.index) || job::contains(failed_indexes_, pod.index)) continue;
    PodId& last = delayed_[static_cast<std::size_t>(pod.index)];
    const bool later = !last.valid() || (index_failures(last, true) <= index_failures(pod.id, true) &&
                                         finish_time(pod.id) >= finish_time(last));
    if (later) last = pod.id;
  }
}

}  // namespace wavetank::control
