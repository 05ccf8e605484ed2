#include <algorithm>

#include "engine/base/assert.h"
#include "engine/model/decode.h"
#include "engine/model/requests.h"
#include "engine/state/evolve.h"
#include "engine/state/tables.h"

namespace wavetank::state::detail {

namespace {

/// The owner's row, by kind and name in the same namespace or among cluster-scoped kinds. A dangling reference is left
/// out.
Ref resolve_owner(const ClusterState& state, base::Sym ns, const model::OwnerReference& owner) {
  const model::Kind kind = model::kind_from_gvk(owner.api_version, owner.kind);
  const base::Sym name = state.symbols.find(owner.name);
  if (!name.valid()) return {};
  base::Sym gvk;
  if (kind == model::Kind::Other) {
    gvk = state.symbols.find(owner.api_version + "/" + owner.kind);
    if (!gvk.valid()) return {};
  }
  for (const base::Sym space : {ns, base::Sym(0U)}) {
    const auto found = state.by_name.find({name_kind(kind, gvk), space, name});
    if (found != state.by_name.end()) return {kind, found->second};
  }
  return {};
}

void read_owners(const ClusterState& state, Header& header, const model::ObjectMeta& meta) {
  header.owners.clear();
  header.controller = {};
  for (const model::OwnerReference& owner : meta.owner_references) {
    const Ref ref = resolve_owner(state, header.ns, owner);
    if (!ref.valid()) continue;
    header.owners.push_back(ref);
    if (owner.controller) header.controller = ref;
  }
}

/// The others' owners change by OwnerChanged.
bool owners_are_in_document(model::Kind kind) {
  return kind != model::Kind::ReplicaSet && kind != model::Kind::ControllerRevision && kind != model::Kind::Job &&
         kind != model::Kind::EndpointSlice;
}

Header make_header(ClusterState& state, const event::Event& event, const model::Object& object,
                   const std::string& doc) {
  Header header;
  header.ns = state.symbols.intern(object.meta.ns);
  header.name = state.symbols.intern(object.meta.name);
  header.created = event.time;
  header.created_seq = header.version = event.seq;
  header.doc = doc;
  read_owners(state, header, object.meta);
  return header;
}

template <class Row>
std::uint32_t push(std::vector<Row>& rows, Row row) {
  rows.push_back(std::move(row));
  return static_cast<std::uint32_t>(rows.size() - 1);
}

void index_name(ClusterState& state, model::Kind kind, const Header& header, std::uint32_t row, base::Sym gvk = {}) {
  state.by_name[{name_kind(kind, gvk), header.ns, header.name}] = row;
}

std::int32_t priority_of(const model::PodSpec& spec) { return spec.priority.value_or(0); }

/// The parts of a pod's status that its template keeps, since nobody but a client writes them: resources that are
/// changed in place, and the conditions of readiness gates.
model::Doc kept_status(const model::Doc& pod, const std::vector<std::string>& gates, bool resize) {
  model::Doc out = model::Doc::object();
  const model::Doc* status = pod.find("status");
  for (const char* list : {"containerStatuses", "initContainerStatuses"}) {
    const model::Doc* from = status->find(list);
    if (from == nullptr || !from->is_array() || !resize) continue;
    for (const model::Doc& c : from->items) {
      const model::Doc* resources = c.find("resources");
      if (resources == nullptr || !resources->is_object()) continue;
      model::Doc kept = model::Doc::object();
      for (const char* key : {"name", "resources", "allocatedResources"})
        if (const model::Doc* value = c.find(key); value != nullptr) kept[key] = *value;
      if (!out[list].is_array()) out[list] = model::Doc::array();
      out[list].items.push_back(std::move(kept));
    }
  }
  if (const model::Doc* conditions = status->find("conditions"); conditions != nullptr) {
    for (const model::Doc& c : conditions->items) {
      const std::string_view type = c.string_or("type");
      const bool gate = std::find(gates.begin(), gates.end(), type) != gates.end();
      if (!gate && (type != "PodResizePending" || !resize)) continue;
      if (!out["conditions"].is_array()) out["conditions"] = model::Doc::array();
      out["conditions"].items.push_back(c);
    }
  }
  return out;
}

/// Pods whose status says nothing new share their template with the others.
bool resize_counts(const model::PodTemplate& tmpl) {
  if (tmpl.resize == nullptr) return false;
  for (const bool defaults : {false, true}) {
    model::RequestOptions options{defaults, defaults, false};
    const model::ResourceList asked = model::total_requests(tmpl.spec, options);
    options.resize = tmpl.resize.get();
    if (model::total_requests(tmpl.spec, options) != asked) return true;
  }
  return false;
}

/// Pods of one template may run on different nodes: as in template_doc(), where one runs is no part of what it is. Only
/// a pod that waits for a node of a certain name keeps that name: it may go nowhere else. A pod whose spec was changed
/// keeps how often: its generation.
TemplateId template_of_pod(ClusterState& state, base::Sym ns, const model::Object& object, bool waits,
                           std::int64_t generation = 1) {
  model::PodTemplate tmpl = std::get<model::Pod>(object.spec).tmpl;
  std::string doc = template_doc(object.doc);
  const bool resize = resize_counts(tmpl);
  if (!resize) tmpl.resize = nullptr;
  const model::Doc* status = object.doc.find("status");
  model::Doc kept;
  if (status != nullptr && status->is_object() && (resize || !tmpl.spec.readiness_gates.empty()))
    kept = kept_status(object.doc, tmpl.spec.readiness_gates, resize);
  if (!waits) tmpl.spec.node_name.clear();
  const bool named = !tmpl.spec.node_name.empty();
  if (kept.members.empty() && !named && generation == 1)
    return intern_template(state, ns, std::move(doc), std::move(tmpl));
  auto more = model::parse_json(doc, "journal");
  WT_ASSERT(more.has_value(), "a template is JSON");
  if (!kept.members.empty()) (*more)["status"] = std::move(kept);
  if (named) (*more)["spec"]["nodeName"] = model::Doc::string(tmpl.spec.node_name);
  if (generation != 1) (*more)["metadata"]["generation"] = model::Doc::integer(generation);
  return intern_template(state, ns, model::to_canonical_json(*more), std::move(tmpl));
}

/// metadata.generation of a pod of this template, without the beginning of its deletion.
std::int64_t generation_of(const TemplateRow& tmpl) {
  if (tmpl.doc.find("\"generation\"") == std::string::npos) return 1;
  const auto doc = model::parse_json(tmpl.doc, "journal");
  const model::Doc* metadata = doc ? doc->find("metadata") : nullptr;
  return metadata == nullptr ? 1 : metadata->int_or("generation", 1);
}

bool has_node(ClusterState& state, const std::string& name) {
  return state.by_name.contains({name_kind(model::Kind::Node, {}), base::Sym(0U), state.symbols.intern(name)});
}

void create_pod(ClusterState& state, const event::Event& event, const model::Object& object) {
  const base::Sym ns = state.symbols.intern(object.meta.ns);
  const auto& pod = std::get<model::Pod>(object.spec);
  PodBirth birth;
  birth.name = state.symbols.intern(object.meta.name);
  birth.priority = priority_of(pod.tmpl.spec);
  birth.from_manifest = true;
  for (const model::OwnerReference& owner : object.meta.owner_references)
    if (owner.controller) birth.owner = resolve_owner(state, ns, owner);
  const std::string& node = pod.tmpl.spec.node_name;
  birth.tmpl = template_of_pod(state, ns, object, !node.empty() && !has_node(state, node));
  add_pod(state, event, birth);
}

void read_images(ClusterState& state, NodeRow& row) {
  row.images.clear();
  for (const model::NodeImage& image : row.spec.images)
    for (const std::string& name : image.names) row.images.emplace_back(state.symbols.intern(name), image.size_bytes);
}

/// What pulls have added since is kept by updates that do not speak of images.
bool same_images(const std::vector<model::NodeImage>& a, const std::vector<model::NodeImage>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const model::NodeImage& x, const model::NodeImage& y) {
    return x.names == y.names && x.size_bytes == y.size_bytes;
  });
}

void create_node(ClusterState& state, Header header, const model::Object& object) {
  NodeRow row;
  row.header = std::move(header);
  read_spec(state, row, object);
  row.taint_added.assign(row.spec.taints.size(), row.header.created);
  row.taint_seq.assign(row.spec.taints.size(), row.header.created_seq);
  static constexpr std::string_view kTypes[] = {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure",
                                                "NetworkUnavailable"};
  for (const model::NodeCondition& c : row.spec.conditions) {
    for (std::size_t i = 0; i < row.conditions.size(); ++i) {
      if (c.type != kTypes[i]) continue;
      const ConditionStatus status = c.status == "True"    ? ConditionStatus::True
                                     : c.status == "False" ? ConditionStatus::False
                                                           : ConditionStatus::Unknown;
      row.conditions[i] = {status,   true,      row.header.created,    row.header.created,
                           c.reason, c.message, row.header.created_seq};
    }
  }
  read_images(state, row);
  const std::uint32_t id = push(state.nodes, std::move(row));
  index_name(state, model::Kind::Node, state.nodes[id].header, id);
}

void create_replica_set(ClusterState& state, Header header, const model::Object& object) {
  ReplicaSetRow row;
  row.header = std::move(header);
  read_spec(state, row, object);
  const std::string* revision = model::find_label(object.meta.annotations, "deployment.kubernetes.io/revision");
  if (revision != nullptr && !revision->empty()) {
    for (const char c : *revision)
      if (c >= '0' && c <= '9' && row.revision < 1'000'000'000) row.revision = row.revision * 10 + (c - '0');
  }
  const std::uint32_t id = push(state.replica_sets, std::move(row));
  const Header& h = state.replica_sets[id].header;
  if (h.controller.kind == model::Kind::Deployment && h.controller.valid()) {
    state.replica_sets[id].deployment = h.controller.as<DeploymentId>();
    state.deployments[h.controller.row].replica_sets.push_back(ReplicaSetId(id));
  }
  index_name(state, model::Kind::ReplicaSet, h, id);
  if (!h.controller.valid()) state.orphan_sets.push_back(ReplicaSetId(id));
}

/// A workload with a template of its own.
template <class Row>
void create_workload(ClusterState& state, std::vector<Row>& rows, Header header, const model::Object& object) {
  Row row;
  row.header = std::move(header);
  read_spec(state, row, object);
  const std::uint32_t id = push(rows, std::move(row));
  index_name(state, object.kind, rows[id].header, id);
}

/// Lists a job with the cron job that made it, a revision with its set.
void link_to_controller(ClusterState& state, Ref child, Ref owner) {
  if (!owner.valid()) return;
  if (child.kind == model::Kind::Job && owner.kind == model::Kind::CronJob)
    state.cron_jobs.at(owner.row).jobs.push_back(child.as<JobId>());
  if (child.kind == model::Kind::ControllerRevision)
    if (auto* revisions = owned_revisions(state, owner); revisions != nullptr)
      revisions->push_back(child.as<ControllerRevisionId>());
}
void unlink_from_controller(ClusterState& state, Ref child, Ref owner) {
  if (!owner.valid()) return;
  if (child.kind == model::Kind::Job && owner.kind == model::Kind::CronJob)
    erase_value(state.cron_jobs.at(owner.row).jobs, child.as<JobId>());
  if (child.kind == model::Kind::ControllerRevision)
    if (auto* revisions = owned_revisions(state, owner); revisions != nullptr)
      erase_value(*revisions, child.as<ControllerRevisionId>());
}

template <class Row, class Spec>
void create_simple(ClusterState& state, std::vector<Row>& rows, Header header, const model::Object& object) {
  Row row;
  row.header = std::move(header);
  row.spec = std::get<Spec>(object.spec);
  const std::uint32_t id = push(rows, std::move(row));
  index_name(state, object.kind, rows[id].header, id);
}

/// A revision that a client wrote (a backup put back): its data is a patch of the owner's template.
void create_revision(ClusterState& state, Header header, const model::Object& object) {
  ControllerRevisionRow row;
  row.header = std::move(header);
  row.revision = std::get<model::ControllerRevision>(object.spec).revision;
  if (const model::Doc* t = object.doc.at({"data", "spec", "template"}); t != nullptr)
    row.tmpl = intern_template(state, row.header.ns, template_doc(*t));
  if (const std::string* hash = model::find_label(object.meta.labels, "controller-revision-hash"); hash != nullptr)
    row.hash = *hash;
  const std::uint32_t id = push(state.controller_revisions, std::move(row));
  const Header& h = state.controller_revisions[id].header;
  index_name(state, model::Kind::ControllerRevision, h, id);
  link_to_controller(state, Ref(model::Kind::ControllerRevision, id), h.controller);
}

void note_balancer(ServiceRow& row, SimTime now) {
  if (row.spec.type != "LoadBalancer") {
    row.load_balancer_asked = SimTime::never();
  } else if (row.load_balancer_asked == SimTime::never()) {
    row.load_balancer_asked = now;
  }
}

/// `kind` is the event's: what is a typed kind today may have been written when it was not.
void create_other(ClusterState& state, Header header, const model::Object& object, model::Kind kind) {
  OtherRow row;
  row.header = std::move(header);
  row.kind = kind;
  row.api_version = state.symbols.intern(object.api_version);
  row.kind_name = state.symbols.intern(object.kind_name);
  const base::Sym gvk = state.symbols.intern(object.api_version + "/" + object.kind_name);
  const std::uint32_t id = push(state.others, std::move(row));
  index_name(state, kind, state.others[id].header, id, gvk);
}

/// The volume that an attachment names, if it is there: one or none.
std::vector<PersistentVolumeRow*> attached_volume(ClusterState& state, const model::VolumeAttachment& attachment) {
  const base::Sym name = state.symbols.find(attachment.volume_name);
  if (!name.valid()) return {};
  const auto at = state.by_name.find({name_kind(model::Kind::PersistentVolume, {}), base::Sym(0U), name});
  if (at == state.by_name.end()) return {};
  return {&state.persistent_volumes[at->second]};
}

void link_attachment(ClusterState& state, const model::VolumeAttachment& attachment) {
  for (PersistentVolumeRow* volume : attached_volume(state, attachment))
    volume->attachments.emplace_back(state.volume_attachments.size());
}

/// Keeps orphan_sets after anything that may change a set's controller.
void note_orphan(ClusterState& state, ReplicaSetId id) {
  const Header& h = state.replica_sets[id.index()].header;
  erase_value(state.orphan_sets, id);
  if (!h.alive || h.controller.valid()) return;
  state.orphan_sets.insert(std::lower_bound(state.orphan_sets.begin(), state.orphan_sets.end(), id), id);
}

void move_pod_to_template(ClusterState& state, PodId pod, TemplateId to) {
  TemplateId& at = state.pods.tmpl[pod.index()];
  if (at == to) return;
  const CountedChange counted(state, pod);
  erase_value(state.templates[at.index()].pods, pod);
  at = to;
  state.templates[to.index()].pods.push_back(pod);
}

}  // namespace

void on(ClusterState& state, const event::Event& event, const event::ObjectCreated& e) {
  const model::Object object = read_admitted(e.doc);
  if (e.kind == model::Kind::Pod) return create_pod(state, event, object);
  Header header = make_header(state, event, object, e.doc);
  switch (e.kind) {
    case model::Kind::Namespace: {
      const std::uint32_t id = push(state.namespaces, NamespaceRow{std::move(header), object.meta.labels});
      return index_name(state, e.kind, state.namespaces[id].header, id);
    }
    case model::Kind::Node:
      return create_node(state, std::move(header), object);
    case model::Kind::ReplicaSet:
      return create_replica_set(state, std::move(header), object);
    case model::Kind::Deployment: {
      DeploymentRow row;
      row.header = std::move(header);
      read_spec(state, row, object);
      const std::uint32_t id = push(state.deployments, std::move(row));
      return index_name(state, e.kind, state.deployments[id].header, id);
    }
    case model::Kind::Service:
      create_simple<ServiceRow, model::Service>(state, state.services, std::move(header), object);
      return note_balancer(state.services.back(), event.time);
    case model::Kind::PodDisruptionBudget:
      return create_simple<PdbRow, model::PodDisruptionBudget>(state, state.pdbs, std::move(header), object);
    case model::Kind::PriorityClass:
      create_simple<PriorityClassRow, model::PriorityClass>(state, state.priority_classes, std::move(header), object);
      return admit_sets_anew(state, e.kind, {});
    case model::Kind::PersistentVolume:
      return create_simple<PersistentVolumeRow, model::PersistentVolume>(state, state.persistent_volumes,
                                                                         std::move(header), object);
    case model::Kind::PersistentVolumeClaim:
      create_simple<ClaimRow, model::PersistentVolumeClaim>(state, state.claims, std::move(header), object);
      state.claims.back().changed = event.time;
      return;
    case model::Kind::StorageClass:
      return create_simple<StorageClassRow, model::StorageClass>(state, state.storage_classes, std::move(header),
                                                                 object);
    case model::Kind::CSINode:
      return create_simple<CsiNodeRow, model::CSINode>(state, state.csi_nodes, std::move(header), object);
    case model::Kind::StatefulSet:
      return create_workload(state, state.stateful_sets, std::move(header), object);
    case model::Kind::DaemonSet:
      return create_workload(state, state.daemon_sets, std::move(header), object);
    case model::Kind::ControllerRevision:
      return create_revision(state, std::move(header), object);
    case model::Kind::Job: {
      const Ref owner = header.controller;
      create_workload(state, state.jobs, std::move(header), object);
      return link_to_controller(state, Ref(e.kind, static_cast<std::uint32_t>(state.jobs.size() - 1)), owner);
    }
    case model::Kind::CronJob: {
      const Ref owner = header.controller;
      create_workload(state, state.cron_jobs, std::move(header), object);
      return link_to_controller(state, Ref(e.kind, static_cast<std::uint32_t>(state.cron_jobs.size() - 1)), owner);
    }
    case model::Kind::HorizontalPodAutoscaler:
      return create_simple<HpaRow, model::HorizontalPodAutoscaler>(state, state.hpas, std::move(header), object);
    case model::Kind::VerticalPodAutoscaler:
      return create_simple<VpaRow, model::VerticalPodAutoscaler>(state, state.vpas, std::move(header), object);
    case model::Kind::ResourceQuota:
      return create_simple<QuotaRow, model::ResourceQuota>(state, state.quotas, std::move(header), object);
    case model::Kind::LimitRange:
      create_simple<LimitRangeRow, model::LimitRange>(state, state.limit_ranges, std::move(header), object);
      return admit_sets_anew(state, e.kind, state.limit_ranges.back().header.ns);
    case model::Kind::RuntimeClass:
      create_simple<RuntimeClassRow, model::RuntimeClass>(state, state.runtime_classes, std::move(header), object);
      return admit_sets_anew(state, e.kind, {});
    case model::Kind::Ingress:
      return create_simple<IngressRow, model::Ingress>(state, state.ingresses, std::move(header), object);
    case model::Kind::IngressClass:
      return create_simple<IngressClassRow, model::IngressClass>(state, state.ingress_classes, std::move(header),
                                                                 object);
    case model::Kind::VolumeAttachment:
      link_attachment(state, std::get<model::VolumeAttachment>(object.spec));
      return create_simple<VolumeAttachmentRow, model::VolumeAttachment>(state, state.volume_attachments,
                                                                         std::move(header), object);
    case model::Kind::EndpointSlice: {
      EndpointSliceRow row;
      row.header = std::move(header);
      const std::uint32_t id = push(state.endpoint_slices, std::move(row));
      return index_name(state, e.kind, state.endpoint_slices[id].header, id);
    }
    default:
      return create_other(state, std::move(header), object, e.kind);
  }
}

void on(ClusterState& state, const event::Event& event, const event::ObjectUpdated& e) {
  const model::Object object = read_admitted(e.doc);
  if (e.ref.kind == model::Kind::Pod) {
    const auto pod = e.ref.as<PodId>();
    state.pods.version.at(pod.index()) = event.seq;
    const TemplateRow& was = state.templates[state.pods.tmpl[pod.index()].index()];
    const base::Sym ns = was.ns;
    const std::int64_t generation = generation_of(was) + (e.spec_changed ? 1 : 0);
    const bool waits = !state.pods.node[pod.index()].valid();
    move_pod_to_template(state, pod, template_of_pod(state, ns, object, waits, generation));
    return;
  }
  Header& header = header_of(state, e.ref);
  const bool disowned = object.meta.owner_references.empty() && owners_are_in_document(e.ref.kind) &&
                        header.doc.find("\"ownerReferences\":[{") != std::string::npos;
  header.version = event.seq;
  header.doc = e.doc;
  if (e.spec_changed) ++header.generation;
  // What a controller made has no document before the first update, and its owner is not in the document's hands.
  if (disowned || !object.meta.owner_references.empty()) read_owners(state, header, object.meta);
  switch (e.ref.kind) {
    case model::Kind::Namespace:
      state.namespaces[e.ref.row].labels = object.meta.labels;
      break;
    case model::Kind::Node: {
      NodeRow& row = state.nodes[e.ref.row];
      std::vector<model::Taint> taints = std::move(row.spec.taints);
      const bool unschedulable = row.spec.unschedulable;
      const std::vector<model::NodeImage> images = std::move(row.spec.images);
      read_spec(state, row, object);
      if (!same_images(images, row.spec.images)) read_images(state, row);
      row.spec.taints = std::move(taints);  // taints and cordons have events of their own
      row.spec.unschedulable = unschedulable;
      break;
    }
    case model::Kind::ReplicaSet:
      read_spec(state, state.replica_sets[e.ref.row], object);
      recount_foreign(state, state.replica_sets[e.ref.row]);
      note_orphan(state, e.ref.as<ReplicaSetId>());
      break;
    case model::Kind::Deployment:
      read_spec(state, state.deployments[e.ref.row], object);
      break;
    case model::Kind::Service:
      state.services[e.ref.row].spec = std::get<model::Service>(object.spec);
      note_balancer(state.services[e.ref.row], event.time);
      break;
    case model::Kind::PodDisruptionBudget:
      state.pdbs[e.ref.row].spec = std::get<model::PodDisruptionBudget>(object.spec);
      break;
    case model::Kind::PriorityClass:
      state.priority_classes[e.ref.row].spec = std::get<model::PriorityClass>(object.spec);
      break;
    case model::Kind::PersistentVolume:
      state.persistent_volumes[e.ref.row].spec = std::get<model::PersistentVolume>(object.spec);
      break;
    case model::Kind::PersistentVolumeClaim:
      state.claims[e.ref.row].spec = std::get<model::PersistentVolumeClaim>(object.spec);
      state.claims[e.ref.row].changed = event.time;
      break;
    case model::Kind::StorageClass:
      state.storage_classes[e.ref.row].spec = std::get<model::StorageClass>(object.spec);
      break;
    case model::Kind::CSINode:
      state.csi_nodes[e.ref.row].spec = std::get<model::CSINode>(object.spec);
      break;
    case model::Kind::StatefulSet:
      read_spec(state, state.stateful_sets[e.ref.row], object);
      break;
    case model::Kind::DaemonSet:
      read_spec(state, state.daemon_sets[e.ref.row], object);
      break;
    case model::Kind::ControllerRevision:
      state.controller_revisions[e.ref.row].revision = std::get<model::ControllerRevision>(object.spec).revision;
      break;
    case model::Kind::Job:
      read_spec(state, state.jobs[e.ref.row], object);
      break;
    case model::Kind::CronJob:
      read_spec(state, state.cron_jobs[e.ref.row], object);
      break;
    case model::Kind::HorizontalPodAutoscaler:
      state.hpas[e.ref.row].spec = std::get<model::HorizontalPodAutoscaler>(object.spec);
      break;
    case model::Kind::VerticalPodAutoscaler:
      state.vpas[e.ref.row].spec = std::get<model::VerticalPodAutoscaler>(object.spec);
      break;
    case model::Kind::ResourceQuota:
      state.quotas[e.ref.row].spec = std::get<model::ResourceQuota>(object.spec);
      break;
    case model::Kind::LimitRange:
      state.limit_ranges[e.ref.row].spec = std::get<model::LimitRange>(object.spec);
      break;
    case model::Kind::RuntimeClass:
      state.runtime_classes[e.ref.row].spec = std::get<model::RuntimeClass>(object.spec);
      break;
    case model::Kind::Ingress:
      state.ingresses[e.ref.row].spec = std::get<model::Ingress>(object.spec);
      break;
    case model::Kind::IngressClass:
      state.ingress_classes[e.ref.row].spec = std::get<model::IngressClass>(object.spec);
      break;
    case model::Kind::VolumeAttachment:
      state.volume_attachments[e.ref.row].spec = std::get<model::VolumeAttachment>(object.spec);
      break;
    default:
      break;
  }
  admit_sets_anew(state, e.ref.kind, header_of(state, e.ref).ns);
}

void on(ClusterState& state, const event::Event& event, const event::ObjectDeletionStarted& e) {
  Header& header = header_of(state, e.ref);
  header.version = event.seq;
  if (header.deletion_seq == 0) {
    header.deletion_seq = event.seq;
    header.deletion_time = event.time;
  }
  header.propagation = e.propagation;
}

void on(ClusterState& state, const event::Event& event, const event::ObjectRemoved& e) {
  Header& header = header_of(state, e.ref);
  WT_ASSERT(header.alive, "an object is removed once");
  header.alive = false;
  header.version = event.seq;
  if (header.deletion_seq == 0) {
    header.deletion_seq = event.seq;
    header.deletion_time = event.time;
  }
  base::Sym gvk;
  if (e.ref.kind == model::Kind::Other) {
    const OtherRow& row = state.others[e.ref.row];
    gvk = state.symbols.intern(std::string(state.symbols.text(row.api_version)) + "/" +
                               std::string(state.symbols.text(row.kind_name)));
  }
  state.by_name.erase({name_kind(e.ref.kind, gvk), header.ns, header.name});
  if (e.ref.kind == model::Kind::ReplicaSet) {
    const ReplicaSetRow& set = state.replica_sets[e.ref.row];
    if (set.deployment.valid())
      erase_value(state.deployments[set.deployment.index()].replica_sets, e.ref.as<ReplicaSetId>());
    note_orphan(state, e.ref.as<ReplicaSetId>());
  } else if (e.ref.kind == model::Kind::EndpointSlice) {
    const EndpointSliceRow& slice = state.endpoint_slices[e.ref.row];
    if (slice.service.valid()) erase_value(state.services[slice.service.index()].slices, e.ref.as<EndpointSliceId>());
  } else if (e.ref.kind == model::Kind::VolumeAttachment) {
    for (PersistentVolumeRow* volume : attached_volume(state, state.volume_attachments[e.ref.row].spec))
      erase_value(volume->attachments, e.ref.as<VolumeAttachmentId>());
  } else {
    unlink_from_controller(state, e.ref, header.controller);
    admit_sets_anew(state, e.ref.kind, header.ns);
  }
}

void on(ClusterState& state, const event::Event& event, const event::OwnerChanged& e) {
  if (e.child.kind == model::Kind::Pod) {
    const auto pod = e.child.as<PodId>();
    state.pods.version.at(pod.index()) = event.seq;
    const CountedChange counted(state, pod);
    Ref& owner = state.pods.owner[pod.index()];
    if (auto* pods = owned_pods(state, owner); pods != nullptr) erase_value(*pods, pod);
    const bool was_job = owner.valid() && owner.kind == model::Kind::Job;
    owner = e.owner;
    if (auto* pods = owned_pods(state, owner); pods != nullptr) pods->push_back(pod);
    // A Job adopts a pod with its finalizer, and takes it off when it lets it go.
    std::uint16_t& flags = state.pods.flags[pod.index()];
    const bool of_job = owner.valid() && owner.kind == model::Kind::Job;
    if (of_job) flags = static_cast<std::uint16_t>(flags | kTracked);
    if (was_job && !of_job) flags = static_cast<std::uint16_t>(flags & ~kTracked);
    return;
  }
  Header& header = header_of(state, e.child);
  header.version = event.seq;
  erase_value(header.owners, header.controller);
  unlink_from_controller(state, e.child, header.controller);
  header.controller = e.owner;
  if (e.owner.valid()) header.owners.push_back(e.owner);
  link_to_controller(state, e.child, e.owner);
  if (e.child.kind != model::Kind::ReplicaSet) return;
  ReplicaSetRow& set = state.replica_sets[e.child.row];
  if (set.deployment.valid())
    erase_value(state.deployments[set.deployment.index()].replica_sets, e.child.as<ReplicaSetId>());
  set.deployment = e.owner.kind == model::Kind::Deployment ? e.owner.as<DeploymentId>() : DeploymentId();
  if (set.deployment.valid())
    state.deployments[set.deployment.index()].replica_sets.push_back(e.child.as<ReplicaSetId>());
  note_orphan(state, e.child.as<ReplicaSetId>());
}

}  // namespace wavetank::state::detail
