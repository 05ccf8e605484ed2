#include "sim/scenario/drains.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::scenario {
namespace {

using base::SimTime;

constexpr base::Duration kRetry = base::seconds(5);  // drain.go: time.Sleep(5 * time.Second) on TooManyRequests
constexpr base::Duration kPoll = base::seconds(1);   // drain.go: waitForDelete polls every second

// Pods of DaemonSets come back at once and mirror pods cannot be evicted: both stay (--ignore-daemonsets).
bool stays(const state::ClusterView& view, event::PodId pod) {
  if ((view.pod_flags(pod) & state::kFromManifest) == 0) return false;
  const model::Doc doc = view.stored_doc(event::Ref(pod));
  const model::Doc* metadata = doc.find("metadata");
  if (metadata == nullptr) return false;
  if (metadata->at({"annotations", "kubernetes.io/config.mirror"}) != nullptr) return true;
  const model::Doc* owners = metadata->find("ownerReferences");
  if (owners == nullptr) return false;
  return std::any_of(owners->items.begin(), owners->items.end(),
                     [](const model::Doc& owner) { return owner.string_or("kind") == "DaemonSet"; });
}

std::string node_name(const DrainProcess& drain, const state::ClusterView& view) {
  return std::string(view.text(view.node(drain.nodes[drain.current]).header.name));
}

}  // namespace

void Drains::start(std::vector<event::NodeId> nodes, const DrainOptions& options, const StepContext& context) {
  DrainProcess drain;
  drain.nodes = std::move(nodes);
  std::string line = "drain";
  for (const event::NodeId node : drain.nodes)
    line += fmt::format(" {}", context.view().text(context.view().node(node).header.name));
  line += " --ignore-daemonsets --delete-emptydir-data --force";
  if (options.timeout.ns != 0) {
    line += fmt::format(" --timeout={}", base::format_duration(options.timeout));
    drain.deadline = context.now + options.timeout;
  }
  for (const event::NodeId node : drain.nodes) {
    const command::CordonNode cordon{node, true};
    if (drain.cause == 0) {
      drain.cause = context.kubectl(line, cordon).first;
    } else {
      context.control_plane.submit(context.now, {drain.cause, cordon});
    }
  }
  begin_node(drain, context);
  if (act(drain, context)) running_.push_back(std::move(drain));
}

void Drains::begin_node(DrainProcess& drain, const StepContext& context) {
  const state::ClusterView view = context.view();
  drain.pods.clear();
  for (const event::PodId pod : view.node(drain.nodes[drain.current]).pods) {
    if (!stays(view, pod)) drain.pods.push_back({pod, context.now, false, false, false});
  }
}

void Drains::try_pod(DrainProcess& drain, DrainProcess::Pod& pod, const StepContext& context) {
  const command::EvictPod evict{pod.pod};
  const loop::Outcome outcome = context.control_plane.submit(context.now, {drain.cause, evict});
  if (outcome.ok()) {
    pod.next_try = SimTime::never();
    return;
  }
  const bool again = outcome.rejection->reason == "TooManyRequests";
  if (outcome.rejection->reason == "NotFound") {
    pod.done = true;
    return;
  }
  if (!pod.refused) {
    // submit() leaves no trace of a refusal, and this one is what a person wants to read: ask again in the open.
    const state::ClusterView view = context.view();
    const std::string line =
        fmt::format("kubectl drain {}: evict {}", node_name(drain, view), view.name_of(event::Ref(pod.pod)));
    context.control_plane.request(context.now, "kubectl", line, evict, drain.cause);
    pod.refused = true;
  }
  pod.next_try = again ? context.now + kRetry : SimTime::never();
  pod.done = pod.failed = !again;
}

bool Drains::act(DrainProcess& drain, const StepContext& context) {
  for (;;) {
    for (DrainProcess::Pod& pod : drain.pods) {
      if (!pod.done && !context.view().pod_alive(pod.pod)) pod.done = true;
      if (!pod.done && pod.next_try <= context.now) try_pod(drain, pod, context);
      if (!pod.done && !context.view().pod_alive(pod.pod)) pod.done = true;
    }
    const bool done =
        std::all_of(drain.pods.begin(), drain.pods.end(), [](const DrainProcess::Pod& p) { return p.done; });
    if (!done) break;
    const auto failed = std::count_if(drain.pods.begin(), drain.pods.end(), [](const auto& p) { return p.failed; });
    if (failed > 0) {
      context.remark(
          fmt::format("kubectl drain {0}: error: unable to drain node \"{0}\": {1} of its pods could not be evicted",
                      node_name(drain, context.view()), failed));
    }
    if (++drain.current == drain.nodes.size()) return false;
    begin_node(drain, context);
  }
  if (context.now >= drain.deadline) {
    context.remark(fmt::format("kubectl drain {}: error: global timeout reached", node_name(drain, context.view())));
    return false;
  }
  drain.next_check = std::min(context.now + kPoll, drain.deadline);
  return true;
}

SimTime Drains::next_due() const {
  SimTime next = SimTime::never();
  for (const DrainProcess& drain : running_) {
    next = std::min(next, drain.next_check);
    for (const DrainProcess::Pod& pod : drain.pods) {
      if (!pod.done) next = std::min(next, pod.next_try);
    }
  }
  return next;
}

void Drains::act(const StepContext& context) {
  if (running_.empty()) return;
  std::vector<DrainProcess> still;
  for (DrainProcess& drain : running_) {
    const bool due = drain.next_check <= context.now ||
                     std::any_of(drain.pods.begin(), drain.pods.end(),
                                 [&](const auto& pod) { return !pod.done && pod.next_try <= context.now; });
    if (!due || act(drain, context)) still.push_back(std::move(drain));
  }
  running_ = std::move(still);
}

}  // namespace wavetank::scenario
