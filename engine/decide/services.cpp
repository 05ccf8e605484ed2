// Addresses and ports of Services: what the API server gives them, keeps unique and does not let change. Source:
// kubernetes/pkg/registry/core/service/{ipallocator,portallocator,storage}, validateUpgradeDowngradeClusterIPs.
// Kubernetes draws free ones at random; we deal them out in order, beginning where the Service's number points, so that
// two runs of one scenario get the same.
#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "engine/decide/rules.h"

namespace wavetank::decide::detail {

namespace {

using model::Doc;

constexpr std::uint32_t kFirstIp = (10U << 24) | (96U << 16);  // 10.96.0.0/12
constexpr std::uint32_t kLastIp = kFirstIp + (1U << 20) - 1;   // the broadcast address: never given
constexpr std::int64_t kFirstPort = 30000, kPorts = 2768;      // 30000-32767

std::string ip_text(std::uint32_t ip) {
  return fmt::format("{}.{}.{}.{}", ip >> 24, (ip >> 16) & 255U, (ip >> 8) & 255U, ip & 255U);
}
std::optional<std::uint32_t> read_ip(std::string_view text) {
  std::uint32_t out = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    std::uint32_t number = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 3 && text[digits] >= '0' && text[digits] <= '9')
      number = number * 10 + static_cast<std::uint32_t>(text[digits++] - '0');
    if (digits == 0 || number > 255) return std::nullopt;
    text.remove_prefix(digits);
    out = (out << 8) | number;
  }
  return text.empty() ? std::optional<std::uint32_t>(out) : std::nullopt;
}

/// What the other Services hold.
struct Taken {
  std::set<std::string, std::less<>> ips;
  std::set<std::int64_t> ports;
};
Taken taken_by_others(const ClusterView& view, Ref self) {
  Taken out;
  for (std::size_t i = 0; i < view->services.size(); ++i) {
    const state::ServiceRow& row = view->services[i];
    if (!row.header.alive || self == Ref(event::ServiceId(i))) continue;
    if (!row.spec.cluster_ip.empty()) out.ips.insert(row.spec.cluster_ip);
    for (const model::ServicePort& p : row.spec.ports)
      if (p.node_port != 0) out.ports.insert(p.node_port);
    if (row.spec.health_check_node_port != 0) out.ports.insert(row.spec.health_check_node_port);
  }
  return out;
}

Refusal invalid(std::string_view name, std::string_view path, std::string_view value, std::string_view detail) {
  return Rejection{"Invalid",
                   fmt::format("Service \"{}\" is invalid: {}: Invalid value: {}: {}", name, path, value, detail)};
}

Refusal give_ip(std::string_view name, std::uint32_t number, const Taken& taken, Doc& spec) {
  const std::string wished(spec.string_or("clusterIP"));
  std::string ip = wished;
  if (wished == "None") {
    // headless
  } else if (!wished.empty()) {
    const std::string list = fmt::format("[\"{}\"]", wished);
    const auto parsed = read_ip(wished);
    if (!parsed || *parsed <= kFirstIp || *parsed >= kLastIp)
      return invalid(
          name, "spec.clusterIPs", list,
          fmt::format("failed to allocate IP {}: the provided network does not match the current range", wished));
    if (taken.ips.contains(wished))
      return invalid(name, "spec.clusterIPs", list,
                     fmt::format("failed to allocate IP {}: provided IP is already allocated", wished));
  } else {
    const std::uint32_t size = kLastIp - kFirstIp - 1;
    for (std::uint32_t k = 0; k < size && ip.empty(); ++k) {
      std::string candidate = ip_text(kFirstIp + 1 + (number + 9 + k) % size);
      if (!taken.ips.contains(candidate)) ip = std::move(candidate);
    }
    if (ip.empty()) return Rejection{"InternalError", "failed to allocate a serviceIP: range is full"};
  }
  spec["clusterIP"] = Doc::string(ip);
  spec["clusterIPs"] = Doc::array();
  spec["clusterIPs"].items.push_back(Doc::string(ip));
  return granted();
}

std::int64_t next_port(std::uint32_t number, Taken& taken) {
  for (std::int64_t k = 0; k < kPorts; ++k) {
    const std::int64_t port = kFirstPort + (static_cast<std::int64_t>(number) * 8 + k) % kPorts;
    if (taken.ports.insert(port).second) return port;
  }
  return 0;
}

/// initNodePorts: ports of one number that differ by protocol share a node port.
Refusal give_node_ports(std::string_view name, std::uint32_t number, Taken& taken, Doc& spec) {
  Doc* ports = spec.find("ports");
  const bool allocate = spec.bool_or("allocateLoadBalancerNodePorts", true);
  const Refusal full = Rejection{"InternalError", "failed to allocate a nodePort: range is full"};
  if (ports != nullptr) {
    std::vector<std::pair<std::int64_t, std::int64_t>> given;  // port, node port
    const auto of = [&](std::int64_t port) {
      for (const auto& [p, n] : given)
        if (p == port) return n;
      return std::int64_t{0};
    };
    for (std::size_t i = 0; i < ports->items.size(); ++i) {
      Doc& port = ports->items[i];
      const std::int64_t wished = port.int_or("nodePort", 0), at = port.int_or("port", 0), known = of(at);
      if (wished == 0 || wished == known) continue;
      if (!taken.ports.insert(wished).second)
        return invalid(name, fmt::format("spec.ports[{}].nodePort", i), fmt::format("{}", wished),
                       "provided port is already allocated");
      if (known == 0) given.emplace_back(at, wished);
    }
    for (Doc& port : ports->items) {
      if (port.int_or("nodePort", 0) != 0 || !allocate) continue;
      std::int64_t node_port = of(port.int_or("port", 0));
      if (node_port == 0) {
        node_port = next_port(number, taken);
        if (node_port == 0) return full;
        given.emplace_back(port.int_or("port", 0), node_port);
      }
      port["nodePort"] = Doc::integer(node_port);
    }
  }
  if (spec.string_or("type") != "LoadBalancer" || spec.string_or("externalTrafficPolicy") != "Local") return granted();
  const std::int64_t check = spec.int_or("healthCheckNodePort", 0);
  if (check == 0) {
    const std::int64_t port = next_port(number, taken);
    if (port == 0) return full;
    spec["healthCheckNodePort"] = Doc::integer(port);
  } else if (!taken.ports.insert(check).second) {
    return Rejection{"InternalError",
                     fmt::format("failed to allocate requested HealthCheck NodePort {}: provided port is already "
                                 "allocated",
                                 check)};
  }
  return granted();
}

bool has_node_ports(const Doc& spec) {
  const std::string_view type = spec.string_or("type");
  return type == "NodePort" || type == "LoadBalancer";
}

}  // namespace

void keep_allocated(const Doc& before, Doc& wanted) {
  const Doc* was = before.find("spec");
  Doc* spec = wanted.find("spec");
  if (was == nullptr || spec == nullptr || !spec->is_object()) return;
  const bool was_external = was->string_or("type") == "ExternalName";
  const bool is_external = spec->string_or("type", "ClusterIP") == "ExternalName";
  if (is_external && !was_external) {  // dropTypeDependentFields
    const auto same = [&](const char* key) {
      const Doc* a = was->find(key);
      const Doc* b = spec->find(key);
      return a != nullptr && b != nullptr && a->same_as(*b);
    };
    for (const char* key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
      if (same(key)) spec->erase(key);
  }
  if (!was_external && !is_external && spec->string_or("clusterIP").empty()) {
    if (const Doc* ip = was->find("clusterIP")) (*spec)["clusterIP"] = *ip;
    if (const Doc* ips = was->find("clusterIPs")) (*spec)["clusterIPs"] = *ips;
  }
  Doc* ports = spec->find("ports");
  const Doc* old_ports = was->find("ports");
  const auto old_port = [&](const Doc& port) -> const Doc* {
    if (old_ports == nullptr) return nullptr;
    for (const Doc& o : old_ports->items) {
      if (o.int_or("port", 0) == port.int_or("port", 0) &&
          o.string_or("protocol", "TCP") == port.string_or("protocol", "TCP"))
        return &o;
    }
    return nullptr;
  };
  if (ports != nullptr && ports->is_array()) {
    for (Doc& port : ports->items) {
      if (!port.is_object()) continue;
      const Doc* old = old_port(port);
      if (old == nullptr || old->int_or("nodePort", 0) == 0) continue;
      if (has_node_ports(*spec) && has_node_ports(*was)) {  // patchAllocatedValues
        if (port.int_or("nodePort", 0) == 0) port["nodePort"] = *old->find("nodePort");
      } else if (has_node_ports(*was) && port.int_or("nodePort", 0) == old->int_or("nodePort", 0)) {
        port.erase("nodePort");  // the type has none any more
      }
    }
  }
  const auto checked = [](const Doc& s) {
    return s.string_or("type") == "LoadBalancer" && s.string_or("externalTrafficPolicy") == "Local";
  };
  if (checked(*was) && checked(*spec) && spec->int_or("healthCheckNodePort", 0) == 0) {
    if (const Doc* port = was->find("healthCheckNodePort")) (*spec)["healthCheckNodePort"] = *port;
  }
  if (checked(*was) && !checked(*spec)) spec->erase("healthCheckNodePort");
  const bool was_balancer = was->string_or("type") == "LoadBalancer";
  if (was_balancer && spec->string_or("type") != "LoadBalancer") {
    for (const char* key : {"allocateLoadBalancerNodePorts", "loadBalancerClass"}) spec->erase(key);
  }
  if (has_node_ports(*was) && !has_node_ports(*spec)) {
    const Doc* external = spec->find("externalIPs");
    if (external == nullptr || external->items.empty()) spec->erase("externalTrafficPolicy");
  }
}

void default_ingress_class(const ClusterView& view, Doc& doc) {
  if (doc.at({"spec", "ingressClassName"}) != nullptr) return;
  if (doc.at({"metadata", "annotations", "kubernetes.io/ingress.class"}) != nullptr) return;
  const state::Header* best = nullptr;  // the youngest default, by name where two are as young
  for (const state::IngressClassRow& row : view->ingress_classes) {
    const state::Header& h = row.header;
    if (!h.alive || !row.spec.is_default) continue;
    if (best == nullptr || h.created > best->created ||
        (h.created == best->created && view.text(h.name) < view.text(best->name)))
      best = &h;
  }
  if (best != nullptr) doc["spec"]["ingressClassName"] = Doc::string(view.text(best->name));
}

Refusal allocate_service(const ClusterView& view, Ref self, const Doc* before, Doc& doc) {
  const std::string name(doc["metadata"].string_or("name"));
  Doc& spec = doc["spec"];
  Taken taken = taken_by_others(view, self);
  const auto number = self.valid() ? self.row : static_cast<std::uint32_t>(view->services.size());
  if (spec.string_or("type", "ClusterIP") != "ExternalName") {
    const Doc* was = before == nullptr ? nullptr : before->at({"spec", "clusterIP"});
    if (was != nullptr && !was->text.empty() && was->text != spec.string_or("clusterIP"))
      return invalid(name, "spec.clusterIPs[0]", fmt::format("[\"{}\"]", spec.string_or("clusterIP")),
                     "may not change once set");
    if (auto refused = give_ip(name, number, taken, spec)) return refused;
    if (spec.find("ipFamilies") == nullptr) {
      spec["ipFamilies"] = Doc::array();
      spec["ipFamilies"].items.push_back(Doc::string("IPv4"));
    }
    if (spec.find("ipFamilyPolicy") == nullptr) spec["ipFamilyPolicy"] = Doc::string("SingleStack");
  } else {
    for (const char* key : {"ipFamilies", "ipFamilyPolicy"}) spec.erase(key);
  }
  if (!has_node_ports(spec)) return granted();
  return give_node_ports(name, number, taken, spec);
}

}  // namespace wavetank::decide::detail
