#pragma once
// Which nodes changed, in order: whoever keeps answers by node remembers how far it has read, and catches up in as many
// steps as there were changes. Bounded: a reader that is further behind than the log reaches has to ask for every node,
// which then costs no more than reading would have.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/event/ids.h"

namespace wavetank::schedule {

class ChangeLog {
 public:
  /// `nodes`: how many there are; the log reaches back at least that many changes. Amortised O(1).
  void add(event::NodeId node, std::size_t nodes) {
    if (changed_.size() >= 4 * nodes + 256) {
      const std::size_t half = changed_.size() / 2;
      changed_.erase(changed_.begin(), changed_.begin() + static_cast<std::ptrdiff_t>(half));
      first_ += half;
    }
    changed_.push_back(node);
  }
  [[nodiscard]] std::uint64_t end() const { return first_ + changed_.size(); }
  /// Whether all changes from `position` on are still known.
  [[nodiscard]] bool reaches(std::uint64_t position) const { return position >= first_ && position <= end(); }
  /// The changes from `position` on; a node may be named more than once.
  [[nodiscard]] std::span<const event::NodeId> since(std::uint64_t position) const {
    return std::span(changed_).subspan(static_cast<std::size_t>(position - first_));
  }

 private:
  std::vector<event::NodeId> changed_;
  std::uint64_t first_ = 1;  ///< Position of changed_.front(); a reader at 0 has read nothing.
};

}  // namespace wavetank::schedule
