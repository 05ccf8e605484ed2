#include "engine/control/deployment_sync.h"

#include <algorithm>

#include "engine/control/lookup.h"
#include "engine/control/rollout_math.h"
#include "engine/state/annotations.h"

namespace wavetank::control {
namespace {

SetCopy copy_of(event::ReplicaSetId id, const state::ReplicaSetRow& row) {
  return {id,          row.replicas, row.desired, row.max, row.status_replicas, row.status_ready, row.status_available,
          row.revision};
}

/// The template's document without the hash label that the Deployment controller put in.
std::string without_hash(std::string doc, const std::string& hash) {
  const std::string entry = "\"pod-template-hash\":\"" + hash + "\"";
  const std::size_t at = doc.find(entry);
  if (at == std::string::npos) return doc;
  std::size_t begin = at;
  std::size_t end = at + entry.size();
  if (end < doc.size() && doc[end] == ',') {
    ++end;
  } else if (begin > 0 && doc[begin - 1] == ',') {
    --begin;
  }
  return doc.erase(begin, end - begin);
}

}  // namespace

DeploymentSync::DeploymentSync(event::DeploymentId id, const ClusterView& view, Plan& plan)
    : view_(view), plan_(plan), id_(id), row_(view.deployment(id)), spec_(row_.spec) {
  status_.numbers = {row_.status_replicas, row_.updated,     row_.ready,
                     row_.available,       row_.unavailable, row_.observed_generation};
  for (std::size_t i = 0; i < status_.conditions.size(); ++i) {
    const state::Condition& c = row_.conditions[i];
    if (c.present) status_.conditions[i] = {true, c.status, c.reason, c.message, c.updated};
  }
}

// Source: deployment_controller.go syncDeployment.
void DeploymentSync::run() {
  claim_sets();
  if (row_.header.terminating()) {
    sync_revision(false);
    sync_status(false);
    return;
  }
  check_paused_conditions();
  if (spec_.paused || is_scaling_event()) {
    sync_paused_or_scaling();
  } else if (spec_.recreate) {
    recreate();
  } else {
    roll();
  }
}

bool DeploymentSync::selects(const state::ReplicaSetRow& set) const {
  return set.header.ns == row_.header.ns && spec_.selector.matches(set.labels);
}

// Source: controller_ref_manager.go ClaimReplicaSets: release what no longer matches, adopt orphans that do.
void DeploymentSync::claim_sets() {
  for (const event::ReplicaSetId id : row_.replica_sets) {
    const state::ReplicaSetRow& set = view_.replica_set(id);
    if (!selects(set) && !row_.header.terminating()) {
      plan_.call(command::SetOwner{id, Ref()});
      continue;
    }
    sets_.push_back(copy_of(id, set));
  }
  if (!row_.header.terminating()) {
    for (const event::ReplicaSetId id : view_->orphan_sets) {
      const state::ReplicaSetRow& set = view_.replica_set(id);
      if (set.header.terminating() || !selects(set)) continue;
      plan_.call(command::SetOwner{id, id_});
      sets_.push_back(copy_of(id, set));
    }
  }
  // ReplicaSetsByCreationTimestamp: by the second, then by name.
  std::sort(sets_.begin(), sets_.end(), [&](const SetCopy& a, const SetCopy& b) {
    const state::Header& x = view_.replica_set(a.id).header;
    const state::Header& y = view_.replica_set(b.id).header;
    const std::int64_t at_x = x.created.ns / 1'000'000'000, at_y = y.created.ns / 1'000'000'000;
    return at_x != at_y ? at_x < at_y : view_.text(x.name) < view_.text(y.name);
  });
  for (std::size_t i = 0; i < sets_.size(); ++i) sets_[i].age = i;
}

/// What the new set lacks of the Deployment's annotations, as a patch; they are never taken away again.
std::string DeploymentSync::annotations_patch(event::ReplicaSetId set) const {
  const model::Doc wanted = state::annotations_for_sets(row_.header.doc);
  if (wanted.members.empty()) return "";
  const model::Doc has = state::annotations_of(view_.replica_set(set).header.doc);
  model::Doc patch = model::Doc::object();
  for (const model::Doc::Member& m : wanted.members) {
    const model::Doc* there = has.find(m.key);
    if (there == nullptr || !there->same_as(m.value)) patch["metadata"]["annotations"][m.key] = m.value;
  }
  return patch.members.empty() ? "" : model::to_canonical_json(patch);
}

bool DeploymentSync::same_template(const state::ReplicaSetRow& set) const {
  if (!set.hash.empty() && set.hash == row_.hash) return true;
  if (set.header.doc.empty()) return false;  // made by this controller: the hash tells
  return without_hash(view_.pod_template(set.tmpl).doc, set.hash) == view_.pod_template(row_.tmpl).doc;
}

// Source: sync.go getAllReplicaSetsAndSyncRevision, getNewReplicaSet.
void DeploymentSync::sync_revision(bool create) {
  if (!revision_synced_) {
    const auto found = std::find_if(sets_.begin(), sets_.end(),
                                    [&](const SetCopy& s) { return same_template(view_.replica_set(s.id)); });
    if (found != sets_.end()) new_ = static_cast<int>(found - sets_.begin());
  }
  std::int64_t newest = 0;
  for (const int i : old_sets()) newest = std::max(newest, at(i).revision);
  if (has_new()) {
    if (!revision_synced_) adopt_revision(newest + 1);
  } else if (create) {
    create_new_set(newest + 1);
  }
  revision_synced_ = true;
}

void DeploymentSync::adopt_revision(std::int64_t wanted) {
  SetCopy& set = at(new_);
  bool updated = false;
  if (set.revision < wanted) {
    plan_.call(command::SetReplicaSetRevision{{set.id, wanted}});
    set.revision = wanted;
    updated = true;
  }
  if (view_.replica_set(set.id).min_ready_seconds != spec_.min_ready_seconds) {
    const command::ScaleReplicaSet call{{set.id, set.replicas, set.desired, set.max}};  // brings minReadySeconds along
    updated ? plan_.also(call) : plan_.call(call);
    updated = true;
  }
  if (std::string patch = annotations_patch(set.id); !patch.empty()) {
    command::PatchObject call{set.id, std::move(patch), 0};
    updated ? plan_.also(std::move(call)) : plan_.call(std::move(call));
    updated = true;
  }
  if (updated) return;  // the set's update wakes the Deployment, and the rest follows then
  bool written = false;
  if (row_.revision != set.revision) {
    plan_.call(command::SetDeploymentRevision{{id_, set.revision}});
    written = true;
  }
  if (has_progress_deadline() && !status_[Type::Progressing].present) {
    set_condition(status_, Type::Progressing, Status::True, "FoundNewReplicaSet",
                  "Found new replica set \"" + set_name(new_) + "\"");
    if (!written) plan_.next_batch();
    write_condition(Type::Progressing);
  }
}

void DeploymentSync::create_new_set(std::int64_t revision) {
  SetCopy set;
  set.replicas = new_set_replicas(spec_, total_replicas(), 0);
  set.desired = spec_.replicas;
  set.max = wrapping_add(spec_.replicas, max_surge(spec_));
  set.revision = revision;
  set.age = sets_.size();
  plan_.call(command::CreateReplicaSet{{id_, row_.hash, set.replicas, revision, set.desired, set.max}});
  sets_.push_back(set);
  new_ = set_count() - 1;
  bool written = false;
  if (row_.revision != revision) {
    plan_.call(command::SetDeploymentRevision{{id_, revision}});
    written = true;
  }
  if (has_progress_deadline()) {
    set_condition(status_, Type::Progressing, Status::True, "NewReplicaSetCreated",
                  "Created new replica set \"" + set_name(new_) + "\"");
    if (!written) plan_.next_batch();
    write_condition(Type::Progressing);
  }
}

bool DeploymentSync::is_scaling_event() {
  sync_revision(false);
  return std::any_of(sets_.begin(), sets_.end(),
                     [&](const SetCopy& s) { return s.replicas > 0 && s.desired != 0 && s.desired != spec_.replicas; });
}

// Source: sync.go checkPausedConditions.
void DeploymentSync::check_paused_conditions() {
  if (!has_progress_deadline()) return;
  const Cond& progressing = status_[Type::Progressing];
  if (progressing.present && progressing.reason == "ProgressDeadlineExceeded") return;
  const bool says_paused = progressing.present && progressing.reason == "DeploymentPaused";
  if (spec_.paused == says_paused) return;
  set_condition(status_, Type::Progressing, Status::Unknown, spec_.paused ? "DeploymentPaused" : "DeploymentResumed",
                spec_.paused ? "Deployment is paused" : "Deployment is resumed");
  plan_.next_batch();
  write_condition(Type::Progressing);
}

void DeploymentSync::sync_paused_or_scaling() {
  sync_revision(false);
  scale();
  if (spec_.paused) clean_up_history();
  sync_status(false);
}

// Source: sync.go cleanupDeployment.
void DeploymentSync::clean_up_history() {
  if (spec_.revision_history_limit == INT32_MAX) return;
  std::vector<int> old = old_sets();
  const auto terminating = [&](int i) { return view_.replica_set(at(i).id).header.terminating(); };
  old.erase(std::remove_if(old.begin(), old.end(), terminating), old.end());
  const auto excess = static_cast<std::ptrdiff_t>(old.size()) - spec_.revision_history_limit;
  if (excess <= 0) return;
  std::stable_sort(old.begin(), old.end(), [&](int a, int b) { return at(a).revision < at(b).revision; });
  for (std::ptrdiff_t k = 0; k < excess; ++k) {
    const SetCopy& set = at(old[static_cast<std::size_t>(k)]);
    const state::ReplicaSetRow& row = view_.replica_set(set.id);
    if (set.status_replicas != 0 || set.replicas != 0 || row.header.generation > row.observed_generation) continue;
    plan_.call(command::DeleteObject{set.id, event::Propagation::Background, {}}, 0, true);
  }
}

std::vector<int> DeploymentSync::old_sets() const {
  std::vector<int> out;
  for (int i = 0; i < set_count(); ++i) {
    if (i != new_) out.push_back(i);
  }
  return out;
}

std::int32_t DeploymentSync::total_replicas() const {
  std::int32_t sum = 0;
  for (const SetCopy& s : sets_) sum += s.replicas;
  return sum;
}

std::int32_t DeploymentSync::total_available() const {
  std::int32_t sum = 0;
  for (const SetCopy& s : sets_) sum += s.available;
  return sum;
}

std::string DeploymentSync::set_name(int set) const {
  if (at(set).id.valid()) return std::string(view_.text(view_.replica_set(at(set).id).header.name));
  return std::string(view_.text(row_.header.name)) + "-" + row_.hash;
}

}  // namespace wavetank::control
