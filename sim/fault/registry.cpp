#include "sim/fault/registry.h"

#include <algorithm>

namespace wavetank::fault {
namespace {

constexpr KindInfo kKinds[] = {
    {"api-server-outage", "The API server does not answer; what runs, runs on.", "duration", "",
     begin_api_server_outage, end_api_server_outage},
    {"container-crash", "The process of one container of each pod meant ends, once.",
     "pod workload namespace container count exitCode oom", "pod|workload", begin_container_crash, nullptr},
    {"controller-manager-outage", "No controller runs.", "duration", "", begin_controller_manager_outage,
     end_controller_manager_outage},
    {"disk-full", "Something that is no pod's fills the disks of nodes.", "node zone label count size duration", "",
     begin_disk_full, end_disk_full},
    {"domain-outage", "The machines that share a label's value (a rack, a power feed) lose power.", "label duration",
     "label", begin_domain_outage, end_domain_outage},
    {"image-crash", "Containers of an image end a while after each start.", "image exitCode after duration", "image",
     begin_image_crash, end_image_crash},
    {"image-never-ready", "Containers of an image fail their readiness and startup probes.", "image duration", "image",
     begin_image_never_ready, end_image_never_ready},
    {"image-unavailable", "The registry does not give out an image.", "image duration", "image",
     begin_image_unavailable, end_image_unavailable},
    {"kubelet-stop", "Node agents stop; containers run on.", "node zone label count duration", "", begin_kubelet_stop,
     end_kubelet_stop},
    {"memory-leak", "Containers of an image take ever more memory.", "image rate duration", "image", begin_memory_leak,
     end_memory_leak},
    {"missing-tag", "The registry has no such tag.", "image duration", "image", begin_image_unavailable,
     end_image_unavailable},
    {"network-partition", "Nodes are cut off from the API server; containers run on.",
     "node zone label count direction duration", "", begin_network_partition, end_network_partition},
    {"node-crash", "Machines lose power.", "node zone label count duration", "", begin_node_crash, end_node_crash},
    {"oom", "The process of one container of each pod meant is killed for its memory.",
     "pod workload namespace container count", "pod|workload", begin_oom, nullptr},
    {"registry-down", "A registry, or every one, does not answer.", "registry duration", "", begin_registry_down,
     end_registry_down},
    {"registry-slow", "Images arrive at a part of their usual speed.", "node zone label count percent duration", "",
     begin_registry_slow, end_registry_slow},
    {"scheduler-outage", "No pod is scheduled.", "duration", "", begin_scheduler_outage, end_scheduler_outage},
    {"zone-outage", "All machines of a zone lose power.", "zone duration", "zone", begin_zone_outage, end_zone_outage},
};
static_assert(std::is_sorted(std::begin(kKinds), std::end(kKinds),
                             [](const KindInfo& a, const KindInfo& b) { return a.name < b.name; }));

}  // namespace

std::span<const KindInfo> kinds() { return kKinds; }

const KindInfo* find_kind(std::string_view name) {
  for (const KindInfo& kind : kKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace wavetank::fault
