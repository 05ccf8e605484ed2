#pragma once
// The one seam between the control plane and what runs pods. sim/world models machines; runtime/live will run real
// containers.

#include <vector>

#include "engine/command/command.h"
#include "engine/control/metrics.h"
#include "engine/state/view.h"

namespace wavetank::loop {

class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  /// Told of every fact, a watch delay after it happened, in order. `view` is of now.
  virtual void observe(const event::Event& event, const state::ClusterView& view) = 0;
  /// When it next has something to report; SimTime::never() if nothing is under way.
  [[nodiscard]] virtual base::SimTime next_report() const = 0;
  /// Appends the reports due at view.now(), in a deterministic order, each with its cause. A report that the control
  /// plane refuses (the pod is gone meanwhile) is dropped.
  virtual void report(const state::ClusterView& view, std::vector<command::Command>& out) = 0;
  /// The metrics APIs of what runs here; null: none is installed. Lives as long as the world.
  [[nodiscard]] virtual const control::MetricsSource* metrics() const { return nullptr; }
};

/// A world in which nothing runs.
class EmptyWorld final : public World {
 public:
  void observe(const event::Event&, const state::ClusterView&) override {}
  [[nodiscard]] base::SimTime next_report() const override { return base::SimTime::never(); }
  void report(const state::ClusterView&, std::vector<command::Command>&) override {}
};

}  // namespace wavetank::loop
