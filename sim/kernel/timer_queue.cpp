#include "sim/kernel/timer_queue.h"

#include <algorithm>
#include <utility>

#include "engine/base/assert.h"

namespace wavetank::kernel {
namespace {

bool after(const Timer& a, const Timer& b) { return before(b, a); }
bool pushed_before(const Timer& a, const Timer& b) { return a.seq() < b.seq(); }

}  // namespace

TimerQueue::TimerQueue() : base_(key_of({0})), last_(base_) {}
TimerQueue::~TimerQueue() = default;

void TimerQueue::add_slab() {
  constexpr std::size_t kChunks = 64;
  slabs_.push_back(std::make_unique<Chunk[]>(kChunks));
  for (std::size_t i = kChunks; i > 0; --i) free_chunk(&slabs_.back()[i - 1]);
}

void TimerQueue::insert_into_open(const Timer& timer, std::uint64_t key) {
  if (run_at_ == run_.size() && run_at_ != 0) {
    run_.clear();
    run_at_ = 0;
  }
  if (run_.empty() || before(run_.back(), timer)) {
    if (run_at_ > 1024 && run_at_ > run_.size() / 2) {
      run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(run_at_));
      run_at_ = 0;
    }
    run_.push_back(timer);
  } else {
    side_.push_back(timer);
    std::push_heap(side_.begin(), side_.end(), after);
  }
  // Worth it only when it makes the span finer, and when the timers to be moved are not many more than those that came.
  if (key < base_ || base_ == last_ || ++into_open_ <= kReDealAfter) return;
  if (into_open_ * 4 > run_.size() - run_at_ + side_.size()) re_deal();
}

Timer TimerQueue::pop_side() {
  std::pop_heap(side_.begin(), side_.end(), after);
  const Timer timer = side_.back();
  side_.pop_back();
  return timer;
}

TimerQueue::Bucket TimerQueue::take_bucket(unsigned level, std::size_t index) {
  Level& l = levels_[level];
  l.used[index / 64] &= ~(std::uint64_t{1} << (index % 64));
  std::uint64_t any = 0;
  for (const std::uint64_t word : l.used) any |= word;
  if (any == 0) levels_used_ &= ~(1U << level);
  return std::exchange(l.buckets[index], Bucket{});
}

// The open span is used up: opens the lowest bucket, and of a large one the lowest part.
void TimerQueue::open_next() {
  WT_ASSERT(size_ > 0, "no timer is pending");
  run_.clear();
  run_at_ = 0;
  into_open_ = 0;
  for (;;) {
    const auto level = static_cast<unsigned>(std::countr_zero(levels_used_));
    const Level& l = levels_[level];
    std::size_t word = 0;
    while (l.used[word] == 0) ++word;
    const std::size_t index = word * 64 + static_cast<std::size_t>(std::countr_zero(l.used[word]));
    const unsigned shift = level * kBits;
    const std::uint64_t above = level + 1 == kLevels ? 0 : ~std::uint64_t{0} << (shift + kBits);
    base_ = (base_ & above) | (std::uint64_t{index} << shift);
    last_ = base_ | ((std::uint64_t{1} << shift) - 1);
    const Bucket bucket = take_bucket(level, index);
    const bool small = bucket.count <= kSmall && level + 1 < kLevels;
    if (!small && level > 0) {
      deal_out(bucket, level - 1);
      continue;
    }
    small ? sort_small(bucket) : sort_large(bucket);
    return free_chunks(bucket);
  }
}

// Hands the chunks back, which stay readable until the next one is taken.
void TimerQueue::free_chunks(const Bucket& bucket) {
  bucket.last->next = free_;
  free_ = bucket.first;
}

void TimerQueue::deal_out(const Bucket& bucket, unsigned level) {
  const unsigned shift = level * kBits;
  std::size_t left = bucket.count;
  for (Chunk* c = bucket.first; left > 0;) {
    const std::size_t count = std::min(left, kChunk);
    for (std::size_t i = 0; i < count; ++i) {
      append(level, (key_of(c->timers[i].at) >> shift) & (kBuckets - 1), c->timers[i]);
    }
    left -= count;
    Chunk* next = c->next;
    free_chunk(c);
    c = next;
  }
}

// A bucket's timers are in order of push: appending, dealing out and re_deal() keep that. So the place in the bucket
// stands for the sequence number, and all that must be compared fits one word: 48 bits of time (hence never from the
// highest level), 8 of priority, 8 of place.
void TimerQueue::sort_small(const Bucket& bucket) {
  static_assert(kSmall <= 256);
  std::array<std::uint64_t, kSmall> keys;
  std::array<const Timer*, (kSmall + kChunk - 1) / kChunk> chunks{};
  const Chunk* chunk = bucket.first;
  for (std::size_t n = 0; n < bucket.count; ++n) {
    if (n != 0 && n % kChunk == 0) chunk = chunk->next;
    chunks[n / kChunk] = chunk->timers;
    const Timer& timer = chunk->timers[n % kChunk];
    const std::uint64_t key = (key_of(timer.at) - base_) << 16 | std::uint64_t{timer.priority()} << 8 | n;
    std::size_t i = n;
    for (; i > 0 && keys[i - 1] > key; --i) keys[i] = keys[i - 1];
    keys[i] = key;
  }
  run_.resize(bucket.count);
  for (std::size_t i = 0; i < bucket.count; ++i) {
    const std::size_t place = keys[i] & 255U;
    run_[i] = chunks[place / kChunk][place % kChunk];
  }
}

// Many timers of one nanosecond: in order of push they are already sorted, unless priorities are mixed.
void TimerQueue::sort_large(const Bucket& bucket) {
  std::size_t left = bucket.count;
  for (const Chunk* c = bucket.first; left > 0; c = c->next) {
    const std::size_t count = std::min(left, kChunk);
    run_.insert(run_.end(), c->timers, c->timers + count);
    left -= count;
  }
  if (!std::is_sorted(run_.begin(), run_.end(), before)) std::sort(run_.begin(), run_.end(), before);
}

// Deals out the open span relative to its first timer, which alone stays open. The levels below the span's are empty,
// because the lowest bucket was opened, and base_ moves within the span, so what lies in the levels above stays right.
void TimerQueue::re_deal() {
  const Timer& first = side_is_first() ? side_.front() : run_[run_at_];
  base_ = std::max(base_, key_of(first.at));
  last_ = base_;
  scratch_.assign(run_.begin() + static_cast<std::ptrdiff_t>(run_at_), run_.end());
  scratch_.insert(scratch_.end(), side_.begin(), side_.end());
  std::sort(scratch_.begin(), scratch_.end(), pushed_before);
  run_.clear();
  run_at_ = 0;
  side_.clear();
  into_open_ = 0;
  size_ -= scratch_.size();
  for (const Timer& timer : scratch_) insert(timer);
}

void TimerQueue::clear() {
  while (levels_used_ != 0) {
    const auto level = static_cast<unsigned>(std::countr_zero(levels_used_));
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (levels_[level].buckets[i].count == 0) continue;
      free_chunks(take_bucket(level, i));
    }
  }
  base_ = last_ = key_of({0});
  run_.clear();
  run_at_ = 0;
  side_.clear();
  into_open_ = 0;
  size_ = 0;
}

std::vector<Timer> TimerQueue::sorted() const {
  std::vector<Timer> all(run_.begin() + static_cast<std::ptrdiff_t>(run_at_), run_.end());
  all.reserve(size_);
  all.insert(all.end(), side_.begin(), side_.end());
  for (const Level& l : levels_) {
    for (const Bucket& b : l.buckets) {
      std::size_t left = b.count;
      for (const Chunk* c = b.first; left > 0; c = c->next) {
        const std::size_t n = std::min(left, kChunk);
        all.insert(all.end(), c->timers, c->timers + n);
        left -= n;
      }
    }
  }
  std::sort(all.begin(), all.end(), before);
  return all;
}

bool TimerQueue::restore(std::uint64_t next, std::vector<Timer> all) {
  clear();
  std::sort(all.begin(), all.end(), pushed_before);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool repeated = i > 0 && all[i - 1].seq() == all[i].seq();
    if (repeated || all[i].seq() >= next) return false;
  }
  next_seq_ = next;
  for (const Timer& timer : all) insert(timer);
  return true;
}

}  // namespace wavetank::kernel
