// The kinds above the pod, and decode itself.

#include "engine/model/decode.h"

#include <algorithm>

#include "engine/model/read.h"
#include "engine/model/schema.h"

namespace wavetank::model {

std::optional<IntOrPercent> read_int_or_percent(const Doc* doc, std::string_view key) {
  const Doc* found = get(doc, key);
  if (found == nullptr) return std::nullopt;
  IntOrPercent out;
  const char* end = found->text.data() + found->text.size();
  const auto [stop, error] = std::from_chars(found->text.data(), end, out.value);
  out.percent = found->is_string();
  const bool whole = found->is_string() ? stop + 1 == end && *stop == '%' : stop == end;
  if (error != std::errc() || !whole) return std::nullopt;  // reported by validate
  return out;
}

namespace {

TaintEffect effect_of(std::string_view text) {
  if (text == "PreferNoSchedule") return TaintEffect::PreferNoSchedule;
  return text == "NoExecute" ? TaintEffect::NoExecute : TaintEffect::NoSchedule;
}

Node read_node(const Doc& doc) {
  Node n;
  const Doc* spec = get(&doc, "spec");
  n.unschedulable = get_bool(spec, "unschedulable");
  for (const Doc& t : get_items(spec, "taints")) {
    n.taints.push_back({get_string(&t, "key"), get_string(&t, "value"), effect_of(t.string_or("effect"))});
  }
  n.pod_cidr = get_string(spec, "podCIDR");
  n.provider_id = get_string(spec, "providerID");
  const Doc* status = get(&doc, "status");
  n.capacity = read_resources(status, "capacity");
  n.allocatable = read_resources(status, get(status, "allocatable") != nullptr ? "allocatable" : "capacity");
  for (const Doc& c : get_items(status, "conditions")) {
    n.conditions.push_back(
        {get_string(&c, "type"), get_string(&c, "status"), get_string(&c, "reason"), get_string(&c, "message")});
  }
  for (const Doc& i : get_items(status, "images")) {
    n.images.push_back({get_strings(&i, "names"), get_int<std::int64_t>(&i, "sizeBytes").value_or(0)});
  }
  return n;
}

/// Null when no container's resources are reported.
std::shared_ptr<const PodResize> read_resize(const Doc* status) {
  PodResize out;
  for (const std::string_view list : {"containerStatuses", "initContainerStatuses"}) {
    for (const Doc& c : get_items(status, list)) {
      const Doc* resources = get(&c, "resources");
      if (resources == nullptr) continue;
      out.containers.push_back(
          {get_string(&c, "name"), read_resources(resources, "requests"), read_resources(&c, "allocatedResources")});
    }
  }
  if (out.containers.empty()) return nullptr;
  for (const Doc& c : get_items(status, "conditions")) {
    if (get_string(&c, "type") == "PodResizePending") out.infeasible = get_string(&c, "reason") == "Infeasible";
  }
  return std::make_shared<const PodResize>(std::move(out));
}

Pod read_pod(const Doc& doc) {
  const Doc* status = get(&doc, "status");
  Pod pod{read_pod_template(doc), get_string(status, "phase"), get_string(status, "nominatedNodeName")};
  pod.tmpl.resize = read_resize(status);
  return pod;
}

const Doc& template_of(const Doc* spec) {
  static const Doc none;
  const Doc* found = get(spec, "template");
  return found == nullptr ? none : *found;
}

ReplicaSet read_replica_set(const Doc& doc) {
  ReplicaSet r;
  const Doc* spec = get(&doc, "spec");
  r.replicas = get_int<std::int32_t>(spec, "replicas").value_or(1);
  r.min_ready_seconds = get_int<std::int32_t>(spec, "minReadySeconds").value_or(0);
  r.selector = read_optional_selector(spec, "selector").value_or(LabelSelector{});
  r.tmpl = read_pod_template(template_of(spec));
  return r;
}

Deployment read_deployment(const Doc& doc) {
  Deployment d;
  const Doc* spec = get(&doc, "spec");
  d.replicas = get_int<std::int32_t>(spec, "replicas").value_or(1);
  d.min_ready_seconds = get_int<std::int32_t>(spec, "minReadySeconds").value_or(0);
  d.progress_deadline_seconds = get_int<std::int32_t>(spec, "progressDeadlineSeconds").value_or(600);
  d.revision_history_limit = get_int<std::int32_t>(spec, "revisionHistoryLimit").value_or(10);
  d.paused = get_bool(spec, "paused");
  const Doc* strategy = get(spec, "strategy");
  d.recreate = get_string(strategy, "type") == "Recreate";
  const Doc* rolling = get(strategy, "rollingUpdate");
  d.max_surge = read_int_or_percent(rolling, "maxSurge").value_or(IntOrPercent{25, true});
  d.max_unavailable = read_int_or_percent(rolling, "maxUnavailable").value_or(IntOrPercent{25, true});
  d.selector = read_optional_selector(spec, "selector").value_or(LabelSelector{});
  d.tmpl = read_pod_template(template_of(spec));
  return d;
}

ServicePort read_service_port(const Doc& doc) {
  ServicePort p;
  p.name = get_string(&doc, "name");
  p.app_protocol = get_string(&doc, "appProtocol");
  p.port = get_int<std::int32_t>(&doc, "port").value_or(0);
  p.node_port = get_int<std::int32_t>(&doc, "nodePort").value_or(0);
  const std::string_view protocol = doc.string_or("protocol");
  p.protocol = protocol == "UDP" ? Protocol::UDP : protocol == "SCTP" ? Protocol::SCTP : Protocol::TCP;
  const Doc* target = get(&doc, "targetPort");
  if (target != nullptr && target->is_string() && !target->text.empty()) {
    p.target_port_name = target->text;
  } else {
    p.target_port = get_int<std::int32_t>(&doc, "targetPort").value_or(0);
    if (p.target_port == 0) p.target_port = p.port;
  }
  return p;
}

Service read_service(const Doc& doc) {
  Service s;
  const Doc* spec = get(&doc, "spec");
  s.type = get_string(spec, "type", "ClusterIP");
  s.cluster_ip = get_string(spec, "clusterIP");
  s.external_name = get_string(spec, "externalName");
  s.session_affinity = get_string(spec, "sessionAffinity", "None");
  s.selector = read_labels(spec, "selector");
  for (const Doc& port : get_items(spec, "ports")) s.ports.push_back(read_service_port(port));
  s.publish_not_ready_addresses = get_bool(spec, "publishNotReadyAddresses");
  s.load_balancer_ip = get_string(spec, "loadBalancerIP");
  s.load_balancer_class = get_string(spec, "loadBalancerClass");
  s.external_ips = get_strings(spec, "externalIPs");
  s.source_ranges = get_strings(spec, "loadBalancerSourceRanges");
  const Doc* client = get(get(spec, "sessionAffinityConfig"), "clientIP");
  s.affinity_seconds = get_int<std::int32_t>(client, "timeoutSeconds").value_or(10800);
  s.health_check_node_port = get_int<std::int32_t>(spec, "healthCheckNodePort").value_or(0);
  s.external_local = get_string(spec, "externalTrafficPolicy") == "Local";
  s.internal_local = get_string(spec, "internalTrafficPolicy") == "Local";
  const std::string distribution = get_string(spec, "trafficDistribution");
  s.distribution = distribution == "PreferSameNode" ? Service::Distribution::SameNode
                   : distribution.empty()           ? Service::Distribution::Anywhere
                                                    : Service::Distribution::SameZone;
  return s;
}

PodDisruptionBudget read_pdb(const Doc& doc) {
  const Doc* spec = get(&doc, "spec");
  return {read_int_or_percent(spec, "minAvailable"), read_int_or_percent(spec, "maxUnavailable"),
          read_optional_selector(spec, "selector"), get_string(spec, "unhealthyPodEvictionPolicy") == "AlwaysAllow"};
}

PriorityClass read_priority_class(const Doc& doc) {
  return {get_int<std::int32_t>(&doc, "value").value_or(0), get_bool(&doc, "globalDefault"),
          get_string(&doc, "preemptionPolicy") != "Never", get_string(&doc, "description")};
}

Spec read_spec(Kind kind, const Doc& doc) {
  switch (kind) {
    case Kind::Other:
      return OtherKind{};
    case Kind::Namespace:
      return Namespace{};
    case Kind::Node:
      return read_node(doc);
    case Kind::Pod:
      return read_pod(doc);
    case Kind::ReplicaSet:
      return read_replica_set(doc);
    case Kind::Deployment:
      return read_deployment(doc);
    case Kind::Service:
      return read_service(doc);
    case Kind::EndpointSlice: {
      const Doc* labels = get(get(&doc, "metadata"), "labels");
      return EndpointSlice{get_string(&doc, "addressType"), get_string(labels, "kubernetes.io/service-name")};
    }
    case Kind::PodDisruptionBudget:
      return read_pdb(doc);
    case Kind::PriorityClass:
      return read_priority_class(doc);
    case Kind::ServiceAccount:
      return ServiceAccount{};
    case Kind::ConfigMap:
      return ConfigMap{};
    case Kind::Secret:
      return Secret{};
    case Kind::PersistentVolume:
      return read_persistent_volume(doc);
    case Kind::PersistentVolumeClaim:
      return read_persistent_volume_claim(doc);
    case Kind::StorageClass:
      return read_storage_class(doc);
    case Kind::CSINode:
      return read_csi_node(doc);
    case Kind::StatefulSet:
      return read_stateful_set(doc);
    case Kind::DaemonSet:
      return read_daemon_set(doc);
    case Kind::ControllerRevision:
      return read_controller_revision(doc);
    case Kind::Job:
      return read_job(doc);
    case Kind::CronJob:
      return read_cron_job(doc);
    case Kind::HorizontalPodAutoscaler:
      return read_horizontal_pod_autoscaler(doc);
    case Kind::VerticalPodAutoscaler:
      return read_vertical_pod_autoscaler(doc);
    case Kind::ResourceQuota:
      return read_resource_quota(doc);
    case Kind::LimitRange:
      return read_limit_range(doc);
    case Kind::RuntimeClass:
      return read_runtime_class(doc);
    case Kind::Ingress:
      return read_ingress(doc);
    case Kind::IngressClass:
      return read_ingress_class(doc);
    case Kind::VolumeAttachment:
      return read_volume_attachment(doc);
  }
  return OtherKind{};
}

/// "apiVersion" or "kind": a non-empty string.
void require_word(const Doc& doc, std::string_view key, std::string_view file, base::Diagnostics& errors) {
  const Doc* found = get(&doc, key);
  if (found == nullptr) {
    errors.push_back({std::string(file), doc.position, std::string(key) + ": Required value"});
  } else if (!found->is_string() || found->text.empty()) {
    errors.push_back(
        {std::string(file), found->position, std::string(key) + ": Invalid value: must be a string that is not empty"});
  }
}

}  // namespace

ObjectMeta read_meta(const Doc* doc) {
  ObjectMeta m;
  m.name = get_string(doc, "name");
  m.generate_name = get_string(doc, "generateName");
  m.ns = get_string(doc, "namespace");
  m.uid = get_string(doc, "uid");
  m.labels = read_labels(doc, "labels");
  m.annotations = read_labels(doc, "annotations");
  for (const Doc& o : get_items(doc, "ownerReferences")) {
    m.owner_references.push_back({get_string(&o, "apiVersion"), get_string(&o, "kind"), get_string(&o, "name"),
                                  get_string(&o, "uid"), get_bool(&o, "controller"),
                                  get_bool(&o, "blockOwnerDeletion")});
  }
  m.finalizers = get_strings(doc, "finalizers");
  return m;
}

base::Result<Object> decode(Doc doc, std::string_view file) {
  if (!doc.is_object())
    return base::failure({std::string(file), doc.position, "an object must be a map with apiVersion and kind"});
  base::Diagnostics errors;
  require_word(doc, "apiVersion", file, errors);
  require_word(doc, "kind", file, errors);
  if (!errors.empty()) return base::failure(std::move(errors));
  Object object;
  object.api_version = get_string(&doc, "apiVersion");
  object.kind_name = get_string(&doc, "kind");
  object.kind = kind_from_gvk(object.api_version, object.kind_name);
  check_fields(doc, object.kind, file, errors, nullptr);
  if (!errors.empty()) return base::failure(std::move(errors));
  object.meta = read_meta(get(&doc, "metadata"));
  object.spec = read_spec(object.kind, doc);
  object.doc = std::move(doc);
  return object;
}

const Doc* pod_template_doc(const Doc& workload) { return workload.at({"spec", "template"}); }

}  // namespace wavetank::model
