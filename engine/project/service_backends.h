#pragma once
// What kube-proxy and the cluster's DNS know of a Service's endpoints, from its EndpointSlices; and the legacy
// Endpoints object, which we derive instead of writing it.

#include <string>
#include <vector>

#include "engine/model/doc.h"
#include "engine/project/words.h"

namespace wavetank::project {

/// One endpoint of one port of a Service.
struct Backend {
  PodId pod;  ///< Not valid: an address that was written by hand.
  NodeId node;
  std::string address, hostname;  ///< hostname: of the pod's DNS name, mostly "".
  std::string port_name;
  std::int32_t port = 0;  ///< 0: a headless Service without ports.
  model::Protocol protocol = model::Protocol::TCP;
  std::uint8_t flags = 0;  ///< event::EndpointFlags

  [[nodiscard]] bool ready() const { return (flags & event::kReady) != 0; }
  [[nodiscard]] bool serving() const { return (flags & event::kServing) != 0; }
  [[nodiscard]] bool terminating() const { return (flags & event::kTerminating) != 0; }
};

/// The endpoints of all ports: slices of the controller in their order, then slices written by hand.
/// O(endpoints × ports + hand-written slices).
std::vector<Backend> backends_of(event::ServiceId service, const ClusterView& view);

/// The Endpoints object of a Service, as the endpoint controller writes it: subsets of addresses with the same ports,
/// at most 1,000 addresses and then the annotation endpoints.kubernetes.io/over-capacity: truncated. Null: it has none
/// (no selector, ExternalName). Source: kubernetes/pkg/controller/endpoint/endpoints_controller.go.
model::Doc legacy_endpoints(event::ServiceId service, const ClusterView& view);

/// Whether something answers at this pod's port, and why not.
struct Listening {
  enum class How : std::uint8_t { Answers, Refuses, Silent };  ///< Silent: packets go nowhere.
  How how = How::Answers;
  std::string why;  ///< "its machine node n1 is down"; "" when it answers.
};
Listening listening(PodId pod, const ClusterView& view);

/// Why a pod that a Service selects gets none of its requests: "not ready since 4m30s", "terminating since 5m". "": it
/// does get some as far as the pod is concerned.
std::string why_not_ready(PodId pod, const ClusterView& view);

}  // namespace wavetank::project
