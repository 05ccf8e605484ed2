// Where the data of volumes lies: the sources of pods' volumes, and those that PersistentVolumes share with them.
// Source: validateVolumeSource and ValidatePersistentVolumeSpec in pkg/apis/core/validation of 1.34. Paths that differ
// from the fields' names are Kubernetes' own.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

constexpr std::string_view kMode = "must be a number between 0 and 0777 (octal), both inclusive";

void required_text(const Place& at) {
  if (at.text().empty()) at.required();
}

void validate_mode(const Place& mode) {
  if (mode && (mode.number() < 0 || mode.number() > 0777)) mode.invalid(kMode);
}

/// Relative, without "..", and not beginning with two dots.
void validate_local_path(const Place& path) {
  if (path.text().empty()) path.required();
  validate_relative_path(path);
  if (path.text().starts_with("..") && !path.text().starts_with("../") && path.text() != "..")
    path.invalid("must not start with '..'");
}

void validate_items(const Place& source) {
  for (const Place& item : source["items"].items()) {
    required_text(item["key"]);
    validate_local_path(item["path"]);
    validate_mode(item["mode"]);
  }
}

void validate_keys(const Place& source, std::string_view name) {
  required_text(source[name]);
  validate_mode(source["defaultMode"]);
  validate_items(source);
}

void validate_downward_file(const Place& item, const std::string& path) {
  const Place file = item.renamed(path);
  validate_local_path(file["path"]);
  const Place field = file["fieldRef"], resource = file["resourceFieldRef"];
  if (field) {
    validate_field_ref(field, true);
    if (resource)
      file.invalid_value("\"resource\"", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (resource) {
    validate_resource_field_ref(resource, true);
  } else {
    file.required("one of fieldRef and resourceFieldRef is required");
  }
  validate_mode(file["mode"]);
}

void validate_downward_api(const Place& source) {
  validate_mode(source["defaultMode"]);
  for (const Place& item : source["items"].items()) validate_downward_file(item, source.path());
}

void validate_token(const Place& token, const Place& projected) {
  const Place seconds = token["expirationSeconds"];
  if (seconds && seconds.number() < 600) seconds.invalid("may not specify a duration less than 10 minutes");
  if (seconds.number() > std::int64_t{1} << 32) seconds.invalid("may not specify a duration larger than 2^32 seconds");
  validate_local_path(token["path"].renamed(projected.path() + ".path"));
}

void validate_trust_bundle(const Place& bundle) {
  const Place name = bundle["name"], signer = bundle["signerName"];
  if (name && signer) {
    bundle.invalid("only one of name and signerName may be used");
  } else if (!name && !signer) {
    bundle.required("either name or signerName must be specified");
  } else if (name) {
    if (name.text().empty()) name.required("must be a valid object name");
    if (bundle["labelSelector"]) bundle["labelSelector"].invalid("labelSelector must be unset if name is specified");
  } else {
    if (signer.text().empty()) signer.required("must be a valid signer name");
    validate_selector(bundle["labelSelector"]);
  }
  validate_local_path(bundle["path"]);
}

void validate_projection(const Place& source, const Place& projected, std::vector<std::string>& paths) {
  const auto again = [&](const Place& path, const Place& shown_as) {
    if (path.text().empty()) return;
    if (std::find(paths.begin(), paths.end(), path.text()) != paths.end()) {
      path.renamed(projected.path()).invalid_value("\"" + shown_as.text() + "\"", "conflicting duplicate paths");
    } else {
      paths.push_back(path.text());
    }
  };
  std::size_t sources = 0;
  for (const char* kind : {"secret", "configMap"}) {
    const Place keys = source[kind];
    if (!keys) continue;
    ++sources;
    required_text(keys["name"]);
    validate_items(keys);
    for (const Place& item : keys["items"].items()) again(item["path"], keys["name"]);
  }
  if (const Place downward = source["downwardAPI"]) {
    ++sources;
    for (const Place& item : downward["items"].items()) {
      validate_downward_file(item, downward.path());
      again(item["path"], item["path"]);
    }
  }
  if (source["serviceAccountToken"]) {
    ++sources;
    validate_token(source["serviceAccountToken"], projected);
  }
  if (const Place bundle = source["clusterTrustBundle"]) {
    ++sources;
    validate_trust_bundle(bundle);
    again(bundle["path"], bundle["path"]);
  }
  if (sources > 1) source.forbidden("may not specify more than 1 volume type per source");
}

void validate_projected(const Place& source) {
  validate_mode(source["defaultMode"]);
  std::vector<std::string> paths;
  for (const Place& s : source["sources"].items()) validate_projection(s, source, paths);
}

void validate_inline_csi(const Place& csi) {
  validate_driver_name(csi["driver"]);
  const Place secret = csi["nodePublishSecretRef"];
  if (!secret) return;
  if (secret["name"].text().empty()) return secret["name"].required();
  secret["name"].renamed(csi.path() + ".name").each_invalid(check_dns_subdomain(secret["name"].text()));
}

void validate_ephemeral(const Place& source) {
  const Place tmpl = source["volumeClaimTemplate"];
  if (!tmpl) return tmpl.required();
  const Place metadata = tmpl["metadata"];
  validate_labels(metadata["labels"]);
  validate_annotations(metadata["annotations"]);
  for (const Doc::Member& m : metadata.members()) {
    const bool set = !m.value.is_null() && !(m.value.text.empty() && m.value.items.empty() && m.value.members.empty());
    if (set && m.key != "labels" && m.key != "annotations") metadata[m.key].forbidden("cannot be set");
  }
  validate_claim_spec(tmpl["spec"]);
}

void validate_image(const Place& image) {
  required_text(image["reference"]);
  image["pullPolicy"].one_of({"Always", "IfNotPresent", "Never"});
}

void validate_empty_dir(const Place& source) {
  const Place limit = source["sizeLimit"];
  const auto quantity = base::Quantity::parse(limit.text());
  if (limit && quantity && quantity->is_negative())
    limit.forbidden("SizeLimit field must be a valid resource quantity");
}

void validate_git(const Place& source) {
  required_text(source["repository"]);
  validate_relative_path(source["directory"]);
}

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// iqn.YYYY-MM.naming-authority:unique-name, eui. and 16, naa. and 32 letters and digits.
bool is_initiator(std::string_view text) {
  const auto of_alnum = [&](std::size_t count) {
    return text.size() == 4 + count && std::all_of(text.begin() + 4, text.end(), is_alnum);
  };
  if (text.starts_with("eui")) return of_alnum(16);
  if (text.starts_with("naa")) return of_alnum(32);
  constexpr std::string_view kDate = "iqn.0000-00.";
  if (text.size() <= kDate.size()) return false;
  for (std::size_t i = 0; i < kDate.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kDate[i] == '0' ? !digit : text[i] != kDate[i]) return false;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == kDate.size() || colon + 1 == text.size()) return false;
  const std::string_view authority = text.substr(kDate.size(), colon - kDate.size());
  return std::all_of(authority.begin(), authority.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; }) &&
         text.substr(colon + 1).find_first_of(",;*&$| \t\n\r\f\v") == std::string_view::npos;
}

void validate_initiator(const Place& name, const Place& at, std::string_view unknown) {
  const std::string& text = name.text();
  if (!text.starts_with("iqn") && !text.starts_with("eui") && !text.starts_with("naa")) {
    at.invalid(unknown);
  } else if (!is_initiator(text)) {
    at.invalid("must be valid format");
  }
}

void validate_iscsi(const Place& iscsi, bool of_pod) {
  const std::string_view unknown =
      of_pod ? "must be valid format starting with iqn, eui, or naa" : "must be valid format";
  required_text(iscsi["targetPortal"]);
  const Place iqn = iscsi["iqn"], initiator = iscsi["initiatorName"];
  if (iqn.text().empty()) {
    iqn.required();
  } else {
    validate_initiator(iqn, iqn, unknown);
  }
  iscsi["lun"].in_range(0, 255);
  const bool chap = get_bool(iscsi.doc(), "chapAuthDiscovery") || get_bool(iscsi.doc(), "chapAuthSession");
  if (chap && !iscsi["secretRef"]) iscsi["secretRef"].required();
  if (initiator) validate_initiator(initiator, initiator.renamed(iscsi.path() + ".initiatorname"), unknown);
}

void validate_fc(const Place& fc) {
  const Place targets = fc["targetWWNs"], ids = fc["wwids"], lun = fc["lun"];
  const bool has_targets = !targets.items().empty(), has_ids = !ids.items().empty();
  if (!has_targets && !has_ids) targets.required("must specify either targetWWNs or wwids, but not both");
  if (has_targets && has_ids) targets.invalid("targetWWNs and wwids can not be specified simultaneously");
  if (!has_targets) return;
  if (!lun) return lun.required("lun is required if targetWWNs is specified");
  lun.in_range(0, 255);
}

void validate_partition(const Place& disk, std::string_view name) {
  required_text(disk[name]);
  const Place partition = disk["partition"];
  if (partition.number() < 0 || partition.number() > 255)
    partition.invalid("must be between 1 and 255, inclusive");  // 0 is none
}

void validate_azure_disk(const Place& disk) {
  required_text(disk["diskName"]);
  required_text(disk["diskURI"]);
  disk["cachingMode"].one_of({"None", "ReadOnly", "ReadWrite"});
  const Place kind = disk["kind"], uri = disk["diskURI"];
  kind.one_of({"Dedicated", "Managed", "Shared"});
  if (kind.text() == "Managed" && !uri.text().starts_with("/subscriptions/"))
    uri.unsupported(
        {"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"});
  if (kind.text() != "Managed" && !uri.text().starts_with("https://"))  // Shared by default
    uri.unsupported({"https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"});
}

/// Lists and texts that must be there.
struct Required {
  std::string_view source, field;
};
constexpr Required kRequired[] = {
    {"azureFile", "secretName"},
    {"azureFile", "shareName"},
    {"cinder", "volumeID"},
    {"flexVolume", "driver"},
    {"glusterfs", "endpoints"},
    {"glusterfs", "path"},
    {"persistentVolumeClaim", "claimName"},
    {"photonPersistentDisk", "pdID"},
    {"portworxVolume", "volumeID"},
    {"quobyte", "volume"},
    {"scaleIO", "gateway"},
    {"scaleIO", "system"},
    {"scaleIO", "volumeName"},
    {"storageos", "volumeName"},
    {"vsphereVolume", "volumePath"},
};

/// The sources of pods' volumes in the order in which Kubernetes looks for them.
constexpr std::string_view kPodSources[] = {"emptyDir",
                                            "hostPath",
                                            "gitRepo",
                                            "gcePersistentDisk",
                                            "awsElasticBlockStore",
                                            "secret",
                                            "nfs",
                                            "iscsi",
                                            "glusterfs",
                                            "flocker",
                                            "persistentVolumeClaim",
                                            "rbd",
                                            "cinder",
                                            "cephfs",
                                            "quobyte",
                                            "downwardAPI",
                                            "fc",
                                            "flexVolume",
                                            "configMap",
                                            "azureFile",
                                            "vsphereVolume",
                                            "photonPersistentDisk",
                                            "portworxVolume",
                                            "azureDisk",
                                            "storageos",
                                            "projected",
                                            "scaleIO",
                                            "csi",
                                            "ephemeral",
                                            "image"};

void validate_pod_source(const Place& source, std::string_view kind) {
  if (kind == "emptyDir") return validate_empty_dir(source);
  if (kind == "gitRepo") return validate_git(source);
  if (kind == "secret") return validate_keys(source, "secretName");
  if (kind == "configMap") return validate_keys(source, "name");
  if (kind == "downwardAPI") return validate_downward_api(source);
  if (kind == "projected") return validate_projected(source);
  if (kind == "csi") return validate_inline_csi(source);
  if (kind == "ephemeral") return validate_ephemeral(source);
  if (kind == "image") return validate_image(source);
  validate_disk_source(source, kind, true);
}

}  // namespace

bool has_backstep(std::string_view path) {
  while (true) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part == "..") return true;
    if (part.size() == path.size()) return false;
    path.remove_prefix(part.size() + 1);
  }
}

void validate_relative_path(const Place& path) {
  if (path.text().starts_with('/')) path.invalid("must be a relative path");
  if (has_backstep(path.text())) path.invalid("must not contain '..'");
}

void validate_driver_name(const Place& name) {
  if (name.text().empty()) return name.required();
  if (name.text().size() > 63) name.too_long("may not be more than 63 bytes");
  std::string lower = name.text();
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  name.each_invalid(check_dns_subdomain(lower));
}

void validate_disk_source(const Place& source, std::string_view kind, bool of_pod) {
  if (kind == "hostPath" || kind == "local") {
    const Place path = source["path"];
    if (path.text().empty()) return path.required();
    if (has_backstep(path.text())) path.invalid("must not contain '..'");
    if (kind == "hostPath")
      source["type"].one_of(
          {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"});
  } else if (kind == "nfs") {
    required_text(source["server"]);
    const Place path = source["path"];
    required_text(path);
    if (!path.text().starts_with('/')) path.invalid("must be an absolute path");
  } else if (kind == "gcePersistentDisk") {
    const std::string parent = source.path().substr(0, source.path().rfind('.'));
    validate_partition(source.renamed(parent + ".persistentDisk"), "pdName");
  } else if (kind == "awsElasticBlockStore") {
    validate_partition(source, "volumeID");
  } else if (kind == "iscsi") {
    validate_iscsi(source, of_pod);
  } else if (kind == "fc") {
    validate_fc(source);
  } else if (kind == "rbd" || kind == "cephfs") {
    if (source["monitors"].items().empty()) source["monitors"].required();
    if (kind == "rbd") required_text(source["image"]);
  } else if (kind == "azureDisk") {
    validate_azure_disk(source);
  } else if (kind == "flocker" && source["datasetName"].text().empty() && source["datasetUUID"].text().empty()) {
    source.required("one of datasetName and datasetUUID is required");
  }
  for (const Required& r : kRequired)
    if (r.source == kind) required_text(source[r.field]);
  if (kind == "azureFile" && !of_pod && source["secretNamespace"]) required_text(source["secretNamespace"]);
}

std::vector<PodVolume> validate_volumes(const Place& spec) {
  std::vector<PodVolume> good;
  std::vector<std::string> names;
  for (const Place& volume : spec["volumes"].items()) {
    const std::size_t before = volume.complaints();
    std::size_t sources = 0;
    for (const std::string_view kind : kPodSources) {
      const Place source = volume[kind];
      if (!source) continue;
      if (++sources > 1) {
        source.forbidden("may not specify more than 1 volume type");
      } else {
        validate_pod_source(source, kind);
      }
    }
    const Place name = volume["name"];
    if (name.text().empty()) {
      name.required();
    } else {
      name.each_invalid(check_dns_label(name.text()));
      if (std::find(names.begin(), names.end(), name.text()) != names.end()) name.duplicate();
    }
    if (volume.complaints() != before) continue;  // what mounts it will not find it
    names.push_back(name.text());
    good.push_back(
        {name.text(), volume["persistentVolumeClaim"] || volume["ephemeral"], static_cast<bool>(volume["image"])});
  }
  return good;
}

}  // namespace wavetank::model
