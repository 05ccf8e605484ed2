#include "engine/project/words.h"
#include "engine/event/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::project {

using event::ConditionStatus;
using event::DeploymentConditionType;
using event::ExitReason;
using event::NodeConditionType;
using event::Phase;
using event::WaitingReason;
using model::Kind;

std::string kind_words(Ref ref, const ClusterView& view) {
  switch (ref.kind) {
    case Kind::Namespace:
      return "namespace";
    case Kind::Node:
      return "node";
    case Kind::Pod:
      return "pod";
    case Kind::ReplicaSet:
      return "replica set";
    case Kind::Deployment:
      return "deployment";
    case Kind::Service:
      return "service";
    case Kind::EndpointSlice:
      return "endpoint slice";
    case Kind::PodDisruptionBudget:
      return "disruption budget";
    case Kind::PriorityClass:
      return "priority class";
    case Kind::ServiceAccount:
      return "service account";
    case Kind::ConfigMap:
      return "config map";
    case Kind::Secret:
      return "secret";
    case Kind::PersistentVolume:
      return "persistent volume";
    case Kind::PersistentVolumeClaim:
      return "persistent volume claim";
    case Kind::StorageClass:
      return "storage class";
    case Kind::CSINode:
      return "CSI node";
    case Kind::StatefulSet:
      return "stateful set";
    case Kind::DaemonSet:
      return "daemon set";
    case Kind::ControllerRevision:
      return "controller revision";
    case Kind::Job:
      return "job";
    case Kind::CronJob:
      return "cron job";
    case Kind::HorizontalPodAutoscaler:
      return "horizontal pod autoscaler";
    case Kind::VerticalPodAutoscaler:
      return "vertical pod autoscaler";
    case Kind::ResourceQuota:
      return "resource quota";
    case Kind::LimitRange:
      return "limit range";
    case Kind::RuntimeClass:
      return "runtime class";
    case Kind::Ingress:
      return "ingress";
    case Kind::IngressClass:
      return "ingress class";
    case Kind::VolumeAttachment:
      return "volume attachment";
    case Kind::Other:
      break;
  }
  if (!ref.valid()) return "object";
  const state::OtherRow& row = view->others[ref.row];
  if (row.kind != Kind::Other) return kind_words(Ref(row.kind, 0), view);
  return std::string(view.text(row.kind_name));
}

std::string short_label(Ref ref, const ClusterView& view) {
  if (!ref.valid()) return "(none)";
  const std::string_view ns = view.namespace_of(ref);
  if (ns.empty() || ns == "default") return std::string(view.bare_name(ref));
  return fmt::format("{}/{}", ns, view.bare_name(ref));
}

std::string label(Ref ref, const ClusterView& view) {
  return ref.valid() ? fmt::format("{} {}", kind_words(ref, view), short_label(ref, view)) : "nothing";
}

std::string node_in_zone(NodeId node, const ClusterView& view) {
  const std::string_view zone = view.text(view.node(node).zone);
  const std::string_view name = view.bare_name(Ref(node));
  return zone.empty() ? std::string(name) : fmt::format("{} (zone {})", name, zone);
}

std::string_view phase_word(Phase phase) { return event::name_of(phase); }

std::string_view waiting_word(WaitingReason reason) { return event::name_of(reason); }

std::string_view exit_word(ExitReason reason) {
  switch (reason) {
    case ExitReason::Completed:
      return "Completed";
    case ExitReason::Error:
      return "Error";
    case ExitReason::OOMKilled:
      return "OOMKilled";
    case ExitReason::LivenessProbeFailed:
      return "its liveness probe failed";
    case ExitReason::StartupProbeFailed:
      return "its startup probe failed";
    case ExitReason::ContainerStatusUnknown:
      return "ContainerStatusUnknown";
  }
  return "";
}

std::string_view condition_word(NodeConditionType type) {
  switch (type) {
    case NodeConditionType::Ready:
      return "Ready";
    case NodeConditionType::MemoryPressure:
      return "MemoryPressure";
    case NodeConditionType::DiskPressure:
      return "DiskPressure";
    case NodeConditionType::PIDPressure:
      return "PIDPressure";
    case NodeConditionType::NetworkUnavailable:
      return "NetworkUnavailable";
  }
  return "";
}

std::string_view condition_word(DeploymentConditionType type) {
  switch (type) {
    case DeploymentConditionType::Available:
      return "Available";
    case DeploymentConditionType::Progressing:
      return "Progressing";
    case DeploymentConditionType::ReplicaFailure:
      return "ReplicaFailure";
  }
  return "";
}

std::string_view status_word(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::True:
      return "True";
    case ConditionStatus::False:
      return "False";
    case ConditionStatus::Unknown:
      return "Unknown";
  }
  return "";
}

std::string_view effect_word(model::TaintEffect effect) {
  switch (effect) {
    case model::TaintEffect::NoSchedule:
      return "NoSchedule";
    case model::TaintEffect::PreferNoSchedule:
      return "PreferNoSchedule";
    case model::TaintEffect::NoExecute:
      return "NoExecute";
  }
  return "";
}

std::string taint_words(const model::Taint& taint) {
  return taint.value.empty() ? fmt::format("{}:{}", taint.key, effect_word(taint.effect))
                             : fmt::format("{}={}:{}", taint.key, taint.value, effect_word(taint.effect));
}

std::string count(std::int64_t n, std::string_view one, std::string_view many) {
  if (n == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", n, one) : fmt::format("{} {}", n, many);
}

std::string milli_words(std::uint64_t milli) {
  std::string out = fmt::format("{}.{:03}", milli / 1000, milli % 1000);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string thousands(std::int64_t n) {
  std::string out = fmt::format("{}", n);
  for (std::size_t i = out.size(); i > 3 + (n < 0 ? 1U : 0U);) out.insert(i -= 3, ",");
  return out;
}

std::string bytes_words(std::int64_t bytes) {
  if (bytes >= 10'000'000'000) return fmt::format("{} GB", bytes / 1'000'000'000);
  if (bytes >= 1'000'000) return fmt::format("{} MB", bytes / 1'000'000);
  if (bytes >= 1'000) return fmt::format("{} kB", bytes / 1'000);
  return fmt::format("{} B", bytes);
}

std::string span_words(Duration d) {
  const std::int64_t ms = (d.ns + 500'000) / 1'000'000;
  if (ms == 0) return "0s";
  if (ms < 1'000) return fmt::format("{}ms", ms);
  if (ms < 59'950) {
    const std::int64_t tenths = (ms + 50) / 100;
    return tenths % 10 == 0 ? fmt::format("{}s", tenths / 10) : fmt::format("{}.{}s", tenths / 10, tenths % 10);
  }
  const std::int64_t s = (ms + 500) / 1'000;
  if (s < 3'600) return s % 60 == 0 ? fmt::format("{}m", s / 60) : fmt::format("{}m{}s", s / 60, s % 60);
  const std::int64_t minutes = (s + 30) / 60;
  return minutes % 60 == 0 ? fmt::format("{}h", minutes / 60) : fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
}

std::string at_words(SimTime t) {
  const std::int64_t ms = (t.ns + 999'999) / 1'000'000;
  return base::format_duration(base::milliseconds(ms));
}

std::string clock_words(SimTime t) {
  const std::int64_t ms = t.ns / 1'000'000;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1'000 % 60, ms % 1'000);
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t at = indent;  // the first line begins there, too
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!out.empty() && at + 1 + columns(word) > width) {
      out += '\n';
      out.append(indent, ' ');
      at = indent;
    } else if (!out.empty()) {
      out += ' ';
      ++at;
    }
    out += word;
    at += columns(word);
  }
  return out;
}

std::size_t columns(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  return n;
}

std::string fit(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::size_t n = 0, end = 0;
  for (; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80U && ++n == width) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

const char* component_word(event::Component component) {
  switch (component) {
    case event::Component::ApiServer:
      return "API server";
    case event::Component::ControllerManager:
      return "controller manager";
    case event::Component::Scheduler:
      return "scheduler";
  }
  return "?";
}

}  // namespace wavetank::project
