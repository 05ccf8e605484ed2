#pragma once
// The causal graph of a run: an edge from every event to those it led to.

#include <cstdint>
#include <vector>

#include "engine/base/ids.h"

namespace wavetank::project {

class CausalGraph {
 public:
  /// `causes[i]` is the cause of event i + 1; 0 for none.
  explicit CausalGraph(std::vector<base::Seq> causes) : causes_(std::move(causes)) {}

  [[nodiscard]] std::size_t size() const { return causes_.size(); }
  [[nodiscard]] base::Seq cause(base::Seq seq) const { return seq == 0 || seq > causes_.size() ? 0 : causes_[seq - 1]; }
  /// The first event of its chain; the event itself if nothing led to it.
  [[nodiscard]] base::Seq root(base::Seq seq) const;
  /// From the root to the event itself.
  [[nodiscard]] std::vector<base::Seq> chain(base::Seq seq) const;
  /// All that an event led to over any number of steps, itself left out, in order. O(events).
  [[nodiscard]] std::vector<base::Seq> consequences(base::Seq seq) const;
  /// The events that nothing led to, in order. O(events).
  [[nodiscard]] std::vector<base::Seq> roots() const;

 private:
  std::vector<base::Seq> causes_;
};

}  // namespace wavetank::project
