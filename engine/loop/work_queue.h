#pragma once
// A controller's work queue, after client-go's: keys are de-duplicated, a key is never in two workers' hands, one that
// changed while it was being worked on comes back, failures back off exponentially.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/ids.h"

namespace wavetank::loop {

/// First in, first out over a ring that keeps its memory.
template <class T>
class Ring {
 public:
  [[nodiscard]] bool empty() const { return head_ == tail_; }
  [[nodiscard]] std::size_t size() const { return tail_ - head_; }
  T& front() { return slots_[head_ & (slots_.size() - 1)]; }
  [[nodiscard]] const T& front() const { return slots_[head_ & (slots_.size() - 1)]; }
  void pop() { ++head_; }
  void push(T value) {
    if (size() == slots_.size()) grow();
    slots_[tail_++ & (slots_.size() - 1)] = std::move(value);
  }

 private:
  void grow() {
    std::vector<T> bigger(slots_.empty() ? 64 : slots_.size() * 2);
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) bigger[i] = std::move(slots_[(head_ + i) & (slots_.size() - 1)]);
    slots_ = std::move(bigger);
    head_ = 0;
    tail_ = count;
  }
  std::vector<T> slots_;  // a power of two
  std::size_t head_ = 0, tail_ = 0;
};

class WorkQueue {
 public:
  WorkQueue() = default;
  WorkQueue(base::Duration first_back_off, base::Duration longest_back_off)
      : first_(first_back_off), longest_(longest_back_off) {}

  /// Marks a key dirty. `cause` is what a sync of it will be put down to. Amortised O(1).
  void add(event::Ref key, base::Seq cause) {
    KeyState& k = state(key);
    if (cause != 0) k.cause = cause;
    if (k.processing) {
      k.dirty = true;
    } else if (!k.queued) {
      k.queued = true;
      ready_.push(key);
    }
  }

  /// What the next sync of the key will be put down to, though the key is added later.
  void note_cause(event::Ref key, base::Seq cause) { state(key).cause = cause; }
  /// Notes that the key shall be added at `at`; false if an earlier or equal time is already noted. The caller keeps
  /// the timer.
  bool note_wake(event::Ref key, base::SimTime at) {
    KeyState& k = state(key);
    if (k.wake_at <= at) return false;
    k.wake_at = at;
    return true;
  }
  /// A timer for `at` fired: adds the key, unless the timer is stale.
  void fire(event::Ref key, base::SimTime at) {
    KeyState& k = state(key);
    if (k.wake_at != at) return;
    k.wake_at = base::SimTime::never();
    add(key, 0);
  }

  [[nodiscard]] bool empty() const { return ready_.empty(); }
  struct Item {
    event::Ref key;
    base::Seq cause;
  };
  Item take() {
    const event::Ref key = ready_.front();
    ready_.pop();
    KeyState& k = state(key);
    k.queued = false;
    k.processing = true;
    k.dirty = false;
    const base::Seq cause = k.cause;
    k.cause = 0;
    return {key, cause};
  }
  /// The sync of `key` ended. Returns the back-off after a failure (the first · 2^n, at most the longest), zero after
  /// success.
  base::Duration done(event::Ref key, bool failed) {
    KeyState& k = state(key);
    k.processing = false;
    base::Duration back_off{};
    if (failed) {
      back_off = first_ * (std::int64_t{1} << (k.failures < 18 ? k.failures : 18));
      if (back_off > longest_) back_off = longest_;
      if (k.failures < 255) ++k.failures;
    } else {
      k.failures = 0;
    }
    if (k.dirty) {
      k.dirty = false;
      k.queued = true;
      ready_.push(key);
    }
    return back_off;
  }

 private:
  struct KeyState {
    base::Seq cause = 0;
    base::SimTime wake_at = base::SimTime::never();
    std::uint8_t failures = 0;
    bool queued = false, processing = false, dirty = false;
  };
  KeyState& state(event::Ref key) {
    std::vector<KeyState>& of_kind = keys_[static_cast<std::size_t>(key.kind)];
    if (of_kind.size() <= key.row) of_kind.resize(static_cast<std::size_t>(key.row) + 1);
    return of_kind[key.row];
  }

  base::Duration first_ = base::milliseconds(5), longest_ = base::seconds(1000);
  Ring<event::Ref> ready_;
  std::array<std::vector<KeyState>, model::kKindCount> keys_;  // dense by row: keys are rows of the state
};

}  // namespace wavetank::loop
