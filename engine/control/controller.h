#pragma once
// The controller framework, after k8s.io/client-go/util/workqueue and kubernetes/pkg/controller: level-triggered
// controllers that read the view and return calls. They keep nothing that a restart would lose; the loop owns queues,
// workers and rate limits.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/command/command.h"
#include "engine/state/view.h"

namespace wavetank::control {

using command::Ref;
using state::ClusterView;

/// What a controller decided in one sync of one key. Reused between syncs: no allocation once warm.
class Plan {
 public:
  struct Call {
    command::Payload payload;
    base::Seq cause = 0;
    std::uint32_t batch =
        0;  ///< Calls of one batch run in parallel; a batch starts when the one before has been answered.
    bool optional = false;  ///< A refusal does not end the sync (e.g. deleting a pod that is gone).
    bool joined = false;    ///< Part of the same API request as the call before it: no token and no latency of its own.
  };

  void reset(base::Seq wake_cause) {
    calls_.clear();
    requeue_at_ = base::SimTime::never();
    failed_ = false;
    batch_ = 0;
    wake_cause_ = wake_cause;
  }

  /// One API call, after the ones before it. `cause` 0: the event that woke the key.
  void call(command::Payload payload, base::Seq cause = 0, bool optional = false) {
    ++batch_;
    calls_.push_back({std::move(payload), cause == 0 ? wake_cause_ : cause, batch_, optional, false});
  }
  /// One more fact of the same API request as the call before it (Kubernetes writes a status as a whole, we by its
  /// parts).
  void also(command::Payload payload, base::Seq cause = 0) {
    const bool first = calls_.empty() || calls_.back().batch != batch_;
    calls_.push_back({std::move(payload), cause == 0 ? wake_cause_ : cause, batch_, false, !first});
  }
  /// Starts a batch: the following together() calls run in parallel.
  void next_batch() { ++batch_; }
  void together(command::Payload payload, base::Seq cause = 0, bool optional = false) {
    calls_.push_back({std::move(payload), cause == 0 ? wake_cause_ : cause, batch_, optional, false});
  }
  /// Wake this key at `at` (workqueue.AddAfter); the earliest demand wins.
  void requeue_at(base::SimTime at) {
    if (at < requeue_at_) requeue_at_ = at;
  }
  /// The sync failed: the key comes back with the rate limiter's back-off (5 ms · 2^n, at most 1000 s).
  void fail() { failed_ = true; }

  [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }
  std::vector<Call>& calls() { return calls_; }
  [[nodiscard]] base::SimTime requeue_at() const { return requeue_at_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// The event that made this key dirty (the latest one), 0 for a timer.
  [[nodiscard]] base::Seq wake_cause() const { return wake_cause_; }

 private:
  std::vector<Call> calls_;
  base::SimTime requeue_at_ = base::SimTime::never();
  base::Seq wake_cause_ = 0;
  std::uint32_t batch_ = 0;
  bool failed_ = false;
};

/// Where observe() puts the keys that an event concerns. Keys are de-duplicated by the queue behind it.
class KeySink {
 public:
  KeySink() = default;
  KeySink(const KeySink&) = delete;
  KeySink& operator=(const KeySink&) = delete;
  virtual ~KeySink() = default;
  virtual void add(Ref key) = 0;
  virtual void add_at(Ref key, base::SimTime at) = 0;
  /// The same, put down to the event that is being observed (workqueue.AddAfter of an informer's handler).
  virtual void add_after(Ref key, base::Duration delay) = 0;
};

class Controller {
 public:
  Controller() = default;
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  virtual ~Controller() = default;

  /// As in event sources: "deployment-controller".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The event kinds that may concern it.
  [[nodiscard]] virtual event::KindMask wakes_on() const = 0;
  /// Concurrent syncs (kube-controller-manager's --concurrent-*-syncs defaults).
  [[nodiscard]] virtual int workers() const { return 5; }
  /// The queue's back-off after failed syncs: the first, doubled each time up to the longest
  /// (workqueue.DefaultTypedControllerRateLimiter).
  [[nodiscard]] virtual base::Duration first_back_off() const { return base::milliseconds(5); }
  [[nodiscard]] virtual base::Duration longest_back_off() const { return base::seconds(1000); }
  /// Names the keys that `event` concerns. Called a watch delay after the event, in order; `view` is of now. Amortised
  /// O(keys).
  virtual void observe(const event::Event& event, const ClusterView& view, KeySink& keys) = 0;
  /// One level-triggered, idempotent sync of `key`, which may have gone meanwhile.
  virtual void reconcile(Ref key, const ClusterView& view, Plan& plan) = 0;
  /// Names every key that may need a sync, as the informers' first list does when a control plane starts on a state
  /// that is there already (a snapshot, a fork): queues and timers are not part of the state. Must be called before the
  /// first step.
  virtual void list(const ClusterView& view, KeySink& keys) = 0;
  /// `refused`, a call of a sync of `key`, was refused and thereby ended that sync. The loop calls this with an empty
  /// plan, makes the plan's calls (a failure condition, say), and lets the key come back with back-off in any case.
  virtual void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection,
                          const ClusterView& view, Plan& plan) {
    static_cast<void>(key), static_cast<void>(refused), static_cast<void>(rejection), static_cast<void>(view),
        static_cast<void>(plan);
  }
};

}  // namespace wavetank::control
