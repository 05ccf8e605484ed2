#include "engine/log/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/log/segment.h"

namespace wavetank::log {

namespace {

/// The latest snapshot with a time ≤ `time` and a number ≤ `seq` that loads; the empty state if there is none.
state::ClusterState nearest_snapshot(const Journal& journal, base::SimTime time, base::Seq seq) {
  Position at;
  Bytes body;
  while (time.ns >= 0 && journal.find_snapshot(time, at, body)) {
    if (at.seq <= seq) {
      state::ClusterState state;
      if (state::load(state, body.data(), body.size()) && state.last_seq == at.seq) return state;
    }
    time = at.time - base::nanoseconds(1);  // unusable: one before it
  }
  return {};
}

/// Folds on to `target`, which lies at or after the state's place.
base::Result<state::ClusterState> fold_to(const Journal& journal, const Position& target) {
  state::ClusterState state = nearest_snapshot(journal, target.time, target.seq);
  if (state.last_seq == target.seq) return state;
  const auto scanned = journal.scan(state.last_seq + 1, target.seq, [&state](const event::Event& event) {
    state::evolve(state, event);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return state;
}

/// The places of all snapshots, in order; of several at one time the last.
std::vector<Position> snapshot_places(const Journal& journal) {
  std::vector<Position> places;
  Bytes body;
  Position at;
  for (base::SimTime time = base::SimTime::never(); time.ns >= 0 && journal.find_snapshot(time, at, body);
       time = at.time - base::nanoseconds(1)) {
    places.push_back(at);
  }
  std::reverse(places.begin(), places.end());
  return places;
}

class Verifier {
 public:
  explicit Verifier(const Journal& journal) : journal_(&journal), snapshots_(snapshot_places(journal)) {}

  base::Result<Verification> run(std::optional<std::uint64_t> expected) {
    const auto scanned = journal_->scan(1, journal_->position().seq, [this](const event::Event& event) {
      state::evolve(state_, event);
      if (compared_ < snapshots_.size() && snapshots_[compared_].seq == event.seq) compare(snapshots_[compared_++]);
      return true;
    });
    if (!scanned) return tl::unexpected(scanned.error());
    Verification result;
    result.end = journal_->position();
    result.digest = state::digest(state_);
    result.snapshots = compared_;
    check_end(result);
    for (std::size_t i = compared_; i < snapshots_.size(); ++i) {
      wrong(fmt::format("the snapshot after event {} belongs to no event", snapshots_[i].seq));
    }
    if (expected && *expected != result.digest) {
      wrong(fmt::format("the fold of the events (digest {:016x}) is not the state given ({:016x})", result.digest,
                        *expected));
    }
    if (!faults_.empty()) return base::failure(std::move(faults_));
    return result;
  }

 private:
  void wrong(std::string message) { faults_.push_back({{}, {}, std::move(message)}); }

  void check_end(const Verification& result) {
    const auto end = journal_->position_at(result.end.seq);
    if (!end) {
      faults_.insert(faults_.end(), end.error().begin(), end.error().end());
    } else if (*end != result.end) {
      wrong(fmt::format("ends with event {}, chain {:016x}, and says it ends with event {}, chain {:016x}", end->seq,
                        end->fingerprint, result.end.seq, result.end.fingerprint));
    }
    if (state_.last_seq != result.end.seq) {
      wrong(fmt::format("the events end at {}, the journal says {}", state_.last_seq, result.end.seq));
    }
  }

  void compare(const Position& place) {
    Position at;
    Bytes body;
    state::ClusterState loaded;
    if (!journal_->find_snapshot(place.time, at, body) || at != place) {
      return wrong(fmt::format("the snapshot after event {} cannot be found again", place.seq));
    }
    if (!state::load(loaded, body.data(), body.size())) {
      return wrong(fmt::format("the snapshot after event {} cannot be read", place.seq));
    }
    if (state::digest(loaded) != state::digest(state_)) {
      wrong(fmt::format("the snapshot after event {} is not the fold of the events up to there", place.seq));
    }
    if (const auto position = journal_->position_at(place.seq); position && *position != place) {
      wrong(fmt::format("the snapshot after event {} was taken in another history: chain {:016x} instead of {:016x}",
                        place.seq, place.fingerprint, position->fingerprint));
    }
  }

  const Journal* journal_;
  std::vector<Position> snapshots_;
  std::size_t compared_ = 0;
  state::ClusterState state_;
  base::Diagnostics faults_;
};

base::Result<std::optional<event::Event>> event_at(const Journal& journal, base::Seq seq) {
  std::optional<event::Event> found;
  const auto scanned = journal.scan(seq, seq, [&found](const event::Event& event) {
    found = event;
    return false;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

}  // namespace

base::Result<state::ClusterState> state_at(const Journal& journal, base::SimTime time) {
  const auto target = journal.position_at(time);
  if (!target) return tl::unexpected(target.error());
  return fold_to(journal, *target);
}

base::Result<state::ClusterState> state_at(const Journal& journal, base::Seq seq) {
  const auto target = journal.position_at(seq);
  if (!target) return tl::unexpected(target.error());
  return fold_to(journal, *target);
}

base::Result<Verification> verify(const Journal& journal, std::optional<std::uint64_t> expected) {
  return Verifier(journal).run(expected);
}

base::Result<std::optional<Difference>> first_difference(const Journal& left, const Journal& right) {
  // Equal chains mean equal histories up to there, so the first difference is found by halving.
  base::Seq same = 0;
  base::Seq differs = std::min(left.position().seq, right.position().seq) + 1;
  while (differs - same > 1) {
    const base::Seq middle = same + (differs - same) / 2;
    const auto a = left.position_at(middle);
    if (!a) return tl::unexpected(a.error());
    const auto b = right.position_at(middle);
    if (!b) return tl::unexpected(b.error());
    (a->fingerprint == b->fingerprint ? same : differs) = middle;
  }
  if (left.position().seq == same && right.position().seq == same) return std::optional<Difference>();
  auto a = event_at(left, differs);
  if (!a) return tl::unexpected(a.error());
  auto b = event_at(right, differs);
  if (!b) return tl::unexpected(b.error());
  return std::optional<Difference>({differs, std::move(*a), std::move(*b)});
}

}  // namespace wavetank::log
