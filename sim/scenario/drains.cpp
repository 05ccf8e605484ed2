#include "sim/scenario/drains.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace wavetank::scenario {
namespace {

using base::SimTime;

constexpr base::Duration kRetry = base::seconds(5);  // drain.go: time.Sleep(5 * time.Second) on TooManyRequests
constexpr base::Duration kPoll = base::seconds(1);   // drain.go: waitForDelete polls every second

/// A pod that only its node agent knows (a static pod's mirror): it cannot be evicted, and stays.
bool is_mirror(const state::ClusterView& view, event::PodId pod) {
  if ((view.pod_flags(pod) & state::kFromManifest) == 0) return false;
  const model::Doc doc = view.stored_doc(event::Ref(pod));
  return doc.at({"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr;
}

/// The kind of the pod's controller, also one that is not there: "" if it has none.
std::string controller_kind(const state::ClusterView& view, event::PodId pod) {
  const event::Ref owner = view->pods.owner[pod.index()];
  if (owner.valid()) return std::string(model::kind_info(owner.kind).name);
  if ((view.pod_flags(pod) & state::kFromManifest) == 0) return "";
  const model::Doc doc = view.stored_doc(event::Ref(pod));
  const model::Doc* owners = doc.at({"metadata", "ownerReferences"});
  if (owners == nullptr) return "";
  for (const model::Doc& candidate : owners->items)
    if (candidate.bool_or("controller", false)) return std::string(candidate.string_or("kind"));
  return "";
}

/// What kubectl's filters say of a pod (pkg/drain/filters.go): "" goes, kStays stays, else why it may not go.
constexpr std::string_view kStays = "stays";
std::string_view objection(const state::ClusterView& view, event::PodId pod, const DrainOptions& options) {
  const event::Phase phase = view.pod_phase(pod);
  const bool over = phase == event::Phase::Succeeded || phase == event::Phase::Failed;
  const std::string controller = controller_kind(view, pod);
  if (controller == "DaemonSet" && !over) {
    return options.ignore_daemonsets ? kStays
                                     : "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
  }
  if (is_mirror(view, pod)) return kStays;
  if (over) return "";
  const std::vector<model::Volume>& volumes = view.pod_spec(pod).spec.volumes;
  const bool local = std::any_of(volumes.begin(), volumes.end(), [](const auto& v) { return v.source == "emptyDir"; });
  if (local && !options.delete_emptydir_data)
    return "cannot delete Pods with local storage (use --delete-emptydir-data to override)";
  if (controller.empty() && !options.force)
    return "cannot delete Pods that declare no controller (use --force to override)";
  return "";
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
  drain.options = options;
  if (options.ignore_daemonsets) line += " --ignore-daemonsets";
  if (options.delete_emptydir_data) line += " --delete-emptydir-data";
  if (options.force) line += " --force";
  if (options.disable_eviction) line += " --disable-eviction";
  if (options.grace_s) line += fmt::format(" --grace-period={}", *options.grace_s);
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
  // A node that must not be emptied fails, and the next has its turn.
  while (!begin_node(drain, context))
    if (++drain.current == drain.nodes.size()) return;
  if (act(drain, context)) running_.push_back(std::move(drain));
}

bool Drains::begin_node(DrainProcess& drain, const StepContext& context) {
  const state::ClusterView view = context.view();
  drain.pods.clear();
  std::map<std::string, std::string> objections;
  for (const event::PodId pod : view.node(drain.nodes[drain.current]).pods) {
    const std::string_view why = objection(view, pod, drain.options);
    if (why.empty()) {
      drain.pods.push_back({pod, context.now, false, false, false});
    } else if (why != kStays) {
      std::string& pods = objections[std::string(why)];
      pods += fmt::format("{}{}/{}", pods.empty() ? "" : ", ", view.text(view.pod_ns(pod)), view.pod_name(pod));
    }
  }
  if (objections.empty()) return true;
  std::string all;
  for (const auto& [why, pods] : objections) all += fmt::format("{}{}: {}", all.empty() ? "" : ", ", why, pods);
  context.remark(fmt::format("kubectl drain {0}: error: unable to drain node \"{0}\" due to error: [{1}]",
                             node_name(drain, view), all));
  drain.pods.clear();
  return false;
}

void Drains::try_pod(DrainProcess& drain, DrainProcess::Pod& pod, const StepContext& context) {
  command::Payload evict = command::EvictPod{pod.pod};
  if (drain.options.disable_eviction)
    evict = command::DeletePod{pod.pod, event::DeletionReason::Deleted, drain.options.grace_s};
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
    do {
      if (++drain.current == drain.nodes.size()) return false;
    } while (!begin_node(drain, context));
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
