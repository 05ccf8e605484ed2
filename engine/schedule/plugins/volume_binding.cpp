// VolumeBinding: bound volumes must reach the node; claims that wait for their first consumer get a volume that is
// there for them, or one that can be made for the node. Source: pkg/scheduler/framework/plugins/volumebinding
// (volume_binding.go, binder.go), k8s.io/component-helpers/storage/volume (FindMatchingVolume). Storage capacity is not
// checked, as it is not where no CSIDriver asks for it; scoring by capacity is off by default
// (StorageCapacityScoring).

#include <algorithm>

#include <fmt/format.h>

#include "engine/schedule/plugins/registry.h"
#include "engine/schedule/volumes.h"

namespace wavetank::schedule {
namespace {

struct Data : PluginData {
  bool claims = false;
};

/// A claim that waits for its first consumer, and the volumes that may do for it on some node.
struct Waiting {
  PvcId claim;
  std::int64_t request = 0;
  const std::string* selected_node = nullptr;
  std::vector<PvId> prebound;    ///< Volumes whose claimRef is this claim: the first of them is taken, or none.
  std::vector<PvId> candidates;  ///< Free ones that fit, the smallest first.
};

/// Any of the terms; each an and of "key in values" (v1helper.MatchTopologySelectorTerms).
bool allows(const model::StorageClass& c, const model::Labels& labels) {
  if (c.allowed_topologies.empty()) return true;
  return std::any_of(c.allowed_topologies.begin(), c.allowed_topologies.end(), [&](const auto& term) {
    return !term.empty() && std::all_of(term.begin(), term.end(), [&](const model::Requirement& r) {
      const std::string* value = model::find_label(labels, r.key);
      return value != nullptr && std::find(r.values.begin(), r.values.end(), *value) != r.values.end();
    });
  });
}

class VolumeBinding final : public Plugin {
 public:
  [[nodiscard]] Depends depends() const override { return Depends::Cluster; }

  std::unique_ptr<PluginData> compile(const Cycle& c) override {
    auto d = std::make_unique<Data>();
    d->claims = has_claims(c.pod_class.spec());
    return d;
  }

  int trait_count(const Cycle& c) override { return data<Data>(c).claims ? kNoTraits : 0; }

  PreFilterStatus pre_filter(const Cycle& c) override {
    bound_.clear();
    waiting_.clear();
    if (!data<Data>(c).claims) return {PreFilterStatus::Code::Skip, {}, {}};
    bool immediate = false;
    std::vector<PvcId> delayed;
    for (const model::Volume& v : c.pod_class.spec().volumes) {
      if (!uses_claim(v) && !is_ephemeral(v)) continue;
      const std::string name = claim_name(v, c.view.pod_name(c.pod));
      const PvcId id = find_claim(c.view, c.pod_class.ns, name);
      if (std::string why = unusable(c, v, name, id); !why.empty())
        return {PreFilterStatus::Code::Unresolvable, std::move(why), {}};
      const model::PersistentVolumeClaim& claim = c.view.claim(id).spec;
      if (claim.fully_bound()) {
        bound_.push_back(id);
      } else if (claim.volume_name.empty() && waits_for_consumer(c.view, claim)) {
        delayed.push_back(id);
      } else {
        immediate = true;
      }
    }
    if (immediate) return {PreFilterStatus::Code::Unresolvable, "pod has unbound immediate PersistentVolumeClaims", {}};
    for (const PvcId id : delayed) waiting_.push_back(prepare(c, id));
    // The smallest first, so that each gets the smallest volume that fits.
    std::stable_sort(waiting_.begin(), waiting_.end(),
                     [](const Waiting& a, const Waiting& b) { return a.request < b.request; });
    return {};
  }

  void filter(const Cycle& c, Nodes nodes, Verdict* verdicts) override {
    if (bound_.empty() && waiting_.empty()) return;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (verdicts[i].plugin < filter_order) continue;
      const bool no_affinity = !bound_fit(c, nodes[i]);
      const bool lost = lost_;
      const bool no_match = !decide(c, nodes[i], nullptr);
      if (no_affinity || lost || no_match) fail(verdicts[i], reasons_of(c.reasons, no_affinity, no_match, lost), true);
    }
  }

  bool pre_score(const Cycle&, Nodes) override { return false; }

  bool reserve(const Cycle& c, NodeId node) override {
    if (waiting_.empty()) return true;
    VolumeDecision decision;
    if (!decide(c, node, &decision)) return false;
    c.cache.assumed_volumes.assume(c.pod, node, std::move(decision));
    return true;
  }
  void unreserve(const Cycle& c, NodeId) override { c.cache.assumed_volumes.release(c.pod); }

  [[nodiscard]] std::span<const EventRegistration> registered_events() const override {
    static constexpr EventRegistration kEvents[] = {
        {Resource::StorageClass, action::kAdd | action::kUpdate},
        {Resource::PersistentVolumeClaim, action::kAdd | action::kUpdate},
        {Resource::PersistentVolume, action::kAdd | action::kUpdate, false},
        {Resource::Node, action::kAdd | action::kUpdateNodeLabel, false},
        {Resource::CSINode, action::kAdd | action::kUpdate},
    };
    return kEvents;
  }
  [[nodiscard]] bool helps(const ClusterEvent& e, const Cycle& c) const override {
    if (e.resource == Resource::PersistentVolumeClaim) return names_claim(c, e.object.as<PvcId>(), true);
    return e.action == action::kAdd || (e.changed & (kTopologiesChanged | kMigrationChanged)) != 0;
  }

 private:
  static std::string unusable(const Cycle& c, const model::Volume& v, const std::string& name, PvcId id) {
    if (!id.valid()) {
      if (is_ephemeral(v))
        return fmt::format("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{}\"", name);
      return fmt::format("persistentvolumeclaim \"{}\" not found", name);
    }
    const state::ClaimRow& row = c.view.claim(id);
    if (row.spec.phase == "Lost")
      return fmt::format("persistentvolumeclaim \"{}\" bound to non-existent persistentvolume \"{}\"", name,
                         row.spec.volume_name);
    if (row.header.terminating()) return fmt::format("persistentvolumeclaim \"{}\" is being deleted", name);
    if (is_ephemeral(v) && !is_of_pod(c.view, id, c.pod))
      return fmt::format("PVC {0}/{1} was not created for pod {0}/{2} (pod is not owner)", c.pod_class.ns, name,
                         c.view.pod_name(c.pod));
    return {};
  }

  /// What FindMatchingVolume asks that does not depend on the node.
  static Waiting prepare(const Cycle& c, PvcId id) {
    const ClusterView& view = c.view;
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    Waiting w;
    w.claim = id;
    w.request = claim.request;
    if (claim.selected_node) w.selected_node = &*claim.selected_node;
    const NodeId assumed = c.cache.assumed_volumes.node_of(id);
    for (std::size_t i = 0; i < view->persistent_volumes.size(); ++i) {
      const state::PersistentVolumeRow& row = view->persistent_volumes[i];
      const model::PersistentVolume& v = row.spec;
      if (!row.header.alive || v.storage_class != claim.class_name()) continue;
      const PvId pv(i);
      const PvcId promised = c.cache.assumed_volumes.claim_of(pv);
      const bool ours = promised.valid() ? promised == id : view.is_bound_to(v, id);
      if (!ours && (promised.valid() || v.claim.has_value())) continue;
      if (v.capacity < claim.request || v.block != claim.block || row.header.terminating()) continue;
      if (ours) {
        w.prebound.push_back(pv);
        continue;
      }
      if (v.phase != "Available" || (claim.selector && !claim.selector->matches(v.labels))) continue;
      if (v.attributes_class != claim.attributes_class) continue;
      if ((claim.access_modes & ~v.access_modes) != 0) continue;
      w.candidates.push_back(pv);
    }
    if (assumed.valid()) w.selected_node = nullptr;  // see fits_selected
    std::stable_sort(w.candidates.begin(), w.candidates.end(), [&](PvId a, PvId b) {
      return view.persistent_volume(a).spec.capacity < view.persistent_volume(b).spec.capacity;
    });
    return w;
  }

  /// Sets lost_ when a volume is not there at all.
  bool bound_fit(const Cycle& c, NodeId node) {
    lost_ = false;
    for (const PvcId id : bound_) {
      const PvId pv = find_volume(c.view, c.view.claim(id).spec.volume_name);
      if (!pv.valid()) {
        lost_ = true;
        return true;
      }
      if (!node_affinity_fits(c.view.persistent_volume(pv).spec, c.view.node(node).labels)) return false;
    }
    return true;
  }

  [[nodiscard]] PvId match(const Cycle& c, const Waiting& w, const model::Labels& labels) const {
    const auto reaches = [&](PvId pv) { return node_affinity_fits(c.view.persistent_volume(pv).spec, labels); };
    const auto taken = [&](PvId pv) { return std::find(taken_.begin(), taken_.end(), pv) != taken_.end(); };
    for (const PvId pv : w.prebound) {
      if (!taken(pv)) return reaches(pv) ? pv : PvId();
    }
    for (const PvId pv : w.candidates) {
      if (!taken(pv) && reaches(pv)) return pv;
    }
    return {};
  }

  /// Whether the waiting claims can be had on the node, and how.
  bool decide(const Cycle& c, NodeId node, VolumeDecision* out) {
    const state::NodeRow& row = c.view.node(node);
    to_provision_.clear();
    taken_.clear();
    // A claim for which a volume is being made on another node: nothing else is looked at.
    for (const Waiting& w : waiting_) {
      const NodeId assumed = c.cache.assumed_volumes.node_of(w.claim);
      if (assumed.valid() ? assumed != node
                          : w.selected_node != nullptr && *w.selected_node != c.view.text(row.header.name))
        return false;
      if (assumed.valid() || w.selected_node != nullptr) to_provision_.push_back(&w);
    }
    for (const Waiting& w : waiting_) {
      if (std::find(to_provision_.begin(), to_provision_.end(), &w) != to_provision_.end()) continue;
      const PvId pv = match(c, w, row.labels);
      if (!pv.valid()) {
        to_provision_.push_back(&w);
        continue;
      }
      taken_.push_back(pv);
      if (out != nullptr) out->bind.push_back({w.claim, pv});
    }
    for (const Waiting* w : to_provision_) {
      const model::StorageClass* sc = find_class(c.view, c.view.claim(w->claim).spec.class_name());
      if (sc == nullptr || sc->provisioner.empty() || sc->provisioner == "kubernetes.io/no-provisioner" ||
          !allows(*sc, row.labels))
        return false;
      if (out != nullptr) out->provision.push_back(w->claim);
    }
    return true;
  }

  static std::uint32_t reasons_of(Reasons& reasons, bool no_affinity, bool no_match, bool lost) {
    std::vector<std::string> list;
    if (no_affinity) list.emplace_back("node(s) didn't match PersistentVolume's node affinity");
    if (no_match) list.emplace_back("node(s) didn't find available persistent volumes to bind");
    if (lost) list.emplace_back("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
    return reasons.id(list);
  }

  // of the cycle
  std::vector<PvcId> bound_;
  std::vector<Waiting> waiting_;
  bool lost_ = false;
  // scratch
  std::vector<const Waiting*> to_provision_;
  std::vector<PvId> taken_;
};

}  // namespace

std::unique_ptr<Plugin> make_volume_binding(const Profile&) { return std::make_unique<VolumeBinding>(); }

}  // namespace wavetank::schedule
