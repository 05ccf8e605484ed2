// The hold model of the future event list: with N timers pending, pop the first and push one at its time plus a random
// delay. TimerQueue beside std::priority_queue of the same plain structs in the same run; items per second = holds per
// CPU second. The baseline has its best comparator: written with branches, as a compiler that turns it into conditional
// moves makes the heap up to three times slower (`_flat` shows that form).

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "sim/kernel/timer_queue.h"

namespace {

using wavetank::base::Duration;
using wavetank::base::Stream;
using wavetank::kernel::Timer;
using wavetank::kernel::TimerQueue;

enum Delays : int { Exponential, Uniform, NearOrFar, WholeSeconds, MostlyConstant };
constexpr const char* kNames[] = {"exponential", "uniform", "near_or_far", "whole_seconds", "mostly_constant"};
constexpr std::size_t kDelays = 1U << 16;

std::vector<std::int64_t> make_delays(int shape) {
  const Stream stream(1, "delays");
  const Stream other = stream.of("other");
  std::vector<std::int64_t> delays(kDelays);
  for (std::size_t i = 0; i < kDelays; ++i) {
    const double u = stream.unit(i);
    double ns = 0;
    switch (shape) {
      case Exponential:
        ns = -std::log(1 - u) * 1e9;
        break;  // mean 1 s
      case Uniform:
        ns = u * 2e9;
        break;  // mean 1 s
      case NearOrFar:
        ns = other.unit(i) < 0.9 ? u * 1e8 : 1e10 * (1 + u / 10);
        break;  // 0-100 ms or 10-11 s
      case WholeSeconds:
        ns = 1e9 * static_cast<double>(1 + stream.below(10, i));
        break;  // many equal times
      default:
        ns = u < 0.95 ? 1e9 : 1e9 * std::pow(10, u * 3);
        break;  // 1 s, a tail to 1000 s
    }
    delays[i] = static_cast<std::int64_t>(ns);
  }
  return delays;
}

struct AfterBranching {
  bool operator()(const Timer& a, const Timer& b) const {
    if (a.at.ns > b.at.ns) return true;
    if (a.at.ns < b.at.ns) return false;
    return a.order > b.order;
  }
};
struct AfterFlat {
  bool operator()(const Timer& a, const Timer& b) const {
    return static_cast<bool>(static_cast<int>(a.at.ns > b.at.ns) |
                             (static_cast<int>(a.at.ns == b.at.ns) & static_cast<int>(a.order > b.order)));
  }
};

template <class After>
class HeapQueue {
 public:
  void push(wavetank::base::SimTime at, std::uint8_t priority, std::uint16_t kind, std::uint32_t subject) {
    heap_.push({at, (std::uint64_t{priority} << 56) | next_seq_++, 0, subject, kind, 0});
  }
  Timer pop() {
    const Timer timer = heap_.top();
    heap_.pop();
    return timer;
  }

 private:
  std::priority_queue<Timer, std::vector<Timer>, After> heap_;
  std::uint64_t next_seq_ = 0;
};

template <class Queue>
void hold(benchmark::State& state, int shape) {
  const std::vector<std::int64_t> delays = make_delays(shape);
  const auto pending = static_cast<std::size_t>(state.range(0));
  Queue queue;
  for (std::size_t i = 0; i < pending; ++i)
    queue.push({delays[(i * 7'919) % kDelays]}, 1, 1, static_cast<std::uint32_t>(i));
  std::size_t n = 0;
  const auto one = [&] {
    const Timer timer = queue.pop();
    queue.push(timer.at + Duration{delays[n++ % kDelays]}, 1, 1, timer.subject);
    return timer.subject;
  };
  for (std::size_t i = 0; i < 2 * pending; ++i) benchmark::DoNotOptimize(one());  // to the steady state
  for (auto _ : state) benchmark::DoNotOptimize(one());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

template <class Queue>
void add(const char* queue_name, int shape, std::int64_t pending) {
  const std::string name = std::string("hold/") + kNames[shape] + "/" + queue_name;
  // A fixed number of holds: the warm-up of a large queue is paid once.
  benchmark::RegisterBenchmark(name.c_str(), [shape](benchmark::State& state) { hold<Queue>(state, shape); })
      ->Arg(pending)
      ->Iterations(2'000'000)
      ->Unit(benchmark::kNanosecond);
}

const bool kAdded = [] {
  for (const int shape : {Exponential, Uniform, NearOrFar, WholeSeconds, MostlyConstant}) {
    for (const std::int64_t pending : {1'000, 100'000, 1'000'000}) {
      add<TimerQueue>("timer_queue", shape, pending);
      add<HeapQueue<AfterBranching>>("priority_queue", shape, pending);
      if (shape == Exponential) add<HeapQueue<AfterFlat>>("priority_queue_flat", shape, pending);
    }
  }
  return true;
}();

}  // namespace
