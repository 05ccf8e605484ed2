// Stateful sets, daemon sets and their revisions.
#include "engine/model/read.h"

namespace wavetank::model {

StatefulSet read_stateful_set(const Doc& doc) {
  StatefulSet out;
  const Doc* spec = get(&doc, "spec");
  if (const Doc* found = get(spec, "template"); found != nullptr) out.tmpl = read_pod_template(*found);
  out.selector = read_optional_selector(spec, "selector").value_or(LabelSelector{});
  out.replicas = get_int<std::int32_t>(spec, "replicas").value_or(1);
  out.min_ready_seconds = get_int<std::int32_t>(spec, "minReadySeconds").value_or(0);
  out.revision_history_limit = get_int<std::int32_t>(spec, "revisionHistoryLimit").value_or(10);
  out.ordinals_start = get_int<std::int32_t>(get(spec, "ordinals"), "start").value_or(0);
  out.parallel = get_string(spec, "podManagementPolicy") == "Parallel";
  const Doc* strategy = get(spec, "updateStrategy");
  out.on_delete = get_string(strategy, "type") == "OnDelete";
  const Doc* rolling = get(strategy, "rollingUpdate");
  // -1: a RollingUpdate that was written without rollingUpdate, which is not the same as partition 0.
  out.partition = rolling == nullptr ? -1 : get_int<std::int32_t>(rolling, "partition").value_or(0);
  out.service_name = get_string(spec, "serviceName");
  for (const Doc& claim : get_items(spec, "volumeClaimTemplates"))
    out.claim_templates.push_back(to_canonical_json(claim));
  const Doc* retention = get(spec, "persistentVolumeClaimRetentionPolicy");
  out.delete_claims_when_deleted = get_string(retention, "whenDeleted") == "Delete";
  out.delete_claims_when_scaled = get_string(retention, "whenScaled") == "Delete";
  return out;
}

DaemonSet read_daemon_set(const Doc& doc) {
  DaemonSet out;
  const Doc* spec = get(&doc, "spec");
  if (const Doc* found = get(spec, "template"); found != nullptr) out.tmpl = read_pod_template(*found);
  out.selector = read_optional_selector(spec, "selector").value_or(LabelSelector{});
  out.min_ready_seconds = get_int<std::int32_t>(spec, "minReadySeconds").value_or(0);
  out.revision_history_limit = get_int<std::int32_t>(spec, "revisionHistoryLimit").value_or(10);
  const Doc* strategy = get(spec, "updateStrategy");
  out.on_delete = get_string(strategy, "type") == "OnDelete";
  const Doc* rolling = get(strategy, "rollingUpdate");
  out.max_unavailable = read_int_or_percent(rolling, "maxUnavailable").value_or(IntOrPercent{1, false});
  out.max_surge = read_int_or_percent(rolling, "maxSurge").value_or(IntOrPercent{0, false});
  return out;
}

ControllerRevision read_controller_revision(const Doc& doc) {
  ControllerRevision out;
  out.revision = get_int<std::int64_t>(&doc, "revision").value_or(0);
  return out;
}

}  // namespace wavetank::model
