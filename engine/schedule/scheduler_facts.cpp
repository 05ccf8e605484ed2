#include "engine/schedule/node_match.h"
#include "engine/schedule/scheduler_impl.h"

namespace wavetank::schedule {

void Scheduler::observe(const event::Event& event, const ClusterView& view) { impl_->observe(event, view); }

void Scheduler::Impl::observe(const event::Event& event, const ClusterView& v) {
  if (event.seq <= seen_seq) return;
  view = &v;
  seq = event.seq;
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
    case model::Kind::Service:
    case model::Kind::Namespace:
    case model::Kind::ReplicaSet:
    case model::Kind::Other:
      outdate_classes();
      break;
    default:
      break;
  }
}

void Scheduler::Impl::on(const event::ObjectRemoved& e) {
  switch (e.ref.kind) {
    case model::Kind::Node: {
      const auto node = e.ref.as<NodeId>();
      cache.remove_node(node, *view);
      ClusterEvent helped;
      helped.what = What::NodeRemoved;
      helped.node = node;
      notify(helped);
      break;
    }
    case model::Kind::Service:
    case model::Kind::Namespace:
    case model::Kind::ReplicaSet:
    case model::Kind::Other:
      outdate_classes();
      break;
    default:
      break;
  }
}

void Scheduler::Impl::on(const event::PodCreated&) { pod_made(PodId(next_pod++)); }

void Scheduler::Impl::on(const event::PodBound& e) {
  queue.remove(e.pod);
  nominations.remove(e.pod);
  if (const Cache::Placed* placed = cache.placed(e.pod)) {
    if (placed->node == e.node) {
      cache.confirm(e.pod);
    } else {
      cache.take(e.pod);
    }
  }
  if (cache.placed(e.pod) == nullptr)
    cache.place(e.pod, view->state().pods.tmpl[e.pod.index()], e.node, false, false, *view);
  ClusterEvent helped;
  helped.what = What::PodAdded;
  helped.pod = e.pod;
  helped.node = e.node;
  helped.tmpl = cache.placed(e.pod)->tmpl;
  notify(helped);
}

void Scheduler::Impl::on(const event::PodNominated& e) { set_nomination(e.pod, e.node, *view); }

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
  const TemplateInfo& info = cache.info(v->pods.tmpl[i], v);
  Served* const by = served_by(v->pods.tmpl[i], v);
  if (by == nullptr) return;
  Queue::Pod entry;
  entry.pod = pod;
  entry.tmpl = v->pods.tmpl[i];
  entry.owner = v->pods.owner[i];
  entry.priority = v->pods.priority[i];
  entry.timestamp = timestamp;
  entry.cause = cause;
  queue.add(entry, !by->evaluator.pre_enqueue(info.pod->spec).empty());
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
  if (const Cache::Placed* placed = cache.placed(pod)) {
    const Cache::Placed was = *placed;
    if (was.tmpl == tmpl) return;
    cache.take(pod);
    cache.place(pod, tmpl, was.node, was.terminating, was.assumed, *view);
    ClusterEvent helped;
    helped.what = What::PodUpdated;
    helped.pod = pod;
    helped.node = was.node;
    helped.tmpl = tmpl;
    helped.old_tmpl = was.tmpl;
    return notify(helped);
  }
  const Queue::Pod* queued = queue.find(pod);
  if (queued == nullptr || queued->tmpl == tmpl) return;
  Queue::Pod entry = *queued;
  const TemplateInfo& info = cache.info(tmpl, *view);
  ClusterEvent helped;
  helped.what = What::PendingPodUpdated;
  helped.pod = pod;
  helped.tmpl = tmpl;
  helped.old_tmpl = entry.tmpl;
  entry.tmpl = tmpl;
  entry.priority = view->state().pods.priority[pod.index()];
  Served* const by = served_by(tmpl, *view);
  if (by == nullptr) return queue.remove(pod);
  Evaluator& evaluator = by->evaluator;
  if (!evaluator.pre_enqueue(info.pod->spec).empty()) {
    queue.remove(pod);
    return queue.add(entry, true);
  }
  bool helps = entry.place != Queue::Place::Unschedulable;
  const Cycle c = evaluator.cycle(evaluator.class_of(tmpl, entry.owner, *view), *view);
  for (const auto& p : evaluator.plugins().all) {
    if ((entry.rejected_by >> p->index & 1) != 0) helps = helps || p->helps(helped, c);
  }
  if (!helps) return;
  entry.cause = seq;
  queue.remove(pod);
  queue.add(entry, false);
}

void Scheduler::Impl::pod_gone(PodId pod) {
  queue.remove(pod);
  nominations.remove(pod);
  const Cache::Placed* placed = cache.placed(pod);
  if (placed == nullptr) return;
  ClusterEvent helped;
  helped.what = What::PodDeleted;
  helped.pod = pod;
  helped.node = placed->node;
  helped.tmpl = placed->tmpl;
  cache.take(pod);
  notify(helped);
}

void Scheduler::Impl::node_changed(NodeId node, bool whole_object) {
  const state::NodeRow& row = view->node(node);
  if (!row.header.alive) return;  // the view is ahead: it went again
  if (seen_nodes.size() <= node.index()) seen_nodes.resize(node.index() + 1);
  NodeSeen& seen = seen_nodes[node.index()];
  const bool fresh = !cache.alive(node);
  if (!whole_object && fresh) return;
  bool more_room = false;
  if (!fresh && whole_object) {
    const model::ResourceList& a = row.spec.allocatable;
    const std::size_t n = node.index();
    more_room = a.milli_cpu != cache.allocatable_cpu[n] || a.memory != cache.allocatable_memory[n] ||
                a.ephemeral_storage != cache.allocatable_ephemeral[n] || a.pods != cache.allocatable_pods[n] ||
                !a.scalar.empty();
  }
  std::string labels;
  if (whole_object) {
    for (const auto& [key, value] : row.labels) {
      append_key(labels, key);
      append_key(labels, value);
    }
  }
  const bool relabelled = whole_object && labels != seen.labels;
  const bool retainted = row.spec.taints != seen.taints;
  const bool uncordoned = seen.unschedulable && !row.spec.unschedulable;
  if (whole_object) {
    cache.put_node(node, *view);
    seen.labels = std::move(labels);
  } else {
    cache.put_taints(node, *view);
  }
  seen.taints = row.spec.taints;
  seen.unschedulable = row.spec.unschedulable;
  ClusterEvent helped;
  helped.node = node;
  const auto tell = [&](bool happened, What what) {
    if (!happened) return;
    helped.what = what;
    notify(helped);
  };
  tell(fresh, What::NodeAdded);
  tell(!fresh && uncordoned, What::NodeUncordoned);
  tell(!fresh && more_room, What::NodeAllocatable);
  tell(!fresh && relabelled, What::NodeLabels);
  tell(!fresh && retainted, What::NodeTaints);
}

/// Asks the plugins that rejected each group of waiting pods whether the event may help; one yes is enough.
void Scheduler::Impl::notify(ClusterEvent e) {
  e.seq = seq;
  queue.move_groups(view->now(), seq, [&](const Queue::Group& g) {
    Evaluator& evaluator = served_by(g.tmpl, *view)->evaluator;
    const Cycle c = evaluator.cycle(evaluator.class_of(g.tmpl, g.owner, *view), *view);
    return std::any_of(evaluator.plugins().all.begin(), evaluator.plugins().all.end(),
                       [&](const auto& p) { return (g.rejected_by >> p->index & 1) != 0 && p->helps(e, c); });
  });
}

void Scheduler::Impl::set_nomination(PodId pod, NodeId node, const ClusterView& v) {
  nominations.remove(pod);
  const std::size_t i = pod.index();
  if (node.valid() && cache.placed(pod) == nullptr) nominations.set({pod, node, v->pods.tmpl[i], v->pods.priority[i]});
}

void Scheduler::rebuild(const ClusterView& view) {
  impl_ = std::make_unique<Impl>(impl_->settings);
  Impl& s = *impl_;
  s.cache.load(view);
  s.next_pod = view->pods.size();
  s.next_node = view->nodes.size();
  s.seen_seq = view->last_seq;
  s.seen_nodes.resize(view->nodes.size());
  for (std::size_t n = 0; n < view->nodes.size(); ++n) {
    const state::NodeRow& row = view->nodes[n];
    for (const auto& [key, value] : row.labels) {
      append_key(s.seen_nodes[n].labels, key);
      append_key(s.seen_nodes[n].labels, value);
    }
    s.seen_nodes[n].taints = row.spec.taints;
    s.seen_nodes[n].unschedulable = row.spec.unschedulable;
  }
  for (std::size_t i = 0; i < view->pods.size(); ++i) {
    const PodId p(i);
    if (!view.pod_alive(p) || view.pod_terminating(p) || view.pod_node(p).valid() || ended(view.pod_phase(p))) continue;
    if (!view.pod_spec(p).spec.node_name.empty()) continue;
    s.enqueue(p, view, view->pods.created[i], view->pods.created_seq[i]);
    if (view->pods.nominated[i].valid()) s.set_nomination(p, view->pods.nominated[i], view);
  }
}

}  // namespace wavetank::schedule
