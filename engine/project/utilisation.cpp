#include "engine/project/utilisation.h"

namespace wavetank::project {
namespace {

constexpr std::int64_t kMi = std::int64_t{1} << 20;

}  // namespace

void Utilisation::change(Resource& resource, SimTime now, std::int64_t requested, std::int64_t allocatable) {
  if (requested != 0) resource.requested.set(now, resource.requested.value() + requested);
  if (allocatable != 0) resource.allocatable.set(now, resource.allocatable.value() + allocatable);
}

void Utilisation::recount(PodId pod, const ClusterView& view) {
  const std::size_t p = pod.index();
  const event::Phase phase = view.pod_phase(pod);
  const bool counts = view.pod_alive(pod) && view.pod_node(pod).valid() && phase != event::Phase::Succeeded &&
                      phase != event::Phase::Failed;
  if (counted_.size() <= p) counted_.resize(p + 1);
  if (counted_[p] == counts) return;
  counted_[p] = counts;
  const model::ResourceList& r = view.pod_template(view->pods.tmpl[p]).requests;
  const std::int64_t sign = counts ? 1 : -1;
  change(cpu_, view.now(), sign * r.milli_cpu, 0);
  change(memory_, view.now(), sign * ((r.memory + kMi - 1) / kMi), 0);
}

void Utilisation::recount(NodeId node, const ClusterView& view) {
  if (nodes_.size() <= node.index()) nodes_.resize(node.index() + 1);
  const state::NodeRow& row = view.node(node);
  Amounts now;
  if (row.header.alive) now = {row.spec.allocatable.milli_cpu, row.spec.allocatable.memory / kMi};
  Amounts& was = nodes_[node.index()];
  change(cpu_, view.now(), 0, now.milli_cpu - was.milli_cpu);
  change(memory_, view.now(), 0, now.memory_mi - was.memory_mi);
  was = now;
}

void Utilisation::observe(const event::Event& event, const ClusterView& view) {
  switch (event.kind()) {
    case event::EventKind::ObjectCreated:
      if (std::get<event::ObjectCreated>(event.payload).kind == model::Kind::Node)
        recount(NodeId(view->nodes.size() - 1), view);
      return;
    case event::EventKind::ObjectUpdated: {
      const Ref ref = std::get<event::ObjectUpdated>(event.payload).ref;
      if (ref.kind == model::Kind::Node) recount(ref.as<NodeId>(), view);
      return;
    }
    case event::EventKind::ObjectRemoved: {
      const Ref ref = std::get<event::ObjectRemoved>(event.payload).ref;
      if (ref.kind == model::Kind::Node) recount(ref.as<NodeId>(), view);
      return;
    }
    case event::EventKind::PodBound:
      return recount(std::get<event::PodBound>(event.payload).pod, view);
    case event::EventKind::PodPhaseChanged:
      return recount(std::get<event::PodPhaseChanged>(event.payload).pod, view);
    case event::EventKind::PodFailed:
      return recount(std::get<event::PodFailed>(event.payload).pod, view);
    case event::EventKind::PodRemoved:
      return recount(std::get<event::PodRemoved>(event.payload).pod, view);
    default:
      return;
  }
}

}  // namespace wavetank::project
