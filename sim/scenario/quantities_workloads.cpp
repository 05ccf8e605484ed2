// What expressions can ask of StatefulSets, DaemonSets and namespaces.
#include "sim/scenario/quantities_workloads.h"

#include <algorithm>

namespace wavetank::scenario {
namespace {

using event::EventKind;

constexpr event::KindMask kObjects = event::mask_of(
    EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted, EventKind::ObjectRemoved,
    EventKind::ControllerRevisionCreated, EventKind::ControllerRevisionNumbered);

const state::StatefulSetRow& stateful(const ClusterView& v, Ref r) {
  return v.stateful_set(r.as<event::StatefulSetId>());
}
const state::DaemonSetRow& daemon(const ClusterView& v, Ref r) { return v.daemon_set(r.as<event::DaemonSetId>()); }

/// As `kubectl rollout status` decides it (k8s.io/kubectl StatefulSetStatusViewer).
bool complete(const state::StatefulSetRow& s) {
  const event::StatefulSetStatus& n = s.status;
  if (n.observed_generation < s.header.generation || n.ready < s.spec.replicas) return false;
  if (s.spec.partition >= 0) return n.updated >= s.spec.replicas - s.spec.partition;
  return n.update_revision == n.current_revision;
}

/// As `kubectl rollout status` decides it (k8s.io/kubectl DaemonSetStatusViewer).
bool complete(const state::DaemonSetRow& d) {
  return d.status.observed_generation >= d.header.generation && d.status.updated >= d.status.desired &&
         d.status.available >= d.status.desired;
}

/// The newest revision's number, 0 before the first.
template <class Row>
Value newest(const ClusterView& view, const Row& row) {
  std::int64_t out = 0;
  for (const event::ControllerRevisionId id : row.revisions) out = std::max(out, view.controller_revision(id).revision);
  return out;
}

template <class Row>
Value image(const ClusterView& view, const Row& row) {
  const auto& containers = view.pod_template(row.tmpl).value->spec.containers;
  return containers.empty() ? std::string() : containers.front().image;
}

}  // namespace

ObjectKind stateful_sets() {
  return {
      model::Kind::StatefulSet,
      kObjects | event::mask(EventKind::StatefulSetStatusChanged),
      {{"replicas", ValueType::Number, [](const ClusterView& v, Ref r) { return number(stateful(v, r).spec.replicas); },
        "spec.replicas: how many are wanted"},
       {"statusReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(stateful(v, r).status.replicas); },
        "status.replicas: how many there are"},
       {"readyReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(stateful(v, r).status.ready); }, "status.readyReplicas"},
       {"availableReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(stateful(v, r).status.available); },
        "status.availableReplicas"},
       {"currentReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(stateful(v, r).status.current); },
        "status.currentReplicas: of currentRevision"},
       {"updatedReplicas", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(stateful(v, r).status.updated); },
        "status.updatedReplicas: of updateRevision"},
       {"currentRevision", ValueType::Word,
        [](const ClusterView& v, Ref r) { return Value(stateful(v, r).status.current_revision); },
        "status.currentRevision"},
       {"updateRevision", ValueType::Word,
        [](const ClusterView& v, Ref r) { return Value(stateful(v, r).status.update_revision); },
        "status.updateRevision"},
       {"revision", ValueType::Number, [](const ClusterView& v, Ref r) { return newest(v, stateful(v, r)); },
        "the number of its newest ControllerRevision"},
       {"complete", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(complete(stateful(v, r))); },
        "the rollout is done, as `kubectl rollout status` says it; with a partition: as far as it goes"},
       {"image", ValueType::Word, [](const ClusterView& v, Ref r) { return image(v, stateful(v, r)); },
        "image of the template's first container"}}};
}

ObjectKind daemon_sets() {
  return {
      model::Kind::DaemonSet,
      kObjects | event::mask(EventKind::DaemonSetStatusChanged),
      {{"desiredNumberScheduled", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.desired); },
        "status.desiredNumberScheduled: nodes that should run one"},
       {"currentNumberScheduled", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.current_scheduled); },
        "status.currentNumberScheduled: of those, with a pod"},
       {"updatedNumberScheduled", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.updated); },
        "status.updatedNumberScheduled: of the current template"},
       {"numberReady", ValueType::Number, [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.ready); },
        "status.numberReady"},
       {"numberAvailable", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.available); }, "status.numberAvailable"},
       {"numberUnavailable", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.unavailable); },
        "status.numberUnavailable"},
       {"numberMisscheduled", ValueType::Number,
        [](const ClusterView& v, Ref r) { return number(daemon(v, r).status.misscheduled); },
        "status.numberMisscheduled: nodes with a pod that should have none"},
       {"revision", ValueType::Number, [](const ClusterView& v, Ref r) { return newest(v, daemon(v, r)); },
        "the number of its newest ControllerRevision"},
       {"complete", ValueType::Flag, [](const ClusterView& v, Ref r) { return flag(complete(daemon(v, r))); },
        "the rollout is done, as `kubectl rollout status` says it"},
       {"image", ValueType::Word, [](const ClusterView& v, Ref r) { return image(v, daemon(v, r)); },
        "image of the template's first container"}}};
}

ObjectKind namespaces() {
  return {model::Kind::Namespace,
          kObjects,
          {{"phase",
            ValueType::Word,
            [](const ClusterView& v, Ref r) { return word(v.header(r)->terminating() ? "Terminating" : "Active"); },
            "status.phase",
            {"Active", "Terminating"}}}};
}

}  // namespace wavetank::scenario
