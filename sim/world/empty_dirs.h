#pragma once
// The emptyDirs on disk of pod templates: which container writes where, and how much each may hold. Remembered by
// template; without that it is read anew.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/quantity.h"
#include "engine/state/view.h"

namespace wavetank::world {

struct EmptyDirs {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Volume {
    std::string name;
    std::optional<base::Quantity> limit;  ///< sizeLimit
  };
  std::vector<Volume> volumes;
  std::vector<std::uint32_t>
      of_container;  ///< By container, init containers first: the first that it mounts, or kNone.
  bool read = false;
};

class EmptyDirIndex {
 public:
  /// O(1) after the first question about the pod's template.
  const EmptyDirs& of(event::PodId pod, const state::ClusterView& view);

 private:
  std::vector<EmptyDirs> by_template_;
};

}  // namespace wavetank::world
