#pragma once
// Small questions that several controllers ask the view.

#include <algorithm>
#include <vector>

#include "engine/control/controller.h"

namespace wavetank::control {

/// The row that the event `seq` made: rows are in the order of creation. Its index, or rows.size(). O(log rows).
template <class Row>
std::size_t row_created_by(const std::vector<Row>& rows, base::Seq seq) {
  const auto at =
      std::partition_point(rows.begin(), rows.end(), [&](const Row& row) { return row.header.created_seq < seq; });
  if (at == rows.end() || at->header.created_seq != seq) return rows.size();
  return static_cast<std::size_t>(at - rows.begin());
}

/// Every alive object of a kind as a key, for Controller::list().
template <class Id, class Row>
void add_alive(const std::vector<Row>& rows, KeySink& keys) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].header.alive) keys.add(Id(i));
  }
}

/// The pod that the event `seq` made; not valid if none. O(log pods).
inline event::PodId pod_created_by(const state::PodColumns& pods, base::Seq seq) {
  const auto at = std::lower_bound(pods.created_seq.begin(), pods.created_seq.end(), seq);
  if (at == pods.created_seq.end() || *at != seq) return {};
  return event::PodId(static_cast<std::size_t>(at - pods.created_seq.begin()));
}

/// The pod whose readiness, phase or existence the event changed; not valid for events of another kind. Births and
/// labels are not among them: a pod that was just made may have no controller yet.
inline event::PodId pod_changed_by(const event::Event& event) {
  if (const auto* e = std::get_if<event::PodReadyChanged>(&event.payload)) return e->pod;
  if (const auto* e = std::get_if<event::PodPhaseChanged>(&event.payload)) return e->pod;
  if (const auto* e = std::get_if<event::PodFailed>(&event.payload)) return e->pod;
  if (const auto* e = std::get_if<event::PodDeletionStarted>(&event.payload)) return e->pod;
  if (const auto* e = std::get_if<event::PodRemoved>(&event.payload)) return e->pod;
  return {};
}
/// The pod's controller as a key, if it is of this kind.
inline void add_controller_of(event::PodId pod, model::Kind kind, const ClusterView& view, KeySink& keys) {
  const Ref owner = view->pods.owner[pod.index()];
  if (owner.valid() && owner.kind == kind) keys.add(owner);
}

/// Whether the namespace object is being deleted: nothing new may be made in it.
inline bool namespace_terminating(const state::ClusterView& view, base::Sym ns) {
  const event::Ref ref = view.find(model::Kind::Namespace, "", view.text(ns));
  return ref.valid() && view->namespaces[ref.row].header.terminating();
}

}  // namespace wavetank::control
