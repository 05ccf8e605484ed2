// Security contexts of pods and containers. Source: validatePodSpecSecurityContext, ValidateSecurityContext in
// pkg/apis/core/validation of 1.34. Options of Windows are not looked into.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

/// Of users and groups.
void validate_id(const Place& id) { id.in_range(0, std::numeric_limits<std::int32_t>::max()); }

void required_type(const Place& type, std::string_view detail) {
  if (type.text().empty()) return type.required(detail);
  type.one_of({"Localhost", "RuntimeDefault", "Unconfined"});
}

void validate_seccomp(const Place& profile) {
  if (!profile) return;
  const Place type = profile["type"], local = profile["localhostProfile"];
  required_type(type, "type is required when seccompProfile is set");
  if (type.text() == "Localhost") {
    if (local) {
      validate_relative_path(local);
    } else {
      local.required("must be set when seccomp type is Localhost");
    }
  } else if (local) {
    local.invalid_value(shown(*profile.doc()), "can only be set when seccomp type is Localhost");
  }
}

void validate_app_armor(const Place& profile) {
  if (!profile) return;
  const Place type = profile["type"], local = profile["localhostProfile"];
  required_type(type, "type is required when appArmorProfile is set");
  const std::string& text = local.text();
  constexpr std::string_view kBlank = " \t\n\r\v\f";
  constexpr std::size_t kLongestPath = 4095;
  if (type.text() == "Localhost") {
    if (text.empty()) {
      local.required("must be set when AppArmor type is Localhost");
    } else if (kBlank.find(text.front()) != std::string_view::npos ||
               kBlank.find(text.back()) != std::string_view::npos) {
      local.invalid("must not be padded with whitespace");
    }
    if (text.size() > kLongestPath) local.too_long(fmt::format("may not be more than {} bytes", kLongestPath));
  } else if (local && (type.text() == "RuntimeDefault" || type.text() == "Unconfined")) {
    local.invalid("can only be set when AppArmor type is Localhost");
  }
}

/// Segments of [a-z0-9]([-_a-z0-9]*[a-z0-9])? between dots or slashes.
bool is_sysctl_name(std::string_view name) {
  constexpr std::size_t kLongest = 253;
  if (name.size() > kLongest) return false;
  const auto inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  while (true) {
    const std::size_t end = name.find_first_of("./");
    const std::string_view part = name.substr(0, end);
    if (part.empty() || !inner(part.front()) || !inner(part.back())) return false;
    if (!std::all_of(part.begin(), part.end(), [&](char c) { return inner(c) || c == '-' || c == '_'; })) return false;
    if (end == std::string_view::npos) return true;
    name.remove_prefix(end + 1);
  }
}

/// Sysctls of a namespace that the pod shares with its node are the node's.
void validate_host_sysctl(const Place& name, const Place& spec) {
  std::string text = name.text();
  std::replace(text.begin(), text.end(), '/', '.');
  const auto begins = [&](std::string_view prefix) { return text.starts_with(prefix); };
  const bool net = begins("net.");
  const bool ipc = text == "kernel.sem" || begins("kernel.shm") || begins("kernel.msg") || begins("fs.mqueue.");
  for (const auto& [shared, key] : {std::pair(net, "hostNetwork"), std::pair(ipc, "hostIPC")})
    if (shared && get_bool(spec.doc(), key)) name.invalid(fmt::format("may not be specified when '{}' is true", key));
}

void validate_sysctls(const Place& sysctls, const Place& spec) {
  std::vector<std::string> seen;
  for (const Place& sysctl : sysctls.items()) {
    const Place name = sysctl["name"];
    if (name.text().empty()) {
      name.required();
    } else if (!is_sysctl_name(name.text())) {
      name.invalid(
          "must have at most 253 characters and match regex "
          "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
    } else if (std::find(seen.begin(), seen.end(), name.text()) != seen.end()) {
      name.duplicate();
    }
    validate_host_sysctl(name, spec);
    seen.push_back(name.text());
  }
}

}  // namespace

void validate_pod_security_context(const Place& spec) {
  const Place context = spec["securityContext"];
  if (get_bool(spec.doc(), "shareProcessNamespace") && get_bool(spec.doc(), "hostPID"))
    spec["shareProcessNamespace"]
        .renamed(context.path() + ".shareProcessNamespace")
        .invalid("ShareProcessNamespace and HostPID cannot both be enabled");
  for (const char* key : {"fsGroup", "runAsUser", "runAsGroup"}) validate_id(context[key]);
  for (const Place& group : context["supplementalGroups"].items()) validate_id(group);
  validate_sysctls(context["sysctls"], spec);
  context["fsGroupChangePolicy"].one_of({"Always", "OnRootMismatch"});
  validate_seccomp(context["seccompProfile"]);
  validate_app_armor(context["appArmorProfile"]);
  context["supplementalGroupsPolicy"].one_of({"Merge", "Strict"});
  context["seLinuxChangePolicy"].one_of({"MountOption", "Recursive"});
}

void validate_security_context(const Place& context, bool host_users) {
  if (!context) return;
  for (const char* key : {"runAsUser", "runAsGroup"}) validate_id(context[key]);
  const Place proc = context["procMount"];
  proc.one_of({"Default", "Unmasked"});
  if (host_users && proc.text() == "Unmasked") proc.invalid("`hostUsers` must be false to use `Unmasked`");
  validate_seccomp(context["seccompProfile"]);
  validate_app_armor(context["appArmorProfile"]);
  if (get_bool(context.doc(), "allowPrivilegeEscalation", true)) return;
  if (get_bool(context.doc(), "privileged"))
    context.invalid("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  for (const Place& capability : context["capabilities"]["add"].items())
    if (capability.text() == "CAP_SYS_ADMIN")
      context.invalid("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
}

}  // namespace wavetank::model
