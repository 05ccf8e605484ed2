#include "engine/state/config_use.h"

#include <fmt/format.h>

#include "engine/model/config_refs.h"

namespace wavetank::state {
namespace {

using model::ConfigRef;

std::vector<ConfigRef> refs_of(const ClusterView& view, TemplateId tmpl) {
  const auto doc = model::parse_json(view.pod_template(tmpl).doc, "state");
  return doc ? model::config_refs(*doc) : std::vector<ConfigRef>();
}

enum class Lack : std::uint8_t { Nothing, Object, Key };

Lack lack_of(const ClusterView& view, std::string_view ns, const ConfigRef& ref) {
  if (ref.optional) return Lack::Nothing;
  const Ref found = view.find(ref.kind, ns, ref.name);
  if (!found.valid()) return Lack::Object;
  if (ref.key.empty()) return Lack::Nothing;
  const auto doc = model::parse_json(view->others[found.row].header.doc, "state");
  return doc && model::has_key(*doc, ref.key) ? Lack::Nothing : Lack::Key;
}

std::string not_found(const ConfigRef& ref) {
  return fmt::format("{} \"{}\" not found", ref.kind == model::Kind::Secret ? "secret" : "configmap", ref.name);
}

}  // namespace

bool names_config(const ClusterView& view, TemplateId tmpl) { return !refs_of(view, tmpl).empty(); }

std::string missing_environment(const ClusterView& view, PodId pod, std::size_t container) {
  const std::string_view ns = view.namespace_of(Ref(pod));
  for (const ConfigRef& ref : refs_of(view, view->pods.tmpl[pod.index()])) {
    if (!ref.volume.empty() || ref.container != container) continue;
    const Lack lack = lack_of(view, ns, ref);
    if (lack == Lack::Object) return not_found(ref);
    if (lack == Lack::Key)
      return fmt::format("couldn't find key {} in {} {}/{}", ref.key,
                         ref.kind == model::Kind::Secret ? "Secret" : "ConfigMap", ns, ref.name);
  }
  return "";
}

std::string missing_volume(const ClusterView& view, PodId pod) {
  const std::string_view ns = view.namespace_of(Ref(pod));
  for (const ConfigRef& ref : refs_of(view, view->pods.tmpl[pod.index()])) {
    if (ref.volume.empty()) continue;
    const Lack lack = lack_of(view, ns, ref);
    if (lack == Lack::Nothing) continue;
    const std::string why = lack == Lack::Object ? not_found(ref)
                                                 : fmt::format("{}: {}",
                                                               ref.kind == model::Kind::Secret
                                                                   ? "references non-existent secret key"
                                                                   : "configmap references non-existent config key",
                                                               ref.key);
    return fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", ref.volume, why);
  }
  return "";
}

}  // namespace wavetank::state
