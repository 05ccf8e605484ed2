// Claims that ask for more than their volume has. Kubernetes leaves the work to the driver's external-resizer; here it
// is a model that takes `volume_resizing_time`, whatever the driver. File systems are grown by the node agent that has
// the volume mounted. Source: kubernetes/pkg/controller/volume/expand/expand_controller.go, external-resizer v1.14,
// KEP-1790 (allocatedResources, allocatedResourceStatuses).

#include <fmt/format.h>

#include "engine/base/quantity.h"
#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/model/doc.h"
#include "engine/state/volume_use.h"

namespace wavetank::control {
namespace {

using base::SimTime;
using event::EventKind;
using event::PvcId;
using event::PvId;
using model::Doc;
using model::Kind;

std::string size_text(std::int64_t bytes) {
  const bool binary = bytes % 1024 == 0;
  return base::Quantity(bytes, binary ? base::Quantity::Format::BinarySI : base::Quantity::Format::DecimalSI).text();
}

class VolumeExpand final : public Controller {
 public:
  explicit VolumeExpand(const Settings& settings) : resizing_time_(settings.volume_resizing_time) {}

  [[nodiscard]] std::string_view name() const override { return "volume_expand"; }
  [[nodiscard]] event::KindMask wakes_on() const override { return event::mask_of(EventKind::ObjectUpdated); }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    const Ref ref = std::get<event::ObjectUpdated>(event.payload).ref;
    if (ref.kind == Kind::PersistentVolumeClaim && view.alive(ref) && wants(ref.as<PvcId>(), view)) keys.add(ref);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const auto id = key.as<PvcId>();
    if (!view.alive(key) || !wants(id, view)) return;
    const state::ClaimRow& row = view.claim(id);
    const PvId pv = state::volume_of(view, id);
    if (row.header.doc.find("ControllerResizeInProgress") == std::string::npos) return begin(id, pv, view, plan);
    const SimTime due = row.changed + resizing_time_;
    if (view.now() < due) return plan.requeue_at(due);
    end(id, pv, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->claims.size(); ++i)
      if (view->claims[i].header.alive && wants(PvcId(i), view)) keys.add(PvcId(i));
  }

 private:
  static bool wants(PvcId id, const ClusterView& view) {
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    if (claim.phase != "Bound") return false;
    const PvId pv = state::volume_of(view, id);
    return pv.valid() && view.persistent_volume(pv).spec.capacity < claim.request;
  }

  static Doc condition(const char* type, std::string_view message) {
    Doc c = Doc::object();
    c["type"] = Doc::string(type);
    c["status"] = Doc::string("True");
    if (!message.empty()) c["message"] = Doc::string(message);
    Doc list = Doc::array();
    list.items.push_back(std::move(c));
    return list;
  }

  static void patch(Plan& plan, Ref ref, const Doc& doc) {
    plan.call(command::PatchObject{ref, model::to_json(doc), 0});
  }

  static void begin(PvcId id, PvId pv, const ClusterView& view, Plan& plan) {
    Doc doc = Doc::object();
    Doc& status = doc["status"];
    status["conditions"] = condition("Resizing", "");
    status["allocatedResources"]["storage"] = Doc::string(size_text(view.claim(id).spec.request));
    status["allocatedResourceStatuses"]["storage"] = Doc::string("ControllerResizeInProgress");
    patch(plan, Ref(id), doc);
    plan.also(command::RecordEvent{{Ref(id), false, "ExternalExpanding",
                                    "waiting for an external controller to expand this PVC", "volume_expand"}});
    plan.also(command::RecordEvent{{Ref(id), false, "Resizing",
                                    fmt::format("External resizer is resizing volume {}", view.bare_name(Ref(pv))),
                                    resizer(pv, view)}});
  }

  static void end(PvcId id, PvId pv, const ClusterView& view, Plan& plan) {
    const model::PersistentVolumeClaim& claim = view.claim(id).spec;
    const std::string size = size_text(claim.request);
    Doc volume = Doc::object();
    volume["spec"]["capacity"]["storage"] = Doc::string(size);
    patch(plan, Ref(pv), volume);
    Doc doc = Doc::object();
    Doc& status = doc["status"];
    if (claim.block) {
      status["capacity"]["storage"] = Doc::string(size);
      status["conditions"] = Doc();
      status["allocatedResourceStatuses"] = Doc();
    } else {
      status["conditions"] =
          condition("FileSystemResizePending",
                    "Waiting for user to (re-)start a pod to finish file system resize of volume on node.");
      status["allocatedResourceStatuses"]["storage"] = Doc::string("NodeResizePending");
    }
    patch(plan, Ref(id), doc);
    if (claim.block) {
      plan.also(command::RecordEvent{
          {Ref(id), false, "VolumeResizeSuccessful", "Resize volume succeeded", resizer(pv, view)}});
    } else {
      plan.also(command::RecordEvent{{Ref(id), false, "FileSystemResizeRequired",
                                      "Require file system resize of volume on node", resizer(pv, view)}});
    }
  }

  static std::string resizer(PvId pv, const ClusterView& view) {
    return "external-resizer " + view.persistent_volume(pv).spec.source.group;
  }

  base::Duration resizing_time_;
};

}  // namespace

std::unique_ptr<Controller> make_volume_expand_controller(const Settings& settings) {
  return std::make_unique<VolumeExpand>(settings);
}

}  // namespace wavetank::control
