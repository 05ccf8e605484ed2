// The controller of PersistentVolumes and claims: it makes volumes available, binds claims to them, and hands claims
// over to a provisioner. Source: kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go (syncClaim,
// syncUnboundClaim, syncBoundClaim, syncVolume, bind).
//
// The provisioner is a model: where Kubernetes waits for a driver's external-provisioner, a volume comes to be
// `volume_provisioning_time` after the claim was handed over. It lies where the selected node's driver says (CSINode
// topologyKeys); where no CSINode speaks of the driver, in the node's zone, as disks of clouds do, unless many may
// mount it; or else where the class allows. Deleting and recycling are at once.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/model/doc.h"

namespace wavetank::control {
namespace {

using base::SimTime;
using event::EventKind;
using event::PvcId;
using event::PvId;
using model::Doc;
using model::Kind;

/// Kubernetes queues every claim and volume anew that often; a claim that found no volume looks again then.
constexpr base::Duration kResync = base::seconds(15);
constexpr const char* kBoundByController = "pv.kubernetes.io/bound-by-controller";
constexpr const char* kComponent = "persistentvolume-controller";
constexpr const char* kNoProvisioner = "kubernetes.io/no-provisioner";

SimTime next_resync(SimTime now) { return {(now.ns / kResync.ns + 1) * kResync.ns}; }

const model::StorageClass* class_of(const ClusterView& view, std::string_view name) {
  const Ref ref = name.empty() ? Ref() : view.find(Kind::StorageClass, "", name);
  return ref.valid() ? &view->storage_classes[ref.row].spec : nullptr;
}

PvId volume_named(const ClusterView& view, std::string_view name) {
  const Ref ref = name.empty() ? Ref() : view.find(Kind::PersistentVolume, "", name);
  return ref.valid() ? ref.as<PvId>() : PvId();
}

/// The claim that a volume's claimRef means, not valid when it has gone.
PvcId claim_of(const ClusterView& view, const model::PersistentVolume& v) {
  if (!v.claim) return {};
  const Ref ref = view.find(Kind::PersistentVolumeClaim, v.claim->ns, v.claim->name);
  return ref.valid() && view.is_bound_to(v, ref.as<PvcId>()) ? ref.as<PvcId>() : PvcId();
}

std::string uid_of(const ClusterView& view, PvcId claim) {
  const std::string& written = view.claim(claim).spec.uid;
  return written.empty() ? view.uid(Ref(claim)) : written;
}

Doc modes_doc(std::uint8_t modes) {
  constexpr std::pair<model::AccessMode, const char*> kWords[] = {{model::kReadWriteOnce, "ReadWriteOnce"},
                                                                  {model::kReadOnlyMany, "ReadOnlyMany"},
                                                                  {model::kReadWriteMany, "ReadWriteMany"},
                                                                  {model::kReadWriteOncePod, "ReadWriteOncePod"}};
  Doc out = Doc::array();
  for (const auto& [bit, word] : kWords)
    if ((modes & bit) != 0) out.items.push_back(Doc::string(word));
  return out;
}

Doc claim_ref(const ClusterView& view, PvcId claim) {
  Doc ref = Doc::object();
  ref["apiVersion"] = Doc::string("v1");
  ref["kind"] = Doc::string("PersistentVolumeClaim");
  ref["name"] = Doc::string(view.bare_name(Ref(claim)));
  ref["namespace"] = Doc::string(view.namespace_of(Ref(claim)));
  ref["uid"] = Doc::string(uid_of(view, claim));
  return ref;
}

void patch(Plan& plan, Ref ref, const Doc& doc, base::Seq at_version = 0) {
  plan.call(command::PatchObject{ref, model::to_json(doc), at_version});
}

void set_phase(Plan& plan, const ClusterView& view, PvId pv, const char* phase) {
  if (view.persistent_volume(pv).spec.phase == phase) return;
  Doc doc = Doc::object();
  doc["status"]["phase"] = Doc::string(phase);
  patch(plan, Ref(pv), doc);
}

/// volume.FindMatchingVolume as the controller calls it: no node, and free volumes only for claims that do not wait for
/// their consumer.
PvId best_match(const ClusterView& view, PvcId id, bool delayed) {
  const model::PersistentVolumeClaim& claim = view.claim(id).spec;
  PvId best;
  for (std::size_t i = 0; i < view->persistent_volumes.size(); ++i) {
    const state::PersistentVolumeRow& row = view->persistent_volumes[i];
    const model::PersistentVolume& v = row.spec;
    if (!row.header.alive || row.header.terminating()) continue;
    const bool ours = view.is_bound_to(v, id);
    if (v.claim && !ours) continue;
    if (v.capacity < claim.request || v.block != claim.block) continue;
    if ((claim.access_modes & ~v.access_modes) != 0) continue;
    if (ours) return PvId(i);
    if (delayed || v.phase != "Available" || v.storage_class != claim.class_name()) continue;
    if (v.attributes_class != claim.attributes_class) continue;
    if (claim.selector && !claim.selector->matches(v.labels)) continue;
    if (!best.valid() || v.capacity < view.persistent_volume(best).spec.capacity) best = PvId(i);
  }
  return best;
}

class PersistentVolumeBinder final : public Controller {
 public:
  explicit PersistentVolumeBinder(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] std::string_view name() const override { return "persistentvolume-controller"; }
  /// Kubernetes has one for claims and one for volumes, over one cache that each write changes at once.
  [[nodiscard]] int workers() const override { return 1; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::ObjectUpdated, EventKind::ObjectRemoved);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (const auto* created = std::get_if<event::ObjectCreated>(&event.payload)) {
      if (created->kind == Kind::PersistentVolume) {
        const std::size_t row = row_created_by(view->persistent_volumes, event.seq);
        if (row < view->persistent_volumes.size()) volume_changed(PvId(row), view, keys);
      } else if (created->kind == Kind::PersistentVolumeClaim) {
        const std::size_t row = row_created_by(view->claims, event.seq);
        if (row < view->claims.size()) keys.add(PvcId(row));
      } else if (created->kind == Kind::StorageClass) {
        look_again(view, keys);
      }
      return;
    }
    const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload);
    const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload);
    const Ref ref = updated != nullptr ? updated->ref : removed != nullptr ? removed->ref : Ref();
    if (removed != nullptr && ref.kind == Kind::VolumeAttachment) {  // its volume may be deleted now
      const std::string& name = view.volume_attachment(ref.as<event::VolumeAttachmentId>()).spec.volume_name;
      if (const PvId pv = volume_named(view, name); pv.valid()) keys.add(pv);
    }
    if (ref.kind == Kind::PersistentVolume && ref.valid()) volume_changed(ref.as<PvId>(), view, keys);
    if (ref.kind == Kind::PersistentVolumeClaim && ref.valid()) claim_changed(ref.as<PvcId>(), view, keys);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    if (key.kind == Kind::PersistentVolume) return sync_volume(key.as<PvId>(), view, plan);
    const PvcId claim = key.as<PvcId>();
    if (view.claim(claim).spec.bind_completed) return sync_bound(claim, view, plan);
    sync_unbound(claim, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override {
    add_alive<PvId>(view->persistent_volumes, keys);
    add_alive<PvcId>(view->claims, keys);
  }

 private:
  // ---- Keys ----

  static void volume_changed(PvId pv, const ClusterView& view, KeySink& keys) {
    const state::PersistentVolumeRow& row = view.persistent_volume(pv);
    keys.add(pv);
    if (row.spec.claim) {
      const Ref claim = view.find(Kind::PersistentVolumeClaim, row.spec.claim->ns, row.spec.claim->name);
      if (claim.valid()) keys.add(claim);
    } else if (row.header.alive) {
      look_again(view, keys);
    }
  }

  static void claim_changed(PvcId claim, const ClusterView& view, KeySink& keys) {
    const state::ClaimRow& row = view.claim(claim);
    if (row.header.alive) keys.add(claim);
    const PvId named = volume_named(view, row.spec.volume_name);
    if (named.valid()) keys.add(named);
    if (row.header.alive) return;
    for (std::size_t i = 0; i < view->persistent_volumes.size(); ++i) {
      const state::PersistentVolumeRow& v = view->persistent_volumes[i];
      if (v.header.alive && view.is_bound_to(v.spec, claim)) keys.add(PvId(i));
    }
  }

  /// Claims without a volume, at the next resync.
  static void look_again(const ClusterView& view, KeySink& keys) {
    for (std::size_t i = 0; i < view->claims.size(); ++i) {
      const state::ClaimRow& row = view->claims[i];
      if (row.header.alive && !row.spec.fully_bound()) keys.add_at(PvcId(i), next_resync(view.now()));
    }
  }

  // ---- Claims ----

  void sync_unbound(PvcId id, const ClusterView& view, Plan& plan) const {
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    if (!claim.volume_name.empty()) {  // the user asked for a certain volume
      const PvId pv = volume_named(view, claim.volume_name);
      if (!pv.valid()) return;
      const model::PersistentVolume& v = view.persistent_volume(pv).spec;
      if (!v.claim || view.is_bound_to(v, id)) bind(pv, id, view, plan);
      return;
    }
    const model::StorageClass* sc = class_of(view, claim.class_name());
    const bool waits = sc != nullptr && sc->wait_for_first_consumer;
    if (const PvId best = best_match(view, id, waits); best.valid()) return bind(best, id, view, plan);
    if (waits && !claim.selected_node)
      return tell(id, false, "WaitForFirstConsumer", "waiting for first consumer to be created before binding", view,
                  plan);
    if (sc == nullptr) {
      if (claim.class_name().empty())
        return tell(id, false, "FailedBinding",
                    "no persistent volumes available for this claim and no storage class is set", view, plan);
      return tell(id, true, "ProvisioningFailed",
                  fmt::format("storageclass.storage.k8s.io \"{}\" not found", claim.class_name()), view, plan);
    }
    if (sc->provisioner.empty() || sc->provisioner == kNoProvisioner)
      return tell(id, true, "ProvisioningFailed", fmt::format("no volume plugin matched name: {}", sc->provisioner),
                  view, plan);
    provision(id, *sc, view, plan);
  }

  /// An Event about a claim that waits. Kubernetes repeats it with every resync, every 15 s; we say it once, when the
  /// claim is first looked at.
  static void tell(PvcId id, bool warning, const char* reason, std::string message, const ClusterView& view,
                   Plan& plan) {
    if (plan.wake_cause() != view.claim(id).header.created_seq) return;
    plan.call(command::RecordEvent{{Ref(id), warning, reason, std::move(message), kComponent}}, 0, true);
  }

  static void sync_bound(PvcId id, const ClusterView& view, Plan& plan) {
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    const PvId pv = volume_named(view, claim.volume_name);
    if (!pv.valid() ||
        (view.persistent_volume(pv).spec.claim && !view.is_bound_to(view.persistent_volume(pv).spec, id))) {
      if (claim.phase == "Lost") return;
      Doc doc = Doc::object();
      doc["status"]["phase"] = Doc::string("Lost");
      patch(plan, Ref(id), doc);
      const char* what = claim.volume_name.empty() ? "Bound claim has lost reference to PersistentVolume. Data on the "
                                                     "volume is lost!"
                         : !pv.valid() ? "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
                                       : "Two claims are bound to the same volume, this one is bound incorrectly";
      return plan.also(
          command::RecordEvent{{Ref(id), true, pv.valid() ? "ClaimMisbound" : "ClaimLost", what, kComponent}});
    }
    bind(pv, id, view, plan);
  }

  /// The four writes of a binding; what is so already is left out.
  static void bind(PvId pv, PvcId id, const ClusterView& view, Plan& plan) {
    const model::PersistentVolume& v = view.persistent_volume(pv).spec;
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    const bool ours = view.is_bound_to(v, id);
    if (!ours || v.claim->uid.empty()) {
      Doc doc = Doc::object();
      doc["spec"]["claimRef"] = claim_ref(view, id);
      if (!ours) doc["metadata"]["annotations"][kBoundByController] = Doc::string("yes");
      // The scheduler may have promised it to another claim by the time this is read.
      patch(plan, Ref(pv), doc, view.persistent_volume(pv).header.version);
    }
    set_phase(plan, view, pv, "Bound");
    if (!claim.fully_bound()) {
      Doc doc = Doc::object();
      Doc& annotations = doc["metadata"]["annotations"];
      if (claim.volume_name.empty()) annotations[kBoundByController] = Doc::string("yes");
      annotations["pv.kubernetes.io/bind-completed"] = Doc::string("yes");
      doc["spec"]["volumeName"] = Doc::string(view.bare_name(Ref(pv)));
      patch(plan, Ref(id), doc);
    }
    if (claim.phase == "Bound") return;
    Doc doc = Doc::object();
    doc["status"]["phase"] = Doc::string("Bound");
    doc["status"]["accessModes"] = modes_doc(v.access_modes);
    doc["status"]["capacity"]["storage"] = Doc::string(size_text(v.capacity));
    patch(plan, Ref(id), doc);
  }

  static std::string size_text(std::int64_t bytes) {
    const bool binary = bytes % 1024 == 0;
    return base::Quantity(bytes, binary ? base::Quantity::Format::BinarySI : base::Quantity::Format::DecimalSI).text();
  }

  // ---- Provisioning ----

  void provision(PvcId id, const model::StorageClass& sc, const ClusterView& view, Plan& plan) const {
    const state::ClaimRow& row = view.claim(id);
    if (!row.spec.handed_over) {
      Doc doc = Doc::object();
      Doc& annotations = doc["metadata"]["annotations"];
      annotations["volume.beta.kubernetes.io/storage-provisioner"] = Doc::string(sc.provisioner);
      annotations["volume.kubernetes.io/storage-provisioner"] = Doc::string(sc.provisioner);
      patch(plan, Ref(id), doc);
      plan.also(command::RecordEvent{
          {Ref(id), false, "ExternalProvisioning",
           fmt::format("Waiting for a volume to be created either by the external provisioner '{}' or manually by the "
                       "system administrator. If volume creation is delayed, please verify that the provisioner is "
                       "running and correctly registered.",
                       sc.provisioner),
           kComponent}});
      return plan.also(
          command::RecordEvent{{Ref(id), false, "Provisioning",
                                fmt::format("External provisioner is provisioning volume for claim \"{}/{}\"",
                                            view.namespace_of(Ref(id)), view.bare_name(Ref(id))),
                                sc.provisioner}});
    }
    const SimTime due = row.changed + settings_.volume_provisioning_time;
    if (view.now() < due) return plan.requeue_at(due);
    plan.call(command::ApplyObject{model::to_json(volume_for(id, sc, view)), command::ApplyObject::Mode::Create}, 0,
              true);
    plan.also(command::RecordEvent{{Ref(id), false, "ProvisioningSucceeded",
                                    fmt::format("Successfully provisioned volume pvc-{}", uid_of(view, id)),
                                    sc.provisioner}});
  }

  /// The driver to which the plugin was handed over that once was part of Kubernetes.
  /// Source: kubernetes/staging/src/k8s.io/csi-translation-lib/plugins.
  static std::string_view driver_of(std::string_view provisioner) {
    static constexpr std::pair<std::string_view, std::string_view> kMigrated[] = {
        {"kubernetes.io/aws-ebs", "ebs.csi.aws.com"},
        {"kubernetes.io/azure-disk", "disk.csi.azure.com"},
        {"kubernetes.io/azure-file", "file.csi.azure.com"},
        {"kubernetes.io/cinder", "cinder.csi.openstack.org"},
        {"kubernetes.io/gce-pd", "pd.csi.storage.gke.io"},
        {"kubernetes.io/portworx-volume", "pxd.portworx.com"},
        {"kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"}};
    for (const auto& [plugin, driver] : kMigrated)
      if (plugin == provisioner) return driver;
    return provisioner;
  }
  /// A name that no CSI driver can have (rancher.io/local-path, k8s.io/minikube-hostpath) is that of a provisioner
  /// whose volumes are folders: nothing is attached.
  static bool is_driver(std::string_view provisioner) {
    return driver_of(provisioner).find('/') == std::string_view::npos;
  }

  static Doc volume_for(PvcId id, const model::StorageClass& sc, const ClusterView& view) {
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    Doc doc = Doc::object();
    doc["apiVersion"] = Doc::string("v1");
    doc["kind"] = Doc::string("PersistentVolume");
    const std::string name = "pvc-" + uid_of(view, id);
    doc["metadata"]["name"] = Doc::string(name);
    doc["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] = Doc::string(sc.provisioner);
    Doc& spec = doc["spec"];
    spec["accessModes"] = modes_doc(claim.access_modes);
    spec["capacity"]["storage"] = Doc::string(size_text(claim.request));
    spec["claimRef"] = claim_ref(view, id);
    if (is_driver(sc.provisioner)) {
      spec["csi"]["driver"] = Doc::string(driver_of(sc.provisioner));
      spec["csi"]["volumeHandle"] = Doc::string(name);
    } else {
      spec["hostPath"]["path"] = Doc::string("/var/lib/volumes/" + name);
      spec["hostPath"]["type"] = Doc::string("DirectoryOrCreate");
    }
    if (Doc terms = place_of(claim, sc, view); !terms.items.empty())
      spec["nodeAffinity"]["required"]["nodeSelectorTerms"] = std::move(terms);
    spec["persistentVolumeReclaimPolicy"] = Doc::string(sc.reclaim_policy);
    spec["storageClassName"] = Doc::string(claim.class_name());
    if (!claim.attributes_class.empty()) spec["volumeAttributesClassName"] = Doc::string(claim.attributes_class);
    spec["volumeMode"] = Doc::string(claim.block ? "Block" : "Filesystem");
    return doc;
  }

  static void add_requirement(Doc& term, const std::string& key, const std::vector<std::string>& values) {
    Doc e = Doc::object();
    e["key"] = Doc::string(key);
    e["operator"] = Doc::string("In");
    e["values"] = Doc::array();
    for (const std::string& v : values) e["values"].items.push_back(Doc::string(v));
    Doc& list = term["matchExpressions"];
    if (!list.is_array()) list = Doc::array();
    list.items.push_back(std::move(e));
  }

  /// Terms of the volume's node affinity; none: it can be reached from everywhere.
  static Doc place_of(const model::PersistentVolumeClaim& claim, const model::StorageClass& sc,
                      const ClusterView& view) {
    Doc terms = Doc::array();
    const Ref node = claim.selected_node ? view.find(Kind::Node, "", *claim.selected_node) : Ref();
    if (!node.valid()) {
      for (const auto& allowed : sc.allowed_topologies) {
        Doc term = Doc::object();
        for (const model::Requirement& r : allowed) add_requirement(term, r.key, r.values);
        terms.items.push_back(std::move(term));
      }
      return terms;
    }
    std::vector<std::string> keys;
    bool driver_says = false;
    if (const Ref csi = view.find(Kind::CSINode, "", *claim.selected_node); csi.valid()) {
      for (const model::CSINode::Driver& d : view->csi_nodes[csi.row].spec.drivers)
        if (d.name == driver_of(sc.provisioner)) {
          keys = d.topology_keys;
          driver_says = true;
        }
    }
    if (!is_driver(sc.provisioner)) {
      keys = {"kubernetes.io/hostname"};
    } else if (!driver_says && (claim.access_modes & (model::kReadWriteMany | model::kReadOnlyMany)) == 0) {
      keys = {"topology.kubernetes.io/zone"};
    }
    for (const auto& allowed : sc.allowed_topologies) {
      for (const model::Requirement& r : allowed)
        if (std::find(keys.begin(), keys.end(), r.key) == keys.end()) keys.push_back(r.key);
    }
    Doc term = Doc::object();
    for (const std::string& key : keys) {
      const std::string* value = model::find_label(view->nodes[node.row].labels, key);
      if (value != nullptr) add_requirement(term, key, {*value});
    }
    if (term.find("matchExpressions") != nullptr) terms.items.push_back(std::move(term));
    return terms;
  }

  // ---- Volumes ----

  static void sync_volume(PvId pv, const ClusterView& view, Plan& plan) {
    const model::PersistentVolume& v = view.persistent_volume(pv).spec;
    const bool going = view.persistent_volume(pv).header.terminating();
    if (!v.claim) return going ? void() : set_phase(plan, view, pv, "Available");
    const PvcId claim = claim_of(view, v);
    if (!claim.valid()) {
      if (v.claim->uid.empty()) return set_phase(plan, view, pv, "Available");  // kept for a claim that is to come
      if (v.phase != "Released" && v.phase != "Failed") set_phase(plan, view, pv, "Released");
      return reclaim(pv, going, view, plan);
    }
    const std::string& bound_to = view.claim(claim).spec.volume_name;
    if (bound_to == view.bare_name(Ref(pv))) return set_phase(plan, view, pv, "Bound");
    if (bound_to.empty()) {
      if (v.claim->uid.empty()) set_phase(plan, view, pv, "Available");
      return;  // the claim's own sync binds it
    }
    if (!v.bound_by_controller) return;
    Doc doc = Doc::object();
    doc["spec"]["claimRef"].type = Doc::Type::Null;
    doc["metadata"]["annotations"][kBoundByController].type = Doc::Type::Null;
    patch(plan, Ref(pv), doc);
  }

  /// What becomes of a volume whose claim has gone. A disk that is attached somewhere cannot be deleted yet.
  static void reclaim(PvId pv, bool going, const ClusterView& view, Plan& plan) {
    const state::PersistentVolumeRow& row = view.persistent_volume(pv);
    if (row.spec.reclaim_policy == "Delete" && !going && row.attachments.empty())
      return plan.call(command::DeleteObject{Ref(pv), event::Propagation::Background, {}}, 0, true);
    if (row.spec.reclaim_policy != "Recycle" || going || row.spec.phase == "Failed") return;
    if (row.spec.source.source != "hostPath" && row.spec.source.source != "nfs") {
      set_phase(plan, view, pv, "Failed");
      return plan.also(command::RecordEvent{
          {Ref(pv), true, "VolumeFailedRecycle", "No recycler plugin found for the volume!", kComponent}});
    }
    // The pod that scrubs the volume is left out. A binding that a user wrote stays reserved for a claim of that name.
    Doc doc = Doc::object();
    if (row.spec.bound_by_controller) {
      doc["spec"]["claimRef"] = Doc();
      doc["metadata"]["annotations"][kBoundByController] = Doc();
    } else {
      doc["spec"]["claimRef"]["uid"] = Doc();
    }
    doc["status"]["phase"] = Doc::string("Available");
    patch(plan, Ref(pv), doc);
    plan.also(command::RecordEvent{{Ref(pv), false, "VolumeRecycled", "Volume recycled", kComponent}});
  }

  Settings settings_;
};

}  // namespace

std::unique_ptr<Controller> make_persistent_volume_binder(const Settings& settings) {
  return std::make_unique<PersistentVolumeBinder>(settings);
}

}  // namespace wavetank::control
