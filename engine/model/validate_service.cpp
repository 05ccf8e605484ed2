// The rules of Services. Source: kubernetes/pkg/apis/core/validation ValidateService, core/service/portallocator.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

bool has_text(const Place& p) { return !p.text().empty(); }

std::vector<int> bytes_of(std::string_view ip) {
  std::vector<int> out;
  while (!ip.empty()) {
    const std::size_t dot = std::min(ip.find('.'), ip.size());
    int n = 0;
    for (const char c : ip.substr(0, dot)) n = n * 10 + (c - '0');
    out.push_back(n);
    ip.remove_prefix(std::min(dot + 1, ip.size()));
  }
  return out;
}

void validate_external_ip(const Place& ip) {
  if (!is_ip(ip.text())) return ip.invalid(kNotAnAddress);
  validate_non_special_ip(ip);
}

/// Source ranges may have blanks around them: they came from an annotation once.
std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

struct Seen {
  std::vector<std::string> names, ports, node_ports;
};
bool again(std::vector<std::string>& seen, std::string text) {
  if (std::find(seen.begin(), seen.end(), text) != seen.end()) return true;
  seen.push_back(std::move(text));
  return false;
}

void validate_port(const Place& port, bool several, const std::string& type, Seen& seen) {
  const Place name = port["name"];
  if (has_text(name)) {
    name.each_invalid(check_dns_label(name.text()));
    if (again(seen.names, name.text())) name.duplicate();
  } else if (several) {
    name.required();
  }
  const Place number = port["port"];
  if (!number) number.invalid_value("0", "must be between 1 and 65535, inclusive");
  number.in_range(1, 65535);
  port["protocol"].one_of({"SCTP", "TCP", "UDP"});
  const Place target = port["targetPort"];
  if (target) validate_port_or_name(target);
  if (port["appProtocol"]) port["appProtocol"].each_invalid(check_qualified_name(port["appProtocol"].text()));
  const Place node_port = port["nodePort"];
  if (node_port.number() != 0) {
    if (type == "ClusterIP") {
      node_port.forbidden("may not be used when `type` is 'ClusterIP'");
    } else if (type != "ExternalName" && (node_port.number() < 30000 || node_port.number() > 32767)) {
      node_port.invalid("provided port is not in the valid range. The range of valid ports is 30000-32767");
    }
    if (again(seen.node_ports, port["protocol"].text() + "/" + std::to_string(node_port.number())))
      node_port.duplicate();
  }
  if (again(seen.ports, port["protocol"].text() + "/" + std::to_string(number.number())))
    port.duplicate_value(fmt::format("{{\"port\":{},\"protocol\":\"{}\"}}", number.number(), port["protocol"].text()));
}

/// ValidateServiceClusterIPsRelatedFields, for one family.
void validate_cluster_ips(const Place& spec, const std::string& type) {
  const Place ip = spec["clusterIP"], ips = spec["clusterIPs"];
  const bool set = has_text(ip) || !ips.items().empty();
  if (type == "ExternalName") {
    if (set) (ips ? ips : ip).renamed("spec.clusterIPs").forbidden("may not be set for ExternalName services");
    for (const char* key : {"ipFamilies", "ipFamilyPolicy"})
      if (spec[key]) spec[key].forbidden("may not be set for ExternalName services");
    return;
  }
  const std::vector<Place> all = ips.items();
  if (!all.empty() && !has_text(ip)) {
    ips.invalid("must be empty when `clusterIP` is not specified");
  } else if (!all.empty() && all.front().text() != ip.text()) {
    ips.invalid("first value must match `clusterIP`");
  }
  if (all.size() > 2) ips.invalid("may only hold up to 2 values");
  if (all.size() > 1 && all.front().text() == "None") {
    ips.invalid("'None' must be the first and only value");
  } else if (all.size() > 1 && std::all_of(all.begin(), all.end(), [](const Place& a) { return is_ipv4(a.text()); })) {
    ips.invalid("may specify no more than one IP for each IP family");
  }
  const std::vector<Place> each = all.empty() && has_text(ip) ? std::vector<Place>{ip} : all;
  for (std::size_t i = 0; i < each.size(); ++i) {
    const Place address = each[i].renamed(fmt::format("spec.clusterIPs[{}]", i));
    if (i == 0 && address.text() == "None") {
      if (type == "NodePort" || type == "LoadBalancer")
        address.invalid(fmt::format("may not be set to 'None' for {} services", type));
    } else if (!is_ip(address.text())) {
      address.invalid(kNotAnAddress);
    } else if (!is_ipv4(address.text())) {
      address.invalid("IPv6 is not configured on this cluster");
    }
  }
  spec["ipFamilyPolicy"].one_of({"PreferDualStack", "RequireDualStack", "SingleStack"});
  if (spec["ipFamilyPolicy"].text() == "RequireDualStack")
    spec["ipFamilyPolicy"].invalid("this cluster is not configured for dual-stack services");
  std::vector<std::string> families;
  for (const Place& family : spec["ipFamilies"].items()) {
    if (again(families, family.text())) family.duplicate();
    if (family.one_of({"IPv4", "IPv6"}) && family.text() == "IPv6") family.invalid("not configured on this cluster");
  }
}

void validate_affinity_config(const Place& spec) {
  const Place affinity = spec["sessionAffinity"];
  affinity.one_of({"ClientIP", "None"});
  const Place timeout = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"];
  if (affinity.text() == "ClientIP" && timeout && (timeout.number() <= 0 || timeout.number() > 86400))
    timeout.invalid("must be greater than 0 and less than 86400");
}

void validate_external_name(const Place& spec) {
  std::string name = spec["externalName"].text();
  if (!name.empty() && name.back() == '.') name.pop_back();
  if (name.empty()) return spec["externalName"].required();
  spec["externalName"].each_invalid(check_dns_subdomain(name));
}

/// The annotation from which the ranges came once.
void validate_ranges_annotation(const Place& annotations, bool balancer) {
  constexpr std::string_view kRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";
  const Place ranges = annotations[kRanges].renamed(fmt::format("metadata.annotations[{}]", kRanges));
  if (!ranges) return;
  if (!balancer) ranges.forbidden("may only be used when `type` is 'LoadBalancer'");
  for (std::string_view rest = trimmed(ranges.text()); !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string range(trimmed(rest.substr(0, comma)));
    if (!is_cidr(range)) ranges.invalid_value("\"" + range + "\"", kNotARange);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
}

void validate_balancer(const Place& spec, const std::string& type) {
  const bool balancer = type == "LoadBalancer";
  const Place ranges = spec["loadBalancerSourceRanges"];
  if (!ranges.items().empty()) {
    const Place named = ranges.renamed("spec.LoadBalancerSourceRanges");  // as the API server spells it
    if (!balancer) named.forbidden("may only be used when `type` is 'LoadBalancer'");
    for (const Place& range : named.items())
      if (!is_cidr(trimmed(range.text()))) range.invalid(kNotARange);
  }
  if (spec["allocateLoadBalancerNodePorts"] && !balancer)
    spec["allocateLoadBalancerNodePorts"].forbidden("may only be used when `type` is 'LoadBalancer'");
  const Place named_class = spec["loadBalancerClass"];
  if (!named_class) return;
  if (!balancer) return named_class.forbidden("may only be used when `type` is 'LoadBalancer'");
  named_class.each_invalid(check_qualified_name(named_class.text()));
}

void validate_traffic(const Place& spec, const std::string& type) {
  const bool reachable =
      type == "NodePort" || type == "LoadBalancer" || (type == "ClusterIP" && !spec["externalIPs"].items().empty());
  const Place external = spec["externalTrafficPolicy"];
  if (!reachable) {
    if (has_text(external)) external.invalid("may only be set for externally-accessible services");
  } else {
    external.one_of({"Cluster", "Local"});
  }
  const bool checked = type == "LoadBalancer" && external.text() == "Local";
  if (!checked && spec["healthCheckNodePort"].number() != 0)
    spec["healthCheckNodePort"].invalid(
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  spec["internalTrafficPolicy"].one_of({"Cluster", "Local"});
  spec["trafficDistribution"].one_of({"PreferClose", "PreferSameNode", "PreferSameZone"});
}

}  // namespace

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !is_ip(text.substr(0, slash))) return false;
  const std::string_view bits = text.substr(slash + 1);
  int n = 0;
  if (bits.empty() || bits.size() > 3 || (bits.size() > 1 && bits.front() == '0')) return false;
  for (const char c : bits) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + (c - '0');
  }
  return n <= (is_ipv4(text.substr(0, slash)) ? 32 : 128);
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (true) {
    const std::string_view part = text.substr(0, text.find('.'));
    int n = 0;
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0')) return false;
    for (const char c : part) {
      if (c < '0' || c > '9') return false;
      n = n * 10 + (c - '0');
    }
    if (n > 255) return false;
    ++parts;
    if (part.size() == text.size()) return parts == 4;
    text.remove_prefix(part.size() + 1);
    if (text.empty()) return false;
  }
}

namespace {

/// The eight groups of an address that is_ip() took; one written with four numbers at its end has these in two groups.
std::array<unsigned, 8> groups_of(std::string_view ip) {
  std::array<unsigned, 8> out{};
  const std::size_t gap = ip.find("::");
  const auto read = [](std::string_view text) {
    std::vector<unsigned> groups;
    while (!text.empty()) {
      const std::size_t colon = std::min(text.find(':'), text.size());
      const std::string_view group = text.substr(0, colon);
      if (group.find('.') != std::string_view::npos) {
        const std::vector<int> b = bytes_of(group);
        groups.push_back(static_cast<unsigned>(b[0] * 256 + b[1]));
        groups.push_back(static_cast<unsigned>(b[2] * 256 + b[3]));
      } else {
        unsigned n = 0;
        std::from_chars(group.data(), group.data() + group.size(), n, 16);
        groups.push_back(n);
      }
      text.remove_prefix(std::min(colon + 1, text.size()));
    }
    return groups;
  };
  const std::vector<unsigned> head = read(ip.substr(0, gap));
  std::copy(head.begin(), head.end(), out.begin());
  if (gap == std::string_view::npos) return out;
  const std::vector<unsigned> tail = read(ip.substr(gap + 2));
  std::copy(tail.begin(), tail.end(), out.end() - static_cast<std::ptrdiff_t>(tail.size()));
  return out;
}

}  // namespace

void validate_non_special_ip(const Place& ip) {
  bool unspecified = false, loopback = false, local = false, multicast = false;
  if (is_ipv4(ip.text())) {
    const std::vector<int> b = bytes_of(ip.text());
    unspecified = ip.text() == "0.0.0.0";
    loopback = b[0] == 127;
    local = b[0] == 169 && b[1] == 254;
    multicast = b[0] == 224 && b[1] == 0 && b[2] == 0;
  } else if (is_ip(ip.text())) {
    const std::array<unsigned, 8> g = groups_of(ip.text());
    const bool zero = std::all_of(g.begin(), g.end() - 1, [](unsigned n) { return n == 0; });
    unspecified = zero && g[7] == 0;
    loopback = zero && g[7] == 1;
    local = (g[0] & 0xffc0U) == 0xfe80U;
    multicast = (g[0] & 0xff0fU) == 0xff02U;
  }
  if (unspecified) ip.invalid("may not be unspecified (0.0.0.0 or ::)");
  if (loopback) ip.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (local) ip.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (multicast) ip.invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
}

bool is_ip(std::string_view text) {
  if (is_ipv4(text)) return true;
  // IPv6: groups of up to four hex digits, at most one "::".
  int groups = 0;
  bool gap = false;
  if (text.find(':') == std::string_view::npos) return false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    if (group.empty() || group.size() > 4 ||
        group.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
      return groups > 0 && is_ipv4(group) && group.size() == text.size() && groups + (gap ? 0 : 2) <= 8;
    ++groups;
    text.remove_prefix(group.size());
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.empty()) return false;
    if (text.front() == ':') {
      if (gap) return false;
      gap = true;
      text.remove_prefix(1);
    }
  }
  return gap ? groups < 8 : groups == 8;
}

void validate_service(const Place& root) {
  const Place spec = root["spec"];
  const Place annotations = root["metadata"]["annotations"];
  const Place hints = annotations["service.kubernetes.io/topology-aware-hints"];
  const Place mode = annotations["service.kubernetes.io/topology-mode"];
  if (hints && mode && hints.text() != mode.text())
    mode.renamed("metadata.annotations[service.kubernetes.io/topology-mode]")
        .invalid("must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified");
  const Place type = spec["type"];
  type.one_of({"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  const std::vector<Place> ports = spec["ports"].items();
  const bool external_name = type.text() == "ExternalName";
  if (ports.empty() && spec["clusterIP"].text() != "None" && !external_name) spec["ports"].required();
  Seen seen;
  for (const Place& port : ports) validate_port(port, ports.size() > 1, type.text(), seen);
  validate_labels(spec["selector"]);
  validate_affinity_config(spec);
  validate_cluster_ips(spec, type.text());
  for (const Place& ip : spec["externalIPs"].items()) validate_external_ip(ip);
  validate_balancer(spec, type.text());
  if (spec["loadBalancerSourceRanges"].items().empty())
    validate_ranges_annotation(annotations, type.text() == "LoadBalancer");
  validate_traffic(spec, type.text());
  if (external_name) validate_external_name(spec);
}

}  // namespace wavetank::model
