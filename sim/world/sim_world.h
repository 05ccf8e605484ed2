#pragma once
// The simulated machines and their node agents, a model of the kubelet: it pulls images, starts containers, probes
// them, restarts them with a back-off, stops them gracefully, and reports. README.md says what is modelled, what is
// left out, and the sources.
//
// Faults pull the levers below. A lever takes effect at `now` and reports in the next call of report(), whose time is
// then `now`; `cause` is the event that the effects follow from.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/loop/world.h"
#include "sim/world/usage.h"
#include "sim/world/world_params.h"

namespace wavetank::world {

using base::Duration;
using base::Seq;
using base::SimTime;
using event::NodeId;
using event::PodId;
using state::ClusterView;

class SimWorld final : public loop::World {
 public:
  SimWorld(const WorldParams& params, std::uint64_t seed);
  ~SimWorld() override;

  void observe(const event::Event& event, const ClusterView& view) override;
  [[nodiscard]] SimTime next_report() const override;
  void report(const ClusterView& view, std::vector<command::Command>& out) override;

  // ---- Machines ----
  /// Power off: containers die and nobody hears of it. Idempotent.
  void crash_machine(NodeId node, SimTime now, Seq cause = 0);
  /// Power on: the node agent is back after node.boot_time, restarts what is still bound and finishes off what was
  /// deleted. Images on disk survive. Idempotent.
  void restore_machine(NodeId node, SimTime now, Seq cause = 0);
  /// The node agent stops; containers run on.
  void stop_kubelet(NodeId node, SimTime now, Seq cause = 0);
  /// It is started again and, after kubelet.start_time, reports all that changed meanwhile.
  void start_kubelet(NodeId node, SimTime now, Seq cause = 0);
  [[nodiscard]] bool machine_up(NodeId node) const;
  [[nodiscard]] bool kubelet_up(NodeId node) const;

  // ---- Images: each takes a pattern (matches_image) and holds until switched off ----
  /// Pulls of it fail.
  void set_image_unavailable(std::string_view pattern, bool on);
  /// Its containers fail readiness and startup probes, those running too; liveness probes they answer.
  void set_image_never_ready(std::string_view pattern, bool on, SimTime now, Seq cause = 0);
  /// Each of its containers exits `after` its start, again and again. Running ones exit at `now` + `after`.
  void set_image_crashing(std::string_view pattern, bool on, std::int32_t exit_code, Duration after, SimTime now,
                          Seq cause = 0);

  // ---- Disks ----
  /// `bytes` of the node's disk are filled by something that is no pod's; 0: no longer.
  void fill_disk(NodeId node, std::int64_t bytes, SimTime now, Seq cause = 0);

  // ---- Containers ----
  /// The process ends at `now`, if it runs. `container` counts init containers first.
  void crash_container(PodId pod, std::uint32_t container, std::int32_t exit_code, SimTime now, Seq cause = 0,
                       event::ExitReason reason = event::ExitReason::Error);
  [[nodiscard]] bool container_runs(PodId pod, std::uint32_t container) const;

  // ---- Usage: what app.cpu and app.memory say, and leaks ----
  /// What the containers use at view.now(): usage().container(pod, c, view), .pod(pod, view), .node(node, view).
  [[nodiscard]] const UsageModel& usage() const;
  /// Containers of images of this pattern take ever more memory, from `now` or their start, until switched off.
  void set_memory_leak(std::string_view pattern, bool on, std::int64_t bytes_per_s, SimTime now, Seq cause = 0);
  /// Starts collecting usage for the metrics API. Done by itself as soon as there is an autoscaler.
  void collect_metrics(SimTime now);
  [[nodiscard]] const control::MetricsSource* metrics() const override { return source_.get(); }

  // ---- Network ----
  /// Whether the node's agent reaches the API server. Cut off, it works on, hears nothing and is not heard; back, it
  /// tries within a lease period and reports what happened meanwhile. Idempotent.
  void set_link(NodeId node, bool up, SimTime now, Seq cause = 0);
  /// The same of all nodes there are.
  void set_api_server(bool up, SimTime now, Seq cause = 0);
  /// The node pulls images at `percent` of image.bandwidth; 0 stops transfers.
  void set_pull_speed(NodeId node, std::int64_t percent, SimTime now);

  /// Writes or reads all that is pending (base::Writer, base::Reader): with the state it makes a snapshot complete.
  void save(std::vector<std::uint8_t>& out) const;
  bool load(const std::uint8_t* data, std::size_t size);

 private:
  struct Impl;
  void make_source();

  std::unique_ptr<Impl> impl_;
  std::unique_ptr<control::MetricsSource> source_;
};

}  // namespace wavetank::world
