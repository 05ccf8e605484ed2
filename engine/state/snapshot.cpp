// The whole state as bytes. One walk lists what is kept, for writing and for reading; what can be derived (specs from
// documents, indexes) is not kept but made again by restore().
#include "engine/base/assert.h"
#include "engine/base/codec.h"
#include "engine/base/hash.h"
#include "engine/model/decode.h"
#include "engine/state/tables.h"

namespace wavetank::state {

namespace {

template <class A, class T, class F>
void walk_rows(A& a, std::vector<T>& rows, F&& each) {
  std::uint64_t count = rows.size();
  a(count);
  if constexpr (std::is_same_v<A, base::Reader>) {
    if (count > a.left()) return a.fail();
    rows.resize(count);
  }
  for (T& row : rows) each(row);
}

template <class A, class T, std::size_t N>
void walk_array(A& a, std::array<T, N>& values) {
  for (T& v : values) a(v);
}

template <class A>
void walk_symbols(A& a, base::SymbolPool& pool) {
  std::uint64_t count = pool.size();
  a(count);
  if constexpr (std::is_same_v<A, base::Reader>) {
    for (std::uint64_t i = 1; i < count && a.ok(); ++i) {
      std::string text;
      a(text);
      pool.intern(text);
    }
  } else {
    for (std::uint64_t i = 1; i < count; ++i) a(std::string(pool.text(base::Sym(static_cast<std::uint32_t>(i)))));
  }
}

template <class A>
void walk_pods(A& a, PodColumns& p) {
  a(p.name, p.tmpl, p.owner, p.node, p.nominated, p.phase, p.flags, p.deletion_reason, p.ready_reason, p.priority,
    p.created, p.scheduled, p.ready_changed, p.deletion, p.grace_s, p.created_seq, p.version, p.deletion_seq, p.message,
    p.fail_message, p.container_begin, p.containers);
}

template <class A>
void walk_nodes(A& a, std::vector<NodeRow>& rows) {
  walk_rows(a, rows, [&](NodeRow& r) {
    a(r.header, r.spec.taints, r.spec.unschedulable, r.taint_added, r.taint_seq, r.zone, r.region);
    walk_array(a, r.conditions);
    a(r.heartbeats_began, r.heartbeats_last, r.heartbeat_period, r.heartbeating, r.heartbeats_seq, r.machine_up, r.pods,
      r.images, r.volumes_in_use);
  });
}

template <class A>
void walk_workloads(A& a, ClusterState& s) {
  walk_rows(a, s.replica_sets, [&](ReplicaSetRow& r) {
    a(r.header, r.tmpl, r.pod_tmpl, r.deployment, r.hash, r.replicas, r.min_ready_seconds, r.revision,
      r.revision_history, r.desired, r.max, r.status_replicas, r.fully_labeled, r.status_ready, r.status_available,
      r.observed_generation, r.failure, r.pods, r.active, r.active_ready, r.foreign, r.pods_created);
  });
  walk_rows(a, s.deployments, [&](DeploymentRow& r) {
    a(r.header, r.tmpl, r.hash, r.revision, r.status_replicas, r.updated, r.ready, r.available, r.unavailable,
      r.observed_generation);
    walk_array(a, r.conditions);
    a(r.replica_sets);
  });
}

template <class A>
void walk_services(A& a, ClusterState& s) {
  walk_rows(a, s.services,
            [&](ServiceRow& r) { a(r.header, r.slices, r.milli_rps, r.load_balancer, r.load_balancer_asked); });
  walk_rows(a, s.endpoint_slices, [&](EndpointSliceRow& r) { a(r.header, r.service, r.ports, r.endpoints); });
  walk_rows(a, s.pdbs, [&](PdbRow& r) {
    a(r.header, r.current_healthy, r.desired_healthy, r.expected_pods, r.disruptions_allowed, r.observed_generation,
      r.disrupted, r.conditions);
  });
  walk_rows(a, s.priority_classes, [&](PriorityClassRow& r) { a(r.header); });
  walk_rows(a, s.persistent_volumes, [&](PersistentVolumeRow& r) { a(r.header, r.attachments); });
  walk_rows(a, s.claims, [&](ClaimRow& r) { a(r.header, r.changed); });
  walk_rows(a, s.storage_classes, [&](StorageClassRow& r) { a(r.header); });
  walk_rows(a, s.csi_nodes, [&](CsiNodeRow& r) { a(r.header); });
  walk_rows(a, s.others, [&](OtherRow& r) { a(r.header, r.kind, r.api_version, r.kind_name); });
  walk_rows(a, s.faults, [&](FaultRow& r) { a(r.kind, r.subject, r.began, r.ended, r.seq); });
}

template <class A>
void walk_controlled(A& a, ClusterState& s) {
  walk_rows(a, s.stateful_sets,
            [&](StatefulSetRow& r) { a(r.header, r.tmpl, r.status, r.revisions, r.pods, r.pods_created); });
  walk_rows(a, s.daemon_sets,
            [&](DaemonSetRow& r) { a(r.header, r.tmpl, r.status, r.revisions, r.pods, r.pods_created); });
  walk_rows(a, s.controller_revisions, [&](ControllerRevisionRow& r) { a(r.header, r.revision, r.tmpl, r.hash); });
  walk_rows(a, s.jobs, [&](JobRow& r) { a(r.header, r.tmpl, r.status, r.conditions, r.pods, r.pods_created); });
  walk_rows(a, s.cron_jobs, [&](CronJobRow& r) { a(r.header, r.status, r.jobs); });
  walk_rows(a, s.hpas, [&](HpaRow& r) { a(r.header, r.status, r.conditions); });
  walk_rows(a, s.vpas, [&](VpaRow& r) { a(r.header, r.status, r.conditions); });
  walk_rows(a, s.quotas, [&](QuotaRow& r) { a(r.header, r.status); });
  walk_rows(a, s.limit_ranges, [&](LimitRangeRow& r) { a(r.header); });
  walk_rows(a, s.runtime_classes, [&](RuntimeClassRow& r) { a(r.header); });
  walk_rows(a, s.ingresses, [&](IngressRow& r) { a(r.header, r.load_balancer); });
  walk_rows(a, s.ingress_classes, [&](IngressClassRow& r) { a(r.header); });
  walk_rows(a, s.volume_attachments, [&](VolumeAttachmentRow& r) {
    a(r.header, r.attached, r.error, r.changed, r.changed_seq, r.detach_requested, r.detach_seq);
  });
  walk_array(a, s.component_down);
}

template <class A>
void walk(A& a, ClusterState& s) {
  a(s.scenario, s.seed, s.epoch_s, s.last_seq, s.last_time);
  walk_symbols(a, s.symbols);
  walk_rows(a, s.templates, [&](TemplateRow& r) { a(r.ns, r.doc, r.pods, r.orphans); });
  walk_pods(a, s.pods);
  walk_nodes(a, s.nodes);
  walk_rows(a, s.namespaces, [&](NamespaceRow& r) { a(r.header); });
  walk_workloads(a, s);
  walk_services(a, s);
  walk_controlled(a, s);
  a(s.alive_pods, s.orphans_of_ns, s.orphan_sets);
}

/// Templates again from their documents, and the index that finds them.
void restore_templates(ClusterState& s) {
  std::vector<TemplateRow> rows = std::move(s.templates);
  s.templates.clear();
  for (TemplateRow& row : rows) {
    const TemplateId id = intern_template(s, row.ns, row.doc);
    WT_ASSERT(id.index() + 1 == s.templates.size(), "templates differ");
    s.templates[id.index()].pods = std::move(row.pods);
    s.templates[id.index()].orphans = row.orphans;
  }
}

void restore_node(NodeRow& row) {
  std::vector<model::Taint> taints = std::move(row.spec.taints);
  const bool unschedulable = row.spec.unschedulable;
  const model::Object object = read_admitted(row.header.doc);
  row.spec = std::get<model::Node>(object.spec);
  row.labels = object.meta.labels;
  row.spec.taints = std::move(taints);
  row.spec.unschedulable = unschedulable;
}

void restore_workloads(ClusterState& s) {
  for (DeploymentRow& row : s.deployments) {
    model::Object object = read_admitted(row.header.doc);
    row.spec = std::move(std::get<model::Deployment>(object.spec));
    row.spec.tmpl = {};
    row.labels = std::move(object.meta.labels);
  }
  for (ReplicaSetRow& row : s.replica_sets) {
    if (row.header.doc.empty()) {  // made by its Deployment, whose selector never changes
      row.selector = s.deployments[row.deployment.index()].spec.selector;
      model::set_label(row.selector.match_labels, "pod-template-hash", row.hash);
      row.labels = s.templates[row.tmpl.index()].value->labels;
    } else {
      model::Object object = read_admitted(row.header.doc);
      row.selector = std::move(std::get<model::ReplicaSet>(object.spec).selector);
      row.labels = std::move(object.meta.labels);
    }
  }
}

template <class Row, class Spec>
void restore_specs(std::vector<Row>& rows) {
  for (Row& row : rows) row.spec = std::move(std::get<Spec>(read_admitted(row.header.doc).spec));
}

template <class Row, class Spec>
void restore_templated(std::vector<Row>& rows) {
  for (Row& row : rows) {
    model::Object object = read_admitted(row.header.doc);
    row.spec = std::move(std::get<Spec>(object.spec));
    row.spec.tmpl = {};
    row.labels = std::move(object.meta.labels);
  }
}

void restore_controlled(ClusterState& s) {
  restore_templated<StatefulSetRow, model::StatefulSet>(s.stateful_sets);
  restore_templated<DaemonSetRow, model::DaemonSet>(s.daemon_sets);
  restore_templated<JobRow, model::Job>(s.jobs);
  for (CronJobRow& row : s.cron_jobs) {
    model::Object object = read_admitted(row.header.doc);
    row.spec = std::move(std::get<model::CronJob>(object.spec));
    row.labels = std::move(object.meta.labels);
  }
  restore_specs<HpaRow, model::HorizontalPodAutoscaler>(s.hpas);
  restore_specs<VpaRow, model::VerticalPodAutoscaler>(s.vpas);
  restore_specs<QuotaRow, model::ResourceQuota>(s.quotas);
  restore_specs<LimitRangeRow, model::LimitRange>(s.limit_ranges);
  restore_specs<RuntimeClassRow, model::RuntimeClass>(s.runtime_classes);
  restore_specs<IngressRow, model::Ingress>(s.ingresses);
  restore_specs<IngressClassRow, model::IngressClass>(s.ingress_classes);
  restore_specs<VolumeAttachmentRow, model::VolumeAttachment>(s.volume_attachments);
}

void restore_index(ClusterState& s) {
  for (std::uint32_t p = 0; p < s.pods.size(); ++p)
    if ((s.pods.flags[p] & kAlive) != 0)
      s.by_name[{name_kind(model::Kind::Pod), s.templates[s.pods.tmpl[p].index()].ns, s.pods.name[p]}] = p;
  for_tables(s, [&](model::Kind kind, const auto& rows) {
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      if (rows[i].header.alive) s.by_name[{name_kind(kind), rows[i].header.ns, rows[i].header.name}] = i;
  });
  for (std::uint32_t i = 0; i < s.others.size(); ++i) {
    const OtherRow& row = s.others[i];
    if (!row.header.alive) continue;
    const base::Sym gvk =
        s.symbols.find(std::string(s.symbols.text(row.api_version)) + "/" + std::string(s.symbols.text(row.kind_name)));
    s.by_name[{name_kind(row.kind, gvk), row.header.ns, row.header.name}] = i;
  }
}

void restore(ClusterState& s) {
  restore_templates(s);
  for (NodeRow& row : s.nodes) restore_node(row);
  for (NamespaceRow& row : s.namespaces) row.labels = read_admitted(row.header.doc).meta.labels;
  restore_workloads(s);
  restore_specs<ServiceRow, model::Service>(s.services);
  restore_specs<PdbRow, model::PodDisruptionBudget>(s.pdbs);
  restore_specs<PriorityClassRow, model::PriorityClass>(s.priority_classes);
  restore_specs<PersistentVolumeRow, model::PersistentVolume>(s.persistent_volumes);
  restore_specs<ClaimRow, model::PersistentVolumeClaim>(s.claims);
  restore_specs<StorageClassRow, model::StorageClass>(s.storage_classes);
  restore_specs<CsiNodeRow, model::CSINode>(s.csi_nodes);
  restore_controlled(s);
  restore_index(s);
}

}  // namespace

void save(const ClusterState& state, std::vector<std::uint8_t>& out) {
  base::Writer writer(out);
  walk(writer, const_cast<ClusterState&>(state));  // a Writer changes nothing; the walk is one for both ways
}

bool load(ClusterState& state, const std::uint8_t* data, std::size_t size) {
  state = ClusterState();
  base::Reader reader(data, size);
  walk(reader, state);
  if (!reader.ok() || !reader.at_end()) return false;
  restore(state);
  return true;
}

std::uint64_t digest(const ClusterState& state) {
  std::vector<std::uint8_t> bytes;
  save(state, bytes);
  return base::hash_bytes(bytes.data(), bytes.size(), kSnapshotVersion);
}

}  // namespace wavetank::state
