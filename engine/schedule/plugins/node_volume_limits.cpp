// NodeVolumeLimits: how many volumes of a CSI driver can be attached to a node. Source:
// pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.

#include <algorithm>

#include <fmt/format.h>

#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/volumes.h"

namespace wavetank::schedule {
namespace {

struct Data : PluginData {
  bool counts = false;  ///< The pod has volumes that may have to be attached.
};

/// The volume behind a claim: of its PersistentVolume, else, while there is none, one of its class's driver.
CsiVolume volume_of_claim(const ClusterView& view, PvcId id, const model::CSINode* node) {
  const state::ClaimRow& row = view.claim(id);
  if (!row.spec.volume_name.empty()) {
    if (const PvId pv = find_volume(view, row.spec.volume_name); pv.valid()) {
      const model::PersistentVolume& v = view.persistent_volume(pv).spec;
      if (v.source.source == "csi") return {v.source.group, v.source.id};
      return migrated(v.source, v.labels, node);
    }
  }
  const model::StorageClass* c = find_class(view, row.spec.class_name());
  if (c == nullptr) return {};
  return {driver_of_provisioner(c->provisioner, node), fmt::format("claim {}", id.value)};
}

class NodeVolumeLimits final : public Plugin {
 public:
  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto d = std::make_unique<Data>();
    const auto& volumes = c.pod_class.spec().volumes;
    d->counts = has_claims(c.pod_class.spec()) || std::any_of(volumes.begin(), volumes.end(), migratable);
    return d;
  }

  int trait_count(const Cycle& c) override { return data<Data>(c).counts ? kNoTraits : 0; }

  PreFilterStatus pre_filter(const Cycle& c) override {
    if (!data<Data>(c).counts) return {PreFilterStatus::Code::Skip, {}, {}};
    return {};
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    if (!data<Data>(c).counts) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (verdicts[i].plugin < filter_order) continue;
      const model::CSINode* csi = find_csi_node(c.view, nodes[i]);
      missing_.clear();
      wanted_.clear();
      collect(c, c.pod_class.spec(), c.pod_class.ns, c.pod, csi, wanted_);
      if (!missing_.empty()) {
        fail(verdicts[i], c.reasons.id(missing_), true);
      } else if (csi != nullptr && !wanted_.empty() && exceeds(c, nodes[i], *csi)) {
        fail(verdicts[i], too_many_.in(c.reasons), false);
      }
    }
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::CSINode, action::kAdd, false},
        {Resource::CSINode, action::kUpdate},
        {Resource::Pod, action::kDelete},
        {Resource::PersistentVolumeClaim, action::kAdd},
    };
    return kEvents;
  }
  [[nodiscard]] bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (e.resource == Resource::CSINode) return (e.changed & kLimitRaised) != 0;
    if (e.resource == Resource::PersistentVolumeClaim) return names_claim(c, e.object.as<PvcId>(), true);
    if (e.nominated_only) return false;
    const model::PodSpec& gone = c.cache.known_info(e.tmpl).pod->spec;
    return has_claims(gone) || std::any_of(gone.volumes.begin(), gone.volumes.end(), migratable);
  }

 private:
  static bool limits(const model::CSINode& csi) {
    return std::any_of(csi.drivers.begin(), csi.drivers.end(), [](const auto& d) { return d.count.has_value(); });
  }

  /// The volumes of a pod, each once, appended to `out`. A claim that is missing is noted in missing_.
  void collect(const Cycle& c, const model::PodSpec& spec, std::string_view ns, PodId pod, const model::CSINode* csi,
               std::vector<CsiVolume>& out) {
    for (const model::Volume& v : spec.volumes) {
      CsiVolume found;
      if (uses_claim(v) || is_ephemeral(v)) {
        const std::string name = claim_name(v, is_ephemeral(v) ? c.view.pod_name(pod) : "");
        const PvcId claim = find_claim(c.view, ns, name);
        if (!claim.valid()) {
          if (missing_.empty())
            missing_ = fmt::format("looking up PVC {}/{}: persistentvolumeclaim \"{}\" not found", ns, name, name);
          continue;
        }
        found = volume_of_claim(c.view, claim, csi);
      } else {
        found = migrated(v, {}, csi);
      }
      if (found.valid() && std::find(out.begin(), out.end(), found) == out.end()) out.push_back(std::move(found));
    }
  }

  /// Whether wanted_ with what is attached already is more than some driver can do.
  bool exceeds(const Cycle& c, NodeId node, const model::CSINode& csi) {
    if (!limits(csi)) return false;
    attached_.clear();
    for (const PodId p : c.cache.pods_on[node.index()]) {
      const TemplateInfo& info = c.cache.known_info(c.cache.placed(p)->tmpl);
      if (!info.pod->spec.volumes.empty()) collect(c, info.pod->spec, c.view.text(info.ns), p, &csi, attached_);
    }
    for (const model::CSINode::Driver& d : csi.drivers) {
      if (!d.count) continue;
      std::int32_t more = 0, now = 0;
      for (const CsiVolume& v : attached_) now += v.driver == d.name ? 1 : 0;
      for (const CsiVolume& v : wanted_) {
        if (v.driver == d.name && std::find(attached_.begin(), attached_.end(), v) == attached_.end()) ++more;
      }
      if (more > 0 && now + more > *d.count) return true;
    }
    return false;
  }

  Reason too_many_{"node(s) exceed max volume count"};
  // scratch
  std::vector<CsiVolume> wanted_, attached_;
  std::string missing_;
};

}  // namespace

std::unique_ptr<Plugin> make_node_volume_limits(const Profile&) { return std::make_unique<NodeVolumeLimits>(); }

}  // namespace wavetank::schedule
