#include "engine/state/tables.h"

#include <fmt/core.h>

#include "engine/base/assert.h"
#include "engine/base/hash.h"
#include "engine/model/decode.h"
#include "engine/model/requests.h"
#include "engine/state/pod_admission.h"

namespace wavetank::state {

std::uint32_t name_kind(model::Kind kind, base::Sym gvk) {
  return kind == model::Kind::Other ? 0x100U + gvk.value : static_cast<std::uint32_t>(kind);
}

std::size_t ClusterState::NameHash::operator()(const NameKey& k) const noexcept {
  return base::mix64((std::uint64_t{k.kind} << 40) ^ (std::uint64_t{k.ns.value} << 32) ^ k.name.value);
}

Header& header_of(ClusterState& state, Ref ref) {
  switch (ref.kind) {
    case model::Kind::Namespace:
      return state.namespaces.at(ref.row).header;
    case model::Kind::Node:
      return state.nodes.at(ref.row).header;
    case model::Kind::ReplicaSet:
      return state.replica_sets.at(ref.row).header;
    case model::Kind::Deployment:
      return state.deployments.at(ref.row).header;
    case model::Kind::Service:
      return state.services.at(ref.row).header;
    case model::Kind::EndpointSlice:
      return state.endpoint_slices.at(ref.row).header;
    case model::Kind::PodDisruptionBudget:
      return state.pdbs.at(ref.row).header;
    case model::Kind::PriorityClass:
      return state.priority_classes.at(ref.row).header;
    case model::Kind::PersistentVolume:
      return state.persistent_volumes.at(ref.row).header;
    case model::Kind::PersistentVolumeClaim:
      return state.claims.at(ref.row).header;
    case model::Kind::StorageClass:
      return state.storage_classes.at(ref.row).header;
    case model::Kind::CSINode:
      return state.csi_nodes.at(ref.row).header;
    case model::Kind::StatefulSet:
      return state.stateful_sets.at(ref.row).header;
    case model::Kind::DaemonSet:
      return state.daemon_sets.at(ref.row).header;
    case model::Kind::ControllerRevision:
      return state.controller_revisions.at(ref.row).header;
    case model::Kind::Job:
      return state.jobs.at(ref.row).header;
    case model::Kind::CronJob:
      return state.cron_jobs.at(ref.row).header;
    case model::Kind::HorizontalPodAutoscaler:
      return state.hpas.at(ref.row).header;
    case model::Kind::VerticalPodAutoscaler:
      return state.vpas.at(ref.row).header;
    case model::Kind::ResourceQuota:
      return state.quotas.at(ref.row).header;
    case model::Kind::LimitRange:
      return state.limit_ranges.at(ref.row).header;
    case model::Kind::RuntimeClass:
      return state.runtime_classes.at(ref.row).header;
    case model::Kind::Ingress:
      return state.ingresses.at(ref.row).header;
    case model::Kind::IngressClass:
      return state.ingress_classes.at(ref.row).header;
    case model::Kind::VolumeAttachment:
      return state.volume_attachments.at(ref.row).header;
    case model::Kind::ServiceAccount:
    case model::Kind::ConfigMap:
    case model::Kind::Secret:
    case model::Kind::Other:
      return state.others.at(ref.row).header;
    case model::Kind::Pod:
      break;
  }
  WT_ASSERT(false, "pods have columns, not a header");
}

std::string template_hash(std::string_view template_doc) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string hash = fmt::format("{}", base::fnv1a32(template_doc));
  for (char& c : hash) c = kAlphabet[static_cast<unsigned char>(c) % kAlphabet.size()];
  return hash;
}

model::Object read_admitted(const std::string& json) {
  auto doc = model::parse_json(json, "journal");
  WT_ASSERT(doc.has_value(), "an admitted document is JSON");
  auto object = model::decode(std::move(*doc), "journal");
  WT_ASSERT(object.has_value(), "an admitted document decodes");
  return std::move(*object);
}

std::string template_doc(const model::Doc& pod_or_template) {
  model::Doc out = model::Doc::object();
  model::Doc metadata = model::Doc::object();
  if (const model::Doc* from = pod_or_template.find("metadata"); from != nullptr && from->is_object()) {
    for (const char* key : {"annotations", "labels"})
      if (const model::Doc* value = from->find(key); value != nullptr && value->is_object()) metadata[key] = *value;
  }
  out["metadata"] = std::move(metadata);
  if (const model::Doc* spec = pod_or_template.find("spec"); spec != nullptr) {
    out["spec"] = *spec;
    // A bound pod keeps its template: where it runs is no part of what it is.
    if (pod_or_template.string_or("kind") == "Pod") out["spec"].erase("nodeName");
  }
  return model::to_canonical_json(out);
}

namespace {

/// Of templates with one hash: the one of this namespace and text, if any.
TemplateId same_template(const ClusterState& state, const std::vector<TemplateId>& bucket, base::Sym ns,
                         const std::string& doc) {
  for (const TemplateId id : bucket) {
    const TemplateRow& row = state.templates[id.index()];
    if (row.ns == ns && row.doc == doc) return id;
  }
  return {};
}

}  // namespace

TemplateId find_template(const ClusterState& state, std::string_view ns_text, const std::string& doc) {
  const base::Sym ns = state.symbols.find(ns_text);
  if (!ns.valid()) return {};
  const auto bucket = state.template_index.find(base::hash_bytes(doc.data(), doc.size(), ns.value));
  return bucket == state.template_index.end() ? TemplateId() : same_template(state, bucket->second, ns, doc);
}

TemplateId intern_template(ClusterState& state, base::Sym ns, std::string doc, model::PodTemplate value) {
  const std::uint64_t hash = base::hash_bytes(doc.data(), doc.size(), ns.value);
  std::vector<TemplateId>& bucket = state.template_index[hash];
  if (const TemplateId known = same_template(state, bucket, ns, doc); known.valid()) return known;
  const TemplateId id(state.templates.size());
  bucket.push_back(id);
  TemplateRow row;
  row.ns = ns;
  row.doc = std::move(doc);
  model::RequestOptions options;
  options.resize = value.resize.get();
  row.requests = model::total_requests(value.spec, options);
  row.value = std::make_shared<const model::PodTemplate>(std::move(value));
  state.templates.push_back(std::move(row));
  if (state.templates_of_ns.size() <= ns.index()) state.templates_of_ns.resize(ns.index() + 1);
  state.templates_of_ns[ns.index()].push_back(id);
  return id;
}

TemplateId intern_template(ClusterState& state, base::Sym ns, const std::string& doc) {
  auto tree = model::parse_json(doc, "journal");
  WT_ASSERT(tree.has_value(), "a template is JSON");
  (*tree)["apiVersion"] = model::Doc::string("v1");
  (*tree)["kind"] = model::Doc::string("Pod");
  auto object = model::decode(std::move(*tree), "journal");
  WT_ASSERT(object.has_value(), "a template decodes as a pod");
  return intern_template(state, ns, doc, std::move(std::get<model::Pod>(object->spec).tmpl));
}

TemplateId hashed_template(ClusterState& state, TemplateId plain, std::string_view hash) {
  const TemplateRow& from = state.templates[plain.index()];
  auto doc = model::parse_json(from.doc, "journal");
  WT_ASSERT(doc.has_value(), "a template is JSON");
  (*doc)["metadata"]["labels"]["pod-template-hash"] = model::Doc::string(hash);
  model::PodTemplate value = *from.value;
  model::set_label(value.labels, "pod-template-hash", hash);
  return intern_template(state, from.ns, model::to_canonical_json(*doc), std::move(value));
}

model::Doc admitted_doc(const ClusterState& state, TemplateId plain) {
  const TemplateRow& from = state.templates[plain.index()];
  auto parsed = model::parse_json(from.doc, "journal");
  WT_ASSERT(parsed.has_value(), "a template is JSON");
  model::apply_pod_defaults((*parsed)["spec"]);
  admit_pod(state, from.ns, *parsed);
  model::merge_label_keys(*parsed);
  return std::move(*parsed);
}

TemplateId admitted_template(ClusterState& state, TemplateId plain) {
  const base::Sym ns = state.templates[plain.index()].ns;
  return intern_template(state, ns, model::to_canonical_json(admitted_doc(state, plain)));
}

void read_spec(ClusterState& state, NodeRow& row, const model::Object& object) {
  row.spec = std::get<model::Node>(object.spec);
  row.labels = object.meta.labels;
  const std::string* zone = model::find_label(row.labels, "topology.kubernetes.io/zone");
  const std::string* region = model::find_label(row.labels, "topology.kubernetes.io/region");
  row.zone = state.symbols.intern(zone == nullptr ? "" : *zone);
  row.region = state.symbols.intern(region == nullptr ? "" : *region);
}

void read_spec(ClusterState& state, ReplicaSetRow& row, const model::Object& object) {
  const auto& spec = std::get<model::ReplicaSet>(object.spec);
  row.selector = spec.selector;
  row.labels = object.meta.labels;
  row.replicas = spec.replicas;
  row.min_ready_seconds = spec.min_ready_seconds;
  row.pod_tmpl = {};
  if (const model::Doc* t = model::pod_template_doc(object.doc); t != nullptr)
    row.tmpl = intern_template(state, row.header.ns, template_doc(*t), spec.tmpl);
  if (const std::string* hash = model::find_label(row.labels, "pod-template-hash"); hash != nullptr) row.hash = *hash;
}

void read_spec(ClusterState& state, DeploymentRow& row, const model::Object& object) {
  row.spec = std::get<model::Deployment>(object.spec);
  row.labels = object.meta.labels;
  const model::Doc* t = model::pod_template_doc(object.doc);
  WT_ASSERT(t != nullptr, "admission demands a template");
  const std::string doc = template_doc(*t);
  row.hash = template_hash(doc);
  row.tmpl = intern_template(state, row.header.ns, doc, std::move(row.spec.tmpl));
  row.spec.tmpl = {};
}

namespace {

/// The typed part of a workload whose pods have one template.
template <class Spec, class Row>
void read_templated(ClusterState& state, Row& row, const model::Object& object) {
  row.spec = std::get<Spec>(object.spec);
  row.labels = object.meta.labels;
  if (const model::Doc* t = model::pod_template_doc(object.doc); t != nullptr)
    row.tmpl = intern_template(state, row.header.ns, template_doc(*t), std::move(row.spec.tmpl));
  row.spec.tmpl = {};
}

}  // namespace

void read_spec(ClusterState& state, StatefulSetRow& row, const model::Object& object) {
  read_templated<model::StatefulSet>(state, row, object);
}
void read_spec(ClusterState& state, DaemonSetRow& row, const model::Object& object) {
  read_templated<model::DaemonSet>(state, row, object);
}
void read_spec(ClusterState& state, JobRow& row, const model::Object& object) {
  read_templated<model::Job>(state, row, object);
}
void read_spec(ClusterState&, CronJobRow& row, const model::Object& object) {
  row.spec = std::get<model::CronJob>(object.spec);
  row.labels = object.meta.labels;
}

std::vector<PodId>* owned_pods(ClusterState& state, Ref owner) {
  if (!owner.valid()) return nullptr;
  switch (owner.kind) {
    case model::Kind::ReplicaSet:
      return &state.replica_sets.at(owner.row).pods;
    case model::Kind::StatefulSet:
      return &state.stateful_sets.at(owner.row).pods;
    case model::Kind::DaemonSet:
      return &state.daemon_sets.at(owner.row).pods;
    case model::Kind::Job:
      return &state.jobs.at(owner.row).pods;
    default:
      return nullptr;
  }
}

std::vector<ControllerRevisionId>* owned_revisions(ClusterState& state, Ref owner) {
  if (!owner.valid()) return nullptr;
  if (owner.kind == model::Kind::StatefulSet) return &state.stateful_sets.at(owner.row).revisions;
  return owner.kind == model::Kind::DaemonSet ? &state.daemon_sets.at(owner.row).revisions : nullptr;
}

std::vector<NamedCondition>* conditions_of(ClusterState& state, Ref ref) {
  switch (ref.kind) {
    case model::Kind::PodDisruptionBudget:
      return &state.pdbs.at(ref.row).conditions;
    case model::Kind::Job:
      return &state.jobs.at(ref.row).conditions;
    case model::Kind::HorizontalPodAutoscaler:
      return &state.hpas.at(ref.row).conditions;
    case model::Kind::VerticalPodAutoscaler:
      return &state.vpas.at(ref.row).conditions;
    default:
      return nullptr;
  }
}

}  // namespace wavetank::state
