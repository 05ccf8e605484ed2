#include "engine/model/types.h"

#include <algorithm>
#include <array>

namespace wavetank::model {
namespace {

// In the order of the enumeration. Source: `kubectl api-resources` of 1.34.
constexpr std::array<KindInfo, kKindCount> kKinds = {{
    {Kind::Other, "", "", "", "", true},
    {Kind::Namespace, "v1", "Namespace", "namespaces", "ns", false},
    {Kind::Node, "v1", "Node", "nodes", "no", false},
    {Kind::Pod, "v1", "Pod", "pods", "po", true},
    {Kind::ReplicaSet, "apps/v1", "ReplicaSet", "replicasets", "rs", true},
    {Kind::Deployment, "apps/v1", "Deployment", "deployments", "deploy", true},
    {Kind::Service, "v1", "Service", "services", "svc", true},
    {Kind::EndpointSlice, "discovery.k8s.io/v1", "EndpointSlice", "endpointslices", "", true},
    {Kind::PodDisruptionBudget, "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", true},
    {Kind::PriorityClass, "scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", "pc", false},
    {Kind::ServiceAccount, "v1", "ServiceAccount", "serviceaccounts", "sa", true},
    {Kind::ConfigMap, "v1", "ConfigMap", "configmaps", "cm", true},
    {Kind::Secret, "v1", "Secret", "secrets", "", true},
    {Kind::PersistentVolume, "v1", "PersistentVolume", "persistentvolumes", "pv", false},
    {Kind::PersistentVolumeClaim, "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", true},
    {Kind::StorageClass, "storage.k8s.io/v1", "StorageClass", "storageclasses", "sc", false},
    {Kind::CSINode, "storage.k8s.io/v1", "CSINode", "csinodes", "", false},
    {Kind::StatefulSet, "apps/v1", "StatefulSet", "statefulsets", "sts", true},
    {Kind::DaemonSet, "apps/v1", "DaemonSet", "daemonsets", "ds", true},
    {Kind::ControllerRevision, "apps/v1", "ControllerRevision", "controllerrevisions", "", true},
    {Kind::Job, "batch/v1", "Job", "jobs", "", true},
    {Kind::CronJob, "batch/v1", "CronJob", "cronjobs", "cj", true},
    {Kind::HorizontalPodAutoscaler, "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa",
     true},
    {Kind::VerticalPodAutoscaler, "autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "verticalpodautoscalers", "vpa",
     true},
    {Kind::ResourceQuota, "v1", "ResourceQuota", "resourcequotas", "quota", true},
    {Kind::LimitRange, "v1", "LimitRange", "limitranges", "limits", true},
    {Kind::RuntimeClass, "node.k8s.io/v1", "RuntimeClass", "runtimeclasses", "", false},
    {Kind::Ingress, "networking.k8s.io/v1", "Ingress", "ingresses", "ing", true},
    {Kind::IngressClass, "networking.k8s.io/v1", "IngressClass", "ingressclasses", "", false},
    {Kind::VolumeAttachment, "storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", "", false},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

}  // namespace

const KindInfo& kind_info(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

Kind kind_from_word(std::string_view word) {
  const std::string all = lower(word);
  const std::size_t dot = all.find('.');
  const std::string name = all.substr(0, dot);
  if (name.empty()) return Kind::Other;
  for (const KindInfo& info : kKinds) {
    if (info.kind == Kind::Other) continue;
    if (name != lower(info.name) && name != info.plural && name != info.short_name) continue;
    if (dot == std::string::npos) return info.kind;
    // "deployments.apps" or "deployments.v1.apps": the rest must name the kind's group.
    const std::string_view version = info.api_version;
    const std::string_view group =
        version.find('/') == std::string_view::npos ? "" : version.substr(0, version.find('/'));
    std::string_view rest = std::string_view(all).substr(dot + 1);
    if (rest.substr(0, 3) == "v1." || rest == "v1") rest = rest.size() > 3 ? rest.substr(3) : "";
    if (rest == group) return info.kind;
  }
  return Kind::Other;
}

Kind kind_from_gvk(std::string_view api_version, std::string_view kind) {
  for (const KindInfo& info : kKinds) {
    if (info.kind != Kind::Other && kind == info.name && api_version == info.api_version) return info.kind;
  }
  // Written in the old form, read and kept in the new one (default_horizontal_pod_autoscaler).
  if (api_version == "autoscaling/v1" && kind == "HorizontalPodAutoscaler") return Kind::HorizontalPodAutoscaler;
  return Kind::Other;
}

std::string access_modes_text(std::uint8_t modes) {
  constexpr std::pair<AccessMode, const char*> kWords[] = {
      {kReadWriteOnce, "RWO"}, {kReadOnlyMany, "ROX"}, {kReadWriteMany, "RWX"}, {kReadWriteOncePod, "RWOP"}};
  std::string out;
  for (const auto& [bit, word] : kWords)
    if ((modes & bit) != 0) out.append(out.empty() ? "" : ",").append(word);
  return out;
}

bool Toleration::tolerates(const Taint& taint) const {
  if (effect.has_value() && *effect != taint.effect) return false;
  if (!key.empty() && key != taint.key) return false;
  return op == Op::Exists || value == taint.value;
}

std::int32_t find_port(const PodSpec& spec, std::string_view name, Protocol protocol) {
  const auto in = [&](const Container& c) {
    for (const ContainerPort& p : c.ports)
      if (p.name == name && p.protocol == protocol) return p.container_port;
    return 0;
  };
  for (const Container& c : spec.containers)
    if (const std::int32_t port = in(c); port != 0) return port;
  for (const Container& c : spec.init_containers) {
    if (c.restart_policy != RestartPolicy::Always) continue;
    if (const std::int32_t port = in(c); port != 0) return port;
  }
  return 0;
}

std::int32_t IntOrPercent::scaled(std::int32_t total, bool round_up) const {
  if (!percent) return value;
  const std::int64_t hundredths = static_cast<std::int64_t>(value) * total;
  const std::int64_t whole = hundredths / 100;
  const std::int64_t rest = hundredths % 100;
  if (rest > 0 && round_up) return static_cast<std::int32_t>(whole + 1);
  if (rest < 0 && !round_up) return static_cast<std::int32_t>(whole - 1);
  return static_cast<std::int32_t>(whole);
}

std::string IntOrPercent::text() const { return std::to_string(value) + (percent ? "%" : ""); }

}  // namespace wavetank::model
