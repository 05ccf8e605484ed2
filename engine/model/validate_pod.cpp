// Pods: containers, volumes and the rest of the PodSpec. Source: ValidatePodSpec in pkg/apis/core/validation of 1.34.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// A name that must be there, be a DNS label, and be new to `taken`.
void validate_unique_label(const Place& name, std::vector<std::string>& taken) {
  if (name.text().empty()) return name.required();
  name.each_invalid(check_dns_label(name.text()));
  if (contains(taken, name.text())) {
    name.duplicate();
  } else {
    taken.push_back(name.text());
  }
}

void validate_container(const Place& c, bool is_init, const Place& spec, std::vector<std::string>& names,
                        const std::vector<PodVolume>& volumes, std::vector<std::string>& host_ports) {
  const bool host_network = !is_init && get_bool(spec.doc(), "hostNetwork");
  const Place grace = spec["terminationGracePeriodSeconds"];
  validate_unique_label(c["name"], names);
  const Place image = c["image"];
  const std::string& text = image.text();
  if (text.empty()) {
    image.required();
  } else if (text.front() == ' ' || text.back() == ' ' || text.front() == '\t' || text.back() == '\t' ||
             text.back() == '\n') {
    image.invalid("must not have leading or trailing whitespace");
  }
  c["terminationMessagePolicy"].one_of({"File", "FallbackToLogsOnError"});
  c["imagePullPolicy"].one_of({"Always", "IfNotPresent", "Never"});
  if (is_init) {
    c["restartPolicy"].one_of({"Always"});
  } else if (c["restartPolicy"]) {
    c["restartPolicy"].forbidden("may not be set for non-init containers");
  }
  validate_container_ports(c, host_network, host_ports);
  validate_env(c);
  validate_mounts(c, volumes);
  validate_devices(c, volumes);
  validate_security_context(c["securityContext"], get_bool(spec.doc(), "hostUsers", true));
  validate_probes(c, is_init);
  validate_lifecycle(c, is_init, grace);
  validate_resources(c["resources"]);
}

void validate_name_if_any(const Place& name) {
  if (!name.text().empty()) name.each_invalid(check_dns_subdomain(name.text()));
}

void validate_scheduling_fields(const Place& spec) {
  validate_labels(spec["nodeSelector"]);
  validate_affinity(spec["affinity"]);
  validate_tolerations(spec["tolerations"]);
  validate_spread(spec["topologySpreadConstraints"]);
  validate_name_if_any(spec["priorityClassName"]);
  spec["preemptionPolicy"].one_of({"PreemptLowerPriority", "Never"});
  std::vector<std::string> gates;
  for (const Place& gate : spec["schedulingGates"].items()) {
    const Place name = gate["name"];
    if (name.text().empty()) {
      name.required();
      continue;
    }
    name.each_invalid(check_qualified_name(name.text()));
    if (contains(gates, name.text())) gate.duplicate_value(shown(*name.doc()));
    gates.push_back(name.text());
  }
  if (!spec["nodeName"].text().empty() && !gates.empty())
    spec["nodeName"].forbidden("cannot be set until all schedulingGates have been cleared");
}

}  // namespace

void validate_pod_spec(const Place& spec, const std::vector<std::string>& claims) {
  std::vector<PodVolume> volumes = validate_volumes(spec);
  for (const std::string& claim : claims) volumes.push_back({claim, true, false});
  std::vector<std::string> names;
  std::vector<std::string> host_ports;
  const std::vector<Place> containers = spec["containers"].items();
  if (containers.empty()) spec["containers"].required();
  for (const Place& c : containers) validate_container(c, false, spec, names, volumes, host_ports);
  std::vector<std::string> no_conflict;  // plain init containers run one after the other
  for (const Place& c : spec["initContainers"].items()) {
    const bool sidecar = c["restartPolicy"].text() == "Always";
    validate_container(c, true, spec, names, volumes, sidecar ? host_ports : no_conflict);
    if (!sidecar) no_conflict.clear();
  }
  spec["restartPolicy"].one_of({"Always", "OnFailure", "Never"});
  spec["dnsPolicy"].one_of({"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"});
  spec["activeDeadlineSeconds"].in_range(1, std::numeric_limits<std::int32_t>::max());
  validate_name_if_any(spec["serviceAccountName"]);
  validate_name_if_any(spec["nodeName"]);
  for (const std::string_view field : {"hostname", "subdomain"}) {
    if (!spec[field].text().empty()) spec[field].each_invalid(check_dns_label(spec[field].text()));
  }
  validate_scheduling_fields(spec);
  validate_pod_security_context(spec);
  validate_pod_fields(spec);
}

void validate_pod_template(const Place& metadata, const Place& spec, const std::vector<std::string>& claims) {
  // Kubernetes leaves the metadata out of the path.
  const std::string tmpl = metadata.path().substr(0, metadata.path().rfind('.'));
  validate_labels(metadata["labels"].renamed(tmpl + ".labels"));
  validate_annotations(metadata["annotations"].renamed(tmpl + ".annotations"));
  validate_pod_annotations(metadata["annotations"].renamed(tmpl + ".annotations"), spec);
  validate_pod_spec(spec, claims);
  if (!spec["ephemeralContainers"].items().empty())
    spec["ephemeralContainers"].forbidden("ephemeral containers not allowed in pod template");
}

}  // namespace wavetank::model
