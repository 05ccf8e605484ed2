#include "engine/control/stateful_set_sync.h"

#include <algorithm>

#include "engine/control/lookup.h"

namespace wavetank::control {

using event::ControllerRevisionId;
using event::DeletionReason;
using event::Phase;
using event::PodId;
using model::Kind;

namespace {

constexpr std::size_t kMaxBatch = 500;  ///< MaxBatchSize
constexpr std::string_view kRevisionLabel = "controller-revision-hash";

std::string revision_of(PodId pod, const ClusterView& view) {
  const std::string* label = model::find_label(view.pod_spec(pod).labels, kRevisionLabel);
  return label == nullptr ? std::string() : *label;
}

bool ended(PodId pod, const ClusterView& view) {
  return view.pod_phase(pod) == Phase::Failed || view.pod_phase(pod) == Phase::Succeeded;
}

}  // namespace

StatefulSetSync::StatefulSetSync(event::StatefulSetId id, const ClusterView& view, Plan& plan, OrphanRevisions& orphans)
    : id_(id),
      row_(view.stateful_set(id)),
      view_(view),
      plan_(plan),
      orphans_(orphans),
      name_(view.text(row_.header.name)),
      ns_(view.text(row_.header.ns)) {
  for (const std::string& text : row_.spec.claim_templates) {
    auto doc = model::parse_json(text, "state");
    claim_templates_.emplace_back(doc ? (*doc)["metadata"].string_or("name") : "");
  }
}

void StatefulSetSync::run() {
  claim_pods();
  find_revisions();
  sort_pods();
  count();
  if (!row_.header.terminating()) work();
  write_status();
  truncate_history();
}

// ---- What there is
// ----------------------------------------------------------------------------------------------------------------

bool StatefulSetSync::is_member(PodId pod, const state::StatefulSetRow& set, const ClusterView& view) {
  return pod_identity(view.pod_name(pod)).parent == view.text(set.header.name);
}

/// PodControllerRefManager.ClaimPods: releases what the selector does not take any more, adopts what it does.
void StatefulSetSync::claim_pods() {
  const bool going = row_.header.terminating();
  const auto selected = [&](PodId p) { return row_.spec.selector.matches(view_.pod_spec(p).labels); };
  for (const PodId p : row_.pods) {
    if (selected(p) && is_member(p, row_, view_)) {
      pods_.push_back(p);
    } else if (!going) {
      plan_.call(command::SetOwner{p, Ref()}, 0, true);
    }
  }
  const std::size_t ns = row_.header.ns.index();
  if (going || ns >= view_->orphans_of_ns.size() || view_->orphans_of_ns[ns] == 0) return;
  for (const event::TemplateId t : view_->templates_of_ns[ns]) {
    const state::TemplateRow& tmpl = view_.pod_template(t);
    if (tmpl.orphans == 0 || !row_.spec.selector.matches(tmpl.value->labels)) continue;
    for (const PodId p : tmpl.pods) {
      if (view_->pods.owner[p.index()].valid() || view_.pod_terminating(p) || !is_member(p, row_, view_)) continue;
      plan_.call(command::SetOwner{p, id_}, 0, true);
      pods_.push_back(p);
    }
  }
}

std::string StatefulSetSync::revision_name(ControllerRevisionId id) const {
  return std::string(view_.text(view_.controller_revision(id).header.name));
}

// Source: getStatefulSetRevisions.
void StatefulSetSync::find_revisions() {
  std::vector<ControllerRevisionId> owned = row_.revisions;
  if (!row_.header.terminating()) {
    for (const ControllerRevisionId id : orphans_.of(row_.header.ns, row_.spec.selector, view_)) {
      plan_.call(command::SetOwner{id, id_}, 0, true);
      owned.push_back(id);
    }
  }
  revisions_ = sorted_revisions(owned, view_);
  collisions_ = row_.status.collision_count;
  update_tmpl_ = row_.tmpl;
  const std::int64_t next = revisions_.empty() ? 1 : view_.controller_revision(revisions_.back()).revision + 1;
  const auto equal = std::find_if(revisions_.rbegin(), revisions_.rend(), [&](ControllerRevisionId id) {
    return view_.controller_revision(id).tmpl == row_.tmpl;
  });
  if (equal == revisions_.rend()) {
    const std::string hash = new_revision_hash(id_, row_.tmpl, collisions_, view_);
    plan_.call(command::CreateControllerRevision{{id_, hash, next}});
    update_ = name_ + "-" + hash;
  } else {
    update_ = revision_name(*equal);
    if (equal != revisions_.rbegin()) plan_.call(command::NumberControllerRevision{{*equal, next}});
  }
  const auto current = std::find_if(revisions_.begin(), revisions_.end(), [&](ControllerRevisionId id) {
    return revision_name(id) == row_.status.current_revision;
  });
  current_ = current == revisions_.end() ? update_ : row_.status.current_revision;
  current_tmpl_ = current == revisions_.end() ? update_tmpl_ : view_.controller_revision(*current).tmpl;
}

void StatefulSetSync::sort_pods() {
  const std::int32_t start = row_.spec.ordinals_start;
  replicas_.resize(static_cast<std::size_t>(std::max(row_.spec.replicas, 0)));
  for (const PodId p : pods_) {
    const std::int32_t ordinal = pod_identity(view_.pod_name(p)).ordinal;
    if (ordinal < 0) continue;
    if (in_ordinal_range(row_.spec, ordinal)) {
      replicas_[static_cast<std::size_t>(ordinal - start)] = {p, ordinal, revision_of(p, view_)};
    } else {
      condemned_.push_back({p, ordinal, revision_of(p, view_)});
    }
  }
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    Replica& r = replicas_[i];
    if (r.pod.valid()) continue;
    r.ordinal = start + static_cast<std::int32_t>(i);
    r.revision = keeps_current_revision(row_.spec, r.ordinal, row_.status.current) ? current_ : update_;
  }
  std::sort(condemned_.begin(), condemned_.end(), [](const Replica& a, const Replica& b) {
    return a.ordinal != b.ordinal ? a.ordinal > b.ordinal : a.pod < b.pod;
  });
  for (const Replica& r : replicas_) {
    if (first_unavailable_ == nullptr && unavailable(r)) first_unavailable_ = &r;
  }
  for (auto r = condemned_.rbegin(); r != condemned_.rend(); ++r) {
    if (first_unavailable_ == nullptr && unavailable(*r)) first_unavailable_ = &*r;
  }
}

bool StatefulSetSync::running_and_ready(PodId pod) const {
  return view_.pod_phase(pod) == Phase::Running && view_.pod_ready(pod);
}

/// Asks for another sync at the moment when only time is missing.
bool StatefulSetSync::available(PodId pod) {
  const std::int32_t seconds = row_.spec.min_ready_seconds;
  if (view_.pod_available(pod, seconds)) return true;
  if (view_.pod_ready(pod)) plan_.requeue_at(view_->pods.ready_changed[pod.index()] + base::seconds(seconds));
  return false;
}

bool StatefulSetSync::unavailable(const Replica& replica) {
  return !replica.pod.valid() || view_.pod_terminating(replica.pod) || !running_and_ready(replica.pod) ||
         !available(replica.pod);
}

// ---- What is to be done
// -----------------------------------------------------------------------------------------------------------

void StatefulSetSync::work() {
  if (process_replicas() || fix_condemned() || process_condemned()) return;
  if (!row_.spec.on_delete) update();
}

/// In batches of 1, 2, 4… where the policy is Parallel (slowStartBatch); otherwise one by one until one has to be
/// waited for. Whether the sync ends here.
bool StatefulSetSync::process_replicas() {
  const bool in_order = monotonic();
  for (std::size_t done = 0, batch = 1; done < replicas_.size(); batch = std::min(2 * batch, kMaxBatch)) {
    Calls calls;
    bool stop = false;
    for (const std::size_t end = std::min(replicas_.size(), done + batch); done < end && !(stop && in_order); ++done)
      stop = process(replicas_[done], calls) || stop;
    send(calls);
    if (plan_.failed() || (stop && in_order)) return true;
  }
  return false;
}

// Source: processReplica. Whether nothing after this one may be looked at, where the order counts.
bool StatefulSetSync::process(const Replica& r, Calls& calls) {
  if (r.pod.valid() && ended(r.pod, view_)) {
    // Its successor is made when it is gone.
    if (!view_.pod_terminating(r.pod)) delete_pod(r.pod, calls.pods);
    return true;
  }
  if (!r.pod.valid()) {
    if (claim_is_stale(r)) return true;
    if (!make_claims(r, true, calls)) return true;
    if (!namespace_terminating(view_, row_.header.ns))
      calls.pods.push_back({command::MakePod{id_, stateful_pod_name(name_, r.ordinal), false, {}, pod_doc(r), false}});
    return true;
  }
  if (view_.pod_phase(r.pod) == Phase::Pending) {
    if (!make_claims(r, false, calls)) return true;
    fix_claims(r, calls.fixes);
    return monotonic();
  }
  if (monotonic() && unavailable(r)) return true;
  keep_invariants(r, calls);
  return false;
}

bool StatefulSetSync::fix_condemned() {
  if (claim_templates_.empty()) return false;
  for (const Replica& r : condemned_) {
    Calls calls;
    fix_claims(r, calls.fixes);
    send(calls);
  }
  return false;
}

// Source: processCondemned.
bool StatefulSetSync::process_condemned() {
  const bool in_order = monotonic();
  for (std::size_t done = 0, batch = 1; done < condemned_.size(); batch = std::min(2 * batch, kMaxBatch)) {
    Calls calls;
    for (const std::size_t end = std::min(condemned_.size(), done + batch); done < end; ++done) {
      const Replica& r = condemned_[done];
      const bool going = view_.pod_terminating(r.pod);
      const bool waits = !running_and_ready(r.pod) || !available(r.pod);
      if (in_order && (going || (waits && first_unavailable_ != &r))) return true;
      if (!going) delete_pod(r.pod, calls.pods);
      if (in_order) break;
    }
    const bool any = !calls.pods.empty();
    send(calls);
    if (in_order && any) return true;
  }
  return false;
}

/// From the highest ordinal down to the partition, one at a time (maxUnavailable needs the gate
/// MaxUnavailableStatefulSet, which is off in 1.34).
void StatefulSetSync::update() {
  const auto lowest = static_cast<std::size_t>(std::max(row_.spec.partition, 0));
  for (std::size_t i = replicas_.size(); i-- > lowest;) {
    const Replica& r = replicas_[i];
    const bool going = r.pod.valid() && view_.pod_terminating(r.pod);
    if (r.revision != update_ && r.pod.valid() && !going) {
      Calls calls;
      delete_pod(r.pod, calls.pods);
      send(calls);
      --status_.current;
      return;
    }
    if (unavailable(r)) return;
  }
}

void StatefulSetSync::delete_pod(PodId pod, std::vector<Plan::Call>& to) const {
  Plan::Call call;
  call.payload = command::DeletePod{pod, DeletionReason::ScaledDown, {}};
  call.optional = true;
  to.push_back(std::move(call));
}

/// Claims first, then pods, then what is put right about claims and pods. One after the other if the order counts, else
/// each kind in parallel.
void StatefulSetSync::send(Calls& calls) {
  for (std::vector<Plan::Call>* list : {&calls.claims, &calls.pods, &calls.fixes}) {
    if (monotonic()) {
      send_in_turn(*list);
      continue;
    }
    if (!list->empty()) plan_.next_batch();
    for (Plan::Call& call : *list) {
      if (call.joined) {
        plan_.also(std::move(call.payload));
      } else {
        plan_.together(std::move(call.payload), 0, call.optional);
      }
    }
  }
}

void StatefulSetSync::send_in_turn(std::vector<Plan::Call>& calls) {
  for (Plan::Call& call : calls) {
    if (call.joined) {
      plan_.also(std::move(call.payload));
    } else {
      plan_.call(std::move(call.payload), 0, call.optional);
    }
  }
}

// ---- Status
// -----------------------------------------------------------------------------------------------------------------------

/// Of the moment before this sync's calls; the next sync brings the rest.
void StatefulSetSync::count() {
  status_ = {};
  status_.observed_generation = row_.header.generation;
  status_.current_revision = current_;
  status_.update_revision = update_;
  status_.collision_count = collisions_;
  for (const std::vector<Replica>* list : {&replicas_, &condemned_}) {
    for (const Replica& r : *list) {
      if (!r.pod.valid()) continue;
      ++status_.replicas;
      if (running_and_ready(r.pod)) {
        ++status_.ready;
        if (available(r.pod)) ++status_.available;
      }
      if (view_.pod_terminating(r.pod)) continue;
      if (r.revision == current_) ++status_.current;
      if (r.revision == update_) ++status_.updated;
    }
  }
}

/// completeRollingUpdate, then the write if anything differs.
void StatefulSetSync::write_status() {
  const std::int32_t wanted = row_.spec.replicas;
  if (!row_.spec.on_delete && status_.updated == wanted && status_.ready == wanted && status_.replicas == wanted) {
    status_.current = status_.updated;
    status_.current_revision = status_.update_revision;
  }
  if (!(status_ == row_.status)) plan_.call(command::UpdateStatefulSetStatus{{id_, status_}});
}

/// A sync that fails writes its status too, unless it failed over its revisions.
void StatefulSetSync::status_after_refusal() {
  Plan scratch;
  scratch.reset(0);
  StatefulSetSync again(id_, view_, scratch, orphans_);
  again.claim_pods();
  again.find_revisions();
  again.sort_pods();
  again.count();
  const bool revisions_stand = scratch.calls().empty();
  again.write_status();
  if (revisions_stand && !scratch.calls().empty()) plan_.call(std::move(scratch.calls().back().payload));
}

/// Revisions of pods and of the status live; of the others spec.revisionHistoryLimit are kept.
void StatefulSetSync::truncate_history() {
  if (row_.spec.revision_history_limit < 0) return;
  std::vector<std::string> live = {current_, update_};
  for (const PodId p : pods_) {
    std::string revision = revision_of(p, view_);
    if (std::find(live.begin(), live.end(), revision) == live.end()) live.push_back(std::move(revision));
  }
  std::vector<ControllerRevisionId> old;
  for (const ControllerRevisionId id : revisions_) {
    if (std::find(live.begin(), live.end(), revision_name(id)) == live.end()) old.push_back(id);
  }
  const auto limit = static_cast<std::size_t>(row_.spec.revision_history_limit);
  for (std::size_t i = 0; i + limit < old.size(); ++i)
    plan_.call(command::DeleteObject{old[i], event::Propagation::Background, {}}, 0, true);
}

}  // namespace wavetank::control
