// The part of a request's way that an Ingress controller decides.
#include <algorithm>

#include "engine/project/ingress_rules.h"
#include "engine/project/route_walk.h"
#include "engine/project/trouble.h"

namespace wavetank::project {

/// The address of the class's controller is the one that its Ingresses show.
bool RouteWalk::is_ingress_address(const std::string& address, Ref& ingress_class) const {
  for (const state::IngressRow& row : view_->ingresses) {
    if (!row.header.alive) continue;
    if (std::find(row.load_balancer.begin(), row.load_balancer.end(), address) == row.load_balancer.end()) continue;
    ingress_class = class_of_ingress(row.spec, view_);
    if (ingress_class.valid()) return true;
  }
  return false;
}

bool RouteWalk::host_of_ingress(const std::string& host, std::string& address, Ref& unserved) const {
  int best = 1;  // a rule without host names nothing
  for (std::size_t i = 0; i < view_->ingresses.size(); ++i) {
    const state::IngressRow& row = view_->ingresses[i];
    if (!row.header.alive) continue;
    for (const model::Ingress::Rule& rule : row.spec.rules) {
      const int fit = host_fits(rule.host, host);
      if (fit <= 1) continue;
      if (row.load_balancer.empty()) {
        unserved = Ref(event::IngressId(i));
      } else if (fit > best) {
        best = fit;
        address = row.load_balancer.front();
      }
    }
  }
  return !address.empty();
}

void RouteWalk::to_ingress(Ref ingress_class, const std::string& host) {
  const std::string controller = fmt::format("the Ingress controller of {}", label(ingress_class, view_));
  if (!query_.url.is_http() || (query_.url.port != 80 && query_.url.port != 443))
    return end(RouteEnd::Refused,
               query_.url.is_http()
                   ? fmt::format("{} listens at ports 80 and 443, not at {}", controller, query_.url.port)
                   : fmt::format("{} speaks HTTP, not {}", controller, query_.url.scheme),
               ingress_class);
  const IngressMatch match = match_ingress(ingress_class, host, query_.url.path, view_);
  if (match.backend == nullptr) {
    route_.status = 404;
    step("ingress", fmt::format("{}: {}", controller, match.rule));
    return end(RouteEnd::NotFound, match.rule);
  }
  route_.ingress = match.ingress;
  const model::IngressBackend& b = *match.backend;
  step("ingress", fmt::format("{}, {}: to service {}, port {}", label(match.ingress, view_), match.rule, b.service,
                              b.port_name.empty() ? fmt::format("{}", b.port) : b.port_name));
  to_backend(match.ingress, b);
}

void RouteWalk::to_backend(Ref ingress, const model::IngressBackend& backend) {
  route_.status = 503;
  if (backend.service.empty())
    return end(RouteEnd::Unavailable, "the backend is a resource: no Service stands behind it", ingress);
  const Ref ref = view_.find(model::Kind::Service, view_.namespace_of(ingress), backend.service);
  if (!ref.valid()) return end(RouteEnd::Unavailable, fmt::format("there is no service {}", backend.service), ingress);
  const auto id = ref.as<event::ServiceId>();
  route_.service = id;
  const model::Service& spec = view_.service(id).spec;
  if (spec.type == "ExternalName") {
    route_.status = 0;
    return end(RouteEnd::External, fmt::format("the request leaves the cluster for {}", spec.external_name));
  }
  const auto port = std::find_if(spec.ports.begin(), spec.ports.end(), [&](const model::ServicePort& p) {
    return backend.port_name.empty() ? p.port == backend.port : p.name == backend.port_name;
  });
  if (port == spec.ports.end())
    return end(RouteEnd::Unavailable,
               fmt::format("{} has no port {}", label(ref, view_),
                           backend.port_name.empty() ? fmt::format("{}", backend.port) : backend.port_name),
               ref);
  std::vector<Backend> all = backends_of(id, view_);
  std::erase_if(all, [&](const Backend& b) { return b.port == 0 || b.port_name != port->name; });
  // The controller sends to endpoints itself: kube-proxy's policies, which ask for a node, do not bind it.
  std::string how;
  const std::vector<Backend> used = usable(all, spec, Side::External, {}, how);
  tell_left_out(id, all, used);
  if (used.empty()) {
    nobody(id, all, false, {});
    return end(RouteEnd::Unavailable, route_.reason, ref);
  }
  step("endpoints",
       fmt::format("{} of {} can get it{}", used.size(), count(static_cast<std::int64_t>(all.size()), "endpoint"),
                   how.empty() ? "" : ": " + how));
  offer(used);
  choose(nullptr);
  finish_at_pod(true);
}

}  // namespace wavetank::project
