#include "engine/schedule/plugins/registry.h"

#include <algorithm>
#include <array>

namespace wavetank::schedule {
namespace {

// PrioritySort is the queue's comparison (queue.cpp), DefaultPreemption works on the whole framework (preemption.cpp),
// DefaultBinder is the Decision itself: they are named here so that a profile can name them. DynamicResources has
// nothing to do in a cluster without its claims, but for its words when a pod found no node (preemption.cpp).
constexpr std::array kPlugins{
    PluginEntry{"DefaultBinder", kBind, 0, 130, nullptr},
    PluginEntry{"DefaultPreemption", kPostFilter, 0, 100, nullptr},
    PluginEntry{"DynamicResources", kPostFilter, 0, 95, nullptr},
    PluginEntry{"ImageLocality", kScore, 1, 120, make_image_locality},
    PluginEntry{"InterPodAffinity", kPreFilter | kFilter | kPreScore | kScore, 2, 90, make_inter_pod_affinity},
    PluginEntry{"NodeAffinity", kPreFilter | kFilter | kPreScore | kScore, 2, 30, make_node_affinity},
    PluginEntry{"NodeName", kFilter, 0, 15, make_node_name},
    PluginEntry{"NodePorts", kPreFilter | kFilter, 0, 40, make_node_ports},
    PluginEntry{"NodeResourcesBalancedAllocation", kPreScore | kScore, 1, 110, make_node_resources_balanced_allocation},
    PluginEntry{"NodeResourcesFit", kPreFilter | kFilter | kPreScore | kScore, 1, 50, make_node_resources_fit},
    PluginEntry{"NodeUnschedulable", kFilter, 0, 10, make_node_unschedulable},
    PluginEntry{"NodeVolumeLimits", kPreFilter | kFilter, 0, 65, make_node_volume_limits},
    PluginEntry{"PodTopologySpread", kPreFilter | kFilter | kPreScore | kScore, 2, 80, make_pod_topology_spread},
    PluginEntry{"PrioritySort", kQueueSort, 0, 5, nullptr},
    PluginEntry{"SchedulingGates", kPreEnqueue, 0, 1, make_scheduling_gates},
    PluginEntry{"TaintToleration", kFilter | kPreScore | kScore, 3, 20, make_taint_toleration},
    PluginEntry{"VolumeBinding", kPreFilter | kFilter | kPreScore | kScore | kReserve, 1, 70, make_volume_binding},
    PluginEntry{"VolumeRestrictions", kPreFilter | kFilter, 0, 60, make_volume_restrictions},
    PluginEntry{"VolumeZone", kPreFilter | kFilter, 0, 75, make_volume_zone},
};

constexpr bool sorted() {
  for (std::size_t i = 1; i < kPlugins.size(); ++i) {
    if (!(kPlugins[i - 1].name < kPlugins[i].name)) return false;
  }
  return true;
}
static_assert(sorted(), "keep the table sorted by name");

}  // namespace

std::span<const PluginEntry> plugin_registry() { return kPlugins; }

const PluginEntry* find_plugin(std::string_view name) {
  const auto at = std::lower_bound(kPlugins.begin(), kPlugins.end(), name,
                                   [](const PluginEntry& e, std::string_view n) { return e.name < n; });
  return at != kPlugins.end() && at->name == name ? &*at : nullptr;
}

Profile default_profile() {
  std::vector<const PluginEntry*> by_order;
  for (const PluginEntry& e : kPlugins) by_order.push_back(&e);
  std::sort(by_order.begin(), by_order.end(),
            [](const PluginEntry* a, const PluginEntry* b) { return a->order < b->order; });
  Profile profile;
  for (const PluginEntry* e : by_order) {
    if ((e->points & kPreEnqueue) != 0) profile.pre_enqueue.emplace_back(e->name);
    if ((e->points & kPreFilter) != 0) profile.pre_filter.emplace_back(e->name);
    if ((e->points & kFilter) != 0) profile.filter.emplace_back(e->name);
    if ((e->points & kPostFilter) != 0) profile.post_filter.emplace_back(e->name);
    if ((e->points & kScore) != 0) profile.score.push_back({std::string(e->name), e->weight});
  }
  return profile;
}

}  // namespace wavetank::schedule
