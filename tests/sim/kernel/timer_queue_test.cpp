#include "sim/kernel/timer_queue.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/codec.h"
#include "engine/base/prng.h"

using namespace wavetank;
using kernel::Timer;
using kernel::TimerQueue;

namespace {

struct Before {
  bool operator()(const Timer& a, const Timer& b) const { return kernel::before(a, b); }
};

// The queue beside the plainest thing with the same order; every pop is compared. The subject numbers the pushes, so a
// timer that loses its payload on the way is seen.
class Pair {
 public:
  void push(std::int64_t at, std::uint8_t priority = 0) {
    const auto n = static_cast<std::uint32_t>(pushed_++);
    queue_->push({at}, priority, static_cast<std::uint16_t>(n % 7), n, std::uint64_t{n} << 33,
                 static_cast<std::uint16_t>(n));
    reference_.insert({{at},
                       (std::uint64_t{priority} << 56) | n,
                       std::uint64_t{n} << 33,
                       n,
                       static_cast<std::uint16_t>(n % 7),
                       static_cast<std::uint16_t>(n)});
  }
  Timer pop() {
    const Timer expected = *reference_.begin();
    reference_.erase(reference_.begin());
    const Timer seen = queue_->top();
    const Timer popped = queue_->pop();
    if (!(seen == expected) || !(popped == expected) || queue_->size() != reference_.size()) {
      INFO("after " << pushed_ << " pushes, " << reference_.size() << " pending");
      REQUIRE(seen == expected);
      REQUIRE(popped == expected);
      REQUIRE(queue_->size() == reference_.size());
    }
    return popped;
  }
  // Looks without taking: opens the next span while earlier timers may still come.
  void peek() {
    if (!(queue_->top() == *reference_.begin())) REQUIRE(queue_->top() == *reference_.begin());
  }
  void drain() {
    while (!reference_.empty()) pop();
    REQUIRE(queue_->empty());
  }
  [[nodiscard]] std::size_t size() const { return reference_.size(); }
  TimerQueue& queue() { return *queue_; }
  [[nodiscard]] std::vector<Timer> expected() const { return {reference_.begin(), reference_.end()}; }

 private:
  std::unique_ptr<TimerQueue> queue_ = std::make_unique<TimerQueue>();
  std::set<Timer, Before> reference_;
  std::uint64_t pushed_ = 0;
};

// The n-th distance from now of a made-up workload.
struct Shape {
  const char* name;
  std::function<std::int64_t(const base::Stream&, std::uint64_t)> delay;
};

std::int64_t log_uniform(const base::Stream& s, std::uint64_t n) {
  return static_cast<std::int64_t>(s.bits(2 * n) >> (2 + s.below(61, 2 * n + 1)));
}

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {"all now", [](const base::Stream&, std::uint64_t) { return std::int64_t{0}; }},
      {"always one second", [](const base::Stream&, std::uint64_t) { return std::int64_t{1'000'000'000}; }},
      {"0 or 1 ns", [](const base::Stream& s, std::uint64_t n) { return static_cast<std::int64_t>(s.below(2, n)); }},
      {"up to 2 s",
       [](const base::Stream& s, std::uint64_t n) { return static_cast<std::int64_t>(s.below(2'000'000'000, n)); }},
      {"whole seconds", [](const base::Stream& s,
                           std::uint64_t n) { return static_cast<std::int64_t>(s.below(10, n)) * 1'000'000'000; }},
      {"near or far",
       [](const base::Stream& s, std::uint64_t n) {
         return s.below(10, 2 * n) < 9 ? static_cast<std::int64_t>(s.below(1'000, 2 * n + 1)) : 3'600'000'000'000;
       }},
      {"every magnitude", log_uniform},
      {"ever farther", [](const base::Stream&, std::uint64_t n) { return static_cast<std::int64_t>(n * n * 1'000); }},
      {"ever nearer",
       [](const base::Stream&, std::uint64_t n) { return static_cast<std::int64_t>(40'000'000'000 / (n + 1)); }},
      {"powers of 256 and neighbours",
       [](const base::Stream& s, std::uint64_t n) {
         return (std::int64_t{1} << (8 * s.below(7, 2 * n))) + static_cast<std::int64_t>(s.below(3, 2 * n + 1)) - 1;
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("timers come by time, then priority, then order of push") {
  TimerQueue queue;
  struct Row {
    std::int64_t at;
    std::uint8_t priority;
    std::uint32_t subject;
  };
  for (const Row& row :
       {Row{20, 0, 5}, Row{10, 2, 3}, Row{10, 1, 1}, Row{10, 2, 4}, Row{10, 1, 2}, Row{0, 255, 0}, Row{20, 0, 6}}) {
    queue.push({row.at}, row.priority, 9, row.subject, 77);
  }
  CHECK(queue.size() == 7);
  for (std::uint32_t subject = 0; subject < 7; ++subject) {
    CHECK(queue.top().subject == subject);
    const Timer timer = queue.pop();
    CHECK(timer.subject == subject);
    CHECK(timer.kind == 9);
    CHECK(timer.extra == 77);
  }
  CHECK(queue.empty());
  CHECK(queue.pushed() == 7);
}

TEST_CASE("any time is a time: before the start, the last representable, never") {
  Pair pair;
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (int round = 0; round < 3; ++round) {
    for (const std::int64_t at :
         {kMost, kLeast, std::int64_t{0}, kMost - 1, std::int64_t{-1}, kLeast + 1, std::int64_t{1}}) {
      for (const int priority : {3, 0, 255}) pair.push(at, static_cast<std::uint8_t>(priority));
    }
    if (round == 1) pair.peek();
  }
  for (int i = 0; i < 60; ++i) pair.pop();
  pair.push(kMost);
  pair.push(kLeast);
  pair.drain();
}

TEST_CASE("hold: pop one, push one, for every shape of delay and many sizes") {
  for (const Shape& shape : shapes()) {
    for (const std::size_t pending : {1U, 2U, 31U, 33U, 1'000U, 20'000U}) {
      for (const unsigned priorities : {1U, 4U}) {
        CAPTURE(shape.name, pending, priorities);
        const base::Stream stream = base::Stream(pending, shape.name).of(priorities);
        const base::Stream priority = stream.of("priority");
        Pair pair;
        std::uint64_t n = 0;
        const auto push = [&](std::int64_t now) {
          pair.push(now + shape.delay(stream, n), static_cast<std::uint8_t>(priority.below(priorities, n)));
          ++n;
        };
        while (pair.size() < pending) push(0);
        for (int i = 0; i < 15'000; ++i) push(pair.pop().at.ns & 0x3fffffffffffffff);
        pair.drain();
      }
    }
  }
}

TEST_CASE("bursts: the queue swells and empties, with looks ahead and pushes before what was looked at") {
  for (std::uint64_t round = 0; round < 60; ++round) {
    const base::Stream stream = base::Stream(8, "bursts").of(round);
    const Shape& shape = shapes()[round % shapes().size()];
    CAPTURE(round, shape.name);
    Pair pair;
    std::int64_t now = 0;
    std::uint64_t n = 0;
    for (std::uint64_t step = 0; step < 200; ++step) {
      const std::uint64_t action = stream.below(10, 4 * step);
      const std::uint64_t amount = stream.below(stream.below(8, 4 * step + 1) == 0 ? 1'500 : 40, 4 * step + 2);
      for (std::uint64_t i = 0; i < amount; ++i) {
        if (action < 5) {
          pair.push(now + shape.delay(stream, n), static_cast<std::uint8_t>(stream.below(3, n)));
          ++n;
        }
        if (action >= 5 && action < 9 && pair.size() > 0) now = pair.pop().at.ns & 0x3fffffffffffffff;
      }
      if (action == 9 && pair.size() > 0) pair.peek();
    }
    pair.drain();
  }
}

TEST_CASE("far timers are looked at, then near ones come, then more far ones") {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  const base::Stream stream(2, "near");
  Pair pair;
  for (std::int64_t i = 0; i < 200; ++i) pair.push(kHour + i * 700'000'000);
  pair.peek();
  for (std::uint64_t n = 0; n < 150; ++n) pair.push(static_cast<std::int64_t>(stream.below(60'000'000'000, n)));
  for (int i = 0; i < 100; ++i) pair.pop();
  for (std::uint64_t n = 0; n < 5'000; ++n) {
    pair.push(kHour + static_cast<std::int64_t>(stream.of("far").below(150'000'000'000, n)));
  }
  pair.drain();
}

TEST_CASE("a small wide span that many timers are pushed into is cut finer") {
  Pair pair;
  for (std::int64_t i = 0; i < 10; ++i) pair.push(1'000'000'000'000 + i * 400'000'000);
  pair.peek();
  const base::Stream stream(2, "finer");
  for (std::uint64_t n = 0; n < 3'000; ++n) {
    pair.push(1'000'000'000'000 + static_cast<std::int64_t>(stream.below(4'000'000'000, n)),
              static_cast<std::uint8_t>(n % 3));
    if (n % 3 == 0) pair.pop();
  }
  pair.drain();
}

TEST_CASE("a cascade without delay stays in order and does not pile up") {
  Pair pair;
  for (int i = 0; i < 100; ++i) pair.push(5'000'000'000);
  for (int i = 0; i < 50'000; ++i) pair.push(pair.pop().at.ns, static_cast<std::uint8_t>(i % 1'000 == 0 ? 1 : 0));
  pair.drain();
}

TEST_CASE("an emptied or cleared queue is as good as new, but goes on counting") {
  TimerQueue queue;
  for (std::int64_t i = 0; i < 1'000; ++i) queue.push({i * 1'000'003}, 0, 1, 0);
  for (int i = 0; i < 400; ++i) queue.pop();
  queue.clear();
  CHECK(queue.empty());
  CHECK(queue.sorted().empty());
  queue.push({7}, 0, 1, 2);
  queue.push({3}, 0, 1, 1);
  CHECK(queue.pop().subject == 1);
  CHECK(queue.pop().subject == 2);
  CHECK(queue.pushed() == 1'002);
}

namespace {

std::vector<std::uint8_t> bytes_of(TimerQueue& queue) {
  std::vector<std::uint8_t> out;
  base::Writer{out}(queue);
  return out;
}

bool read_into(TimerQueue& queue, const std::vector<std::uint8_t>& bytes) {
  base::Reader reader(bytes.data(), bytes.size());
  reader(queue);
  return reader.ok();
}

}  // namespace

TEST_CASE("a snapshot at any moment goes on exactly as the original") {
  for (std::uint64_t round = 0; round < 30; ++round) {
    const base::Stream stream = base::Stream(4, "snapshot").of(round);
    const Shape& shape = shapes()[round % shapes().size()];
    CAPTURE(round, shape.name);
    Pair pair;
    std::uint64_t n = 0;
    for (; n < 600; ++n) pair.push(shape.delay(stream, n), static_cast<std::uint8_t>(n % 3));
    for (std::uint64_t i = stream.below(600, n); i > 0; --i) {
      pair.push((pair.pop().at.ns & 0x3fffffffffffffff) + shape.delay(stream, ++n));
    }
    CHECK(pair.queue().sorted() == pair.expected());

    TimerQueue copy;
    copy.push({1}, 0, 0, 0);  // what was there goes
    REQUIRE(read_into(copy, bytes_of(pair.queue())));
    CHECK(copy.size() == pair.size());
    CHECK(copy.pushed() == pair.queue().pushed());
    CHECK(bytes_of(copy) == bytes_of(pair.queue()));
    TimerQueue& original = pair.queue();
    for (std::uint64_t i = 0; i < 1'500; ++i) {
      const Timer expected = original.pop();
      REQUIRE(copy.pop() == expected);
      const base::SimTime at{(expected.at.ns & 0x3fffffffffffffff) + shape.delay(stream, ++n)};
      original.push(at, i % 5 == 0, 1, static_cast<std::uint32_t>(i));
      copy.push(at, i % 5 == 0, 1, static_cast<std::uint32_t>(i));
    }
  }
}

TEST_CASE("the bytes of a snapshot do not tell how the queue came to its content") {
  TimerQueue a;
  TimerQueue b;
  for (std::uint32_t i = 0; i < 500; ++i) {
    a.push({i * 1'000}, 0, 1, i);
    b.push({i * 1'000}, 0, 1, i);
    if (i % 50 == 0) (void)b.top();
  }
  CHECK(bytes_of(a) == bytes_of(b));
}

TEST_CASE("a false snapshot is refused") {
  TimerQueue queue;
  queue.push({10}, 0, 1, 5);
  queue.push({20}, 0, 1, 6);
  const std::vector<std::uint8_t> good = bytes_of(queue);
  REQUIRE(good.size() == 2 + 2 * 7);
  TimerQueue copy;
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read_into(copy, {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}));
  }
  std::vector<std::uint8_t> twice = good;
  twice[2 + 7 + 2] = 0;  // the second timer's sequence number is that of the first
  CHECK_FALSE(read_into(copy, twice));
  std::vector<std::uint8_t> ahead = good;
  ahead[0] = 1;  // a timer numbered 1 although only one was pushed
  CHECK_FALSE(read_into(copy, ahead));
  CHECK(read_into(copy, good));
  CHECK(copy.pop().subject == 5);
}
