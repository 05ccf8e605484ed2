#pragma once
// The past as a read model sees it: the events of a run and the states between them. A journal is one
// (runtime/cli/run_file.h), a list of events another.

#include <functional>
#include <vector>

#include "engine/base/result.h"
#include "engine/schedule/profile.h"
#include "engine/state/cluster_state.h"
#include "engine/state/view.h"

namespace wavetank::project {

class History {
 public:
  History() = default;
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  virtual ~History() = default;

  /// Calls `visit` for the events from ≤ seq ≤ to in order, until it returns false.
  virtual base::Result<void> scan(base::Seq from, base::Seq to,
                                  const std::function<bool(const event::Event&)>& visit) const = 0;
  /// The state after event `seq`; 0 is the empty state.
  [[nodiscard]] virtual base::Result<state::ClusterState> state_at(base::Seq seq) const = 0;
  /// The profiles of the run's scheduler; none: the default one.
  [[nodiscard]] virtual std::vector<schedule::Profile> profiles() const { return {}; }
  /// How the run's scheduler chose among nodes of the same score.
  [[nodiscard]] virtual schedule::TieBreak tie_break() const { return schedule::TieBreak::Random; }
};

/// Events in memory, numbered from 1.
class ListHistory final : public History {
 public:
  std::vector<event::Event> events;

  base::Result<void> scan(base::Seq from, base::Seq to,
                          const std::function<bool(const event::Event&)>& visit) const override;
  [[nodiscard]] base::Result<state::ClusterState> state_at(base::Seq seq) const override;
};

/// A state that goes forward through a history: on foot where it is near, by state_at() where that is quicker.
class Walker {
 public:
  explicit Walker(const History& history) : history_(&history) {}
  /// Goes to the state after `seq`; not back.
  base::Result<void> go_to(base::Seq seq);
  /// Folds the next event and calls `told(before-event)` in between.
  base::Result<void> step(const std::function<void(const event::Event&, const state::ClusterState&)>& before,
                          const std::function<void(const event::Event&, const state::ClusterState&)>& after);
  [[nodiscard]] const state::ClusterState& state() const { return state_; }

 private:
  const History* history_;
  state::ClusterState state_;
};

}  // namespace wavetank::project
