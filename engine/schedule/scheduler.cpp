#include "engine/schedule/scheduler.h"

#include <algorithm>

#include "engine/base/prng.h"
#include "engine/schedule/evaluator.h"
#include "engine/schedule/fit_error.h"
#include "engine/schedule/node_match.h"
#include "engine/schedule/preemption.h"
#include "engine/schedule/queue.h"

namespace wavetank::schedule {
namespace {

/// What is remembered of a node object, to tell what an update changed.
struct NodeSeen {
  std::string labels;
  std::vector<model::Taint> taints;
  bool unschedulable = false;
};

bool ended(event::Phase phase) { return phase == event::Phase::Succeeded || phase == event::Phase::Failed; }

}  // namespace

struct Scheduler::Impl {
  explicit Impl(const Settings& s)
      : settings(s),
        evaluator(default_profile(), cache, nominations),
        preempter(evaluator, cache, nominations),
        queue(s),
        tie_break(s.seed, "tie-break"),
        offset(s.seed, "preemption-offset") {
    evaluator.set_plain(s.plain);
  }

  void observe(const event::Event& event, const ClusterView& view);
  void on(const event::ObjectCreated& e);
  void on(const event::ObjectUpdated& e);
  void on(const event::ObjectRemoved& e);
  void on(const event::PodCreated& e);
  void on(const event::PodBound& e);
  void on(const event::PodNominated& e);
  void on(const event::ImagePulled& e);
  void on(const event::PodPhaseChanged& e) {
    if (ended(e.phase)) pod_gone(e.pod);
  }
  void on(const event::PodDeletionStarted& e) {
    if (cache.placed(e.pod) != nullptr) cache.set_terminating(e.pod);
  }
  void on(const event::PodRemoved& e) { pod_gone(e.pod); }
  void on(const event::NodeTaintsChanged& e) { node_changed(e.node, false); }
  void on(const event::NodeCordoned& e) { node_changed(e.node, false); }
  template <class Other>
  void on(const Other&) {}

  void enqueue(PodId pod, const ClusterView& v, SimTime timestamp, base::Seq cause);
  void pod_made(PodId pod);
  void pod_updated(PodId pod);
  void pod_gone(PodId pod);
  void node_changed(NodeId node, bool whole_object);
  void notify(ClusterEvent e);
  void set_nomination(PodId pod, NodeId node, const ClusterView& v);

  std::optional<Decision> schedule_one(const ClusterView& v);
  Decision schedule(Queue::Pod pod, const ClusterView& v);
  NodeId choose(const std::vector<NodeId>& ties, const Queue::Pod& pod, const ClusterView& v) const;
  static std::uint64_t draws_of(const Queue::Pod& pod);
  void preempt(const Evaluator::Request& request, const Queue::Pod& pod, const ClusterView& v, Decision& out);
  void nominate(const Preemption& found, const Queue::Pod& pod, const ClusterView& v, Decision& out);

  Settings settings;
  Cache cache;
  Nominations nominations;
  Evaluator evaluator;
  Preempter preempter;
  Queue queue;
  base::Stream tie_break, offset;
  std::size_t next_pod = 0, next_node = 0;
  base::Seq seen_seq = 0;
  std::vector<NodeSeen> seen_nodes;
  // of the event being observed
  const ClusterView* view = nullptr;
  base::Seq seq = 0;
};

// ---- Facts
// ----------------------------------------------------------------------------------------------------------------------

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
    evaluator.outdate_classes();
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
      evaluator.outdate_classes();
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
      evaluator.outdate_classes();
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

void Scheduler::Impl::enqueue(PodId pod, const ClusterView& v, SimTime timestamp, base::Seq cause) {
  const std::size_t i = pod.index();
  const TemplateInfo& info = cache.info(v->pods.tmpl[i], v);
  if (info.pod->spec.scheduler_name != evaluator.profile().scheduler_name) return;
  Queue::Pod entry;
  entry.pod = pod;
  entry.tmpl = v->pods.tmpl[i];
  entry.owner = v->pods.owner[i];
  entry.priority = v->pods.priority[i];
  entry.timestamp = timestamp;
  entry.cause = cause;
  queue.add(entry, !evaluator.pre_enqueue(info.pod->spec).empty());
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

// ---- Decisions
// ------------------------------------------------------------------------------------------------------------------

std::optional<Decision> Scheduler::Impl::schedule_one(const ClusterView& v) {
  while (true) {
    const auto pod = queue.pop(v.now());
    if (!pod) return std::nullopt;
    if (!v.pod_alive(pod->pod) || v.pod_terminating(pod->pod) || v.pod_node(pod->pod).valid()) continue;
    if (cache.placed(pod->pod) != nullptr) continue;
    return schedule(*pod, v);
  }
}

/// Each attempt has draws of its own.
std::uint64_t Scheduler::Impl::draws_of(const Queue::Pod& pod) { return std::uint64_t{pod.attempts} << 8; }

NodeId Scheduler::Impl::choose(const std::vector<NodeId>& ties, const Queue::Pod& pod, const ClusterView& v) const {
  if (ties.size() == 1) return ties.front();
  if (settings.tie_break == TieBreak::Random)
    return ties[tie_break.of(v.pod_name(pod.pod)).below(ties.size(), draws_of(pod))];
  return *std::min_element(ties.begin(), ties.end(), [&](NodeId a, NodeId b) {
    return v.text(v.node(a).header.name) < v.text(v.node(b).header.name);
  });
}

Decision Scheduler::Impl::schedule(Queue::Pod pod, const ClusterView& v) {
  Decision out;
  out.pod = pod.pod;
  out.cause = pod.cause;
  pod.tmpl = v->pods.tmpl[pod.pod.index()];
  pod.owner = v->pods.owner[pod.pod.index()];
  const Evaluator::Request request{pod.pod, pod.tmpl, pod.owner, pod.priority, settings.percentage_of_nodes_to_score,
                                   false};
  if (cache.order().empty()) {
    out.message = fit_error(evaluator, 0);
    queue.failed(pod, v.now());
    return out;
  }
  const Attempt& attempt = evaluator.run(request, v);
  if (attempt.tie_count > 0) {
    const NodeId node = evaluator.choose(settings.tie_break, tie_break.of(v.pod_name(pod.pod)), draws_of(pod), v);
    if (evaluator.reserve_and_permit(node, v)) {
      cache.place(pod.pod, pod.tmpl, node, false, true, v);
      nominations.remove(pod.pod);
      out.outcome = Decision::Outcome::Bind;
      out.node = node;
      return out;
    }
  }
  out.message = fit_error(evaluator, cache.order().size());
  const std::uint64_t rejected_by = attempt.rejected_by;
  preempt(request, pod, v, out);
  queue.rejected(pod, rejected_by, v.now());
  return out;
}

void Scheduler::Impl::preempt(const Evaluator::Request& request, const Queue::Pod& pod, const ClusterView& v,
                              Decision& out) {
  if (evaluator.profile().post_filter.empty()) return;
  Preempter::Request preempt_for{request, offset.of(v.pod_name(pod.pod)).bits(pod.attempts), false};
  const Preemption found = preempter.run(preempt_for, v);
  if (!found.message.empty()) out.message.append(" ").append(found.message);
  nominate(found, pod, v, out);
}

void Scheduler::Impl::nominate(const Preemption& found, const Queue::Pod& pod, const ClusterView& v, Decision& out) {
  const NodeId before = nominations.node_of(pod.pod);
  if (found.candidates.empty()) {
    if (!found.clears_nomination) return;
    out.nomination_changed = before.valid();
    nominations.remove(pod.pod);
    return;
  }
  std::vector<NodeId> ties;
  for (const std::size_t i : found.ties) ties.push_back(found.candidates[i].node);
  out.nominated = choose(ties, pod, v);
  out.nomination_changed = out.nominated != before;
  for (const std::size_t i : found.ties) {
    if (found.candidates[i].node == out.nominated) out.victims = found.candidates[i].victims;
  }
  for (const Nominations::Entry& e : nominations.on(out.nominated)) {
    if (e.priority < pod.priority) out.cleared.push_back(e.pod);
  }
  for (const PodId p : out.cleared) nominations.remove(p);
  set_nomination(pod.pod, out.nominated, v);
}

// ---- The scheduler as others see it
// ---------------------------------------------------------------------------------------------

Scheduler::Scheduler(Settings settings) : impl_(std::make_unique<Impl>(settings)) {}
Scheduler::~Scheduler() = default;

void Scheduler::observe(const event::Event& event, const ClusterView& view) { impl_->observe(event, view); }

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

bool Scheduler::has_work(SimTime now) { return impl_->queue.has_work(now); }
SimTime Scheduler::next_wakeup() const { return impl_->queue.next_wakeup(); }
std::optional<Decision> Scheduler::schedule_one(const ClusterView& view) { return impl_->schedule_one(view); }

void Scheduler::binding_failed(PodId pod, const ClusterView& view) {
  Impl& s = *impl_;
  const Cache::Placed* placed = s.cache.placed(pod);
  if (placed == nullptr || !placed->assumed) return;
  s.cache.take(pod);
  if (!view.pod_alive(pod) || view.pod_terminating(pod)) return;
  Queue::Pod entry;
  entry.pod = pod;
  entry.tmpl = view->pods.tmpl[pod.index()];
  entry.owner = view->pods.owner[pod.index()];
  entry.priority = view->pods.priority[pod.index()];
  entry.attempts = 1;
  entry.cause = view->pods.created_seq[pod.index()];
  s.queue.failed(entry, view.now());
}

}  // namespace wavetank::schedule
