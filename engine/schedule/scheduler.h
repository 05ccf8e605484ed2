#pragma once
// The cluster scheduler as the loop sees it: told of facts, asked for one decision at a time. It owns its cache of
// nodes (with the pods it assumed but whose binding is not yet a fact) and its queue; both can be derived anew from a
// view.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/schedule/profile.h"
#include "engine/schedule/volumes.h"
#include "engine/state/view.h"

namespace wavetank::schedule {

using base::SimTime;
using event::NodeId;
using event::PodId;
using state::ClusterView;

/// What one scheduling cycle decided.
struct Decision {
  enum class Outcome : std::uint8_t { Bind, Unschedulable };
  PodId pod;
  Outcome outcome = Outcome::Unschedulable;
  NodeId node;                    ///< Bind: where to.
  std::int64_t score = 0;         ///< Bind: the node's total; 0 where no other was feasible: then nothing is scored.
  VolumeDecision volumes;         ///< Bind: what has to be done with volumes before.
  base::Duration bind_timeout{};  ///< How long that may take (bindTimeoutSeconds).
  std::string message;            ///< Unschedulable: the FitError text ("0/12 nodes are available: …").
  NodeId nominated;               ///< Unschedulable, after preemption: where room is being made.
  std::vector<std::string_view> plugins;  ///< Unschedulable: that rejected it, sorted; none: there were no nodes.
  bool nomination_changed = false;
  std::vector<PodId> victims;
  std::vector<PodId> cleared;  ///< Pods of lower priority whose nomination to the same node is dropped.
  base::Seq cause = 0;  ///< The event that made this attempt worth while: the pod's creation, or what changed since.
};

struct Settings {
  std::uint64_t seed = 0;
  TieBreak tie_break = TieBreak::Random;
  std::int32_t percentage_of_nodes_to_score = 0;  ///< 0: adaptive, as kube-scheduler's default.
  base::Duration pod_initial_backoff = base::seconds(1);
  base::Duration pod_max_backoff = base::seconds(10);
  base::Duration unschedulable_flush = base::minutes(5);
  bool plain = false;               ///< See Evaluator::set_plain.
  std::vector<Profile> profiles{};  ///< By the scheduler's name that a pod asks for; none: the default profile.
};

/// A pod that waits, as the queue has it: what waits where, since when, because of which plugins.
struct QueuedPod {
  /// InFlight: popped, its attempt or its binding not yet over; such pods are not listed.
  enum class Place : std::uint8_t { None, Active, Backoff, ErrorBackoff, Unschedulable, Gated, InFlight };
  PodId pod;
  Place place = Place::None;
  std::int32_t priority = 0;
  std::uint32_t attempts = 0;
  std::uint32_t unschedulable_count = 0;  ///< Attempts that plugins ended.
  std::uint32_t error_count = 0;          ///< Attempts in a row that ended without a verdict.
  SimTime since;                          ///< Its creation, or its last return from an attempt.
  base::Duration backoff;                 ///< What the counts give now; zero: never rejected.
  SimTime backoff_until;                  ///< Whole seconds; it may still be tried earlier if nothing else waits.
  std::vector<std::string_view> plugins;  ///< That rejected it, sorted; kept until it is tried again.
  std::string_view gating_plugin;         ///< Whose PreEnqueue refuses it; empty: none.
  base::Seq cause = 0;                    ///< The event that put it where it can be tried, else the last one about it.
};
/// "active", "backoff", "errorBackoff", "unschedulable", "gated", "inFlight", "none".
std::string_view name_of(QueuedPod::Place place);

/// What a cluster event did to the pods that wait. For tests and tools; without one, nothing of it is worked out.
class QueueTrace {
 public:
  struct Hint {
    PodId pod;
    std::string_view plugin;
    bool queue = false;
  };
  QueueTrace() = default;
  QueueTrace(const QueueTrace&) = delete;
  QueueTrace& operator=(const QueueTrace&) = delete;
  virtual ~QueueTrace() = default;
  /// Every event, also those that nobody registered. `pod`: of an UnschedulablePod event. `hints`: the answers of all
  /// plugins that rejected an unschedulable pod and registered the event. Called before pods are moved.
  virtual void event(std::string_view label, PodId pod, const std::vector<Hint>& hints) = 0;
};

class Scheduler {
 public:
  explicit Scheduler(Settings settings);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Follows the journal, a watch delay behind: updates the cache, moves pods between the queues. Amortised O(1) for
  /// pod events.
  void observe(const event::Event& event, const ClusterView& view);
  /// Forgets everything and derives cache and queue from the view (after a restart).
  void rebuild(const ClusterView& view);
  /// Whether a pod waits in the active queue at `now` (moves those whose back-off has ended).
  bool has_work(SimTime now);
  /// When has_work() may become true by time alone.
  [[nodiscard]] SimTime next_wakeup() const;
  /// Takes the first pod of the active queue through a scheduling cycle and, on success, assumes it on its node. Skips
  /// pods that are gone; nullopt when the queue is empty. A pod that is not bound stays in flight until end_attempt().
  std::optional<Decision> schedule_one(const ClusterView& view);
  /// The cycle is over: a pod that was not bound goes back to the queue, by what has happened since it was popped. The
  /// next schedule_one() does it if nobody has.
  void end_attempt(const ClusterView& view);
  /// The binding of an assumed pod was refused: forget it and retry after back-off.
  void binding_failed(PodId pod, const ClusterView& view);

  /// All pods that wait: active and back-off in the order they will be tried, then error back-off, unschedulable and
  /// gated by age. O(n log n).
  [[nodiscard]] std::vector<QueuedPod> queued() const;
  /// One of them; nullopt when it does not wait.
  [[nodiscard]] std::optional<QueuedPod> queued(PodId pod) const;
  /// Null, the default: no trace. It must outlive its use.
  void set_trace(QueueTrace* trace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wavetank::schedule
