#pragma once
// Who uses which claim and volume, and which volumes have to be attached to a node before a pod there can use them.
// Source: k8s.io/component-helpers/storage/ephemeral, kubernetes/pkg/volume/util, pkg/volume/csi.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/state/view.h"

namespace wavetank::state {

/// The name of the claim behind a pod's volume, "<pod>-<volume>" for an ephemeral one; "" for volumes of other kinds.
std::string claim_name(const model::Volume& volume, std::string_view pod_name);
/// Whether pods of the spec name claims at all.
bool has_claims(const model::PodSpec& spec);
/// The claim of one of a pod's volumes; not valid when there is none, or when an ephemeral volume's claim is not the
/// pod's own (ephemeral.VolumeIsForPod).
PvcId claim_of_volume(const ClusterView& view, PodId pod, const model::Volume& volume);
/// The volume that a claim is bound to: both sides must say so. Not valid otherwise.
PvId volume_of(const ClusterView& view, PvcId claim);
/// The volumes of a pod's claims, each once, in the order of spec.volumes.
std::vector<PvId> volumes_of_pod(const ClusterView& view, PodId pod);

/// The alive pods that name a claim (for ephemeral volumes: whose own it is), in the order of creation.
/// O(templates of the namespace + pods found); with ephemeral volumes O(pods of those templates).
std::vector<PodId> pods_of_claim(const ClusterView& view, PvcId claim);
/// The alive pods that use a volume by the claim that it is bound to.
std::vector<PodId> pods_of_volume(const ClusterView& view, PvId volume);

/// Whether a pod keeps its volumes on its node: bound, and not over. (A terminating pod keeps them until it has
/// stopped.)
bool holds_volumes(const ClusterView& view, PodId pod);

/// The CSI driver that attaches a volume, and the handle by which it knows it. Not valid for volumes that are not
/// attached: local and network file systems, and drivers whose CSIDriver says attachRequired: false. In-tree disks are
/// their drivers' (CSI migration, all of it stable by 1.34).
struct Disk {
  std::string driver, handle;
  [[nodiscard]] bool valid() const { return !driver.empty(); }
};
Disk disk_of(const ClusterView& view, PvId volume);

/// Whether a volume may be attached to several nodes: one of its access modes says so, or it has none at all
/// (volumeutil.IsMultiAttachAllowed).
bool may_attach_to_many(const model::PersistentVolume& volume);

/// The name of the VolumeAttachment: "csi-" + SHA-256 of handle, driver and node (csi.getAttachmentName).
std::string attachment_name(const Disk& disk, std::string_view node);

}  // namespace wavetank::state
