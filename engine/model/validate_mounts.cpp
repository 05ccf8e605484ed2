// Where containers see volumes: mounts and block devices. Source: ValidateVolumeMounts, ValidateVolumeDevices in
// pkg/apis/core/validation of 1.34. Some paths leave the index out, as Kubernetes does.

#include <algorithm>

#include "engine/model/validate.h"

namespace wavetank::model {
namespace {

const PodVolume* find(const std::vector<PodVolume>& volumes, std::string_view name) {
  const auto at = std::find_if(volumes.begin(), volumes.end(), [&](const PodVolume& v) { return v.name == name; });
  return at == volumes.end() ? nullptr : &*at;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// What another list of the container has in a field: volumeDevices of a mount, volumeMounts of a device.
std::vector<std::string> texts(const Place& list, std::string_view field) {
  std::vector<std::string> out;
  for (const Place& item : list.items()) out.push_back(item[field].text());
  return out;
}

void validate_sub_path(const Place& mount, const Place& list, const PodVolume* volume) {
  const Place path = mount["subPath"], expression = mount["subPathExpr"];
  for (const Place& p : {path, expression})
    if (volume != nullptr && volume->image && !p.text().empty()) p.invalid("not allowed in image volume sources");
  if (!path.text().empty()) validate_relative_path(path.renamed(list.path() + ".subPath"));
  if (expression.text().empty()) return;
  if (!path.text().empty()) expression.invalid("subPathExpr and subPath are mutually exclusive");
  validate_relative_path(expression.renamed(list.path() + ".subPathExpr"));
}

void validate_propagation(const Place& mount, const Place& list, const Place& container) {
  const Place mode = mount["mountPropagation"].renamed(list.path() + ".mountPropagation");
  mode.one_of({"Bidirectional", "HostToContainer", "None"});
  if (mode.text() == "Bidirectional" && !get_bool(container["securityContext"].doc(), "privileged"))
    mode.forbidden("Bidirectional mount propagation is available only to privileged containers");
  const Place recursive = mount["recursiveReadOnly"].renamed(list.path() + ".recursiveReadOnly");
  recursive.one_of({"Disabled", "Enabled", "IfPossible"});
  if (recursive.text() != "Enabled" && recursive.text() != "IfPossible") return;
  if (!get_bool(mount.doc(), "readOnly")) recursive.forbidden("may only be specified when readOnly is true");
  if (mode && mode.text() != "None")
    recursive.forbidden("may only be specified when mountPropagation is None or not specified");
}

}  // namespace

void validate_mounts(const Place& container, const std::vector<PodVolume>& volumes) {
  const Place list = container["volumeMounts"], devices = container["volumeDevices"];
  const std::vector<std::string> device_names = texts(devices, "name"), device_paths = texts(devices, "devicePath");
  std::vector<std::string> paths;
  for (const Place& mount : list.items()) {
    const Place name = mount["name"], path = mount["mountPath"];
    const PodVolume* volume = find(volumes, name.text());
    if (name.text().empty()) {
      name.required();
    } else if (volume == nullptr) {
      name.not_found();
    }
    if (path.text().empty()) path.required();
    if (contains(paths, path.text())) path.invalid("must be unique");
    paths.push_back(path.text());
    if (contains(device_names, name.text())) name.invalid("must not already exist in volumeDevices");
    if (contains(device_paths, path.text())) path.invalid("must not already exist as a path in volumeDevices");
    validate_sub_path(mount, list, volume);
    validate_propagation(mount, list, container);
  }
}

void validate_devices(const Place& container, const std::vector<PodVolume>& volumes) {
  const Place mounts = container["volumeMounts"];
  const std::vector<std::string> mount_names = texts(mounts, "name"), mount_paths = texts(mounts, "mountPath");
  std::vector<std::string> names, paths;
  for (const Place& device : container["volumeDevices"].items()) {
    const Place name = device["name"], path = device["devicePath"];
    if (name.text().empty()) {
      name.required();
    } else {
      if (contains(names, name.text())) name.invalid("must be unique");
      const PodVolume* volume = find(volumes, name.text());
      if (volume == nullptr) {
        name.not_found();
      } else if (!volume->claim) {
        name.invalid("can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
      }
      names.push_back(name.text());
    }
    if (path.text().empty()) path.required();
    if (contains(paths, path.text())) path.invalid("must be unique");
    if (has_backstep(path.text())) {
      path.invalid("can not contain backsteps ('..')");
    } else {
      paths.push_back(path.text());
    }
    if (contains(mount_names, name.text())) name.invalid("must not already exist in volumeMounts");
    if (contains(mount_paths, path.text())) path.invalid("must not already exist as a path in volumeMounts");
  }
}

}  // namespace wavetank::model
