#pragma once
// One plain English sentence an event. A kind without a sentence does not compile.

#include <string>
#include <vector>

#include "engine/project/words.h"

namespace wavetank::project {

/// What an event is about to change, read from the state before it. Sentences say "from 3 to 5".
struct Before {
  std::int32_t replicas = 0;         ///< ReplicaSetScaled
  std::string doc;                   ///< ObjectUpdated
  std::vector<model::Taint> taints;  ///< NodeTaintsChanged, ObjectUpdated of a node
  bool had_exited = false;           ///< ContainerStarted: this is a restart.
  std::size_t pods = 0;              ///< MachineDown: bound pods.
  std::string service_type;          ///< ObjectUpdated of a Service.
  event::ConditionStatus status =
      event::ConditionStatus::Unknown;  ///< NodeConditionChanged, DeploymentConditionChanged
};

/// Call with the view before `event` is folded. O(document) at worst.
Before before(const event::Event& event, const ClusterView& view);

/// "the scheduler placed pod web-… on node n3 (zone b)": no full stop, no time. `view` includes the event, or anything
/// after it.
std::string narrate(const event::Event& event, const Before& before, const ClusterView& view);

/// Whether a binding (event `seq` with its cause) was written together with the pod, whose manifest names the node: no
/// scheduler was asked.
bool bound_by_manifest(PodId pod, Seq seq, Seq cause, const ClusterView& view);

/// The object that the event is foremost about; not valid for events of the run as a whole. For ObjectCreated and its
/// like the row is found in `view` by the event's number: O(rows of the kind) at worst, O(1) right after the event.
Ref subject(const event::Event& event, const ClusterView& view);

/// All objects that the event names or changes: the subject, and e.g. the node of a bound pod.
std::vector<Ref> mentions(const event::Event& event, const ClusterView& view);

/// What differs between two documents of one object, for people: "replicas 3 → 5, image of server web:1 → web:2". At
/// most `most` differences are written out.
std::string describe_change(const std::string& before, const std::string& after, std::size_t most = 4);

}  // namespace wavetank::project
