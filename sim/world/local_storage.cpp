// Limits of a pod's own storage on its node: emptyDirs by sizeLimit, the pod and its containers by
// limits.ephemeral-storage. Looked at by the eviction manager with every look, before it looks at the node. Source:
// pkg/kubelet/eviction/eviction_manager.go of 1.34 (localStorageEviction, emptyDirLimitEviction,
// podEphemeralStorageLimitEviction, containerEphemeralStorageLimitEviction).
#include <fmt/format.h>

#include <algorithm>

#include "engine/model/qos.h"
#include "sim/world/impl.h"

namespace wavetank::world {
namespace {

bool has_limit(const model::Container& c) { return (c.limits.present & model::ResourceList::kEphemeral) != 0; }

base::Quantity shown(std::int64_t bytes) {
  const bool binary = bytes % 1024 == 0 && bytes != 0;
  return {bytes, binary ? base::Quantity::Format::BinarySI : base::Quantity::Format::DecimalSI};
}

/// resource.PodLimits: containers and sidecars together, or an init container with the sidecars before it. -1: none.
std::int64_t pod_limit(const model::PodSpec& spec) {
  std::int64_t sum = 0, most = 0;
  bool any = false;
  for (const model::Container& c : spec.init_containers) {
    any = any || has_limit(c);
    if (c.restart_policy == model::RestartPolicy::Always) sum += c.limits.ephemeral_storage;
    const bool sidecar = c.restart_policy == model::RestartPolicy::Always;
    most = std::max(most, sum + (sidecar ? 0 : c.limits.ephemeral_storage));
  }
  for (const model::Container& c : spec.containers) {
    any = any || has_limit(c);
    sum += c.limits.ephemeral_storage;
  }
  return any ? std::max(sum, most) : -1;
}

}  // namespace

/// What a pod holds against its limits, in Kubernetes' words; empty: nothing is exceeded.
std::string SimWorld::Impl::storage_exceeded(PodId pod, const ClusterView& view) {
  const model::PodSpec& spec = view.pod_spec(pod).spec;
  const EmptyDirs& dirs = usage.empty_dirs(pod, view);
  std::vector<std::int64_t> held(dirs.volumes.size(), 0);
  std::int64_t total = 0;
  for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) {
    const std::int64_t in_dir = usage.empty_dir(pod, c, view);
    if (in_dir > 0) held[dirs.of_container[c]] += in_dir;
    total += in_dir + usage.disk(pod, c, view);
  }
  for (std::size_t v = 0; v < held.size(); ++v) {
    const auto& limit = dirs.volumes[v].limit;
    if (limit && !limit->is_zero() && !limit->is_negative() && shown(held[v]).compare(*limit) > 0)
      return fmt::format("Usage of EmptyDir volume \"{}\" exceeds the limit \"{}\". ", dirs.volumes[v].name,
                         limit->text());
  }
  if (const std::int64_t limit = pod_limit(spec); limit >= 0 && total > limit)
    return fmt::format("Pod ephemeral local storage usage exceeds the total limit of containers {}. ",
                       shown(limit).text());
  for (std::uint32_t c = 0; c < pods[pod.index()].count; ++c) {
    const model::Container& container_spec = view.container_spec(pod, c);
    if (has_limit(container_spec) && usage.disk(pod, c, view) > container_spec.limits.ephemeral_storage)
      return fmt::format("Container {} exceeded its local ephemeral storage limit \"{}\". ", container_spec.name,
                         shown(container_spec.limits.ephemeral_storage).text());
  }
  return {};
}

/// Evicts every pod of the node that exceeds its own limits. Whether there was one.
bool SimWorld::Impl::evict_over_limits(NodeId node, const ClusterView& view) {
  bool any = false;
  for (const PodId pod : view.node(node).pods) {
    if (pod.index() >= pods.size() || pods[pod.index()].stage != Stage::Running || view.pod_terminating(pod)) continue;
    if (view->pods.priority[pod.index()] >= model::kSystemCriticalPriority) continue;
    const std::string message = storage_exceeded(pod, view);
    if (message.empty()) continue;
    evict(pod, message, cause_of_use(pod, Signal::NodeFsAvailable, view), 1, view);
    any = true;
  }
  return any;
}

/// The node's status names the images that are there; those that were removed are taken off it.
void SimWorld::Impl::post_images(NodeId node, const ClusterView& view) {
  const state::NodeRow& row = view.node(node);
  const NodeSlot& slot = node_slot(node);
  model::Doc patch = model::Doc::object();
  model::Doc& list = patch["status"]["images"];
  list = model::Doc::array();
  for (const auto& [name, size] : row.images) {
    if (!has_image(slot, images[intern_image(view.text(name))].full)) continue;
    model::Doc image = model::Doc::object();
    image["names"] = model::Doc::array();
    image["names"].items.push_back(model::Doc::string(view.text(name)));
    image["sizeBytes"] = model::Doc::integer(size);
    list.items.push_back(std::move(image));
  }
  if (list.items.size() == row.images.size()) return;
  emit(slot.cause, command::PatchObject{event::Ref(node), model::to_json(patch), 0});
}

}  // namespace wavetank::world
