// Volumes, claims, storage classes, and what a node's drivers can attach.

#include <algorithm>
#include <array>

#include "engine/model/read.h"

namespace wavetank::model {
namespace {

/// Sources with a disk that can be told from others: the field of its id, and the one of what the id is unique in.
struct DiskFields {
  std::string_view source, id, group;
};
constexpr std::array<DiskFields, 10> kDisks = {{{"awsElasticBlockStore", "volumeID", ""},
                                                {"azureDisk", "diskURI", ""},
                                                {"azureFile", "shareName", ""},
                                                {"cinder", "volumeID", ""},
                                                {"csi", "volumeHandle", "driver"},
                                                {"gcePersistentDisk", "pdName", ""},
                                                {"iscsi", "iqn", ""},
                                                {"portworxVolume", "volumeID", ""},
                                                {"rbd", "image", "pool"},
                                                {"vsphereVolume", "volumePath", ""}}};

/// Members of a volume's parent that are no source.
constexpr std::array<std::string_view, 10> kNoSource = {"name",
                                                        "accessModes",
                                                        "capacity",
                                                        "claimRef",
                                                        "mountOptions",
                                                        "nodeAffinity",
                                                        "persistentVolumeReclaimPolicy",
                                                        "storageClassName",
                                                        "volumeAttributesClassName",
                                                        "volumeMode"};

constexpr std::string_view kBetaClass = "volume.beta.kubernetes.io/storage-class";

const std::string* annotation(const Labels& annotations, std::string_view key) { return find_label(annotations, key); }

std::uint8_t read_access_modes(const Doc* spec) {
  constexpr std::pair<std::string_view, AccessMode> kWords[] = {{"ReadWriteOnce", kReadWriteOnce},
                                                                {"ReadOnlyMany", kReadOnlyMany},
                                                                {"ReadWriteMany", kReadWriteMany},
                                                                {"ReadWriteOncePod", kReadWriteOncePod}};
  unsigned modes = 0;
  for (const Doc& mode : get_items(spec, "accessModes")) {
    for (const auto& [word, bit] : kWords)
      if (mode.text == word) modes |= bit;
  }
  return static_cast<std::uint8_t>(modes);
}

std::int64_t read_storage(const Doc* list) {
  const Doc* amount = get(list, "storage");
  if (amount == nullptr) return 0;
  const auto quantity = base::Quantity::parse(amount->text);
  return quantity ? quantity->value() : 0;
}

}  // namespace

VolumeSource read_volume_source(const Doc& doc) {
  VolumeSource out;
  for (const Doc::Member& m : doc.members) {
    if (m.value.is_null() || std::find(kNoSource.begin(), kNoSource.end(), m.key) != kNoSource.end()) continue;
    out.source = m.key;
  }
  for (const DiskFields& disk : kDisks) {
    if (disk.source != out.source) continue;
    const Doc* source = get(&doc, out.source);
    out.id = get_string(source, disk.id);
    if (!disk.group.empty()) out.group = get_string(source, disk.group);
    if (out.source == "rbd") {
      if (out.group.empty()) out.group = "rbd";  // SetDefaults_RBDVolumeSource
      out.monitors = get_strings(source, "monitors");
    }
    out.read_only = get_bool(source, "readOnly");
  }
  return out;
}

PersistentVolume read_persistent_volume(const Doc& doc) {
  PersistentVolume v;
  const Doc* spec = get(&doc, "spec");
  const Doc* meta = get(&doc, "metadata");
  const Labels annotations = read_labels(meta, "annotations");
  if (spec != nullptr) v.source = read_volume_source(*spec);
  v.capacity = read_storage(get(spec, "capacity"));
  v.access_modes = read_access_modes(spec);
  v.block = get_string(spec, "volumeMode") == "Block";
  const std::string* beta = annotation(annotations, kBetaClass);
  v.storage_class = beta != nullptr ? *beta : get_string(spec, "storageClassName");
  v.attributes_class = get_string(spec, "volumeAttributesClassName");
  v.reclaim_policy = get_string(spec, "persistentVolumeReclaimPolicy", "Retain");
  if (const Doc* claim = get(spec, "claimRef"))
    v.claim = ClaimRef{get_string(claim, "namespace"), get_string(claim, "name"), get_string(claim, "uid")};
  v.node_affinity = read_node_selector(get(spec, "nodeAffinity"), "required");
  v.labels = read_labels(meta, "labels");
  v.phase = get_string(get(&doc, "status"), "phase", "Pending");
  v.bound_by_controller = annotation(annotations, "pv.kubernetes.io/bound-by-controller") != nullptr;
  return v;
}

PersistentVolumeClaim read_persistent_volume_claim(const Doc& doc) {
  PersistentVolumeClaim c;
  const Doc* spec = get(&doc, "spec");
  const Doc* meta = get(&doc, "metadata");
  const Labels annotations = read_labels(meta, "annotations");
  c.access_modes = read_access_modes(spec);
  c.block = get_string(spec, "volumeMode") == "Block";
  c.request = read_storage(get(get(spec, "resources"), "requests"));
  if (const std::string* beta = annotation(annotations, kBetaClass)) {
    c.storage_class = *beta;
  } else if (get(spec, "storageClassName") != nullptr) {
    c.storage_class = get_string(spec, "storageClassName");
  }
  c.attributes_class = get_string(spec, "volumeAttributesClassName");
  c.volume_name = get_string(spec, "volumeName");
  c.selector = read_optional_selector(spec, "selector");
  c.phase = get_string(get(&doc, "status"), "phase", "Pending");
  c.uid = get_string(meta, "uid");
  c.bind_completed = annotation(annotations, "pv.kubernetes.io/bind-completed") != nullptr;
  c.handed_over = annotation(annotations, "volume.kubernetes.io/storage-provisioner") != nullptr;
  if (const std::string* node = annotation(annotations, "volume.kubernetes.io/selected-node")) c.selected_node = *node;
  return c;
}

StorageClass read_storage_class(const Doc& doc) {
  StorageClass s;
  s.provisioner = get_string(&doc, "provisioner");
  s.reclaim_policy = get_string(&doc, "reclaimPolicy", "Delete");
  s.wait_for_first_consumer = get_string(&doc, "volumeBindingMode") == "WaitForFirstConsumer";
  s.allow_expansion = get_bool(&doc, "allowVolumeExpansion");
  for (const Doc& term : get_items(&doc, "allowedTopologies")) {
    std::vector<Requirement>& out = s.allowed_topologies.emplace_back();
    for (const Doc& e : get_items(&term, "matchLabelExpressions"))
      out.push_back({get_string(&e, "key"), SelectorOp::In, get_strings(&e, "values")});
  }
  const Labels annotations = read_labels(get(&doc, "metadata"), "annotations");
  for (const std::string_view key :
       {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
    const std::string* is_default = annotation(annotations, key);
    s.is_default = s.is_default || (is_default != nullptr && *is_default == "true");
  }
  return s;
}

CSINode read_csi_node(const Doc& doc) {
  CSINode n;
  for (const Doc& driver : get_items(get(&doc, "spec"), "drivers"))
    n.drivers.push_back({get_string(&driver, "name"), get_int<std::int32_t>(get(&driver, "allocatable"), "count"),
                         get_strings(&driver, "topologyKeys")});
  const Labels annotations = read_labels(get(&doc, "metadata"), "annotations");
  if (const std::string* plugins = annotation(annotations, "storage.alpha.kubernetes.io/migrated-plugins"))
    n.migrated_plugins = *plugins;
  return n;
}

VolumeAttachment read_volume_attachment(const Doc& doc) {
  VolumeAttachment out;
  const Doc* spec = get(&doc, "spec");
  out.attacher = get_string(spec, "attacher");
  out.node_name = get_string(spec, "nodeName");
  out.volume_name = get_string(get(spec, "source"), "persistentVolumeName");
  return out;
}

}  // namespace wavetank::model
