#include <fmt/core.h>

#include "engine/state/view.h"

namespace wavetank::state {

namespace {

struct Usage {
  std::int64_t milli_cpu = 0, memory = 0, ephemeral_storage = 0, pods = 0;
};

/// What runs on a node must fit its allocatable. A pod that names its node itself goes round the scheduler and is let
/// in by no one here, so such nodes are not judged.
void check_node(const ClusterView& view, NodeId id, std::vector<std::string>& broken) {
  const NodeRow& node = view.node(id);
  Usage used;
  for (const PodId pod : node.pods) {
    if (!view.pod_alive(pod))
      broken.push_back(fmt::format("node {} lists the removed pod {}", view.bare_name(Ref(id)), view.pod_name(pod)));
    if (view.pod_node(pod) != id)
      broken.push_back(
          fmt::format("node {} lists pod {} of another node", view.bare_name(Ref(id)), view.pod_name(pod)));
    if (view.pod_phase(pod) == Phase::Succeeded || view.pod_phase(pod) == Phase::Failed) continue;
    if (!view.pod_spec(pod).spec.node_name.empty()) return;
    const model::ResourceList& r = view.pod_template(view->pods.tmpl[pod.index()]).requests;
    used.milli_cpu += r.milli_cpu;
    used.memory += r.memory;
    used.ephemeral_storage += r.ephemeral_storage;
    ++used.pods;
  }
  const model::ResourceList& has = node.spec.allocatable;
  const auto over = [&](const char* what, std::int64_t amount, std::int64_t limit) {
    if (amount > limit && amount > 0)
      broken.push_back(
          fmt::format("node {} is over-committed: {} {} of {}", view.bare_name(Ref(id)), what, amount, limit));
  };
  over("cpu", used.milli_cpu, has.milli_cpu);
  over("memory", used.memory, has.memory);
  over("ephemeral-storage", used.ephemeral_storage, has.ephemeral_storage);
  over("pods", used.pods, has.pods);
}

void check_set(const ClusterView& view, ReplicaSetId id, std::vector<std::string>& broken) {
  const ReplicaSetRow& set = view.replica_set(id);
  std::int32_t active = 0, ready = 0;
  for (const PodId pod : set.pods) {
    if (view->pods.owner[pod.index()] != Ref(id))
      broken.push_back(fmt::format("{} lists pod {} of another owner", view.name_of(Ref(id)), view.pod_name(pod)));
    if (!view.pod_active(pod)) continue;
    ++active;
    if (view.pod_ready(pod)) ++ready;
  }
  if (active != set.active || ready != set.active_ready)
    broken.push_back(fmt::format("{} counts {} active, {} ready; there are {} and {}", view.name_of(Ref(id)),
                                 set.active, set.active_ready, active, ready));
}

void check_pod(const ClusterView& view, PodId pod, std::vector<std::string>& broken) {
  const NodeId node = view.pod_node(pod);
  const std::uint16_t flags = view.pod_flags(pod);
  if (node.valid() != ((flags & kScheduled) != 0))
    broken.push_back(fmt::format("pod {}: node and PodScheduled disagree", view.pod_name(pod)));
  if (node.valid() && node.index() >= view->nodes.size())
    broken.push_back(fmt::format("pod {} is bound to a node that never was", view.pod_name(pod)));
  if ((flags & kPodReady) != 0 && !node.valid())
    broken.push_back(fmt::format("pod {} is ready on no node", view.pod_name(pod)));
}

}  // namespace

std::vector<std::string> check_invariants(const ClusterState& state) {
  std::vector<std::string> broken;
  const ClusterView view(state, state.last_time);
  std::uint32_t alive = 0;
  for (std::uint32_t p = 0; p < state.pods.size(); ++p) {
    if (!view.pod_alive(PodId(p))) continue;
    ++alive;
    check_pod(view, PodId(p), broken);
  }
  if (alive != state.alive_pods)
    broken.push_back(fmt::format("{} pods are alive, {} are counted", alive, state.alive_pods));
  for (std::uint32_t n = 0; n < state.nodes.size(); ++n) check_node(view, NodeId(n), broken);
  for (std::uint32_t r = 0; r < state.replica_sets.size(); ++r) check_set(view, ReplicaSetId(r), broken);
  for (const EndpointSliceRow& slice : state.endpoint_slices)
    for (const Endpoint& e : slice.endpoints)
      if (slice.header.alive && (e.flags & event::kReady) != 0 && e.pod.index() >= state.pods.size())
        broken.push_back("an endpoint of no pod");
  return broken;
}

}  // namespace wavetank::state
