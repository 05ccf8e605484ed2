#pragma once
// Who would answer a request, step by step: name, Service or Ingress rule, port, endpoints, choice. A pure question
// about one moment. The data plane is kube-proxy 1.34 in iptables mode, seen after it has heard of every EndpointSlice;
// the Ingress controller and the load balancers of the cloud are models that send to ready endpoints themselves.
// Sources: pkg/proxy/topology.go, pkg/proxy/iptables/proxier.go; networking.k8s.io/v1 IngressRule.

#include <optional>
#include <string>
#include <vector>

#include "engine/project/service_backends.h"
#include "engine/project/style.h"
#include "engine/project/url.h"

namespace wavetank::project {

/// A request and who makes it.
struct RouteQuery {
  Url url;
  PodId from;             ///< Not valid: a client that is no pod.
  std::string client_ip;  ///< "": the pod's own address, or 192.0.2.1 (a documentation address) from outside.
};

enum class RouteEnd : std::uint8_t {
  Answered,     ///< A pod answers.
  External,     ///< The request leaves the cluster.
  NameError,    ///< NXDOMAIN
  Refused,      ///< Connection refused.
  TimedOut,     ///< Nothing comes back.
  NotFound,     ///< 404 of the Ingress controller: no rule matches.
  Unavailable,  ///< 503 of the Ingress controller: no endpoint.
  BadGateway,   ///< 502 or 504 of the Ingress controller: the endpoint it chose does not answer.
};
std::string_view route_end_word(RouteEnd end);

struct RouteStep {
  std::string title;  ///< "name", "address", "ingress", "service", "endpoints", "choice", "pod"
  std::string text;
};

/// An endpoint that may get the request, with the probability part / whole.
struct Candidate {
  Backend backend;
  std::int64_t part = 1, whole = 1;
  bool chosen = false;
  Listening listening;
};
/// A pod that the Service selects, or an endpoint that it lists, and that gets none.
struct LeftOut {
  PodId pod;
  std::string address;  ///< Of an endpoint without a pod.
  std::string why;
};

struct Route {
  RouteEnd end = RouteEnd::TimedOut;
  std::int32_t status = 0;  ///< HTTP status; 200 stands for whatever the pod answers, 0: there is none.
  std::string reason;       ///< In a sentence, of any end but Answered.
  std::vector<RouteStep> steps;
  std::vector<Candidate> candidates;
  std::vector<LeftOut> left_out;
  event::ServiceId service;  ///< The last Service on the way, if any.
  Ref ingress;
  PodId pod;                          ///< The one chosen, if any; it answers only if `end` is Answered.
  Ref cause;                          ///< What the reason is about, for `why`; may be none.
  bool sticky = false;                ///< sessionAffinity ClientIP bound the client to `pod` before.
  std::int32_t affinity_seconds = 0;  ///< Of a Service with ClientIP affinity on the way; 0: none.

  /// Whichever candidate is drawn answers.
  [[nodiscard]] bool answers_surely() const;
  [[nodiscard]] std::size_t answering() const;
};

/// `bound`: the pod that ClientIP affinity has bound the client to, if any; it is kept while it is a candidate. Draws
/// come from the run's seed, the client, the Service and the moment. O(endpoints + Services + Ingress paths).
Route find_route(const RouteQuery& query, const ClusterView& view, PodId bound = {});

/// A client that keeps asking more often than the affinity's timeout, from the first moment at which it is asked about:
/// which pod it is bound to, and how often it had to move.
class StickyClient {
 public:
  explicit StickyClient(RouteQuery query) : query_(std::move(query)) {}
  /// Asks now.
  const Route& ask(const ClusterView& view);
  [[nodiscard]] std::int64_t moves() const { return moves_; }
  [[nodiscard]] const Route& last() const { return last_; }
  /// Whether this event can change the answer.
  static bool matters(const event::Event& event);
  static event::KindMask changed_by();

 private:
  RouteQuery query_;
  Route last_;
  PodId bound_;
  std::int64_t moves_ = 0;
};

/// The address that clients without one have.
inline constexpr std::string_view kOutsideClient = "192.0.2.1";

std::string to_text(const RouteQuery& query, const Route& route, const ClusterView& view, const Style& style);
model::Doc to_doc(const RouteQuery& query, const Route& route, const ClusterView& view);

}  // namespace wavetank::project
