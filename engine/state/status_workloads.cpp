// Of StatefulSets and DaemonSets.
#include "engine/state/status.h"

namespace wavetank::state {

using model::Doc;

void write_status(const ClusterView&, Doc& doc, const StatefulSetRow& row) {
  const event::StatefulSetStatus& s = row.status;
  Doc& status = doc["status"];
  status = Doc::object();
  status["replicas"] = Doc::integer(s.replicas);
  status["availableReplicas"] = Doc::integer(s.available);
  if (s.observed_generation == 0) return;  // no controller has seen it yet
  status["observedGeneration"] = Doc::integer(s.observed_generation);
  // Zero is left out, as omitempty has it.
  if (s.ready != 0) status["readyReplicas"] = Doc::integer(s.ready);
  if (s.current != 0) status["currentReplicas"] = Doc::integer(s.current);
  if (s.updated != 0) status["updatedReplicas"] = Doc::integer(s.updated);
  status["currentRevision"] = Doc::string(s.current_revision);
  status["updateRevision"] = Doc::string(s.update_revision);
  status["collisionCount"] = Doc::integer(s.collision_count);
}

void write_status(const ClusterView&, Doc& doc, const DaemonSetRow& row) {
  const event::DaemonSetStatus& s = row.status;
  Doc& status = doc["status"];
  status = Doc::object();
  status["currentNumberScheduled"] = Doc::integer(s.current_scheduled);
  status["numberMisscheduled"] = Doc::integer(s.misscheduled);
  status["desiredNumberScheduled"] = Doc::integer(s.desired);
  status["numberReady"] = Doc::integer(s.ready);
  if (s.observed_generation != 0) status["observedGeneration"] = Doc::integer(s.observed_generation);
  if (s.updated != 0) status["updatedNumberScheduled"] = Doc::integer(s.updated);
  if (s.available != 0) status["numberAvailable"] = Doc::integer(s.available);
  if (s.unavailable != 0) status["numberUnavailable"] = Doc::integer(s.unavailable);
  if (s.collision_count != 0) status["collisionCount"] = Doc::integer(s.collision_count);
}

}  // namespace wavetank::state
