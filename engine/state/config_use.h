#pragma once
// Which of the ConfigMaps and Secrets that a pod names are missing, in the words of the node agent that needs them.
// Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), pkg/volume/configmap, pkg/volume/secret of 1.34.

#include <string>

#include "engine/state/view.h"

namespace wavetank::state {

/// Whether a template names any at all. O(template); the caller keeps it.
bool names_config(const ClusterView& view, TemplateId tmpl);

/// `configmap "app" not found`, `couldn't find key k in ConfigMap default/app`: why the environment of a container
/// cannot be made; "" when it can.
std::string missing_environment(const ClusterView& view, PodId pod, std::size_t container);

/// `MountVolume.SetUp failed for volume "v" : configmap "app" not found`: of the first volume that cannot be mounted.
std::string missing_volume(const ClusterView& view, PodId pod);

}  // namespace wavetank::state
