// The rules of quotas, limits and runtime classes. Source: kubernetes/pkg/apis/core/validation/validation.go
// (ValidateResourceQuota, ValidateLimitRange) and pkg/apis/node/validation of 1.34.
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {

namespace {

using base::Quantity;

constexpr std::array<std::string_view, 19> kQuotaResources = {"cpu",
                                                              "memory",
                                                              "ephemeral-storage",
                                                              "requests.cpu",
                                                              "requests.memory",
                                                              "requests.storage",
                                                              "requests.ephemeral-storage",
                                                              "limits.cpu",
                                                              "limits.memory",
                                                              "limits.ephemeral-storage",
                                                              "pods",
                                                              "resourcequotas",
                                                              "services",
                                                              "replicationcontrollers",
                                                              "secrets",
                                                              "persistentvolumeclaims",
                                                              "configmaps",
                                                              "services.nodeports",
                                                              "services.loadbalancers"};
constexpr std::array<std::string_view, 9> kCounted = {
    "pods",       "resourcequotas",         "services",           "replicationcontrollers", "secrets",
    "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"};
constexpr std::array<std::string_view, 6> kPodCompute = {
    "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};
constexpr std::array<std::string_view, 7> kScopes = {"BestEffort",           "NotBestEffort",
                                                     "Terminating",          "NotTerminating",
                                                     "PriorityClass",        "CrossNamespacePodAffinity",
                                                     "VolumeAttributesClass"};

template <std::size_t N>
bool is_one(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_huge_pages(std::string_view name) {
  return name.starts_with("hugepages-") || name.starts_with("requests.hugepages-");
}

bool is_quota_resource(std::string_view name) { return is_one(kQuotaResources, name) || is_huge_pages(name); }

/// "example.com/gpu", not "requests.…" and not of Kubernetes' own.
bool is_extended(std::string_view name) {
  return name.find('/') != std::string_view::npos && name.find("kubernetes.io/") == std::string_view::npos &&
         !name.starts_with("requests.");
}

std::optional<Quantity> quantity_of(const Place& at) {
  if (!at) return std::nullopt;
  const auto quantity = Quantity::parse(at.text());
  return quantity ? std::optional<Quantity>(*quantity) : std::nullopt;
}

void validate_resource_name(const Place& at, std::string_view name) {
  for (const std::string& m : check_qualified_name(name)) at.invalid_value("\"" + std::string(name) + "\"", m);
  if (name.find('/') == std::string_view::npos && !is_quota_resource(name) && name != "storage")
    at.invalid_value("\"" + std::string(name) + "\"", "must be a standard resource type or fully qualified");
}

// ---- ResourceQuota
// ------------------------------------------------------------------------------------------------------------------------

void validate_hard(const Place& hard) {
  for (const Doc::Member& m : hard.members()) {
    const Place at = hard.entry(m);
    validate_resource_name(at, m.key);
    if (m.key.find('/') == std::string::npos && !is_quota_resource(m.key))
      at.invalid_value("\"" + m.key + "\"", "must be a standard resource for quota");
    const auto quantity = quantity_of(at);
    if (!quantity) continue;
    if (quantity->is_negative()) at.invalid(kNotNegative);
    if ((is_one(kCounted, m.key) || is_extended(m.key)) && quantity->milli_value() % 1000 != 0)
      at.invalid("must be an integer");
  }
}

bool scope_fits(std::string_view scope, std::string_view resource) {
  if (scope == "BestEffort") return resource == "pods";
  if (scope == "VolumeAttributesClass") return resource == "persistentvolumeclaims" || resource == "requests.storage";
  return resource == "pods" || is_one(kPodCompute, resource);
}

/// Complaints of a scope point at the whole list, as Kubernetes makes them.
void validate_scope(const Place& hard, const Place& list, std::string_view scope) {
  for (const Doc::Member& m : hard.members()) {
    if (is_quota_resource(m.key) && !scope_fits(scope, m.key)) list.invalid("unsupported scope applied to resource");
  }
}

void validate_conflicts(const Place& list, const std::vector<std::string>& scopes) {
  const auto has = [&](const char* scope) { return std::find(scopes.begin(), scopes.end(), scope) != scopes.end(); };
  if (has("BestEffort") && has("NotBestEffort")) list.invalid("conflicting scopes");
  if (has("Terminating") && has("NotTerminating")) list.invalid("conflicting scopes");
}

void validate_scopes(const Place& spec) {
  const Place list = spec["scopes"];
  std::vector<std::string> scopes;
  for (const Place& scope : list.items()) {
    if (!is_one(kScopes, scope.text())) list.invalid("unsupported scope");
    validate_scope(spec["hard"], list, scope.text());
    scopes.push_back(scope.text());
  }
  validate_conflicts(list, scopes);
}

void validate_scope_selector(const Place& spec) {
  const Place selector = spec["scopeSelector"], list = selector["matchExpressions"];
  std::vector<std::string> scopes;
  for (const Place& item : list.items()) {
    const Place e = item.renamed(list.path());  // without the index
    const std::string& scope = e["scopeName"].text();
    const std::string& op = e["operator"].text();
    if (!is_one(kScopes, scope)) e["scopeName"].invalid("unsupported scope");
    validate_scope(spec["hard"], selector.renamed(list.path()), scope);
    if (scope != "PriorityClass" && scope != "VolumeAttributesClass" && is_one(kScopes, scope) && op != "Exists")
      e["operator"].invalid(
          "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
          "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
          "ResourceQuotaScopeCrossNamespacePodAffinity");
    const Place values = e["values"];
    if (op == "In" || op == "NotIn") {
      if (values.items().empty())
        values.required("must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!values.items().empty())
        values.invalid("must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
    } else {
      e["operator"].invalid("not a valid selector operator");
    }
    scopes.push_back(scope);
  }
  validate_conflicts(selector.renamed(list.path()), scopes);
}

// ---- LimitRange
// ---------------------------------------------------------------------------------------------------------------------------

/// Of huge pages and vendors' resources there is as much as is limited.
bool is_overcommitted(std::string_view name) {
  return !name.starts_with("hugepages-") &&
         (name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos);
}

void validate_limit_names(const Place& item, std::string_view key) {
  const std::string& type = item["type"].text();
  const Place list = item[key];
  if (type == "Pod" || type == "Container") return validate_resource_keys(list);
  for (const Doc::Member& m : list.members()) validate_resource_name(list.entry(m), m.key);
}

/// One resource of an item: how its bounds and defaults lie to each other.
void validate_limit(const Place& item, const std::string& name) {
  const auto at = [&](std::string_view key) {
    return item[key][name].renamed(fmt::format("{}[{}]", item[key].path(), name));
  };
  const auto min = quantity_of(at("min")), max = quantity_of(at("max")), normal = quantity_of(at("default")),
             request = quantity_of(at("defaultRequest")), ratio = quantity_of(at("maxLimitRequestRatio"));
  const auto shown_of = [](const Quantity& q) { return "\"" + q.text() + "\""; };
  const auto must_not_exceed = [&](const auto& low, const char* low_name, const auto& high, const char* high_name,
                                   std::string_view place, const auto& value) {
    if (low && high && low->compare(*high) > 0)
      at(place).invalid_value(shown_of(*value), fmt::format("{} value {} is greater than {} value {}", low_name,
                                                            low->text(), high_name, high->text()));
  };
  must_not_exceed(min, "min", max, "max", "min", min);
  must_not_exceed(min, "min", request, "default request", "defaultRequest", request);
  must_not_exceed(request, "default request", max, "max", "defaultRequest", request);
  must_not_exceed(request, "default request", normal, "default limit", "defaultRequest", request);
  must_not_exceed(min, "min", normal, "default", "default", min);
  must_not_exceed(normal, "default", max, "max", "default", max);
  if (!is_overcommitted(name) && normal && request && normal->compare(*request) != 0)
    at("defaultRequest")
        .invalid_value(shown_of(*request), fmt::format("default value {} must equal to defaultRequest value {} in {}",
                                                       normal->text(), request->text(), name));
  if (!ratio) return;
  const Place place = at("maxLimitRequestRatio");
  if (ratio->milli_value() < 1000)
    place.invalid_value(shown_of(*ratio), fmt::format("ratio {} is less than 1", ratio->text()));
  if (!min || !max || min->milli_value() == 0) return;
  const double most = static_cast<double>(max->milli_value()) / static_cast<double>(min->milli_value());
  if (static_cast<double>(ratio->milli_value()) > most * 1000)
    place.invalid_value(shown_of(*ratio), fmt::format("ratio {} is greater than max/min = {:f}", ratio->text(), most));
}

void validate_limit_item(const Place& item) {
  const Place type = item["type"];
  type.each_invalid(check_qualified_name(type.text()));
  if (type.text().find('/') == std::string::npos && type.text() != "Pod" && type.text() != "Container" &&
      type.text() != "PersistentVolumeClaim")
    type.invalid("must be a standard limit type or fully qualified");
  for (const char* key : {"max", "min"}) validate_limit_names(item, key);
  for (const char* key : {"default", "defaultRequest"}) {
    if (type.text() != "Pod") {
      validate_limit_names(item, key);
    } else if (!item[key].members().empty()) {
      item[key].forbidden("may not be specified when `type` is 'Pod'");
    }
  }
  if (type.text() == "PersistentVolumeClaim" && !item["min"]["storage"] && !item["max"]["storage"])
    item["limits"].required("either minimum or maximum storage value is required, but neither was provided");
  validate_limit_names(item, "maxLimitRequestRatio");
  std::vector<std::string> names;
  for (const char* key : {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"})
    for (const Doc::Member& m : item[key].members()) names.push_back(m.key);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) validate_limit(item, name);
}

}  // namespace

void validate_resource_quota(const Place& root, const ResourceQuota&) {
  const Place spec = root["spec"];
  validate_hard(spec["hard"]);
  validate_scopes(spec);
  validate_scope_selector(spec);
}

void validate_limit_range(const Place& root, const LimitRange&) {
  std::vector<std::string> types;
  for (const Place& item : root["spec"]["limits"].items()) {
    validate_limit_item(item);
    const std::string& type = item["type"].text();
    if (std::find(types.begin(), types.end(), type) != types.end()) item["type"].duplicate();
    types.push_back(type);
  }
}

void validate_runtime_class(const Place& root, const RuntimeClass&) {
  const Place handler = root["handler"];
  handler.each_invalid(check_dns_label(handler.text()));
  validate_resource_names(root["overhead"]["podFixed"], true);
  const Place scheduling = root["scheduling"];
  validate_labels(scheduling["nodeSelector"]);
  validate_tolerations(scheduling["tolerations"]);
  std::vector<std::string> seen;
  for (const Place& t : scheduling["tolerations"].items()) {
    std::string key;
    for (const char* field : {"key", "operator", "value", "effect"}) key += t[field].text() + '\n';
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) t.duplicate();
    seen.push_back(std::move(key));
  }
}

}  // namespace wavetank::model
