// VolumeZone: zone and region labels of bound volumes. Source: pkg/scheduler/framework/plugins/volumezone.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/volumes.h"

namespace wavetank::schedule {
namespace {

constexpr std::string_view kBetaZone = "failure-domain.beta.kubernetes.io/zone";
constexpr std::string_view kBetaRegion = "failure-domain.beta.kubernetes.io/region";
constexpr std::array<std::string_view, 4> kKeys{kBetaZone, kBetaRegion, "topology.kubernetes.io/zone",
                                                "topology.kubernetes.io/region"};

std::string_view stable_key(std::string_view key) {
  if (key == kBetaZone) return "topology.kubernetes.io/zone";
  return key == kBetaRegion ? "topology.kubernetes.io/region" : key;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "a__b" → a, b. None when one of them is empty: then the label counts for nothing (LabelZonesToSet).
std::vector<std::string> zones_of(std::string_view label) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = label.find("__");
    const std::string_view zone = trimmed(label.substr(0, end));
    if (zone.empty()) return {};
    out.emplace_back(zone);
    if (end == std::string_view::npos) return out;
    label.remove_prefix(end + 2);
  }
}

struct Data : PluginData {
  std::vector<std::string> claims;
};
struct Topology {
  std::string_view key;
  std::vector<std::string> values;
};

class VolumeZone final : public Plugin {
 public:
  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto d = std::make_unique<Data>();
    for (const model::Volume& v : c.pod_class.spec().volumes)
      if (uses_claim(v)) d->claims.push_back(v.claim_name);
    return d;
  }

  int trait_count(const Cycle& c) override { return data<Data>(c).claims.empty() ? 0 : kNoTraits; }

  PreFilterStatus pre_filter(const Cycle& c) override {
    wanted_.clear();
    for (const std::string& name : data<Data>(c).claims) {
      if (std::string why = add_claim(c, name); !why.empty()) {
        wanted_.clear();
        return {PreFilterStatus::Code::Unresolvable, std::move(why), {}};
      }
    }
    if (wanted_.empty()) return {PreFilterStatus::Code::Skip, {}, {}};
    return {};
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    if (wanted_.empty()) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!fits(c.view.node(nodes[i]).labels)) fail(verdicts[i], zone_.in(c.reasons), true);
    }
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::StorageClass, action::kAdd},
        {Resource::Node, action::kAdd | action::kUpdateNodeLabel, false},
        {Resource::PersistentVolumeClaim, action::kAdd | action::kUpdate},
        {Resource::PersistentVolume, action::kAdd | action::kUpdate},
    };
    return kEvents;
  }
  [[nodiscard]] bool helps(const ClusterEvent& e, const Cycle& c) const override {
    switch (e.resource) {
      case Resource::StorageClass:
        return c.view.storage_class(e.object.as<event::StorageClassId>()).spec.wait_for_first_consumer;
      case Resource::PersistentVolumeClaim:
        return names_claim(c, e.object.as<PvcId>(), false);
      default:
        return e.action == action::kAdd || (e.changed & kZonesChanged) != 0;
    }
  }

 private:
  /// Why the pod cannot be scheduled for this claim, or "".
  std::string add_claim(const Cycle& c, const std::string& name) {
    const ClusterView& view = c.view;
    if (name.empty()) return "PersistentVolumeClaim had no name";
    const PvcId id = find_claim(view, c.pod_class.ns, name);
    if (!id.valid()) return fmt::format("persistentvolumeclaim \"{}\" not found", name);
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    if (claim.volume_name.empty()) {
      if (claim.class_name().empty()) return "PersistentVolumeClaim had no pv name and storageClass name";
      const model::StorageClass* sc = find_class(view, claim.class_name());
      if (sc == nullptr) return fmt::format("storageclass.storage.k8s.io \"{}\" not found", claim.class_name());
      return sc->wait_for_first_consumer ? "" : "PersistentVolume had no name";
    }
    const PvId pv = find_volume(view, claim.volume_name);
    if (!pv.valid()) return fmt::format("persistentvolume \"{}\" not found", claim.volume_name);
    for (const std::string_view key : kKeys) {
      const std::string* label = model::find_label(view.persistent_volume(pv).spec.labels, key);
      if (label == nullptr) continue;
      if (std::vector<std::string> zones = zones_of(*label); !zones.empty()) wanted_.push_back({key, std::move(zones)});
    }
    return "";
  }

  [[nodiscard]] bool fits(const model::Labels& labels) const {
    const bool has_any = std::any_of(kKeys.begin(), kKeys.end(),
                                     [&](std::string_view k) { return model::find_label(labels, k) != nullptr; });
    if (!has_any) return true;  // a cluster of one zone may leave its nodes without labels
    return std::all_of(wanted_.begin(), wanted_.end(), [&](const Topology& t) {
      const std::string* value = model::find_label(labels, t.key);
      if (value == nullptr) value = model::find_label(labels, stable_key(t.key));
      return value != nullptr && std::find(t.values.begin(), t.values.end(), *value) != t.values.end();
    });
  }

  std::vector<Topology> wanted_;  ///< Of the pod's bound volumes.
  Reason zone_{"node(s) had no available volume zone"};
};

}  // namespace

std::unique_ptr<Plugin> make_volume_zone(const Profile&) { return std::make_unique<VolumeZone>(); }

}  // namespace wavetank::schedule
