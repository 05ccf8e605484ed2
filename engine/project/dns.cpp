#include "engine/project/dns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/project/url.h"

namespace wavetank::project {
namespace {

constexpr std::string_view kDomain = "cluster.local";

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> out;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out.push_back(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out;
}

std::string dashed(std::string_view address) {
  std::string out(address);
  std::replace(out.begin(), out.end(), '.', '-');
  return out;
}
/// The name of an endpoint in the Service's domain: its hostname, else its address with dashes.
std::string endpoint_name(const Backend& b) { return b.hostname.empty() ? dashed(b.address) : b.hostname; }

struct Asked {
  std::string full;
  DnsType type;
  const ClusterView& view;
};

DnsAnswer no_name(std::string why) { return {false, {}, std::move(why)}; }

/// 10-128-0-1.shop.pod.cluster.local: made from the name alone (pods insecure).
DnsAnswer resolve_pod(const std::vector<std::string_view>& labels, const Asked& asked) {
  std::string address(labels[0]);
  std::replace(address.begin(), address.end(), '-', '.');
  if (labels.size() != 2 || !is_address(address) || !asked.view.find(model::Kind::Namespace, "", labels[1]).valid())
    return no_name("names of pods are ADDRESS-WITH-DASHES.NAMESPACE.pod.cluster.local");
  DnsAnswer out{true, {}, fmt::format("the name of the address {}", address)};
  if (asked.type == DnsType::A) out.records.push_back({DnsType::A, asked.full, address, 0, {}, {}});
  return out;
}

DnsAnswer resolve_endpoints(event::ServiceId id, std::string_view endpoint, const Asked& asked) {
  DnsAnswer out;
  std::vector<std::string> seen;
  for (const Backend& b : backends_of(id, asked.view)) {
    if (!b.ready() || (!endpoint.empty() && endpoint_name(b) != endpoint)) continue;
    if (std::find(seen.begin(), seen.end(), b.address) != seen.end()) continue;
    seen.push_back(b.address);
    out.found = true;
    if (asked.type == DnsType::A) out.records.push_back({DnsType::A, asked.full, b.address, 0, id, b.pod});
  }
  const std::string service = label(Ref(id), asked.view);
  if (!endpoint.empty()) {
    out.why = out.found ? fmt::format("an endpoint of {}", service)
                        : fmt::format("{} has no ready endpoint of the name {}", service, endpoint);
  } else {
    out.why = out.found ? fmt::format("the ready endpoints of the headless {}", service)
                        : fmt::format("the headless {} has no ready endpoint", service);
  }
  return out;
}

DnsAnswer resolve_srv(event::ServiceId id, std::string_view port, std::string_view protocol, const Asked& asked) {
  static constexpr std::string_view kProtocols[] = {"tcp", "udp", "sctp"};
  const state::ServiceRow& row = asked.view.service(id);
  const std::string base =
      fmt::format("{}.{}.svc.{}", asked.view.text(row.header.name), asked.view.text(row.header.ns), kDomain);
  DnsAnswer out;
  const auto matches = [&](std::string_view name, model::Protocol p) {
    return name == port && kProtocols[static_cast<std::size_t>(p)] == protocol;
  };
  if (row.spec.headless()) {
    for (const Backend& b : backends_of(id, asked.view)) {
      if (!b.ready() || !matches(b.port_name, b.protocol)) continue;
      out.records.push_back({DnsType::SRV, asked.full, endpoint_name(b) + "." + base, b.port, id, b.pod});
    }
  } else {
    for (const model::ServicePort& p : row.spec.ports)
      if (matches(p.name, p.protocol)) out.records.push_back({DnsType::SRV, asked.full, base, p.port, id, {}});
  }
  out.found = !out.records.empty();
  out.why = fmt::format("{} of {}", out.found ? "a named port" : "no such port", label(Ref(id), asked.view));
  if (asked.type != DnsType::SRV) out.records.clear();
  return out;
}

DnsAnswer resolve_service(std::vector<std::string_view> labels, const Asked& asked) {
  // [_port._protocol.|endpoint.]service.namespace
  if (labels.size() < 2 || labels.size() > 4)
    return no_name("names of Services are SERVICE.NAMESPACE.svc.cluster.local");
  const std::string_view ns = labels.back(), name = labels[labels.size() - 2];
  labels.resize(labels.size() - 2);
  if (!asked.view.find(model::Kind::Namespace, "", ns).valid())
    return no_name(fmt::format("there is no namespace {}", ns));
  const Ref ref = asked.view.find(model::Kind::Service, ns, name);
  if (!ref.valid()) return no_name(fmt::format("there is no service {} in namespace {}", name, ns));
  const auto id = ref.as<event::ServiceId>();
  const model::Service& spec = asked.view.service(id).spec;
  if (spec.type == "ExternalName") {
    if (!labels.empty())
      return no_name(fmt::format("{} has no endpoints: it is an ExternalName", label(ref, asked.view)));
    std::string target = spec.external_name;
    if (!target.empty() && target.back() == '.') target.pop_back();
    return {true,
            {{DnsType::CNAME, asked.full, target, 0, id, {}}},
            fmt::format("{} is another name of {}", label(ref, asked.view), target)};
  }
  if (labels.size() == 2) {
    if (labels[0].size() < 2 || labels[0][0] != '_' || labels[1].size() < 2 || labels[1][0] != '_')
      return no_name("names of ports are _PORT._PROTOCOL.SERVICE.NAMESPACE.svc.cluster.local");
    return resolve_srv(id, labels[0].substr(1), labels[1].substr(1), asked);
  }
  if (labels.size() == 1) return resolve_endpoints(id, labels[0], asked);
  if (spec.headless()) return resolve_endpoints(id, "", asked);
  DnsAnswer out{true, {}, fmt::format("the address of {}", label(ref, asked.view))};
  if (asked.type == DnsType::A) out.records.push_back({DnsType::A, asked.full, spec.cluster_ip, 0, id, {}});
  return out;
}

}  // namespace

std::string_view dns_type_word(DnsType type) {
  static constexpr std::string_view kWords[] = {"A", "AAAA", "CNAME", "SRV"};
  return kWords[static_cast<std::size_t>(type)];
}

DnsAnswer resolve(std::string_view name, DnsType type, const ClusterView& view) {
  std::vector<std::string_view> labels = labels_of(name);
  const std::vector<std::string_view> domain = labels_of(kDomain);
  if (labels.size() <= domain.size() || !std::equal(domain.begin(), domain.end(), labels.end() - 2))
    return no_name(fmt::format("the cluster's DNS knows names under {} only", kDomain));
  labels.resize(labels.size() - domain.size());
  const std::string_view kind = labels.back();
  labels.pop_back();
  const Asked asked{std::string(name), type, view};
  if (kind == "svc") return resolve_service(std::move(labels), asked);
  if (kind == "pod" && !labels.empty()) return resolve_pod(labels, asked);
  return no_name(fmt::format("under {} are svc and pod", kDomain));
}

Resolver resolver_of(PodId pod, const ClusterView& view) {
  Resolver out;
  const auto doc = model::parse_json(view.pod_template(view->pods.tmpl[pod.index()]).doc, "pod");
  const model::Doc* spec = doc ? doc->find("spec") : nullptr;
  const std::string policy(spec == nullptr ? "ClusterFirst" : spec->string_or("dnsPolicy", "ClusterFirst"));
  const bool host = view.pod_spec(pod).spec.host_network;
  out.cluster = policy == "ClusterFirstWithHostNet" || (policy == "ClusterFirst" && !host);
  if (out.cluster) {
    const std::string_view ns = view.namespace_of(Ref(pod));
    out.search = {fmt::format("{}.svc.{}", ns, kDomain), fmt::format("svc.{}", kDomain), std::string(kDomain)};
  } else {
    out.ndots = 1;
  }
  const model::Doc* config = spec == nullptr ? nullptr : spec->find("dnsConfig");
  if (config == nullptr) return out;
  if (const model::Doc* search = config->find("searches"))
    for (const model::Doc& s : search->items) out.search.push_back(s.text);
  if (const model::Doc* options = config->find("options")) {
    for (const model::Doc& o : options->items) {
      const std::string_view value = o.string_or("value");
      if (o.string_or("name") == "ndots") std::from_chars(value.data(), value.data() + value.size(), out.ndots);
    }
  }
  return out;
}

std::vector<std::string> names_to_try(std::string_view name, bool absolute, const Resolver& resolver) {
  std::vector<std::string> out;
  const bool full = absolute || std::count(name.begin(), name.end(), '.') >= resolver.ndots;
  if (full) out.emplace_back(name);
  if (absolute) return out;
  for (const std::string& s : resolver.search) out.push_back(fmt::format("{}.{}", name, s));
  if (!full) out.emplace_back(name);
  return out;
}

}  // namespace wavetank::project
