#pragma once
// The scheduling queue: active, back-off, error back-off, unschedulable, gated. Source: pkg/scheduler/backend/queue.
//
// Rules worth knowing: a pod's timestamp is its creation, then its last return from an attempt. Back-off ends at
// timestamp + 1 s·2^n (at most 10 s) cut to the whole second, and equality still backs off. When active is empty the
// head of back-off is popped early (SchedulerPopFromBackoffQ, on in 1.34); the error back-off never is. Left-over
// unschedulable pods are flushed after more than 5 min, looked for every 30 s.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

class Queue {
 public:
  enum class Place : std::uint8_t { None, Active, Backoff, ErrorBackoff, Unschedulable, Gated };

  struct Pod {
    PodId pod;
    event::TemplateId tmpl;
    event::Ref owner;
    std::int32_t priority = 0;
    std::uint32_t attempts = 0, unschedulable_count = 0, error_count = 0;
    SimTime timestamp;
    std::uint64_t rejected_by = 0;  ///< Plugins of the last rejection, by Plugin::index.
    base::Seq cause = 0;            ///< The event that put it where it can be tried.
    Place place = Place::None;
    std::uint32_t version = 0;  ///< Entries of the heaps with another one are dead.
  };

  /// Unschedulable pods that hints cannot tell apart.
  struct Group {
    event::TemplateId tmpl;
    event::Ref owner;
    std::uint64_t rejected_by = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> members;  ///< Slot and version.
    std::size_t live = 0;
  };

  explicit Queue(const Settings& settings) : settings_(settings) {}

  void add(const Pod& pod, bool gated);
  void remove(PodId pod);
  [[nodiscard]] const Pod* find(PodId pod) const;
  /// The next pod to try; it is in flight, and out of the queue, until it comes back through rejected() or failed().
  std::optional<Pod> pop(SimTime now);
  /// Back from an attempt that plugins ended.
  void rejected(Pod pod, std::uint64_t plugins, SimTime now);
  /// Back from an attempt without a verdict (no nodes, binding failed).
  void failed(Pod pod, SimTime now);
  /// A gate went or the pod's own update helps: to active or back-off.
  void release(PodId pod, SimTime now, base::Seq cause);

  /// Moves the groups for which `helps(group)` holds.
  template <class F>
  void move_groups(SimTime now, base::Seq cause, F&& helps) {
    if (counts_[static_cast<std::size_t>(Place::Unschedulable)] == 0) return;
    for (Group& g : groups_) {
      if (g.live > 0 && helps(g)) move_group(g, now, cause);
    }
  }

  bool has_work(SimTime now);
  [[nodiscard]] SimTime next_wakeup() const;
  [[nodiscard]] std::size_t count(Place place) const { return counts_[static_cast<std::size_t>(place)]; }
  [[nodiscard]] SimTime backoff_until(const Pod& pod) const;
  void clear();

 private:
  struct Entry {
    SimTime expiry;  ///< Zero in active.
    std::int32_t priority;
    SimTime timestamp;
    PodId pod;
    std::uint32_t slot, version;
    /// Whether `a` comes after `b`: for std heaps, whose top is the greatest.
    static bool later(const Entry& a, const Entry& b);
  };

  std::uint32_t slot_of(PodId pod) const;
  void put(Pod pod, Place place);
  void leave(Pod& pod);
  void push(std::vector<Entry>& heap, std::uint32_t slot, bool with_expiry);
  bool drop_dead(std::vector<Entry>& heap, Place place);
  [[nodiscard]] bool backing_off(const Pod& pod, SimTime now) const;
  void to_active_or_backoff(std::uint32_t slot, SimTime now, base::Seq cause);
  void move_group(Group& group, SimTime now, base::Seq cause);
  void flush(SimTime now);
  Group& group_for(const Pod& pod);

  Settings settings_;
  std::vector<Pod> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> slot_by_pod_;
  std::vector<Entry> active_, backoff_, error_backoff_;
  std::vector<Group> groups_;
  std::vector<std::vector<std::uint32_t>> groups_by_template_;
  std::deque<std::pair<std::uint32_t, std::uint32_t>> leftovers_;  ///< Unschedulable in the order of their timestamps.
  std::array<std::size_t, 6> counts_{};
};

}  // namespace wavetank::schedule
