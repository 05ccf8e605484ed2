#include "engine/project/network_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/project/service_backends.h"

namespace wavetank::project {
namespace {

using model::Doc;
using model::Kind;

std::string or_none(std::string_view text) { return text.empty() ? "<none>" : std::string(text); }
std::string age_since(SimTime t, const ClusterView& view) { return base::format_age(view.now() - t); }

std::string joined(const std::vector<std::string>& all, std::string_view sign = ",") {
  std::string out;
  for (const std::string& s : all) out += fmt::format("{}{}", out.empty() ? "" : sign, s);
  return out;
}
/// The first three, and how many more.
std::string first_three(const std::vector<std::string>& all) {
  const std::vector<std::string> some(all.begin(),
                                      all.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, all.size())));
  return joined(some) + (all.size() > 3 ? fmt::format(" + {} more...", all.size() - 3) : "");
}

std::vector<std::string> service_row(const state::ServiceRow& row, const ClusterView& view) {
  static constexpr const char* kProtocols[] = {"TCP", "UDP", "SCTP"};
  std::vector<std::string> ports, selector;
  for (const model::ServicePort& p : row.spec.ports) {
    ports.push_back(fmt::format("{}{}/{}", p.port, p.node_port != 0 ? fmt::format(":{}", p.node_port) : "",
                                kProtocols[static_cast<std::size_t>(p.protocol)]));
  }
  for (const auto& [key, value] : row.spec.selector) selector.push_back(key + "=" + value);
  std::string external = or_none(joined(row.spec.external_ips));
  if (row.spec.type == "ExternalName") external = row.spec.external_name;
  if (row.spec.type == "LoadBalancer") {
    std::vector<std::string> all = row.load_balancer;
    all.insert(all.end(), row.spec.external_ips.begin(), row.spec.external_ips.end());
    external = all.empty() ? "<pending>" : joined(all);
  }
  return {row.spec.type,          or_none(row.spec.cluster_ip),        external,
          or_none(joined(ports)), age_since(row.header.created, view), or_none(joined(selector))};
}

std::vector<std::string> written_slice_row(const state::EndpointSliceRow& row, const ClusterView& view) {
  std::vector<std::string> ports, endpoints;
  std::string type = "IPv4";
  if (const auto doc = model::parse_json(row.header.doc, "slice")) {
    type = doc->string_or("addressType", "IPv4");
    if (const Doc* list = doc->find("ports"))
      for (const Doc& p : list->items) ports.push_back(fmt::format("{}", p.int_or("port", 0)));
    if (const Doc* list = doc->find("endpoints")) {
      for (const Doc& e : list->items) {
        if (const Doc* addresses = e.find("addresses"))
          for (const Doc& a : addresses->items) endpoints.push_back(a.text);
      }
    }
  }
  return {type, ports.empty() ? "<unset>" : first_three(ports), endpoints.empty() ? "<unset>" : first_three(endpoints),
          age_since(row.header.created, view)};
}
std::vector<std::string> slice_row(const state::EndpointSliceRow& row, const ClusterView& view) {
  if (!row.service.valid()) return written_slice_row(row, view);
  std::vector<std::string> ports, endpoints;
  for (const event::SlicePort& p : row.ports) ports.push_back(fmt::format("{}", p.port));
  for (const state::Endpoint& e : row.endpoints) endpoints.push_back(view.pod_ip(e.pod));
  return {"IPv4", ports.empty() ? "<unset>" : first_three(ports),
          endpoints.empty() ? "<unset>" : first_three(endpoints), age_since(row.header.created, view)};
}

std::vector<std::string> ingress_row(const state::IngressRow& row, const ClusterView& view) {
  std::vector<std::string> hosts;
  for (const model::Ingress::Rule& rule : row.spec.rules)
    if (!rule.host.empty()) hosts.push_back(rule.host);
  const auto doc = model::parse_json(row.header.doc, "ingress");
  const Doc* tls = doc ? doc->at({"spec", "tls"}) : nullptr;
  const bool secure = tls != nullptr && !tls->items.empty();
  return {or_none(row.spec.class_name.value_or("")), hosts.empty() ? "*" : first_three(hosts),
          joined(row.load_balancer), secure ? "80, 443" : "80", age_since(row.header.created, view)};
}

std::vector<std::string> class_row(const state::IngressClassRow& row, const ClusterView& view) {
  std::string parameters = "<none>";
  if (const auto doc = model::parse_json(row.header.doc, "class")) {
    if (const Doc* p = doc->at({"spec", "parameters"})) {
      const std::string_view group = p->string_or("apiGroup");
      parameters =
          fmt::format("{}{}{}/{}", p->string_or("kind"), group.empty() ? "" : ".", group, p->string_or("name"));
    }
  }
  return {row.spec.controller, parameters, age_since(row.header.created, view)};
}

/// formatEndpoints: ready addresses with each port.
std::string endpoints_text(const Doc& endpoints) {
  std::vector<std::string> all;
  for (const Doc& subset : endpoints.find("subsets")->items) {
    const Doc* addresses = subset.find("addresses");
    const Doc* ports = subset.find("ports");
    if (addresses == nullptr) continue;
    if (ports == nullptr)
      for (const Doc& a : addresses->items) all.emplace_back(a.string_or("ip"));
    for (std::size_t p = 0; ports != nullptr && p < ports->items.size(); ++p) {
      for (const Doc& a : addresses->items)
        all.push_back(fmt::format("{}:{}", a.string_or("ip"), ports->items[p].int_or("port", 0)));
    }
  }
  return all.empty() ? "<none>" : first_three(all);
}

}  // namespace

std::vector<Table::Column> network_columns(Kind kind) {
  if (kind == Kind::Service)
    return {{"TYPE"}, {"CLUSTER-IP"}, {"EXTERNAL-IP"}, {"PORT(S)"}, {"AGE"}, {"SELECTOR", true}};
  if (kind == Kind::EndpointSlice) return {{"ADDRESSTYPE"}, {"PORTS"}, {"ENDPOINTS"}, {"AGE"}};
  if (kind == Kind::Ingress) return {{"CLASS"}, {"HOSTS"}, {"ADDRESS"}, {"PORTS"}, {"AGE"}};
  return {{"CONTROLLER"}, {"PARAMETERS"}, {"AGE"}};
}

std::vector<std::string> network_cells(Ref ref, const ClusterView& view) {
  if (ref.kind == Kind::Service) return service_row(view.service(ref.as<event::ServiceId>()), view);
  if (ref.kind == Kind::EndpointSlice) return slice_row(view.endpoint_slice(ref.as<event::EndpointSliceId>()), view);
  if (ref.kind == Kind::Ingress) return ingress_row(view.ingress(ref.as<event::IngressId>()), view);
  return class_row(view.ingress_class(ref.as<event::IngressClassId>()), view);
}

Table endpoints_table(const std::vector<Ref>& services, bool namespaces, bool prefix, const ClusterView& view) {
  Table out;
  if (namespaces) out.columns.push_back({"NAMESPACE"});
  for (const char* name : {"NAME", "ENDPOINTS", "AGE"}) out.columns.push_back({name});
  for (const Ref ref : services) {
    const Doc doc = legacy_endpoints(ref.as<event::ServiceId>(), view);
    if (doc.is_null()) continue;
    std::vector<std::string> row;
    if (namespaces) row.emplace_back(view.namespace_of(ref));
    row.push_back((prefix ? "endpoints/" : "") + std::string(view.bare_name(ref)));
    row.push_back(endpoints_text(doc));
    row.push_back(age_since(view.header(ref)->created, view));
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace wavetank::project
