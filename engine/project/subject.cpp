// Which objects an event is about.
#include <algorithm>

#include "engine/project/narrate.h"

namespace wavetank::project {
namespace {

using model::Kind;

// Rows are in the order of their making, so the one that an event made is found by bisection.
template <class Rows>
std::uint32_t made_by(const Rows& rows, Seq seq) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), seq,
                                   [](const auto& row, Seq s) { return row.header.created_seq < s; });
  const bool found = at != rows.end() && at->header.created_seq == seq;
  return found ? static_cast<std::uint32_t>(at - rows.begin()) : base::Id<void>::kNone;
}

Ref pod_made_by(Seq seq, const ClusterView& view) {
  const std::vector<Seq>& created = view->pods.created_seq;
  const auto at = std::lower_bound(created.begin(), created.end(), seq);
  const bool found = at != created.end() && *at == seq;
  return found ? Ref(PodId(static_cast<std::size_t>(at - created.begin()))) : Ref();
}

Ref object_made_by(Kind kind, Seq seq, const ClusterView& view) {
  if (kind == Kind::Pod) return pod_made_by(seq, view);
  std::uint32_t row = base::Id<void>::kNone;
  bool own_table = false;
  state::for_tables(view.state(), [&](Kind of, const auto& rows) {
    if (of != kind) return;
    own_table = true;
    row = made_by(rows, seq);
  });
  if (!own_table) row = made_by(view->others, seq);
  return row == base::Id<void>::kNone ? Ref() : Ref(kind, row);
}

struct SubjectOf {
  const event::Event& event;
  const ClusterView& view;

  Ref operator()(const std::monostate&) const { return {}; }
  Ref operator()(const event::RunStarted&) const { return {}; }
  Ref operator()(const event::RequestMade&) const { return {}; }
  Ref operator()(const event::RequestRefused&) const { return {}; }
  Ref operator()(const event::FaultInjected&) const { return {}; }
  Ref operator()(const event::FaultHealed&) const { return {}; }
  Ref operator()(const event::ExpectationJudged&) const { return {}; }
  Ref operator()(const event::MachineDown& e) const { return Ref(e.node); }
  Ref operator()(const event::MachineUp& e) const { return Ref(e.node); }
  Ref operator()(const event::LoadChanged& e) const { return Ref(e.service); }
  Ref operator()(const event::ObjectCreated& e) const { return object_made_by(e.kind, event.seq, view); }
  Ref operator()(const event::ObjectUpdated& e) const { return e.ref; }
  Ref operator()(const event::ObjectDeletionStarted& e) const { return e.ref; }
  Ref operator()(const event::ObjectRemoved& e) const { return e.ref; }
  Ref operator()(const event::OwnerChanged& e) const { return e.child; }
  Ref operator()(const event::PodCreated&) const { return pod_made_by(event.seq, view); }
  Ref operator()(const event::PodMade&) const { return pod_made_by(event.seq, view); }
  Ref operator()(const event::ControllerRevisionCreated&) const {
    return object_made_by(Kind::ControllerRevision, event.seq, view);
  }
  Ref operator()(const event::ComponentDown&) const { return {}; }
  Ref operator()(const event::ComponentUp&) const { return {}; }
  Ref operator()(const event::ReplicaSetCreated&) const { return object_made_by(Kind::ReplicaSet, event.seq, view); }
  Ref operator()(const event::EndpointSliceCreated&) const {
    return object_made_by(Kind::EndpointSlice, event.seq, view);
  }
  Ref operator()(const event::EndpointsChanged& e) const { return Ref(e.slice); }
  Ref operator()(const event::EndpointSlicePortsSet& e) const { return Ref(e.slice); }
  Ref operator()(const event::LoadBalancerChanged& e) const { return e.ref; }
  // The rest name their subject by its kind.
  template <class E>
  Ref operator()(const E& e) const {
    if constexpr (
        requires { e.pod; } && !requires { e.pdb; }) {
      return Ref(e.pod);
    } else if constexpr (requires { e.pdb; }) {
      return Ref(e.pdb);
    } else if constexpr (requires { e.node; }) {
      return Ref(e.node);
    } else if constexpr (requires { e.ref; }) {
      return e.ref;
    } else if constexpr (requires { e.id; }) {
      return Ref(e.id);
    } else if constexpr (requires { e.replica_set; }) {
      return Ref(e.replica_set);
    } else {
      return Ref(e.deployment);
    }
  }
};

}  // namespace

Ref subject(const event::Event& event, const ClusterView& view) {
  return std::visit(SubjectOf{event, view}, event.payload);
}

std::vector<Ref> mentions(const event::Event& event, const ClusterView& view) {
  std::vector<Ref> out;
  const auto add = [&](Ref ref) {
    if (ref.valid() && std::find(out.begin(), out.end(), ref) == out.end()) out.push_back(ref);
  };
  add(subject(event, view));
  if (const auto* bound = std::get_if<event::PodBound>(&event.payload)) add(Ref(bound->node));
  if (const auto* nominated = std::get_if<event::PodNominated>(&event.payload)) add(Ref(nominated->node));
  if (const auto* made = std::get_if<event::PodCreated>(&event.payload)) add(Ref(made->replica_set));
  if (const auto* made = std::get_if<event::PodMade>(&event.payload)) add(made->owner);
  if (const auto* made = std::get_if<event::ControllerRevisionCreated>(&event.payload)) add(made->owner);
  if (const auto* made = std::get_if<event::ReplicaSetCreated>(&event.payload)) add(Ref(made->deployment));
  if (const auto* scaled = std::get_if<event::ReplicaSetScaled>(&event.payload)) {
    add(Ref(view.replica_set(scaled->replica_set).deployment));
  }
  if (const auto* made = std::get_if<event::EndpointSliceCreated>(&event.payload)) add(Ref(made->service));
  if (const auto* ports = std::get_if<event::EndpointSlicePortsSet>(&event.payload))
    add(Ref(view.endpoint_slice(ports->slice).service));
  if (const auto* changed = std::get_if<event::EndpointsChanged>(&event.payload)) {
    add(Ref(view.endpoint_slice(changed->slice).service));
    for (const event::EndpointChange& change : changed->changes) add(Ref(change.pod));
  }
  if (const auto* owner = std::get_if<event::OwnerChanged>(&event.payload)) add(owner->owner);
  if (const auto* record = std::get_if<event::PdbDisruptionRecorded>(&event.payload)) add(Ref(record->pod));
  return out;
}

}  // namespace wavetank::project
