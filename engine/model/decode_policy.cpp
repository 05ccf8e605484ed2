// Quotas, limits and runtime classes.
#include <algorithm>

#include "engine/model/read.h"

namespace wavetank::model {

namespace {

ResourceAmounts read_amounts(const Doc* doc, std::string_view key) {
  ResourceAmounts out;
  for (const Doc::Member& m : get_members(doc, key)) {
    if (const auto quantity = base::Quantity::parse(m.value.text)) out.emplace_back(m.key, *quantity);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

ScopeRequirement read_scope(const Doc& doc) {
  ScopeRequirement out;
  out.scope = get_string(&doc, "scopeName");
  const std::string op = get_string(&doc, "operator");
  if (op == "In") out.op = SelectorOp::In;
  if (op == "NotIn") out.op = SelectorOp::NotIn;
  if (op == "DoesNotExist") out.op = SelectorOp::DoesNotExist;
  out.values = get_strings(&doc, "values");
  return out;
}

}  // namespace

ResourceQuota read_resource_quota(const Doc& doc) {
  ResourceQuota out;
  const Doc* spec = get(&doc, "spec");
  out.hard = read_amounts(spec, "hard");
  for (std::string& scope : get_strings(spec, "scopes")) {
    out.scopes.emplace_back();
    out.scopes.back().scope = std::move(scope);
  }
  for (const Doc& e : get_items(get(spec, "scopeSelector"), "matchExpressions")) out.scopes.push_back(read_scope(e));
  return out;
}

LimitRange read_limit_range(const Doc& doc) {
  LimitRange out;
  for (const Doc& item : get_items(get(&doc, "spec"), "limits")) {
    out.items.push_back({get_string(&item, "type"), read_amounts(&item, "max"), read_amounts(&item, "min"),
                         read_amounts(&item, "default"), read_amounts(&item, "defaultRequest"),
                         read_amounts(&item, "maxLimitRequestRatio")});
  }
  return out;
}

RuntimeClass read_runtime_class(const Doc& doc) {
  RuntimeClass out;
  out.handler = get_string(&doc, "handler");
  if (const Doc* overhead = get(get(&doc, "overhead"), "podFixed"); overhead != nullptr)
    out.overhead = read_amounts(get(&doc, "overhead"), "podFixed");
  const Doc* scheduling = get(&doc, "scheduling");
  out.has_scheduling = scheduling != nullptr;
  out.node_selector = read_labels(scheduling, "nodeSelector");
  for (const Doc& t : get_items(scheduling, "tolerations")) out.tolerations.push_back(t);
  return out;
}

}  // namespace wavetank::model
