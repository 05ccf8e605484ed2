#pragma once
// Which ConfigMaps and Secrets a pod names: a container is not made, and a volume not mounted, without them.
// Source: https://kubernetes.io/docs/concepts/configuration/configmap/, secret/; pkg/kubelet/kubelet_pods.go
// (makeEnvironmentVariables), pkg/volume/{configmap,secret,projected}.

#include <string>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::model {

struct ConfigRef {
  Kind kind = Kind::ConfigMap;  ///< Or Secret.
  std::string name;
  std::string key;  ///< "": the whole object.
  bool optional = false;
  std::string volume;         ///< "": of a container's environment.
  std::size_t container = 0;  ///< Of an environment: init containers first.
};

/// Of a pod's or a pod template's document, in the order in which the node agent asks for them: volumes, then by
/// container envFrom and env. Those to kube-root-ca.crt, which every namespace has, are left out.
std::vector<ConfigRef> config_refs(const Doc& pod);

/// Whether an object has the key: in data, binaryData or stringData.
bool has_key(const Doc& config, std::string_view key);

/// Of all the objects that belong together: whose pods will wait, and for which ConfigMaps and Secrets that are not
/// here. A sentence for each workload. O(workloads × objects).
std::vector<std::string> config_notices(const std::vector<Object>& objects);

}  // namespace wavetank::model
