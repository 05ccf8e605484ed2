// PersistentVolumes, claims, StorageClasses, CSINodes. Source: pkg/apis/{core,storage}/validation of 1.34.

#include <algorithm>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

void validate_access_modes(const Place& modes, std::string_view when_missing) {
  if (modes.items().empty()) modes.required(when_missing);
  bool once_pod = false;
  for (const Place& mode : modes.items()) {
    once_pod = once_pod || mode.text() == "ReadWriteOncePod";
    // The list's path, as Kubernetes complains of it.
    const Place at = mode.renamed(modes.path());
    at.one_of({"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"});
  }
  if (once_pod && modes.items().size() > 1) modes.forbidden("may not use ReadWriteOncePod with other access modes");
}

void validate_positive(const Place& amount) {
  const auto quantity = base::Quantity::parse(amount.text());
  if (!amount || !quantity) return;
  if (quantity->is_negative() || quantity->is_zero()) amount.invalid("must be greater than zero");
}

void validate_class_name(const Place& name) {
  if (!name.text().empty()) name.each_invalid(check_dns_subdomain(name.text()));
}

void validate_capacity(const Place& capacity) {
  if (capacity.members().empty()) return capacity.required();
  const bool just_storage = capacity.members().size() == 1 && capacity["storage"];
  if (!just_storage) capacity.unsupported({"storage"});
  for (const Doc::Member& m : capacity.members()) {
    const Place amount = capacity.entry(m);
    const auto quantity = base::Quantity::parse(amount.text());
    if (quantity && quantity->is_negative())
      amount.invalid_value(std::to_string(quantity->value()), "must be a valid resource quantity");
    validate_positive(amount);
  }
}

/// Members of a PersistentVolume's spec that say where the data lies.
constexpr std::string_view kSources[] = {"awsElasticBlockStore",
                                         "azureDisk",
                                         "azureFile",
                                         "cephfs",
                                         "cinder",
                                         "csi",
                                         "fc",
                                         "flexVolume",
                                         "flocker",
                                         "gcePersistentDisk",
                                         "glusterfs",
                                         "hostPath",
                                         "iscsi",
                                         "local",
                                         "nfs",
                                         "photonPersistentDisk",
                                         "portworxVolume",
                                         "quobyte",
                                         "rbd",
                                         "scaleIO",
                                         "storageos",
                                         "vsphereVolume"};

void validate_csi_source(const Place& csi) {
  validate_driver_name(csi["driver"]);
  for (const char* key :
       {"controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"}) {
    const Place secret = csi[key];
    if (!secret) continue;
    const auto name = [&](const char* field, auto&& check) {
      const Place at = secret[field];
      if (at.text().empty()) return at.required();
      at.each_invalid(check(at.text()));
    };
    name("name", check_dns_subdomain);
    name("namespace", check_dns_label);
  }
}

/// validateDataSource, validateDataSourceRef. What a claim is to be filled from.
void validate_data_source(const Place& source) {
  if (!source) return;
  for (const char* key : {"name", "kind"})
    if (source[key].text().empty()) source[key].required();
  const Place group = source["apiGroup"];
  if (!group.text().empty()) return group.each_invalid(check_dns_subdomain(group.text()));
  if (source["kind"].text() != "PersistentVolumeClaim")
    source.invalid_value("\"" + source["kind"].text() + "\"",
                         "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
}

bool is_claim_or_snapshot(const Place& source) {
  const std::string &group = source["apiGroup"].text(), &kind = source["kind"].text();
  return (group.empty() && kind == "PersistentVolumeClaim") ||
         (group == "snapshot.storage.k8s.io" && kind == "VolumeSnapshot");
}

void validate_sources(const Place& spec) {
  std::size_t found = 0;
  for (const std::string_view source : kSources) {
    if (!spec[source]) continue;
    if (++found > 1) {
      spec[source].forbidden("may not specify more than 1 volume type");
    } else if (source != "csi") {
      validate_disk_source(spec[source], source, false);
    }
  }
  if (found == 0) spec.required("must specify a volume type");
  if (spec["csi"]["volumeHandle"].text().empty() && spec["csi"]) spec["csi"]["volumeHandle"].required();
  if (spec["local"] && !spec["nodeAffinity"]) spec["nodeAffinity"].required("Local volume requires node affinity");
  if (spec["csi"]) validate_csi_source(spec["csi"]);
  if (spec["hostPath"]["path"].text() == "/" && spec["persistentVolumeReclaimPolicy"].text() == "Recycle")
    spec["persistentVolumeReclaimPolicy"].forbidden("may not be 'recycle' for a hostPath mount of '/'");
}

}  // namespace

void validate_persistent_volume(const Place& root) {
  const Place spec = root["spec"];
  if (!spec) return spec.required();
  validate_access_modes(spec["accessModes"], "");
  validate_capacity(spec["capacity"]);
  spec["persistentVolumeReclaimPolicy"].one_of({"Delete", "Recycle", "Retain"});
  if (const Place affinity = spec["nodeAffinity"]) {
    if (affinity["required"]) {
      validate_node_selector(affinity["required"]);
    } else {
      affinity["required"].required("must specify required node constraints");
    }
  }
  validate_sources(spec);
  validate_class_name(spec["storageClassName"]);
  spec["volumeMode"].one_of({"Block", "Filesystem"});
  const Place attributes = spec["volumeAttributesClassName"];
  if (!attributes) return;
  if (attributes.text().empty()) attributes.required("an empty string is disallowed");
  validate_class_name(attributes);
  if (!spec["csi"]) spec["csi"].required("has to be specified when using volumeAttributesClassName");
}

void validate_claim_spec(const Place& spec) {
  if (!spec) return spec.required();
  validate_access_modes(spec["accessModes"], "at least 1 access mode is required");
  validate_selector(spec["selector"]);
  const Place resources = spec["resources"];
  const Place storage = resources["requests"]["storage"].renamed(resources.path() + "[storage]");
  if (storage) {
    validate_positive(storage);
  } else {
    storage.required();
  }
  validate_class_name(spec["storageClassName"]);
  spec["volumeMode"].one_of({"Block", "Filesystem"});
  const Place source = spec["dataSource"], ref = spec["dataSourceRef"];
  // What is neither a claim nor a snapshot is dropped where it stands alone (EnforceDataSourceBackwardsCompatibility).
  const bool dropped = !ref && !is_claim_or_snapshot(source);
  if (!dropped) validate_data_source(source);
  validate_data_source(ref);
  const auto same = [&](const char* key) { return source[key].text() == ref[key].text(); };
  if (source && ref && !(same("apiGroup") && same("kind") && same("name")))
    spec.invalid_value("\"" + spec.path() + ".dataSource\"", "must match dataSourceRef");
  validate_class_name(spec["volumeAttributesClassName"]);
}

namespace {

void validate_parameters(const Place& parameters) {
  constexpr std::size_t kMost = 512, kLargest = std::size_t{256} << 10;
  const auto too_long = [&](std::size_t most) {
    parameters.too_long(fmt::format("may not be more than {} bytes", most));
  };
  if (parameters.members().size() > kMost) return too_long(kMost);  // the API server calls them bytes, too
  std::size_t size = 0;
  for (const Doc::Member& m : parameters.members()) {
    if (m.key.empty()) parameters.invalid_value("\"\"", "field can not be empty.");
    size += m.key.size() + m.value.text.size();
  }
  if (size > kLargest) too_long(kLargest);
}

/// Keys and their values, each sorted: terms that are equal say the same.
using Topology = std::vector<std::pair<std::string, std::vector<std::string>>>;

Topology read_topology(const Place& term) {
  Topology out;
  for (const Place& e : term["matchLabelExpressions"].items()) {
    std::vector<std::string> values;
    for (const Place& value : e["values"].items()) values.push_back(value.text());
    std::sort(values.begin(), values.end());
    out.emplace_back(e["key"].text(), std::move(values));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

void validate_storage_class(const Place& root) {
  const Place provisioner = root["provisioner"];
  if (provisioner.text().empty()) {
    provisioner.required();
  } else {
    std::string lower = provisioner.text();
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    provisioner.each_invalid(check_qualified_name(lower));
  }
  validate_parameters(root["parameters"]);
  root["reclaimPolicy"].one_of({"Delete", "Retain"});
  root["volumeBindingMode"].one_of({"Immediate", "WaitForFirstConsumer"});
  std::vector<Topology> terms;
  for (const Place& term : root["allowedTopologies"].items()) {
    const Topology topology = read_topology(term);
    if (std::find(terms.begin(), terms.end(), topology) != terms.end())
      term["matchLabelExpressions"].duplicate_value("\"\"");
    terms.push_back(topology);
    std::vector<std::string> keys;
    for (const Place& e : term["matchLabelExpressions"].items()) {
      const Place values = e["values"];
      if (values.items().empty()) values.required();
      std::vector<std::string> seen;
      for (const Place& value : values.items()) {
        if (std::find(seen.begin(), seen.end(), value.text()) != seen.end()) value.duplicate();
        seen.push_back(value.text());
      }
      e["key"].each_invalid(check_qualified_name(e["key"].text()));
      if (std::find(keys.begin(), keys.end(), e["key"].text()) != keys.end()) e["key"].duplicate();
      keys.push_back(e["key"].text());
    }
  }
}

void validate_csi_node(const Place& spec) {
  std::vector<std::string> names;
  for (const Place& driver : spec["drivers"].items()) {
    validate_driver_name(driver["name"]);
    if (driver["nodeID"].text().empty()) driver["nodeID"].required();
    driver["allocatable"]["count"].not_negative();
    for (const Place& key : driver["topologyKeys"].items()) key.each_invalid(check_qualified_name(key.text()));
    if (std::find(names.begin(), names.end(), driver["name"].text()) != names.end()) driver["name"].duplicate();
    names.push_back(driver["name"].text());
  }
}

namespace {

/// The spec of a volume that a pod wrote out, which only CSI migration makes.
void validate_inline_volume(const Place& spec) {
  constexpr std::string_view kHere = "may not be specified in the context of inline volumes";
  for (const char* field : {"claimRef", "capacity", "nodeAffinity"})
    if (spec[field]) spec[field].forbidden(kHere);
  if (!spec["csi"]) spec["csi"].required("has to be specified in the context of inline volumes");
  validate_access_modes(spec["accessModes"], "");
  const Place policy = spec["persistentVolumeReclaimPolicy"];
  if (!policy.text().empty() && policy.text() != "Retain")
    policy.forbidden("may only be Retain in the context of inline volumes");
  validate_sources(spec);
  validate_class_name(spec["storageClassName"]);
  const Place mode = spec["volumeMode"];
  if (mode) mode.forbidden(kHere);
}

}  // namespace

// Source: ValidateVolumeAttachment, validateVolumeAttachmentSource.
void validate_volume_attachment(const Place& root, const VolumeAttachment& spec) {
  const Place at = root["spec"];
  validate_driver_name(at["attacher"]);
  const Place source = at["source"];
  const bool written_out = static_cast<bool>(source["inlineVolumeSpec"]);
  if (written_out && !spec.volume_name.empty()) {
    source.forbidden("must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  } else if (!written_out && spec.volume_name.empty()) {
    source.required("must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  }
  const Place volume = source["persistentVolumeName"];
  if (volume && !written_out && !volume.text().empty()) volume.each_invalid(check_dns_subdomain(volume.text()));
  at["nodeName"].each_invalid(check_dns_subdomain(at["nodeName"].text()));
  if (written_out && spec.volume_name.empty()) validate_inline_volume(source["inlineVolumeSpec"]);
}

}  // namespace wavetank::model
