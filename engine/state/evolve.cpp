// One overload of on() an event kind, in evolve_*.cpp; std::visit over all of them makes a forgotten one an error of
// compilation.
#include "engine/state/evolve.h"

#include "engine/base/assert.h"

namespace wavetank::state {

void evolve(ClusterState& state, const event::Event& event) {
  WT_ASSERT(event.seq == state.last_seq + 1, "events are folded in order");
  state.last_seq = event.seq;
  state.last_time = event.time;
  std::visit(
      [&](const auto& payload) {
        using T = std::decay_t<decltype(payload)>;
        if constexpr (!std::is_same_v<T, std::monostate>) detail::on(state, event, payload);
      },
      event.payload);
}

namespace detail {

void on(ClusterState& state, const event::Event&, const event::RunStarted& e) {
  state.scenario = e.scenario;
  state.seed = e.seed;
  state.epoch_s = e.epoch_s;
}
void on(ClusterState&, const event::Event&, const event::RequestMade&) {}
void on(ClusterState&, const event::Event&, const event::RequestRefused&) {}
void on(ClusterState& state, const event::Event& event, const event::FaultInjected& e) {
  state.faults.push_back({e.kind, e.subject, event.time, SimTime::never(), event.seq});
}
void on(ClusterState& state, const event::Event& event, const event::FaultHealed& e) {
  state.faults.at(e.fault.index()).ended = event.time;
}
void on(ClusterState& state, const event::Event&, const event::MachineDown& e) {
  state.nodes.at(e.node.index()).machine_up = false;
}
void on(ClusterState& state, const event::Event&, const event::MachineUp& e) {
  state.nodes.at(e.node.index()).machine_up = true;
}
void on(ClusterState& state, const event::Event&, const event::LoadChanged& e) {
  state.services.at(e.service.index()).milli_rps = e.milli_rps;
}
void on(ClusterState&, const event::Event&, const event::ExpectationJudged&) {}
void on(ClusterState&, const event::Event&, const event::EventRecorded&) {}
void on(ClusterState& state, const event::Event&, const event::ComponentDown& e) {
  state.component_down.at(static_cast<std::size_t>(e.component)) = true;
}
void on(ClusterState& state, const event::Event&, const event::ComponentUp& e) {
  state.component_down.at(static_cast<std::size_t>(e.component)) = false;
}

}  // namespace detail
}  // namespace wavetank::state
