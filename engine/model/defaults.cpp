// Kubernetes' defaulting of the typed kinds, in the document. Runs before types are checked: whatever has a wrong type
// is left alone. Source: pkg/apis/{core,apps,discovery,scheduling}/v1/defaults.go of 1.34.

#include <algorithm>

#include "engine/model/decode.h"
#include "engine/model/defaults.h"
#include "engine/model/read.h"
#include "engine/model/requests.h"

namespace wavetank::model {
namespace {

/// A value as good as none: missing, null, "" or 0.
bool is_zero(const Doc* doc) {
  return doc == nullptr || doc->is_null() || (doc->is_string() && doc->text.empty()) ||
         (doc->type == Doc::Type::Int && doc->text == "0");
}

bool may_hold_members(const Doc* doc) { return doc == nullptr || doc->is_null() || doc->is_object(); }

}  // namespace

/// The member as an object, made if missing; null pointer when something else stands there.
Doc* object_at(Doc& doc, std::string_view key) {
  if (!may_hold_members(&doc) || !may_hold_members(doc.find(key))) return nullptr;
  Doc& member = doc[key];
  member.type = Doc::Type::Object;
  return &member;
}

/// The member if it is an object.
Doc* existing(Doc* doc, std::string_view key) {
  Doc* found = doc == nullptr ? nullptr : doc->find(key);
  return found != nullptr && found->is_object() ? found : nullptr;
}

void set_default(Doc& doc, std::string_view key, Doc value) {
  const Doc* found = doc.find(key);
  if (found == nullptr || found->is_null()) doc[key] = std::move(value);
}
/// For plain (non-pointer) fields of Go, where zero means "not set".
void set_if_zero(Doc& doc, std::string_view key, Doc value) {
  if (!is_zero(doc.find(key))) return;
  value.position = doc.find(key) == nullptr ? base::Position{} : doc.find(key)->position;
  doc[key] = std::move(value);
}
void text_default(Doc& doc, std::string_view key, std::string_view value) { set_if_zero(doc, key, Doc::string(value)); }

/// Quantities in their canonical form, rounded up to thousandths (SetDefaults_ResourceList).
void canonical_quantities(Doc* doc, std::string_view key) {
  Doc* list = existing(doc, key);
  if (list == nullptr) return;
  for (Doc::Member& m : list->members) {
    if (m.value.is_null() || m.value.is_object() || m.value.is_array() || m.value.type == Doc::Type::Bool) continue;
    const auto q = base::Quantity::parse(m.value.text);
    if (!q) continue;
    m.value.type = Doc::Type::String;
    m.value.text = q->rounded_to_milli().text();
  }
}

namespace {

void http_get(Doc* doc) {
  if (doc == nullptr) return;
  text_default(*doc, "path", "/");
  text_default(*doc, "scheme", "HTTP");
}

void probe(Doc* doc) {
  if (doc == nullptr) return;
  set_if_zero(*doc, "timeoutSeconds", Doc::integer(1));
  set_if_zero(*doc, "periodSeconds", Doc::integer(10));
  set_if_zero(*doc, "successThreshold", Doc::integer(1));
  set_if_zero(*doc, "failureThreshold", Doc::integer(3));
  http_get(existing(doc, "httpGet"));
  if (Doc* grpc = existing(doc, "grpc")) set_default(*grpc, "service", Doc::string(""));
}

void container(Doc& c) {
  if (is_zero(c.find("imagePullPolicy"))) {
    text_default(c, "imagePullPolicy", image_tag_is_latest(c.string_or("image")) ? "Always" : "IfNotPresent");
  }
  text_default(c, "terminationMessagePath", "/dev/termination-log");
  text_default(c, "terminationMessagePolicy", "File");
  if (Doc* resources = object_at(c, "resources")) {
    canonical_quantities(resources, "limits");
    canonical_quantities(resources, "requests");
  }
  each(&c, "ports", [](Doc& port) { text_default(port, "protocol", "TCP"); });
  each(&c, "env", [](Doc& env) {
    if (Doc* field = existing(existing(&env, "valueFrom"), "fieldRef")) text_default(*field, "apiVersion", "v1");
  });
  for (const std::string_view key : {"livenessProbe", "readinessProbe", "startupProbe"}) probe(existing(&c, key));
  for (const std::string_view key : {"postStart", "preStop"}) {
    http_get(existing(existing(existing(&c, "lifecycle"), key), "httpGet"));
  }
}

void field_refs(Doc* downward) {
  each(downward, "items", [](Doc& item) {
    if (Doc* field = existing(&item, "fieldRef")) text_default(*field, "apiVersion", "v1");
  });
}

void volume(Doc& v) {
  const bool has_source = std::any_of(v.members.begin(), v.members.end(),
                                      [](const Doc::Member& m) { return m.key != "name" && !m.value.is_null(); });
  if (!has_source) v["emptyDir"] = Doc::object();
  for (const std::string_view key : {"secret", "configMap", "projected", "downwardAPI"}) {
    if (Doc* source = existing(&v, key)) set_default(*source, "defaultMode", Doc::integer(420));
  }
  field_refs(existing(&v, "downwardAPI"));
  each(existing(&v, "projected"), "sources", [](Doc& source) {
    if (Doc* token = existing(&source, "serviceAccountToken"))
      set_default(*token, "expirationSeconds", Doc::integer(3600));
    field_refs(existing(&source, "downwardAPI"));
  });
  if (Doc* path = existing(&v, "hostPath")) set_default(*path, "type", Doc::string(""));
  if (Doc* spec = existing(existing(existing(&v, "ephemeral"), "volumeClaimTemplate"), "spec"))
    set_default(*spec, "volumeMode", Doc::string("Filesystem"));
}

void pod_spec(Doc* spec) {
  if (spec == nullptr) return;
  text_default(*spec, "dnsPolicy", "ClusterFirst");
  text_default(*spec, "restartPolicy", "Always");
  set_default(*spec, "securityContext", Doc::object());
  set_default(*spec, "terminationGracePeriodSeconds", Doc::integer(30));
  text_default(*spec, "schedulerName", "default-scheduler");
  // The two names of one field.
  const std::string account(spec->string_or("serviceAccountName", spec->string_or("serviceAccount")));
  if (!account.empty()) {
    text_default(*spec, "serviceAccountName", account);
    text_default(*spec, "serviceAccount", account);
  }
  for (const std::string_view key : {"containers", "initContainers", "ephemeralContainers"}) each(spec, key, container);
  each(spec, "volumes", volume);
  canonical_quantities(spec, "overhead");
  canonical_quantities(existing(spec, "resources"), "limits");
  canonical_quantities(existing(spec, "resources"), "requests");
}

/// Requests a container leaves out are its limits.
void requests_from_limits(Doc& container) {
  Doc* resources = existing(&container, "resources");
  const Doc* limits = existing(resources, "limits");
  if (limits == nullptr || limits->members.empty()) return;
  const Doc wanted = *limits;
  Doc* requests = object_at(*resources, "requests");
  if (requests == nullptr) return;
  for (const Doc::Member& m : wanted.members) set_default(*requests, m.key, Doc(m.value));
}

/// Requests that a pod with limits of its own leaves out: what its containers ask for together, else the limit
/// (KEP-2837). Huge pages are always the limit.
void pod_level_requests(Doc& spec) {
  Doc* resources = existing(&spec, "resources");
  const Doc* limits = existing(resources, "limits");
  if (limits == nullptr || limits->members.empty()) return;
  const Doc wanted = *limits;
  Doc pod = Doc::object();
  pod["spec"]["containers"] = spec.find("containers") == nullptr ? Doc::array() : *spec.find("containers");
  if (const Doc* init = spec.find("initContainers")) pod["spec"]["initContainers"] = *init;
  const ResourceList asked = total_requests(read_pod_template(pod).spec);
  Doc* requests = object_at(*resources, "requests");
  if (requests == nullptr) return;
  if ((asked.present & ResourceList::kCpu) != 0) {
    const auto cpu = base::Quantity::parse(std::to_string(asked.milli_cpu) + "m");
    set_default(*requests, "cpu", Doc::string(cpu ? cpu->text() : "0"));
  }
  if ((asked.present & ResourceList::kMemory) != 0)
    set_default(*requests, "memory",
                Doc::string(base::Quantity(asked.memory, base::Quantity::Format::BinarySI).text()));
  for (const Doc::Member& m : wanted.members) {
    if (m.key == "cpu" || m.key == "memory" || m.key.starts_with("hugepages-"))
      set_default(*requests, m.key, Doc(m.value));
  }
}

}  // namespace

void pod_template(Doc* spec) {
  Doc* tmpl = existing(spec, "template");
  pod_spec(existing(tmpl, "spec"));
}

namespace {

void deployment(Doc* spec) {
  if (spec == nullptr) return;
  set_default(*spec, "replicas", Doc::integer(1));
  set_default(*spec, "revisionHistoryLimit", Doc::integer(10));
  set_default(*spec, "progressDeadlineSeconds", Doc::integer(600));
  if (Doc* strategy = object_at(*spec, "strategy")) {
    text_default(*strategy, "type", "RollingUpdate");
    if (strategy->string_or("type") == "RollingUpdate") {
      if (Doc* rolling = object_at(*strategy, "rollingUpdate")) {
        set_default(*rolling, "maxSurge", Doc::string("25%"));
        set_default(*rolling, "maxUnavailable", Doc::string("25%"));
      }
    }
  }
  pod_template(spec);
}

void service(Doc* spec) {
  if (spec == nullptr) return;
  text_default(*spec, "sessionAffinity", "None");
  if (spec->string_or("sessionAffinity") == "None") spec->erase("sessionAffinityConfig");
  if (spec->string_or("sessionAffinity") == "ClientIP") {
    if (Doc* config = object_at(*spec, "sessionAffinityConfig")) {
      if (Doc* client = object_at(*config, "clientIP")) set_default(*client, "timeoutSeconds", Doc::integer(10800));
    }
  }
  text_default(*spec, "type", "ClusterIP");
  each(spec, "ports", [](Doc& port) {
    text_default(port, "protocol", "TCP");
    if (const Doc* number = port.find("port")) set_if_zero(port, "targetPort", Doc(*number));
  });
  const std::string_view type = spec->string_or("type");
  const bool balancer = type == "LoadBalancer";
  const bool external_ip = type == "ClusterIP" && !get_items(spec, "externalIPs").empty();
  if (balancer || type == "NodePort" || external_ip) text_default(*spec, "externalTrafficPolicy", "Cluster");
  if (balancer || type == "NodePort" || type == "ClusterIP")
    set_default(*spec, "internalTrafficPolicy", Doc::string("Cluster"));
  if (balancer) set_default(*spec, "allocateLoadBalancerNodePorts", Doc::boolean(true));
}

void node(Doc& doc) {
  Doc* status = existing(&doc, "status");
  if (status == nullptr) return;
  canonical_quantities(status, "capacity");
  canonical_quantities(status, "allocatable");
  if (existing(status, "capacity") != nullptr) set_default(*status, "allocatable", Doc(*status->find("capacity")));
}

void name_space(Doc& doc) {
  Doc* meta = existing(&doc, "metadata");
  const std::string name(meta == nullptr ? "" : meta->string_or("name"));
  if (!name.empty()) {
    if (Doc* labels = object_at(*meta, "labels")) (*labels)["kubernetes.io/metadata.name"] = Doc::string(name);
  }
  if (Doc* status = object_at(doc, "status")) text_default(*status, "phase", "Active");
}

/// A phase that was written stays, as a node's status does: whoever describes a cluster may say how far it has come.
void phase(Doc& doc) {
  if (Doc* status = object_at(doc, "status")) text_default(*status, "phase", "Pending");
}

void persistent_volume(Doc& doc) {
  phase(doc);
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  canonical_quantities(spec, "capacity");
  text_default(*spec, "persistentVolumeReclaimPolicy", "Retain");
  set_default(*spec, "volumeMode", Doc::string("Filesystem"));
  if (Doc* path = existing(spec, "hostPath")) set_default(*path, "type", Doc::string(""));
  if (Doc* claim = existing(spec, "claimRef")) {
    text_default(*claim, "apiVersion", "v1");
    text_default(*claim, "kind", "PersistentVolumeClaim");
  }
}

void persistent_volume_claim(Doc& doc) {
  phase(doc);
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  canonical_quantities(existing(spec, "resources"), "requests");
  canonical_quantities(existing(spec, "resources"), "limits");
  set_default(*spec, "volumeMode", Doc::string("Filesystem"));
}

std::string base64(std::string_view text) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += kDigits[group >> 18];
    out += kDigits[(group >> 12) & 63U];
    out += i + 1 < text.size() ? kDigits[(group >> 6) & 63U] : '=';
    out += i + 2 < text.size() ? kDigits[group & 63U] : '=';
  }
  return out;
}

void secret(Doc& doc) {
  text_default(doc, "type", "Opaque");
  const Doc* plain = existing(&doc, "stringData");
  if (plain == nullptr || !may_hold_members(doc.find("data"))) return;
  const auto& members = plain->members;
  if (!std::all_of(members.begin(), members.end(),
                   [](const Doc::Member& m) { return m.value.is_string() || m.value.is_null(); }))
    return;
  const std::vector<Doc::Member> entries = members;
  Doc* data = object_at(doc, "data");
  for (const Doc::Member& m : entries) (*data)[m.key] = Doc::string(base64(m.value.text));
  doc.erase("stringData");
}

}  // namespace

void apply_pod_defaults(Doc& spec) {
  if (!spec.is_object()) return;
  set_default(spec, "enableServiceLinks", Doc::boolean(true));
  const bool host_network = spec.bool_or("hostNetwork", false);
  for (const std::string_view key : {"containers", "initContainers"}) {
    each(&spec, key, [&](Doc& c) {
      if (host_network) {
        each(&c, "ports", [](Doc& port) {
          if (const Doc* inner = port.find("containerPort")) set_if_zero(port, "hostPort", Doc(*inner));
        });
      }
      requests_from_limits(c);
    });
  }
  pod_level_requests(spec);
}

void apply_defaults(Doc& doc) {
  if (!doc.is_object()) return;
  const Kind kind = kind_from_gvk(doc.string_or("apiVersion"), doc.string_or("kind"));
  if (kind == Kind::Other) return;
  if (kind_info(kind).namespaced) {
    if (Doc* meta = existing(&doc, "metadata")) text_default(*meta, "namespace", "default");
  }
  Doc* spec = existing(&doc, "spec");
  switch (kind) {
    case Kind::Namespace:
      return name_space(doc);
    case Kind::Node:
      return node(doc);
    case Kind::Pod:
      pod_spec(spec);
      if (spec != nullptr) apply_pod_defaults(*spec);
      return;
    case Kind::ReplicaSet:
      if (spec != nullptr) set_default(*spec, "replicas", Doc::integer(1));
      return pod_template(spec);
    case Kind::Deployment:
      return deployment(spec);
    case Kind::Service:
      return service(spec);
    case Kind::PriorityClass:
      return text_default(doc, "preemptionPolicy", "PreemptLowerPriority");
    case Kind::Secret:
      return secret(doc);
    case Kind::PersistentVolume:
      return persistent_volume(doc);
    case Kind::PersistentVolumeClaim:
      return persistent_volume_claim(doc);
    case Kind::StorageClass:
      set_default(doc, "reclaimPolicy", Doc::string("Delete"));
      return set_default(doc, "volumeBindingMode", Doc::string("Immediate"));
    case Kind::EndpointSlice:
      return each(&doc, "ports", [](Doc& port) {
        set_default(port, "name", Doc::string(""));
        text_default(port, "protocol", "TCP");
      });
    case Kind::PodDisruptionBudget:
    case Kind::ServiceAccount:
    case Kind::ConfigMap:
    case Kind::CSINode:
    case Kind::Other:
      return;
    case Kind::StatefulSet:
      return default_stateful_set(doc);
    case Kind::DaemonSet:
      return default_daemon_set(doc);
    case Kind::ControllerRevision:
      return default_controller_revision(doc);
    case Kind::Job:
      return default_job(doc);
    case Kind::CronJob:
      return default_cron_job(doc);
    case Kind::HorizontalPodAutoscaler:
      return default_horizontal_pod_autoscaler(doc);
    case Kind::VerticalPodAutoscaler:
      return default_vertical_pod_autoscaler(doc);
    case Kind::ResourceQuota:
      return default_resource_quota(doc);
    case Kind::LimitRange:
      return default_limit_range(doc);
    case Kind::RuntimeClass:
      return default_runtime_class(doc);
    case Kind::Ingress:
      return default_ingress(doc);
    case Kind::IngressClass:
      return default_ingress_class(doc);
    case Kind::VolumeAttachment:
      return default_volume_attachment(doc);
  }
}

void default_volume_attachment(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
