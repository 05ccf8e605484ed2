// Which events `event Kind(filter) count` counts.
#include <string_view>

#include "engine/event/names.h"
#include "sim/scenario/quantities.h"

namespace wavetank::scenario {
namespace {

using event::EventKind;
using event::PodId;

std::string_view node_of(const ClusterView& view, PodId pod) {
  const event::NodeId node = view.pod_node(pod);
  return node.valid() ? view.text(view.node(node).header.name) : "";
}

std::string_view deletion_word(event::DeletionReason reason) {
  switch (reason) {
    case event::DeletionReason::Deleted:
      return "Deleted";
    case event::DeletionReason::ScaledDown:
      return "ScaledDown";
    case event::DeletionReason::Evicted:
      return "Evicted";
    case event::DeletionReason::TaintEviction:
      return "TaintEviction";
    case event::DeletionReason::Preempted:
      return "Preempted";
    case event::DeletionReason::GarbageCollected:
      return "GarbageCollected";
    case event::DeletionReason::PodGC:
      return "PodGC";
  }
  return "";
}

std::string_view exit_word(event::ExitReason reason) {
  switch (reason) {
    case event::ExitReason::Completed:
      return "Completed";
    case event::ExitReason::LivenessProbeFailed:
      return "LivenessProbeFailed";
    case event::ExitReason::StartupProbeFailed:
      return "StartupProbeFailed";
    case event::ExitReason::Error:
      return "Error";
    case event::ExitReason::OOMKilled:
      return "OOMKilled";
    case event::ExitReason::ContainerStatusUnknown:
      return "ContainerStatusUnknown";
  }
  return "";
}

// Payloads without such a field, std::monostate among them, have no reason and no subject.
struct ReasonOf {
  template <class T>
  std::string operator()(const T& fact) const {
    if constexpr (std::is_same_v<T, event::PodDeletionStarted>) {
      return std::string(deletion_word(fact.reason));
    } else if constexpr (std::is_same_v<T, event::ContainerWaiting>) {
      return std::string(waiting_reason_word(fact.reason));
    } else if constexpr (std::is_same_v<T, event::ContainerExited>) {
      return std::string(exit_word(fact.reason));
    } else if constexpr (requires { std::string(fact.reason); }) {
      return fact.reason;
    } else {
      return "";
    }
  }
};

struct SubjectOf {
  template <class T>
  Ref operator()(const T& fact) const {
    if constexpr (requires { Ref(fact.pod); }) {
      return Ref(fact.pod);
    } else if constexpr (requires { Ref(fact.node); }) {
      return Ref(fact.node);
    } else if constexpr (requires { Ref(fact.deployment); }) {
      return Ref(fact.deployment);
    } else if constexpr (requires { Ref(fact.replica_set); }) {
      return Ref(fact.replica_set);
    } else if constexpr (requires { Ref(fact.service); }) {
      return Ref(fact.service);
    } else if constexpr (requires { Ref(fact.ref); }) {
      return fact.ref;
    } else {
      return {};
    }
  }
};

}  // namespace

std::string_view waiting_reason_word(event::WaitingReason reason) { return event::name_of(reason); }

bool event_matches(const event::Event& event, const model::LabelSelector& filter, const ClusterView& view) {
  if (filter.empty()) return true;
  const Ref subject = std::visit(SubjectOf{}, event.payload);
  model::Labels labels;
  if (subject.valid()) {
    labels = view.labels_of(subject);
    model::set_label(labels, "name", view.bare_name(subject));
    model::set_label(labels, "namespace", view.namespace_of(subject));
    if (subject.kind == model::Kind::Pod) model::set_label(labels, "node", node_of(view, subject.as<PodId>()));
  }
  if (event.kind() == EventKind::PodCreated || event.kind() == EventKind::PodMade) {
    // The event names the set; the pod it made is the newest.
    const PodId made(view->pods.size() - 1);
    labels = view.labels_of(made);
    model::set_label(labels, "name", view.bare_name(made));
    model::set_label(labels, "namespace", view.namespace_of(made));
  }
  model::set_label(labels, "reason", std::visit(ReasonOf{}, event.payload));
  return filter.matches(labels);
}

}  // namespace wavetank::scenario
