#include "engine/schedule/queue.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace wavetank::schedule {
namespace {

constexpr std::uint32_t kNoSlot = 0xffffffffU;
constexpr std::uint32_t kNoGroup = 0xffffffffU;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFlushEvery = 30 * kSecond;
/// Priorities with a lane of their own. Clusters have few; the pods of others go through a heap.
constexpr std::size_t kMaxLanes = 16;
/// Lists and slots smaller than this are not worth tidying up.
constexpr std::size_t kSmall = 1024;

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

// ---- Slots ----

std::uint32_t Queue::slot_of(PodId pod) const {
  return pod.index() < slot_by_pod_.size() ? slot_by_pod_[pod.index()] : kNoSlot;
}

const Queue::Pod* Queue::find(PodId pod) const {
  const std::uint32_t slot = slot_of(pod);
  return slot == kNoSlot ? nullptr : &slots_[slot];
}

std::uint32_t Queue::make_slot(PodId pod) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  if (slot_by_pod_.size() <= pod.index()) slot_by_pod_.resize(pod.index() + 1, kNoSlot);
  slot_by_pod_[pod.index()] = slot;
  return slot;
}

void Queue::leave(Pod& pod) {
  --counts_[static_cast<std::size_t>(pod.place)];
  if (pod.place == Place::Unschedulable) leave_group(pod);
  pod.place = Place::None;
  ++pod.version;
}

void Queue::put(std::uint32_t slot, Place place) {
  Pod& pod = slots_[slot];
  if (pod.place != Place::None) leave(pod);
  ++pod.version;
  pod.place = place;
  ++counts_[static_cast<std::size_t>(place)];
  switch (place) {
    case Place::Active:
      push_active(slot);
      break;
    case Place::Backoff:
      push(backoff_, slot, true);
      break;
    case Place::ErrorBackoff:
      push(error_backoff_, slot, true);
      break;
    case Place::Unschedulable:
      join_group(slot);
      leftovers_.push({slot, pod.version});
      break;
    case Place::Gated:
    case Place::InFlight:
    case Place::None:
      break;
  }
}

void Queue::add(const Pod& pod, std::uint8_t gating) {
  remove(pod.pod);
  const std::uint32_t slot = make_slot(pod.pod);
  const std::uint32_t version = slots_[slot].version;
  slots_[slot] = pod;
  slots_[slot].version = version;
  slots_[slot].place = Place::None;
  slots_[slot].gating = gating;
  if (gating != kNotGated) slots_[slot].rejected_by |= PluginMask{1} << gating;
  put(slot, gating == kNotGated ? Place::Active : Place::Gated);
}

void Queue::remove(PodId pod) {
  const std::uint32_t slot = slot_of(pod);
  if (slot == kNoSlot) return;
  leave(slots_[slot]);
  slot_by_pod_[pod.index()] = kNoSlot;
  free_.push_back(slot);
  shrink();
}

/// Numbers the slots anew when most are free. O(pods that wait + entries of lists), paid for by the pods that went.
void Queue::shrink() {
  const std::size_t used = slots_.size() - free_.size();
  if (slots_.size() < kSmall || used * 4 > slots_.size()) return;
  std::vector<std::uint32_t> renumbered(slots_.size(), kNoSlot);
  std::vector<Pod> slots;
  slots.reserve(used * 2);
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    if (slots_[s].place == Place::None) continue;
    renumbered[s] = static_cast<std::uint32_t>(slots.size());
    slot_by_pod_[slots_[s].pod.index()] = renumbered[s];
    slots.push_back(slots_[s]);
  }
  const auto keep = [&](Place place) {
    return [this, place, &renumbered](Item& item) {
      if (!live(item, place)) return false;
      item.first = renumbered[item.first];
      return true;
    };
  };
  for (Lane& lane : lanes_) lane.items.filter(keep(Place::Active));
  leftovers_.filter(keep(Place::Unschedulable));
  for (Family& f : families_) {
    for (const std::uint32_t g : f.groups) {
      auto& members = groups_[g].members;
      std::erase_if(members, [&](Item& m) { return slots_[m.first].group != g || !keep(Place::Unschedulable)(m); });
    }
  }
  for (auto* heap : {&unordered_, &backoff_, &error_backoff_}) {
    const Place place = heap == &backoff_         ? Place::Backoff
                        : heap == &error_backoff_ ? Place::ErrorBackoff
                                                  : Place::Active;
    std::erase_if(*heap, [&](const Entry& e) { return !live({e.slot, e.version}, place); });
    for (Entry& e : *heap) e.slot = renumbered[e.slot];
    heap->shrink_to_fit();
    std::make_heap(heap->begin(), heap->end(), Entry::later);
  }
  slots_ = std::move(slots);
  free_ = std::vector<std::uint32_t>();  // not {}: that keeps the memory
}

std::size_t Queue::bytes() const {
  std::size_t sum = slots_.capacity() * sizeof(Pod) + (free_.capacity() + slot_by_pod_.capacity()) * 4 +
                    (unordered_.capacity() + backoff_.capacity() + error_backoff_.capacity()) * sizeof(Entry) +
                    leftovers_.bytes() + groups_.capacity() * sizeof(Group) +
                    groups_by_template_.capacity() * sizeof(groups_by_template_[0]);
  for (const Lane& lane : lanes_) sum += lane.items.bytes();
  for (const Group& g : groups_) sum += g.members.capacity() * sizeof(Item);
  return sum;
}

// ---- Order ----

Queue::Entry Queue::entry(std::uint32_t slot, bool with_expiry) const {
  const Pod& p = slots_[slot];
  return {with_expiry ? backoff_until(p) : SimTime{0}, p.timestamp, p.priority, p.pod, slot, p.version};
}

void Queue::push(std::vector<Entry>& heap, std::uint32_t slot, bool with_expiry) {
  const Place place = slots_[slot].place;
  if (heap.size() > kSmall && heap.size() > count(place) * 2) {
    std::erase_if(heap, [&](const Entry& e) { return !live({e.slot, e.version}, place); });
    std::make_heap(heap.begin(), heap.end(), Entry::later);
  }
  heap.push_back(entry(slot, with_expiry));
  std::push_heap(heap.begin(), heap.end(), Entry::later);
}

void Queue::pop_entry(std::vector<Entry>& heap) {
  std::pop_heap(heap.begin(), heap.end(), Entry::later);
  heap.pop_back();
  if (heap.capacity() > kSmall && heap.size() * 4 < heap.capacity()) {
    std::vector<Entry> smaller;
    smaller.reserve(heap.size() * 2);
    smaller.assign(heap.begin(), heap.end());
    heap = std::move(smaller);
  }
}

/// Whether a live entry is left; it is then the first.
bool Queue::drop_dead(std::vector<Entry>& heap, Place place) {
  while (!heap.empty()) {
    if (live({heap.front().slot, heap.front().version}, place)) return true;
    pop_entry(heap);
  }
  return false;
}

void Queue::push_active(std::uint32_t slot) {
  const Pod& pod = slots_[slot];
  auto lane = std::lower_bound(lanes_.begin(), lanes_.end(), pod.priority,
                               [](const Lane& l, std::int32_t priority) { return l.priority > priority; });
  if (lane == lanes_.end() || lane->priority != pod.priority) {
    if (lanes_.size() >= kMaxLanes) std::erase_if(lanes_, [](const Lane& l) { return l.items.empty(); });
    if (lanes_.size() >= kMaxLanes) return push(unordered_, slot, false);
    lane = std::lower_bound(lanes_.begin(), lanes_.end(), pod.priority,
                            [](const Lane& l, std::int32_t priority) { return l.priority > priority; });
    lane = lanes_.insert(lane, Lane{pod.priority, {}, {}, {}});
  }
  const bool in_order = lane->items.empty() ||
                        std::pair(lane->last_timestamp, lane->last_pod.value) < std::pair(pod.timestamp, pod.pod.value);
  if (!in_order) return push(unordered_, slot, false);
  if (lane->items.size() > kSmall && lane->items.size() > count(Place::Active) * 2)
    lane->items.filter([this](const Item& item) { return live(item, Place::Active); });
  lane->items.push({slot, pod.version});
  lane->last_timestamp = pod.timestamp;
  lane->last_pod = pod.pod;
}

/// The first lane with a live pod in front; null when there is none.
Queue::Lane* Queue::first_lane() {
  for (Lane& lane : lanes_) {
    while (!lane.items.empty() && !live(lane.items.front(), Place::Active)) lane.items.pop();
    if (!lane.items.empty()) return &lane;
  }
  return nullptr;
}

/// Takes the first active pod off its list.
std::optional<std::uint32_t> Queue::first_active() {
  if (count(Place::Active) == 0) return std::nullopt;
  Lane* lane = first_lane();
  const bool in_heap = drop_dead(unordered_, Place::Active);
  if (lane != nullptr && (!in_heap || Entry::later(unordered_.front(), entry(lane->items.front().first, false)))) {
    const std::uint32_t slot = lane->items.front().first;
    lane->items.pop();
    return slot;
  }
  WT_ASSERT(in_heap, "an active pod is in a list");
  const std::uint32_t slot = unordered_.front().slot;
  pop_entry(unordered_);
  return slot;
}

std::optional<Queue::Pod> Queue::pop(SimTime now) {
  flush(now);
  std::optional<std::uint32_t> slot = first_active();
  if (!slot) {
    if (!drop_dead(backoff_, Place::Backoff)) return std::nullopt;
    slot = backoff_.front().slot;
    pop_entry(backoff_);
  }
  put(*slot, Place::InFlight);
  Pod& pod = slots_[*slot];
  ++pod.attempts;
  pod.rejected_by = 0;
  pod.gating = kNotGated;
  return pod;
}

// ---- Back-off ----

base::Duration Queue::backoff_of(const Pod& pod) const {
  const std::uint32_t count = pod.error_count > 0 ? pod.error_count : pod.unschedulable_count;
  if (count == 0) return base::Duration{0};
  base::Duration wait = settings_.pod_initial_backoff;
  for (std::uint32_t i = 1; i < count && wait < settings_.pod_max_backoff; ++i) wait = wait * 2;
  return std::min(wait, settings_.pod_max_backoff);
}

SimTime Queue::backoff_until(const Pod& pod) const {
  if (pod.error_count == 0 && pod.unschedulable_count == 0) return SimTime{0};
  return whole_second(pod.timestamp + backoff_of(pod));
}

bool Queue::backing_off(const Pod& pod, SimTime now) const {
  const bool tried = pod.error_count > 0 || pod.unschedulable_count > 0;
  return tried && backoff_until(pod) >= whole_second(now);
}

void Queue::rejected(PodId id, PluginMask plugins, bool helped, SimTime now, base::Seq cause) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return;
  Pod& pod = slots_[slot];
  pod.timestamp = now;
  pod.rejected_by = plugins;
  pod.error_count = 0;
  ++pod.unschedulable_count;
  if (!helped) return put(slot, Place::Unschedulable);
  to_active_or_backoff(slot, now, cause);
}

void Queue::failed(PodId id, SimTime now) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return;
  slots_[slot].timestamp = now;
  slots_[slot].rejected_by = 0;
  ++slots_[slot].error_count;
  put(slot, Place::ErrorBackoff);
}

void Queue::to_active_or_backoff(std::uint32_t slot, SimTime now, base::Seq cause) {
  Pod& pod = slots_[slot];
  if (cause != 0) pod.cause = cause;
  pod.gating = kNotGated;
  put(slot, backing_off(pod, now) ? Place::Backoff : Place::Active);
}

void Queue::release(PodId id, std::uint8_t gating, SimTime now, base::Seq cause) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return;
  Pod& pod = slots_[slot];
  if (pod.place != Place::Unschedulable && pod.place != Place::Gated) return;
  if (gating == kNotGated) return to_active_or_backoff(slot, now, cause);
  pod.gating = gating;
  pod.rejected_by |= PluginMask{1} << gating;
  put(slot, Place::Gated);
}

void Queue::note_cause(PodId id, base::Seq cause) {
  const std::uint32_t slot = slot_of(id);
  if (slot != kNoSlot && slots_[slot].place == Place::Unschedulable) slots_[slot].cause = cause;
}

void Queue::update(PodId id, event::TemplateId tmpl, std::int32_t priority) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return;
  Pod& pod = slots_[slot];
  if (pod.place == Place::Unschedulable) {
    // Only its group changes: a new version would put it behind younger ones among the leftovers.
    leave_group(pod);
    pod.tmpl = tmpl;
    pod.priority = priority;
    return join_group(slot);
  }
  pod.tmpl = tmpl;
  if (pod.priority == priority) return;
  pod.priority = priority;
  put(slot, pod.place);
}

// ---- Groups ----

std::uint32_t Queue::family_for(const Pod& pod) {
  for (std::size_t f = 0; f < families_.size(); ++f) {
    if (families_[f].rejected_by == pod.rejected_by && families_[f].profile == pod.profile)
      return static_cast<std::uint32_t>(f);
  }
  families_.push_back({pod.rejected_by, pod.profile, {}});
  return static_cast<std::uint32_t>(families_.size() - 1);
}

std::uint32_t Queue::group_for(const Pod& pod) {
  if (groups_by_template_.size() <= pod.tmpl.index()) groups_by_template_.resize(pod.tmpl.index() + 1);
  auto& of_template = groups_by_template_[pod.tmpl.index()];
  for (const std::uint32_t i : of_template) {
    if (groups_[i].owner == pod.owner && groups_[i].rejected_by == pod.rejected_by) return i;
  }
  const auto group = static_cast<std::uint32_t>(groups_.size());
  of_template.push_back(group);
  groups_.push_back({pod.tmpl, pod.owner, pod.rejected_by, pod.profile, {}, 0, family_for(pod), 0});
  return group;
}

void Queue::join_group(std::uint32_t slot) {
  Pod& pod = slots_[slot];
  pod.group = group_for(pod);
  Group& g = groups_[pod.group];
  if (g.members.size() > kSmall && g.members.size() > std::size_t{g.live} * 2) {
    std::erase_if(g.members, [&](const Item& m) {
      return !live(m, Place::Unschedulable) || slots_[m.first].group != pod.group || m.first == slot;
    });
  }
  g.members.emplace_back(slot, pod.version);
  if (g.live++ > 0) return;
  auto& list = families_[g.family].groups;
  g.position = static_cast<std::uint32_t>(list.size());
  list.push_back(pod.group);
}

void Queue::leave_group(Pod& pod) {
  Group& g = groups_[pod.group];
  pod.group = kNoGroup;
  if (--g.live > 0) return;
  g.members = std::vector<Item>();
  auto& list = families_[g.family].groups;
  groups_[list.back()].position = g.position;
  list[g.position] = list.back();
  list.pop_back();
}

// ---- Time ----

void Queue::flush_leftovers(SimTime now) {
  const SimTime look{now.ns / kFlushEvery * kFlushEvery};
  while (!leftovers_.empty()) {
    const Item item = leftovers_.front();
    const bool alive = live(item, Place::Unschedulable);
    if (alive && look - slots_[item.first].timestamp <= settings_.unschedulable_flush) break;
    leftovers_.pop();
    if (alive) to_active_or_backoff(item.first, look, 0);
  }
  if (leftovers_.size() > kSmall && leftovers_.size() > count(Place::Unschedulable) * 2)
    leftovers_.filter([this](const Item& item) { return live(item, Place::Unschedulable); });
}

void Queue::flush(SimTime now) {
  if (!leftovers_.empty()) flush_leftovers(now);
  const SimTime second = whole_second(now);
  for (auto* heap : {&backoff_, &error_backoff_}) {
    const Place place = heap == &backoff_ ? Place::Backoff : Place::ErrorBackoff;
    while (drop_dead(*heap, place) && heap->front().expiry < second) {
      const std::uint32_t slot = heap->front().slot;
      pop_entry(*heap);
      put(slot, Place::Active);
    }
  }
}

bool Queue::has_work(SimTime now) {
  flush(now);
  return count(Place::Active) > 0 || count(Place::Backoff) > 0;
}

/// Dead entries in front are gone after the next flush().
SimTime Queue::next_wakeup() const {
  SimTime next = SimTime::never();
  if (!error_backoff_.empty()) next = error_backoff_.front().expiry + base::seconds(1);
  std::size_t first = 0;
  while (first < leftovers_.size() && !live(leftovers_[first], Place::Unschedulable)) ++first;
  if (first < leftovers_.size()) {
    const SimTime due = slots_[leftovers_[first].first].timestamp + settings_.unschedulable_flush;
    next = std::min(next, SimTime{(due.ns / kFlushEvery + 1) * kFlushEvery});
  }
  return next;
}

std::vector<const Queue::Pod*> Queue::waiting() const {
  struct Ordered {
    Place place;
    Entry entry;
  };
  std::vector<Ordered> all;
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    const Place place = slots_[s].place;
    if (place == Place::None || place == Place::InFlight) continue;
    Entry e = entry(static_cast<std::uint32_t>(s), place == Place::Backoff || place == Place::ErrorBackoff);
    if (place == Place::Unschedulable || place == Place::Gated) e.priority = 0;
    all.push_back({place, e});
  }
  std::sort(all.begin(), all.end(), [](const Ordered& a, const Ordered& b) {
    return a.place != b.place ? a.place < b.place : Entry::later(b.entry, a.entry);
  });
  std::vector<const Pod*> out;
  for (const Ordered& o : all) out.push_back(&slots_[o.entry.slot]);
  return out;
}

}  // namespace wavetank::schedule
