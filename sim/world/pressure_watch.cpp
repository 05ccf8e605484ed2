// Node pressure as the node agent sees it: what is left of memory, disk and processes, the node's conditions, evictions
// by the node, unused images that go, and the kernel's own killing when memory is out. Source:
// pkg/kubelet/eviction/eviction_manager.go, pkg/kubelet/images/image_gc_manager.go, pkg/kubelet/nodestatus/setters.go
// of 1.34.
//
// Looking costs nothing where usage cannot get a node into trouble: with the default `app.memory` (half of the request)
// and no leak and no full disk nobody looks.
#include <algorithm>

#include <fmt/format.h>

#include "engine/model/qos.h"
#include "engine/model/requests.h"
#include "engine/state/volume_use.h"
#include "sim/world/impl.h"

namespace wavetank::world {

using command::FailPod;
using command::RecordEvent;
using command::ReportContainerExited;
using command::ReportNodeCondition;
using event::ConditionStatus;
using event::ExitReason;
using event::NodeConditionType;

namespace {

/// Once a second the agent asks whether an evicted pod is gone, for at most 30 s (podCleanupPollFreq, -Timeout).
constexpr Duration kCleanupPoll = base::seconds(1);

struct ConditionWords {
  NodeConditionType type;
  const char *true_reason, *true_message, *false_reason, *false_message;
};
constexpr ConditionWords kWords[] = {
    {NodeConditionType::MemoryPressure, "KubeletHasInsufficientMemory", "kubelet has insufficient memory available",
     "KubeletHasSufficientMemory", "kubelet has sufficient memory available"},
    {NodeConditionType::DiskPressure, "KubeletHasDiskPressure", "kubelet has disk pressure", "KubeletHasNoDiskPressure",
     "kubelet has no disk pressure"},
    {NodeConditionType::PIDPressure, "KubeletHasInsufficientPID", "kubelet has insufficient PID available",
     "KubeletHasSufficientPID", "kubelet has sufficient PID available"},
};

/// Memory comes in whole pages, and so do the numbers in the node agent's messages.
std::int64_t in_pages(std::int64_t bytes) { return (bytes + 4095) / 4096 * 4096; }

bool is_critical(std::int32_t priority) { return priority >= model::kSystemCriticalPriority; }

}  // namespace

// ---- What is there and what is used
// ---------------------------------------------------------------------------------------------

/// Whether usage could ever get a node into trouble.
void SimWorld::Impl::read_pressure() {
  auto read = parse_thresholds(params.text(Param::EvictionHard), params.text(Param::EvictionSoft),
                               params.text(Param::EvictionSoftGracePeriod), params.text(Param::EvictionMinimumReclaim));
  if (read) thresholds = std::move(*read);
  pressure_on = false;
  for (const Param p :
       {Param::AppMemory, Param::AppDisk, Param::AppEmptyDir, Param::AppPids, Param::EvictionHard, Param::EvictionSoft,
        Param::ImageSize, Param::NodeDiskSize, Param::NodeDiskUsed, Param::NodeMemoryUsed, Param::NodeMaxPids})
    pressure_on = pressure_on || params.is_set(p);
}

std::int64_t SimWorld::Impl::disk_size(NodeId node, const ClusterView& view) const {
  const std::int64_t written = view.node(node).spec.capacity.ephemeral_storage;
  return written > 0 ? written : params.get(Param::NodeDiskSize).value;
}

Observations SimWorld::Impl::observe_node(NodeId node, const ClusterView& view) {
  Observations seen{};
  const state::NodeRow& row = view.node(node);
  std::int64_t memory = params.get(Param::NodeMemoryUsed).value;
  std::int64_t disk = params.get(Param::NodeDiskUsed).value + node_slot(node).disk_filled;
  std::int64_t pids = params.get(Param::NodePidsUsed).value;
  for (const PodId pod : row.pods) {
    if (pod.index() >= pods.size() || pods[pod.index()].count == 0) continue;
    for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) {
      memory += in_pages(usage.container(pod, c, view).memory);
      disk += usage.disk(pod, c, view) + usage.empty_dir(pod, c, view);
      if (container(pod, c).run == Run::Running)
        pids += params.get(Param::AppPids, images[container(pod, c).image].name).value;
    }
  }
  for (const auto& [name, size] : row.images)
    if (has_image(node_slot(node), images[intern_image(view.text(name))].full)) disk += size;
  const auto put = [&](Signal signal, std::int64_t capacity, std::int64_t used) {
    seen[static_cast<std::size_t>(signal)] = {std::max<std::int64_t>(0, capacity - used), capacity, capacity > 0};
  };
  put(Signal::MemoryAvailable, row.spec.capacity.memory, memory);
  put(Signal::NodeFsAvailable, disk_size(node, view), disk);
  put(Signal::ImageFsAvailable, disk_size(node, view), disk);  // one file system for both
  put(Signal::PidAvailable, params.get(Param::NodeMaxPids).value, pids);
  return seen;
}

// ---- Looking
// --------------------------------------------------------------------------------------------------------------------

/// The next look of the node's eviction manager after `t`; each node has its own phase.
SimTime SimWorld::Impl::next_look(NodeId node, SimTime t) {
  const Duration period = params.duration(Param::EvictionMonitoringPeriod);
  const SimTime first{node_slot(node).pleg_phase.ns * 10 % std::max<std::int64_t>(period.ns, 1)};
  if (t < first) return first;
  return first + period * ((t - first).ns / period.ns + 1);
}

/// Something on the node changed what it uses, or could.
void SimWorld::Impl::watch_pressure(NodeId node) {
  if (!pressure_on) return;
  NodeSlot& slot = node_slot(node);
  if (!slot.checking && slot.machine_up) {
    slot.checking = true;
    set_node(now + params.duration(Param::MemoryCheckPeriod), Step::CheckNodeMemory, node);
  }
  if (slot.looking || !slot.agent_up) return;
  slot.looking = true;
  set_node(next_look(node, now), Step::LookAtPressure, node);
}

void SimWorld::Impl::watch_all_pressure() {
  for (std::size_t i = 0; i < nodes.size(); ++i) watch_pressure(NodeId(i));
}

void SimWorld::Impl::look_at_pressure(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  slot.looking = false;
  if (!slot.agent_up || !view.node(node).header.alive) return;
  if (slot.evicting.valid()) {
    const bool gone = slot.evicting.index() >= pods.size() || pods[slot.evicting.index()].stage != Stage::Evicting;
    if (!gone && now < slot.evicting_since + base::seconds(30)) {
      slot.looking = true;
      return set_node(now + kCleanupPoll, Step::LookAtPressure, node);
    }
    slot.evicting = {};
  }
  collect_images(node, view);
  Observations seen = observe_node(node, view);
  Look l = look(slot.pressure, thresholds, seen, now, params.duration(Param::EvictionTransitionPeriod));
  for (std::size_t p = 0; p < kPressureCount; ++p) slot.conditions[p] = l.conditions[p] ? 1 : 0;
  set_node(status_update(node, now), Step::PostPressure, node);
  const bool evicted = evict_over_limits(node, view) || (!l.acting.empty() && relieve(node, l, seen, view));
  bool again = evicted || !l.acting.empty();
  for (std::size_t p = 0; p < kPressureCount; ++p) again = again || l.conditions[p];
  for (const SimTime first : slot.pressure.first_seen) again = again || first != SimTime::never();
  for (const PodId pod : view.node(node).pods) {
    if (again) break;
    for (std::uint32_t c = 0; c < view.container_count(pod); ++c) again = again || usage_changes(pod, c, view);
  }
  if (!again) return;
  slot.looking = true;
  set_node(evicted ? now + kCleanupPoll : next_look(node, now), Step::LookAtPressure, node);
}

bool SimWorld::Impl::usage_changes(PodId pod, std::uint32_t c, const ClusterView& view) const {
  return usage.memory_changes(pod, c, view) || usage.memory_follows_load(pod, c, view) ||
         usage.disk_changes(pod, c, view);
}

void SimWorld::Impl::post_pressure(NodeId node, const ClusterView& view) {
  const NodeSlot& slot = node_slot(node);
  const state::NodeRow& row = view.node(node);
  for (std::size_t p = 0; p < kPressureCount; ++p) {
    const ConditionWords& w = kWords[p];
    const bool on = slot.conditions[p] != 0;
    const state::Condition& is = row.conditions[static_cast<std::size_t>(w.type)];
    const ConditionStatus wanted = on ? ConditionStatus::True : ConditionStatus::False;
    if (is.status == wanted || (!on && !is.present)) continue;
    emit(slot.cause, ReportNodeCondition{{node, w.type, wanted, on ? w.true_reason : w.false_reason,
                                          on ? w.true_message : w.false_message}});
  }
  post_images(node, view);
}

// ---- Acting
// -------------------------------------------------------------------------------------------------------------------

/// Frees what the node itself holds, else evicts one pod. Whether it evicted.
bool SimWorld::Impl::relieve(NodeId node, const Look& l, const Observations& seen, const ClusterView& view) {
  const Signal signal = thresholds[l.acting.front()].signal;
  const event::Ref ref(node);
  emit(node_slot(node).cause, RecordEvent{{ref, true, "EvictionThresholdMet",
                                           fmt::format("Attempting to reclaim {}", resource_of(signal)), "kubelet"}});
  if (pressure_of(signal) == Pressure::Disk) {
    const std::int64_t freed = remove_images(node, INT64_MAX, view);
    Observations after = seen;
    for (const Signal s : {Signal::NodeFsAvailable, Signal::ImageFsAvailable})
      after[static_cast<std::size_t>(s)].available += freed;
    if (std::none_of(thresholds.begin(), thresholds.end(), [&](const Threshold& t) { return is_met(t, after, true); }))
      return false;
  }
  std::vector<PodUse> candidates;
  for (const PodId pod : view.node(node).pods) {
    if (pod.index() >= pods.size() || pods[pod.index()].stage != Stage::Running || view.pod_terminating(pod)) continue;
    candidates.push_back(use_of(pod, signal, view));
  }
  rank(signal, candidates);
  for (const PodUse& use : candidates) {
    if (is_critical(use.priority)) continue;
    const std::string message = eviction_message(thresholds, l.acting, seen, container_uses(use.pod, signal, view));
    const bool hard = thresholds[l.acting.front()].hard();
    evict(use.pod, message, cause_of_use(use.pod, signal, view),
          hard ? 1 : params.get(Param::EvictionMaxPodGracePeriod).value / 1'000'000'000, view);
    return true;
  }
  return false;
}

PodUse SimWorld::Impl::use_of(PodId pod, Signal signal, const ClusterView& view) {
  PodUse of_pod;
  of_pod.pod = pod;
  of_pod.priority = view->pods.priority[pod.index()];
  const model::ResourceList asked = model::total_requests(view.pod_spec(pod).spec);
  for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) {
    switch (pressure_of(signal)) {
      case Pressure::Memory:
        of_pod.usage += usage.container(pod, c, view).memory;
        break;
      case Pressure::Disk:
        of_pod.usage += usage.disk(pod, c, view) + usage.empty_dir(pod, c, view);
        break;
      case Pressure::Pid:
        of_pod.usage += params.get(Param::AppPids, images[container(pod, c).image].name).value;
        break;
    }
  }
  of_pod.request = pressure_of(signal) == Pressure::Memory ? asked.memory
                   : pressure_of(signal) == Pressure::Disk ? asked.ephemeral_storage
                                                           : 0;
  return of_pod;
}

std::vector<ContainerUse> SimWorld::Impl::container_uses(PodId pod, Signal signal, const ClusterView& view) {
  std::vector<ContainerUse> uses;
  const bool memory = pressure_of(signal) == Pressure::Memory;
  for (std::uint32_t i = 0; i < pods[pod.index()].count; ++i) {
    // Containers first, then init containers, as the kubelet goes through them.
    const PodSlot& slot = pods[pod.index()];
    const std::uint32_t c = (i + slot.inits) % slot.count;
    const model::Container& spec = view.container_spec(pod, c);
    const std::int64_t request = memory ? spec.requests.memory : spec.requests.ephemeral_storage;
    const bool binary = request % 1024 == 0 && request != 0;
    uses.push_back(
        {spec.name, memory ? in_pages(usage.container(pod, c, view).memory) : usage.disk(pod, c, view),
         base::Quantity(request, binary ? base::Quantity::Format::BinarySI : base::Quantity::Format::DecimalSI)});
  }
  return uses;
}

/// What led to the pod's use: a leak, load, a disk that was filled; else its own start.
Seq SimWorld::Impl::cause_of_use(PodId pod, Signal signal, const ClusterView& view) {
  Seq cause = pods[pod.index()].cause;
  for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) {
    cause = std::max(cause, container(pod, c).cause);
    if (pressure_of(signal) != Pressure::Memory) continue;
    const UsageModel::Leak* leak = usage.leaks.empty() ? nullptr : usage.leak_of(view.container_spec(pod, c).image);
    if (leak != nullptr) cause = std::max(cause, leak->cause);
    if (usage.memory_follows_load(pod, c, view)) cause = std::max(cause, load_cause);
  }
  if (pressure_of(signal) == Pressure::Disk) cause = std::max(cause, node_slot(pods[pod.index()].node).fill_cause);
  return cause;
}

/// Ends a pod for good on its node's own account.
void SimWorld::Impl::evict(PodId pod, const std::string& message, Seq cause, std::int64_t grace_s,
                           const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  const Duration after = stop_time(pod, grace_s, view);
  if (node_slot(slot.node).pulls.cancel(pod)) advance_pulls(slot.node, view);
  slot.stage = Stage::Evicting;
  void_pod(slot);
  NodeSlot& node = node_slot(slot.node);
  node.evicting = pod;
  node.evicting_since = now;
  evictions[pod.value] = {message, cause};
  set_pod(reported(now + after), Step::PodEvicted, pod);
}

void SimWorld::Impl::pod_evicted(PodId pod, const ClusterView& view) {
  PodSlot& slot = pods[pod.index()];
  slot.stage = Stage::Finished;
  const auto known = evictions.find(pod.value);
  const Seq cause = known == evictions.end() ? slot.cause : known->second.second;
  for (std::uint32_t c = 0; c < slot.count; ++c) {
    ContainerSlot& at = container(pod, c);
    const bool ran = view.container(pod, c).state == state::ContainerState::Running;
    at.run = Run::Exited;
    at.ready = false;
    trouble(at).exit_code = 137;
    if (ran) emit(cause, ReportContainerExited{{pod, c, 137, ExitReason::Error}});
  }
  if (view.pod_ready(pod)) set_pod_unready(pod, cause, event::ReadyReason::ContainersNotReady);
  emit(cause, FailPod{{pod, "Evicted", known == evictions.end() ? std::string() : known->second.first}});
  if (known != evictions.end()) evictions.erase(known);
  end_volumes(pod, now);
}

/// Whether the node takes a pod while it is under pressure (managerImpl.Admit); else the pod fails.
bool SimWorld::Impl::admit_under_pressure(PodId pod, NodeId node, const ClusterView& view) {
  const NodeSlot& slot = node_slot(node);
  std::string conditions;
  for (std::size_t p = 0; p < kPressureCount; ++p) {
    static constexpr const char* kNames[] = {"MemoryPressure", "DiskPressure", "PIDPressure"};
    if (slot.conditions[p] != 0) conditions += (conditions.empty() ? "" : " ") + std::string(kNames[p]);
  }
  if (conditions.empty() || is_critical(view->pods.priority[pod.index()])) return true;
  const model::PodSpec& spec = view.pod_spec(pod).spec;
  if (conditions == "MemoryPressure") {
    if (model::qos_class(spec) != model::QosClass::BestEffort) return true;
    const model::Taint taint{"node.kubernetes.io/memory-pressure", "", model::TaintEffect::NoSchedule};
    if (std::any_of(spec.tolerations.begin(), spec.tolerations.end(),
                    [&](const model::Toleration& t) { return t.tolerates(taint); }))
      return true;
  }
  pods[pod.index()].stage = Stage::Evicting;
  evictions[pod.value] = {fmt::format("Pod was rejected: The node had condition: [{}]. ", conditions),
                          pods[pod.index()].cause};
  set_pod(reported(now + sync_latency), Step::PodEvicted, pod);
  return false;
}

// ---- Memory that is out between two looks
// ------------------------------------------------------------------------------------------

/// The kernel kills the process with the highest badness until memory suffices.
void SimWorld::Impl::check_node_memory(NodeId node, const ClusterView& view) {
  const std::int64_t total = view.node(node).spec.capacity.memory;
  node_slot(node).checking = false;
  if (total <= 0 || !node_slot(node).machine_up || !view.node(node).header.alive) return;
  struct Victim {
    PodId pod;
    std::uint32_t c = 0;
    std::int64_t usage = 0, badness = 0;
  };
  std::vector<Victim> all;
  bool changes = false;
  std::int64_t used = params.get(Param::NodeMemoryUsed).value;
  for (const PodId pod : view.node(node).pods) {
    if (pod.index() >= pods.size()) continue;
    for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) {
      if (container(pod, c).run != Run::Running) continue;
      const std::int64_t memory = usage.container(pod, c, view).memory;
      used += memory;
      changes = changes || usage.memory_changes(pod, c, view) || usage.memory_follows_load(pod, c, view);
      const std::int32_t adj = model::oom_score_adj(view.pod_spec(pod).spec, view.container_spec(pod, c), total,
                                                    view->pods.priority[pod.index()]);
      all.push_back({pod, c, memory, badness(memory, adj, total)});
    }
  }
  if (changes) {
    node_slot(node).checking = true;
    set_node(now + params.duration(Param::MemoryCheckPeriod), Step::CheckNodeMemory, node);
  }
  if (used <= total) return;
  std::stable_sort(all.begin(), all.end(), [](const Victim& a, const Victim& b) { return a.badness > b.badness; });
  for (const Victim& v : all) {
    if (used <= total || v.usage <= 0) return;
    used -= v.usage;
    const std::string& name = view.container_spec(v.pod, v.c).name;
    emit(container(v.pod, v.c).cause,
         RecordEvent{{event::Ref(node), true, "SystemOOM",
                      fmt::format("System OOM encountered, victim process: {}, pid: 1", name), "kubelet"}});
    end_container(v.pod, v.c, 137, ExitReason::OOMKilled, now, container(v.pod, v.c).cause);
  }
}

// ---- Images that nobody uses
// -------------------------------------------------------------------------------------------------------

/// Removes unused images from the disk, oldest first, until `wanted` bytes are free; the next status update no longer
/// names them. Bytes freed.
std::int64_t SimWorld::Impl::remove_images(NodeId node, std::int64_t wanted, const ClusterView& view) {
  std::vector<std::uint32_t> used;
  for (const PodId pod : view.node(node).pods) {
    if (pod.index() >= pods.size()) continue;
    if (pods[pod.index()].stage == Stage::Finished || pods[pod.index()].stage == Stage::Gone) continue;
    for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c)
      if (container(pod, c).image != kNone) used.push_back(images[container(pod, c).image].full);
  }
  std::int64_t freed = 0;
  NodeSlot& slot = node_slot(node);
  for (const auto& [name, size] : view.node(node).images) {
    if (freed >= wanted) break;
    const std::uint32_t full = images[intern_image(view.text(name))].full;
    if (std::find(used.begin(), used.end(), full) != used.end()) continue;
    const auto at = std::lower_bound(slot.images.begin(), slot.images.end(), full);
    if (at == slot.images.end() || *at != full) continue;
    slot.images.erase(at);
    freed += size;
  }
  return freed;
}

/// Every image.gc_period: above the high threshold, down to the low one (realImageGCManager.GarbageCollect).
void SimWorld::Impl::collect_images(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  if (now < slot.images_collected + params.duration(Param::ImageGcPeriod)) return;
  slot.images_collected = now;
  const Observation disk = observe_node(node, view)[static_cast<std::size_t>(Signal::ImageFsAvailable)];
  if (!disk.known) return;
  const std::int64_t used_percent = 100 - disk.available * 100 / disk.capacity;
  if (used_percent < params.get(Param::ImageGcHigh).value) return;
  const std::int64_t to_free = disk.capacity * (100 - params.get(Param::ImageGcLow).value) / 100 - disk.available;
  const std::int64_t freed = remove_images(node, to_free, view);
  if (freed < to_free)
    emit(slot.cause,
         RecordEvent{{event::Ref(node), true, "FreeDiskSpaceFailed",
                      fmt::format("Failed to garbage collect required amount of images. Attempted to free {} bytes, "
                                  "but only found {} bytes eligible to free.",
                                  to_free, freed),
                      "kubelet"}});
}

}  // namespace wavetank::world
