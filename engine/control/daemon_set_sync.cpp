#include "engine/control/daemon_set_sync.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/assert.h"
#include "engine/control/lookup.h"
#include "engine/state/annotations.h"

namespace wavetank::control {

using event::ControllerRevisionId;
using event::DeletionReason;
using event::NodeId;
using event::Phase;
using event::PodId;
using model::Kind;

namespace {

constexpr std::size_t kBurst = 250;                            ///< BurstReplicas
constexpr base::Duration kFirstBackOff = base::seconds(1);     ///< flowcontrol.NewBackOff(1 s, 15 min)
constexpr base::Duration kLongestBackOff = base::minutes(15);  ///< After twice that without a failure it starts anew.
constexpr std::string_view kHashLabel = "controller-revision-hash";

}  // namespace

const std::vector<DaemonFit>& DaemonFits::of(event::DaemonSetId id, const ClusterView& view) {
  if (entries_.size() <= id.index()) entries_.resize(id.index() + 1);
  Entry& e = entries_[id.index()];
  const event::TemplateId tmpl = view.daemon_set(id).tmpl;
  const model::PodSpec& spec = view.pod_template(tmpl).value->spec;
  if (e.tmpl != tmpl) e = {tmpl, daemon_tolerations(spec), {}, {}};
  e.versions.resize(view->nodes.size());
  e.fits.resize(view->nodes.size());
  for (std::size_t i = 0; i < view->nodes.size(); ++i) {
    const state::NodeRow& node = view->nodes[i];
    const base::Seq version = node.header.alive ? node.header.version : 0;
    if (version != 0 && e.versions[i] == version) continue;
    e.versions[i] = version;
    e.fits[i] = version == 0
                    ? DaemonFit{}
                    : daemon_fit(spec, e.tolerations, view.text(node.header.name), node.labels, node.spec.taints);
  }
  return e.fits;
}

DaemonSetSync::DaemonSetSync(event::DaemonSetId id, const ClusterView& view, Plan& plan, OrphanRevisions& orphans,
                             DaemonFits& fits)
    : id_(id), row_(view.daemon_set(id)), view_(view), plan_(plan), orphans_(orphans), fits_(fits.of(id, view)) {}

void DaemonSetSync::run() {
  if (row_.header.terminating()) return;  // its revisions may be gone before its pods: no status could be right
  claim_pods();
  find_revisions();
  sort_pods_by_node();
  manage();
  // What has just been made or deleted is waited for first (expectations).
  if (!sync_nodes() && !row_.spec.on_delete) roll();
  clean_up_history();
  write_status();
}

// ---- What there is
// ----------------------------------------------------------------------------------------------------------------

void DaemonSetSync::claim_pods() {
  const auto selected = [&](PodId p) { return row_.spec.selector.matches(view_.pod_spec(p).labels); };
  for (const PodId p : row_.pods) {
    if (selected(p)) {
      pods_.push_back(p);
    } else {
      plan_.call(command::SetOwner{p, Ref()}, 0, true);
    }
  }
  const std::size_t ns = row_.header.ns.index();
  if (ns >= view_->orphans_of_ns.size() || view_->orphans_of_ns[ns] == 0) return;
  for (const event::TemplateId t : view_->templates_of_ns[ns]) {
    const state::TemplateRow& tmpl = view_.pod_template(t);
    if (tmpl.orphans == 0 || !row_.spec.selector.matches(tmpl.value->labels)) continue;
    for (const PodId p : tmpl.pods) {
      if (view_->pods.owner[p.index()].valid() || view_.pod_terminating(p)) continue;
      plan_.call(command::SetOwner{p, id_}, 0, true);
      pods_.push_back(p);
    }
  }
}

// Source: constructHistory.
void DaemonSetSync::find_revisions() {
  std::vector<ControllerRevisionId> owned = row_.revisions;
  for (const ControllerRevisionId id : orphans_.of(row_.header.ns, row_.spec.selector, view_)) {
    plan_.call(command::SetOwner{id, id_}, 0, true);
    owned.push_back(id);
  }
  collisions_ = row_.status.collision_count;
  ControllerRevisionId current;
  std::int64_t newest_old = 0;
  for (const ControllerRevisionId id : sorted_revisions(owned, view_)) {
    const state::ControllerRevisionRow& revision = view_.controller_revision(id);
    if (revision.tmpl == row_.tmpl) {
      current = id;
    } else {
      old_revisions_.push_back(id);
      newest_old = std::max(newest_old, revision.revision);
    }
  }
  if (!current.valid()) {
    hash_ = new_revision_hash(id_, row_.tmpl, collisions_, view_);
    plan_.call(command::CreateControllerRevision{{id_, hash_, newest_old + 1}});
    return;
  }
  hash_ = view_.controller_revision(current).hash;
  if (view_.controller_revision(current).revision < newest_old + 1)
    plan_.call(command::NumberControllerRevision{{current, newest_old + 1}});
}

/// Where it runs, or where its affinity wants it.
NodeId DaemonSetSync::node_of(PodId pod) const {
  if (const NodeId node = view_.pod_node(pod); node.valid()) return node;
  const model::PodSpec& spec = view_.pod_spec(pod).spec;
  const std::string_view name = spec.node_name.empty() ? target_node_name(spec) : std::string_view(spec.node_name);
  const Ref node = view_.find(Kind::Node, "", name);
  return node.valid() ? node.as<NodeId>() : NodeId();
}

void DaemonSetSync::sort_pods_by_node() {
  on_node_.resize(view_->nodes.size());
  for (const PodId p : pods_) {
    const NodeId node = node_of(p);
    if (node.valid()) {
      on_node_[node.index()].push_back(p);
    } else {
      homeless_.push_back(p);
    }
  }
}

bool DaemonSetSync::updated(PodId pod) const {
  const std::string* label = model::find_label(view_.pod_spec(pod).labels, kHashLabel);
  return label != nullptr && *label == hash_;
}

bool DaemonSetSync::available(PodId pod) {
  const std::int32_t seconds = row_.spec.min_ready_seconds;
  if (view_.pod_available(pod, seconds)) return true;
  if (view_.pod_ready(pod)) plan_.requeue_at(view_->pods.ready_changed[pod.index()] + base::seconds(seconds));
  return false;
}

/// podByCreationTimestampAndPhase: bound ones first, then by second of creation and name.
void DaemonSetSync::order_by_age(Pods& pods) const {
  if (pods.size() < 2) return;
  std::sort(pods.begin(), pods.end(), [&](PodId a, PodId b) {
    const bool bound_a = view_.pod_node(a).valid(), bound_b = view_.pod_node(b).valid();
    if (bound_a != bound_b) return bound_a;
    const std::int64_t at_a = view_->pods.created[a.index()].ns / 1'000'000'000;
    const std::int64_t at_b = view_->pods.created[b.index()].ns / 1'000'000'000;
    return at_a != at_b ? at_a < at_b : view_.pod_name(a) < view_.pod_name(b);
  });
}

// ---- One pod a node
// ---------------------------------------------------------------------------------------------------------------

void DaemonSetSync::manage() {
  for (std::size_t i = 0; i < view_->nodes.size(); ++i) {
    if (view_->nodes[i].header.alive) manage_node(NodeId(i), on_node_[i], fits_[i]);
  }
  // Nobody else would delete pods that never got to a node which is gone now.
  to_delete_.insert(to_delete_.end(), homeless_.begin(), homeless_.end());
}

// Source: podsShouldBeOnNode.
void DaemonSetSync::manage_node(NodeId node, const Pods& pods, DaemonFit fit) {
  if (fit.should_run && pods.empty()) return to_make_.push_back(node);
  if (!fit.should_continue) {
    for (const PodId p : pods) {
      if (!view_.pod_terminating(p)) to_delete_.push_back(p);
    }
    return;
  }
  Pods running;
  for (const PodId p : pods) {
    if (view_.pod_terminating(p)) continue;
    if (view_.pod_phase(p) == Phase::Failed) {
      delete_failed(node, p);
    } else if (view_.pod_phase(p) == Phase::Succeeded) {
      add_event(false, "SucceededDaemonPod",
                fmt::format("Found succeeded daemon pod {}/{} on node {}, will try to delete it",
                            view_.text(row_.header.ns), view_.pod_name(p), view_.bare_name(Ref(node))));
      to_delete_.push_back(p);
    } else {
      running.push_back(p);
    }
  }
  manage_running(node, running, fit.should_run);
}

void DaemonSetSync::manage_running(NodeId node, Pods& running, bool should_run) {
  order_by_age(running);
  if (!allows_surge(row_.spec)) {
    for (std::size_t i = 1; i < running.size(); ++i) to_delete_.push_back(running[i]);
    return;
  }
  if (running.size() <= 1) {
    if (running.empty() && should_run) to_make_.push_back(node);
    return;
  }
  // Two may be there: the oldest of this revision, while it is not available, and the oldest other, while that is
  // ready.
  PodId fresh, old;
  for (const PodId p : running) {
    PodId& place = updated(p) ? fresh : old;
    if (!place.valid()) {
      place = p;
    } else {
      to_delete_.push_back(p);
    }
  }
  if (fresh.valid() && old.valid() && (!view_.pod_ready(old) || available(fresh))) to_delete_.push_back(old);
}

void DaemonSetSync::delete_failed(NodeId node, PodId pod) {
  if (const base::SimTime until = back_off_until(node); until > view_.now()) return plan_.requeue_at(until);
  add_event(true, "FailedDaemonPod",
            fmt::format("Found failed daemon pod {}/{} on node {}, will try to kill it", view_.text(row_.header.ns),
                        view_.pod_name(pod), view_.bare_name(Ref(node))));
  to_delete_.push_back(pod);
}

/// The failed pods of the set that were deleted on the node are its history: 1 s after the first, doubling to 15 min.
/// O(pods ever made), once a sync that meets a failed pod.
base::SimTime DaemonSetSync::back_off_until(NodeId node) {
  const state::PodColumns& pods = view_->pods;
  if (failures_.empty()) {
    failures_.resize(view_->nodes.size());
    for (std::size_t p = 0; p < pods.size(); ++p) {
      if (pods.owner[p] != Ref(id_) || pods.deletion_seq[p] == 0 || pods.phase[p] != Phase::Failed) continue;
      if (!pods.node[p].valid()) continue;
      Failure& f = failures_[pods.node[p].index()];
      const bool anew = f.delay.ns == 0 || pods.deletion[p] - f.last > kLongestBackOff * 2;
      f.delay = anew ? kFirstBackOff : std::min(f.delay * 2, kLongestBackOff);
      f.last = pods.deletion[p];
    }
  }
  return failures_[node.index()].last + failures_[node.index()].delay;
}

// ---- Rolling update
// -------------------------------------------------------------------------------------------------------------------

DaemonSetSync::OldAndNew DaemonSetSync::old_and_new(const Pods& pods) const {
  OldAndNew out;
  for (const PodId p : pods) {
    if (view_.pod_terminating(p)) continue;
    PodId& place = updated(p) ? out.fresh : out.old;
    if (place.valid()) return {PodId(), PodId(), false};
    place = p;
  }
  return out;
}

// Source: rollingUpdate, updatedDesiredNodeCounts.
void DaemonSetSync::roll() {
  const auto desired =
      static_cast<std::int32_t>(std::count_if(fits_.begin(), fits_.end(), [](DaemonFit f) { return f.should_run; }));
  const DaemonLimits limits = daemon_limits(row_.spec, desired);
  if (limits.surge == 0) {
    roll_by_deleting(limits.unavailable);
  } else {
    roll_by_surging(limits.surge, desired);
  }
  sync_nodes();
}

void DaemonSetSync::roll_by_deleting(std::int32_t most_unavailable) {
  std::int32_t unavailable = 0;
  Pods candidates;
  for (std::size_t i = 0; i < on_node_.size(); ++i) {
    if (on_node_[i].empty() && !fits_[i].should_run) continue;
    const OldAndNew both = old_and_new(on_node_[i]);
    if (!both.clear || both.old.valid() == both.fresh.valid()) {
      ++unavailable;  // something is being made or deleted there
    } else if (both.fresh.valid()) {
      if (!available(both.fresh)) ++unavailable;
    } else if (!available(both.old)) {
      to_delete_.push_back(both.old);  // nothing is lost
    } else if (unavailable < most_unavailable) {
      candidates.push_back(both.old);
    }
  }
  const std::int32_t room = std::max(0, most_unavailable - unavailable);
  candidates.resize(std::min(candidates.size(), static_cast<std::size_t>(room)));
  to_delete_.insert(to_delete_.end(), candidates.begin(), candidates.end());
}

void DaemonSetSync::roll_by_surging(std::int32_t most_surge, std::int32_t desired) {
  std::int32_t surging = 0, there = 0;
  std::vector<NodeId> candidates;
  Pods misplaced;
  for (std::size_t i = 0; i < on_node_.size(); ++i) {
    if (on_node_[i].empty()) continue;
    const OldAndNew both = old_and_new(on_node_[i]);
    if (!both.clear) {
      ++surging;
      continue;
    }
    const PodId serving = both.old.valid() ? both.old : both.fresh;
    if (serving.valid() && available(serving)) ++there;
    if (!both.old.valid()) continue;
    if (both.fresh.valid()) {
      if (available(both.fresh)) {
        to_delete_.push_back(both.old);
      } else {
        ++surging;
      }
    } else if (!available(both.old)) {
      if (fits_[i].should_run) {
        to_make_.emplace_back(i);
      } else {
        to_delete_.push_back(both.old);
      }
    } else if (!fits_[i].should_run) {
      misplaced.push_back(both.old);
    } else if (surging < most_surge) {
      candidates.emplace_back(i);
    }
  }
  // Pods that may stay where they should not run go only as others become available elsewhere.
  misplaced.resize(std::min(misplaced.size(), static_cast<std::size_t>(std::max(0, there - desired))));
  to_delete_.insert(to_delete_.end(), misplaced.begin(), misplaced.end());
  candidates.resize(std::min(candidates.size(), static_cast<std::size_t>(std::max(0, most_surge - surging))));
  to_make_.insert(to_make_.end(), candidates.begin(), candidates.end());
}

// ---- Calls
// ------------------------------------------------------------------------------------------------------------------------

void DaemonSetSync::add_event(bool warning, const char* reason, std::string message) {
  events_.push_back({warning, {reason, std::move(message)}});
}

// Source: syncNodes. Pods are made in batches of 1, 2, 4…, at most 250 a sync; as many may be deleted.
bool DaemonSetSync::sync_nodes() {
  if (!events_.empty()) plan_.next_batch();
  for (auto& [warning, words] : events_)
    plan_.also(command::RecordEvent{{id_, warning, words.first, std::move(words.second), "daemonset-controller"}});
  events_.clear();
  if (namespace_terminating(view_, row_.header.ns)) to_make_.clear();
  to_make_.resize(std::min(to_make_.size(), kBurst));
  to_delete_.resize(std::min(to_delete_.size(), kBurst));
  const bool any = !to_make_.empty() || !to_delete_.empty();
  if (!to_make_.empty()) {
    auto tmpl = model::parse_json(view_.pod_template(row_.tmpl).doc, "state");
    WT_ASSERT(tmpl.has_value(), "a template is JSON");
    const model::Doc annotations = state::annotations_of(row_.header.doc);
    model::Doc pod = daemon_pod_doc(*tmpl, hash_, annotations.string_or(state::kTemplateGeneration));
    const std::string prefix = std::string(view_.text(row_.header.name)) + "-";
    for (std::size_t done = 0, batch = 1; done < to_make_.size(); batch *= 2) {
      plan_.next_batch();
      for (const std::size_t end = std::min(to_make_.size(), done + batch); done < end; ++done) {
        pin_to_node(pod, view_.bare_name(Ref(to_make_[done])));
        plan_.together(command::MakePod{id_, prefix, true, {}, model::to_canonical_json(pod), false});
      }
    }
  }
  if (!to_delete_.empty()) plan_.next_batch();
  for (const PodId p : to_delete_) plan_.together(command::DeletePod{p, DeletionReason::ScaledDown, {}}, 0, true);
  to_make_.clear();
  to_delete_.clear();
  return any;
}

void DaemonSetSync::clean_up_history() {
  auto excess = static_cast<std::int64_t>(old_revisions_.size()) - row_.spec.revision_history_limit;
  if (excess <= 0) return;
  std::vector<std::string> live;
  for (const PodId p : pods_) {
    const std::string* label = model::find_label(view_.pod_spec(p).labels, kHashLabel);
    if (label != nullptr && std::find(live.begin(), live.end(), *label) == live.end()) live.push_back(*label);
  }
  for (const ControllerRevisionId id : old_revisions_) {
    if (excess <= 0) return;
    if (std::find(live.begin(), live.end(), view_.controller_revision(id).hash) != live.end()) continue;
    plan_.call(command::DeleteObject{id, event::Propagation::Background, {}}, 0, true);
    --excess;
  }
}

// ---- Status
// -----------------------------------------------------------------------------------------------------------------------

// Source: updateDaemonSetStatus. Of the moment before this sync's calls.
void DaemonSetSync::count() {
  status_ = {};
  status_.observed_generation = row_.header.generation;
  status_.collision_count = collisions_;
  for (std::size_t i = 0; i < on_node_.size(); ++i) {
    if (!view_->nodes[i].header.alive) continue;
    Pods& pods = on_node_[i];
    if (!fits_[i].should_run) {
      if (!pods.empty()) ++status_.misscheduled;
      continue;
    }
    ++status_.desired;
    if (pods.empty()) continue;
    ++status_.current_scheduled;
    order_by_age(pods);
    if (view_.pod_ready(pods.front())) ++status_.ready;
    if (view_.pod_ready(pods.front()) && available(pods.front())) ++status_.available;
    if (updated(pods.front())) ++status_.updated;
  }
  status_.unavailable = status_.desired - status_.available;
}

void DaemonSetSync::write_status() {
  count();
  if (!(status_ == row_.status)) plan_.call(command::UpdateDaemonSetStatus{{id_, status_}});
}

/// The event about it; the status is written all the same.
void DaemonSetSync::after_refusal(const Plan::Call& refused, const command::Rejection& rejection) {
  if (!std::holds_alternative<command::MakePod>(refused.payload)) return;
  plan_.next_batch();
  plan_.also(command::RecordEvent{
      {id_, true, "FailedCreate", "Error creating: " + rejection.message, "daemonset-controller"}});
  Plan scratch;
  scratch.reset(0);
  std::swap(scratch, plan_);
  claim_pods();
  find_revisions();
  std::swap(scratch, plan_);
  sort_pods_by_node();
  write_status();
}

}  // namespace wavetank::control
