#include "engine/schedule/events.h"

namespace wavetank::schedule {
namespace {

struct Named {
  Actions action;
  std::string_view name;
};
constexpr Named kActions[] = {
    {action::kAdd, "Add"},
    {action::kDelete, "Delete"},
    {action::kUpdateNodeAllocatable, "UpdateNodeAllocatable"},
    {action::kUpdateNodeLabel, "UpdateNodeLabel"},
    {action::kUpdateNodeTaint, "UpdateNodeTaint"},
    {action::kUpdateNodeCondition, "UpdateNodeCondition"},
    {action::kUpdateNodeAnnotation, "UpdateNodeAnnotation"},
    {action::kUpdatePodLabel, "UpdatePodLabel"},
    {action::kUpdatePodScaleDown, "UpdatePodScaleDown"},
    {action::kUpdatePodToleration, "UpdatePodToleration"},
    {action::kUpdatePodSchedulingGatesEliminated, "UpdatePodSchedulingGatesEliminated"},
    {action::kUpdatePodGeneratedResourceClaim, "UpdatePodGeneratedResourceClaim"},
    {action::kUpdate, "Update"},
};
constexpr std::string_view kResourceNames[kResources] = {"Pod",
                                                         "AssignedPod",
                                                         "UnschedulablePod",
                                                         "Node",
                                                         "PersistentVolume",
                                                         "PersistentVolumeClaim",
                                                         "storage.k8s.io/StorageClass",
                                                         "storage.k8s.io/CSINode"};

bool covers(Resource registered, Resource resource) {
  return registered == resource ||
         (registered == Resource::Pod && (resource == Resource::AssignedPod || resource == Resource::UnschedulablePod));
}

}  // namespace

bool matches(const EventRegistration& registered, Resource resource, Actions action) {
  return covers(registered.resource, resource) && (registered.actions & action) != 0 && action <= registered.actions;
}

std::string event_label(Resource resource, Actions action) {
  std::string out(kResourceNames[static_cast<std::size_t>(resource)]);
  for (const Named& n : kActions) {
    if (n.action == action) return out.append(n.name);
  }
  return out;
}

}  // namespace wavetank::schedule
