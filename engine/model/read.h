#pragma once
// Inside the room: short readings of documents whose types schema.cpp has checked. A null counts as missing, a value of
// another type gives the fallback.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/types.h"

namespace wavetank::model {

/// The member unless missing or null.
inline const Doc* get(const Doc* doc, std::string_view key) {
  const Doc* found = doc == nullptr ? nullptr : doc->find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

inline std::string get_string(const Doc* doc, std::string_view key, std::string_view fallback = "") {
  return std::string(doc == nullptr ? fallback : doc->string_or(key, fallback));
}

template <class T>
std::optional<T> get_int(const Doc* doc, std::string_view key) {
  const Doc* found = get(doc, key);
  T number{};
  if (found == nullptr || found->type != Doc::Type::Int) return std::nullopt;
  if (std::from_chars(found->text.data(), found->text.data() + found->text.size(), number).ec != std::errc())
    return std::nullopt;
  return number;
}

inline bool get_bool(const Doc* doc, std::string_view key, bool fallback = false) {
  return doc == nullptr ? fallback : doc->bool_or(key, fallback);
}

/// The elements of a list member; none when it is missing.
inline const std::vector<Doc>& get_items(const Doc* doc, std::string_view key) {
  static const std::vector<Doc> none;
  const Doc* found = get(doc, key);
  return found == nullptr ? none : found->items;
}
inline const std::vector<Doc::Member>& get_members(const Doc* doc, std::string_view key) {
  static const std::vector<Doc::Member> none;
  const Doc* found = get(doc, key);
  return found == nullptr ? none : found->members;
}

inline std::vector<std::string> get_strings(const Doc* doc, std::string_view key) {
  std::vector<std::string> out;
  for (const Doc& item : get_items(doc, key)) out.push_back(item.text);
  return out;
}

Labels read_labels(const Doc* doc, std::string_view key);
ResourceList read_resources(const Doc* doc, std::string_view key);
LabelSelector read_selector(const Doc& doc);
std::optional<LabelSelector> read_optional_selector(const Doc* doc, std::string_view key);
std::optional<std::vector<NodeSelectorTerm>> read_node_selector(const Doc* doc, std::string_view key);
/// The source of a pod's volume or of a PersistentVolume's spec: the one member that is a source.
VolumeSource read_volume_source(const Doc& doc);
PodTemplate read_pod_template(const Doc& doc);
NodeAffinity read_node_affinity(const Doc& doc);
TopologySpreadConstraint read_spread_constraint(const Doc& doc);
PersistentVolume read_persistent_volume(const Doc& doc);
PersistentVolumeClaim read_persistent_volume_claim(const Doc& doc);
StorageClass read_storage_class(const Doc& doc);
CSINode read_csi_node(const Doc& doc);
StatefulSet read_stateful_set(const Doc& doc);
DaemonSet read_daemon_set(const Doc& doc);
ControllerRevision read_controller_revision(const Doc& doc);
Job read_job(const Doc& doc);
/// Of a Job, or of a CronJob's template.
Job read_job_spec(const Doc* spec);
CronJob read_cron_job(const Doc& doc);
HorizontalPodAutoscaler read_horizontal_pod_autoscaler(const Doc& doc);
VerticalPodAutoscaler read_vertical_pod_autoscaler(const Doc& doc);
ResourceQuota read_resource_quota(const Doc& doc);
LimitRange read_limit_range(const Doc& doc);
RuntimeClass read_runtime_class(const Doc& doc);
Ingress read_ingress(const Doc& doc);
IngressClass read_ingress_class(const Doc& doc);
VolumeAttachment read_volume_attachment(const Doc& doc);
/// An integer or a percentage; nothing when missing or neither.
std::optional<IntOrPercent> read_int_or_percent(const Doc* doc, std::string_view key);
ObjectMeta read_meta(const Doc* doc);
/// Whether the image's tag is "latest", written or implied: such images are pulled always.
bool image_tag_is_latest(std::string_view image);

}  // namespace wavetank::model
