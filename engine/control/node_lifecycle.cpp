// The node lifecycle controller. Source: kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go.
//
// Kubernetes looks at every node every 5 s; here a node has a key that sleeps until the moment of that grid at which
// looking would change something, so that a healthy node costs nothing. A zone has a key of its own (Kind::Other, index
// in zones_): it hands out the NoExecute taints at the zone's rate (token bucket of burst 1).
//
// As in Kubernetes, some things live as long as the process: the zones' token buckets, and since when every node counts
// as seen at least (the start of the controller, or the moment when the cluster left the full disruption of all zones).

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/control/node_taints.h"

namespace wavetank::control {
namespace {

using base::Duration;
using base::SimTime;
using event::ConditionStatus;
using event::EventKind;
using event::NodeConditionType;
using event::NodeId;
using model::Kind;
using model::TaintEffect;

constexpr std::string_view kExcluded = "node.kubernetes.io/exclude-disruption";

const state::Condition& condition(const state::NodeRow& node, NodeConditionType type) {
  return node.conditions[static_cast<std::size_t>(type)];
}

class NodeLifecycleController final : public Controller {
 public:
  explicit NodeLifecycleController(const Settings& settings) : settings_(settings), fresh_from_(settings.started) {}

  [[nodiscard]] std::string_view name() const override { return "node-controller"; }
  [[nodiscard]] int workers() const override { return 8; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved,
                          EventKind::NodeConditionChanged, EventKind::NodeTaintsChanged, EventKind::NodeCordoned,
                          EventKind::HeartbeatsBegan, EventKind::HeartbeatsStopped);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    std::visit([&](const auto& e) { on(event, e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (key.kind == Kind::Other) return reconcile_zone(key.row, view, plan);
    if (!view.alive(key)) return;
    const auto id = key.as<NodeId>();
    watch_lease(id, view.node(id), view, plan);
    sync_taints(id, view.node(id), view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override {
    add_alive<NodeId>(view->nodes, keys);
    for (const state::NodeRow& node : view->nodes) {
      if (node.header.alive) keys.add(zone_key(node));
    }
  }

 private:
  using Zone = std::pair<base::Sym, base::Sym>;  // region, zone

  // ---- Keys
  // -------------------------------------------------------------------------------------------------------------------

  template <class E>
  void on(const event::Event&, const E&, const ClusterView&, KeySink&) {}

  void on(const event::Event& event, const event::ObjectCreated& e, const ClusterView& view, KeySink& keys) {
    if (e.kind != Kind::Node) return;
    const std::size_t row = row_created_by(view->nodes, event.seq);
    if (row == view->nodes.size()) return;
    keys.add(NodeId(row));
    wake_blocked(view, keys);
  }
  void on(const event::Event&, const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind != Kind::Node) return;
    keys.add(e.ref);
    if (eviction_due_soon(view->nodes[e.ref.row])) keys.add(zone_key(view->nodes[e.ref.row]));
  }
  void on(const event::Event&, const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::Node) wake_blocked(view, keys);
  }
  void on(const event::Event&, const event::NodeConditionChanged& e, const ClusterView& view, KeySink& keys) {
    keys.add(e.node);
    if (e.type != NodeConditionType::Ready) return;
    // The first NoExecute taint comes when the monitor sees the condition again.
    if (e.status != ConditionStatus::True) keys.add_at(zone_key(view.node(e.node)), marked_at(view.node(e.node)));
    wake_blocked(view, keys);
  }
  void on(const event::Event&, const event::NodeTaintsChanged& e, const ClusterView& view, KeySink& keys) {
    keys.add(e.node);
    if (eviction_due_soon(view.node(e.node))) keys.add(zone_key(view.node(e.node)));
  }
  void on(const event::Event&, const event::NodeCordoned& e, const ClusterView&, KeySink& keys) { keys.add(e.node); }
  void on(const event::Event&, const event::HeartbeatsBegan& e, const ClusterView&, KeySink& keys) { keys.add(e.node); }
  void on(const event::Event&, const event::HeartbeatsStopped& e, const ClusterView&, KeySink& keys) {
    keys.add(e.node);
  }

  Ref zone_key(const state::NodeRow& node) {
    const Zone zone(node.region, node.zone);
    const auto [at, fresh] = zone_index_.try_emplace(zone, static_cast<std::uint32_t>(zones_.size()));
    if (fresh) zones_.push_back(zone);
    return {Kind::Other, at->second};
  }
  /// Zones whose rate may have changed with the cluster; the monitor judges that on its grid.
  void wake_blocked(const ClusterView& view, KeySink& keys) {
    for (const std::uint32_t zone : blocked_) keys.add_at(Ref(Kind::Other, zone), grid_after(view.now()));
  }

  // ---- One node
  // ---------------------------------------------------------------------------------------------------------------

  /// The first moment of the monitor's grid at or after `t`.
  [[nodiscard]] SimTime grid_from(SimTime t) const {
    const std::int64_t period = settings_.node_monitor_period.ns;
    return {(t.ns + period - 1) / period * period};
  }
  [[nodiscard]] SimTime grid_after(SimTime t) const { return grid_from(t + base::nanoseconds(1)); }

  /// When the monitor gives the node up, if nothing is heard of it until then; nullopt for a node that keeps renewing.
  [[nodiscard]] std::optional<SimTime> deadline(NodeId id, const state::NodeRow& node, const ClusterView& view) const {
    // A status that the node posted is a sign of life as good as a renewal; only this controller writes Unknown.
    const state::Condition& ready = condition(node, NodeConditionType::Ready);
    const bool posted = ready.present && ready.status != ConditionStatus::Unknown;
    const std::optional<SimTime> renewal = view.last_renewal(id);
    if (!renewal) {
      const SimTime sign =
          std::max(fresh_from_, posted ? std::max(node.header.created, ready.updated) : node.header.created);
      return grid_from(sign) +
             (ready.present ? settings_.node_monitor_grace_period : settings_.node_startup_grace_period);
    }
    // The grace period counts from when the monitor saw the sign, which it does on its grid.
    const SimTime seen = grid_from(std::max(fresh_from_, posted ? std::max(*renewal, ready.updated) : *renewal));
    if (node.heartbeating &&
        node.heartbeat_period + settings_.node_monitor_period < settings_.node_monitor_grace_period) {
      return std::nullopt;
    }
    return seen + settings_.node_monitor_grace_period;
  }

  void watch_lease(NodeId id, const state::NodeRow& node, const ClusterView& view, Plan& plan) const {
    static constexpr NodeConditionType kReported[] = {NodeConditionType::Ready, NodeConditionType::MemoryPressure,
                                                      NodeConditionType::DiskPressure, NodeConditionType::PIDPressure};
    const std::optional<SimTime> due = deadline(id, node, view);
    if (!due) return;
    const auto lost = [&](NodeConditionType type) {
      const state::Condition& c = condition(node, type);
      return !c.present || c.status != ConditionStatus::Unknown;
    };
    if (std::none_of(std::begin(kReported), std::end(kReported), lost)) return;
    if (view.now() < *due) return plan.requeue_at(*due);
    const base::Seq cause = plan.wake_cause() != 0 ? 0 : node.heartbeats_seq;
    plan.next_batch();
    for (const NodeConditionType type : kReported) {
      if (!lost(type)) continue;
      const bool posted = condition(node, type).present;
      plan.also(
          command::SetNodeCondition{
              {id, type, ConditionStatus::Unknown, posted ? "NodeStatusUnknown" : "NodeStatusNeverUpdated",
               posted ? "Kubelet stopped posting node status." : "Kubelet never posted node status."}},
          cause);
    }
    // Ready → Unknown: its pods are taken out of their services at once.
    const state::Condition& ready = condition(node, NodeConditionType::Ready);
    if (ready.present && ready.status == ConditionStatus::True) mark_pods_not_ready(node, view, plan, cause);
  }

  static void mark_pods_not_ready(const state::NodeRow& node, const ClusterView& view, Plan& plan, base::Seq cause) {
    for (const event::PodId pod : node.pods) {
      if (view.pod_ready(pod))
        plan.call(command::SetPodReady{{pod, false, event::ReadyReason::NodeNotReady}}, cause, true);
    }
  }

  /// NoSchedule taints at once; what concerns NoExecute at the monitor's next look, except for adding the first, which
  /// is the zone's.
  void sync_taints(NodeId id, const state::NodeRow& node, const ClusterView& view, Plan& plan) {
    const state::Condition& ready = condition(node, NodeConditionType::Ready);
    Taints taints = node.spec.taints;
    sync_condition_taints(node, taints);
    if (ready.present && ready.status == ConditionStatus::False) keep_pods_marked(node, view, plan);
    const int bears = find_eviction_taint(taints);
    const std::string_view earns = eviction_taint(ready);
    if (bears >= 0 && ready.present && taints[static_cast<std::size_t>(bears)].key != earns) {
      const SimTime due = grid_from(ready.transitioned);
      if (view.now() < due) {
        plan.requeue_at(due);
      } else {
        erase_taint(taints, kNotReadyTaint, TaintEffect::NoExecute);
        erase_taint(taints, kUnreachableTaint, TaintEffect::NoExecute);
        if (!earns.empty()) add_taint(taints, earns, TaintEffect::NoExecute);
      }
    }
    if (taints == node.spec.taints) return;
    plan.call(command::SetNodeTaints{{id, std::move(taints)}, node.spec.taints},
              plan.wake_cause() != 0 ? 0 : ready.seq);
  }

  /// A kubelet that reports itself not ready: the monitor marks the pods at its next look.
  void keep_pods_marked(const state::NodeRow& node, const ClusterView& view, Plan& plan) const {
    const state::Condition& ready = condition(node, NodeConditionType::Ready);
    const SimTime due = grid_from(ready.transitioned);
    const bool any = std::any_of(node.pods.begin(), node.pods.end(), [&](event::PodId p) { return view.pod_ready(p); });
    if (!any) return;
    if (view.now() < due) return plan.requeue_at(due);
    if (view.now() == due) mark_pods_not_ready(node, view, plan, plan.wake_cause() != 0 ? 0 : ready.seq);
  }

  // ---- One zone
  // ---------------------------------------------------------------------------------------------------------------

  /// Not Ready and without a NoExecute taint so far.
  static bool eviction_due_soon(const state::NodeRow& node) {
    return node.header.alive && !eviction_taint(condition(node, NodeConditionType::Ready)).empty() &&
           find_eviction_taint(node.spec.taints) < 0;
  }

  struct Tally {
    std::int32_t ready = 0, not_ready = 0;
  };
  struct Survey {
    Tally here;
    bool all_disrupted = true;
    std::optional<SimTime> last_taint;
    std::optional<SimTime> next_mark;  ///< When the monitor will queue the next node.
    std::vector<NodeId> queued,
        bearing;  ///< Queued in the order of queueing; those that bear a NoExecute taint of ours.
  };

  [[nodiscard]] SimTime marked_at(const state::NodeRow& node) const {
    return grid_after(condition(node, NodeConditionType::Ready).transitioned);
  }

  [[nodiscard]] Survey survey(const Zone& zone, const ClusterView& view) const {
    Survey out;
    std::map<Zone, Tally> zones;
    for (std::size_t i = 0; i < view->nodes.size(); ++i) {
      const state::NodeRow& node = view->nodes[i];
      if (!node.header.alive) continue;
      const Zone its_zone(node.region, node.zone);
      const bool ready = condition(node, NodeConditionType::Ready).status == ConditionStatus::True;
      if (model::find_label(node.labels, kExcluded) == nullptr)
        ++(ready ? zones[its_zone].ready : zones[its_zone].not_ready);
      if (its_zone != zone) continue;
      if (const int bears = find_eviction_taint(node.spec.taints); bears >= 0) {
        out.bearing.emplace_back(i);
        const SimTime added = node.taint_added[static_cast<std::size_t>(bears)];
        out.last_taint = std::max(out.last_taint.value_or(added), added);
      } else if (eviction_due_soon(node)) {
        if (marked_at(node) <= view.now()) {
          out.queued.emplace_back(i);
        } else {
          out.next_mark = std::min(out.next_mark.value_or(SimTime::never()), marked_at(node));
        }
      }
    }
    for (const auto& [its_zone, t] : zones) {
      if (zone_state(t.ready, t.not_ready, settings_.unhealthy_zone_threshold_milli) != ZoneState::FullDisruption)
        out.all_disrupted = false;
      if (its_zone == zone) out.here = t;
    }
    std::stable_sort(out.queued.begin(), out.queued.end(), [&](NodeId a, NodeId b) {
      return std::make_pair(marked_at(view.node(a)), a) < std::make_pair(marked_at(view.node(b)), b);
    });
    return out;
  }

  /// Nodes per 1000 s.
  [[nodiscard]] std::int64_t rate_milli(const Tally& zone) const {
    if (zone_state(zone.ready, zone.not_ready, settings_.unhealthy_zone_threshold_milli) !=
        ZoneState::PartialDisruption) {
      return settings_.node_eviction_rate_milli;
    }
    return zone.ready + zone.not_ready > settings_.large_cluster_size_threshold
               ? settings_.secondary_node_eviction_rate_milli
               : 0;
  }

  void reconcile_zone(std::uint32_t index, const ClusterView& view, Plan& plan) {
    const Survey s = survey(zones_[index], view);
    blocked_.erase(index);
    if (s.next_mark) plan.requeue_at(*s.next_mark);
    if (left_full_disruption(s.all_disrupted)) fresh_from_ = view.now();
    const std::int64_t rate = s.all_disrupted ? 0 : rate_milli(s.here);
    Limiter& limiter = swap_limiter(index, rate, s, view.now());
    if (s.all_disrupted) {
      // Nobody answers: more likely the control plane is cut off than every machine dead. No taints, and those there
      // are go.
      for (const NodeId id : s.bearing) lift(id, view, plan);
      if (!s.queued.empty() || s.next_mark || !s.bearing.empty()) blocked_.insert(index);
      return;
    }
    if (s.queued.empty()) return;
    if (rate == 0) {
      blocked_.insert(index);
      return;
    }
    if (view.now() < limiter.next) {
      plan.requeue_at(limiter.next);
    } else {
      impose(s.queued.front(), view, plan);
      limiter.next = view.now() + base::seconds(1000) / rate;
      if (s.queued.size() > 1) plan.requeue_at(limiter.next);
    }
    blocked_.insert(index);  // a change of the zone's state changes the rate
  }

  bool left_full_disruption(bool all_disrupted) {
    const bool left = all_disrupted_ && !all_disrupted;
    all_disrupted_ = all_disrupted;
    return left;
  }

  /// A zone's token bucket of burst 1. A changed rate makes a new one, which is full if the old one was
  /// (RateLimitedTimedQueue.SwapLimiter); that of rate 0 never is.
  struct Limiter {
    std::int64_t rate = 0;
    SimTime next;  ///< When the next token is there.
  };
  Limiter& swap_limiter(std::uint32_t zone, std::int64_t rate, const Survey& s, SimTime now) {
    const auto [at, fresh] = limiters_.try_emplace(zone);
    Limiter& limiter = at->second;
    if (fresh) {
      // Taken up in the middle (a snapshot): by what this zone's last taint took. A controller that began later has a
      // full bucket.
      limiter.rate = settings_.node_eviction_rate_milli;
      if (s.last_taint && *s.last_taint >= settings_.started && limiter.rate > 0)
        limiter.next = *s.last_taint + base::seconds(1000) / limiter.rate;
    }
    if (limiter.rate == rate) return limiter;
    const bool full = limiter.rate > 0 && limiter.next <= now;
    limiter.rate = rate;
    limiter.next = full || rate == 0 ? now : now + base::seconds(1000) / rate;
    return limiter;
  }

  static void impose(NodeId id, const ClusterView& view, Plan& plan) {
    const state::NodeRow& node = view.node(id);
    Taints taints = node.spec.taints;
    const state::Condition& ready = condition(node, NodeConditionType::Ready);
    add_taint(taints, eviction_taint(ready), TaintEffect::NoExecute);
    plan.call(command::SetNodeTaints{{id, std::move(taints)}, node.spec.taints}, ready.seq);
  }

  static void lift(NodeId id, const ClusterView& view, Plan& plan) {
    const state::NodeRow& node = view.node(id);
    Taints taints = node.spec.taints;
    erase_taint(taints, kNotReadyTaint, TaintEffect::NoExecute);
    erase_taint(taints, kUnreachableTaint, TaintEffect::NoExecute);
    plan.call(command::SetNodeTaints{{id, std::move(taints)}, node.spec.taints},
              condition(node, NodeConditionType::Ready).seq, true);
  }

  Settings settings_;
  /// Every node counts as seen then: when the controller began (probeTimestamp is in memory), or when the cluster left
  /// the full disruption of all its zones.
  SimTime fresh_from_;
  // Names of keys and a filter of wake-ups: list() makes them anew, nothing depends on them.
  std::vector<Zone> zones_;
  std::map<Zone, std::uint32_t> zone_index_;
  std::set<std::uint32_t> blocked_;
  // In memory in Kubernetes too: a new leader begins with full buckets.
  std::map<std::uint32_t, Limiter> limiters_;
  bool all_disrupted_ = false;
};

}  // namespace

std::unique_ptr<Controller> make_node_lifecycle_controller(const Settings& settings) {
  return std::make_unique<NodeLifecycleController>(settings);
}

}  // namespace wavetank::control
