#include "engine/conformance/config.h"

#include <algorithm>

#include "engine/model/decode.h"
#include "engine/schedule/plugins/registry.h"

namespace wavetank::conformance {
namespace {

using model::Doc;
using schedule::Profile;

std::vector<schedule::ResourceWeight> read_resources(const Doc& list) {
  std::vector<schedule::ResourceWeight> out;
  for (const Doc& r : list.items) out.push_back({std::string(r.string_or("name")), r.int_or("weight", 1)});
  return out;
}

std::vector<std::string> read_strings(const Doc* list) {
  std::vector<std::string> out;
  if (list != nullptr) {
    for (const Doc& s : list->items) out.push_back(s.text);
  }
  return out;
}

void read_fit(const Doc& args, schedule::FitArgs& out) {
  out.ignored_resources = read_strings(args.find("ignoredResources"));
  out.ignored_resource_groups = read_strings(args.find("ignoredResourceGroups"));
  const Doc* strategy = args.find("scoringStrategy");
  if (strategy == nullptr) return;
  if (strategy->string_or("type") == "MostAllocated") out.strategy = schedule::ScoringStrategy::MostAllocated;
  if (strategy->string_or("type") == "RequestedToCapacityRatio")
    out.strategy = schedule::ScoringStrategy::RequestedToCapacityRatio;
  if (const Doc* resources = strategy->find("resources")) out.resources = read_resources(*resources);
  if (const Doc* shape = strategy->at({"requestedToCapacityRatio", "shape"})) {
    for (const Doc& p : shape->items) out.shape.push_back({p.int_or("utilization", 0), p.int_or("score", 0) * 10});
  }
}

/// Affinity and constraints are read by the reader of pods.
model::PodSpec read_spec(std::string_view key, Doc value) {
  Doc pod = Doc::object();
  pod["apiVersion"] = Doc::string("v1");
  pod["kind"] = Doc::string("Pod");
  pod["metadata"]["name"] = Doc::string("p");
  pod["spec"]["containers"] = Doc::array();
  pod["spec"][key] = std::move(value);
  const auto read = model::decode(std::move(pod), "config");
  return read ? std::get<model::Pod>(read->spec).tmpl.spec : model::PodSpec{};
}

void read_args(std::string_view name, const Doc& args, Profile& out) {
  if (name == "NodeResourcesFit") read_fit(args, out.fit);
  if (name == "NodeResourcesBalancedAllocation") {
    if (const Doc* r = args.find("resources")) out.balanced.resources = read_resources(*r);
  }
  if (name == "NodeAffinity") {
    if (const Doc* added = args.find("addedAffinity")) {
      Doc affinity = Doc::object();
      affinity["nodeAffinity"] = *added;
      out.node_affinity.added = read_spec("affinity", affinity).affinity.node;
    }
  }
  if (name == "PodTopologySpread") {
    out.spread.system_defaults = args.string_or("defaultingType", "System") == "System";
    if (const Doc* c = args.find("defaultConstraints")) {
      out.spread.default_constraints = read_spec("topologySpreadConstraints", *c).topology_spread_constraints;
    }
  }
  if (name == "InterPodAffinity") {
    out.inter_pod.hard_pod_affinity_weight = args.int_or("hardPodAffinityWeight", 1);
    out.inter_pod.ignore_preferred_terms_of_existing_pods = args.bool_or("ignorePreferredTermsOfExistingPods", false);
  }
}

bool names(const Doc* list, std::string_view name) {
  return list != nullptr && std::any_of(list->items.begin(), list->items.end(), [&](const Doc& d) {
           return d.string_or("name") == name || d.string_or("name") == "*";
         });
}

const Doc* part(const Doc* plugins, std::string_view point, std::string_view which) {
  return plugins == nullptr ? nullptr : plugins->at({point, which});
}

/// Order at a point: enabled there and in multiPoint first, then the rest of multiPoint, then what was disabled and
/// enabled again.
std::vector<schedule::WeightedPlugin> at_point(const Doc* plugins, std::string_view point,
                                               std::vector<schedule::WeightedPlugin> defaults) {
  const Doc* multi_disabled = part(plugins, "multiPoint", "disabled");
  const Doc* disabled = part(plugins, point, "disabled");
  const Doc* enabled = part(plugins, point, "enabled");
  const Doc* multi_enabled = part(plugins, "multiPoint", "enabled");
  std::vector<schedule::WeightedPlugin> multi;
  std::vector<schedule::WeightedPlugin> candidates = defaults;
  if (multi_disabled != nullptr &&
      multi_enabled != nullptr) {  // disabled and enabled again: last, in the order written
    std::vector<schedule::WeightedPlugin> again;
    for (const Doc& e : multi_enabled->items) {
      if (!names(multi_disabled, e.string_or("name"))) continue;
      const auto at = std::find_if(candidates.begin(), candidates.end(),
                                   [&](const auto& p) { return p.name == e.string_or("name"); });
      if (at == candidates.end()) continue;
      again.push_back(*at);
      candidates.erase(at);
    }
    candidates.insert(candidates.end(), again.begin(), again.end());
  }
  for (schedule::WeightedPlugin p : candidates) {
    if (names(multi_disabled, p.name) && !names(multi_enabled, p.name)) continue;
    if (multi_enabled != nullptr) {
      for (const Doc& e : multi_enabled->items) {
        if (e.string_or("name") == p.name && e.int_or("weight", 0) != 0) p.weight = e.int_or("weight", 0);
      }
    }
    multi.push_back(std::move(p));
  }
  std::vector<schedule::WeightedPlugin> first;
  std::vector<schedule::WeightedPlugin> last;
  if (enabled != nullptr) {
    for (const Doc& e : enabled->items) {
      const auto is = [&](const schedule::WeightedPlugin& p) { return p.name == e.string_or("name"); };
      const auto at = std::find_if(multi.begin(), multi.end(), is);
      const auto by_default = std::find_if(defaults.begin(), defaults.end(), is);
      if (by_default == defaults.end()) continue;
      const std::int64_t weight = e.int_or("weight", 0) != 0 ? e.int_or("weight", 0)
                                  : at != multi.end()        ? at->weight
                                                             : by_default->weight;
      const bool override_it = at != multi.end() && !names(disabled, e.string_or("name"));
      (override_it ? first : last).push_back({std::string(e.string_or("name")), weight});
    }
  }
  std::vector<schedule::WeightedPlugin> out = first;
  for (const schedule::WeightedPlugin& p : multi) {
    if (!names(disabled, p.name) && !names(enabled, p.name)) out.push_back(p);
  }
  out.insert(out.end(), last.begin(), last.end());
  return out;
}

void order_point(const Doc* plugins, std::string_view point, std::vector<std::string>& list) {
  std::vector<schedule::WeightedPlugin> with_weights;
  for (const std::string& name : list) with_weights.push_back({name, 1});
  list.clear();
  for (const auto& p : at_point(plugins, point, with_weights)) list.push_back(p.name);
}

}  // namespace

Profile read_profile(const Doc& config) {
  Profile out = schedule::default_profile();
  const Doc* profiles = config.find("profiles");
  if (profiles == nullptr || profiles->items.empty()) return out;
  const Doc& profile = profiles->items.front();
  const Doc* plugins = profile.find("plugins");
  if (plugins != nullptr) {
    out.score = at_point(plugins, "score", out.score);
    order_point(plugins, "preFilter", out.pre_filter);
    order_point(plugins, "filter", out.filter);
    order_point(plugins, "postFilter", out.post_filter);
    order_point(plugins, "preEnqueue", out.pre_enqueue);
  }
  if (const Doc* config_list = profile.find("pluginConfig")) {
    for (const Doc& c : config_list->items) {
      if (const Doc* args = c.find("args")) read_args(c.string_or("name"), *args, out);
    }
  }
  return out;
}

}  // namespace wavetank::conformance
