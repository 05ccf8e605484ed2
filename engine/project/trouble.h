#pragma once
// Inside the room: what keeps a pod from being ready, and what objects are now, in words.

#include <string>
#include <vector>

#include "engine/project/words.h"

namespace wavetank::project {

/// What keeps an alive pod from serving, in words that several pods can share ("node n3 (zone a) is NotReady"); "" when
/// nothing does.
std::string pod_trouble(PodId pod, const ClusterView& view);
/// The kinds of event that show a trouble best, for finding the last of them.
event::KindMask trouble_kinds(PodId pod, const ClusterView& view);

/// What an object is now, in sentences.
std::vector<std::string> present(Ref ref, const ClusterView& view);

/// The pods that a Deployment, ReplicaSet, Service, budget or Node has, alive ones, in order of their making or
/// binding.
std::vector<PodId> pods_of(Ref ref, const ClusterView& view);

}  // namespace wavetank::project
