#include "engine/base/hash.h"
#include "engine/schedule/scheduler_impl.h"

namespace wavetank::schedule {
namespace {

/// Kinds of objects that plugins read when they compile a class of pods.
bool read_by_classes(model::Kind kind) {
  return kind == model::Kind::Service || kind == model::Kind::Namespace || kind == model::Kind::ReplicaSet ||
         kind == model::Kind::StatefulSet || kind == model::Kind::Other;
}

}  // namespace

void Scheduler::observe(const event::Event& event, const ClusterView& view) { impl_->observe(event, view); }

void Scheduler::Impl::observe(const event::Event& event, const ClusterView& v) {
  if (event.seq <= seen_seq) return;
  view = &v;
  seq = event.seq;
  queue.flush(v.now());
  std::visit([this](const auto& payload) { on(payload); }, event.payload);
  view = nullptr;
}

void Scheduler::Impl::on(const event::ObjectCreated& e) {
  if (e.kind == model::Kind::Pod) {
    pod_made(PodId(next_pod++));
  } else if (e.kind == model::Kind::Node) {
    node_changed(NodeId(next_node++), true);
  } else if (e.kind == model::Kind::Service || e.kind == model::Kind::Namespace) {
    outdate_classes();
  } else if (e.kind == model::Kind::PersistentVolume) {
    volume_event(PvId(next_volume.value++), action::kAdd);
  } else if (e.kind == model::Kind::PersistentVolumeClaim) {
    volume_event(PvcId(next_claim.value++), action::kAdd);
  } else if (e.kind == model::Kind::StorageClass) {
    volume_event(event::StorageClassId(next_class.value++), action::kAdd);
  } else if (e.kind == model::Kind::CSINode) {
    volume_event(event::CsiNodeId(next_csi_node.value++), action::kAdd);
  }
}

void Scheduler::Impl::on(const event::ObjectUpdated& e) {
  switch (e.ref.kind) {
    case model::Kind::Pod:
      pod_updated(e.ref.as<PodId>());
      break;
    case model::Kind::Node:
      node_changed(e.ref.as<NodeId>(), true);
      break;
    case model::Kind::PersistentVolume:
    case model::Kind::PersistentVolumeClaim:
    case model::Kind::StorageClass:
    case model::Kind::CSINode:
      volume_event(e.ref, action::kUpdate);
      break;
    default:
      if (read_by_classes(e.ref.kind)) outdate_classes();
      break;
  }
}

void Scheduler::Impl::on(const event::ObjectRemoved& e) {
  switch (e.ref.kind) {
    case model::Kind::Node:
      node_removed(e.ref.as<NodeId>());
      break;
    default:
      if (read_by_classes(e.ref.kind)) outdate_classes();
      break;
  }
}

void Scheduler::Impl::on(const event::PodCreated&) { pod_made(PodId(next_pod++)); }

void Scheduler::Impl::on(const event::PodMade&) { pod_made(PodId(next_pod++)); }

void Scheduler::Impl::on(const event::PodBound& e) {
  queue.remove(e.pod);
  nominations.remove(e.pod);
  cache.assumed_volumes.release(e.pod);  // by now they are facts
  if (const Cache::Placed* placed = cache.placed(e.pod)) {
    if (placed->node == e.node) {
      cache.confirm(e.pod);
    } else {
      cache.take(e.pod);
    }
  }
  if (cache.placed(e.pod) == nullptr)
    cache.place(e.pod, view->state().pods.tmpl[e.pod.index()], e.node, false, false, *view);
  pod_event(action::kAdd, e.pod, cache.placed(e.pod)->tmpl);
  // To the part of the scheduler that watches pending pods a binding is a deletion, and the pod had a nomination.
  nomination_ended(e.pod);
}

void Scheduler::Impl::on(const event::PodNominated& e) {
  set_nomination(e.pod, e.node, *view);
  if (queue.find(e.pod) != nullptr && cache.placed(e.pod) == nullptr) {
    const TemplateId tmpl = queue.find(e.pod)->tmpl;
    own_event(e.pod, action::kUpdate, tmpl, tmpl);
  }
  const auto known = nominated.find(e.pod.value);
  if (known != nominated.end() && known->second == e.node) return;
  if (known != nominated.end()) nomination_ended(e.pod);
  if (e.node.valid()) nominated[e.pod.value] = e.node;
}

void Scheduler::Impl::on(const event::PodUnschedulable& e) {
  const Queue::Pod* queued = queue.find(e.pod);
  if (queued == nullptr) return;
  queue.note_cause(e.pod, seq);
  own_event(e.pod, action::kUpdate, queued->tmpl, queued->tmpl);
}

void Scheduler::Impl::on(const event::ImagePulled& e) {
  const Cache::Placed* placed = cache.placed(e.pod);
  if (placed == nullptr) return;
  const model::PodSpec& spec = cache.known_info(placed->tmpl).pod->spec;
  const std::size_t inits = spec.init_containers.size();
  if (e.container >= inits + spec.containers.size()) return;
  const model::Container& c =
      e.container < inits ? spec.init_containers[e.container] : spec.containers[e.container - inits];
  cache.add_image(placed->node, c.image, e.size_bytes);
}

Served* Scheduler::Impl::served_by(TemplateId tmpl, const ClusterView& v) {
  if (served_by_template.size() <= tmpl.index()) served_by_template.resize(tmpl.index() + 1);
  std::uint32_t& place = served_by_template[tmpl.index()];
  if (place == 0) {
    const std::string& name = cache.info(tmpl, v).pod->spec.scheduler_name;
    const auto at = std::find_if(served.begin(), served.end(),
                                 [&](const auto& s) { return s->evaluator.profile().scheduler_name == name; });
    place = at == served.end() ? 1 : static_cast<std::uint32_t>(at - served.begin()) + 2;
  }
  return place == 1 ? nullptr : served[place - 2].get();
}

void Scheduler::Impl::enqueue(PodId pod, const ClusterView& v, SimTime timestamp, base::Seq cause) {
  const std::size_t i = pod.index();
  cache.info(v->pods.tmpl[i], v);
  Served* const by = served_by(v->pods.tmpl[i], v);
  if (by == nullptr) return;
  Queue::Pod entry;
  entry.pod = pod;
  entry.tmpl = v->pods.tmpl[i];
  entry.owner = v->pods.owner[i];
  entry.priority = v->pods.priority[i];
  entry.timestamp = timestamp;
  entry.cause = cause;
  entry.profile = by->number;
  queue.add(entry, gate_of(by->number, entry.tmpl));
}

void Scheduler::Impl::pod_made(PodId pod) {
  const model::PodSpec& spec = view->pod_spec(pod).spec;
  if (ended(view->pod_phase(pod))) return;
  // Written with spec.nodeName: never ours to schedule. (A later binding arrives as PodBound.)
  if (!spec.node_name.empty()) {
    if (view->pod_node(pod).valid())
      cache.place(pod, view->state().pods.tmpl[pod.index()], view->pod_node(pod), false, false, *view);
    return;
  }
  enqueue(pod, *view, view->state().pods.created[pod.index()], seq);
}

void Scheduler::Impl::pod_updated(PodId pod) {
  const TemplateId tmpl = view->state().pods.tmpl[pod.index()];
  cache.info(tmpl, *view);
  if (const Cache::Placed* placed = cache.placed(pod)) {
    const Cache::Placed was = *placed;
    if (was.tmpl != tmpl) {
      cache.take(pod);
      cache.place(pod, tmpl, was.node, was.terminating, was.assumed, *view);
    }
    for (const Actions what : changes(was.tmpl, tmpl)) {
      if (!was.assumed) {
        pod_event(what, pod, tmpl, was.tmpl);
      } else if (queue.find(pod) != nullptr) {
        own_event(pod, what, tmpl, was.tmpl);  // in flight: nobody is woken
      }
    }
    return;
  }
  const Queue::Pod* queued = queue.find(pod);
  if (queued == nullptr) return;
  const Served* const by = served_by(tmpl, *view);
  if (by == nullptr || by->number != queued->profile) return queue.remove(pod);
  const TemplateId was = queued->tmpl;
  if (was != tmpl) queue.update(pod, tmpl, view->state().pods.priority[pod.index()]);
  for (const Actions what : changes(was, tmpl)) own_event(pod, what, tmpl, was);
}

void Scheduler::Impl::pod_gone(PodId pod) {
  queue.remove(pod);
  nominations.remove(pod);
  cache.assumed_volumes.release(pod);
  const Cache::Placed* placed = cache.placed(pod);
  if (placed == nullptr) return nomination_ended(pod);
  const TemplateId tmpl = placed->tmpl;
  cache.take(pod);
  nominated.erase(pod.value);
  pod_event(action::kDelete, pod, tmpl);
}

bool Scheduler::Impl::same_labels(NodeId node) const {
  const auto& seen = seen_nodes[node.index()].labels;
  const model::Labels& now = view->node(node).labels;
  return std::equal(seen.begin(), seen.end(), now.begin(), now.end(), [&](const auto& a, const auto& b) {
    return label_texts.text(a.first) == b.first && label_texts.text(a.second) == b.second;
  });
}

void Scheduler::Impl::note_labels(NodeId node, const ClusterView& v) {
  if (seen_nodes.size() <= node.index()) seen_nodes.resize(node.index() + 1);
  auto& seen = seen_nodes[node.index()].labels;
  seen.clear();
  for (const auto& [key, value] : v.node(node).labels)
    seen.emplace_back(label_texts.intern(key), label_texts.intern(value));
}

bool Scheduler::Impl::same_allocatable(NodeId node) {
  const model::ResourceList& a = view->node(node).spec.allocatable;
  const std::size_t n = node.index();
  if (a.milli_cpu != cache.allocatable_cpu[n] || a.memory != cache.allocatable_memory[n] ||
      a.ephemeral_storage != cache.allocatable_ephemeral[n] || a.pods != cache.allocatable_pods[n])
    return false;
  std::size_t same = 0;
  std::size_t there = 0;
  for (const auto& [name, amount] : a.scalar) {
    same += amount != 0 && cache.scalars[cache.scalar_column(name)].allocatable[n] == amount ? 1 : 0;
    there += amount != 0 ? 1 : 0;
  }
  std::size_t known = 0;
  for (const Cache::Scalar& s : cache.scalars) known += s.allocatable[n] != 0 ? 1 : 0;
  return same == there && known == there;
}

/// The node as the cache has it.
std::shared_ptr<const NodeObject> Scheduler::Impl::object_of(NodeId node) const {
  const std::size_t n = node.index();
  auto out = std::make_shared<NodeObject>();
  out->name = view->text(view->node(node).header.name);
  for (const auto& [key, value] : seen_nodes[n].labels)
    out->labels.emplace_back(label_texts.text(key), label_texts.text(value));
  out->taints = cache.taint_sets()[cache.taint_set[n]];
  out->unschedulable = cache.unschedulable[n] != 0;
  out->milli_cpu = cache.allocatable_cpu[n];
  out->memory = cache.allocatable_memory[n];
  out->ephemeral_storage = cache.allocatable_ephemeral[n];
  out->pods = cache.allocatable_pods[n];
  for (const Cache::Scalar& s : cache.scalars) out->scalars.push_back(s.allocatable[n]);
  return out;
}

/// One event for each property that changed. A fact about the node may be followed by others that the view has already:
/// they are taken together, as one update of the object.
void Scheduler::Impl::node_changed(NodeId node, bool whole_object) {
  const state::NodeRow& row = view->node(node);
  if (!row.header.alive) return;  // the view is ahead: it went again
  const bool fresh = !cache.alive(node);
  if (!whole_object && fresh) return;
  const std::size_t n = node.index();
  if (seen_nodes.size() <= n) seen_nodes.resize(n + 1);
  const bool relabelled = fresh || !same_labels(node);
  const bool resized = fresh || !same_allocatable(node);
  const bool retainted = fresh || row.spec.taints != cache.taint_sets()[cache.taint_set[n]];
  const bool cordoned = !fresh && cache.unschedulable[n] == 0 && row.spec.unschedulable;
  const bool uncordoned = !fresh && cache.unschedulable[n] != 0 && !row.spec.unschedulable;
  ClusterEvent e;
  e.node = node;
  if (heard() && !fresh) e.old_node = object_of(node);
  if (whole_object || relabelled || resized) {
    cache.put_node(node, *view);
  } else if (retainted || cordoned || uncordoned) {
    cache.put_taints(node, *view);
  }
  if (relabelled) note_labels(node, *view);
  const Actions traced = trace != nullptr ? traced_node_changes(node, fresh) : Actions{0};
  if (!heard()) return;
  e.new_node = object_of(node);
  const auto tell_of = [&](bool happened, Actions what) {
    if (!happened) return;
    e.action = what;
    notify(e);
  };
  if (fresh) return tell_of(true, action::kAdd);
  tell_of(uncordoned, action::kUpdateNodeTaint);
  tell_of(resized, action::kUpdateNodeAllocatable);
  tell_of(relabelled, action::kUpdateNodeLabel);
  tell_of(retainted, action::kUpdateNodeTaint);
  tell_of((traced & action::kUpdateNodeCondition) != 0, action::kUpdateNodeCondition);
  tell_of((traced & action::kUpdateNodeAnnotation) != 0, action::kUpdateNodeAnnotation);
}

void Scheduler::Impl::node_removed(NodeId node) {
  if (!cache.alive(node)) return;
  if (heard()) {
    ClusterEvent e;
    e.action = action::kDelete;
    e.node = node;
    e.old_node = object_of(node);
    notify(e);
  }
  cache.remove_node(node, *view);
  seen_nodes[node.index()] = {};
}

/// What no plugin registers, and only a trace is told.
Actions Scheduler::Impl::traced_node_changes(NodeId node, bool fresh) {
  const state::NodeRow& row = view->node(node);
  NodeSeen& seen = seen_nodes[node.index()];
  std::uint64_t annotations = 0;
  if (const auto doc = model::parse_json(row.header.doc, "node")) {
    if (const model::Doc* a = doc->at({"metadata", "annotations"}))
      annotations = base::fnv1a64(model::to_canonical_json(*a));
  }
  std::array<event::ConditionStatus, event::kNodeConditionCount> conditions{};
  for (std::size_t i = 0; i < conditions.size(); ++i) conditions[i] = row.conditions[i].status;
  Actions out = 0;
  if (!fresh && conditions != seen.conditions) out |= action::kUpdateNodeCondition;
  if (!fresh && annotations != seen.annotations) out |= action::kUpdateNodeAnnotation;
  seen.annotations = annotations;
  seen.conditions = conditions;
  return out;
}

void Scheduler::Impl::set_nomination(PodId pod, NodeId node, const ClusterView& v) {
  nominations.remove(pod);
  const std::size_t i = pod.index();
  if (node.valid() && cache.placed(pod) == nullptr) nominations.set({pod, node, v->pods.tmpl[i], v->pods.priority[i]});
}

void Scheduler::rebuild(const ClusterView& view) {
  QueueTrace* trace = impl_->trace;
  impl_ = std::make_unique<Impl>(impl_->settings);
  Impl& s = *impl_;
  s.trace = trace;
  s.cache.load(view);
  s.next_pod = view->pods.size();
  s.next_node = view->nodes.size();
  s.seen_seq = view->last_seq;
  s.note_volumes(view);
  for (std::size_t n = 0; n < view->nodes.size(); ++n) {
    if (view->nodes[n].header.alive) s.note_labels(NodeId(n), view);
  }
  for (std::size_t i = 0; i < view->pods.size(); ++i) {
    const PodId p(i);
    if (!view.pod_alive(p) || view.pod_terminating(p) || view.pod_node(p).valid() || ended(view.pod_phase(p))) continue;
    if (!view.pod_spec(p).spec.node_name.empty()) continue;
    s.enqueue(p, view, view->pods.created[i], view->pods.created_seq[i]);
    if (!view->pods.nominated[i].valid()) continue;
    s.set_nomination(p, view->pods.nominated[i], view);
    s.nominated[p.value] = view->pods.nominated[i];
  }
}

}  // namespace wavetank::schedule
