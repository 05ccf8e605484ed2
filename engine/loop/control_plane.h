#pragma once
// The control plane: API server, controllers and scheduler as one deterministic machine that is stepped through time
// from outside. The only caller of decide, evolve and append.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/command/command.h"
#include "engine/control/registry.h"
#include "engine/log/journal.h"
#include "engine/loop/world.h"
#include "engine/schedule/scheduler.h"
#include "engine/state/observer.h"

namespace wavetank::loop {

using base::Duration;
using base::Seq;
using base::SimTime;
using state::ClusterState;
using state::ClusterView;

/// client-go's token bucket (flowcontrol.NewTokenBucketRateLimiter), one per client.
struct ClientLimits {
  std::int64_t qps = 20;
  std::int64_t burst = 30;
};

/// The control plane's own delays. Each is a parameter of the model `control_plane` in scenarios.
struct Settings {
  /// From a write at the API server to its watchers. Default 5 ms: etcd commit plus watch fan-out on a LAN; an
  /// assumption of ours.
  Duration watch_delay = base::milliseconds(5);
  /// From sending a request to its being applied. Default 10 ms: well under the API server's SLO of 1 s at the 99th
  /// percentile (kubernetes/community sig-scalability slos); an assumption of ours.
  Duration api_latency = base::milliseconds(10);
  /// kube-controller-manager --kube-api-qps 20, --kube-api-burst 30, for each controller's client.
  ClientLimits controller_client{20, 30};
  /// kube-scheduler's clientConnection qps 50, burst 100.
  ClientLimits scheduler_client{50, 100};
  /// One scheduling cycle. Default 1 ms: order of what kube-scheduler's scheduling_algorithm_duration_seconds shows on
  /// small clusters.
  Duration scheduling_time = base::milliseconds(1);
  /// --leader-elect-renew-deadline: controllers and scheduler that could not renew their leases for so long give up.
  Duration lease_renew_deadline = base::seconds(10);
  /// --leader-elect-retry-period: so long after the API server is back they lead again, and list everything anew.
  Duration lease_retry_period = base::seconds(2);
  control::Settings controllers;
  schedule::Settings scheduler;
};

/// What became of a command.
struct Outcome {
  Seq first = 0, last = 0;  ///< The facts, both 0 if nothing had to change.
  std::optional<command::Rejection> rejection;
  [[nodiscard]] bool ok() const { return !rejection.has_value(); }
};

class ControlPlane {
 public:
  /// `journal` and `world` must outlive the control plane; the journal must be empty or `state` its fold.
  ControlPlane(Settings settings, log::Journal& journal, World& world);
  ControlPlane(Settings settings, log::Journal& journal, World& world, ClusterState state);
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  /// Appends RunStarted. Call once, first.
  void start_run(const std::string& scenario, std::uint64_t seed, std::int64_t epoch_s);

  /// One request of a client: RequestMade, then its facts or RequestRefused. `now` must not go back. `request_seq` of
  /// the RequestMade is returned through Outcome::first even when refused.
  Outcome request(SimTime now, const std::string& actor, const std::string& text, command::Payload payload,
                  Seq cause = 0);
  /// A command with a cause of its own (the world, faults, expectations). A refusal leaves no trace.
  Outcome submit(SimTime now, const command::Command& command);

  /// Does all that is due at `now`: delivers watches, takes the world's reports, runs controllers and the scheduler,
  /// commits calls in flight, again and again until nothing more is due at `now`. Call it at every next_wakeup() and
  /// after every request.
  void step(SimTime now);
  /// When step() has to be called next; SimTime::never() if nothing is pending.
  [[nodiscard]] SimTime next_wakeup() const;

  [[nodiscard]] const ClusterState& state() const;
  [[nodiscard]] ClusterView view(SimTime now) const { return {state(), now}; }
  /// Observers are called in the order added and must outlive the control plane.
  void add_observer(state::Observer& observer);

  /// Work so far, for reports and tests.
  struct Counters {
    std::uint64_t events = 0, commands = 0, refusals = 0, syncs = 0, cycles = 0;
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wavetank::loop
