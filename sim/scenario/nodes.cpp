// Nodes of one pattern, and Deployments of one pattern: what makes a small file describe a large cluster.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/quantity.h"
#include "sim/scenario/manifests.h"

namespace wavetank::scenario {
namespace {

using model::Doc;
using model::Kind;

constexpr std::int64_t kMostNodes = 20'000;
constexpr std::int64_t kMostDeployments = 20'000;

// "node-{n}": {n} is the number from 1, {zone} the zone.
std::string fill(std::string_view pattern, std::int64_t number, std::string_view zone) {
  std::string out;
  while (!pattern.empty()) {
    if (pattern.starts_with("{n}")) {
      out += std::to_string(number);
      pattern.remove_prefix(3);
    } else if (pattern.starts_with("{zone}")) {
      out += zone;
      pattern.remove_prefix(6);
    } else {
      out += pattern[0];
      pattern.remove_prefix(1);
    }
  }
  return out;
}

bool check_pattern(const Doc& doc, const std::string& path, std::string_view pattern, bool needs_number,
                   Problems& problems) {
  for (std::size_t at = pattern.find('{'); at != std::string_view::npos; at = pattern.find('{', at + 1)) {
    const std::string_view rest = pattern.substr(at);
    if (rest.starts_with("{n}") || rest.starts_with("{zone}")) continue;
    problems.add(place(doc, "name"),
                 fmt::format("{}.name: \"{}\" has a brace that is neither {{n}} nor {{zone}}", path, pattern));
    return false;
  }
  if (needs_number && pattern.find("{n}") == std::string_view::npos) {
    problems.add(place(doc, "name"),
                 fmt::format("{}.name: \"{}\" gives several the same name; put {{n}} in it", path, pattern));
    return false;
  }
  return true;
}

// "dedicated=gpu:NoSchedule" as a taint's document.
bool add_taint(Doc& taints, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view effect = text.substr(colon + 1);
  if (effect != "NoSchedule" && effect != "PreferNoSchedule" && effect != "NoExecute") return false;
  const std::string_view pair = text.substr(0, colon);
  const std::size_t equals = pair.find('=');
  Doc taint = Doc::object();
  taint["key"] = Doc::string(pair.substr(0, equals));
  if (equals != std::string_view::npos) taint["value"] = Doc::string(pair.substr(equals + 1));
  taint["effect"] = Doc::string(effect);
  taints.items.push_back(std::move(taint));
  return true;
}

void add_amounts(Doc& into, const Doc& from, std::string_view field) {
  for (const auto& [key, value] : pairs(from, field)) {
    const base::Result<base::Quantity> read = base::Quantity::parse(value);
    if (read.has_value() && !read->is_negative()) into[key] = Doc::string(value);  // else it was reported
  }
}

Doc node_document(const Doc& doc, const std::string& name, std::string_view zone, const Doc& taints) {
  Doc node = Doc::object();
  node["apiVersion"] = Doc::string("v1");
  node["kind"] = Doc::string("Node");
  Doc& metadata = node["metadata"];
  metadata["name"] = Doc::string(name);
  Doc& labels = metadata["labels"];
  // What a kubelet and a cloud provider set on every node.
  labels["kubernetes.io/arch"] = Doc::string("amd64");
  labels["kubernetes.io/hostname"] = Doc::string(name);
  labels["kubernetes.io/os"] = Doc::string("linux");
  if (!zone.empty()) {
    labels["topology.kubernetes.io/region"] = Doc::string(text(doc, "region", "region-1"));
    labels["topology.kubernetes.io/zone"] = Doc::string(zone);
  }
  for (const auto& [key, value] : pairs(doc, "labels")) labels[key] = Doc::string(value);
  if (!taints.items.empty()) node["spec"]["taints"] = taints;
  Doc capacity = Doc::object();
  capacity["cpu"] = Doc::string("4");
  capacity["memory"] = Doc::string("16Gi");
  capacity["ephemeral-storage"] = Doc::string("100Gi");
  capacity["pods"] = Doc::string("110");  // the kubelet's --max-pods default
  add_amounts(capacity, doc, "capacity");
  Doc& status = node["status"];
  status["capacity"] = capacity;
  if (doc.find("allocatable") != nullptr) {
    add_amounts(capacity, doc, "allocatable");
    status["allocatable"] = std::move(capacity);
  }
  return node;
}

}  // namespace

const Shape& node_shape() {
  static const Shape kShape = {
      "nodes",
      {{"name", Type::Text, "Name pattern; {n} is the node's number, {zone} its zone. Default node-{n}.", false},
       {"count", Type::Whole, "How many. Default 1.", false, nullptr, 0, kMostNodes},
       {"first", Type::Whole, "The number of the first one. Default 1.", false, nullptr, 0, 1'000'000'000},
       {"zones", Type::Texts, "Zones to spread over, one node after the other.", false},
       {"region", Type::Text, "Label topology.kubernetes.io/region. Default region-1, if there are zones.", false},
       {"labels", Type::Map, "More labels.", false},
       {"taints", Type::Texts, "Taints as kubectl writes them: key=value:NoSchedule.", false},
       {"capacity", Type::Amounts, "status.capacity. Defaults: cpu 4, memory 16Gi, ephemeral-storage 100Gi, pods 110.",
        false},
       {"allocatable", Type::Amounts, "status.allocatable, where it is not the capacity.", false}},
      ""};
  return kShape;
}

std::vector<ManifestDoc> expand_nodes(const Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<ManifestDoc> out;
  const std::string pattern = text(doc, "name", "node-{n}");
  const std::int64_t count = whole(doc, "count", 1);
  const std::int64_t first = whole(doc, "first", 1);
  const std::vector<std::string> zones = texts(doc, "zones");
  const bool named = check_pattern(doc, path, pattern, count > 1, context.problems);
  Doc taints = Doc::array();
  for (const std::string& taint : texts(doc, "taints")) {
    if (add_taint(taints, taint)) continue;
    context.problems.add(place(doc, "taints"),
                         fmt::format("{}.taints: \"{}\" is not a taint; write key=value:NoSchedule (or "
                                     "PreferNoSchedule, NoExecute)",
                                     path, taint));
  }
  if (!named || count < 0 || count > kMostNodes) return out;
  for (const std::string& zone : zones) context.catalog.add_zone(zone);
  for (const auto& [key, value] : pairs(doc, "labels")) {
    if (key == "topology.kubernetes.io/zone") context.catalog.add_zone(value);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string_view zone =
        zones.empty() ? std::string_view() : std::string_view(zones[static_cast<std::size_t>(i) % zones.size()]);
    const std::string name = fill(pattern, first + i, zone);
    const Doc node = node_document(doc, name, zone, taints);
    // All nodes of a pattern are alike: what is wrong with one is wrong with all.
    if (i == 0) {
      base::Result<model::Object> object = model::admit(node, context.scenario_file);
      if (!object.has_value()) {
        for (const base::Diagnostic& d : object.error())
          context.problems.add(doc.position, fmt::format("{}: {}", path, d.message));
        return out;
      }
    }
    if (context.catalog.has(Kind::Node, "", name)) {
      context.problems.add(place(doc, "name"), fmt::format("{}.name: there are two nodes named \"{}\"", path, name));
      return out;
    }
    context.catalog.add(Kind::Node, "", name);
    out.push_back(manifest_doc(node));
  }
  return out;
}

const Shape& generate_shape() {
  static const Shape kShape = {
      "generate",
      {{"deployments", Type::Whole, "How many Deployments.", true, nullptr, 1, kMostDeployments},
       {"replicas", Type::Whole, "Pods of each.", true, nullptr, 0, 1'000'000},
       {"name", Type::Text, "Name pattern with {n}. Default app-{n}. Also the value of the label app.", false},
       {"namespace", Type::Text, "Default: default.", false},
       {"image", Type::Text, "Image of the one container; {n} is filled in. Default example/app:1.", false},
       {"requests", Type::Amounts, "Requests of the container. Default cpu 100m, memory 128Mi.", false},
       {"labels", Type::Map, "More labels of the Deployments and their pods.", false},
       {"maxSurge", Type::Text, "Of the rolling update. Default 25%.", false},
       {"maxUnavailable", Type::Text, "Of the rolling update. Default 25%.", false},
       {"readinessProbe", Type::Flag, "Whether the container has a readiness probe (HTTP, defaults). Default false.",
        false},
       {"services", Type::Flag, "Whether each Deployment has a Service of its name. Default false.", false}},
      ""};
  return kShape;
}

namespace {

Doc int_or_percent(const std::string& value) {
  const bool digits =
      !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  Doc out = Doc::string(value);
  if (digits) out.type = Doc::Type::Int;
  return out;
}

Doc deployment_document(const Doc& doc, const std::string& name, const std::string& image) {
  Doc d = Doc::object();
  d["apiVersion"] = Doc::string("apps/v1");
  d["kind"] = Doc::string("Deployment");
  Doc labels = Doc::object();
  labels["app"] = Doc::string(name);
  for (const auto& [key, value] : pairs(doc, "labels")) labels[key] = Doc::string(value);
  Doc& metadata = d["metadata"];
  metadata["name"] = Doc::string(name);
  metadata["namespace"] = Doc::string(text(doc, "namespace", "default"));
  metadata["labels"] = labels;
  Doc& spec = d["spec"];
  spec["replicas"] = Doc::integer(whole(doc, "replicas", 1));
  spec["selector"]["matchLabels"]["app"] = Doc::string(name);
  for (const std::string_view field : {"maxSurge", "maxUnavailable"}) {
    const std::string value = text(doc, field);
    if (!value.empty()) spec["strategy"]["rollingUpdate"][field] = int_or_percent(value);
  }
  Doc& tmpl = spec["template"];
  tmpl["metadata"]["labels"] = labels;
  Doc container = Doc::object();
  container["name"] = Doc::string("app");
  container["image"] = Doc::string(image);
  Doc& requests = container["resources"]["requests"];
  requests["cpu"] = Doc::string("100m");
  requests["memory"] = Doc::string("128Mi");
  add_amounts(requests, doc, "requests");
  if (flag(doc, "readinessProbe", false)) {
    container["readinessProbe"]["httpGet"]["path"] = Doc::string("/ready");
    container["readinessProbe"]["httpGet"]["port"] = Doc::integer(8080);
  }
  Doc& containers = tmpl["spec"]["containers"];
  containers = Doc::array();
  containers.items.push_back(std::move(container));
  return d;
}

Doc service_document(const std::string& name, const std::string& ns) {
  Doc s = Doc::object();
  s["apiVersion"] = Doc::string("v1");
  s["kind"] = Doc::string("Service");
  s["metadata"]["name"] = Doc::string(name);
  s["metadata"]["namespace"] = Doc::string(ns);
  s["spec"]["selector"]["app"] = Doc::string(name);
  Doc port = Doc::object();
  port["port"] = Doc::integer(80);
  port["targetPort"] = Doc::integer(8080);
  s["spec"]["ports"] = Doc::array();
  s["spec"]["ports"].items.push_back(std::move(port));
  return s;
}

}  // namespace

ManifestGroup generate(const Doc& doc, const std::string& path, ReadContext& context) {
  ManifestGroup group;
  const std::int64_t count = whole(doc, "deployments", 0);
  const std::string pattern = text(doc, "name", "app-{n}");
  const std::string image = text(doc, "image", "example/app:1");
  group.label = fmt::format("({} generated Deployments)", count);
  const bool named = check_pattern(doc, path, pattern, count > 1, context.problems);
  if (!named || count < 0 || count > kMostDeployments) return group;
  for (std::int64_t i = 1; i <= count; ++i) {
    const std::string name = fill(pattern, i, "");
    std::vector<Doc> docs = {deployment_document(doc, name, fill(image, i, ""))};
    if (flag(doc, "services", false)) docs.push_back(service_document(name, text(doc, "namespace", "default")));
    for (const Doc& made : docs) {
      if (i == 1) {
        base::Result<model::Object> object = model::admit(made, context.scenario_file);
        if (!object.has_value()) {
          for (const base::Diagnostic& d : object.error())
            context.problems.add(doc.position, fmt::format("{}: {}", path, d.message));
          return group;
        }
      }
      ManifestDoc out = manifest_doc(made);
      context.catalog.add(out);
      group.docs.push_back(std::move(out));
    }
  }
  return group;
}

}  // namespace wavetank::scenario
