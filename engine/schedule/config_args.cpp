// pluginConfig: arguments by plugin. Sources: pkg/scheduler/apis/config/v1/defaults.go,
// pkg/scheduler/apis/config/validation/validation_pluginargs.go, k8s.io/component-helpers/scheduling/corev1/
// nodeaffinity.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/time.h"
#include "engine/model/read.h"
#include "engine/model/schema.h"
#include "engine/schedule/config_reader.h"
#include "engine/schedule/plugins/resource_allocation.h"

namespace wavetank::schedule {
namespace {

constexpr std::string_view kVersion = "kubescheduler.config.k8s.io/v1";

void in_range(const Place& place, std::int64_t least, std::int64_t most) {
  const auto value = int_at(place);
  if (value && (*value < least || *value > most))
    place.invalid(fmt::format("not in valid range [{}, {}]", least, most));
}

/// A resource's weight: none and 0 mean 1.
std::int64_t weight_at(const Place& resource) {
  const std::int64_t weight = int_at(resource["weight"]).value_or(1);
  return weight == 0 ? 1 : weight;
}

/// The list of resources to score by.
std::vector<Place> scored_at(const Place& resources) {
  std::vector<Place> out = resources.items();
  if (out.size() > kMaxScoredResources)
    resources.invalid_value(std::to_string(out.size()),
                            fmt::format("must be at most {} resources here", kMaxScoredResources));
  return out;
}

// ---- NodeResourcesFit ----

std::vector<ShapePoint> read_shape(const Place& shape) {
  std::vector<ShapePoint> out;
  const std::vector<Place> points = shape.items();
  if (points.empty()) shape.required("at least one point must be specified");
  bool sorted = true;
  for (const Place& p : points) {
    const std::int64_t utilization = int_at(p["utilization"]).value_or(0);
    if (sorted && !out.empty() && utilization <= out.back().utilization) {
      p["utilization"].invalid_value(std::to_string(utilization), "values must be sorted in increasing order");
      sorted = false;
    }
    in_range(p["utilization"], 0, 100);
    in_range(p["score"], 0, 10);
    out.push_back({utilization, int_at(p["score"]).value_or(0) * 10});
  }
  return out;
}

void read_strategy(const Place& strategy, FitArgs& out) {
  if (!strategy) return;
  const Place type = strategy["type"];
  const std::string word = text_at(type).value_or("");
  constexpr std::pair<std::string_view, ScoringStrategy> kTypes[] = {
      {"LeastAllocated", ScoringStrategy::LeastAllocated},
      {"MostAllocated", ScoringStrategy::MostAllocated},
      {"RequestedToCapacityRatio", ScoringStrategy::RequestedToCapacityRatio}};
  const auto* known =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& t) { return t.first == word; });
  if (known != std::end(kTypes)) {
    out.strategy = known->second;
  } else if (!type || text_at(type)) {
    type.unsupported({"LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"});
  }
  const std::vector<Place> resources = scored_at(strategy["resources"]);
  if (!resources.empty()) out.resources.clear();
  for (const Place& r : resources) {
    const std::string name = text_at(r["name"]).value_or("");
    const std::int64_t weight = weight_at(r);
    if (weight <= 0 || weight > 100)
      r["weight"].invalid(fmt::format("resource weight of {} not in valid range (0, 100]", name));
    out.resources.push_back({name, weight});
  }
  const Place ratio = strategy["requestedToCapacityRatio"];
  if (word == "RequestedToCapacityRatio") {
    if (!ratio) {
      ratio.required("must be specified when type is RequestedToCapacityRatio");
    } else {
      out.shape = read_shape(ratio["shape"]);
    }
  } else if (ratio) {
    ratio.forbidden("must be nil when type is not RequestedToCapacityRatio");
  }
}

void read_fit(const Place& args, FitArgs& out) {
  for (const Place& r : args["ignoredResources"].items()) {
    const auto name = text_at(r);
    if (!name) continue;
    r.each_invalid(model::check_qualified_name(*name));
    out.ignored_resources.push_back(*name);
  }
  for (const Place& g : args["ignoredResourceGroups"].items()) {
    const auto name = text_at(g);
    if (!name) continue;
    if (name->find('/') != std::string::npos) g.invalid("resource group name can't contain '/'");
    g.each_invalid(model::check_qualified_name(*name));
    out.ignored_resource_groups.push_back(*name);
  }
  read_strategy(args["scoringStrategy"], out);
}

void read_balanced(const Place& args, BalancedArgs& out) {
  const std::vector<Place> resources = scored_at(args["resources"]);
  if (!resources.empty()) out.resources.clear();
  for (const Place& r : resources) {
    const std::string name = text_at(r["name"]).value_or("");
    const bool seen =
        std::any_of(out.resources.begin(), out.resources.end(), [&](const auto& other) { return other.name == name; });
    if (seen) r["name"].duplicate();
    if (weight_at(r) != 1) r["weight"].invalid("must be 1");
    if (!seen) out.resources.push_back({name, 1});
  }
}

// ---- NodeAffinity ----

std::string joined(const model::Messages& messages) { return fmt::format("{}", fmt::join(messages, "; ")); }

bool is_integer(std::string_view text) {
  if (text.size() > 1 && text.front() == '+') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size();
}

/// labels.NewRequirement.
void check_requirement(const Place& e) {
  const Place op = e["operator"];
  const Place values = e["values"];
  const std::vector<Place> list = values.items();
  const std::string word = text_at(op).value_or("");
  const std::string shown_values = values ? model::shown(*values.doc()) : "null";
  const bool known =
      word == "In" || word == "NotIn" || word == "Exists" || word == "DoesNotExist" || word == "Gt" || word == "Lt";
  if (!known) {
    if (!op || text_at(op)) op.unsupported({"DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"});
    return;
  }
  const std::string key = text_at(e["key"]).value_or("");
  if (const model::Messages wrong = model::check_qualified_name(key); !wrong.empty())
    e["key"].invalid_value(fmt::format("\"{}\"", key), joined(wrong));
  if ((word == "In" || word == "NotIn") && list.empty())
    values.invalid_value(shown_values, "for 'in', 'notin' operators, values set can't be empty");
  if ((word == "Exists" || word == "DoesNotExist") && !list.empty())
    values.invalid_value(shown_values, "values set must be empty for exists and does not exist");
  if (word == "Gt" || word == "Lt") {
    if (list.size() != 1) values.invalid_value(shown_values, "for 'Gt', 'Lt' operators, exactly one value is required");
    for (const Place& v : list) {
      if (text_at(v) && !is_integer(v.text())) v.invalid("for 'Gt', 'Lt' operators, the value must be an integer");
    }
  }
  for (const Place& v : list) {
    if (const model::Messages wrong = model::check_label_value(v.text()); text_at(v) && !wrong.empty())
      v.invalid(joined(wrong));
  }
}

void check_field_requirement(const Place& e) {
  const Place op = e["operator"];
  const std::string word = text_at(op).value_or("");
  if (word != "In" && word != "NotIn") {
    if (!op || text_at(op)) op.unsupported({"In", "NotIn"});
    return;
  }
  const Place values = e["values"];
  if (values.items().size() != 1)
    values.invalid_value(values ? model::shown(*values.doc()) : "null", "must have one element");
}

void check_term(const Place& term) {
  for (const Place& e : term["matchExpressions"].items()) check_requirement(e);
  for (const Place& e : term["matchFields"].items()) check_field_requirement(e);
}

void read_affinity(const Place& args, NodeAffinityArgs& out) {
  const Place added = args["addedAffinity"];
  if (!added || !added.doc()->is_object()) return;
  const Place required = added["requiredDuringSchedulingIgnoredDuringExecution"];
  for (const Place& term : required["nodeSelectorTerms"].items()) check_term(term);
  for (const Place& term : added["preferredDuringSchedulingIgnoredDuringExecution"].items()) {
    // Kubernetes leaves ".preference" out of these paths.
    if (int_at(term["weight"]).value_or(0) != 0) check_term(term["preference"].renamed(term.path()));
  }
  out.added = model::read_node_affinity(*added.doc());
}

// ---- PodTopologySpread ----

void check_constraint(const Place& c) {
  const Place skew = c["maxSkew"];
  if ((!skew || int_at(skew)) && skew.number() <= 0)
    skew.invalid_value(std::to_string(skew.number()), "not in valid range (0, inf)");
  const Place key = c["topologyKey"];
  if (!key || key.text().empty()) {
    key.required("can not be empty");
  } else if (text_at(key)) {
    key.each_invalid(model::check_qualified_name(key.text()));
  }
  const Place when = c["whenUnsatisfiable"];
  if (!when || when.text().empty()) {
    when.required("can not be empty");
  } else if (text_at(when)) {
    when.one_of({"DoNotSchedule", "ScheduleAnyway"});
  }
  if (c["labelSelector"])
    c["labelSelector"].forbidden("constraint must not define a selector, as they deduced for each pod");
}

void read_spread(const Place& args, PodTopologySpreadArgs& out) {
  const Place type = args["defaultingType"];
  const Place constraints = args["defaultConstraints"];
  const std::string word = text_at(type).value_or("");
  if (!word.empty() && word != "System" && word != "List") {
    type.unsupported({"System", "List"});
  } else if (word != "List" && (!type || text_at(type)) && !constraints.items().empty()) {
    type.invalid_value("\"System\"", "when .defaultConstraints are not empty");
  }
  out.system_defaults = word != "List";
  std::vector<std::string> seen;
  for (const Place& c : constraints.items()) {
    check_constraint(c);
    const std::string pair = fmt::format("\"{{{}, {}}}\"", c["topologyKey"].text(), c["whenUnsatisfiable"].text());
    if (std::find(seen.begin(), seen.end(), pair) != seen.end()) c.duplicate_value(pair);
    seen.push_back(pair);
    if (c && c.doc()->is_object()) out.default_constraints.push_back(model::read_spread_constraint(*c.doc()));
  }
}

// ---- The others ----

void read_inter_pod(const Place& args, InterPodAffinityArgs& out) {
  in_range(args["hardPodAffinityWeight"], 0, 100);
  out.hard_pod_affinity_weight = int_at(args["hardPodAffinityWeight"]).value_or(1);
  out.ignore_preferred_terms_of_existing_pods = model::get_bool(args.doc(), "ignorePreferredTermsOfExistingPods");
}

void read_preemption(const Place& args, PreemptionArgs& out) {
  const Place percentage = args["minCandidateNodesPercentage"];
  const Place absolute = args["minCandidateNodesAbsolute"];
  in_range(percentage, 0, 100);
  if (int_at(absolute).value_or(0) < 0) absolute.invalid("not in valid range [0, inf)");
  out.min_candidate_nodes_percentage = int_at(percentage).value_or(10);
  out.min_candidate_nodes_absolute = int_at(absolute).value_or(100);
  if (out.min_candidate_nodes_percentage == 0 && out.min_candidate_nodes_absolute == 0) {
    percentage.invalid("cannot be zero at the same time as minCandidateNodesAbsolute");
    absolute.invalid("cannot be zero at the same time as minCandidateNodesPercentage");
  }
}

void read_volume_binding(const Place& args, VolumeBindingArgs& out) {
  const Place timeout = args["bindTimeoutSeconds"];
  out.bind_timeout_seconds = int_at(timeout).value_or(600);
  if (out.bind_timeout_seconds < 0) timeout.invalid("invalid BindTimeoutSeconds, should not be a negative value");
  if (args["shape"])
    args["shape"].invalid("unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring");
}

void read_dynamic_resources(const Place& args) {
  const Place timeout = args["filterTimeout"];
  if (!text_at(timeout)) return;
  const auto span = base::parse_duration(timeout.text());
  if (!span) {
    timeout.invalid(span.error().front().message);
  } else if (span->ns < 0) {
    timeout.invalid("must be zero or positive");
  }
}

}  // namespace

void read_plugin_args(const InTreePlugin& plugin, const Place& args, std::string_view file, base::Diagnostics& errors,
                      Profile& profile) {
  if (!args) return;
  const std::string kind = std::string(plugin.name) + "Args";
  if (!model::check_structure(*args.doc(), kind, args.path(), file, errors)) {
    args.forbidden(fmt::format("{} takes no arguments", plugin.name));
    return;
  }
  if (const auto written = text_at(args["apiVersion"]); written && *written != kVersion)
    args["apiVersion"].unsupported({kVersion});
  if (const auto written = text_at(args["kind"]); written && *written != kind)
    args["kind"].invalid(
        fmt::format("args for plugin {0} were not of type {1}.kubescheduler.config.k8s.io, got "
                    "{2}.kubescheduler.config.k8s.io",
                    plugin.name, kind, *written));
  if (plugin.name == "NodeResourcesFit") read_fit(args, profile.fit);
  if (plugin.name == "NodeResourcesBalancedAllocation") read_balanced(args, profile.balanced);
  if (plugin.name == "NodeAffinity") read_affinity(args, profile.node_affinity);
  if (plugin.name == "PodTopologySpread") read_spread(args, profile.spread);
  if (plugin.name == "InterPodAffinity") read_inter_pod(args, profile.inter_pod);
  if (plugin.name == "DefaultPreemption") read_preemption(args, profile.preemption);
  if (plugin.name == "VolumeBinding") read_volume_binding(args, profile.volume_binding);
  if (plugin.name == "DynamicResources") read_dynamic_resources(args);
}

}  // namespace wavetank::schedule
