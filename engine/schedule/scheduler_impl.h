#pragma once
// The scheduler's inside, shared by its two files: scheduler.cpp (decisions), scheduler_facts.cpp (facts). Nobody else
// includes it.

#include <algorithm>

#include "engine/base/prng.h"
#include "engine/schedule/evaluator.h"
#include "engine/schedule/preemption.h"
#include "engine/schedule/queue.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

/// What is remembered of a node object, to tell what an update changed.
struct NodeSeen {
  std::string labels;
  std::vector<model::Taint> taints;
  bool unschedulable = false;
};

inline bool ended(event::Phase phase) { return phase == event::Phase::Succeeded || phase == event::Phase::Failed; }

struct Scheduler::Impl {
  explicit Impl(const Settings& s)
      : settings(s),
        evaluator(default_profile(), cache, nominations),
        preempter(evaluator, cache, nominations),
        queue(s),
        tie_break(s.seed, "tie-break"),
        offset(s.seed, "preemption-offset") {
    evaluator.set_plain(s.plain);
  }

  void observe(const event::Event& event, const ClusterView& view);
  void on(const event::ObjectCreated& e);
  void on(const event::ObjectUpdated& e);
  void on(const event::ObjectRemoved& e);
  void on(const event::PodCreated& e);
  void on(const event::PodBound& e);
  void on(const event::PodNominated& e);
  void on(const event::ImagePulled& e);
  void on(const event::PodPhaseChanged& e) {
    if (ended(e.phase)) pod_gone(e.pod);
  }
  void on(const event::PodDeletionStarted& e) {
    if (cache.placed(e.pod) != nullptr) cache.set_terminating(e.pod);
  }
  void on(const event::PodRemoved& e) { pod_gone(e.pod); }
  void on(const event::NodeTaintsChanged& e) { node_changed(e.node, false); }
  void on(const event::NodeCordoned& e) { node_changed(e.node, false); }
  template <class Other>
  void on(const Other&) {}

  void enqueue(PodId pod, const ClusterView& v, SimTime timestamp, base::Seq cause);
  void pod_made(PodId pod);
  void pod_updated(PodId pod);
  void pod_gone(PodId pod);
  void node_changed(NodeId node, bool whole_object);
  void notify(ClusterEvent e);
  void set_nomination(PodId pod, NodeId node, const ClusterView& v);

  std::optional<Decision> schedule_one(const ClusterView& v);
  Decision schedule(Queue::Pod pod, const ClusterView& v);
  NodeId choose(const std::vector<NodeId>& ties, const Queue::Pod& pod, const ClusterView& v) const;
  static std::uint64_t draws_of(const Queue::Pod& pod);
  void preempt(const Evaluator::Request& request, const Queue::Pod& pod, const ClusterView& v, Decision& out);
  void nominate(const Preemption& found, const Queue::Pod& pod, const ClusterView& v, Decision& out);

  Settings settings;
  Cache cache;
  Nominations nominations;
  Evaluator evaluator;
  Preempter preempter;
  Queue queue;
  base::Stream tie_break, offset;
  std::size_t next_pod = 0, next_node = 0;
  base::Seq seen_seq = 0;
  std::vector<NodeSeen> seen_nodes;
  // of the event being observed
  const ClusterView* view = nullptr;
  base::Seq seq = 0;
};

}  // namespace wavetank::schedule
