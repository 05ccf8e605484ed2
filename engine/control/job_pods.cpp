// Which pods a Job makes and removes.
#include <algorithm>

#include <fmt/core.h>

#include "engine/control/job_sync.h"
#include "engine/control/lookup.h"
#include "engine/model/decode.h"

namespace wavetank::control {

using event::PodId;

namespace {

constexpr std::int32_t kMostPerSync = 500;  // MaxPodCreateDeletePerSync

model::Doc number_text(std::int32_t n) { return model::Doc::string(fmt::format("{}", n)); }

}  // namespace

/// Brings the number of pods to what is wanted; returns how many are active then (manageJob).
std::int32_t JobSync::manage() {
  const std::optional<std::int32_t> indexed = spec_.indexed ? spec_.completions : std::nullopt;
  if (spec_.suspend) return remove_pods(job::pods_to_remove(removable(), active_, indexed), active_);
  const std::int32_t held = only_failed_are_replaced() ? terminating_ : 0;
  const job::Wanted wanted =
      job::wanted_pods(spec_.completions, spec_.parallelism.value_or(1), succeeded_, active_, held);
  if (wanted.remove > 0 || indexed) {
    std::vector<PodId> victims = job::pods_to_remove(removable(), wanted.remove, indexed);
    if (victims.size() > static_cast<std::size_t>(kMostPerSync)) victims.resize(kMostPerSync);
    // Pods that must go go first; what is missing is made by the next sync.
    if (!victims.empty()) return remove_pods(victims, active_);
  }
  return wanted.add > 0 ? make_pods(wanted.add, active_) : active_;
}

std::vector<job::Removable> JobSync::removable() const {
  std::vector<job::Removable> out;
  for (const Pod& pod : pods_) {
    if (!pod.active) continue;
    job::Removable r;
    r.pod = pod.id;
    r.index = pod.index;
    r.assigned = view_.pod_node(pod.id).valid();
    r.running = view_.pod_phase(pod.id) == event::Phase::Running;
    r.ready = pod.ready;
    r.ready_s = pod.ready ? view_->pods.ready_changed[pod.id.index()].ns / 1'000'000'000 : 0;
    r.created_s = view_->pods.created[pod.id.index()].ns / 1'000'000'000;
    const std::size_t inits = view_.pod_spec(pod.id).spec.init_containers.size();
    for (std::size_t c = 0; c < view_.container_count(pod.id); ++c) {
      if (view_.is_plain_init(pod.id, c)) continue;
      std::uint32_t& most = c < inits ? r.sidecar_restarts : r.restarts;
      most = std::max(most, view_.container(pod.id, c).restarts);
    }
    out.push_back(r);
  }
  return out;
}

/// Removes pods that are not to count: without their finalizer (deleteJobPods).
std::int32_t JobSync::remove_pods(const std::vector<PodId>& victims, std::int32_t active) {
  if (victims.empty()) return active;
  std::vector<PodId> sorted = victims;
  std::sort(sorted.begin(), sorted.end());
  plan_.next_batch();
  for (Pod& pod : pods_) {
    if (!std::binary_search(sorted.begin(), sorted.end(), pod.id)) continue;
    ready_ -= pod.ready ? 1 : 0;
    if (pod.tracked) plan_.together(command::UntrackPod{{pod.id}}, 0, true);
    pod.tracked = false;
  }
  plan_.next_batch();
  for (const PodId p : victims) plan_.together(command::DeletePod{p, event::DeletionReason::ScaledDown, {}});
  const auto removed = static_cast<std::int32_t>(victims.size());
  terminating_ += removed;
  return active - removed;
}

/// The Job ends: what runs is removed, and counted as what the verdict says (deleteActivePods).
void JobSync::remove_active() {
  plan_.next_batch();
  for (const Pod& pod : pods_) {
    if (pod.active) plan_.together(command::DeletePod{pod.id, event::DeletionReason::ScaledDown, {}}, 0, true);
  }
  terminating_ += active_;
  ready_ = 0;
}

std::int32_t JobSync::make_pods(std::int32_t missing, std::int32_t active) {
  if (namespace_terminating(view_, row_.header.ns)) return active;
  // A limit for each index has a back-off for each.
  job::Failures failures = failures_;
  if (!first_failure_counts_) failures.count = std::max(0, failures.count - 1);
  const SimTime retry = per_index() ? SimTime{} : job::retry_at(failures);
  if (retry > view_.now()) {
    plan_.requeue_at(std::max(retry, view_.now() + base::seconds(1)));
    return active;
  }
  std::int32_t count = std::min(missing, kMostPerSync);
  std::vector<std::int32_t> indexes;
  if (spec_.indexed) {
    indexes = indexes_to_make(count);
    count = static_cast<std::int32_t>(indexes.size());
    if (count == 0) return active;
  }
  const auto doc = model::parse_json(view_.pod_template(row_.tmpl).doc, "template");
  if (!doc) return active;
  const std::string prefix = std::string(view_.text(row_.header.name)) + "-";
  const std::string plain = spec_.indexed ? "" : view_.pod_template(row_.tmpl).doc;
  const base::Seq cause = making_cause();
  std::int32_t made = 0;
  for (std::int32_t batch = 1; made < count; batch *= 2) {
    plan_.next_batch();
    for (const std::int32_t end = std::min(count, made + batch); made < end; ++made) {
      command::MakePod call;
      call.owner = Ref(id_);
      call.generate = call.tracked = true;
      if (spec_.indexed) {
        const std::int32_t index = indexes[static_cast<std::size_t>(made)];
        call.name = job::index_prefix(view_.text(row_.header.name), index);
        call.doc = indexed_doc(*doc, index);
      } else {
        call.name = prefix;
        call.doc = plain;
      }
      plan_.together(std::move(call), cause);
    }
  }
  return active + count;
}

/// The template of the pod of an index: its annotation, label and host name, and the failures of those before it.
std::string JobSync::indexed_doc(model::Doc doc, std::int32_t index) const {
  constexpr std::string_view kIndex = "batch.kubernetes.io/job-completion-index";
  model::Doc& meta = doc["metadata"];
  meta["annotations"][kIndex] = number_text(index);
  meta["labels"][kIndex] = number_text(index);
  doc["spec"]["hostname"] = model::Doc::string(fmt::format("{}-{}", view_.text(row_.header.name), index));
  if (per_index()) {
    std::int32_t counted = 0, ignored = 0;
    if (const PodId before = delayed_[static_cast<std::size_t>(index)]; before.valid()) {
      counted = index_failures(before, false);
      ignored = index_failures(before, true) - counted;
      ++(!spec_.has_pod_failure_policy || policy_match(before).counted ? counted : ignored);
    }
    meta["annotations"]["batch.kubernetes.io/job-index-failure-count"] = number_text(counted);
    if (ignored > 0) meta["annotations"]["batch.kubernetes.io/job-index-ignored-failure-count"] = number_text(ignored);
  }
  return model::to_canonical_json(doc);
}

/// The next indexes that nobody has; with a limit for each index only those whose back-off is over, or the key comes
/// back when the first is.
std::vector<std::int32_t> JobSync::indexes_to_make(std::int32_t count) {
  std::vector<std::int32_t> taken;
  for (const Pod& pod : pods_) {
    if (pod.index >= 0 && (pod.active || (pod.terminating && only_failed_are_replaced()))) taken.push_back(pod.index);
  }
  std::sort(taken.begin(), taken.end());
  job::Indexes all = job::with_indexes(succeeded_indexes_, taken);
  if (per_index()) all = job::merged(all, failed_indexes_);
  std::vector<std::int32_t> out = job::first_pending(all, count, completions());
  if (!per_index()) return out;
  SimTime first = SimTime::never();
  std::erase_if(out, [&](std::int32_t index) {
    const SimTime at = index_retry_at(index);
    if (at <= view_.now()) return false;
    first = std::min(first, at);
    return true;
  });
  if (out.empty() && first != SimTime::never()) plan_.requeue_at(std::max(first, view_.now() + base::seconds(1)));
  return out;
}

base::SimTime JobSync::index_retry_at(std::int32_t index) const {
  const PodId before = delayed_[static_cast<std::size_t>(index)];
  if (!before.valid()) return {};
  return job::retry_at({index_failures(before, true) + 1, finish_time(before)});
}

/// What new pods are put down to: the latest failure among those not counted yet, or what woke the key.
base::Seq JobSync::making_cause() const {
  base::Seq latest = 0;
  for (const Pod& pod : pods_)
    if (pod.failed && pod.tracked) latest = std::max(latest, view_->pods.version[pod.id.index()]);
  return latest;
}

}  // namespace wavetank::control
