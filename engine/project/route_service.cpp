// The part of a request's way that kube-proxy decides. Source: kubernetes/pkg/proxy/topology.go CategorizeEndpoints and
// topologyModeFromHints, pkg/proxy/iptables/proxier.go (REJECT where no endpoint is anywhere, DROP where only local
// ones are allowed and there is none; each endpoint with the same probability; sessionAffinity before the draw).
#include <algorithm>
#include <charconv>

#include "engine/project/route_walk.h"
#include "engine/project/trouble.h"

namespace wavetank::project {
namespace {

using model::Service;
using How = Listening::How;

constexpr const char* kProtocols[] = {"TCP", "UDP", "SCTP"};

std::string port_words(const model::ServicePort& p) {
  return p.name.empty() ? fmt::format("port {}", p.port) : fmt::format("port {} ({})", p.port, p.name);
}

std::string all_ports(const Service& spec) {
  std::string out;
  for (const model::ServicePort& p : spec.ports) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", p.port);
    if (p.protocol != model::Protocol::TCP) out += fmt::format("/{}", kProtocols[static_cast<std::size_t>(p.protocol)]);
  }
  return out.empty() ? "none" : out;
}

std::uint32_t ip_number(std::string_view text) {
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) {
    std::uint32_t n = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    text.remove_prefix(std::min<std::size_t>(static_cast<std::size_t>(stop - text.data()) + 1, text.size()));
    if (error != std::errc()) return 0;
    out = (out << 8) | (n & 255U);
  }
  return out;
}
bool in_range(std::string_view address, std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  unsigned bits = 32;
  if (slash != std::string_view::npos) std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits);
  const std::uint32_t mask = bits == 0 ? 0 : ~0U << (32 - std::min(bits, 32U));
  return ((ip_number(address) ^ ip_number(cidr.substr(0, slash))) & mask) == 0;
}

bool is_local(const Service& spec, Side side) {
  return (side == Side::Internal && spec.internal_local) || (side == Side::External && spec.external_local);
}

std::string_view zone_of(NodeId node, const ClusterView& view) {
  return node.valid() ? view.text(view.node(node).zone) : std::string_view();
}

}  // namespace

std::string RouteWalk::pod_words(const Backend& b) const {
  if (!b.pod.valid()) return fmt::format("{}:{}", b.address, b.port);
  return fmt::format("{} at {}:{}", label(Ref(b.pod), view_), b.address, b.port);
}

// ---- Which endpoints ----

/// Those that kube-proxy on `node` (not valid: on none in particular) would send to.
std::vector<Backend> RouteWalk::usable(const std::vector<Backend>& all, const Service& spec, Side side, NodeId node,
                                       std::string& how) const {
  const bool local = is_local(spec, side);
  std::vector<Backend> out;
  const auto take = [&](auto&& wanted) {
    for (const Backend& b : all)
      if (wanted(b)) out.push_back(b);
    return !out.empty();
  };
  const auto draining = [](const Backend& b) { return b.serving() && b.terminating(); };
  if (local && node.valid()) {
    const char* policy = side == Side::Internal ? "internalTrafficPolicy" : "externalTrafficPolicy";
    how = fmt::format("{} is Local: only those on node {}", policy, view_.bare_name(Ref(node)));
    if (take([&](const Backend& b) { return b.ready() && b.node == node; })) return out;
    how += ", and as none is ready there those that still serve while they terminate";
    take([&](const Backend& b) { return draining(b) && b.node == node; });
    return out;
  }
  const auto hinted = [&](auto&& here) {
    return std::any_of(all.begin(), all.end(), [&](const Backend& b) { return b.ready() && here(b); });
  };
  // Endpoints without a node or zone have no hint, and then hints are ignored altogether.
  const bool zones_known = std::all_of(all.begin(), all.end(),
                                       [&](const Backend& b) { return !b.ready() || !zone_of(b.node, view_).empty(); });
  const auto on_node = [&](const Backend& b) { return b.node == node; };
  const auto in_zone = [&](const Backend& b) { return zone_of(b.node, view_) == zone_of(node, view_); };
  if (node.valid() && spec.distribution == Service::Distribution::SameNode && hinted(on_node)) {
    how = fmt::format("trafficDistribution keeps it on node {}", view_.bare_name(Ref(node)));
    take([&](const Backend& b) { return b.ready() && on_node(b); });
    return out;
  }
  if (node.valid() && spec.distribution != Service::Distribution::Anywhere && zones_known && hinted(in_zone)) {
    how = fmt::format("trafficDistribution keeps it in zone {}", zone_of(node, view_));
    take([&](const Backend& b) { return b.ready() && in_zone(b); });
    return out;
  }
  if (take([](const Backend& b) { return b.ready(); })) return out;
  if (take(draining)) how = "none is ready, so those that still serve while they terminate";
  return out;
}

void RouteWalk::tell_left_out(event::ServiceId id, const std::vector<Backend>& all, const std::vector<Backend>& used) {
  const auto add = [&](PodId pod, std::string address, std::string why) {
    const bool known = std::any_of(route_.left_out.begin(), route_.left_out.end(),
                                   [&](const LeftOut& l) { return pod.valid() ? l.pod == pod : l.address == address; });
    if (!known) route_.left_out.push_back({pod, std::move(address), std::move(why)});
  };
  const auto is_used = [&](const Backend& b) {
    return std::any_of(used.begin(), used.end(), [&](const Backend& u) { return u.address == b.address; });
  };
  for (const Backend& b : all) {
    if (is_used(b)) continue;
    std::string why = b.pod.valid() ? why_not_ready(b.pod, view_) : b.ready() ? "" : "written as not ready";
    if (why.empty() && b.ready())
      why = !b.pod.valid() || b.node.valid()
                ? fmt::format("elsewhere: on node {}", b.node.valid() ? view_.bare_name(Ref(b.node)) : "unknown")
                : "elsewhere";
    if (why.empty()) why = "ready, but its endpoint does not say so yet";
    add(b.pod, b.address, std::move(why));
  }
  // Pods that the Service selects and does not list.
  for (const PodId pod : pods_of(Ref(id), view_)) {
    const bool listed = std::any_of(all.begin(), all.end(), [&](const Backend& b) { return b.pod == pod; });
    if (listed) continue;
    std::string why = why_not_ready(pod, view_);
    add(pod, "", why.empty() ? "ready, but not listed: it has none of the ports, or was not listed yet" : why);
  }
}

// ---- Services ----

void RouteWalk::to_service(event::ServiceId id, Side side, NodeId entry) {
  route_.service = id;
  const Service& spec = view_.service(id).spec;
  const std::string who = label(Ref(id), view_);
  const auto port = std::find_if(spec.ports.begin(), spec.ports.end(), [&](const model::ServicePort& p) {
    return p.port == query_.url.port && p.protocol == query_.url.protocol();
  });
  if (port == spec.ports.end())
    return end(
        RouteEnd::TimedOut,
        fmt::format("{} has no {} port {} (it has {}): no rule takes the packets", who,
                    kProtocols[static_cast<std::size_t>(query_.url.protocol())], query_.url.port, all_ports(spec)),
        Ref(id));
  const std::string target =
      port->target_port_name.empty() ? fmt::format("{}", port->target_port) : port->target_port_name;
  step("service", fmt::format("{}, {}, sends to the pods' port {}", who, port_words(*port), target));
  std::vector<Backend> all = backends_of(id, view_);
  std::erase_if(
      all, [&](const Backend& b) { return b.port == 0 || b.port_name != port->name || b.protocol != port->protocol; });
  std::string how;
  const std::vector<Backend> used = usable(all, spec, side, entry, how);
  tell_left_out(id, all, used);
  if (used.empty()) {
    const bool local = is_local(spec, side);
    return nobody(id, all, local && entry.valid(), entry);
  }
  step("endpoints",
       fmt::format("{} of {} can get it{}", used.size(), count(static_cast<std::int64_t>(all.size()), "endpoint"),
                   how.empty() ? "" : ": " + how));
  offer(used);
  choose(&spec);
  finish_at_pod(false);
}

/// Why no endpoint gets it.
void RouteWalk::nobody(event::ServiceId id, const std::vector<Backend>& all, bool local, NodeId node) {
  const Service& spec = view_.service(id).spec;
  const std::string who = label(Ref(id), view_);
  const bool elsewhere = std::any_of(all.begin(), all.end(),
                                     [](const Backend& b) { return b.ready() || (b.serving() && b.terminating()); });
  if (local && elsewhere)
    return end(RouteEnd::TimedOut,
               fmt::format("{} has no endpoint on node {}, and its policy is Local: packets are dropped", who,
                           view_.bare_name(Ref(node))),
               Ref(id));
  const std::vector<PodId> pods = pods_of(Ref(id), view_);
  std::string why;
  if (spec.selector.empty()) {
    why = "it has no selector, and nobody wrote endpoints for it";
  } else if (pods.empty()) {
    why = "no pod has the labels it selects";
  } else if (all.empty() && std::any_of(pods.begin(), pods.end(), [&](PodId p) { return view_.pod_ready(p); })) {
    why = "its pods do not name the port it sends to";
  } else {
    why = fmt::format("of {} none is ready", count(static_cast<std::int64_t>(pods.size()), "pod"));
  }
  step("endpoints", fmt::format("none: {}", why));
  end(RouteEnd::Refused, fmt::format("{} has no endpoints, {}", who, why), Ref(id));
}

void RouteWalk::to_node(NodeId node) {
  const std::string name(view_.bare_name(Ref(node)));
  if (!view_.node(node).machine_up)
    return end(RouteEnd::TimedOut, fmt::format("the machine of node {} is down", name), Ref(node));
  for (std::size_t i = 0; i < view_->services.size(); ++i) {
    const state::ServiceRow& row = view_->services[i];
    if (!row.header.alive) continue;
    for (const model::ServicePort& p : row.spec.ports) {
      if (p.node_port != query_.url.port || p.protocol != query_.url.protocol()) continue;
      const event::ServiceId id(i);
      step("address", fmt::format("node port {} is {} of {}", query_.url.port, port_words(p), label(Ref(id), view_)));
      RouteQuery behind = query_;  // as if its own port had been asked
      behind.url.port = static_cast<std::uint16_t>(p.port);
      RouteWalk walk(behind, view_, bound_);
      walk.route_ = std::move(route_);
      walk.to_service(id, node == node_ ? Side::Inside : Side::External, node);
      route_ = std::move(walk.route_);
      return;
    }
  }
  // A pod on the node's network, or one with a hostPort.
  for (const PodId pod : view_.node(node).pods) {
    const model::PodSpec& spec = view_.pod_spec(pod).spec;
    for (const model::Container& c : spec.containers) {
      for (const model::ContainerPort& p : c.ports) {
        if (p.host_port != query_.url.port || p.protocol != query_.url.protocol()) continue;
        step("address", fmt::format("host port {} is {}", query_.url.port, label(Ref(pod), view_)));
        return to_pod(pod, p.container_port);
      }
    }
  }
  end(RouteEnd::Refused,
      fmt::format("nobody listens at port {} of node {}: it is no node port of a Service", query_.url.port, name),
      Ref(node));
}

/// A balancer of the cloud: to all endpoints alike, or with externalTrafficPolicy Local to the nodes that have some,
/// each node alike. Its health checks keep machines out that are down.
void RouteWalk::to_balancer(event::ServiceId id, const std::string& address) {
  const Service& spec = view_.service(id).spec;
  step("address", fmt::format("{} is the load balancer of {}", address, label(Ref(id), view_)));
  if (!spec.source_ranges.empty() && std::none_of(spec.source_ranges.begin(), spec.source_ranges.end(),
                                                  [&](const std::string& r) { return in_range(client_, r); }))
    return end(RouteEnd::TimedOut,
               fmt::format("{} is in none of the loadBalancerSourceRanges: packets are dropped", client_), Ref(id));
  if (query_.from.valid() && !view_.pod_spec(query_.from).spec.host_network) {
    step("balancer", fmt::format("the request comes from a pod: kube-proxy on node {} takes the address itself",
                                 view_.bare_name(Ref(node_))));
    return to_service(id, Side::Inside, node_);
  }
  if (!spec.external_local) return to_service(id, Side::External, {});
  std::vector<NodeId> nodes;
  for (const Backend& b : backends_of(id, view_)) {
    if (!b.node.valid() || !b.ready() || !view_.node(b.node).machine_up) continue;
    if (std::find(nodes.begin(), nodes.end(), b.node) == nodes.end()) nodes.push_back(b.node);
  }
  if (nodes.empty()) return to_service(id, Side::External, {});
  std::sort(nodes.begin(), nodes.end());
  NodeId entry = nodes[draw(nodes.size())];
  if (bound_.valid() && std::find(nodes.begin(), nodes.end(), view_.pod_node(bound_)) != nodes.end())
    entry = view_.pod_node(bound_);
  step("balancer", fmt::format("it sends to one of {} with endpoints of their own (Local): {}",
                               count(static_cast<std::int64_t>(nodes.size()), "node"), view_.bare_name(Ref(entry))));
  to_service(id, Side::External, entry);
  // The other nodes' endpoints could have got it as well.
  std::vector<Candidate> everywhere;
  const auto nodes_count = static_cast<std::int64_t>(nodes.size());
  for (Candidate& c : route_.candidates) {
    c.whole *= nodes_count;
    everywhere.push_back(c);
  }
  for (const Backend& b : backends_of(id, view_)) {
    if (!b.ready() || !b.pod.valid() || b.node == entry || route_.candidates.empty()) continue;
    if (std::find(nodes.begin(), nodes.end(), b.node) == nodes.end()) continue;
    if (b.port_name != route_.candidates.front().backend.port_name) continue;
    const std::vector<Backend> all = backends_of(id, view_);
    const std::int64_t beside = std::count_if(all.begin(), all.end(), [&](const Backend& o) {
      return o.ready() && o.node == b.node && o.port_name == b.port_name;
    });
    everywhere.push_back({b, 1, nodes_count * beside, false, listening(b.pod, view_)});
    std::erase_if(route_.left_out, [&](const LeftOut& l) { return l.pod == b.pod; });
  }
  route_.candidates = std::move(everywhere);
}

// ---- Pods ----

void RouteWalk::to_pod(PodId pod, std::int32_t port) {
  Backend b;
  b.pod = pod;
  b.node = view_.pod_node(pod);
  b.address = view_.pod_ip(pod);
  b.port = port;
  b.flags = event::kListed;
  offer({b});
  choose(nullptr);
  finish_at_pod(false);
}

void RouteWalk::offer(const std::vector<Backend>& used) {
  route_.candidates.clear();
  for (const Backend& b : used) {
    Candidate c{b, 1, static_cast<std::int64_t>(used.size()), false, {}};
    if (b.pod.valid()) c.listening = listening(b.pod, view_);
    route_.candidates.push_back(std::move(c));
  }
}

void RouteWalk::choose(const Service* spec) {
  std::vector<Candidate>& all = route_.candidates;
  if (all.empty()) return;
  std::size_t at = all.size();
  if (spec != nullptr && spec->session_affinity == "ClientIP") {
    route_.affinity_seconds = spec->affinity_seconds;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (bound_.valid() && all[i].backend.pod == bound_) at = i;
    route_.sticky = at < all.size();
  }
  if (at == all.size()) at = draw(all.size());
  all[at].chosen = true;
  if (route_.sticky) {  // others are for others
    for (Candidate& c : all) c.part = c.chosen ? c.whole : 0;
  }
  route_.pod = all[at].backend.pod;
  const std::string who = pod_words(all[at].backend);
  if (route_.sticky) {
    step("choice", fmt::format("{}: sessionAffinity ClientIP binds {} to it for {} after each request", who, client_,
                               span_words(base::seconds(route_.affinity_seconds))));
  } else if (all.size() == 1) {
    step("choice", fmt::format("{}: the only one", who));
  } else {
    step("choice", fmt::format("{}: drawn, each of {} with probability 1/{}{}", who, all.size(), all.size(),
                               route_.affinity_seconds > 0
                                   ? fmt::format("; ClientIP affinity binds {} to it from now on", client_)
                                   : ""));
  }
}

/// `gateway`: the Ingress controller stands between, and answers for an endpoint that does not.
void RouteWalk::finish_at_pod(bool gateway) {
  const auto chosen =
      std::find_if(route_.candidates.begin(), route_.candidates.end(), [](const Candidate& c) { return c.chosen; });
  if (chosen == route_.candidates.end()) return end(RouteEnd::TimedOut, "nobody was left to choose");
  const Listening& l = chosen->listening;
  if (l.how == How::Answers) {
    route_.end = RouteEnd::Answered;
    route_.status = query_.url.is_http() ? 200 : 0;
    return;
  }
  Ref cause(chosen->backend.pod);
  if (l.how == How::Silent && chosen->backend.node.valid() && !view_.node(chosen->backend.node).machine_up)
    cause = Ref(chosen->backend.node);
  const std::string who = label(Ref(chosen->backend.pod), view_);
  const std::string why = fmt::format("{} was chosen and does not answer: {}", who, l.why);
  if (gateway) {
    route_.status = l.how == How::Silent ? 504 : 502;
    return end(RouteEnd::BadGateway, why, cause);
  }
  end(l.how == How::Silent ? RouteEnd::TimedOut : RouteEnd::Refused, why, cause);
}

}  // namespace wavetank::project
