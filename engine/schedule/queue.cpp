#include "engine/schedule/queue.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace wavetank::schedule {
namespace {

constexpr std::uint32_t kNoSlot = 0xffffffffU;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFlushEvery = 30 * kSecond;

SimTime whole_second(SimTime t) { return {t.ns / kSecond * kSecond}; }

}  // namespace

bool Queue::Entry::later(const Entry& a, const Entry& b) {
  if (a.expiry != b.expiry) return a.expiry > b.expiry;
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.timestamp != b.timestamp) return a.timestamp > b.timestamp;
  return a.pod > b.pod;
}

void Queue::clear() {
  const Settings kept = settings_;
  *this = Queue(kept);
}

std::uint32_t Queue::slot_of(PodId pod) const {
  return pod.index() < slot_by_pod_.size() ? slot_by_pod_[pod.index()] : kNoSlot;
}

const Queue::Pod* Queue::find(PodId pod) const {
  const std::uint32_t slot = slot_of(pod);
  return slot == kNoSlot ? nullptr : &slots_[slot];
}

SimTime Queue::backoff_until(const Pod& pod) const {
  const std::uint32_t count = pod.error_count > 0 ? pod.error_count : pod.unschedulable_count;
  if (count == 0) return SimTime{0};
  base::Duration wait = settings_.pod_initial_backoff;
  for (std::uint32_t i = 1; i < count && wait < settings_.pod_max_backoff; ++i) wait = wait * 2;
  return whole_second(pod.timestamp + std::min(wait, settings_.pod_max_backoff));
}

bool Queue::backing_off(const Pod& pod, SimTime now) const {
  const bool tried = pod.error_count > 0 || pod.unschedulable_count > 0;
  return tried && backoff_until(pod) >= whole_second(now);
}

void Queue::push(std::vector<Entry>& heap, std::uint32_t slot, bool with_expiry) {
  const Pod& p = slots_[slot];
  heap.push_back({with_expiry ? backoff_until(p) : SimTime{0}, p.priority, p.timestamp, p.pod, slot, p.version});
  std::push_heap(heap.begin(), heap.end(), Entry::later);
}

void Queue::put(Pod pod, Place place) {
  std::uint32_t slot = slot_of(pod.pod);
  if (slot == kNoSlot) {
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    if (slot_by_pod_.size() <= pod.pod.index()) slot_by_pod_.resize(pod.pod.index() + 1, kNoSlot);
    slot_by_pod_[pod.pod.index()] = slot;
  } else {
    leave(slots_[slot]);
  }
  pod.version = slots_[slot].version + 1;
  pod.place = place;
  slots_[slot] = pod;
  ++counts_[static_cast<std::size_t>(place)];
  switch (place) {
    case Place::Active:
      push(active_, slot, false);
      break;
    case Place::Backoff:
      push(backoff_, slot, true);
      break;
    case Place::ErrorBackoff:
      push(error_backoff_, slot, true);
      break;
    case Place::Unschedulable: {
      Group& g = group_for(pod);
      g.members.emplace_back(slot, pod.version);
      ++g.live;
      leftovers_.emplace_back(slot, pod.version);
      break;
    }
    case Place::Gated:
    case Place::None:
      break;
  }
}

void Queue::leave(Pod& pod) {
  --counts_[static_cast<std::size_t>(pod.place)];
  if (pod.place == Place::Unschedulable) --group_for(pod).live;
  pod.place = Place::None;
}

Queue::Group& Queue::group_for(const Pod& pod) {
  if (groups_by_template_.size() <= pod.tmpl.index()) groups_by_template_.resize(pod.tmpl.index() + 1);
  auto& of_template = groups_by_template_[pod.tmpl.index()];
  for (const std::uint32_t i : of_template) {
    if (groups_[i].owner == pod.owner && groups_[i].rejected_by == pod.rejected_by) return groups_[i];
  }
  of_template.push_back(static_cast<std::uint32_t>(groups_.size()));
  groups_.push_back({pod.tmpl, pod.owner, pod.rejected_by, {}, 0});
  return groups_.back();
}

void Queue::add(const Pod& pod, bool gated) { put(pod, gated ? Place::Gated : Place::Active); }

void Queue::remove(PodId pod) {
  const std::uint32_t slot = slot_of(pod);
  if (slot == kNoSlot) return;
  leave(slots_[slot]);
  ++slots_[slot].version;
  slot_by_pod_[pod.index()] = kNoSlot;
  free_.push_back(slot);
}

bool Queue::drop_dead(std::vector<Entry>& heap, Place place) {
  while (!heap.empty()) {
    const Entry& top = heap.front();
    const Pod& p = slots_[top.slot];
    if (p.place == place && p.version == top.version) return true;
    std::pop_heap(heap.begin(), heap.end(), Entry::later);
    heap.pop_back();
  }
  return false;
}

std::optional<Queue::Pod> Queue::pop(SimTime now) {
  flush(now);
  const bool active = drop_dead(active_, Place::Active);
  if (!active && !drop_dead(backoff_, Place::Backoff)) return std::nullopt;
  std::vector<Entry>& heap = active ? active_ : backoff_;
  Pod out = slots_[heap.front().slot];
  std::pop_heap(heap.begin(), heap.end(), Entry::later);
  heap.pop_back();
  remove(out.pod);
  ++out.attempts;
  return out;
}

void Queue::rejected(Pod pod, std::uint64_t plugins, SimTime now) {
  pod.timestamp = now;
  pod.rejected_by = plugins;
  pod.error_count = 0;
  ++pod.unschedulable_count;
  put(pod, Place::Unschedulable);
}

void Queue::failed(Pod pod, SimTime now) {
  pod.timestamp = now;
  pod.rejected_by = 0;
  ++pod.error_count;
  put(pod, Place::ErrorBackoff);
}

void Queue::to_active_or_backoff(std::uint32_t slot, SimTime now, base::Seq cause) {
  Pod pod = slots_[slot];
  if (cause != 0) pod.cause = cause;
  put(pod, backing_off(pod, now) ? Place::Backoff : Place::Active);
}

void Queue::release(PodId pod, SimTime now, base::Seq cause) {
  const std::uint32_t slot = slot_of(pod);
  if (slot == kNoSlot) return;
  if (slots_[slot].place == Place::Unschedulable || slots_[slot].place == Place::Gated)
    to_active_or_backoff(slot, now, cause);
}

void Queue::move_group(Group& group, SimTime now, base::Seq cause) {
  const auto members = std::move(group.members);
  group.members.clear();
  for (const auto& [slot, version] : members) {
    if (slots_[slot].place == Place::Unschedulable && slots_[slot].version == version)
      to_active_or_backoff(slot, now, cause);
  }
}

void Queue::flush(SimTime now) {
  const SimTime second = whole_second(now);
  for (auto* heap : {&backoff_, &error_backoff_}) {
    const Place place = heap == &backoff_ ? Place::Backoff : Place::ErrorBackoff;
    while (drop_dead(*heap, place) && heap->front().expiry < second) put(slots_[heap->front().slot], Place::Active);
  }
  const SimTime look{now.ns / kFlushEvery * kFlushEvery};
  while (!leftovers_.empty()) {
    const auto [slot, version] = leftovers_.front();
    const Pod& p = slots_[slot];
    const bool live = p.place == Place::Unschedulable && p.version == version;
    if (live && look - p.timestamp <= settings_.unschedulable_flush) break;
    leftovers_.pop_front();
    if (live) to_active_or_backoff(slot, look, 0);
  }
}

bool Queue::has_work(SimTime now) {
  flush(now);
  return count(Place::Active) > 0 || count(Place::Backoff) > 0;
}

SimTime Queue::next_wakeup() const {
  SimTime next = SimTime::never();
  if (count(Place::ErrorBackoff) > 0 && !error_backoff_.empty())
    next = error_backoff_.front().expiry + base::seconds(1);
  for (const auto& [slot, version] : leftovers_) {
    const Pod& p = slots_[slot];
    if (p.place != Place::Unschedulable || p.version != version) continue;
    const SimTime due = p.timestamp + settings_.unschedulable_flush;
    next = std::min(next, SimTime{(due.ns / kFlushEvery + 1) * kFlushEvery});
    break;
  }
  return next;
}

}  // namespace wavetank::schedule
