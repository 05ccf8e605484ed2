// The ReplicaSet controller. Source: kubernetes/pkg/controller/replicaset/replica_set.go, replica_set_utils.go.
// The state counts active and ready pods per set, so a sync that has nothing to create or delete looks at no pod.

#include <algorithm>
#include <vector>

#include "engine/base/hash.h"
#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/victims.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PodId;
using event::ReplicaSetId;
using model::Kind;

constexpr std::int32_t kBurst = 500;  ///< BurstReplicas
constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";

struct Counts {
  std::int32_t active = 0, labeled = 0, ready = 0, available = 0;
};

class ReplicaSetController final : public Controller {
 public:
  explicit ReplicaSetController(const Settings& settings)
      : victim_rules_{settings.pod_deletion_cost, settings.logarithmic_scale_down} {}
  [[nodiscard]] std::string_view name() const override { return "replicaset-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted,
                          EventKind::OwnerChanged, EventKind::PodCreated, EventKind::PodReadyChanged,
                          EventKind::PodPhaseChanged, EventKind::PodFailed, EventKind::PodMade,
                          EventKind::PodDeletionStarted, EventKind::PodRemoved, EventKind::ReplicaSetCreated,
                          EventKind::ReplicaSetScaled, EventKind::ReplicaSetStatusChanged, EventKind::PodBound);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (const PodId pod = pod_changed_by(event); pod.valid())
      return add_controller_of(pod, Kind::ReplicaSet, view, keys);
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    const auto id = key.as<ReplicaSetId>();
    const state::ReplicaSetRow& set = view.replica_set(id);
    claim(id, set, view, plan);
    const auto active = static_cast<std::int32_t>(set.active - static_cast<std::int32_t>(released_.size()) +
                                                  static_cast<std::int32_t>(adopted_.size()));
    if (!set.header.terminating()) {
      if (active < set.replicas) create(id, set, std::min(set.replicas - active, kBurst), view, plan);
      if (active > set.replicas) remove(set, std::min(active - set.replicas, kBurst), view, plan);
    }
    write_status(id, set, active, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<ReplicaSetId>(view->replica_sets, keys); }

  /// Tells of it, and sets the condition ReplicaFailure, whose message is the first refusal's.
  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    const bool creating = std::holds_alternative<command::CreatePod>(refused.payload);
    if (!view.alive(key) || (!creating && !std::holds_alternative<command::DeletePod>(refused.payload))) return;
    const auto id = key.as<ReplicaSetId>();
    const state::ReplicaSetRow& set = view.replica_set(id);
    adopted_.clear();
    released_.clear();
    plan.next_batch();
    if (!namespace_terminating(view, set.header.ns)) {
      plan.also(command::RecordEvent{{Ref(id), true, creating ? "FailedCreate" : "FailedDelete",
                                      (creating ? "Error creating: " : "Error deleting: ") + rejection.message,
                                      std::string(name())}});
      plan.next_batch();
    }
    if (!set.failure.present) {
      plan.also(
          command::SetReplicaSetFailure{{id, true, creating ? "FailedCreate" : "FailedDelete", rejection.message}});
    }
    put_status(id, set, count(set, set.active, view, plan), plan);
  }

 private:
  // ---- Keys
  // -------------------------------------------------------------------------------------------------------------------

  template <class E>
  static void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  /// A pod without a controller concerns every set that selects it. The last answer is kept: bare pods come in rows of
  /// one kind.
  void add_matching(PodId pod, const ClusterView& view, KeySink& keys) {
    if (view->pods.owner[pod.index()].valid()) return add_controller_of(pod, Kind::ReplicaSet, view, keys);
    const event::TemplateId tmpl = view->pods.tmpl[pod.index()];
    if (tmpl != matching_tmpl_ || view->replica_sets.size() != matching_sets_) {
      matching_tmpl_ = tmpl;
      matching_sets_ = view->replica_sets.size();
      matching_.clear();
      for (std::size_t i = 0; i < view->replica_sets.size(); ++i) {
        const state::ReplicaSetRow& set = view->replica_sets[i];
        if (set.header.ns == view.pod_ns(pod) && set.selector.matches(view.pod_spec(pod).labels))
          matching_.emplace_back(i);
      }
    }
    for (const ReplicaSetId id : matching_) {
      if (view.replica_set(id).header.alive) keys.add(id);
    }
  }

  void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind == Kind::ReplicaSet) {
      const std::size_t row = row_created_by(view->replica_sets, event.seq);
      if (row < view->replica_sets.size()) keys.add(ReplicaSetId(row));
    } else if (e.kind == Kind::Pod) {
      if (const PodId pod = pod_created_by(view->pods, event.seq); pod.valid()) add_matching(pod, view, keys);
    }
  }
  void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::ReplicaSet) keys.add(e.ref);
    if (e.ref.kind == Kind::Pod) add_matching(e.ref.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::ObjectDeletionStarted& e, const ClusterView&, KeySink& keys) {
    if (e.ref.kind == Kind::ReplicaSet) keys.add(e.ref);
  }
  void on(const event::Event&, const event::OwnerChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.child.kind == Kind::Pod) add_matching(e.child.as<PodId>(), view, keys);
  }
  static void on(const event::Event&, const event::PodCreated& e, const ClusterView&, KeySink& keys) {
    keys.add(e.replica_set);
  }
  /// Its own writes and any change of its pods wake a set. Only one that could not make its pods has something to do
  /// then: it tries again.
  static void on(const event::Event&, const event::PodBound& e, const ClusterView& view, KeySink& keys) {
    const Ref owner = view->pods.owner[e.pod.index()];
    if (!owner.valid() || owner.kind != Kind::ReplicaSet) return;
    const state::ReplicaSetRow& set = view.replica_set(owner.as<ReplicaSetId>());
    if (set.failure.present && set.active < set.replicas) keys.add(owner);
  }
  static void on(const event::Event&, const event::ReplicaSetStatusChanged& e, const ClusterView& view, KeySink& keys) {
    const state::ReplicaSetRow& set = view.replica_set(e.replica_set);
    if (set.failure.present && set.active < set.replicas) keys.add(e.replica_set);
  }
  static void on(const event::Event& event, const event::ReplicaSetCreated&, const ClusterView& view, KeySink& keys) {
    const std::size_t row = row_created_by(view->replica_sets, event.seq);
    if (row < view->replica_sets.size()) keys.add(ReplicaSetId(row));
  }
  static void on(const event::Event&, const event::ReplicaSetScaled& e, const ClusterView&, KeySink& keys) {
    keys.add(e.replica_set);
  }

  // ---- Claiming
  // ---------------------------------------------------------------------------------------------------------------

  /// Releases active pods that the selector no longer takes, adopts active orphans that it does
  /// (PodControllerRefManager.ClaimPods).
  void claim(ReplicaSetId id, const state::ReplicaSetRow& set, const ClusterView& view, Plan& plan) {
    adopted_.clear();
    released_.clear();
    if (set.header.terminating()) return;
    if (set.foreign > 0) {
      for (const PodId p : set.pods) {
        if (view.pod_active(p) && !set.selector.matches(view.pod_spec(p).labels)) released_.push_back(p);
      }
    }
    const std::size_t ns = set.header.ns.index();
    if (ns < view->orphans_of_ns.size() && view->orphans_of_ns[ns] > 0) {
      for (const event::TemplateId t : view->templates_of_ns[ns]) {
        const state::TemplateRow& row = view.pod_template(t);
        if (row.orphans == 0 || !set.selector.matches(row.value->labels)) continue;
        for (const PodId p : row.pods) {
          if (!view->pods.owner[p.index()].valid() && view.pod_active(p)) adopted_.push_back(p);
        }
      }
    }
    for (const PodId p : released_) plan.call(command::SetOwner{p, Ref()}, 0, true);
    for (const PodId p : adopted_) plan.call(command::SetOwner{p, id}, 0, true);
  }

  bool is_released(PodId p) const { return std::find(released_.begin(), released_.end(), p) != released_.end(); }

  /// Calls f for every active pod of the set as claim() leaves it.
  template <class F>
  void for_active(const state::ReplicaSetRow& set, const ClusterView& view, F&& f) const {
    for (const PodId p : set.pods) {
      if (view.pod_active(p) && !is_released(p)) f(p);
    }
    for (const PodId p : adopted_) f(p);
  }

  // ---- Creating
  // ---------------------------------------------------------------------------------------------------------------

  /// In batches of 1, 2, 4…: if creation fails for a reason that all pods share, few attempts are wasted
  /// (slowStartBatch).
  void create(ReplicaSetId id, const state::ReplicaSetRow& set, std::int32_t count, const ClusterView& view,
              Plan& plan) {
    if (namespace_terminating(view, set.header.ns)) return;
    find_losses(set, view);
    std::size_t loss = losses_.size() - std::min(losses_.size(), static_cast<std::size_t>(count));
    slow_start(count, [&](std::int32_t, std::int32_t size) {
      plan.next_batch();
      for (; size > 0; --size) plan.together(command::CreatePod{id}, loss < losses_.size() ? losses_[loss++] : 0);
      return true;  // whether a batch failed is seen by the loop, which then sends no more
    });
  }

  /// The events that took pods away since the set last made one: the causes of what it makes now, oldest first.
  void find_losses(const state::ReplicaSetRow& set, const ClusterView& view) {
    losses_.clear();
    if (set.pods.size() == static_cast<std::size_t>(set.active)) return;
    const base::Seq last_made = view->pods.created_seq[set.pods.back().index()];
    for (const PodId p : set.pods) {
      const base::Seq lost = view->pods.deletion_seq[p.index()];
      if (view.pod_terminating(p) && lost > last_made &&
          view->pods.deletion_reason[p.index()] != event::DeletionReason::ScaledDown) {
        losses_.push_back(lost);
      }
    }
    std::sort(losses_.begin(), losses_.end());
  }

  // ---- Deleting
  // ---------------------------------------------------------------------------------------------------------------

  void remove(const state::ReplicaSetRow& set, std::int32_t count, const ClusterView& view, Plan& plan) {
    candidates_.clear();
    count_related(set, view);
    for_active(set, view, [&](PodId p) { candidates_.push_back(candidate(p, view)); });
    if (static_cast<std::size_t>(count) < candidates_.size()) order_victims(candidates_, view.now(), victim_rules_);
    plan.next_batch();
    for (std::int32_t i = 0; i < count; ++i) {
      plan.together(
          command::DeletePod{candidates_[static_cast<std::size_t>(i)].pod, event::DeletionReason::ScaledDown, {}}, 0,
          true);
    }
  }

  std::size_t node_slot(PodId p, const ClusterView& view) const {
    const event::NodeId node = view.pod_node(p);
    return node.valid() ? node.index() + 1 : 0;
  }

  /// Active pods per node of all sets of the same controller; a set without a controller has no related pods, not even
  /// its own.
  void count_related(const state::ReplicaSetRow& set, const ClusterView& view) {
    related_.assign(view->nodes.size() + 1, 0);
    const Ref controller = set.header.controller;
    if (!controller.valid()) return;
    const auto count_pods = [&](PodId p) {
      if (view.pod_active(p)) ++related_[node_slot(p, view)];
    };
    if (set.deployment.valid()) {
      for (const ReplicaSetId id : view.deployment(set.deployment).replica_sets) {
        for (const PodId p : view.replica_set(id).pods) count_pods(p);
      }
      return;
    }
    // Some other kind of controller. Sets of one controller may select the same pods; each pod counts once.
    std::vector<PodId> seen;
    for (const state::ReplicaSetRow& other : view->replica_sets) {
      if (!other.header.alive || other.header.ns != set.header.ns || other.header.controller != controller) continue;
      view.for_selected_pods(other.header.ns, other.selector, [&](PodId p) { seen.push_back(p); });
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const PodId p : seen) count_pods(p);
  }

  Candidate candidate(PodId p, const ClusterView& view) const {
    const std::size_t i = p.index();
    const model::PodTemplate& tmpl = view.pod_spec(p);
    Candidate c;
    c.pod = p;
    c.assigned = view.pod_node(p).valid();
    c.phase = view.pod_phase(p) == event::Phase::Running ? 2 : 0;
    c.ready = view.pod_ready(p);
    if (const std::string* cost = model::find_label(tmpl.annotations, kDeletionCost))
      c.cost = parse_deletion_cost(*cost);
    c.rank = related_[node_slot(p, view)];
    c.ready_s = c.ready ? view->pods.ready_changed[i].ns / 1'000'000'000 : 0;
    c.created_s = view->pods.created[i].ns / 1'000'000'000;
    const std::size_t inits = tmpl.spec.init_containers.size();
    for (std::size_t k = 0; k < view.container_count(p); ++k) {
      if (view.is_plain_init(p, k)) continue;
      std::uint32_t& most = k < inits ? c.sidecar_restarts : c.restarts;
      most = std::max(most, view.container(p, k).restarts);
    }
    // The first half of ClusterView::uid, which is what comparing the texts looks at.
    c.uid =
        base::mix64(view->seed ^ base::mix64((std::uint64_t{static_cast<std::uint8_t>(Kind::Pod)} << 32) | p.value));
    return c;
  }

  // ---- Status
  // -----------------------------------------------------------------------------------------------------------------

  /// The numbers of the moment before this sync's creations and deletions, as Kubernetes writes them; the next sync
  /// brings the rest.
  Counts count(const state::ReplicaSetRow& set, std::int32_t active, const ClusterView& view, Plan& plan) const {
    Counts n{active, active, set.active_ready, set.active_ready};
    const bool claimed = !adopted_.empty() || !released_.empty();
    if (set.foreign > 0 || claimed) {
      n.labeled = n.ready = 0;
      const model::Labels& wanted = view.pod_template(set.tmpl).value->labels;
      for_active(set, view, [&](PodId p) {
        n.labeled += has_all(view.pod_spec(p).labels, wanted) ? 1 : 0;
        n.ready += view.pod_ready(p) ? 1 : 0;
      });
      n.available = n.ready;
    }
    if (set.min_ready_seconds == 0 || n.ready == 0) return n;
    n.available = 0;
    for_active(set, view, [&](PodId p) {
      if (view.pod_available(p, set.min_ready_seconds)) {
        ++n.available;
      } else if (view.pod_ready(p)) {
        plan.requeue_at(view->pods.ready_changed[p.index()] + base::seconds(set.min_ready_seconds));
      }
    });
    return n;
  }

  static bool has_all(const model::Labels& labels, const model::Labels& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& w) {
      const std::string* value = model::find_label(labels, w.first);
      return value != nullptr && *value == w.second;
    });
  }

  static void put_status(ReplicaSetId id, const state::ReplicaSetRow& set, const Counts& n, Plan& plan) {
    if (n.active == set.status_replicas && n.labeled == set.fully_labeled && n.ready == set.status_ready &&
        n.available == set.status_available && set.observed_generation == set.header.generation) {
      return;
    }
    plan.also(command::UpdateReplicaSetStatus{{id, n.active, n.labeled, n.ready, n.available, set.header.generation}});
  }

  void write_status(ReplicaSetId id, const state::ReplicaSetRow& set, std::int32_t active, const ClusterView& view,
                    Plan& plan) {
    const Counts n = count(set, active, view, plan);
    plan.next_batch();
    if (set.failure.present) plan.also(command::SetReplicaSetFailure{{id, false, "", ""}});
    put_status(id, set, n, plan);
  }

  VictimRules victim_rules_;
  // Scratch, empty of meaning between calls.
  std::vector<PodId> adopted_, released_;
  std::vector<base::Seq> losses_;
  std::vector<Candidate> candidates_;
  std::vector<std::int32_t> related_;
  event::TemplateId matching_tmpl_;
  std::size_t matching_sets_ = 0;
  std::vector<ReplicaSetId> matching_;
};

}  // namespace

std::unique_ptr<Controller> make_replica_set_controller(const Settings& settings) {
  return std::make_unique<ReplicaSetController>(settings);
}

}  // namespace wavetank::control
