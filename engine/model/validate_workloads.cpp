// The rules of: stateful sets, daemon sets and their revisions. Source: kubernetes/pkg/apis/apps/validation of 1.34.
#include <algorithm>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

/// The selector is there, says something and takes the template's labels.
void validate_selected(const Place& spec, const LabelSelector& wanted, const PodTemplate& tmpl, std::string_view kind) {
  const Place selector = spec["selector"];
  validate_selector(selector);
  if (!selector) {
    selector.required();
  } else if (wanted.empty()) {
    selector.invalid("empty selector is invalid for " + std::string(kind));
  }
  const Place labels = spec["template"]["metadata"]["labels"];
  if (spec["template"] && !wanted.empty() && !wanted.matches(tmpl.labels))
    labels.invalid_value(labels ? shown(*labels.doc()) : "null", "`selector` does not match template `labels`");
}

void validate_long_running(const Place& tmpl, std::string_view kind) {
  const Place restart = tmpl["spec"]["restartPolicy"];
  if (!restart.text().empty() && restart.text() != "Always") restart.unsupported({"Always"});
  const Place deadline = tmpl["spec"]["activeDeadlineSeconds"];
  if (deadline) deadline.forbidden("activeDeadlineSeconds in " + std::string(kind) + " is not Supported");
}

void validate_stateful_strategy(const Place& strategy) {
  const Place rolling = strategy["rollingUpdate"];
  if (strategy["type"].text() == "OnDelete") {
    if (rolling) rolling.invalid("only allowed for updateStrategy 'RollingUpdate'");
  } else if (strategy["type"].text() == "RollingUpdate") {
    rolling["partition"].not_negative();
  } else {
    strategy.invalid("must be 'RollingUpdate' or 'OnDelete'");
  }
}

std::vector<std::string> validate_claim_templates(const Place& spec) {
  std::vector<std::string> names;
  for (const Place& claim : spec["volumeClaimTemplates"].items()) {
    const Place name = claim["metadata"]["name"];
    if (name.text().empty()) {
      name.required("name or generateName is required");
    } else {
      name.each_invalid(check_dns_label(name.text()));  // it becomes the name of a volume
    }
    if (std::find(names.begin(), names.end(), name.text()) != names.end()) name.duplicate();
    names.push_back(name.text());
    validate_labels(claim["metadata"]["labels"]);
    validate_annotations(claim["metadata"]["annotations"]);
    validate_claim_spec(claim["spec"]);
  }
  return names;
}

void validate_daemon_strategy(const Place& strategy) {
  const Place type = strategy["type"];
  if (type.text() == "OnDelete" || !type.one_of({"OnDelete", "RollingUpdate"})) return;
  const Place rolling = strategy["rollingUpdate"];
  const Place unavailable = rolling["maxUnavailable"];
  const Place surge = rolling["maxSurge"];
  validate_int_or_percent(unavailable, true);
  validate_int_or_percent(surge, true);
  const auto none = [](const Place& amount) { return !amount || is_zero(amount); };
  if (!none(unavailable) && !none(surge)) {
    surge.invalid("may not be set when maxUnavailable is non-zero");
  } else if (none(unavailable) && none(surge)) {
    unavailable.required("cannot be 0 when maxSurge is 0");
  }
}

}  // namespace

void validate_stateful_set(const Place& root, const StatefulSet& set) {
  const Place name = root["metadata"]["name"];
  if (!name.text().empty()) name.each_invalid(check_dns_label(name.text()));  // its pods' host names begin with it
  const Place spec = root["spec"];
  const Place policy = spec["podManagementPolicy"];
  if (policy.text() != "OrderedReady" && policy.text() != "Parallel")
    policy.invalid("must be 'OrderedReady' or 'Parallel'");
  validate_stateful_strategy(spec["updateStrategy"]);
  const Place retention = spec["persistentVolumeClaimRetentionPolicy"];
  retention["whenDeleted"].one_of({"Delete", "Retain"});
  retention["whenScaled"].one_of({"Delete", "Retain"});
  for (const std::string_view field : {"replicas", "minReadySeconds"}) spec[field].not_negative();
  spec["ordinals"]["start"].renamed("spec.ordinals.start").not_negative();
  const Place service = spec["serviceName"];
  if (!service.text().empty()) service.each_invalid(check_dns_label(service.text()));
  validate_selected(spec, set.selector, set.tmpl, "statefulset");
  const std::vector<std::string> claims = validate_claim_templates(spec);
  const Place tmpl = spec["template"];
  if (!tmpl) return tmpl.required();
  validate_pod_template(tmpl["metadata"], tmpl["spec"], claims);
  validate_long_running(tmpl, "StatefulSet");
}

void validate_daemon_set(const Place& root, const DaemonSet& set) {
  const Place spec = root["spec"];
  validate_selected(spec, set.selector, set.tmpl, "daemonset");
  const Place tmpl = spec["template"];
  if (tmpl) {
    validate_pod_template(tmpl["metadata"], tmpl["spec"]);
    validate_long_running(tmpl, "DaemonSet");
  } else {
    tmpl.required();
  }
  for (const std::string_view field : {"minReadySeconds", "revisionHistoryLimit"}) spec[field].not_negative();
  validate_daemon_strategy(spec["updateStrategy"]);
}

void validate_controller_revision(const Place& root, const ControllerRevision&) {
  if (!root["data"]) root["data"].required("data is mandatory");
  root["revision"].not_negative();
}

}  // namespace wavetank::model
