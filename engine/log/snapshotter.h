#pragma once
// When to keep a snapshot.

#include <cstddef>

#include "engine/log/segment.h"
#include "engine/state/observer.h"

namespace wavetank::log {

/// Follows a run and keeps a snapshot so often that any moment can be shown in a fraction of a second, and so seldom
/// that snapshots cost less time and room than the events: after 65,536 events, or three events a row of the state if
/// that is more.
class Snapshotter final : public state::Observer {
 public:
  /// `journal` is the one the run appends to, and must outlive this.
  explicit Snapshotter(Journal& journal, base::Seq least_events = 65'536) : journal_(&journal), least_(least_events) {}

  void observe(const event::Event& event, const state::ClusterView& view) override {
    if (event.seq < next_) return;
    keep_if_due(event, view.state());
  }
  [[nodiscard]] std::size_t kept() const { return kept_; }

 private:
  void keep_if_due(const event::Event& event, const state::ClusterState& state);

  Journal* journal_;
  base::Seq least_;
  base::Seq last_ = 0;
  base::Seq next_ = 1;  ///< Nothing is due before this event.
  std::size_t kept_ = 0;
  Bytes body_;
};

}  // namespace wavetank::log
