// Whom an event wakes, and what becomes of a pod whose attempt is over.

#include "engine/schedule/scheduler_impl.h"

namespace wavetank::schedule {

bool Scheduler::Impl::helps(std::uint8_t profile, PluginMask plugins, const ClusterEvent& e, TemplateId tmpl,
                            event::Ref owner, PodId pod) {
  Served& by = *served[profile];
  return by.hints.any(plugins, e, [&] {
    Cycle c = by.evaluator.cycle(by.evaluator.class_of(tmpl, owner, *view), *view);
    c.pod = pod;
    return c;
  });
}

bool Scheduler::Impl::applies(const ClusterEvent& e, const Queue::Pod& pod) {
  if (e.for_priority_up_to && pod.priority > *e.for_priority_up_to) return false;
  return e.resource != Resource::PersistentVolumeClaim ||
         helps(pod.profile, pod.rejected_by, e, pod.tmpl, pod.owner, pod.pod);
}

/// Asks the plugins that rejected each group of waiting pods whether the event may help; one yes is enough.
void Scheduler::Impl::notify(ClusterEvent e) {
  e.seq = seq;
  if (trace != nullptr) tell(e);
  const auto interested = [&](std::uint8_t profile) { return served[profile]->hints.interested(e.resource, e.action); };
  if (returning && (returning->rejected_by & interested(returning->profile)) != 0) during.push_back(e);
  queue.move_groups(
      interested, [&](const Queue::Group& g) { return helps(g.profile, g.rejected_by, e, g.tmpl, g.owner, PodId()); },
      [&](const Queue::Pod& pod) { return applies(e, pod); }, view->now(), seq);
}

/// About a pod on a node.
void Scheduler::Impl::pod_event(Actions what, PodId pod, TemplateId tmpl, TemplateId old_tmpl) {
  if (!heard()) return;
  ClusterEvent e;
  e.resource = Resource::AssignedPod;
  e.action = what;
  e.pod = pod;
  e.tmpl = tmpl;
  e.old_tmpl = old_tmpl;
  notify(e);
}

/// To pods of its priority and below, a nominated pod is as good as on its node: that it is so no longer is told to
/// them as its deletion.
void Scheduler::Impl::nomination_ended(PodId pod) {
  if (nominated.erase(pod.value) == 0 || !heard()) return;
  ClusterEvent e;
  e.resource = Resource::AssignedPod;
  e.action = action::kDelete;
  e.pod = pod;
  e.tmpl = view->state().pods.tmpl[pod.index()];
  cache.info(e.tmpl, *view);
  e.nominated_only = true;
  e.for_priority_up_to = view->state().pods.priority[pod.index()];
  notify(e);
}

/// About a pod that waits: its own plugins alone are asked.
void Scheduler::Impl::own_event(PodId pod, Actions what, TemplateId tmpl, TemplateId old_tmpl) {
  ClusterEvent e;
  e.resource = Resource::UnschedulablePod;
  e.action = what;
  e.seq = seq;
  e.pod = pod;
  e.tmpl = tmpl;
  e.old_tmpl = old_tmpl;
  if (trace != nullptr) tell(e);
  const Queue::Pod* queued = queue.find(pod);
  if (served[queued->profile]->hints.interested(e.resource, what) == 0) return;
  if (queued->place == Queue::Place::InFlight) {
    if (returning && returning->pod == pod) during.push_back(e);
    return;
  }
  if (queued->place != Queue::Place::Unschedulable && queued->place != Queue::Place::Gated) return;
  if (helps(queued->profile, queued->rejected_by, e, tmpl, queued->owner, pod))
    queue.release(pod, gate_of(queued->profile, tmpl), view->now(), seq);
}

void Scheduler::Impl::tell(const ClusterEvent& e) {
  std::vector<QueueTrace::Hint> answers;
  for (const Queue::Pod* pod : queue.waiting()) {
    Served& by = *served[pod->profile];
    const PluginMask who = by.hints.interested(e.resource, e.action);
    const bool gated = pod->place == Queue::Place::Gated;
    if (!gated && pod->place != Queue::Place::Unschedulable) continue;
    if (gated && (who >> pod->gating & 1) == 0) continue;
    if (e.resource == Resource::UnschedulablePod && pod->pod != e.pod) continue;
    if (e.for_priority_up_to && pod->priority > *e.for_priority_up_to) continue;
    Cycle c = by.evaluator.cycle(by.evaluator.class_of(pod->tmpl, pod->owner, *view), *view);
    c.pod = pod->pod;
    for (const auto& p : by.evaluator.plugins().all) {
      if (((pod->rejected_by & who) >> p->index & 1) != 0)
        answers.push_back({pod->pod, p->plugin_name, by.hints.queue(*p, e, c)});
    }
  }
  trace->event(event_label(e.resource, e.action), e.resource == Resource::UnschedulablePod ? e.pod : PodId(), answers);
}

/// The plugin that keeps pods of this template out of the queue, by its index.
std::uint8_t Scheduler::Impl::gate_of(std::uint8_t profile, TemplateId tmpl) const {
  for (const Plugin* p : served[profile]->evaluator.plugins().pre_enqueue) {
    if (!p->pre_enqueue(cache.known_info(tmpl).pod->spec).empty()) return p->index;
  }
  return Queue::kNotGated;
}

/// PodSchedulingPropertiesChange: one event a property, or the general update.
std::vector<Actions> Scheduler::Impl::changes(TemplateId was_tmpl, TemplateId is_tmpl) {
  std::vector<Actions> out;
  if (!heard() && queue.count(Queue::Place::Gated) == 0) return out;
  if (was_tmpl != is_tmpl) {
    const TemplateInfo& was = cache.known_info(was_tmpl);
    const TemplateInfo& is = cache.known_info(is_tmpl);
    const model::ResourceList& a = was.placed_as.real;
    const model::ResourceList& b = is.placed_as.real;
    const bool less =
        a.milli_cpu > b.milli_cpu || a.memory > b.memory || a.ephemeral_storage > b.ephemeral_storage ||
        std::any_of(a.scalar.begin(), a.scalar.end(), [&](const auto& s) { return s.second > amount_of(b, s.first); });
    if (was.pod->labels != is.pod->labels) out.push_back(action::kUpdatePodLabel);
    if (less) out.push_back(action::kUpdatePodScaleDown);
    if (is.pod->spec.scheduling_gates.empty() && !was.pod->spec.scheduling_gates.empty())
      out.push_back(action::kUpdatePodSchedulingGatesEliminated);
    if (was.pod->spec.tolerations.size() != is.pod->spec.tolerations.size())
      out.push_back(action::kUpdatePodToleration);
  }
  if (out.empty()) out.push_back(action::kUpdate);
  return out;
}

void Scheduler::Impl::end_attempt(const ClusterView& v) {
  if (!returning) return;
  const Returning back = *returning;
  returning.reset();
  const std::vector<ClusterEvent> events = std::move(during);
  during.clear();
  const Queue::Pod* pod = queue.find(back.pod);
  if (pod == nullptr || pod->place != Queue::Place::InFlight) return;
  if (back.rejected_by == 0) return queue.failed(back.pod, v.now());
  view = &v;
  const auto helping = std::find_if(events.begin(), events.end(), [&](const ClusterEvent& e) {
    return (!e.for_priority_up_to || pod->priority <= *e.for_priority_up_to) &&
           helps(back.profile, back.rejected_by, e, pod->tmpl, pod->owner, back.pod);
  });
  view = nullptr;
  const bool helped = helping != events.end();
  const std::uint8_t gate = gate_of(back.profile, pod->tmpl);
  queue.rejected(back.pod, back.rejected_by, helped && gate == Queue::kNotGated, v.now(), helped ? helping->seq : 0);
  if (helped && gate != Queue::kNotGated) queue.release(back.pod, gate, v.now(), helping->seq);
}

/// The room it held is free again: told to the others before it comes back itself.
void Scheduler::Impl::binding_failed(PodId pod, const ClusterView& v) {
  cache.assumed_volumes.release(pod);
  const Cache::Placed* placed = cache.placed(pod);
  if (placed == nullptr || !placed->assumed) return;
  const TemplateId tmpl = placed->tmpl;
  cache.take(pod);
  view = &v;
  seq = 0;
  pod_event(action::kDelete, pod, tmpl);
  view = nullptr;
  queue.failed(pod, v.now());
}

std::vector<std::string_view> Scheduler::Impl::names_of(std::uint8_t profile, PluginMask plugins) const {
  std::vector<std::string_view> out;
  for (const auto& p : served[profile]->evaluator.plugins().all) {
    if ((plugins >> p->index & 1) != 0) out.push_back(p->plugin_name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

QueuedPod Scheduler::Impl::describe(const Queue::Pod& pod) const {
  QueuedPod out;
  out.pod = pod.pod;
  out.place = pod.place;
  out.priority = pod.priority;
  out.attempts = pod.attempts;
  out.unschedulable_count = pod.unschedulable_count;
  out.error_count = pod.error_count;
  out.since = pod.timestamp;
  out.backoff = queue.backoff_of(pod);
  out.backoff_until = queue.backoff_until(pod);
  out.plugins = names_of(pod.profile, pod.rejected_by);
  if (pod.gating != Queue::kNotGated)
    out.gating_plugin = served[pod.profile]->evaluator.plugins().all[pod.gating]->plugin_name;
  out.cause = pod.cause;
  return out;
}

// ---- As others see it ----

void Scheduler::end_attempt(const ClusterView& view) { impl_->end_attempt(view); }
void Scheduler::binding_failed(PodId pod, const ClusterView& view) { impl_->binding_failed(pod, view); }
void Scheduler::set_trace(QueueTrace* trace) { impl_->trace = trace; }

std::vector<QueuedPod> Scheduler::queued() const {
  std::vector<QueuedPod> out;
  for (const Queue::Pod* pod : impl_->queue.waiting()) out.push_back(impl_->describe(*pod));
  return out;
}

std::optional<QueuedPod> Scheduler::queued(PodId pod) const {
  const Queue::Pod* found = impl_->queue.find(pod);
  if (found == nullptr || found->place == QueuedPod::Place::InFlight) return std::nullopt;
  return impl_->describe(*found);
}

std::string_view name_of(QueuedPod::Place place) {
  static constexpr std::string_view kNames[] = {"none",          "active", "backoff", "errorBackoff",
                                                "unschedulable", "gated",  "inFlight"};
  return kNames[static_cast<std::size_t>(place)];
}

}  // namespace wavetank::schedule
