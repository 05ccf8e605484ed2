#pragma once
// What the plugins of volumes share: the claims of a pod, who uses a claim, which CSI volume stands behind one, and
// what VolumeBinding has assumed but is not yet a fact. Source: k8s.io/component-helpers/storage,
// k8s.io/csi-translation-lib.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/state/view.h"

namespace wavetank::schedule {

using event::NodeId;
using event::PodId;
using event::PvcId;
using event::PvId;
using state::ClusterView;

/// What has to be done with volumes before a pod can be bound to its node.
struct VolumeDecision {
  struct Static {
    PvcId claim;
    PvId volume;
    bool operator==(const Static&) const = default;
  };
  std::vector<Static> bind;      ///< Claims and the volumes that were there for them.
  std::vector<PvcId> provision;  ///< Claims for which a volume has to be made.
  [[nodiscard]] bool empty() const { return bind.empty() && provision.empty(); }
};

/// The decisions whose pods are not yet bound: no other pod may be promised the same volume.
class AssumedVolumes {
 public:
  void assume(PodId pod, NodeId node, VolumeDecision decision);
  void release(PodId pod);
  void clear() { *this = AssumedVolumes(); }
  [[nodiscard]] bool empty() const { return by_pod_.empty(); }
  /// Null when nothing is assumed for the pod.
  [[nodiscard]] const VolumeDecision* of(PodId pod) const;
  /// The claim that the volume is promised to; invalid when it is free.
  [[nodiscard]] PvcId claim_of(PvId volume) const {
    return volume.index() < claim_of_.size() ? claim_of_[volume.index()] : PvcId();
  }
  /// The node on which the claim's volume is to be made; invalid: not decided.
  [[nodiscard]] NodeId node_of(PvcId claim) const {
    return claim.index() < node_of_.size() ? node_of_[claim.index()] : NodeId();
  }

 private:
  std::map<PodId, VolumeDecision> by_pod_;
  std::vector<PvcId> claim_of_;  // by PvId
  std::vector<NodeId> node_of_;  // by PvcId
};

/// Numbers for the claims that pods name, and how many placed pods name each.
class ClaimUses {
 public:
  /// The claims of a template's persistentVolumeClaim volumes. Ephemeral volumes do not count here: their claims belong
  /// to one pod.
  std::vector<std::uint32_t> numbers(std::string_view ns, const model::PodSpec& spec);
  void add(const std::vector<std::uint32_t>& claims, std::int32_t pods) {
    for (const std::uint32_t c : claims) pods_[c] += pods;
  }
  [[nodiscard]] std::int32_t pods(std::uint32_t claim) const { return pods_[claim]; }

 private:
  std::unordered_map<std::string, std::uint32_t> index_;  // lookup only
  std::vector<std::int32_t> pods_;
};

inline bool uses_claim(const model::Volume& v) { return v.source == "persistentVolumeClaim"; }
inline bool is_ephemeral(const model::Volume& v) { return v.source == "ephemeral"; }
struct Cycle;
/// Whether a pod of the class has a volume of this claim; ephemeral ones count if asked for. They belong to one pod
/// each: without one in the cycle any claim may be a pod's of the class.
bool names_claim(const Cycle& c, PvcId claim, bool ephemeral_too);
bool has_claims(const model::PodSpec& spec);  ///< Of either kind.
/// The name of the claim behind a volume of either kind ("<pod>-<volume>" for ephemeral ones).
std::string claim_name(const model::Volume& v, std::string_view pod_name);
/// Invalid when there is none.
PvcId find_claim(const ClusterView& view, std::string_view ns, std::string_view name);
PvId find_volume(const ClusterView& view, std::string_view name);
/// Null when there is none.
const model::StorageClass* find_class(const ClusterView& view, std::string_view name);
const model::CSINode* find_csi_node(const ClusterView& view, NodeId node);
/// An ephemeral volume's claim must be the pod's own (ephemeral.VolumeIsForPod).
bool is_of_pod(const ClusterView& view, PvcId claim, PodId pod);
/// VolumeBindingMode WaitForFirstConsumer of the claim's class (volume.IsDelayBindingMode).
bool waits_for_consumer(const ClusterView& view, const model::PersistentVolumeClaim& claim);
/// A volume's nodeAffinity.required against a node's labels (volume.CheckNodeAffinity).
bool node_affinity_fits(const model::PersistentVolume& volume, const model::Labels& labels);

/// The CSI driver and the handle by which an attachment is known.
struct CsiVolume {
  std::string driver, handle;
  [[nodiscard]] bool valid() const { return !driver.empty() && !handle.empty(); }
  auto operator<=>(const CsiVolume&) const = default;
};
/// In-tree volumes (inline or a PersistentVolume's) that a CSI driver has taken over on the node; not valid when none
/// has. `labels` are those of the PersistentVolume.
CsiVolume migrated(const model::VolumeSource& source, const model::Labels& labels, const model::CSINode* node);
/// Whether some CSI driver can take over such an inline volume.
bool migratable(const model::VolumeSource& source);
/// The driver that stands for an in-tree provisioner ("kubernetes.io/aws-ebs") on the node; the provisioner itself when
/// it is no in-tree one; "" when it is, and has not been taken over there.
std::string driver_of_provisioner(std::string_view provisioner, const model::CSINode* node);

}  // namespace wavetank::schedule
