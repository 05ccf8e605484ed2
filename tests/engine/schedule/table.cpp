#include "tests/engine/schedule/table.h"
#include "tests/engine/schedule/volume_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "engine/model/decode.h"

namespace wavetank::schedule_table {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

std::string value_of(const std::vector<std::string>& words, std::string_view key, std::string_view fallback = "") {
  for (const std::string& w : words) {
    if (w.size() > key.size() && w.compare(0, key.size(), key) == 0 && w[key.size()] == '=')
      return w.substr(key.size() + 1);
  }
  return std::string(fallback);
}

std::string labels_of(const std::vector<std::string>& words) {
  static constexpr std::string_view kOther[] = {"cpu",  "memory",   "pods", "gpu",   "zone",  "region",
                                                "host", "priority", "port", "image", "taint", "claim"};
  std::string out;
  for (const std::string& w : words) {
    const auto eq = w.find('=');
    if (eq == std::string::npos) continue;
    const std::string key = w.substr(0, eq);
    if (std::find(std::begin(kOther), std::end(kOther), key) != std::end(kOther)) continue;
    out += fmt::format("{}{}: '{}'", out.empty() ? "" : ", ", key, w.substr(eq + 1));
  }
  return out;
}

std::string trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t") - from + 1));
}

}  // namespace

Cluster::Cluster(schedule::Settings settings) : scheduler(settings) {
  fact(event::RunStarted{"table", "test", settings.seed, 1, 1'735'689'600});
  create("{apiVersion: v1, kind: Namespace, metadata: {name: default}}");
}

base::Seq Cluster::fact(event::Payload payload) {
  const event::Event e{state.last_seq + 1, now, 0, std::move(payload)};
  state::evolve(state, e);
  scheduler.observe(e, view());
  if (second != nullptr) second->observe(e, view());
  return e.seq;
}

base::Seq Cluster::create(const std::string& yaml) {
  auto docs = model::parse_yaml(yaml, "table");
  INFO(yaml);
  REQUIRE(docs.has_value());
  model::Doc& doc = docs->front();
  model::apply_defaults(doc);
  return fact(event::ObjectCreated{model::kind_from_gvk(doc.string_or("apiVersion"), doc.string_or("kind")),
                                   model::to_canonical_json(doc)});
}

event::PodId Cluster::pod(std::string_view pod_name) const {
  return view().find(model::Kind::Pod, "default", pod_name).as<event::PodId>();
}
event::NodeId Cluster::node(std::string_view node_name) const {
  return view().find(model::Kind::Node, "", node_name).as<event::NodeId>();
}
std::string Cluster::name(event::NodeId id) const { return std::string(view().text(view().node(id).header.name)); }

void Cluster::make_node(std::string_view node_name, const std::vector<std::string>& words) {
  std::string labels = fmt::format("kubernetes.io/hostname: '{}'", value_of(words, "host", node_name));
  if (const std::string zone = value_of(words, "zone"); !zone.empty())
    labels += ", topology.kubernetes.io/zone: " + zone;
  if (const std::string region = value_of(words, "region"); !region.empty())
    labels += ", topology.kubernetes.io/region: " + region;
  if (const std::string own = labels_of(words); !own.empty()) labels += ", " + own;
  std::string taints;
  for (const std::string& w : words) {
    if (w.compare(0, 6, "taint=") != 0) continue;
    const std::string effect = w.substr(w.find(':') + 1);
    taints += fmt::format("{}{{key: {}, value: '', effect: {}}}", taints.empty() ? "" : ", ",
                          w.substr(6, w.find(':') - 6), effect);
  }
  const bool cordoned = std::find(words.begin(), words.end(), "cordoned") != words.end();
  std::string gpu = value_of(words, "gpu");
  if (!gpu.empty()) gpu = ", vendor.com/gpu: '" + gpu + "'";
  std::string images;
  if (const std::string image = value_of(words, "image"); !image.empty()) {
    images = fmt::format(", images: [{{names: ['{}'], sizeBytes: 500000000}}]", image);
  }
  create(
      fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: {}, labels: {{{}}}}}, spec: {{taints: [{}], "
                  "unschedulable: {}}}, "
                  "status: {{allocatable: {{cpu: '{}', memory: {}, pods: '{}'{}}}{}}}}}",
                  node_name, labels, taints, cordoned, value_of(words, "cpu", "4"), value_of(words, "memory", "8Gi"),
                  value_of(words, "pods", "110"), gpu, images));
}

void Cluster::make_pod(std::string_view pod_name, const std::vector<std::string>& words, const std::string& spec) {
  std::string requests;
  for (const char* resource : {"cpu", "memory"}) {
    if (const std::string amount = value_of(words, resource); !amount.empty())
      requests += fmt::format("{}: '{}', ", resource, amount);
  }
  if (const std::string gpu = value_of(words, "gpu"); !gpu.empty())
    requests += fmt::format("vendor.com/gpu: '{}'", gpu);
  std::string port;
  if (const std::string p = value_of(words, "port"); !p.empty())
    port = fmt::format(", ports: [{{containerPort: {0}, hostPort: {0}}}]", p);
  std::string more = spec.size() > 2 ? ", " + spec.substr(1, spec.size() - 2) : "";
  if (const std::string volumes = volumes_of(words); !volumes.empty()) more += ", " + volumes;
  create(
      fmt::format("{{apiVersion: v1, kind: Pod, metadata: {{name: {}, namespace: default, labels: {{{}}}}}, spec: "
                  "{{priority: {}, containers: [{{name: c, "
                  "image: '{}', resources: {{requests: {{{}}}}}{}}}]{}}}}}",
                  pod_name, labels_of(words), value_of(words, "priority", "0"), value_of(words, "image", "app:1"),
                  requests, port, more));
}

void Cluster::make_budget(const std::vector<std::string>& words) {
  create(
      fmt::format("{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: {}, namespace: default}}, "
                  "spec: {{minAvailable: 1, selector: "
                  "{{matchLabels: {{{}}}}}}}}}",
                  words[1], labels_of(words)));
  const auto ref = view().find(model::Kind::PodDisruptionBudget, "default", words[1]);
  fact(event::PdbStatusChanged{ref.as<event::PdbId>(), 1, 1, 1, std::stoi(words.back()), 1});
}

void Cluster::line(std::string_view text) {
  const auto open = text.find('{');
  const auto close = text.rfind('}');
  const std::string spec = open == std::string_view::npos ? "" : std::string(text.substr(open, close - open + 1));
  const std::string plain = open == std::string_view::npos
                                ? std::string(text)
                                : std::string(text.substr(0, open)) + std::string(text.substr(close + 1));
  const std::vector<std::string> words = split(plain);
  if (words.front() == "node") return make_node(words[1], words);
  if (make_storage(*this, words)) return;
  if (words.front() == "budget") return make_budget(words);
  if (words.front() == "service") {
    create(
        fmt::format("{{apiVersion: v1, kind: Service, metadata: {{name: {}, namespace: default}}, spec: {{selector: "
                    "{{{}}}, ports: [{{port: 80}}]}}}}",
                    words[1], labels_of(words)));
    return;
  }
  make_pod(words[1], words, spec);
  if (words.front() != "placed") return;
  fact(event::PodBound{pod(words[1]), node(words[3])});
  fact(event::PodPhaseChanged{pod(words[1]), event::Phase::Running, ""});
}

std::string Cluster::attempt() {
  const auto decision = scheduler.schedule_one(view());
  if (!decision) return "idle";
  scheduler.end_attempt(view());
  const std::string who = name(decision->pod) + " -> ";
  if (decision->outcome == schedule::Decision::Outcome::Bind) {
    const std::string volumes = apply_volumes(*this, *decision);
    fact(event::PodBound{decision->pod, decision->node});
    return who + name(decision->node) + volumes;
  }
  if (decision->nominated.valid()) {
    std::vector<std::string> victims;
    for (const event::PodId v : decision->victims) victims.push_back(name(v));
    fact(event::PodNominated{decision->pod, decision->nominated});
    for (const event::PodId v : decision->victims) fact(event::PodRemoved{v});
    return fmt::format("{}evicts {} on {}", who, fmt::join(victims, " "), name(decision->nominated));
  }
  return who + "none: " + decision->message;
}

std::string differences(std::string_view table, const schedule::Settings& settings) {
  Cluster cluster(settings);
  std::string out;
  std::istringstream in{std::string(table)};
  for (std::string raw; std::getline(in, raw);) {
    cluster.now = cluster.now + base::seconds(1);
    const std::string row = trim(raw);
    if (row.empty() || row.front() == '#') continue;
    const auto arrow = row.find("->");
    cluster.line(row.substr(0, arrow));
    if (arrow == std::string::npos) continue;
    const std::string wanted = trim(row.substr(arrow + 2));
    std::string got = cluster.attempt();
    got = got.find("-> ") == std::string::npos ? got : got.substr(got.find("-> ") + 3);
    const bool none = wanted.compare(0, 5, "none:") == 0;
    const bool ok =
        none ? got.compare(0, 5, "none:") == 0 && got.find(trim(wanted.substr(5))) != std::string::npos : got == wanted;
    if (!ok) out += fmt::format("{}\n   but came out as: {}\n", row, got);
  }
  return out;
}

}  // namespace wavetank::schedule_table
