#pragma once
// The node agent of the recordings (README §1): it does nothing by itself; what an action tells it to do is reported in
// one go at the next step.

#include <string_view>
#include <vector>

#include "engine/loop/world.h"

namespace wavetank::conformance {

class FakeKubelet final : public loop::World {
 public:
  void observe(const event::Event&, const state::ClusterView&) override {}
  [[nodiscard]] base::SimTime next_report() const override {
    return reports_.empty() ? base::SimTime::never() : base::SimTime{};
  }
  void report(const state::ClusterView&, std::vector<command::Command>& out) override;

  void say(command::Payload payload) { reports_.push_back({0, std::move(payload)}); }
  /// All containers start: by the image's name ("ok:v1" → "ok") ready, not ready, or waiting for its image.
  void start(event::PodId pod, const state::ClusterView& view);
  /// The same with what becomes of it given: "ready", "running", "bad".
  void start_as(event::PodId pod, std::string_view becomes, const state::ClusterView& view);
  void set_ready(event::PodId pod, bool ready);
  void set_phase(event::PodId pod, event::Phase phase);
  /// The containers end with this code, and the pod with them unless its restartPolicy starts them again.
  void exit(event::PodId pod, std::int32_t code, const state::ClusterView& view);
  /// Its first container has been started again so often.
  void restarted(event::PodId pod, std::uint32_t count, const state::ClusterView& view);
  /// A terminating pod has stopped: it is taken away, whatever was left of its grace period.
  void stopped(event::PodId pod);
  void node_ready(event::NodeId node, bool ready);

 private:
  std::vector<command::Command> reports_;
};

}  // namespace wavetank::conformance
