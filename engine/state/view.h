#pragma once
// A read-only view of the cluster at a moment: all that the scheduler, the controllers and reports get to see.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/state/cluster_state.h"

namespace wavetank::state {

/// A pointer and a time: pass it by value. Valid until the next event.
class ClusterView {
 public:
  ClusterView(const ClusterState& state, SimTime now) : state_(&state), now_(now) {}

  [[nodiscard]] SimTime now() const { return now_; }
  [[nodiscard]] const ClusterState& state() const { return *state_; }
  const ClusterState* operator->() const { return state_; }
  [[nodiscard]] std::string_view text(Sym s) const { return state_->symbols.text(s); }

  // ---- Finding ----
  /// An alive object by kind, namespace and name; an invalid Ref if there is none. O(1).
  [[nodiscard]] Ref find(model::Kind kind, std::string_view ns, std::string_view name) const;
  [[nodiscard]] Ref find_other(std::string_view api_version, std::string_view kind, std::string_view ns,
                               std::string_view name) const;
  [[nodiscard]] const Header* header(Ref ref) const;  ///< Null for pods.
  [[nodiscard]] bool alive(Ref ref) const;
  /// "deployment/web", "pod/web-abc12-x2z4q"; with the namespace in front when it is not "default".
  [[nodiscard]] std::string name_of(Ref ref) const;
  [[nodiscard]] std::string_view bare_name(Ref ref) const;
  [[nodiscard]] std::string_view namespace_of(Ref ref) const;
  /// A deterministic UUID of the object.
  [[nodiscard]] std::string uid(Ref ref) const;
  [[nodiscard]] model::Labels labels_of(Ref ref) const;

  // ---- Rows ----
  [[nodiscard]] const NodeRow& node(NodeId id) const { return state_->nodes[id.index()]; }
  [[nodiscard]] const ReplicaSetRow& replica_set(ReplicaSetId id) const { return state_->replica_sets[id.index()]; }
  [[nodiscard]] const DeploymentRow& deployment(DeploymentId id) const { return state_->deployments[id.index()]; }
  [[nodiscard]] const ServiceRow& service(ServiceId id) const { return state_->services[id.index()]; }
  [[nodiscard]] const EndpointSliceRow& endpoint_slice(EndpointSliceId id) const {
    return state_->endpoint_slices[id.index()];
  }
  /// status.loadBalancer.ingress of a Service or an Ingress; none for other kinds.
  [[nodiscard]] const std::vector<std::string>& load_balancer(Ref ref) const;
  [[nodiscard]] const PdbRow& pdb(PdbId id) const { return state_->pdbs[id.index()]; }
  [[nodiscard]] const PersistentVolumeRow& persistent_volume(PvId id) const {
    return state_->persistent_volumes[id.index()];
  }
  [[nodiscard]] const ClaimRow& claim(PvcId id) const { return state_->claims[id.index()]; }
  [[nodiscard]] const StorageClassRow& storage_class(StorageClassId id) const {
    return state_->storage_classes[id.index()];
  }
  [[nodiscard]] const CsiNodeRow& csi_node(CsiNodeId id) const { return state_->csi_nodes[id.index()]; }
  [[nodiscard]] const StatefulSetRow& stateful_set(StatefulSetId id) const { return state_->stateful_sets[id.index()]; }
  [[nodiscard]] const DaemonSetRow& daemon_set(DaemonSetId id) const { return state_->daemon_sets[id.index()]; }
  [[nodiscard]] const ControllerRevisionRow& controller_revision(ControllerRevisionId id) const {
    return state_->controller_revisions[id.index()];
  }
  [[nodiscard]] const JobRow& job(JobId id) const { return state_->jobs[id.index()]; }
  [[nodiscard]] const CronJobRow& cron_job(CronJobId id) const { return state_->cron_jobs[id.index()]; }
  [[nodiscard]] const HpaRow& hpa(HpaId id) const { return state_->hpas[id.index()]; }
  [[nodiscard]] const VpaRow& vpa(VpaId id) const { return state_->vpas[id.index()]; }
  [[nodiscard]] const QuotaRow& quota(QuotaId id) const { return state_->quotas[id.index()]; }
  [[nodiscard]] const LimitRangeRow& limit_range(LimitRangeId id) const { return state_->limit_ranges[id.index()]; }
  [[nodiscard]] const RuntimeClassRow& runtime_class(RuntimeClassId id) const {
    return state_->runtime_classes[id.index()];
  }
  [[nodiscard]] const IngressRow& ingress(IngressId id) const { return state_->ingresses[id.index()]; }
  [[nodiscard]] const IngressClassRow& ingress_class(IngressClassId id) const {
    return state_->ingress_classes[id.index()];
  }
  [[nodiscard]] const VolumeAttachmentRow& volume_attachment(VolumeAttachmentId id) const {
    return state_->volume_attachments[id.index()];
  }
  /// The pods that a ReplicaSet, StatefulSet, DaemonSet or Job owns and that are not removed, in the order of creation;
  /// null for other kinds.
  [[nodiscard]] const std::vector<PodId>* pods_of(Ref owner) const;
  /// The condition of a Job, autoscaler or budget by its name; null when it has none such.
  [[nodiscard]] const Condition* condition(Ref ref, std::string_view type) const;
  /// Whether a PersistentVolume's claimRef means this claim: name and namespace, and the uid if it gives one
  /// (volume.IsVolumeBoundToClaim). A uid may be the one that was written or the one we show.
  [[nodiscard]] bool is_bound_to(const model::PersistentVolume& volume, PvcId claim) const;
  [[nodiscard]] const TemplateRow& pod_template(TemplateId id) const { return state_->templates[id.index()]; }

  /// Calls f(Ref, const Header&) for every row but pods, the removed too; by kind, then in the order of creation.
  template <class F>
  void for_headers(F&& f) const {
    for_tables(*state_, [&](model::Kind kind, const auto& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i) f(Ref(kind, static_cast<std::uint32_t>(i)), rows[i].header);
    });
    for (std::size_t i = 0; i < state_->others.size(); ++i)
      f(Ref(state_->others[i].kind, static_cast<std::uint32_t>(i)), state_->others[i].header);
  }
  /// The same for the rows of one kind. O(rows of the kind), or O(others).
  template <class F>
  void for_headers(model::Kind of, F&& f) const {
    bool own = false;
    for_tables(*state_, [&](model::Kind kind, const auto& rows) {
      if (kind != of) return;
      own = true;
      for (std::size_t i = 0; i < rows.size(); ++i) f(Ref(kind, static_cast<std::uint32_t>(i)), rows[i].header);
    });
    if (own) return;
    for (std::size_t i = 0; i < state_->others.size(); ++i)
      if (state_->others[i].kind == of) f(Ref(of, static_cast<std::uint32_t>(i)), state_->others[i].header);
  }

  // ---- Pods ----
  [[nodiscard]] std::string_view pod_name(PodId p) const { return text(state_->pods.name[p.index()]); }
  [[nodiscard]] Sym pod_ns(PodId p) const { return pod_template(state_->pods.tmpl[p.index()]).ns; }
  [[nodiscard]] const model::PodTemplate& pod_spec(PodId p) const {
    return *pod_template(state_->pods.tmpl[p.index()]).value;
  }
  [[nodiscard]] std::uint16_t pod_flags(PodId p) const { return state_->pods.flags[p.index()]; }
  [[nodiscard]] bool pod_alive(PodId p) const { return (pod_flags(p) & kAlive) != 0; }
  [[nodiscard]] bool pod_ready(PodId p) const { return (pod_flags(p) & kPodReady) != 0; }
  [[nodiscard]] bool pod_terminating(PodId p) const { return (pod_flags(p) & kTerminating) != 0; }
  [[nodiscard]] Phase pod_phase(PodId p) const { return state_->pods.phase[p.index()]; }
  /// Alive, not terminating, not Succeeded or Failed (controller.IsPodActive).
  [[nodiscard]] bool pod_active(PodId p) const;
  /// Ready for at least `min_ready_seconds` (podutil.IsPodAvailable); `ready_at` tells from when, if only time is
  /// missing.
  [[nodiscard]] bool pod_available(PodId p, std::int32_t min_ready_seconds) const;
  [[nodiscard]] NodeId pod_node(PodId p) const { return state_->pods.node[p.index()]; }
  [[nodiscard]] std::size_t container_count(PodId p) const;
  [[nodiscard]] const ContainerStatus& container(PodId p, std::size_t index) const;
  /// The container's spec by the same numbering (init containers first).
  [[nodiscard]] const model::Container& container_spec(PodId p, std::size_t index) const;
  /// Whether `index` is an init container that is not a sidecar.
  [[nodiscard]] bool is_plain_init(PodId p, std::size_t index) const;
  [[nodiscard]] std::uint32_t restarts(PodId p) const;
  /// Whether the control plane knows an address of it: its sandbox is up and the node agent has said so.
  [[nodiscard]] bool pod_has_address(PodId p) const;
  /// Its address once it has one, "" before. Made from the pod's number, 10.128.0.0/9: a model's address,
  /// unlike a real cluster's not out of its node's podCIDR; on the host's network the node's.
  [[nodiscard]] std::string pod_ip(PodId p) const;
  /// The node's InternalIP, made from its number: 192.168.0.0/16, then on into 172.16.0.0/12.
  [[nodiscard]] std::string node_ip(NodeId id) const;
  /// Calls f(PodId) for the alive pods of `ns` that `selector` selects, template by template in order of their making.
  /// O(templates of ns + pods selected).
  template <class F>
  void for_selected_pods(Sym ns, const model::LabelSelector& selector, F&& f) const {
    if (!ns.valid() || ns.index() >= state_->templates_of_ns.size()) return;
    for (const TemplateId t : state_->templates_of_ns[ns.index()]) {
      const TemplateRow& row = pod_template(t);
      if (row.pods.empty() || !selector.matches(row.value->labels)) continue;
      for (const PodId p : row.pods) f(p);
    }
  }

  // ---- Nodes ----
  /// The node's last lease renewal that the control plane can know of at now(); nullopt before the first.
  [[nodiscard]] std::optional<SimTime> last_renewal(NodeId id) const;
  [[nodiscard]] bool node_ready(NodeId id) const {
    return node(id).conditions[static_cast<std::size_t>(event::NodeConditionType::Ready)].status ==
           ConditionStatus::True;
  }

  // ---- Documents ----
  /// The object as a client would have to write it: no status (but what a node reports of a pod's resize), no
  /// fields of the server. For pods and what controllers made it is put together from the rows.
  [[nodiscard]] model::Doc stored_doc(Ref ref) const;
  /// The object as `kubectl get -o yaml` shows it: what was written plus what controllers and nodes report.
  [[nodiscard]] model::Doc to_doc(Ref ref) const;

 private:
  const ClusterState* state_;
  SimTime now_;
};

}  // namespace wavetank::state
