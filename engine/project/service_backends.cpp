#include "engine/project/service_backends.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/project/tables.h"

namespace wavetank::project {
namespace {

using model::Doc;

constexpr std::size_t kMaxLegacy = 1000;

bool names_pod(const model::PodSpec& spec, std::string_view service) {
  return !spec.hostname.empty() && spec.subdomain == service;
}

void add_slice(const state::EndpointSliceRow& row, std::string_view service, const ClusterView& view,
               std::vector<Backend>& out) {
  for (const state::Endpoint& e : row.endpoints) {
    Backend b;
    b.pod = e.pod;
    b.node = view.pod_node(e.pod);
    b.address = view.pod_ip(e.pod);
    b.flags = e.flags;
    const model::PodSpec& spec = view.pod_spec(e.pod).spec;
    if (names_pod(spec, service)) b.hostname = spec.hostname;
    if (row.ports.empty()) out.push_back(b);
    for (const event::SlicePort& p : row.ports) {
      b.port_name = p.name;
      b.port = p.port;
      b.protocol = p.protocol;
      out.push_back(b);
    }
  }
}

model::Protocol protocol_of(const Doc& port) {
  const std::string_view text = port.string_or("protocol", "TCP");
  return text == "UDP" ? model::Protocol::UDP : text == "SCTP" ? model::Protocol::SCTP : model::Protocol::TCP;
}

/// A slice that a client wrote: conditions that are not given count as ready (discovery/v1 EndpointConditions).
void add_written_slice(const Doc& slice, const ClusterView& view, std::vector<Backend>& out) {
  const Doc* endpoints = slice.find("endpoints");
  const Doc* ports = slice.find("ports");
  if (endpoints == nullptr) return;
  for (const Doc& e : endpoints->items) {
    const Doc* addresses = e.find("addresses");
    if (addresses == nullptr || addresses->items.empty()) continue;
    Backend b;
    b.address = addresses->items.front().text;
    b.hostname = e.string_or("hostname");
    const Ref node = view.find(model::Kind::Node, "", e.string_or("nodeName"));
    if (node.valid()) b.node = node.as<NodeId>();
    const Doc* conditions = e.find("conditions");
    const bool ready = conditions == nullptr || conditions->bool_or("ready", true);
    b.flags = event::kListed;
    if (ready) b.flags |= event::kReady;
    if (conditions == nullptr ? ready : conditions->bool_or("serving", ready)) b.flags |= event::kServing;
    if (conditions != nullptr && conditions->bool_or("terminating", false)) b.flags |= event::kTerminating;
    if (ports == nullptr || ports->items.empty()) out.push_back(b);
    for (std::size_t i = 0; ports != nullptr && i < ports->items.size(); ++i) {
      const Doc& p = ports->items[i];
      b.port_name = p.string_or("name");
      b.port = static_cast<std::int32_t>(p.int_or("port", 0));
      b.protocol = protocol_of(p);
      out.push_back(b);
    }
  }
}

/// An Endpoints object that a client wrote for a Service without selector: the EndpointSliceMirroring controller makes
/// slices of it (unless a label forbids); we read it where it lies.
void add_legacy(const Doc& endpoints, const ClusterView& view, std::vector<Backend>& out) {
  const Doc* labels = endpoints.at({"metadata", "labels"});
  if (labels != nullptr && labels->string_or("endpointslice.kubernetes.io/skip-mirror") == "true") return;
  const Doc* subsets = endpoints.find("subsets");
  for (std::size_t i = 0; subsets != nullptr && i < subsets->items.size(); ++i) {
    const Doc& subset = subsets->items[i];
    Doc slice = Doc::object();
    slice["ports"] = subset.find("ports") != nullptr ? *subset.find("ports") : Doc::array();
    for (const auto& [key, ready] : {std::pair{"addresses", true}, std::pair{"notReadyAddresses", false}}) {
      slice["endpoints"] = Doc::array();
      const Doc* addresses = subset.find(key);
      for (std::size_t a = 0; addresses != nullptr && a < addresses->items.size(); ++a) {
        const Doc& address = addresses->items[a];
        Doc e = Doc::object();
        e["addresses"] = Doc::array();
        e["addresses"].items.push_back(Doc::string(address.string_or("ip")));
        for (const char* field : {"hostname", "nodeName"})
          if (address.find(field) != nullptr) e[field] = *address.find(field);
        e["conditions"]["ready"] = Doc::boolean(ready);
        slice["endpoints"].items.push_back(std::move(e));
      }
      add_written_slice(slice, view, out);
    }
  }
}

/// A subset of a legacy Endpoints object.
struct Subset {
  std::vector<event::SlicePort> ports;
  std::vector<const Backend*> ready, unready;
};

/// truncateEndpoints: ready addresses before others, each subset its share, rounded up.
bool truncate(std::vector<Subset>& subsets) {
  std::size_t ready = 0, unready = 0;
  for (const Subset& s : subsets) ready += s.ready.size(), unready += s.unready.size();
  if (ready + unready <= kMaxLegacy) return false;
  const bool cut_ready = ready > kMaxLegacy;
  const std::size_t most = cut_ready ? kMaxLegacy : kMaxLegacy - ready;
  const std::size_t total = cut_ready ? ready : unready;
  std::size_t left = most;
  for (Subset& s : subsets) {
    std::vector<const Backend*>& list = cut_ready ? s.ready : s.unready;
    const std::size_t share = total == 0 ? 0 : (list.size() * most + total - 1) / total;
    list.resize(std::min({share, left, list.size()}));
    left -= list.size();
    if (cut_ready) s.unready.clear();
  }
  return true;
}

Doc address_doc(const Backend& b, const ClusterView& view) {
  Doc out = Doc::object();
  out["ip"] = Doc::string(b.address);
  if (!b.hostname.empty()) out["hostname"] = Doc::string(b.hostname);
  if (b.node.valid()) out["nodeName"] = Doc::string(view.bare_name(Ref(b.node)));
  if (!b.pod.valid()) return out;
  Doc& target = out["targetRef"];
  target["kind"] = Doc::string("Pod");
  target["name"] = Doc::string(view.pod_name(b.pod));
  target["namespace"] = Doc::string(view.namespace_of(Ref(b.pod)));
  target["uid"] = Doc::string(view.uid(Ref(b.pod)));
  return out;
}

Doc subset_doc(const Subset& s, const ClusterView& view) {
  static constexpr const char* kProtocols[] = {"TCP", "UDP", "SCTP"};
  Doc out = Doc::object();
  for (const auto& [key, list] : {std::pair{"addresses", &s.ready}, std::pair{"notReadyAddresses", &s.unready}}) {
    if (list->empty()) continue;
    out[key] = Doc::array();
    for (const Backend* b : *list) out[key].items.push_back(address_doc(*b, view));
  }
  for (const event::SlicePort& p : s.ports) {
    Doc port = Doc::object();
    if (!p.name.empty()) port["name"] = Doc::string(p.name);
    port["port"] = Doc::integer(p.port);
    port["protocol"] = Doc::string(kProtocols[static_cast<std::size_t>(p.protocol)]);
    Doc& list = out["ports"];
    if (!list.is_array()) list = Doc::array();
    list.items.push_back(std::move(port));
  }
  return out;
}

}  // namespace

std::vector<Backend> backends_of(event::ServiceId id, const ClusterView& view) {
  std::vector<Backend> out;
  const state::ServiceRow& service = view.service(id);
  const std::string_view name = view.text(service.header.name);
  for (const event::EndpointSliceId slice : service.slices) add_slice(view.endpoint_slice(slice), name, view, out);
  for (const state::EndpointSliceRow& row : view->endpoint_slices) {
    if (row.service.valid() || !row.header.alive || row.header.ns != service.header.ns) continue;
    const auto doc = model::parse_json(row.header.doc, "slice");
    if (!doc) continue;
    const Doc* labels = doc->at({"metadata", "labels"});
    if (labels != nullptr && labels->string_or("kubernetes.io/service-name") == name)
      add_written_slice(*doc, view, out);
  }
  if (!service.spec.selector.empty()) return out;
  const Ref legacy = view.find_other("v1", "Endpoints", view.text(service.header.ns), name);
  if (!legacy.valid()) return out;
  if (const auto doc = model::parse_json(view.header(legacy)->doc, "endpoints")) add_legacy(*doc, view, out);
  return out;
}

Doc legacy_endpoints(event::ServiceId id, const ClusterView& view) {
  const state::ServiceRow& service = view.service(id);
  if (service.spec.selector.empty() || service.spec.type == "ExternalName") return {};
  const std::vector<Backend> backends = backends_of(id, view);
  const bool publish = service.spec.publish_not_ready_addresses;
  std::vector<Subset> subsets;
  std::vector<std::pair<const Backend*, std::vector<event::SlicePort>>> pods;  // by address, with all its ports
  for (const Backend& b : backends) {
    if (!b.pod.valid() || (b.terminating() && !publish)) continue;
    if (b.port == 0 && !service.spec.ports.empty()) continue;  // it has none of the ports
    if (pods.empty() || pods.back().first->pod != b.pod) pods.emplace_back(&b, std::vector<event::SlicePort>{});
    if (b.port != 0) pods.back().second.push_back({b.port_name, b.port, b.protocol, ""});
  }
  std::stable_sort(pods.begin(), pods.end(), [](const auto& a, const auto& b) { return a.first->pod < b.first->pod; });
  for (const auto& [b, ports] : pods) {
    auto at = std::find_if(subsets.begin(), subsets.end(), [&](const Subset& s) { return s.ports == ports; });
    if (at == subsets.end()) at = subsets.insert(subsets.end(), Subset{ports, {}, {}});
    (b->ready() ? at->ready : at->unready).push_back(b);
  }
  const bool truncated = truncate(subsets);
  Doc out = Doc::object();
  out["apiVersion"] = Doc::string("v1");
  out["kind"] = Doc::string("Endpoints");
  out["metadata"]["name"] = Doc::string(view.text(service.header.name));
  out["metadata"]["namespace"] = Doc::string(view.text(service.header.ns));
  if (truncated) out["metadata"]["annotations"]["endpoints.kubernetes.io/over-capacity"] = Doc::string("truncated");
  if (service.spec.headless()) out["metadata"]["labels"]["service.kubernetes.io/headless"] = Doc::string("");
  out["subsets"] = Doc::array();
  for (const Subset& s : subsets) out["subsets"].items.push_back(subset_doc(s, view));
  return out;
}

Listening listening(PodId pod, const ClusterView& view) {
  using How = Listening::How;
  const NodeId node = view.pod_node(pod);
  if (!view.pod_alive(pod)) return {How::Silent, "the pod is gone"};
  if (!node.valid()) return {How::Silent, "the pod has no node"};
  const std::string_view name = view.bare_name(Ref(node));
  if (!view.node(node).machine_up) return {How::Silent, fmt::format("the machine of node {} is down", name)};
  for (std::size_t c = 0; c < view.container_count(pod); ++c) {
    if (view.is_plain_init(pod, c)) continue;
    const state::ContainerStatus& s = view.container(pod, c);
    if (s.state == state::ContainerState::Running) continue;
    const std::string& container = view.container_spec(pod, c).name;
    if (s.state == state::ContainerState::Waiting)
      return {How::Refuses, fmt::format("container {} does not run: {}", container, waiting_word(s.waiting))};
    return {How::Refuses, fmt::format("container {} has ended", container)};
  }
  return {};
}

std::string why_not_ready(PodId pod, const ClusterView& view) {
  const state::PodColumns& pods = view->pods;
  const std::size_t p = pod.index();
  const event::Phase phase = view.pod_phase(pod);
  if (phase == event::Phase::Succeeded || phase == event::Phase::Failed)
    return fmt::format("it has ended ({})", phase_word(phase));
  if (!view.pod_node(pod).valid()) return "it waits for a node";
  if (!view.pod_has_address(pod)) return fmt::format("it has no address yet: {}", pod_status(pod, view));
  if (view.pod_terminating(pod)) return fmt::format("terminating since {}", at_words(pods.deletion[p]));
  if (view.pod_ready(pod)) return "";
  if (pods.ready_changed[p].ns == 0 || pods.ready_reason[p] == event::ReadyReason::None)
    return fmt::format("not ready yet: {}", pod_status(pod, view));
  const std::string status = pod_status(pod, view);
  return fmt::format("not ready since {}{}", at_words(pods.ready_changed[p]),
                     pods.ready_reason[p] == event::ReadyReason::NodeNotReady ? ": its node is not ready"
                     : status == "Running"                                    ? ": its readiness probe fails"
                                                                              : ": " + status);
}

}  // namespace wavetank::project
