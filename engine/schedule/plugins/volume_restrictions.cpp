// VolumeRestrictions: disks that two pods may not share on a node, and claims of access mode ReadWriteOncePod, which
// two pods may not share anywhere. Source: pkg/scheduler/framework/plugins/volumerestrictions.

#include <algorithm>

#include <fmt/format.h>

#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/volumes.h"

namespace wavetank::schedule {
namespace {

bool is_restricted(const model::Volume& v) {
  return v.source == "gcePersistentDisk" || v.source == "awsElasticBlockStore" || v.source == "rbd" ||
         v.source == "iscsi";
}

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& x) { return std::find(b.begin(), b.end(), x) != b.end(); });
}

/// Two pods with these volumes cannot be on one node.
bool conflict(const model::Volume& a, const model::Volume& b) {
  if (a.source != b.source || a.id != b.id) return false;
  if (a.source == "awsElasticBlockStore") return true;
  if (a.source == "rbd" && (a.group != b.group || !overlap(a.monitors, b.monitors))) return false;
  return !(a.read_only && b.read_only);
}

struct Data : PluginData {
  std::vector<model::Volume> disks;
  std::vector<std::string> claims;
  std::vector<std::uint32_t> numbers;  ///< Beside `claims`: of ClaimUses.
};

class VolumeRestrictions final : public Plugin {
 public:
  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto d = std::make_unique<Data>();
    for (const model::Volume& v : c.pod_class.spec().volumes) {
      if (is_restricted(v)) d->disks.push_back(v);
      if (uses_claim(v)) d->claims.push_back(v.claim_name);
    }
    if (!d->claims.empty()) d->numbers = c.cache.claim_uses.numbers(c.pod_class.ns, c.pod_class.spec());
    return d;
  }

  int trait_count(const Cycle& c) override {
    const auto& d = data<Data>(c);
    return d.disks.empty() && d.claims.empty() ? 0 : kNoTraits;
  }

  PreFilterStatus pre_filter(const Cycle& c) override {
    const auto& d = data<Data>(c);
    in_use_ = 0;
    once_pod_claims_.clear();
    for (std::size_t i = 0; i < d.claims.size(); ++i) {
      const PvcId claim = find_claim(c.view, c.pod_class.ns, d.claims[i]);
      if (!claim.valid())
        return {PreFilterStatus::Code::Unresolvable,
                fmt::format("persistentvolumeclaim \"{}\" not found", d.claims[i]),
                {}};
      if ((c.view.claim(claim).spec.access_modes & model::kReadWriteOncePod) == 0) continue;
      const bool twice = std::find(d.numbers.begin(), d.numbers.begin() + static_cast<std::ptrdiff_t>(i),
                                   d.numbers[i]) != d.numbers.begin() + static_cast<std::ptrdiff_t>(i);
      if (twice) continue;
      once_pod_claims_.push_back(d.claims[i]);
      if (c.cache.claim_uses.pods(d.numbers[i]) > 0) ++in_use_;
    }
    // Who is placed or taken on trial counts up or down, for each volume that names such a claim: whatever the pod's
    // namespace, and whether or not others use the claim too. So has it conflictingPVCRefCountForPod.
    for (const auto& [tmpl, pods] : c.cache.trial_claims()) {
      for (const model::Volume& v : c.cache.known_info(tmpl).pod->spec.volumes) {
        if (uses_claim(v) &&
            std::find(once_pod_claims_.begin(), once_pod_claims_.end(), v.claim_name) != once_pod_claims_.end())
          in_use_ += pods;
      }
    }
    if (d.disks.empty() && in_use_ == 0) return {PreFilterStatus::Code::Skip, {}, {}};
    return {};
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    const auto& d = data<Data>(c);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!d.disks.empty() && disk_taken(c, d, nodes[i])) {
        fail(verdicts[i], disk_.in(c.reasons), false);
      } else if (in_use_ > 0) {
        fail(verdicts[i], once_pod_.in(c.reasons), false);
      }
    }
  }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::Pod, action::kDelete},
        {Resource::Node, action::kAdd, false},
        {Resource::PersistentVolumeClaim, action::kAdd},
    };
    return kEvents;
  }
  [[nodiscard]] bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (e.resource == Resource::PersistentVolumeClaim) return names_claim(c, e.object.as<PvcId>(), false);
    const auto& d = data<Data>(c);
    const TemplateInfo& gone = c.cache.known_info(e.tmpl);
    if (c.view.text(gone.ns) != c.pod_class.ns) return false;
    for (const model::Volume& v : gone.pod->spec.volumes) {
      if (uses_claim(v) && std::find(d.claims.begin(), d.claims.end(), v.claim_name) != d.claims.end()) return true;
    }
    return shares_disk(d, gone.pod->spec);
  }

 private:
  static bool shares_disk(const Data& d, const model::PodSpec& other) {
    return std::any_of(other.volumes.begin(), other.volumes.end(), [&](const model::Volume& theirs) {
      return std::any_of(d.disks.begin(), d.disks.end(), [&](const auto& ours) { return conflict(ours, theirs); });
    });
  }
  static bool disk_taken(const Cycle& c, const Data& d, NodeId node) {
    for (const PodId p : c.cache.pods_on[node.index()]) {
      if (shares_disk(d, c.cache.known_info(c.cache.placed(p)->tmpl).pod->spec)) return true;
    }
    return false;
  }

  std::int32_t in_use_ = 0;                   ///< Claims of the pod that only one pod may use, and some pod uses.
  std::vector<std::string> once_pod_claims_;  ///< All such claims of the pod, each once.
  Reason disk_{"node(s) had no available disk"};
  Reason once_pod_{
      "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another "
      "pod"};
};

}  // namespace

std::unique_ptr<Plugin> make_volume_restrictions(const Profile&) { return std::make_unique<VolumeRestrictions>(); }

}  // namespace wavetank::schedule
