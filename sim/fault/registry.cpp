#include "sim/fault/registry.h"

#include <algorithm>

namespace wavetank::fault {
namespace {

constexpr KindInfo kKinds[] = {
    {"container-crash", "The process of one container of each pod meant ends, once.",
     "pod workload namespace container count exitCode oom", "pod|workload", begin_container_crash, nullptr},
    {"image-crash", "Containers of an image end a while after each start.", "image exitCode after duration", "image",
     begin_image_crash, end_image_crash},
    {"image-never-ready", "Containers of an image fail their readiness and startup probes.", "image duration", "image",
     begin_image_never_ready, end_image_never_ready},
    {"image-unavailable", "The registry does not give out an image.", "image duration", "image",
     begin_image_unavailable, end_image_unavailable},
    {"kubelet-stop", "Node agents stop; containers run on.", "node zone count duration", "", begin_kubelet_stop,
     end_kubelet_stop},
    {"node-crash", "Machines lose power.", "node zone count duration", "", begin_node_crash, end_node_crash},
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
