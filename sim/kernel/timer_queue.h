#pragma once
// The future event list: pending timers in the total order (time, priority, sequence of push).
//
// A radix queue. Times are cut into bytes; a timer lies in the bucket of the highest byte in which its time differs
// from `base_` (8 levels of 256 buckets). The lowest bucket is opened when its turn comes: a small one is sorted into
// the *run* that timers are popped from, a large one is dealt out to the level below. Timers pushed into the span that
// is already open go to the end of the run if they fit there, else to a small heap, the *side*; if many do, the open
// span is dealt out again, more finely. Nothing is tuned to a distribution: bytes of the time decide.
//
//   operation   typical                                   worst case
//   push        O(1): append to a bucket                  O(log s), s timers in the side; amortised O(1) re-dealing
//   top         O(1)                                      O(b) to open a bucket of b timers, amortised below
//   pop         O(1) amortised: a timer is moved at most  O(log b), when b timers share one nanosecond and come in no
//               once a level (8), in practice 2 or 3      order of priority, or all are pushed before an opened span
//   memory      32 B a timer in chunks of 31, all recycled; one partly filled chunk (1 KB) a bucket in use, at most 2
//   MB;
//               plus 64 KB fixed
//
// Timers need not be pushed in the future of the last pop: order holds for any sequence of calls. It is only slower (as
// a binary heap) when many are pushed before a moment that top() has already looked at.
//
// There is no cancel: whoever sets timers keeps a generation in `extra` and ignores a timer of an older one. A stale
// timer costs one push and pop, while a handle would cost an indirection in every move of every timer.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "engine/base/codec.h"
#include "engine/base/time.h"

namespace wavetank::kernel {

/// A pending thing. Plain data; what kind, subject and extra mean is the owner's business.
struct Timer {
  base::SimTime at;
  std::uint64_t order =
      0;  ///< Priority in the upper 8 bits (0 goes first), sequence number of the push in the lower 56.
  std::uint64_t extra = 0;
  std::uint32_t subject = 0;
  std::uint16_t kind = 0;
  std::uint16_t detail = 0;

  [[nodiscard]] std::uint8_t priority() const { return static_cast<std::uint8_t>(order >> 56); }
  [[nodiscard]] std::uint64_t seq() const { return order & ((std::uint64_t{1} << 56) - 1); }
  bool operator==(const Timer&) const = default;

  template <class A>
  void fields(A& a) {
    std::uint8_t first = priority();
    std::uint64_t number = seq();
    a(at, first, number, kind, detail, subject, extra);
    order = (std::uint64_t{first} << 56) | (number & ((std::uint64_t{1} << 56) - 1));
  }
};
static_assert(std::is_trivially_copyable_v<Timer> && sizeof(Timer) == 32);

/// The total order: no two timers of one queue are equal in it.
inline bool before(const Timer& a, const Timer& b) { return a.at != b.at ? a.at < b.at : a.order < b.order; }

class TimerQueue {
 public:
  TimerQueue();
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;  // 64 KB of buckets that point into chunks; copy through fields()
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Adds a timer. Timers of one time come in order of priority (0 first), those of one priority in order of push.
  void push(base::SimTime at, std::uint8_t priority, std::uint16_t kind, std::uint32_t subject, std::uint64_t extra = 0,
            std::uint16_t detail = 0) {
    insert({at, (std::uint64_t{priority} << 56) | next_seq_++, extra, subject, kind, detail});
  }

  /// The first timer; the queue must not be empty. Valid until the next call of push, pop or clear.
  [[nodiscard]] const Timer& top() {
    if (run_at_ == run_.size() && side_.empty()) open_next();
    return side_is_first() ? side_.front() : run_[run_at_];
  }

  /// Removes and returns the first timer; the queue must not be empty.
  Timer pop() {
    if (run_at_ == run_.size() && side_.empty()) open_next();
    --size_;
    if (side_is_first()) return pop_side();
    return run_[run_at_++];
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// How many timers were ever pushed.
  [[nodiscard]] std::uint64_t pushed() const { return next_seq_; }
  void clear();

  /// All pending timers in order: O(n log n).
  [[nodiscard]] std::vector<Timer> sorted() const;

  /// Written in order, so the bytes depend only on what is pending, not on how the queue came to it.
  template <class A>
  void fields(A& a) {
    std::uint64_t next = next_seq_;
    std::vector<Timer> all = sorted();
    a(next, all);
    if constexpr (std::is_same_v<A, base::Reader>) {
      if (!restore(next, std::move(all))) a.fail();
    }
  }

 private:
  static constexpr unsigned kBits = 8;
  static constexpr unsigned kLevels = 64 / kBits;
  static constexpr std::size_t kBuckets = std::size_t{1} << kBits;
  static constexpr std::size_t kChunk = 31;
  static constexpr std::size_t kSmall = 32;        // a bucket up to this size is sorted, a larger one dealt out
  static constexpr std::size_t kReDealAfter = 64;  // pushes into the open span before it is dealt out more finely

  struct Chunk {
    Chunk* next;
    std::uint64_t unused[3];
    Timer timers[kChunk];
  };
  struct Bucket {
    Chunk* first;
    Chunk* last;
    std::uint32_t count;    // of all chunks
    std::uint32_t in_last;  // of the last; the others are full
  };
  struct Level {
    std::array<std::uint64_t, kBuckets / 64> used{};
    std::array<Bucket, kBuckets> buckets{};
  };

  // Times as unsigned numbers in the same order.
  static std::uint64_t key_of(base::SimTime t) { return static_cast<std::uint64_t>(t.ns) ^ (std::uint64_t{1} << 63); }

  void insert(const Timer& timer) {
    ++size_;
    const std::uint64_t key = key_of(timer.at);
    if (key <= last_) return insert_into_open(timer, key);
    const unsigned level = static_cast<unsigned>(63 - std::countl_zero(key ^ base_)) / kBits;
    append(level, (key >> (level * kBits)) & (kBuckets - 1), timer);
  }

  void append(unsigned level, std::size_t index, const Timer& timer) {
    Level& l = levels_[level];
    Bucket& b = l.buckets[index];
    if (b.count == 0) {
      l.used[index / 64] |= std::uint64_t{1} << (index % 64);
      levels_used_ |= 1U << level;
      b.first = b.last = take_chunk();
      b.in_last = 0;
    } else if (b.in_last == kChunk) {
      b.last = b.last->next = take_chunk();
      b.in_last = 0;
    }
    b.last->timers[b.in_last++] = timer;
    ++b.count;
  }

  Chunk* take_chunk() {
    if (free_ == nullptr) add_slab();
    Chunk* c = free_;
    free_ = c->next;
    return c;
  }
  void free_chunk(Chunk* c) {
    c->next = free_;
    free_ = c;
  }

  [[nodiscard]] bool side_is_first() const {
    return !side_.empty() && (run_at_ == run_.size() || before(side_.front(), run_[run_at_]));
  }

  void insert_into_open(const Timer& timer, std::uint64_t key);
  Timer pop_side();
  void open_next();
  void deal_out(const Bucket& bucket, unsigned level);
  void sort_small(const Bucket& bucket);
  void sort_large(const Bucket& bucket);
  void free_chunks(const Bucket& bucket);
  void re_deal();
  void add_slab();
  Bucket take_bucket(unsigned level, std::size_t index);
  bool restore(std::uint64_t next, std::vector<Timer> all);

  std::uint64_t base_;  // the start of the open span; the level of a timer is the highest byte that differs from it
  std::uint64_t
      last_;  // its end, inclusive: whatever is due up to here is in the run or the side, all else in the levels
  std::vector<Timer> run_;
  std::size_t run_at_ = 0;
  std::vector<Timer> side_;     // a heap
  std::vector<Timer> scratch_;  // of re_deal(), kept so that it allocates once
  std::size_t into_open_ = 0;   // pushes at or after base_ into the open span since it was opened
  std::size_t size_ = 0;
  std::uint64_t next_seq_ = 0;
  std::uint32_t levels_used_ = 0;
  Chunk* free_ = nullptr;
  std::vector<std::unique_ptr<Chunk[]>> slabs_;
  std::array<Level, kLevels> levels_;
};

}  // namespace wavetank::kernel
