#include "engine/base/assert.h"
#include "engine/schedule/fit_error.h"
#include "engine/schedule/scheduler_impl.h"

namespace wavetank::schedule {

std::optional<Decision> Scheduler::Impl::schedule_one(const ClusterView& v) {
  end_attempt(v);
  while (true) {
    const auto pod = queue.pop(v.now());
    if (!pod) return std::nullopt;
    const bool there = v.pod_alive(pod->pod) && !v.pod_terminating(pod->pod) && !v.pod_node(pod->pod).valid();
    if (there && cache.placed(pod->pod) == nullptr) return schedule(*pod, v);
    queue.remove(pod->pod);
  }
}

/// Each attempt has draws of its own.
std::uint64_t Scheduler::Impl::draws_of(const Queue::Pod& pod) { return std::uint64_t{pod.attempts} << 8; }

NodeId Scheduler::Impl::choose(const std::vector<NodeId>& ties, const Queue::Pod& pod, const ClusterView& v) const {
  if (ties.size() == 1) return ties.front();
  if (settings.tie_break == TieBreak::Random)
    return ties[tie_break.of(v.pod_name(pod.pod)).below(ties.size(), draws_of(pod))];
  return smallest_name(ties, v);
}

Decision Scheduler::Impl::schedule(Queue::Pod pod, const ClusterView& v) {
  Decision out;
  out.pod = pod.pod;
  out.cause = pod.cause;
  pod.tmpl = v->pods.tmpl[pod.pod.index()];
  pod.owner = v->pods.owner[pod.pod.index()];
  Served* const by = served_by(pod.tmpl, v);
  WT_ASSERT(by != nullptr, "the queue holds pods of profiles only");
  Evaluator& evaluator = by->evaluator;
  const Evaluator::Request request{
      pod.pod,
      pod.tmpl,
      pod.owner,
      pod.priority,
      evaluator.profile().percentage_of_nodes_to_score.value_or(settings.percentage_of_nodes_to_score),
      false};
  if (cache.order().empty()) {
    out.message = fit_error(evaluator, 0);
    returning = Returning{pod.pod, by->number, 0};
    return out;
  }
  const Attempt& attempt = evaluator.run(request, v);
  if (attempt.tie_count > 0) {
    const std::int64_t score = attempt.best_total;
    const NodeId node = evaluator.choose(settings.tie_break, tie_break.of(v.pod_name(pod.pod)), draws_of(pod), v);
    if (evaluator.reserve_and_permit(node, v)) {
      cache.place(pod.pod, pod.tmpl, node, false, true, v);
      nominations.remove(pod.pod);
      out.outcome = Decision::Outcome::Bind;
      out.node = node;
      out.score = score;
      if (const VolumeDecision* volumes = cache.assumed_volumes.of(pod.pod)) {
        out.volumes = *volumes;
        out.bind_timeout = base::seconds(evaluator.profile().volume_binding.bind_timeout_seconds);
      }
      return out;
    }
    // An error, no plugin's verdict on nodes: no preemption, and a try again after back-off.
    out.message = "a plugin refused to reserve what the pod needs on the node";
    returning = Returning{pod.pod, by->number, 0};
    return out;
  }
  out.message = fit_error(evaluator, cache.order().size());
  returning = Returning{pod.pod, by->number, attempt.rejected_by};
  out.plugins = names_of(by->number, attempt.rejected_by);
  preempt(*by, request, pod, v, out);
  return out;
}

void Scheduler::Impl::preempt(Served& by, const Evaluator::Request& request, const Queue::Pod& pod,
                              const ClusterView& v, Decision& out) {
  if (by.evaluator.profile().post_filter.empty()) return;
  Preempter::Request preempt_for{request, offset.of(v.pod_name(pod.pod)).bits(pod.attempts), false};
  const Preemption& found = by.preempter.run(preempt_for, v);
  if (!found.message.empty()) out.message.append(" ").append(found.message);
  nominate(by, found, pod, v, out);
}

void Scheduler::Impl::nominate(Served& by, const Preemption& found, const Queue::Pod& pod, const ClusterView& v,
                               Decision& out) {
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
    if (found.candidates[i].node == out.nominated) out.victims = by.preempter.victims(found.candidates[i], v);
  }
  for (const Nominations::Entry& e : nominations.on(out.nominated)) {
    if (e.priority < pod.priority) out.cleared.push_back(e.pod);
  }
  for (const PodId p : out.cleared) nominations.remove(p);
  set_nomination(pod.pod, out.nominated, v);
}

Scheduler::Scheduler(Settings settings) : impl_(std::make_unique<Impl>(settings)) {}
Scheduler::~Scheduler() = default;

bool Scheduler::has_work(SimTime now) { return impl_->queue.has_work(now); }
SimTime Scheduler::next_wakeup() const { return impl_->queue.next_wakeup(); }
std::optional<Decision> Scheduler::schedule_one(const ClusterView& view) { return impl_->schedule_one(view); }

}  // namespace wavetank::schedule
