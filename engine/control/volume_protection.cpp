// The controllers that keep claims and volumes that are in use from going: their finalizers come off when nobody uses
// them. Source: kubernetes/pkg/controller/volume/pvcprotection, pvprotection.

#include <algorithm>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/model/doc.h"
#include "engine/state/volume_use.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PodId;
using event::PvcId;
using event::PvId;
using model::Doc;
using model::Kind;

/// Where a finalizer is in an object's document, and what would be left without it.
struct Finalizers {
  bool has = false;
  Doc rest = Doc::array();
};
Finalizers finalizers_of(const state::Header& header, std::string_view name) {
  Finalizers out;
  const auto doc = model::parse_json(header.doc, "object");
  const Doc* list = doc ? doc->at({"metadata", "finalizers"}) : nullptr;
  if (list == nullptr) return out;
  for (const Doc& f : list->items) {
    if (f.text == name) {
      out.has = true;
    } else {
      out.rest.items.push_back(f);
    }
  }
  return out;
}

void write_finalizers(Plan& plan, Ref ref, Doc list) {
  Doc patch = Doc::object();
  if (list.items.empty()) list = Doc();
  patch["metadata"]["finalizers"] = std::move(list);
  plan.call(command::PatchObject{ref, model::to_json(patch), 0});
}

/// One sync of either kind: off with it when the object may go, on with it when it is missing.
void sync_finalizer(Ref key, std::string_view name, bool in_use, const ClusterView& view, Plan& plan) {
  const state::Header& header = *view.header(key);
  if (header.terminating() && in_use) return;
  Finalizers f = finalizers_of(header, name);
  if (header.terminating() == f.has) {
    if (!f.has) f.rest.items.push_back(Doc::string(name));
    write_finalizers(plan, key, std::move(f.rest));
  }
}

class ClaimProtection final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "persistentvolumeclaim-protection-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted, EventKind::PodRemoved);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (const auto* removed = std::get_if<event::PodRemoved>(&event.payload)) {
      for (const model::Volume& v : view.pod_spec(removed->pod).spec.volumes) {
        const PvcId claim = state::claim_of_volume(view, removed->pod, v);
        if (claim.valid() && view.claim(claim).header.terminating()) keys.add(claim);
      }
      return;
    }
    const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload);
    const Ref ref = updated != nullptr ? updated->ref : std::get<event::ObjectDeletionStarted>(event.payload).ref;
    if (ref.kind == Kind::PersistentVolumeClaim && view.alive(ref)) keys.add(ref);
  }

  /// Pods that are over count as users, too: their volumes may not have been taken down yet. Those that were never
  /// placed do not: their node's agent will not start them with a claim that is going.
  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    bool in_use = false;
    if (view.header(key)->terminating()) {
      const std::vector<PodId> pods = state::pods_of_claim(view, key.as<PvcId>());
      in_use = std::any_of(pods.begin(), pods.end(), [&](PodId p) { return view.pod_node(p).valid(); });
    }
    sync_finalizer(key, "kubernetes.io/pvc-protection", in_use, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<PvcId>(view->claims, keys); }
};

class VolumeProtection final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "persistentvolume-protection-controller"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectUpdated, EventKind::ObjectDeletionStarted);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    const auto* updated = std::get_if<event::ObjectUpdated>(&event.payload);
    const Ref ref = updated != nullptr ? updated->ref : std::get<event::ObjectDeletionStarted>(event.payload).ref;
    if (ref.kind == Kind::PersistentVolume && view.alive(ref)) keys.add(ref);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    if (!view.alive(key)) return;
    const bool bound = view.persistent_volume(key.as<PvId>()).spec.phase == "Bound";
    sync_finalizer(key, "kubernetes.io/pv-protection", bound, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<PvId>(view->persistent_volumes, keys); }
};

}  // namespace

std::unique_ptr<Controller> make_claim_protection_controller() { return std::make_unique<ClaimProtection>(); }
std::unique_ptr<Controller> make_volume_protection_controller() { return std::make_unique<VolumeProtection>(); }

}  // namespace wavetank::control
