#pragma once
// Scheduler tests as tables. One line a thing:
//
//   node n1 zone=a cpu=4 memory=8Gi disk=ssd taint=gpu:NoSchedule cordoned
//   placed p1 on n1 cpu=1 app=web priority=5          a pod that runs there already
//   pod p2 cpu=1 app=db {tolerations: [{key: gpu, operator: Exists}]} -> n1
//   pod p3 cpu=9 -> none: 1 Insufficient cpu          the message must contain what follows the colon
//   pod p4 cpu=2 priority=9 -> evicts p1 on n1
//   service web app=web                               selects app=web
//   budget web app=web allows 1                       a PodDisruptionBudget with status
//
// Words key=value are labels, but for cpu, memory, pods, gpu, zone, host, region, priority, port, image, taint. A
// node's host label is its name. {…} is more of the pod's spec in YAML. "->" is the next attempt, mostly of that line's
// pod: pods are tried through observe() and schedule_one(), ties go to the smallest name, what is bound is a fact at
// once. Nodes have 4 cpu, 8Gi and 110 pods unless said otherwise.

#include <string>
#include <string_view>
#include <vector>

#include "engine/schedule/scheduler.h"

namespace wavetank::schedule_table {

/// A cluster whose scheduler sees every fact at once.
class Cluster {
 public:
  explicit Cluster(schedule::Settings settings = {0, schedule::TieBreak::Name});

  base::Seq fact(event::Payload payload);
  base::Seq create(const std::string& yaml);
  void line(std::string_view text);
  [[nodiscard]] state::ClusterView view() const { return {state, now}; }
  [[nodiscard]] event::PodId pod(std::string_view name) const;
  [[nodiscard]] event::NodeId node(std::string_view name) const;
  [[nodiscard]] std::string name(event::NodeId node) const;
  [[nodiscard]] std::string name(event::PodId pod) const { return std::string(view().pod_name(pod)); }
  /// One attempt, its bind or evictions applied: "p2 -> n1", "p3 -> none: …", "p4 -> evicts p1 on n1", or "idle".
  std::string attempt();

  state::ClusterState state;
  base::SimTime now;
  schedule::Scheduler scheduler;
  schedule::Scheduler* second = nullptr;  ///< Another that is told the same.

 private:
  void make_node(std::string_view name, const std::vector<std::string>& words);
  void make_pod(std::string_view name, const std::vector<std::string>& words, const std::string& spec);
  void make_budget(const std::vector<std::string>& words);
};

/// Runs a table; returns the lines that came out otherwise, "" if all came out as written.
std::string differences(std::string_view table, const schedule::Settings& settings = {0, schedule::TieBreak::Name});

}  // namespace wavetank::schedule_table
