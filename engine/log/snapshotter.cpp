#include "engine/log/snapshotter.h"

#include <algorithm>

namespace wavetank::log {

namespace {

std::size_t rows(const state::ClusterState& s) {
  return s.pods.size() + s.nodes.size() + s.replica_sets.size() + s.deployments.size() + s.services.size() +
         s.others.size();
}

}  // namespace

void Snapshotter::keep_if_due(const event::Event& event, const state::ClusterState& state) {
  next_ = last_ + std::max<base::Seq>(least_, 3 * rows(state));
  if (event.seq < next_) return;
  // Only where the state is the fold of just what was appended: inside a batch, appended whole before it is folded, it
  // is not yet.
  const Position at = journal_->position();
  if (at.seq != event.seq || state.last_seq != event.seq) {
    next_ = event.seq + 1;
    return;
  }
  body_.clear();
  state::save(state, body_);
  journal_->put_snapshot(at, body_);
  ++kept_;
  last_ = event.seq;
  next_ = last_ + std::max<base::Seq>(least_, 3 * rows(state));
}

}  // namespace wavetank::log
