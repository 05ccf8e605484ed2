// Stateful sets, daemon sets and their revisions.
#include "engine/model/read.h"

namespace wavetank::model {

StatefulSet read_stateful_set(const Doc& doc) {
  StatefulSet out;
  const Doc* spec = get(&doc, "spec");
  if (const Doc* found = get(spec, "template"); found != nullptr) out.tmpl = read_pod_template(*found);
  out.selector = read_optional_selector(spec, "selector").value_or(LabelSelector{});
  out.replicas = get_int<std::int32_t>(spec, "replicas").value_or(1);
  return out;
}

DaemonSet read_daemon_set(const Doc& doc) {
  DaemonSet out;
  const Doc* spec = get(&doc, "spec");
  if (const Doc* found = get(spec, "template"); found != nullptr) out.tmpl = read_pod_template(*found);
  out.selector = read_optional_selector(spec, "selector").value_or(LabelSelector{});
  return out;
}

ControllerRevision read_controller_revision(const Doc& doc) {
  ControllerRevision out;
  out.revision = get_int<std::int64_t>(&doc, "revision").value_or(0);
  return out;
}

}  // namespace wavetank::model
