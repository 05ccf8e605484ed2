#pragma once
// What the kubelet says of probes that fail: Warning Unhealthy, at each of them, with the cause. A journal does not
// hold the single probe, only what came of it; the others follow from the probe's period: a container that is not ready
// has failed at each tick since it started, or since its readiness was lost. Source: pkg/kubelet/prober/prober.go
// (runProbe), pkg/probe/{http,tcp,grpc,exec}.
//
// Left open by the facts: whether a container that never became ready refuses connections or answers 503. It refuses
// them, unless image-never-ready is at work on its image or it was ready in this run.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/project/kube_event.h"

namespace wavetank::project {

class ProbeEvents {
 public:
  using Say = std::function<void(KubeEvent, SimTime)>;

  /// Those that fail already, in a view on which the first event follows.
  void begin(const ClusterView& view);
  /// Tells of the failures before `now`. O(containers that fail + failures).
  void settle(SimTime now, const Say& say);
  /// Tells of those that the event itself is about. `view` includes the event; call settle() first.
  void observe(const event::Event& event, const ClusterView& view, const Say& say);

 private:
  using Key = std::pair<std::uint32_t, std::uint32_t>;  ///< Pod and container.
  struct Failing {
    KubeEvent event;
    SimTime next;     ///< The tick that comes.
    Duration period;  ///< Between ticks.
    Duration heard;   ///< A tick has failed when so long after it nothing was heard of a success.
    std::int64_t left = 0;
  };
  void watch(event::PodId pod, std::uint32_t c, SimTime anchor, SimTime started, SimTime from, const ClusterView& view);
  void watch_pod(event::PodId pod, const ClusterView& view);
  void lost(event::PodId pod, std::uint32_t c, const ClusterView& view, SimTime now, const Say& say);
  void ready(event::PodId pod, std::uint32_t c);
  void exited(const event::ContainerExited& e, SimTime at, const ClusterView& view, const Say& say);
  void forget(event::PodId pod);
  void forget(event::NodeId node, const ClusterView& view);

  std::map<Key, Failing> failing_;
  std::set<Key> answered_;  ///< Ready at some time of their present run.
};

}  // namespace wavetank::project
