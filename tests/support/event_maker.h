#pragma once
// Events for tests of what carries events: every kind with random field values, and the typical life of pods.
// They mean nothing to the cluster: do not fold them.

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/codec.h"
#include "engine/base/prng.h"
#include "engine/event/codec.h"
#include "engine/event/event.h"

namespace wavetank::support {

/// An archive that fills the fields it is shown. Small and large values, empty and long strings all occur.
class RandomFiller {
 public:
  explicit RandomFiller(base::Stream stream) : stream_(stream) {}

  template <class... Ts>
  void operator()(Ts&... values) {
    (fill(values), ...);
  }
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, n_++); }
  std::uint64_t number() { return stream_.bits(n_++) >> below(64); }

 private:
  template <class T>
  void fill(T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      v = below(2) == 1;
    } else if constexpr (std::is_enum_v<T>) {
      v = static_cast<T>(below(3));
    } else if constexpr (std::is_unsigned_v<T>) {
      v = static_cast<T>(number());
    } else if constexpr (std::is_integral_v<T>) {
      const std::uint64_t magnitude = number();
      v = static_cast<T>(below(2) == 0 ? magnitude : ~magnitude);
    } else if constexpr (base::IsId<T>::value) {
      v = below(8) == 0 ? T() : T(static_cast<std::uint32_t>(number()));
    } else if constexpr (std::is_same_v<T, base::SimTime> || std::is_same_v<T, base::Duration>) {
      fill(v.ns);
    } else {
      v.fields(*this);
    }
  }
  void fill(std::string& v) {
    const std::uint64_t size = below(16) == 0 ? below(1000) : below(20);
    v.clear();
    while (v.size() < size) v.push_back(static_cast<char>(below(256)));
  }
  template <class T>
  void fill(std::vector<T>& v) {
    v.resize(below(4));
    for (T& x : v) fill(x);
  }
  template <class T>
  void fill(std::optional<T>& v) {
    v.reset();
    if (below(2) == 1) fill(v.emplace());
  }
  template <class A, class B>
  void fill(std::pair<A, B>& v) {
    fill(v.first);
    fill(v.second);
  }

  base::Stream stream_;
  std::uint64_t n_ = 0;
};

/// A payload of `kind` with random field values.
inline event::Payload random_payload(event::EventKind kind, RandomFiller& filler) {
  event::Payload payload;
  switch (kind) {
#define WT_EVENT(tag, version, Name)               \
  case event::EventKind::Name:                     \
    payload.emplace<event::Name>().fields(filler); \
    break;
#include "engine/event/event_kinds.def"
#undef WT_EVENT
    case event::EventKind::Count:
      break;
  }
  return payload;
}

/// `count` numbered events of all kinds in turn, from event 1 on.
inline std::vector<event::Event> random_events(std::uint64_t seed, std::size_t count) {
  std::vector<event::Event> events;
  RandomFiller filler(base::Stream(seed, "random-events"));
  base::SimTime time;
  for (base::Seq seq = 1; seq <= count; ++seq) {
    time = time + base::nanoseconds(static_cast<std::int64_t>(filler.below(4) == 0 ? filler.below(5'000'000'000) : 0));
    const auto kind = static_cast<event::EventKind>((seq - 1) % static_cast<std::size_t>(event::EventKind::Count));
    const base::Seq cause = filler.below(3) == 0 ? 0 : filler.below(seq);
    events.push_back({seq, time, cause, random_payload(kind, filler)});
  }
  return events;
}

/// The events of pods being made, bound, started and found ready, with the sums their owners report now and then: the
/// mix of kinds and the sizes of numbers of a run with `nodes` nodes. Event n is a function of (seed, n) and the
/// object's place in line.
class PodLives {
 public:
  explicit PodLives(std::uint64_t seed, std::uint32_t nodes = 1000)
      : filler_(base::Stream(seed, "pod-lives")), nodes_(nodes) {}

  const event::Event& next() {
    event_.seq++;
    event_.time = event_.time + base::nanoseconds(static_cast<std::int64_t>(filler_.below(40'000'000)));
    event_.cause = event_.seq < 300 ? 0 : event_.seq - 1 - filler_.below(20 + (event_.seq % 10) * 20);
    fill_payload(static_cast<unsigned>((event_.seq - 1) % 8),
                 event::PodId(static_cast<std::uint32_t>((event_.seq - 1) / 8)));
    return event_;
  }

 private:
  void fill_payload(unsigned step, event::PodId newest) {
    // Later steps are of older pods, as in a run where starting takes a while.
    const event::PodId pod(newest.value > 64 ? newest.value - 8 * step - static_cast<std::uint32_t>(filler_.below(8))
                                             : newest.value);
    const event::ReplicaSetId set(newest.value / 100);
    switch (step) {
      case 0: {
        event::PodCreated created{set, "xxxxx", 0};
        for (char& c : created.suffix) c = "bcdfghjklmnpqrstvwxz2456789"[filler_.below(27)];
        event_.payload = std::move(created);
        break;
      }
      case 1:
        event_.payload = event::PodBound{pod, event::NodeId(static_cast<std::uint32_t>(filler_.below(nodes_)))};
        break;
      case 2:
        event_.payload = event::ImagePulled{pod, 0, 40'000'000,
                                            base::nanoseconds(static_cast<std::int64_t>(filler_.below(5'000'000'000)))};
        break;
      case 3:
        event_.payload = event::ContainerStarted{pod, 0};
        break;
      case 4:
        event_.payload = event::PodPhaseChanged{pod, event::Phase::Running, ""};
        break;
      case 5:
        event_.payload = event::PodReadyChanged{pod, true, event::ReadyReason::None};
        break;
      case 6:
        event_.payload =
            event::ReplicaSetStatusChanged{set, 100, 100, static_cast<std::int32_t>(newest.value % 100), 50, 1};
        break;
      default:
        event_.payload = event::EndpointsChanged{event::EndpointSliceId(set.value), {{pod, 7}}};
    }
  }

  RandomFiller filler_;
  std::uint32_t nodes_;
  event::Event event_;
};

/// The encoded bytes, for comparing: events are equal when their bytes are.
inline std::vector<std::uint8_t> bytes_of(const event::Event& event) {
  std::vector<std::uint8_t> bytes;
  event::encode(event, base::SimTime{}, bytes);
  return bytes;
}

}  // namespace wavetank::support
