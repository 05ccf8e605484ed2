#include "sim/scenario/steps/step.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::scenario {
namespace {

using event::Ref;
using model::Kind;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

constexpr Kind kAllKinds[] = {Kind::Namespace,
                              Kind::Node,
                              Kind::Pod,
                              Kind::ReplicaSet,
                              Kind::Deployment,
                              Kind::Service,
                              Kind::EndpointSlice,
                              Kind::PodDisruptionBudget,
                              Kind::PriorityClass,
                              Kind::ServiceAccount,
                              Kind::ConfigMap,
                              Kind::Secret,
                              Kind::PersistentVolume,
                              Kind::PersistentVolumeClaim,
                              Kind::StorageClass,
                              Kind::CSINode,
                              Kind::StatefulSet,
                              Kind::DaemonSet,
                              Kind::Job,
                              Kind::CronJob,
                              Kind::HorizontalPodAutoscaler,
                              Kind::VerticalPodAutoscaler,
                              Kind::ResourceQuota,
                              Kind::LimitRange,
                              Kind::RuntimeClass,
                              Kind::Ingress,
                              Kind::IngressClass,
                              Kind::VolumeAttachment};

std::string suggest_kind(std::string_view word, const std::vector<Kind>& kinds) {
  std::vector<std::string> names;
  for (const Kind kind : kAllKinds) {
    if (kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end())
      names.push_back(lower(model::kind_info(kind).name));
  }
  return suggestion(word, {names.begin(), names.end()});
}

// All objects of the kind that may match a pattern.
template <class F>
void for_alive_of_kind(Kind kind, const state::ClusterView& view, F&& f) {
  if (kind == Kind::Pod) {
    for (std::size_t i = 0; i < view->pods.size(); ++i)
      if (view.pod_alive(event::PodId(i))) f(Ref(event::PodId(i)));
    return;
  }
  view.for_headers(kind, [&](Ref ref, const state::Header& header) {
    if (header.alive) f(ref);
  });
}

}  // namespace

std::string Target::text() const {
  if (ns.empty() || ns == "default") return fmt::format("{}/{}", kind_word, name);
  return fmt::format("{}/{}/{}", kind_word, ns, name);
}

std::optional<Target> read_target(const std::string& text, base::Position at, const std::string& path,
                                  const std::vector<Kind>& kinds, ReadContext& context) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) {
    context.problems.add(at, fmt::format("{}: \"{}\" is not kind/name, such as deployment/web", path, text));
    return std::nullopt;
  }
  Target target;
  target.kind_word = text.substr(0, slash);
  target.kind = model::kind_from_word(target.kind_word);
  const bool allowed =
      kinds.empty() ? target.kind != Kind::Other : std::find(kinds.begin(), kinds.end(), target.kind) != kinds.end();
  if (!allowed) {
    context.problems.add(at, fmt::format("{}: the kind \"{}\" is not one that can stand here{}", path, target.kind_word,
                                         suggest_kind(target.kind_word, kinds)));
    return std::nullopt;
  }
  const model::KindInfo& info = model::kind_info(target.kind);
  target.kind_word = lower(info.name);
  target.name = text.substr(slash + 1);
  if (info.namespaced) target.ns = "default";
  if (const std::size_t second = target.name.find('/'); second != std::string::npos) {
    if (!info.namespaced) {
      context.problems.add(at, fmt::format("{}: \"{}\": a {} has no namespace", path, text, info.name));
      return std::nullopt;
    }
    target.ns = target.name.substr(0, second);
    target.name = target.name.substr(second + 1);
  }
  if (!context.catalog.closed(target.kind)) return target;
  const bool known = target.is_pattern() ? context.catalog.has_match(target.kind, target.ns, target.name)
                                         : context.catalog.has(target.kind, target.ns, target.name);
  if (!known) {
    context.problems.add(at, fmt::format("{}: there is no {} at that time{}", path, target.text(),
                                         context.catalog.suggest(target.kind, target.ns, target.name)));
    return std::nullopt;
  }
  return target;
}

std::vector<Target> read_targets(const model::Doc& doc, std::string_view field, const std::string& path,
                                 const std::vector<Kind>& kinds, ReadContext& context) {
  std::vector<Target> out;
  for (const std::string& value : texts(doc, field)) {
    std::optional<Target> target =
        read_target(value, place(doc, field), fmt::format("{}.{}", path, field), kinds, context);
    if (target.has_value()) out.push_back(std::move(*target));
  }
  return out;
}

std::vector<Target> read_nodes(const model::Doc& doc, std::string_view field, const std::string& path,
                               ReadContext& context) {
  std::vector<Target> out;
  for (const std::string& value : texts(doc, field)) {
    const std::string full = value.starts_with("node/") || value.starts_with("no/") ? value : "node/" + value;
    std::optional<Target> target =
        read_target(full, place(doc, field), fmt::format("{}.{}", path, field), {Kind::Node}, context);
    if (target.has_value()) out.push_back(std::move(*target));
  }
  return out;
}

std::vector<Ref> resolve(const Target& target, const state::ClusterView& view, std::int64_t millionths) {
  std::vector<Ref> out;
  if (!target.is_pattern()) {
    const Ref ref = view.find(target.kind, target.ns, target.name);
    if (ref.valid()) out.push_back(ref);
    return out;
  }
  for_alive_of_kind(target.kind, view, [&](Ref ref) {
    if (!target.ns.empty() && view.namespace_of(ref) != target.ns) return;
    if (glob_match(target.name, view.bare_name(ref))) out.push_back(ref);
  });
  const auto all = static_cast<std::int64_t>(out.size());
  out.resize(static_cast<std::size_t>((all * millionths + 999'999) / 1'000'000));
  return out;
}

std::string join(const std::vector<Target>& targets) {
  std::string out;
  for (const Target& target : targets) {
    if (!out.empty()) out += ' ';
    out += target.kind == Kind::Node ? target.name : target.text();
  }
  return out;
}

loop::Outcome StepContext::kubectl(const std::string& text, command::Payload payload) const {
  return control_plane.request(now, "kubectl", "kubectl " + text, std::move(payload));
}

void StepContext::not_found(const std::string& text, const Target& target) const {
  // Replacing what is not there gets the answer that the client's GET would get.
  const model::KindInfo& info = model::kind_info(target.kind);
  model::Doc doc = model::Doc::object();
  doc["apiVersion"] = model::Doc::string(info.api_version);
  doc["kind"] = model::Doc::string(info.name);
  doc["metadata"]["name"] = model::Doc::string(target.name);
  if (info.namespaced) doc["metadata"]["namespace"] = model::Doc::string(target.ns);
  kubectl(text, command::ApplyObject{model::to_json(doc), command::ApplyObject::Mode::Replace});
}

void StepContext::remark(const std::string& text) const {
  // An empty patch of a namespace that is always there.
  const Ref ref = view().find(Kind::Namespace, "", "default");
  control_plane.request(now, "scenario", text, command::PatchObject{ref, "{}"});
}

base::Diagnostics StepContext::apply(const std::string& text, const std::vector<ManifestDoc>& docs) const {
  base::Diagnostics refused;
  base::Seq cause = 0;
  for (const ManifestDoc& doc : docs) {
    command::ApplyObject payload{doc.json, command::ApplyObject::Mode::Apply};
    loop::Outcome outcome;
    if (cause == 0) {
      outcome = kubectl(text, std::move(payload));
      cause = outcome.first;
    } else {
      outcome = control_plane.submit(now, {cause, payload});
      // A refusal of submit() leaves no trace: ask again in the open.
      if (!outcome.ok())
        control_plane.request(now, "kubectl", fmt::format("kubectl {}: {}", text, doc.text()), std::move(payload),
                              cause);
    }
    if (!outcome.ok())
      refused.push_back(
          {doc.file, doc.position, fmt::format("{}: refused: {}", doc.text(), outcome.rejection->message)});
  }
  return refused;
}

}  // namespace wavetank::scenario
