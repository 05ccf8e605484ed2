#pragma once
// The cluster as it stands: a fold of the journal, nothing else. Only evolve() changes it.

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/symbols.h"
#include "engine/state/rows.h"

namespace wavetank::state {

struct ClusterState {
  // The run
  std::string scenario;
  std::uint64_t seed = 0;
  std::int64_t epoch_s = 0;
  base::Seq last_seq = 0;
  base::SimTime last_time;

  base::SymbolPool symbols;
  std::vector<TemplateRow> templates;
  PodColumns pods;
  std::vector<NodeRow> nodes;
  std::vector<NamespaceRow> namespaces;
  std::vector<ReplicaSetRow> replica_sets;
  std::vector<DeploymentRow> deployments;
  std::vector<ServiceRow> services;
  std::vector<EndpointSliceRow> endpoint_slices;
  std::vector<PdbRow> pdbs;
  std::vector<PriorityClassRow> priority_classes;
  std::vector<PersistentVolumeRow> persistent_volumes;
  std::vector<ClaimRow> claims;  ///< PersistentVolumeClaims
  std::vector<StorageClassRow> storage_classes;
  std::vector<CsiNodeRow> csi_nodes;
  std::vector<StatefulSetRow> stateful_sets;
  std::vector<DaemonSetRow> daemon_sets;
  std::vector<ControllerRevisionRow> controller_revisions;
  std::vector<JobRow> jobs;
  std::vector<CronJobRow> cron_jobs;
  std::vector<HpaRow> hpas;
  std::vector<VpaRow> vpas;
  std::vector<QuotaRow> quotas;
  std::vector<LimitRangeRow> limit_ranges;
  std::vector<RuntimeClassRow> runtime_classes;
  std::vector<IngressRow> ingresses;
  std::vector<IngressClassRow> ingress_classes;
  std::vector<VolumeAttachmentRow> volume_attachments;
  std::vector<OtherRow> others;
  std::vector<FaultRow> faults;

  std::array<bool, 3> component_down{};  ///< By event::Component.

  std::uint32_t alive_pods = 0;
  std::vector<std::uint32_t> orphans_of_ns;  ///< By symbol of the namespace: alive pods without a controller.
  std::vector<ReplicaSetId> orphan_sets;     ///< Alive sets without a controller, oldest first.

  // Lookup only, never iterated.
  struct NameKey {
    std::uint32_t kind;  ///< model::Kind, or 0x100 + symbol of "apiVersion/kind" for Other.
    base::Sym ns, name;
    bool operator==(const NameKey&) const = default;
  };
  struct NameHash {
    std::size_t operator()(const NameKey& k) const noexcept;
  };
  std::unordered_map<NameKey, std::uint32_t, NameHash> by_name;               ///< Alive objects.
  std::unordered_map<std::uint64_t, std::vector<TemplateId>> template_index;  ///< By hash of ns and doc.
  std::vector<std::vector<TemplateId>> templates_of_ns;                       ///< By symbol of the namespace.
};

/// Calls f(Kind, rows) for each kind that has a table of rows with headers of its own: not for pods, which are columns,
/// nor for `others`. Always in this order. The one list of them: what concerns all tables alike goes by it.
template <class State, class F>
void for_tables(State& state, F&& f) {
  f(model::Kind::Namespace, state.namespaces);
  f(model::Kind::Node, state.nodes);
  f(model::Kind::ReplicaSet, state.replica_sets);
  f(model::Kind::Deployment, state.deployments);
  f(model::Kind::Service, state.services);
  f(model::Kind::EndpointSlice, state.endpoint_slices);
  f(model::Kind::PodDisruptionBudget, state.pdbs);
  f(model::Kind::PriorityClass, state.priority_classes);
  f(model::Kind::PersistentVolume, state.persistent_volumes);
  f(model::Kind::PersistentVolumeClaim, state.claims);
  f(model::Kind::StorageClass, state.storage_classes);
  f(model::Kind::CSINode, state.csi_nodes);
  f(model::Kind::StatefulSet, state.stateful_sets);
  f(model::Kind::DaemonSet, state.daemon_sets);
  f(model::Kind::ControllerRevision, state.controller_revisions);
  f(model::Kind::Job, state.jobs);
  f(model::Kind::CronJob, state.cron_jobs);
  f(model::Kind::HorizontalPodAutoscaler, state.hpas);
  f(model::Kind::VerticalPodAutoscaler, state.vpas);
  f(model::Kind::ResourceQuota, state.quotas);
  f(model::Kind::LimitRange, state.limit_ranges);
  f(model::Kind::RuntimeClass, state.runtime_classes);
  f(model::Kind::Ingress, state.ingresses);
  f(model::Kind::IngressClass, state.ingress_classes);
  f(model::Kind::VolumeAttachment, state.volume_attachments);
}

/// The template of a namespace with this text (as admitted, canonical JSON), or none. O(text).
TemplateId find_template(const ClusterState& state, std::string_view ns, const std::string& doc);

/// Applies one event. Total: every event that decide() can produce has a meaning in the state it was decided in;
/// anything else is a bug and asserts. Reads no clock, no randomness, no rule. Amortised O(1) for pod events,
/// O(document) for object events.
void evolve(ClusterState& state, const event::Event& event);

/// evolve() over a row of events.
template <class Events>
void fold(ClusterState& state, const Events& events) {
  for (const event::Event& event : events) evolve(state, event);
}

/// A 64-bit digest of everything in the state: equal states, equal digests. O(size). For tests and `replay --verify`.
std::uint64_t digest(const ClusterState& state);

/// Writes or reads the whole state (a snapshot's body). Reading fails on a malformed input and leaves `state`
/// unspecified.
void save(const ClusterState& state, std::vector<std::uint8_t>& out);
bool load(ClusterState& state, const std::uint8_t* data, std::size_t size);
/// Raised when the snapshot form changes; a snapshot of another version is ignored and folded anew.
inline constexpr std::uint32_t kSnapshotVersion = 3;

/// Broken invariants in words (empty: sound): node over-committed, bound to a missing node, counters that disagree with
/// pods, index entries that point to the dead. O(size); for tests.
std::vector<std::string> check_invariants(const ClusterState& state);

}  // namespace wavetank::state
