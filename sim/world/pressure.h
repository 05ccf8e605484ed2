#pragma once
// The arithmetic of node pressure eviction: thresholds, when they are met, which pod goes first, in which words. Pure:
// pressure_watch.cpp asks it. Source: kubernetes/pkg/kubelet/eviction (eviction_manager.go, helpers.go) of 1.34,
// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/quantity.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/event/ids.h"

namespace wavetank::world {

enum class Signal : std::uint8_t {
  MemoryAvailable,
  NodeFsAvailable,
  NodeFsInodesFree,
  ImageFsAvailable,
  ImageFsInodesFree,
  PidAvailable,
};
inline constexpr std::size_t kSignalCount = 6;
std::string_view signal_name(Signal signal);  ///< "memory.available"

/// The condition of the node that a signal stands for, in the order of event::NodeConditionType without Ready.
enum class Pressure : std::uint8_t { Memory, Disk, Pid };
inline constexpr std::size_t kPressureCount = 3;
Pressure pressure_of(Signal signal);
/// What is reclaimed: "memory", "ephemeral-storage", "inodes", "pids".
std::string_view resource_of(Signal signal);

/// A quantity, or a share of what the node has ("10%"; a float as in the kubelet).
struct Amount {
  std::optional<base::Quantity> quantity;
  float share = 0;
  /// evictionapi.GetThresholdQuantity
  [[nodiscard]] base::Quantity of(std::int64_t capacity) const;
};

struct Threshold {
  Signal signal = Signal::MemoryAvailable;
  Amount value;
  std::optional<Amount> min_reclaim;
  base::Duration grace{};  ///< 0: hard.
  [[nodiscard]] bool hard() const { return grace.ns == 0; }
};

/// The kubelet's flags as texts: --eviction-hard "memory.available<100Mi,nodefs.available<10%", --eviction-soft,
/// --eviction-soft-grace-period "memory.available=1m30s", --eviction-minimum-reclaim "nodefs.available=500Mi". "" means
/// none; shares of 0 % and 100 % are no thresholds. Hard ones first, each in the order of signals. Error: the kubelet's
/// words.
base::Result<std::vector<Threshold>> parse_thresholds(std::string_view hard, std::string_view soft,
                                                      std::string_view soft_grace, std::string_view min_reclaim);

struct Observation {
  std::int64_t available = 0, capacity = 0;
  bool known = false;
};
using Observations = std::array<Observation, kSignalCount>;

/// Whether a threshold is met; with `reclaim`, whether it is still short of its minimum reclaim (thresholdsMet).
bool is_met(const Threshold& threshold, const Observations& seen, bool reclaim);

/// What the eviction manager of one node remembers between two looks.
struct PressureMemory {
  std::vector<base::SimTime> first_seen;  ///< By threshold; never: not met.
  std::vector<std::uint8_t> acting;       ///< By threshold: met, its grace period over, not yet resolved.
  std::array<base::SimTime, kPressureCount> last_seen{};  ///< By pressure.
  std::array<std::uint8_t, kPressureCount> ever{};        ///< Whether last_seen means anything.
  template <class A>
  void fields(A& a) {
    a(first_seen, acting, last_seen[0], last_seen[1], last_seen[2], ever[0], ever[1], ever[2]);
  }
};

/// One look (managerImpl.synchronize): the node's conditions, and the threshold to act on, if any; memory comes first.
struct Look {
  std::array<bool, kPressureCount> conditions{};
  std::vector<std::size_t> acting;  ///< Thresholds whose grace period is over; the first is acted on.
};
Look look(PressureMemory& memory, const std::vector<Threshold>& thresholds, const Observations& seen, base::SimTime now,
          base::Duration transition_period);

/// A candidate for eviction.
struct PodUse {
  event::PodId pod;
  std::int32_t priority = 0;
  std::int64_t usage = 0, request = 0;  ///< Bytes of what is short, or processes.
};
/// First who goes first: above its request, then lower priority, then the larger excess; for pids lower priority, then
/// more processes. Kubernetes leaves the rest open; here the younger pod goes first.
void rank(Signal signal, std::vector<PodUse>& pods);

struct ContainerUse {
  std::string name;
  std::int64_t usage = 0;
  base::Quantity request;
};
/// evictionMessage. `acting`: see Look; `containers` in the order of the pod's spec.
std::string eviction_message(const std::vector<Threshold>& thresholds, const std::vector<std::size_t>& acting,
                             const Observations& seen, const std::vector<ContainerUse>& containers);

/// What the kernel's OOM killer weighs: memory plus oom_score_adj thousandths of the machine's memory (oom_badness).
std::int64_t badness(std::int64_t usage, std::int32_t oom_score_adj, std::int64_t total);

}  // namespace wavetank::world
