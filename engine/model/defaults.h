#pragma once
// Inside the room: the defaults of the kinds that have a file of their own, in the document. Source: SetDefaults_* in
// kubernetes/pkg/apis/*/v1/defaults.go.

#include "engine/model/doc.h"

namespace wavetank::model {

/// The member if it is an object, else null.
Doc* existing(Doc* doc, std::string_view key);
/// The member as an object, made if missing; null pointer when something else stands there.
Doc* object_at(Doc& doc, std::string_view key);
/// Sets a member unless it is there.
void set_default(Doc& doc, std::string_view key, Doc value);
/// The same for plain (non-pointer) fields of Go, where zero means "not set".
void set_if_zero(Doc& doc, std::string_view key, Doc value);
void text_default(Doc& doc, std::string_view key, std::string_view value);
/// Quantities in their canonical form, rounded up to thousandths (SetDefaults_ResourceList).
void canonical_quantities(Doc* doc, std::string_view key);
/// Calls f on each object in a list member.
template <class F>
void each(Doc* doc, std::string_view key, F&& f) {
  Doc* list = doc == nullptr ? nullptr : doc->find(key);
  if (list == nullptr || !list->is_array()) return;
  for (Doc& item : list->items) {
    if (item.is_object()) f(item);
  }
}
/// What a workload's spec.template gets.
void pod_template(Doc* spec);

void default_stateful_set(Doc& doc);
void default_daemon_set(Doc& doc);
void default_controller_revision(Doc& doc);
void default_job(Doc& doc);
/// Of a Job's spec, or of the one in a CronJob's template.
void default_pod_failure_policy(Doc* job_spec);
void default_cron_job(Doc& doc);
void default_horizontal_pod_autoscaler(Doc& doc);
void default_vertical_pod_autoscaler(Doc& doc);
void default_resource_quota(Doc& doc);
void default_limit_range(Doc& doc);
void default_runtime_class(Doc& doc);
void default_ingress(Doc& doc);
void default_ingress_class(Doc& doc);
void default_volume_attachment(Doc& doc);

}  // namespace wavetank::model
