// What tells the scheduler where a pod may go: affinity, tolerations, topology spread.

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

void validate_weight(const Place& weight) {
  if (weight.number() >= 1 && weight.number() <= 100) return;
  weight.invalid_value(std::to_string(weight.number()), "must be in the range 1-100");
}

void validate_node_expression(const Place& e) {
  const Place op = e["operator"];
  const std::size_t values = e["values"].items().size();
  if (op.text() == "In" || op.text() == "NotIn") {
    if (values == 0) e["values"].required("must be specified when `operator` is 'In' or 'NotIn'");
  } else if (op.text() == "Exists" || op.text() == "DoesNotExist") {
    if (values > 0) e["values"].forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (op.text() == "Gt" || op.text() == "Lt") {
    if (values != 1) e["values"].required("must be specified single value when `operator` is 'Lt' or 'Gt'");
  } else {
    op.invalid("not a valid selector operator");
  }
  e["key"].each_invalid(check_qualified_name(e["key"].text()));
}

void validate_node_field(const Place& e) {
  const Place op = e["operator"];
  if (op.text() != "In" && op.text() != "NotIn") {
    op.invalid("not a valid selector operator");
  } else if (e["values"].items().size() != 1) {
    e["values"].required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  }
  if (e["key"].text() != "metadata.name") return e["key"].invalid("not a valid field selector key");
  for (const Place& value : e["values"].items()) value.each_invalid(check_dns_subdomain(value.text()));
}

void validate_node_term(const Place& term) {
  for (const Place& e : term["matchExpressions"].items()) validate_node_expression(e);
  for (const Place& e : term["matchFields"].items()) validate_node_field(e);
}

void validate_node_affinity(const Place& affinity) {
  const Place required = affinity[kRequired];
  if (required) validate_node_selector(required);
  for (const Place& term : affinity[kPreferred].items()) {
    validate_weight(term["weight"]);
    validate_node_term(term["preference"]);
  }
}

void validate_topology_key(const Place& key) {
  if (key.text().empty()) return key.required("can not be empty");
  key.each_invalid(check_qualified_name(key.text()));
}

/// By then the keys have become requirements (merge_label_keys): one more requirement of the same key is the user's
/// own.
void validate_label_keys(const Place& owner, std::initializer_list<std::string_view> fields) {
  const Place selector = owner["labelSelector"];
  for (const std::string_view field : fields) {
    const Place keys = owner[field];
    if (keys.items().empty()) continue;
    if (!selector) {
      keys.forbidden("must not be specified when labelSelector is not set");
      continue;
    }
    for (const Place& key : keys.items()) key.each_invalid(check_qualified_name(key.text()));
  }
  const std::vector<Place> match = owner["matchLabelKeys"].items();
  if (selector) {
    std::vector<std::string> selected;
    for (const Doc::Member& label : selector["matchLabels"].members()) selected.push_back(label.key);
    for (const Place& e : selector["matchExpressions"].items()) {
      const std::string key(e["key"].text());
      const bool again = std::find(selected.begin(), selected.end(), key) != selected.end();
      for (std::size_t i = 0; again && i < match.size(); ++i) {
        if (match[i].text() != key) continue;  // Kubernetes points at the term: its path, then the key's number
        match[i]
            .renamed(fmt::format("{}[{}]", owner.path(), i))
            .invalid("exists in both matchLabelKeys and labelSelector");
      }
      selected.push_back(key);
    }
  }
  for (const Place& m : match) {
    for (const Place& other : owner["mismatchLabelKeys"].items()) {
      if (m.text() == other.text()) m.invalid("exists in both matchLabelKeys and mismatchLabelKeys");
    }
  }
}

void validate_pod_term(const Place& term) {
  validate_selector(term["labelSelector"]);
  validate_selector(term["namespaceSelector"]);
  for (const Place& ns : term["namespaces"].items()) ns.each_invalid(check_dns_label(ns.text()));
  validate_label_keys(term, {"matchLabelKeys", "mismatchLabelKeys"});
  validate_topology_key(term["topologyKey"]);
}

void validate_pod_affinity(const Place& affinity) {
  for (const Place& term : affinity[kRequired].items()) validate_pod_term(term);
  for (const Place& term : affinity[kPreferred].items()) {
    validate_weight(term["weight"]);
    validate_pod_term(term["podAffinityTerm"]);
  }
}

void validate_spread_constraint(const Place& c) {
  const Place skew = c["maxSkew"];
  if (skew.number() <= 0) skew.invalid_value(std::to_string(skew.number()), "must be greater than zero");
  validate_topology_key(c["topologyKey"]);
  const Place when = c["whenUnsatisfiable"];
  if (!when) when.unsupported({"DoNotSchedule", "ScheduleAnyway"});
  when.one_of({"DoNotSchedule", "ScheduleAnyway"});
  const Place domains = c["minDomains"];
  if (domains && domains.number() <= 0) domains.invalid("must be greater than zero");
  if (domains && when.text() == "ScheduleAnyway") {
    domains.invalid("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway");
  }
  c["nodeAffinityPolicy"].one_of({"Honor", "Ignore"});
  c["nodeTaintsPolicy"].one_of({"Honor", "Ignore"});
  validate_selector(c["labelSelector"]);
  validate_label_keys(c, {"matchLabelKeys"});
}

}  // namespace

void validate_node_selector(const Place& selector) {
  const Place terms = selector["nodeSelectorTerms"];
  if (terms.items().empty()) terms.required("must have at least one node selector term");
  for (const Place& term : terms.items()) validate_node_term(term);
}

void validate_affinity(const Place& affinity) {
  if (!affinity) return;
  validate_node_affinity(affinity["nodeAffinity"]);
  validate_pod_affinity(affinity["podAffinity"]);
  validate_pod_affinity(affinity["podAntiAffinity"]);
}

void validate_taint_effect(const Place& effect, bool required) {
  if (effect.text().empty()) {
    if (required) effect.required();
    return;
  }
  effect.one_of({"NoSchedule", "PreferNoSchedule", "NoExecute"});
}

void validate_tolerations(const Place& tolerations) {
  for (const Place& t : tolerations.items()) {
    const Place key = t["key"];
    const Place op = t["operator"];
    const Place value = t["value"];
    if (!key.text().empty()) key.each_invalid(check_qualified_name(key.text()));
    if (key.text().empty() && op.text() != "Exists") {
      op.invalid("operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
    }
    if (t["tolerationSeconds"] && t["effect"].text() != "NoExecute") {
      t["effect"].invalid("effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (op.text().empty() || op.text() == "Equal") {
      value.each_invalid(check_label_value(value.text()));
    } else if (op.text() == "Exists") {
      if (!value.text().empty()) op.invalid_value(shown(*t.doc()), "value must be empty when `operator` is 'Exists'");
    } else {
      op.unsupported({"Equal", "Exists"});
    }
    validate_taint_effect(t["effect"], false);
  }
}

void validate_spread(const Place& constraints) {
  std::vector<std::string> seen;
  for (const Place& c : constraints.items()) {
    validate_spread_constraint(c);
    const std::string pair = fmt::format("\"{{{}, {}}}\"", c["topologyKey"].text(), c["whenUnsatisfiable"].text());
    if (std::find(seen.begin(), seen.end(), pair) != seen.end()) c.duplicate_value(pair);
    seen.push_back(pair);
  }
}

}  // namespace wavetank::model
