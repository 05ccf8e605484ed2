// Annotations and finalizers that mean something to the API server. Source: ValidatePodSpecificAnnotations in
// pkg/apis/core/validation, ValidateFinalizers in k8s.io/apimachinery pkg/api/validation of 1.34.

#include <algorithm>
#include <charconv>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

constexpr std::string_view kMirror = "kubernetes.io/config.mirror";
constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";
constexpr std::string_view kSeccompPod = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view kSeccompContainer = "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view kAppArmor = "container.apparmor.security.beta.kubernetes.io/";

/// Without "+" and without zeros in front.
bool is_int32(std::string_view text) {
  std::int32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return false;
  return text.front() != '0' || text == "0";
}

bool has_container(const Place& spec, std::string_view name) {
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"})
    for (const Place& c : spec[list].items())
      if (c["name"].text() == name) return true;
  return false;
}

void validate_seccomp(const Place& at) {
  const std::string& profile = at.text();
  constexpr std::string_view kLocal = "localhost/";
  if (profile == "runtime/default" || profile == "docker/default" || profile == "unconfined") return;
  if (!profile.starts_with(kLocal)) return at.invalid("must be a valid seccomp profile");
  const std::string path = profile.substr(kLocal.size());
  if (path.starts_with('/')) at.invalid_value("\"" + path + "\"", "must be a relative path");
  if (has_backstep(path)) at.invalid_value("\"" + path + "\"", "must not contain '..'");
}

void validate_app_armor(const Place& at, const std::string& container, const Place& spec) {
  if (!has_container(spec, container)) at.invalid_value("\"" + container + "\"", "container not found");
  const std::string& profile = at.text();
  if (!profile.empty() && profile != "runtime/default" && profile != "unconfined" && !profile.starts_with("localhost/"))
    at.invalid("invalid AppArmor profile name: \"" + profile + "\"");
}

}  // namespace

void validate_pod_annotations(const Place& annotations, const Place& spec) {
  for (const Doc::Member& m : annotations.members()) {
    const Place at = annotations.entry(m);
    const std::string_view key = m.key;
    if (key == kMirror && spec["nodeName"].text().empty())
      at.invalid("must set spec.nodeName if mirror pod annotation is set");
    if (key == kDeletionCost && !is_int32(at.text())) at.invalid("must be a 32bit integer");
    if (key == kSeccompPod || key.starts_with(kSeccompContainer))
      validate_seccomp(at.renamed(annotations.path() + "." + m.key));
    if (key.starts_with(kAppArmor)) validate_app_armor(at, m.key.substr(kAppArmor.size()), spec);
  }
}

void validate_finalizers(const Place& finalizers, Kind kind) {
  bool orphan = false, foreground = false;
  for (const Place& f : finalizers.items()) {
    const std::string& text = f.text();
    f.renamed(finalizers.path()).each_invalid(check_qualified_name(text));
    orphan = orphan || text == "orphan";
    foreground = foreground || text == "foregroundDeletion";
    // Not of custom resources.
    const bool standard = text == "orphan" || text == "foregroundDeletion" || text == "kubernetes";
    if (kind != Kind::Other && kind != Kind::VerticalPodAutoscaler && text.find('/') == std::string::npos && !standard)
      f.invalid("name is neither a standard finalizer name nor is it fully qualified");
  }
  if (orphan && foreground) finalizers.invalid("finalizer orphan and foregroundDeletion cannot be both set");
}

}  // namespace wavetank::model
