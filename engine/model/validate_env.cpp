// The environment of containers, and the fields of a pod that can be referred to: by the environment and by volumes of
// the downward API. Source: ValidateEnv, ValidateEnvFrom, validateObjectFieldSelector in pkg/apis/core/validation of
// 1.34, pkg/apis/core/pods ConvertDownwardAPIFieldLabel.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

using Words = std::vector<std::string_view>;

bool contains(const Words& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

const Words kEnvFields = {
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
const Words kVolumeFields = {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
                             "metadata.uid"};
/// Fields with names that are known but of no use here.
const Words kOtherFields = {"spec.restartPolicy", "spec.schedulerName", "status.phase",
                            "spec.terminationGracePeriodSeconds"};
const Words kResources = {"limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
                          "requests.cpu", "requests.ephemeral-storage", "requests.memory"};

/// "metadata.labels['a']" is the key a of the labels.
bool has_subscript(std::string_view text, std::string_view& path, std::string_view& key) {
  const std::size_t open = text.find("['");
  if (!text.ends_with("']") || open == std::string_view::npos || open == 0 || open + 4 > text.size()) return false;
  path = text.substr(0, open);
  key = text.substr(open + 2, text.size() - open - 4);
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

void validate_divisor(const Place& selector) {
  const Place divisor = selector["divisor"];
  const auto quantity = base::Quantity::parse(divisor.text());
  if (!divisor || !quantity || quantity->is_zero()) return;
  const std::string& resource = selector["resource"].text();
  const std::string text = quantity->text();
  const std::string_view what = resource.ends_with(".cpu")                          ? "cpu"
                                : resource.ends_with(".memory")                     ? "memory"
                                : resource.ends_with(".ephemeral-storage")          ? "local ephemeral storage"
                                : resource.find(".hugepages-") != std::string::npos ? "hugepages"
                                                                                    : "";
  if (what.empty()) return;
  if (what == "cpu") {
    if (text != "1m" && text != "1")
      divisor.invalid_value("\"" + resource + "\"",
                            "only divisor's values 1m and 1 are supported with the cpu resource");
    return;
  }
  const Words sizes = {"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
  if (!contains(sizes, text))
    divisor.invalid_value(
        "\"" + resource + "\"",
        fmt::format("only divisor's values {} are supported with the {} resource", fmt::join(sizes, ", "), what));
}

/// A name that must be there, or not: `required` or as an empty name.
void validate_source_name(const Place& name, bool may_be_empty) {
  if (name.text().empty() && !may_be_empty) return name.required();
  name.each_invalid(check_dns_subdomain(name.text()));
}

void validate_value_from(const Place& env) {
  const Place from = env["valueFrom"];
  if (!from) return;
  std::size_t sources = 0;
  for (const char* key : {"fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"})
    sources += from[key] ? 1U : 0U;
  if (from["fieldRef"]) validate_field_ref(from["fieldRef"], false);
  if (from["resourceFieldRef"]) validate_resource_field_ref(from["resourceFieldRef"], false);
  for (const char* kind : {"configMapKeyRef", "secretKeyRef"}) {
    const Place ref = from[kind], key = ref["key"];
    if (!ref) continue;
    validate_source_name(ref["name"], true);
    if (key.text().empty()) {
      key.required();
    } else {
      key.each_invalid(check_config_key(key.text()));
    }
  }
  if (sources == 0) {
    from.invalid_value("\"\"",
                       "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
                       "`fileKeyRef`");
  } else if (!env["value"].text().empty()) {
    from.invalid_value("\"\"", "may not be specified when `value` is not empty");
  } else if (sources > 1) {
    from.invalid_value("\"\"", "may not have more than one field specified at a time");
  }
}

void validate_env_from(const Place& list) {
  for (const Place& from : list.items()) {
    const Place prefix = from["prefix"];
    if (!prefix.text().empty()) prefix.each_invalid(check_env_name(prefix.text()));
    std::size_t sources = 0;
    for (const char* kind : {"configMapRef", "secretRef"}) {
      if (!from[kind]) continue;
      ++sources;
      validate_source_name(from[kind]["name"], false);
    }
    const Place whole = from.renamed(list.path());
    if (sources == 0) whole.invalid_value("\"\"", "must specify one of: `configMapRef` or `secretRef`");
    if (sources > 1) whole.invalid_value("\"\"", "may not have more than one field specified at a time");
  }
}

}  // namespace

void validate_field_ref(const Place& ref, bool of_volume) {
  const Place version = ref["apiVersion"], field = ref["fieldPath"];
  if (field.text().empty()) return field.required();
  if (version && version.text() != "v1")
    return field.invalid("error converting fieldPath: unsupported pod version: " + version.text());
  std::string_view path, key;
  const std::string& text = field.text();
  if (has_subscript(text, path, key)) {
    if (path != "metadata.annotations" && path != "metadata.labels")
      return field.invalid("error converting fieldPath: field label does not support subscript: " + text);
    const std::string name = path == "metadata.annotations" ? lower(key) : std::string(key);
    for (const std::string& message : check_qualified_name(name)) ref.invalid_value("\"" + name + "\"", message);
    return;
  }
  const Words& allowed = of_volume ? kVolumeFields : kEnvFields;
  if (contains(allowed, text) || (text == "spec.host" && !of_volume)) return;
  if (!contains(kVolumeFields, text) && !contains(kEnvFields, text) && !contains(kOtherFields, text))
    return field.invalid("error converting fieldPath: field label not supported: " + text);
  field.unsupported(allowed);
}

void validate_resource_field_ref(const Place& ref, bool of_volume) {
  const Place resource = ref["resource"], container = ref["containerName"];
  const std::string& text = resource.text();
  if (of_volume && container.text().empty()) {
    container.required();
  } else if (text.empty()) {
    resource.required();
  } else if (!contains(kResources, text) && !text.starts_with("requests.hugepages-") &&
             !text.starts_with("limits.hugepages-")) {
    resource.unsupported(kResources);
  }
  validate_divisor(ref);
}

void validate_env(const Place& container) {
  for (const Place& env : container["env"].items()) {
    const Place name = env["name"];
    if (name.text().empty()) {
      name.required();
    } else {
      name.each_invalid(check_env_name(name.text()));
    }
    validate_value_from(env);
  }
  validate_env_from(container["envFrom"]);
}

}  // namespace wavetank::model
