#pragma once
// The scheduler's inside, shared by its files: scheduler.cpp (decisions), scheduler_facts.cpp (facts),
// scheduler_events.cpp (whom they wake). Nobody else includes it.

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/symbols.h"
#include "engine/schedule/evaluator.h"
#include "engine/schedule/hints.h"
#include "engine/schedule/preemption.h"
#include "engine/schedule/queue.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::schedule {

/// What is remembered of a node object beside the cache's columns, to tell what an update changed.
struct NodeSeen {
  std::vector<std::pair<base::Sym, base::Sym>> labels;  ///< Of Impl::label_texts.
  // With a trace only.
  std::uint64_t annotations = 0;
  std::array<event::ConditionStatus, event::kNodeConditionCount> conditions{};
};

/// What is remembered of volume objects, to tell what an update changed.
struct VolumesSeen {
  std::unordered_map<std::uint32_t, std::string> zones;  ///< By PvId, of volumes whose labels name any; lookup only.
  std::vector<std::vector<std::vector<model::Requirement>>> topologies;  ///< By StorageClassId.
  std::vector<model::CSINode> csi_nodes;                                 ///< By CsiNodeId.
};

/// An attempt that ended without a node: the pod is in flight until end_attempt().
struct Returning {
  PodId pod;
  std::uint8_t profile = 0;
  PluginMask rejected_by = 0;  ///< 0: an error, no plugin's verdict.
};

inline bool ended(event::Phase phase) { return phase == event::Phase::Succeeded || phase == event::Phase::Failed; }

/// A profile at work: its plugins and what they keep. The cache, the nominations and the place where the next walk over
/// the nodes begins are the scheduler's: all profiles share them.
struct Served {
  Served(const Profile& profile, Cache& cache, Nominations& nominations, std::size_t& next_start)
      : evaluator(profile, cache, nominations, &next_start),
        preempter(evaluator, cache, nominations),
        hints(evaluator.plugins()) {}
  Evaluator evaluator;
  Preempter preempter;
  Hints hints;
  std::uint8_t number = 0;  ///< Among the profiles.
};

struct Scheduler::Impl {
  explicit Impl(const Settings& s)
      : settings(s), queue(s), tie_break(s.seed, "tie-break"), offset(s.seed, "preemption-offset") {
    if (settings.profiles.empty()) settings.profiles.push_back(default_profile());
    for (const Profile& profile : settings.profiles) {
      served.push_back(std::make_unique<Served>(profile, cache, nominations, next_start));
      served.back()->evaluator.set_plain(s.plain);
      served.back()->preempter.set_plain(s.plain);
      served.back()->number = static_cast<std::uint8_t>(served.size() - 1);
    }
  }

  /// Whose pods of this template are; null: of none of the profiles here.
  Served* served_by(TemplateId tmpl, const ClusterView& v);
  void outdate_classes() {
    for (const auto& s : served) s->evaluator.outdate_classes();
  }

  void observe(const event::Event& event, const ClusterView& view);
  void on(const event::ObjectCreated& e);
  void on(const event::ObjectUpdated& e);
  void on(const event::ObjectRemoved& e);
  void on(const event::PodCreated& e);
  void on(const event::PodMade& e);
  void on(const event::PodBound& e);
  void on(const event::PodNominated& e);
  void on(const event::ImagePulled& e);
  void on(const event::PodPhaseChanged& e) {
    if (ended(e.phase)) pod_gone(e.pod);
  }
  void on(const event::PodFailed& e) { pod_gone(e.pod); }
  void on(const event::PodDeletionStarted& e) {
    if (cache.placed(e.pod) != nullptr) cache.set_terminating(e.pod);
  }
  void on(const event::PodRemoved& e) { pod_gone(e.pod); }
  void on(const event::NodeTaintsChanged& e) { node_changed(e.node, false); }
  void on(const event::NodeCordoned& e) { node_changed(e.node, false); }
  void on(const event::NodeConditionChanged& e) {
    if (trace != nullptr) node_changed(e.node, false);
  }
  void on(const event::PodUnschedulable& e);
  template <class Other>
  void on(const Other&) {}

  void enqueue(PodId pod, const ClusterView& v, SimTime timestamp, base::Seq cause);
  void pod_made(PodId pod);
  void pod_updated(PodId pod);
  void pod_gone(PodId pod);
  void node_changed(NodeId node, bool whole_object);
  void node_removed(NodeId node);
  // scheduler_volumes.cpp
  void volume_event(event::Ref object, Actions what);
  /// Remembers the object; what of it is new. VolumeChange bits.
  std::uint8_t note_volume(event::Ref object, const ClusterView& v);
  void note_volumes(const ClusterView& v);
  void note_labels(NodeId node, const ClusterView& v);
  [[nodiscard]] bool same_labels(NodeId node) const;
  [[nodiscard]] bool same_allocatable(NodeId node);
  [[nodiscard]] std::shared_ptr<const NodeObject> object_of(NodeId node) const;
  Actions traced_node_changes(NodeId node, bool fresh);

  // scheduler_events.cpp
  /// Somebody may have to be told of events.
  [[nodiscard]] bool heard() const {
    return trace != nullptr || returning || queue.count(Queue::Place::Unschedulable) > 0;
  }
  void notify(ClusterEvent e);
  void pod_event(Actions what, PodId pod, TemplateId tmpl, TemplateId old_tmpl = {});
  void nomination_ended(PodId pod);
  void own_event(PodId pod, Actions what, TemplateId tmpl, TemplateId old_tmpl);
  void tell(const ClusterEvent& e);
  /// `pod`: whose; not valid: of any pod of the class.
  [[nodiscard]] bool helps(std::uint8_t profile, PluginMask plugins, const ClusterEvent& e, TemplateId tmpl,
                           event::Ref owner, PodId pod);
  /// Whether the event may be about this pod, of a class for which it may be.
  [[nodiscard]] bool applies(const ClusterEvent& e, const Queue::Pod& pod);
  [[nodiscard]] std::uint8_t gate_of(std::uint8_t profile, TemplateId tmpl) const;
  std::vector<Actions> changes(TemplateId was, TemplateId is);
  void end_attempt(const ClusterView& v);
  void binding_failed(PodId pod, const ClusterView& v);
  [[nodiscard]] std::vector<std::string_view> names_of(std::uint8_t profile, PluginMask plugins) const;
  [[nodiscard]] QueuedPod describe(const Queue::Pod& pod) const;
  void set_nomination(PodId pod, NodeId node, const ClusterView& v);

  std::optional<Decision> schedule_one(const ClusterView& v);
  Decision schedule(Queue::Pod pod, const ClusterView& v);
  NodeId choose(const std::vector<NodeId>& ties, const Queue::Pod& pod, const ClusterView& v) const;
  static std::uint64_t draws_of(const Queue::Pod& pod);
  void preempt(Served& by, const Evaluator::Request& request, const Queue::Pod& pod, const ClusterView& v,
               Decision& out);
  void nominate(Served& by, const Preemption& found, const Queue::Pod& pod, const ClusterView& v, Decision& out);

  Settings settings;
  Cache cache;
  Nominations nominations;
  std::vector<std::unique_ptr<Served>> served;    ///< By profile.
  std::vector<std::uint32_t> served_by_template;  ///< Place in served plus 2; 1: none; 0: not looked up yet.
  std::size_t next_start = 0;
  Queue queue;
  base::Stream tie_break, offset;
  std::size_t next_pod = 0, next_node = 0;
  base::Seq seen_seq = 0;
  std::vector<NodeSeen> seen_nodes;
  base::SymbolPool label_texts;
  VolumesSeen seen_volumes;
  PvId next_volume{0U};
  PvcId next_claim{0U};
  event::StorageClassId next_class{0U};
  event::CsiNodeId next_csi_node{0U};
  std::unordered_map<std::uint32_t, NodeId> nominated;  ///< status.nominatedNodeName of pending pods; lookup only.
  std::optional<Returning> returning;
  std::vector<ClusterEvent> during;  ///< What its plugins may care about that came since it was popped.
  QueueTrace* trace = nullptr;
  // of the event being observed
  const ClusterView* view = nullptr;
  base::Seq seq = 0;
};

}  // namespace wavetank::schedule
