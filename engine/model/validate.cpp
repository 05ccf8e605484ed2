// validate(): metadata, labels and selectors, and the kinds other than pods. Sources:
// pkg/apis/{core,apps,policy,scheduling, discovery}/validation and k8s.io/apimachinery pkg/api/validation of 1.34.

#include "engine/model/validate.h"

#include <algorithm>

#include <fmt/format.h>

namespace wavetank::model {
namespace {

bool has_text(const Place& place) { return !place.text().empty(); }

void validate_owner_references(const Place& owners) {
  std::string controller;
  for (const Place& item : owners.items()) {
    const Place o = item.renamed(owners.path());  // Kubernetes leaves the index out
    if (!has_text(o["apiVersion"])) o["apiVersion"].invalid("version must not be empty");
    if (o["apiVersion"].text() == "v1" && o["kind"].text() == "Event")
      o.invalid("/v1, Kind=Event is disallowed from being an owner");
    for (const std::string_view field : {"kind", "name"}) {
      if (!has_text(o[field])) o[field].invalid("must not be empty");
    }
    if (!get_bool(o.doc(), "controller")) continue;
    const std::string name = o["kind"].text() + "/" + o["name"].text();
    if (controller.empty()) {
      controller = name;
    } else {
      owners.invalid(
          fmt::format("Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
                      controller, name));
    }
  }
}

/// The labels of a selector's expression list, which says In, NotIn, Exists or DoesNotExist.
void validate_selector_expression(const Place& e) {
  const Place op = e["operator"];
  const std::vector<Place> values = e["values"].items();
  if (op.text() == "In" || op.text() == "NotIn") {
    if (values.empty()) e["values"].required("must be specified when `operator` is 'In' or 'NotIn'");
  } else if (op.text() == "Exists" || op.text() == "DoesNotExist") {
    if (!values.empty()) e["values"].forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else {
    op.invalid("not a valid selector operator");
  }
  e["key"].each_invalid(check_qualified_name(e["key"].text()));
  for (const Place& v : values) v.each_invalid(check_label_value(v.text()));
}

/// Template and selector of a ReplicaSet or Deployment.
void validate_workload(const Place& spec, const LabelSelector& wanted, const PodTemplate& tmpl) {
  const Place selector = spec["selector"];
  validate_selector(selector);
  if (!selector) {
    selector.required();
  } else if (wanted.empty()) {
    selector.invalid("empty selector is invalid for deployment");
  }
  const Place t = spec["template"];
  if (!t) return t.required();
  if (!wanted.empty() && !wanted.matches(tmpl.labels)) {
    const Place labels = t["metadata"]["labels"];
    labels.invalid_value(labels ? shown(*labels.doc()) : "null", "`selector` does not match template `labels`");
  }
  validate_pod_template(t["metadata"], t["spec"]);
  const Place restart = t["spec"]["restartPolicy"];
  if (has_text(restart) && restart.text() != "Always") restart.unsupported({"Always"});
  const Place deadline = t["spec"]["activeDeadlineSeconds"];
  if (deadline) deadline.forbidden("activeDeadlineSeconds in ReplicaSet is not Supported");
}

void validate_strategy(const Place& strategy) {
  const Place type = strategy["type"];
  const Place rolling = strategy["rollingUpdate"];
  if (type.text() == "Recreate") {
    if (rolling) rolling.forbidden("may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  if (!type.one_of({"Recreate", "RollingUpdate"})) return;
  validate_int_or_percent(rolling["maxUnavailable"], true);
  validate_int_or_percent(rolling["maxSurge"], false);
  if (is_zero(rolling["maxUnavailable"]) && is_zero(rolling["maxSurge"])) {
    rolling["maxUnavailable"].invalid("may not be 0 when `maxSurge` is 0");
  }
}

void validate_deployment(const Place& spec, const Deployment& d) {
  for (const std::string_view field :
       {"replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"}) {
    spec[field].not_negative();
  }
  validate_workload(spec, d.selector, d.tmpl);
  validate_strategy(spec["strategy"]);
  const Place deadline = spec["progressDeadlineSeconds"];
  if (deadline && deadline.number() <= d.min_ready_seconds) deadline.invalid("must be greater than minReadySeconds");
}

void validate_replica_set(const Place& spec, const ReplicaSet& r) {
  spec["replicas"].not_negative();
  spec["minReadySeconds"].not_negative();
  validate_workload(spec, r.selector, r.tmpl);
}

void validate_pdb(const Place& spec) {
  const Place least = spec["minAvailable"];
  const Place most = spec["maxUnavailable"];
  if (least && most) spec.invalid("minAvailable and maxUnavailable cannot be both set");
  for (const Place& value : {least, most}) {
    if (value) validate_int_or_percent(value, true);
  }
  spec["unhealthyPodEvictionPolicy"].one_of({"AlwaysAllow", "IfHealthyBudget"});
  validate_selector(spec["selector"]);
}

// Source: pkg/apis/scheduling: two system classes exist; users' values end at HighestUserDefinablePriority.
void validate_priority_class(const Place& root) {
  const std::string& name = root["metadata"]["name"].text();
  const std::int64_t value = root["value"].number();
  const std::int64_t system_value = name == "system-cluster-critical" ? 2000000000
                                    : name == "system-node-critical"  ? 2000001000
                                                                      : 0;
  if (name.substr(0, 7) == "system-") {
    if (system_value == 0) {
      root["metadata"]["name"].forbidden(
          fmt::format("priority class names with 'system-' prefix are reserved for system use only. error: {} is not a "
                      "known system priority class",
                      name));
    } else if (value != system_value) {
      root["metadata"]["name"].forbidden(
          fmt::format("priority class names with 'system-' prefix are reserved for system use only. error: value of {} "
                      "PriorityClass must be {}",
                      name, system_value));
    }
  } else if (value > 1000000000) {
    root["value"].forbidden("maximum allowed value of a user defined priority is 1000000000");
  }
  if (system_value != 0 && value == system_value && get_bool(root.doc(), "globalDefault"))
    root["metadata"]["name"].forbidden(
        fmt::format("priority class names with 'system-' prefix are reserved for system use only. error: globalDefault "
                    "of {} PriorityClass must be false",
                    name));
  if (root["preemptionPolicy"]) root["preemptionPolicy"].one_of({"PreemptLowerPriority", "Never"});
}

/// podCIDRs: one a family; the first is podCIDR, which counts where the two differ.
void validate_ranges(const Place& spec) {
  const Place one = spec["podCIDR"], list = spec["podCIDRs"];
  std::vector<Place> ranges = list.items();
  if (has_text(one) && (ranges.empty() || ranges.front().text() != one.text()))
    ranges = {one.renamed(list.path() + "[0]")};
  std::vector<std::string> seen;
  std::size_t four = 0;
  for (const Place& range : ranges) {
    if (!is_cidr(range.text())) range.invalid(kNotARange);
    if (std::find(seen.begin(), seen.end(), range.text()) != seen.end()) range.duplicate();
    seen.push_back(range.text());
    four += range.text().find(':') == std::string::npos ? 1U : 0U;
  }
  if (ranges.size() > 2 || (ranges.size() == 2 && four != 1))
    list.invalid("may specify no more than one CIDR for each IP family");
}

void validate_node(const Place& root) {
  std::vector<std::string> seen;
  for (const Place& t : root["spec"]["taints"].items()) {
    t["key"].each_invalid(check_qualified_name(t["key"].text()));
    t["value"].each_invalid(check_label_value(t["value"].text()));
    validate_taint_effect(t["effect"], true);
    const std::string pair = t["key"].text() + ":" + t["effect"].text();
    if (std::find(seen.begin(), seen.end(), pair) != seen.end())
      t.duplicate_value(shown(*t.doc()), "taints must be unique by key and effect pair");
    seen.push_back(pair);
  }
  validate_ranges(root["spec"]);
  validate_resource_names(root["status"]["capacity"], false);
  validate_resource_names(root["status"]["allocatable"], false);
}

/// Keys and total size of a ConfigMap's or Secret's maps.
void validate_data(const Place& root, std::string_view second) {
  const Place data = root["data"];
  std::size_t size = 0;
  for (const Place& map : {data, root[second]}) {
    for (const Doc::Member& m : map.members()) {
      const Place entry = map.entry(m);
      for (const std::string& message : check_config_key(m.key)) entry.invalid_value("\"" + m.key + "\"", message);
      size += m.value.text.size();
      if (map.path() != "data" && get(data.doc(), m.key) != nullptr)
        entry.invalid_value("\"" + m.key + "\"", "duplicate of key present in data");
    }
  }
  constexpr std::size_t kLimit = 1U << 20;
  if (size > kLimit) data.too_long(fmt::format("may not be more than {} bytes", kLimit));
}

void validate_kind(const Place& root, const Object& object) {
  switch (object.kind) {
    case Kind::Node:
      return validate_node(root);
    case Kind::Pod: {
      const Place spec = root["spec"];
      validate_pod_annotations(root["metadata"]["annotations"], spec);
      if (!spec["ephemeralContainers"].items().empty())
        spec["ephemeralContainers"].forbidden("cannot be set on create");
      return validate_pod_spec(spec);
    }
    case Kind::ReplicaSet:
      return validate_replica_set(root["spec"], std::get<ReplicaSet>(object.spec));
    case Kind::Deployment:
      return validate_deployment(root["spec"], std::get<Deployment>(object.spec));
    case Kind::Service:
      return validate_service(root);
    case Kind::EndpointSlice:
      return validate_endpoint_slice(root);
    case Kind::PodDisruptionBudget:
      return validate_pdb(root["spec"]);
    case Kind::PriorityClass:
      return validate_priority_class(root);
    case Kind::ConfigMap:
      return validate_data(root, "binaryData");
    case Kind::Secret:
      return validate_data(root, "stringData");
    case Kind::PersistentVolume:
      return validate_persistent_volume(root);
    case Kind::PersistentVolumeClaim:
      return validate_claim_spec(root["spec"]);
    case Kind::StorageClass:
      return validate_storage_class(root);
    case Kind::CSINode:
      return validate_csi_node(root["spec"]);
    case Kind::StatefulSet:
      return validate_stateful_set(root, std::get<StatefulSet>(object.spec));
    case Kind::DaemonSet:
      return validate_daemon_set(root, std::get<DaemonSet>(object.spec));
    case Kind::ControllerRevision:
      return validate_controller_revision(root, std::get<ControllerRevision>(object.spec));
    case Kind::Job:
      return validate_job(root, std::get<Job>(object.spec));
    case Kind::CronJob:
      return validate_cron_job(root, std::get<CronJob>(object.spec));
    case Kind::HorizontalPodAutoscaler:
      return validate_horizontal_pod_autoscaler(root, std::get<HorizontalPodAutoscaler>(object.spec));
    case Kind::VerticalPodAutoscaler:
      return validate_vertical_pod_autoscaler(root, std::get<VerticalPodAutoscaler>(object.spec));
    case Kind::ResourceQuota:
      return validate_resource_quota(root, std::get<ResourceQuota>(object.spec));
    case Kind::LimitRange:
      return validate_limit_range(root, std::get<LimitRange>(object.spec));
    case Kind::RuntimeClass:
      return validate_runtime_class(root, std::get<RuntimeClass>(object.spec));
    case Kind::Ingress:
      return validate_ingress(root, std::get<Ingress>(object.spec));
    case Kind::IngressClass:
      return validate_ingress_class(root, std::get<IngressClass>(object.spec));
    case Kind::VolumeAttachment:
      return validate_volume_attachment(root, std::get<VolumeAttachment>(object.spec));
    case Kind::Namespace: {
      // Of the namespace itself, with one path for all.
      const Place list = root["spec"]["finalizers"];
      for (const Place& f : list.items()) {
        const Place at = f.renamed(list.path());
        at.each_invalid(check_qualified_name(f.text()));
        if (f.text().find('/') == std::string::npos && f.text() != "kubernetes" && f.text() != "orphan" &&
            f.text() != "foregroundDeletion")
          at.invalid("name is neither a standard finalizer name nor is it fully qualified");
      }
      return;
    }
    case Kind::ServiceAccount:
    case Kind::Other:
      return;
  }
}

}  // namespace

void validate_meta(const Place& meta, Kind kind) {
  const Place name = meta["name"];
  const auto check = [&](std::string_view text) {
    if (kind == Kind::Namespace) return check_dns_label(text);
    return kind == Kind::Service ? check_dns1035_label(text) : check_dns_subdomain(text);
  };
  const Place prefix = meta["generateName"];
  if (has_text(prefix)) {
    std::string text = prefix.text();
    if (text.back() == '-') text.back() = 'x';  // the generated part follows
    prefix.each_invalid(check(text));
  }
  if (has_text(name)) {
    // Names of kinds we do not know are only known not to be paths (other kinds allow more than DNS names).
    if (kind != Kind::Other) name.each_invalid(check(name.text()));
  } else if (!has_text(prefix)) {
    name.required("name or generateName is required");
  }
  const Place ns = meta["namespace"];
  if (has_text(ns)) {
    if (kind != Kind::Other && !kind_info(kind).namespaced) {
      ns.forbidden("not allowed on this type");
    } else {
      ns.each_invalid(check_dns_label(ns.text()));
    }
  }
  meta["generation"].not_negative();
  validate_labels(meta["labels"]);
  validate_annotations(meta["annotations"]);
  validate_owner_references(meta["ownerReferences"]);
  validate_finalizers(meta["finalizers"], kind);
  const Place managed = meta["managedFields"];
  for (const Place& item : managed.items()) {
    const Place fields = item.renamed(managed.path());
    const Place operation = fields["operation"], type = fields["fieldsType"];
    if (operation.text() != "Apply" && operation.text() != "Update") operation.invalid("must be `Apply` or `Update`");
    if (has_text(type) && type.text() != "FieldsV1") type.invalid("must be `FieldsV1`");
  }
}

void validate_labels(const Place& labels) {
  for (const Doc::Member& m : labels.members()) {
    const Place at = labels.entry(m).renamed(labels.path());
    for (const std::string& message : check_qualified_name(m.key)) at.invalid_value("\"" + m.key + "\"", message);
    at.each_invalid(check_label_value(m.value.text));
  }
}

void validate_annotations(const Place& annotations) {
  std::size_t size = 0;
  for (const Doc::Member& m : annotations.members()) {
    const Place at = annotations.entry(m).renamed(annotations.path());
    std::string lower = m.key;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (const std::string& message : check_qualified_name(lower)) at.invalid_value("\"" + m.key + "\"", message);
    size += m.key.size() + m.value.text.size();
  }
  constexpr std::size_t kLimit = 256U << 10;
  if (size > kLimit) annotations.too_long(fmt::format("may not be more than {} bytes", kLimit));
}

void validate_selector(const Place& selector) {
  if (!selector) return;
  validate_labels(selector["matchLabels"]);
  for (const Place& e : selector["matchExpressions"].items()) validate_selector_expression(e);
}

void validate_int_or_percent(const Place& value, bool at_most_100) {
  if (!value) return;
  if (value.doc()->type == Doc::Type::Int) return value.not_negative();
  const std::string& text = value.text();
  const std::string_view digits = std::string_view(text).substr(0, text.empty() ? 0 : text.size() - 1);
  const bool is_percent =
      !digits.empty() && text.back() == '%' && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_percent) {
    return value.invalid(
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used "
        "for validation is "
        "'[0-9]+%')");
  }
  const std::size_t first = digits.find_first_not_of('0');
  const std::string_view number = first == std::string_view::npos ? "0" : digits.substr(first);
  const bool above = number.size() > 3 || (number.size() == 3 && number > "100");
  if (above && at_most_100) value.invalid("must not be greater than 100%");
  if (number.size() > 9) value.invalid("must be a percentage below 1000000000%");  // what an int32 holds
}

bool is_zero(const Place& int_or_percent) {
  std::string_view text = int_or_percent.text();
  if (text.ends_with('%')) text.remove_suffix(1);
  return !text.empty() && text.find_first_not_of('0') == std::string_view::npos;
}

base::Diagnostics validate(const Object& object, std::string_view file) {
  base::Diagnostics out;
  const Place root(object.doc, file, out);
  const Place meta = root["metadata"];
  validate_meta(meta, object.kind);
  validate_kind(root, object);
  std::stable_sort(out.begin(), out.end(), [](const base::Diagnostic& a, const base::Diagnostic& b) {
    return a.position.line != b.position.line ? a.position.line < b.position.line
                                              : a.position.column < b.position.column;
  });
  return out;
}

}  // namespace wavetank::model
