#include "engine/schedule/volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/schedule/framework.h"
#include "engine/schedule/node_match.h"

namespace wavetank::schedule {
namespace {

/// In-tree plugins with a CSI driver of the same work. Source: csi-translation-lib/plugins and isCSIMigrationOn: those
/// that are `on` count as migrated wherever there is a CSINode, portworx where the CSINode says so, the others never.
struct InTree {
  std::string_view source, plugin, driver;
  enum class Migrates : std::uint8_t { Always, IfListed, Never } migrates;
};
constexpr std::array<InTree, 7> kInTree{{
    {"awsElasticBlockStore", "kubernetes.io/aws-ebs", "ebs.csi.aws.com", InTree::Migrates::Always},
    {"azureDisk", "kubernetes.io/azure-disk", "disk.csi.azure.com", InTree::Migrates::Always},
    {"azureFile", "kubernetes.io/azure-file", "file.csi.azure.com", InTree::Migrates::Never},
    {"cinder", "kubernetes.io/cinder", "cinder.csi.openstack.org", InTree::Migrates::Always},
    {"gcePersistentDisk", "kubernetes.io/gce-pd", "pd.csi.storage.gke.io", InTree::Migrates::Always},
    {"portworxVolume", "kubernetes.io/portworx-volume", "pxd.portworx.com", InTree::Migrates::IfListed},
    {"vsphereVolume", "kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com", InTree::Migrates::Never},
}};

bool lists(std::string_view comma_separated, std::string_view word) {
  while (!comma_separated.empty()) {
    const std::size_t comma = comma_separated.find(',');
    if (comma_separated.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    comma_separated.remove_prefix(comma + 1);
  }
  return false;
}

bool taken_over(const InTree& p, const model::CSINode* node) {
  if (node == nullptr || p.migrates == InTree::Migrates::Never) return false;
  return p.migrates == InTree::Migrates::Always || lists(node->migrated_plugins, p.plugin);
}

/// "aws://us-east-1a/vol-1" → "vol-1".
std::string ebs_handle(const std::string& id) {
  const std::size_t slash = id.rfind('/');
  return id.starts_with("aws://") && slash != std::string::npos ? id.substr(slash + 1) : id;
}

/// "projects/UNSPECIFIED/zones/<zone>/disks/<name>"; a disk in two zones lies in their region.
std::string gce_handle(const std::string& name, const model::Labels& labels) {
  const std::string* zone = nullptr;
  for (const std::string_view key : {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"})
    if (zone == nullptr) zone = model::find_label(labels, key);
  if (zone == nullptr || zone->empty()) return "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/" + name;
  const std::size_t several = zone->find("__");
  if (several == std::string::npos) return fmt::format("projects/UNSPECIFIED/zones/{}/disks/{}", *zone, name);
  const std::string first = zone->substr(0, several);
  const std::size_t dash = first.rfind('-');
  return fmt::format("projects/UNSPECIFIED/regions/{}/disks/{}", first.substr(0, dash), name);
}

}  // namespace

void AssumedVolumes::assume(PodId pod, NodeId node, VolumeDecision decision) {
  release(pod);
  if (decision.empty()) return;
  for (const VolumeDecision::Static& s : decision.bind) {
    if (claim_of_.size() <= s.volume.index()) claim_of_.resize(s.volume.index() + 1);
    claim_of_[s.volume.index()] = s.claim;
  }
  for (const PvcId claim : decision.provision) {
    if (node_of_.size() <= claim.index()) node_of_.resize(claim.index() + 1);
    node_of_[claim.index()] = node;
  }
  by_pod_[pod] = std::move(decision);
}

void AssumedVolumes::release(PodId pod) {
  const auto at = by_pod_.find(pod);
  if (at == by_pod_.end()) return;
  for (const VolumeDecision::Static& s : at->second.bind) claim_of_[s.volume.index()] = PvcId();
  for (const PvcId claim : at->second.provision) node_of_[claim.index()] = NodeId();
  by_pod_.erase(at);
}

const VolumeDecision* AssumedVolumes::of(PodId pod) const {
  const auto at = by_pod_.find(pod);
  return at == by_pod_.end() ? nullptr : &at->second;
}

std::vector<std::uint32_t> ClaimUses::numbers(std::string_view ns, const model::PodSpec& spec) {
  std::vector<std::uint32_t> out;
  for (const model::Volume& v : spec.volumes) {
    if (!uses_claim(v)) continue;
    const auto [at, made] =
        index_.emplace(fmt::format("{}/{}", ns, v.claim_name), static_cast<std::uint32_t>(pods_.size()));
    if (made) pods_.push_back(0);
    out.push_back(at->second);
  }
  return out;
}

bool names_claim(const Cycle& c, PvcId claim, bool ephemeral_too) {
  const state::Header& header = c.view.claim(claim).header;
  if (c.view.text(header.ns) != c.pod_class.ns) return false;
  const std::string_view name = c.view.text(header.name);
  const auto& volumes = c.pod_class.spec().volumes;
  return std::any_of(volumes.begin(), volumes.end(), [&](const model::Volume& v) {
    if (uses_claim(v)) return v.claim_name == name;
    if (!ephemeral_too || !is_ephemeral(v)) return false;
    return !c.pod.valid() || claim_name(v, c.view.pod_name(c.pod)) == name;
  });
}

bool has_claims(const model::PodSpec& spec) {
  return std::any_of(spec.volumes.begin(), spec.volumes.end(),
                     [](const model::Volume& v) { return uses_claim(v) || is_ephemeral(v); });
}

std::string claim_name(const model::Volume& v, std::string_view pod_name) {
  return is_ephemeral(v) ? fmt::format("{}-{}", pod_name, v.name) : v.claim_name;
}

PvcId find_claim(const ClusterView& view, std::string_view ns, std::string_view name) {
  const event::Ref ref = view.find(model::Kind::PersistentVolumeClaim, ns, name);
  return ref.valid() ? ref.as<PvcId>() : PvcId();
}

PvId find_volume(const ClusterView& view, std::string_view name) {
  const event::Ref ref = view.find(model::Kind::PersistentVolume, "", name);
  return ref.valid() ? ref.as<PvId>() : PvId();
}

const model::StorageClass* find_class(const ClusterView& view, std::string_view name) {
  if (name.empty()) return nullptr;
  const event::Ref ref = view.find(model::Kind::StorageClass, "", name);
  return ref.valid() ? &view->storage_classes[ref.row].spec : nullptr;
}

const model::CSINode* find_csi_node(const ClusterView& view, NodeId node) {
  if (view->csi_nodes.empty()) return nullptr;
  const event::Ref ref = view.find(model::Kind::CSINode, "", view.text(view.node(node).header.name));
  return ref.valid() ? &view->csi_nodes[ref.row].spec : nullptr;
}

bool is_of_pod(const ClusterView& view, PvcId claim, PodId pod) {
  return view.claim(claim).header.controller == event::Ref(pod);
}

bool waits_for_consumer(const ClusterView& view, const model::PersistentVolumeClaim& claim) {
  const model::StorageClass* c = find_class(view, claim.class_name());
  return c != nullptr && c->wait_for_first_consumer;
}

bool node_affinity_fits(const model::PersistentVolume& volume, const model::Labels& labels) {
  if (!volume.node_affinity) return true;
  return std::any_of(volume.node_affinity->begin(), volume.node_affinity->end(),
                     [&](const model::NodeSelectorTerm& term) { return term_matches(term, labels, ""); });
}

CsiVolume migrated(const model::VolumeSource& source, const model::Labels& labels, const model::CSINode* node) {
  for (const InTree& p : kInTree) {
    if (p.source != source.source) continue;
    if (!taken_over(p, node)) return {};
    std::string handle = source.id;
    if (p.source == "awsElasticBlockStore") handle = ebs_handle(source.id);
    if (p.source == "gcePersistentDisk") handle = gce_handle(source.id, labels);
    return {std::string(p.driver), std::move(handle)};
  }
  return {};
}

bool migratable(const model::VolumeSource& source) {
  return std::any_of(kInTree.begin(), kInTree.end(), [&](const InTree& p) { return p.source == source.source; });
}

std::string driver_of_provisioner(std::string_view provisioner, const model::CSINode* node) {
  for (const InTree& p : kInTree) {
    if (p.plugin == provisioner) return taken_over(p, node) ? std::string(p.driver) : std::string();
  }
  return std::string(provisioner);
}

}  // namespace wavetank::schedule
