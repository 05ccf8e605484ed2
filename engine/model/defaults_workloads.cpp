// The defaults of: stateful sets, daemon sets and their revisions. Source: kubernetes/pkg/apis/apps/v1/defaults.go.
#include "engine/model/defaults.h"

namespace wavetank::model {
namespace {

void claim_template(Doc& claim) {
  text_default(claim, "apiVersion", "v1");
  text_default(claim, "kind", "PersistentVolumeClaim");
  if (Doc* status = object_at(claim, "status")) text_default(*status, "phase", "Pending");
  Doc* spec = existing(&claim, "spec");
  if (spec == nullptr) return;
  canonical_quantities(existing(spec, "resources"), "requests");
  canonical_quantities(existing(spec, "resources"), "limits");
  set_default(*spec, "volumeMode", Doc::string("Filesystem"));
}

}  // namespace

void default_stateful_set(Doc& doc) {
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  text_default(*spec, "podManagementPolicy", "OrderedReady");
  if (Doc* strategy = object_at(*spec, "updateStrategy")) {
    if (strategy->string_or("type").empty()) {
      (*strategy)["type"] = Doc::string("RollingUpdate");
      object_at(*strategy, "rollingUpdate");
    }
    if (Doc* rolling = existing(strategy, "rollingUpdate");
        rolling != nullptr && strategy->string_or("type") == "RollingUpdate") {
      set_default(*rolling, "partition", Doc::integer(0));
      rolling->erase("maxUnavailable");  // the gate MaxUnavailableStatefulSet is alpha in 1.34, and off
    }
  }
  if (Doc* retention = object_at(*spec, "persistentVolumeClaimRetentionPolicy")) {
    text_default(*retention, "whenDeleted", "Retain");
    text_default(*retention, "whenScaled", "Retain");
  }
  set_default(*spec, "replicas", Doc::integer(1));
  set_default(*spec, "revisionHistoryLimit", Doc::integer(10));
  each(spec, "volumeClaimTemplates", claim_template);
  pod_template(spec);
}

void default_daemon_set(Doc& doc) {
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  if (Doc* strategy = object_at(*spec, "updateStrategy")) {
    text_default(*strategy, "type", "RollingUpdate");
    if (strategy->string_or("type") == "RollingUpdate") {
      if (Doc* rolling = object_at(*strategy, "rollingUpdate")) {
        set_default(*rolling, "maxUnavailable", Doc::integer(1));
        set_default(*rolling, "maxSurge", Doc::integer(0));
      }
    }
  }
  set_default(*spec, "revisionHistoryLimit", Doc::integer(10));
  pod_template(spec);
}

void default_controller_revision(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
