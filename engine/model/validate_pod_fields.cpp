// The rest of a pod's spec: names, the operating system, what is shared with the node, claims of devices, resources of
// the pod as a whole. Source: ValidatePodSpec in pkg/apis/core/validation of 1.34.

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

using base::Quantity;

constexpr std::size_t kMostNameservers = 3, kMostSearches = 32, kLongestSearches = 2048;

/// A DNS subdomain whose labels may hold underscores, and begin with one.
Messages check_search(std::string_view text) {
  Messages out;
  if (text.size() > 253) out.emplace_back("must be no more than 253 bytes");
  std::string plain;
  for (std::string_view rest = text;;) {
    const std::size_t dot = rest.find('.');
    std::string_view part = rest.substr(0, dot);
    if (part.starts_with('_')) part.remove_prefix(1);
    plain += (plain.empty() ? "" : ".") + std::string(part);
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  const bool ends = plain.ends_with('_') || plain.starts_with('_') || plain.find("_.") != std::string::npos ||
                    plain.find("._") != std::string::npos;
  std::replace(plain.begin(), plain.end(), '_', '-');
  if (plain.size() > 253) plain.resize(253);
  if (ends || !check_dns_subdomain(plain).empty())
    out.emplace_back(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
        "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')");
  return out;
}

void validate_dns(const Place& spec) {
  const Place config = spec["dnsConfig"], servers = config["nameservers"], searches = config["searches"];
  if (spec["dnsPolicy"].text() == "None") {
    if (!config) return config.required("must provide `dnsConfig` when `dnsPolicy` is None");
    if (servers.items().empty())
      return servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (servers.items().size() > kMostNameservers)
    servers.invalid(fmt::format("must not have more than {} nameservers", kMostNameservers));
  for (const Place& server : servers.items())
    if (!is_ip(server.text())) server.invalid(kNotAnAddress);
  const std::vector<Place> paths = searches.items();
  if (paths.size() > kMostSearches)
    searches.invalid(fmt::format("must not have more than {} search paths", kMostSearches));
  std::size_t length = paths.empty() ? 0 : paths.size() - 1;  // blanks
  for (const Place& path : paths) {
    std::string text = path.text();
    length += text.size();
    if (text == ".") continue;
    if (text.ends_with('.')) text.pop_back();
    for (const std::string& message : check_search(text)) path.invalid_value("\"" + text + "\"", message);
  }
  if (length > kLongestSearches)
    searches.invalid(
        fmt::format("must not have more than {} characters (including spaces) in the search list", kLongestSearches));
  for (const Place& option : config["options"].items())
    if (option["name"].text().empty()) option.required("must not be empty");
}

void validate_aliases(const Place& aliases) {
  for (const Place& alias : aliases.items()) {
    if (!is_ip(alias["ip"].text())) alias["ip"].invalid(kNotAnAddress);
    for (const Place& name : alias["hostnames"].items()) name.each_invalid(check_dns_subdomain(name.text()));
  }
}

/// Containers in the order in which Kubernetes visits them.
std::vector<Place> all_containers(const Place& spec) {
  std::vector<Place> out;
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
    for (const Place& c : spec[list].items()) out.push_back(c);
  return out;
}

void forbid(const Place& owner, std::initializer_list<std::string_view> fields, std::string_view why) {
  for (const std::string_view field : fields)
    if (owner[field]) owner[field].forbidden(why);
}

void validate_os(const Place& spec) {
  const Place os = spec["os"], name = os["name"], context = spec["securityContext"];
  if (!os) return;
  if (name.text().empty()) return name.required("cannot be empty");
  if (name.text() == "linux") {
    constexpr std::string_view kWhy = "windows options cannot be set for a linux pod";
    forbid(context, {"windowsOptions"}, kWhy);
    for (const Place& c : all_containers(spec)) forbid(c["securityContext"], {"windowsOptions"}, kWhy);
  } else if (name.text() == "windows") {
    constexpr std::string_view kWhy = "cannot be set for a windows pod";
    forbid(context,
           {"appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls",
            "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"},
           kWhy);
    forbid(spec, {"hostUsers", "shareProcessNamespace"}, kWhy);
    for (const char* field : {"hostPID", "hostIPC"})
      if (get_bool(spec.doc(), field)) spec[field].forbidden(kWhy);
    for (const Place& c : all_containers(spec))
      forbid(c["securityContext"],
             {"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem",
              "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"},
             kWhy);
  } else {
    os.unsupported_value(shown(*name.doc()), {"linux", "windows"});
  }
}

void validate_host_users(const Place& spec) {
  if (get_bool(spec.doc(), "hostUsers", true)) return;
  for (const char* field : {"hostNetwork", "hostPID", "hostIPC"})
    if (get_bool(spec.doc(), field)) spec[field].forbidden("when `hostUsers` is false");
}

std::vector<std::string> validate_pod_claims(const Place& claims) {
  std::vector<std::string> names;
  for (const Place& claim : claims.items()) {
    const Place name = claim["name"], of = claim["resourceClaimName"], made = claim["resourceClaimTemplateName"];
    if (name.text().empty()) {
      name.required();
    } else if (std::find(names.begin(), names.end(), name.text()) != names.end()) {
      name.duplicate();
    } else {
      name.each_invalid(check_dns_label(name.text()));
      names.push_back(name.text());
    }
    if (of && made) claim.invalid("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    if (!of && !made) claim.invalid("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    for (const Place& ref : {of, made})
      if (ref) ref.each_invalid(check_dns_subdomain(ref.text()));
  }
  return names;
}

/// What a container uses of the pod's claims: each once, as a whole or one request of it.
void validate_used_claims(const Place& claims, std::vector<std::string> known) {
  std::sort(known.begin(), known.end());
  std::vector<std::string> used;
  const auto is_used = [&](const std::string& key) { return std::find(used.begin(), used.end(), key) != used.end(); };
  for (const Place& claim : claims.items()) {
    const std::string& name = claim["name"].text();
    const Place request = claim["request"];
    if (name.empty()) {
      claim.required();
      continue;
    }
    const std::string key = request.text().empty() ? name : name + "/" + request.text();
    if (!request.text().empty()) request.each_invalid(check_dns_label(request.text()));
    const bool part_is_used =
        request.text().empty() &&
        std::any_of(used.begin(), used.end(), [&](const std::string& u) { return u.starts_with(name + "/"); });
    if (is_used(name)) {
      claim.duplicate_value("\"" + name + "\"");
    } else if (is_used(key) || part_is_used) {
      claim.duplicate_value("\"" + key + "\"");
    } else {
      used.push_back(key);
    }
    if (std::find(known.begin(), known.end(), name) == known.end())
      claim.not_found_value("\"" + name + "\"",
                            known.empty() ? "must be one of the names in pod.spec.resourceClaims which is empty"
                                          : fmt::format("must be one of the names in pod.spec.resourceClaims: {}",
                                                        fmt::join(known, ", ")));
  }
}

// ---- Resources of the pod as a whole (KEP-2837)

Quantity request_of(const Place& container, std::string_view resource) {
  const auto quantity = Quantity::parse(container["resources"]["requests"][resource].text());
  return quantity ? *quantity : Quantity();
}

/// resourcehelper.AggregateContainerRequests: containers and sidecars together, or the largest moment of the start.
Quantity sum_of_requests(const Place& spec, std::string_view resource) {
  Quantity sum, sidecars, peak;
  for (const Place& c : spec["containers"].items()) sum = sum.plus(request_of(c, resource));
  for (const Place& c : spec["initContainers"].items()) {
    const Quantity now = sidecars.plus(request_of(c, resource));
    if (c["restartPolicy"].text() == "Always") sidecars = now;
    if (now.compare(peak) > 0) peak = now;
  }
  sum = sum.plus(sidecars);
  return sum.compare(peak) < 0 ? peak : sum;
}

void validate_pod_resources(const Place& spec) {
  const Place resources = spec["resources"], requests = resources["requests"], limits = resources["limits"];
  if (!resources) return;
  if (resources["claims"]) resources["claims"].forbidden("claims cannot be set for Resources at pod-level");
  validate_resources(resources, true);
  for (const Doc::Member& m : requests.members()) {
    const auto request = Quantity::parse(m.value.text);
    const Quantity sum = sum_of_requests(spec, m.key);
    if (request && sum.compare(*request) > 0)
      requests.entry(m).invalid_value(
          "\"" + request->text() + "\"",
          fmt::format("must be greater than or equal to aggregate container requests of {}", sum.text()));
  }
  const std::vector<Place> containers = spec["containers"].items();
  for (std::size_t i = 0; i < containers.size(); ++i) {
    for (const Doc::Member& m : containers[i]["resources"]["limits"].members()) {
      const auto limit = Quantity::parse(m.value.text), most = Quantity::parse(limits[m.key].text());
      if (limit && most && limits[m.key] && limit->compare(*most) > 0)
        containers[i]["resources"]["limits"]
            .entry(m)
            .renamed(fmt::format("{}.containers[{}][{}].limits", resources.path(), i, m.key))
            .invalid_value("\"" + limit->text() + "\"",
                           fmt::format("must be less than or equal to pod limits of {}", most->text()));
    }
  }
}

}  // namespace

void validate_resize_policy(const Place& policies, std::string_view restart_policy) {
  std::vector<std::string> seen;
  for (const Place& policy : policies.items()) {
    const Place resource = policy["resourceName"], restart = policy["restartPolicy"];
    const std::string& name = resource.text();
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) policy.duplicate_value("\"" + name + "\"");
    seen.push_back(name);
    const auto word = [&](const Place& value, const std::vector<std::string_view>& allowed) {
      const Place at = value.renamed(policies.path());
      if (value.text().empty()) return at.required();
      at.one_of(allowed);
    };
    word(resource, {"cpu", "memory"});
    word(restart, {"NotRequired", "RestartContainer"});
    if (restart_policy == "Never" && restart.text() != "NotRequired")
      restart.renamed(policies.path()).invalid("must be 'NotRequired' when `restartPolicy` is 'Never'");
  }
}

void validate_pod_fields(const Place& spec) {
  validate_dns(spec);
  validate_aliases(spec["hostAliases"]);
  for (const Place& gate : spec["readinessGates"].items())
    gate["conditionType"].each_invalid(check_qualified_name(gate["conditionType"].text()));
  validate_os(spec);
  validate_host_users(spec);
  const std::vector<std::string> claims = validate_pod_claims(spec["resourceClaims"]);
  for (const Place& c : all_containers(spec)) {
    validate_used_claims(c["resources"]["claims"], claims);
    validate_resize_policy(c["resizePolicy"], spec["restartPolicy"].text());
  }
  validate_pod_resources(spec);
  // Kubernetes looks at it as at limits.
  validate_resource_names(spec["overhead"].renamed(spec["overhead"].path() + ".limits"), true);
  const Place runtime = spec["runtimeClassName"];
  if (runtime) runtime.each_invalid(check_dns_subdomain(runtime.text()));
}

}  // namespace wavetank::model
