#pragma once
// Inside the room: a request on its way. Each part takes the walk one step on; the first that ends it sets route.end.

#include <fmt/format.h>

#include "engine/base/prng.h"
#include "engine/project/dns.h"
#include "engine/project/route.h"

namespace wavetank::project {

/// Where traffic comes from, as kube-proxy tells it apart.
enum class Side : std::uint8_t {
  Internal,  ///< To a cluster address: internalTrafficPolicy.
  External,  ///< To a node port or a balancer's address: externalTrafficPolicy.
  Inside,    ///< The same from a pod, by the kube-proxy of its own node: no policy of Local binds it.
};

class RouteWalk {
 public:
  RouteWalk(const RouteQuery& query, const ClusterView& view, PodId bound);
  Route run();

 private:
  void step(const char* title, std::string text) { route_.steps.push_back({title, std::move(text)}); }
  void end(RouteEnd how, std::string reason, Ref cause = {}) {
    route_.end = how;
    route_.reason = std::move(reason);
    if (cause.valid()) route_.cause = cause;
  }
  /// The next draw of this request.
  std::uint64_t draw(std::uint64_t bound) { return stream_.below(bound, draws_++); }

  // Names (route.cpp)
  void by_name(const std::string& host, int depth);
  bool by_cluster_name(const std::string& host, int depth);
  void by_answer(const DnsAnswer& answer, const std::string& name, int depth);
  void by_world_name(const std::string& host);
  void by_address(const std::string& address);
  void to_headless(const DnsAnswer& answer);

  // Services (route_service.cpp)
  void to_service(event::ServiceId id, Side side, NodeId entry);
  void to_node(NodeId node);
  void to_balancer(event::ServiceId id, const std::string& address);
  void to_pod(PodId pod, std::int32_t port);
  [[nodiscard]] std::vector<Backend> usable(const std::vector<Backend>& all, const model::Service& spec, Side side,
                                            NodeId node, std::string& how) const;
  void tell_left_out(event::ServiceId id, const std::vector<Backend>& all, const std::vector<Backend>& used);
  void offer(const std::vector<Backend>& used);
  void choose(const model::Service* spec);
  void nobody(event::ServiceId id, const std::vector<Backend>& all, bool local, NodeId node);
  void finish_at_pod(bool gateway);
  std::string pod_words(const Backend& backend) const;
  friend struct BalancerChoice;

  // Ingress (route_ingress.cpp)
  bool is_ingress_address(const std::string& address, Ref& ingress_class) const;
  bool host_of_ingress(const std::string& host, std::string& address, Ref& unserved) const;
  void to_ingress(Ref ingress_class, const std::string& host);
  void to_backend(Ref ingress, const model::IngressBackend& backend);

  const RouteQuery& query_;
  const ClusterView& view_;
  PodId bound_;
  NodeId node_;  ///< The client's, if it is a pod.
  std::string client_;
  base::Stream stream_;
  std::uint64_t draws_ = 0;
  Route route_;
};

}  // namespace wavetank::project
