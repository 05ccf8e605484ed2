#pragma once
// The scheduling queue: active, back-off, error back-off, unschedulable, gated. Source: pkg/scheduler/backend/queue.
//
// Rules worth knowing: a pod's timestamp is its creation, then its last return from an attempt. Back-off ends at
// timestamp + 1 s·2^n (at most 10 s) cut to the whole second, and equality still backs off. When active is empty the
// head of back-off is popped early (SchedulerPopFromBackoffQ, on in 1.34); the error back-off never is. Left-over
// unschedulable pods are flushed after more than 5 min, looked for every 30 s.
//
// Costs: add and pop O(1) while pods come in the order of their timestamps, O(log n) for those that come out of order;
// an event O(groups of pods rejected by a plugin that registered it), plus the pods it moves. Memory goes with the pods
// that wait and is given back when they go.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/schedule/fifo.h"
#include "engine/schedule/hints.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

class Queue {
 public:
  using Place = QueuedPod::Place;
  static constexpr std::uint8_t kNotGated = 0xff;

  struct Pod {
    SimTime timestamp;
    PluginMask rejected_by = 0;  ///< Since the last pop; kept until the next.
    base::Seq cause = 0;         ///< The event that put it where it can be tried, else the last one about it.
    event::Ref owner;
    PodId pod;
    event::TemplateId tmpl;
    std::int32_t priority = 0;
    std::uint32_t attempts = 0, unschedulable_count = 0, error_count = 0;
    std::uint32_t version = 0;  ///< Entries of lists with another one are dead.
    std::uint32_t group = 0;    ///< Of those that are unschedulable.
    Place place = Place::None;
    std::uint8_t profile = 0;         ///< Whose plugins they are.
    std::uint8_t gating = kNotGated;  ///< Plugin::index of the plugin whose PreEnqueue refused it.
  };
  static_assert(sizeof(Pod) <= 72);

  /// Unschedulable pods that hints cannot tell apart.
  struct Group {
    event::TemplateId tmpl;
    event::Ref owner;
    PluginMask rejected_by = 0;
    std::uint8_t profile = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> members;  ///< Slot and version.
    std::uint32_t live = 0;
    std::uint32_t family = 0, position = 0;  ///< Where Family::groups has it while some are live.
  };

  explicit Queue(const Settings& settings) : settings_(settings) {}

  void add(const Pod& pod, std::uint8_t gating);
  void remove(PodId pod);
  [[nodiscard]] const Pod* find(PodId pod) const;
  /// The next pod to try. It stays here as InFlight until rejected(), failed() or remove().
  std::optional<Pod> pop(SimTime now);
  /// Back from an attempt that `plugins` ended. Helped: an event in the meantime may have made room.
  void rejected(PodId pod, PluginMask plugins, bool helped, SimTime now, base::Seq cause);
  /// Back from an attempt without a verdict (no nodes, binding failed).
  void failed(PodId pod, SimTime now);
  /// The pod's own object changed; it stays where it is.
  void update(PodId pod, event::TemplateId tmpl, std::int32_t priority);
  /// An event helps an unschedulable or gated pod: to active or back-off, or to the gated ones if a plugin refuses it.
  void release(PodId pod, std::uint8_t gating, SimTime now, base::Seq cause);
  /// What is known to have happened to a pod that sleeps: told as the cause if only time wakes it.
  void note_cause(PodId pod, base::Seq cause);

  /// Moves the pods for which `applies(pod)` holds of the groups for which `helps(group)` does. Only those are asked
  /// about that one of the plugins `interested(profile)` rejected.
  template <class I, class F, class A>
  void move_groups(I&& interested, F&& helps, A&& applies, SimTime now, base::Seq cause) {
    if (count(Place::Unschedulable) == 0) return;
    // A group is taken out of its family's list when its last pod goes: from behind, none is missed.
    for (std::size_t f = families_.size(); f-- > 0;) {
      if (families_[f].groups.empty() || (families_[f].rejected_by & interested(families_[f].profile)) == 0) continue;
      for (std::size_t i = families_[f].groups.size(); i-- > 0;) {
        const std::uint32_t g = families_[f].groups[i];
        if (helps(static_cast<const Group&>(groups_[g]))) move_group(g, applies, now, cause);
      }
    }
  }

  /// Back-off that has ended, unschedulable pods left over. Before anything that happens at `now`.
  void flush(SimTime now);
  bool has_work(SimTime now);
  [[nodiscard]] SimTime next_wakeup() const;
  [[nodiscard]] std::size_t count(Place place) const { return counts_[static_cast<std::size_t>(place)]; }
  /// Zero: never rejected.
  [[nodiscard]] base::Duration backoff_of(const Pod& pod) const;
  [[nodiscard]] SimTime backoff_until(const Pod& pod) const;
  /// All pods but those in flight: active and back-off in the order they will be popped, then the rest by age.
  [[nodiscard]] std::vector<const Pod*> waiting() const;
  [[nodiscard]] std::size_t bytes() const;
  void clear();

 private:
  using Item = std::pair<std::uint32_t, std::uint32_t>;  // slot and version
  struct Entry {
    SimTime expiry;  ///< Zero in active.
    SimTime timestamp;
    std::int32_t priority;
    PodId pod;
    std::uint32_t slot, version;
    /// Whether `a` comes after `b`: for std heaps, whose top is the greatest.
    static bool later(const Entry& a, const Entry& b);
  };
  /// Active pods of one priority that came in order.
  struct Lane {
    std::int32_t priority;
    Fifo<Item> items;
    SimTime last_timestamp;
    PodId last_pod;
  };
  struct Family {
    PluginMask rejected_by = 0;
    std::uint8_t profile = 0;
    std::vector<std::uint32_t> groups;  ///< With live pods.
  };

  [[nodiscard]] std::uint32_t slot_of(PodId pod) const;
  [[nodiscard]] bool live(const Item& item, Place place) const {
    return slots_[item.first].version == item.second && slots_[item.first].place == place;
  }
  std::uint32_t make_slot(PodId pod);
  void put(std::uint32_t slot, Place place);
  void leave(Pod& pod);
  [[nodiscard]] Entry entry(std::uint32_t slot, bool with_expiry) const;
  void push_active(std::uint32_t slot);
  void push(std::vector<Entry>& heap, std::uint32_t slot, bool with_expiry);
  void pop_entry(std::vector<Entry>& heap);
  bool drop_dead(std::vector<Entry>& heap, Place place);
  Lane* first_lane();
  std::optional<std::uint32_t> first_active();
  [[nodiscard]] bool backing_off(const Pod& pod, SimTime now) const;
  void to_active_or_backoff(std::uint32_t slot, SimTime now, base::Seq cause);
  template <class A>
  void move_group(std::uint32_t group, A&& applies, SimTime now, base::Seq cause) {
    const auto members = std::move(groups_[group].members);
    groups_[group].members = {};
    std::vector<Item> stay;
    for (const Item& m : members) {
      if (!live(m, Place::Unschedulable) || slots_[m.first].group != group) continue;
      if (applies(static_cast<const Pod&>(slots_[m.first]))) {
        to_active_or_backoff(m.first, now, cause);
      } else {
        stay.push_back(m);
      }
    }
    if (!stay.empty()) groups_[group].members = std::move(stay);
  }
  void flush_leftovers(SimTime now);
  void join_group(std::uint32_t slot);
  void leave_group(Pod& pod);
  std::uint32_t group_for(const Pod& pod);
  std::uint32_t family_for(const Pod& pod);
  void shrink();

  Settings settings_;
  std::vector<Pod> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> slot_by_pod_;
  std::vector<Lane> lanes_;       ///< By priority, highest first.
  std::vector<Entry> unordered_;  ///< Active pods that came out of order: a heap.
  std::vector<Entry> backoff_, error_backoff_;
  std::vector<Group> groups_;
  std::vector<Family> families_;
  std::vector<std::vector<std::uint32_t>> groups_by_template_;
  Fifo<Item> leftovers_;  ///< Unschedulable in the order of their timestamps.
  std::array<std::size_t, 7> counts_{};
};

}  // namespace wavetank::schedule
