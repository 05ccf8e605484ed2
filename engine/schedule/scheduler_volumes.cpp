// Volumes, claims, storage classes and CSINodes: what changed of them, as far as hints ask.

#include "engine/schedule/scheduler_impl.h"

namespace wavetank::schedule {
namespace {

constexpr std::string_view kZoneKeys[] = {"failure-domain.beta.kubernetes.io/zone",
                                          "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/zone",
                                          "topology.kubernetes.io/region"};

/// "b__a" and "a__b" name the same zones; a label with an empty one counts for nothing (LabelZonesToSet).
std::string zones_in(std::string_view label) {
  std::vector<std::string_view> zones;
  while (true) {
    const std::size_t end = label.find("__");
    std::string_view zone = label.substr(0, end);
    while (!zone.empty() && (zone.front() == ' ' || zone.front() == '\t')) zone.remove_prefix(1);
    while (!zone.empty() && (zone.back() == ' ' || zone.back() == '\t')) zone.remove_suffix(1);
    if (zone.empty()) return {};
    zones.push_back(zone);
    if (end == std::string_view::npos) break;
    label.remove_prefix(end + 2);
  }
  std::sort(zones.begin(), zones.end());
  zones.erase(std::unique(zones.begin(), zones.end()), zones.end());
  std::string out;
  for (const std::string_view z : zones) out.append(z).push_back('\n');
  return out;
}

std::string zones_of(const model::Labels& labels) {
  std::string out;
  for (const std::string_view key : kZoneKeys) {
    const std::string* label = model::find_label(labels, key);
    const std::string zones = label == nullptr ? "" : zones_in(*label);
    if (!zones.empty()) out.append(key).append(":").append(zones);
  }
  return out;
}

/// A driver that gave no limit counts as one with 0.
bool limit_raised(const model::CSINode& was, const model::CSINode& is) {
  return std::any_of(is.drivers.begin(), is.drivers.end(), [&](const model::CSINode::Driver& d) {
    std::int32_t before = 0;
    for (const model::CSINode::Driver& old : was.drivers) before = old.name == d.name ? old.count.value_or(0) : before;
    return d.count.value_or(0) > before;
  });
}

template <class T>
T& at(std::vector<T>& row, std::uint32_t index) {
  if (row.size() <= index) row.resize(index + 1);
  return row[index];
}

Resource resource_of(model::Kind kind) {
  switch (kind) {
    case model::Kind::PersistentVolume:
      return Resource::PersistentVolume;
    case model::Kind::PersistentVolumeClaim:
      return Resource::PersistentVolumeClaim;
    case model::Kind::StorageClass:
      return Resource::StorageClass;
    default:
      return Resource::CSINode;
  }
}

}  // namespace

std::uint8_t Scheduler::Impl::note_volume(event::Ref object, const ClusterView& v) {
  std::uint8_t changed = 0;
  if (object.kind == model::Kind::PersistentVolume) {
    std::string zones = zones_of(v.persistent_volume(object.as<PvId>()).spec.labels);
    const auto known = seen_volumes.zones.find(object.row);
    if (zones != (known == seen_volumes.zones.end() ? std::string() : known->second)) changed |= kZonesChanged;
    if (!zones.empty()) {
      seen_volumes.zones[object.row] = std::move(zones);
    } else if (known != seen_volumes.zones.end()) {
      seen_volumes.zones.erase(known);
    }
  } else if (object.kind == model::Kind::StorageClass) {
    auto& known = at(seen_volumes.topologies, object.row);
    const auto& now = v.storage_class(object.as<event::StorageClassId>()).spec.allowed_topologies;
    if (known != now) changed |= kTopologiesChanged;
    known = now;
  } else if (object.kind == model::Kind::CSINode) {
    model::CSINode& known = at(seen_volumes.csi_nodes, object.row);
    const model::CSINode& now = v.csi_node(object.as<event::CsiNodeId>()).spec;
    if (limit_raised(known, now)) changed |= kLimitRaised;
    if (known.migrated_plugins != now.migrated_plugins) changed |= kMigrationChanged;
    known = now;
  }
  return changed;
}

void Scheduler::Impl::volume_event(event::Ref object, Actions what) {
  ClusterEvent e;
  e.changed = note_volume(object, *view);
  if (!heard()) return;
  e.resource = resource_of(object.kind);
  e.action = what;
  e.object = object;
  notify(e);
}

void Scheduler::Impl::note_volumes(const ClusterView& v) {
  next_volume = PvId(v->persistent_volumes.size());
  next_claim = PvcId(v->claims.size());
  next_class = event::StorageClassId(v->storage_classes.size());
  next_csi_node = event::CsiNodeId(v->csi_nodes.size());
  for (std::uint32_t i = 0; i < next_volume.value; ++i) note_volume(PvId(i), v);
  for (std::uint32_t i = 0; i < next_class.value; ++i) note_volume(event::StorageClassId(i), v);
  for (std::uint32_t i = 0; i < next_csi_node.value; ++i) note_volume(event::CsiNodeId(i), v);
}

}  // namespace wavetank::schedule
