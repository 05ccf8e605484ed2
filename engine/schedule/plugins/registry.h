#pragma once
// All in-tree plugins, sorted by name.

#include <memory>
#include <span>
#include <string_view>

#include "engine/schedule/framework.h"

namespace wavetank::schedule {

struct PluginEntry {
  std::string_view name;
  std::uint16_t points;                             ///< Points bits.
  std::int64_t weight;                              ///< Default weight at Score; 0: does not score.
  int order;                                        ///< Place in Kubernetes' default multiPoint list.
  std::unique_ptr<Plugin> (*make)(const Profile&);  ///< Null: built into the framework itself.
};

std::span<const PluginEntry> plugin_registry();
/// Null when unknown.
const PluginEntry* find_plugin(std::string_view name);

// One maker a plugin file.
std::unique_ptr<Plugin> make_image_locality(const Profile&);
std::unique_ptr<Plugin> make_inter_pod_affinity(const Profile&);
std::unique_ptr<Plugin> make_node_affinity(const Profile&);
std::unique_ptr<Plugin> make_node_name(const Profile&);
std::unique_ptr<Plugin> make_node_ports(const Profile&);
std::unique_ptr<Plugin> make_node_resources_balanced_allocation(const Profile&);
std::unique_ptr<Plugin> make_node_resources_fit(const Profile&);
std::unique_ptr<Plugin> make_node_unschedulable(const Profile&);
std::unique_ptr<Plugin> make_node_volume_limits(const Profile&);
std::unique_ptr<Plugin> make_pod_topology_spread(const Profile&);
std::unique_ptr<Plugin> make_scheduling_gates(const Profile&);
std::unique_ptr<Plugin> make_taint_toleration(const Profile&);
std::unique_ptr<Plugin> make_volume_binding(const Profile&);
std::unique_ptr<Plugin> make_volume_restrictions(const Profile&);
std::unique_ptr<Plugin> make_volume_zone(const Profile&);

}  // namespace wavetank::schedule
