#pragma once
// The list of nodes as the scheduler walks it: groups of one (region, zone) in order of first appearance, taken in
// turn, so that any stretch of the list touches all zones. Source: k8s.io/kubernetes
// pkg/scheduler/backend/cache/node_tree.go.

#include <string>
#include <vector>

#include "engine/state/view.h"

namespace wavetank::schedule {

class NodeOrder {
 public:
  /// Adds at the end of its group. A node already there under the same group stays where it is.
  void put(event::NodeId node, const model::Labels& labels);
  void remove(event::NodeId node);
  void clear();
  /// Rebuilt after a change. O(nodes) then, O(1) else.
  const std::vector<event::NodeId>& list();

 private:
  struct Group {
    std::string key;
    std::vector<event::NodeId> nodes;
  };
  std::vector<Group> groups_;
  std::vector<std::string> group_of_;  ///< By node; "\n" when absent.
  std::vector<event::NodeId> list_;
  bool dirty_ = false;
};

}  // namespace wavetank::schedule
