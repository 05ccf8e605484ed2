#include "engine/project/route.h"

#include <algorithm>

#include "engine/project/route_walk.h"

namespace wavetank::project {

namespace {

constexpr int kMostNames = 8;  // CNAMEs and names of names

}  // namespace

std::string_view route_end_word(RouteEnd end) {
  static constexpr std::string_view kWords[] = {"Answered", "External", "NXDOMAIN",    "Refused",
                                                "TimedOut", "NotFound", "Unavailable", "BadGateway"};
  return kWords[static_cast<std::size_t>(end)];
}

bool Route::answers_surely() const {
  return end == RouteEnd::Answered && std::all_of(candidates.begin(), candidates.end(), [](const Candidate& c) {
           return c.part == 0 || c.listening.how == Listening::How::Answers;
         });
}
std::size_t Route::answering() const {
  return static_cast<std::size_t>(std::count_if(candidates.begin(), candidates.end(), [](const Candidate& c) {
    return c.listening.how == Listening::How::Answers;
  }));
}

Route find_route(const RouteQuery& query, const ClusterView& view, PodId bound) {
  return RouteWalk(query, view, bound).run();
}

RouteWalk::RouteWalk(const RouteQuery& query, const ClusterView& view, PodId bound)
    : query_(query), view_(view), bound_(bound), stream_(view->seed, "route") {
  if (query.from.valid()) node_ = view.pod_node(query.from);
  client_ = !query.client_ip.empty() ? query.client_ip
            : query.from.valid()     ? view.pod_ip(query.from)
                                     : std::string(kOutsideClient);
  stream_ = stream_.of(client_).of(static_cast<std::uint64_t>(view.now().ns));
}

Route RouteWalk::run() {
  if (query_.from.valid()) {
    const Listening l = listening(query_.from, view_);
    if (l.how == Listening::How::Silent) {
      end(RouteEnd::TimedOut, fmt::format("{} cannot ask: {}", label(Ref(query_.from), view_), l.why),
          Ref(query_.from));
      return std::move(route_);
    }
  }
  if (is_address(query_.url.host)) {
    by_address(query_.url.host);
  } else {
    by_name(query_.url.host, 0);
  }
  return std::move(route_);
}

// ---- Names ----

void RouteWalk::by_name(const std::string& host, int depth) {
  if (depth > kMostNames) return end(RouteEnd::NameError, "names that name each other go round in a circle");
  if (by_cluster_name(host, depth)) return;
  by_world_name(host);
}

/// False: the cluster's DNS does not know the name.
bool RouteWalk::by_cluster_name(const std::string& host, int depth) {
  Resolver resolver;  // a client that is no pod asks for full names
  resolver.search.clear();
  if (query_.from.valid()) resolver = resolver_of(query_.from, view_);
  if (!resolver.cluster) return false;
  const bool absolute = depth > 0 || query_.url.absolute;
  for (const std::string& name : names_to_try(host, absolute, resolver)) {
    const DnsAnswer answer = resolve(name, DnsType::A, view_);
    if (!answer.found) continue;
    by_answer(answer, name, depth);
    return true;
  }
  return false;
}

void RouteWalk::by_answer(const DnsAnswer& answer, const std::string& name, int depth) {
  if (answer.records.empty()) return end(RouteEnd::NameError, fmt::format("{} has no address", name));
  const DnsRecord& first = answer.records.front();
  if (first.type == DnsType::CNAME) {
    route_.service = first.service;
    step("name", fmt::format("{} is {} (CNAME): {}", name, first.value, answer.why));
    return by_name(first.value, depth + 1);
  }
  std::string values;
  for (std::size_t i = 0; i < answer.records.size() && i < 4; ++i)
    values += fmt::format("{}{}", i == 0 ? "" : ", ", answer.records[i].value);
  if (answer.records.size() > 4) values += fmt::format(" and {} more", answer.records.size() - 4);
  step("name", fmt::format("{} is {}: {}", name, values, answer.why));
  if (first.service.valid() && !first.pod.valid() && !view_.service(first.service).spec.headless())
    return to_service(first.service, Side::Internal, node_);
  if (!first.service.valid()) return by_address(first.value);
  to_headless(answer);
}

/// A headless Service's name is its pods' addresses: the client takes one, and the port is the URL's own.
void RouteWalk::to_headless(const DnsAnswer& answer) {
  const event::ServiceId id = answer.records.front().service;
  route_.service = id;
  std::vector<Backend> all = backends_of(id, view_), used;
  for (const DnsRecord& r : answer.records) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Backend& b) { return b.address == r.value; });
    if (at == all.end()) continue;
    used.push_back(*at);
    used.back().port = query_.url.port;
  }
  const model::Service& spec = view_.service(id).spec;
  const bool known =
      spec.ports.empty() || std::any_of(used.begin(), used.end(), [&](const Backend& b) {
        return std::any_of(all.begin(), all.end(), [&](const Backend& other) {
          return other.address == b.address && other.port == query_.url.port && other.protocol == query_.url.protocol();
        });
      });
  step("service",
       fmt::format("{} is headless: nobody translates ports, the request goes to port {}{}", label(Ref(id), view_),
                   query_.url.port, known ? "" : ", where none of its endpoints is listed to listen"));
  tell_left_out(id, all, used);
  offer(used);
  choose(nullptr);
  finish_at_pod(false);
}

/// Names of the world outside: nodes, and hosts of Ingresses and load balancers, which we take to be in public DNS.
void RouteWalk::by_world_name(const std::string& host) {
  const Ref node = view_.find(model::Kind::Node, "", host);
  if (node.valid()) {
    step("name", fmt::format("{} is {}: a node", host, view_.node_ip(node.as<NodeId>())));
    return to_node(node.as<NodeId>());
  }
  std::string address;
  Ref unserved;
  if (host_of_ingress(host, address, unserved)) {
    step("name", fmt::format("{} is {}: a host of an Ingress", host, address));
    Ref ingress_class;
    if (is_ingress_address(address, ingress_class)) return to_ingress(ingress_class, host);
  }
  if (unserved.valid())
    return end(RouteEnd::NameError,
               fmt::format("{} is a host of {}, which has no address (yet)", host, label(unserved, view_)), unserved);
  const bool in_cluster = host.ends_with(".cluster.local");
  if (in_cluster || query_.from.valid()) {
    const DnsAnswer answer = resolve(host, DnsType::A, view_);
    if (in_cluster) return end(RouteEnd::NameError, fmt::format("no such name: {}", answer.why));
  }
  if (host.find('.') == std::string::npos || host.ends_with(".svc") ||
      view_.find(model::Kind::Namespace, "", host.substr(host.rfind('.') + 1)).valid()) {
    return end(RouteEnd::NameError,
               query_.from.valid()
                   ? fmt::format("no such name: neither the cluster's DNS nor a node knows {}", host)
                   : fmt::format("no such name: short names of Services are for pods (--from pod/NAME); from elsewhere "
                                 "write the full one, {}.svc.cluster.local",
                                 host.find('.') == std::string::npos ? host + ".default"
                                 : host.ends_with(".svc")            ? host.substr(0, host.size() - 4)
                                                                     : host));
  }
  if (route_.service.valid() && view_.service(route_.service).spec.type == "ExternalName") {
    step("world", fmt::format("{} is outside the cluster", host));
    return end(RouteEnd::External, fmt::format("the request leaves the cluster for {}", host));
  }
  end(RouteEnd::NameError,
      fmt::format("no such name: {} is no host of an Ingress, no node and no name of the cluster", host));
}

// ---- Addresses ----

void RouteWalk::by_address(const std::string& address) {
  for (std::size_t i = 0; i < view_->services.size(); ++i) {
    const state::ServiceRow& row = view_->services[i];
    if (!row.header.alive) continue;
    const event::ServiceId id(i);
    const auto has = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), address) != list.end();
    };
    if (row.spec.cluster_ip == address) {
      step("address", fmt::format("{} is the cluster address of {}", address, label(Ref(id), view_)));
      return to_service(id, Side::Internal, node_);
    }
    if (has(row.load_balancer)) return to_balancer(id, address);
    if (has(row.spec.external_ips)) {
      step("address", fmt::format("{} is an external address of {}", address, label(Ref(id), view_)));
      return to_service(id, Side::External, {});
    }
  }
  Ref ingress_class;
  if (is_ingress_address(address, ingress_class)) {
    step("address",
         fmt::format("{} is the address of the Ingress controller of {}", address, label(ingress_class, view_)));
    return to_ingress(ingress_class, "");
  }
  for (std::size_t i = 0; i < view_->nodes.size(); ++i) {
    if (view_->nodes[i].header.alive && view_.node_ip(NodeId(i)) == address) {
      step("address", fmt::format("{} is node {}", address, view_.bare_name(Ref(NodeId(i)))));
      return to_node(NodeId(i));
    }
  }
  for (std::size_t i = 0; i < view_->pods.size(); ++i) {
    if (view_.pod_alive(PodId(i)) && view_.pod_ip(PodId(i)) == address) {
      step("address", fmt::format("{} is {}", address, label(Ref(PodId(i)), view_)));
      return to_pod(PodId(i), query_.url.port);
    }
  }
  end(RouteEnd::TimedOut, fmt::format("nothing in the cluster has the address {} at this time", address));
}

// ---- A client that keeps asking ----

event::KindMask StickyClient::changed_by() {
  using event::EventKind;
  return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved,
                        EventKind::EndpointSliceCreated, EventKind::EndpointsChanged, EventKind::EndpointSlicePortsSet,
                        EventKind::LoadBalancerChanged, EventKind::MachineDown, EventKind::MachineUp,
                        EventKind::ContainerStarted, EventKind::ContainerExited, EventKind::ContainerWaiting,
                        EventKind::PodRemoved, EventKind::PodBound, EventKind::NodeConditionChanged);
}
bool StickyClient::matters(const event::Event& event) { return (changed_by() & event::mask(event.kind())) != 0; }

const Route& StickyClient::ask(const ClusterView& view) {
  last_ = find_route(query_, view, bound_);
  if (last_.affinity_seconds == 0 || !last_.pod.valid()) return last_;
  if (bound_.valid() && bound_ != last_.pod) ++moves_;
  bound_ = last_.pod;
  return last_;
}

}  // namespace wavetank::project
