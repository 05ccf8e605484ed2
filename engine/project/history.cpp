#include "engine/project/history.h"

namespace wavetank::project {
namespace {

constexpr base::Seq kFar = 100'000;  // about what a snapshot saves

}  // namespace

base::Result<void> ListHistory::scan(base::Seq from, base::Seq to,
                                     const std::function<bool(const event::Event&)>& visit) const {
  for (const event::Event& event : events) {
    if (event.seq >= from && event.seq <= to && !visit(event)) break;
  }
  return {};
}

base::Result<state::ClusterState> ListHistory::state_at(base::Seq seq) const {
  state::ClusterState state;
  for (const event::Event& event : events) {
    if (event.seq <= seq) state::evolve(state, event);
  }
  return state;
}

base::Result<void> Walker::go_to(base::Seq seq) {
  if (seq <= state_.last_seq) return {};
  if (seq - state_.last_seq > kFar) {
    base::Result<state::ClusterState> there = history_->state_at(seq);
    if (!there) return base::failure(there.error());
    state_ = std::move(*there);
    return {};
  }
  return history_->scan(state_.last_seq + 1, seq, [&](const event::Event& event) {
    state::evolve(state_, event);
    return true;
  });
}

base::Result<void> Walker::step(const std::function<void(const event::Event&, const state::ClusterState&)>& before,
                                const std::function<void(const event::Event&, const state::ClusterState&)>& after) {
  const base::Seq next = state_.last_seq + 1;
  return history_->scan(next, next, [&](const event::Event& event) {
    before(event, state_);
    state::evolve(state_, event);
    after(event, state_);
    return true;
  });
}

}  // namespace wavetank::project
