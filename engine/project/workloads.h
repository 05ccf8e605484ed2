#pragma once
// What became of each workload: desired and ready pods over time, availability, restarts.
//
// A workload is a Deployment, a StatefulSet, a DaemonSet (which wants a pod on each node that its status counts), a
// ReplicaSet without an owner, or all pods of a namespace without an owner together. A
// pod counts as ready when its condition Ready is True, it is not being deleted, and the machine under it runs: for up
// to 50 s after a machine died the control plane still believes in its pods, but nobody is served by them.

#include <string>
#include <vector>

#include "engine/project/series.h"
#include "engine/project/words.h"
#include "engine/state/observer.h"

namespace wavetank::project {

struct Workload {
  Ref ref;           ///< Deployment, StatefulSet, DaemonSet, ReplicaSet or, for pods without an owner, Namespace.
  std::string name;  ///< "web", "shop/web", "pods of shop".
  Series desired, ready;
  SimTime born;
  SimTime first_whole = SimTime::never();  ///< When it first had all that it wanted.
  SimTime gone = SimTime::never();
  // Time since first_whole, while it was there:
  Duration observed{}, full{}, some{};  ///< in all; with ready ≥ desired; with at least one ready.
  std::int64_t restarts = 0;
  std::int64_t pods_made = 0;
  bool whole = false;       ///< As many ready as desired, and for a Deployment: rolled out.
  bool rolled_out = false;  ///< Of Deployments only: no rollout is under way.
  bool adopted = false;     ///< It is `gone` only in so far as a Deployment owns it now.
  SimTime since;            ///< observed, full, some are counted up to here.
};

class Workloads final : public state::Observer {
 public:
  /// What the last event did to a workload.
  struct Touch {
    std::size_t workload = 0;
    bool worse = false;  ///< Fewer ready pods, not whole any more, or a rollout has begun.
    bool whole = false;
  };

  /// O(1) an event; O(pods of the node) when a machine goes down or up, O(pods of the set) when a ReplicaSet gets
  /// another owner.
  void observe(const event::Event& event, const ClusterView& view) override;
  /// Counts the time up to the end of the run.
  void finish(SimTime end);

  [[nodiscard]] const std::vector<Workload>& all() const { return all_; }
  [[nodiscard]] const std::vector<Touch>& touched() const { return touched_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffU;
  std::size_t workload(Ref ref, const ClusterView& view);
  [[nodiscard]] static Ref workload_ref(PodId pod, const ClusterView& view);
  void recount(PodId pod, const ClusterView& view);
  void refresh(Ref ref, const ClusterView& view);
  /// A ReplicaSet was orphaned (it is a workload of its own then) or adopted.
  void change_hands(Ref set, const ClusterView& view);
  void change(std::size_t workload, std::int64_t desired, std::int64_t ready, const ClusterView& view);
  static void count_time(Workload& w, SimTime now);
  std::vector<std::uint32_t>& index_of(model::Kind kind);

  std::vector<Workload> all_;
  std::vector<std::uint32_t> of_deployment_, of_set_, of_stateful_set_, of_daemon_set_, of_namespace_;  ///< By row.
  std::vector<std::uint32_t> counted_in_;  ///< By pod: the workload that counts it as ready.
  std::vector<std::uint32_t> loose_in_;    ///< By pod: the namespace's workload that wants it.
  std::vector<Touch> touched_;
};

}  // namespace wavetank::project
