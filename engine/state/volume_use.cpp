#include "engine/state/volume_use.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/sha256.h"
#include "engine/model/doc.h"

namespace wavetank::state {
namespace {

constexpr std::string_view kClaim = "persistentVolumeClaim", kEphemeral = "ephemeral";

/// In-tree disks that are attached, and their drivers. File shares (azureFile, portworx) are mounted only.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kInTree{{
    {"awsElasticBlockStore", "ebs.csi.aws.com"},
    {"azureDisk", "disk.csi.azure.com"},
    {"cinder", "cinder.csi.openstack.org"},
    {"gcePersistentDisk", "pd.csi.storage.gke.io"},
    {"vsphereVolume", "csi.vsphere.vmware.com"},
}};

/// CSIDriver.spec.attachRequired, true when there is no such object.
bool attach_required(const ClusterView& view, std::string_view driver) {
  const Ref ref = view.find_other("storage.k8s.io/v1", "CSIDriver", "", driver);
  if (!ref.valid()) return true;
  const auto doc = model::parse_json(view.header(ref)->doc, "CSIDriver");
  if (!doc) return true;
  const model::Doc* required = doc->at({"spec", "attachRequired"});
  return required == nullptr || required->text != "false";
}

}  // namespace

std::string claim_name(const model::Volume& volume, std::string_view pod_name) {
  if (volume.source == kClaim) return volume.claim_name;
  return volume.source == kEphemeral ? fmt::format("{}-{}", pod_name, volume.name) : std::string();
}

bool has_claims(const model::PodSpec& spec) {
  return std::any_of(spec.volumes.begin(), spec.volumes.end(),
                     [](const model::Volume& v) { return v.source == kClaim || v.source == kEphemeral; });
}

PvcId claim_of_volume(const ClusterView& view, PodId pod, const model::Volume& volume) {
  const std::string name = claim_name(volume, view.pod_name(pod));
  if (name.empty()) return {};
  const Ref ref = view.find(model::Kind::PersistentVolumeClaim, view.namespace_of(Ref(pod)), name);
  if (!ref.valid()) return {};
  const auto claim = ref.as<PvcId>();
  if (volume.source == kEphemeral && view.claim(claim).header.controller != Ref(pod)) return {};
  return claim;
}

PvId volume_of(const ClusterView& view, PvcId claim) {
  const std::string& name = view.claim(claim).spec.volume_name;
  const Ref ref = name.empty() ? Ref() : view.find(model::Kind::PersistentVolume, "", name);
  if (!ref.valid()) return {};
  const auto pv = ref.as<PvId>();
  return view.is_bound_to(view.persistent_volume(pv).spec, claim) ? pv : PvId();
}

std::vector<PvId> volumes_of_pod(const ClusterView& view, PodId pod) {
  std::vector<PvId> out;
  for (const model::Volume& v : view.pod_spec(pod).spec.volumes) {
    const PvcId claim = claim_of_volume(view, pod, v);
    const PvId pv = claim.valid() ? volume_of(view, claim) : PvId();
    if (pv.valid() && std::find(out.begin(), out.end(), pv) == out.end()) out.push_back(pv);
  }
  return out;
}

std::vector<PodId> pods_of_claim(const ClusterView& view, PvcId claim) {
  std::vector<PodId> out;
  const Header& header = view.claim(claim).header;
  const std::string_view name = view.text(header.name);
  if (header.ns.index() >= view->templates_of_ns.size()) return out;
  for (const TemplateId t : view->templates_of_ns[header.ns.index()]) {
    const TemplateRow& row = view.pod_template(t);
    if (row.pods.empty()) continue;
    bool all = false, own = false;
    for (const model::Volume& v : row.value->spec.volumes) {
      all = all || (v.source == kClaim && v.claim_name == name);
      own = own || v.source == kEphemeral;
    }
    if (all) {
      out.insert(out.end(), row.pods.begin(), row.pods.end());
    } else if (own && header.controller.kind == model::Kind::Pod && header.controller.valid()) {
      const auto owner = header.controller.as<PodId>();
      if (view.pod_alive(owner) && view->pods.tmpl[owner.index()] == t) out.push_back(owner);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<PodId> pods_of_volume(const ClusterView& view, PvId volume) {
  const model::PersistentVolume& v = view.persistent_volume(volume).spec;
  if (!v.claim) return {};
  const Ref ref = view.find(model::Kind::PersistentVolumeClaim, v.claim->ns, v.claim->name);
  if (!ref.valid() || volume_of(view, ref.as<PvcId>()) != volume) return {};
  return pods_of_claim(view, ref.as<PvcId>());
}

bool holds_volumes(const ClusterView& view, PodId pod) {
  const Phase phase = view.pod_phase(pod);
  return view.pod_alive(pod) && view.pod_node(pod).valid() && phase != Phase::Succeeded && phase != Phase::Failed;
}

Disk disk_of(const ClusterView& view, PvId volume) {
  const model::VolumeSource& source = view.persistent_volume(volume).spec.source;
  if (source.source == "csi") {
    if (!attach_required(view, source.group)) return {};
    return {source.group, source.id};
  }
  for (const auto& [in_tree, driver] : kInTree)
    if (in_tree == source.source) return {std::string(driver), source.id};
  return {};
}

bool may_attach_to_many(const model::PersistentVolume& volume) {
  return volume.access_modes == 0 || (volume.access_modes & (model::kReadOnlyMany | model::kReadWriteMany)) != 0;
}

std::string attachment_name(const Disk& disk, std::string_view node) {
  return "csi-" + base::sha256_hex(fmt::format("{}{}{}", disk.handle, disk.driver, node));
}

}  // namespace wavetank::state
