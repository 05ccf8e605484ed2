// Makes the claims of pods' generic ephemeral volumes. A claim goes with its pod, its owner. Source:
// kubernetes/pkg/controller/volume/ephemeral/controller.go, k8s.io/component-helpers/storage/ephemeral.

#include <fmt/format.h>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/model/doc.h"
#include "engine/state/volume_use.h"

namespace wavetank::control {
namespace {

using event::EventKind;
using event::PodId;
using model::Doc;
using model::Kind;

constexpr std::string_view kEphemeral = "ephemeral";

bool has_ephemeral(const model::PodSpec& spec) {
  for (const model::Volume& v : spec.volumes)
    if (v.source == kEphemeral) return true;
  return false;
}

class EphemeralVolumes final : public Controller {
 public:
  [[nodiscard]] std::string_view name() const override { return "ephemeral_volume"; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::ObjectCreated, EventKind::PodCreated, EventKind::PodMade,
                          EventKind::ObjectRemoved);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    if (const auto* removed = std::get_if<event::ObjectRemoved>(&event.payload)) {
      if (removed->ref.kind != Kind::PersistentVolumeClaim) return;
      // Somebody deleted it under its pod: it is made again.
      const Ref owner = view.header(removed->ref)->controller;
      if (owner.kind == Kind::Pod && owner.valid() && view.alive(owner)) keys.add(owner);
      return;
    }
    if (const auto* created = std::get_if<event::ObjectCreated>(&event.payload))
      if (created->kind != Kind::Pod) return;
    const PodId pod = pod_created_by(view->pods, event.seq);
    if (pod.valid() && has_ephemeral(view.pod_spec(pod).spec)) keys.add(pod);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const auto pod = key.as<PodId>();
    if (!view.pod_alive(pod) || view.pod_terminating(pod)) return;
    for (const model::Volume& v : view.pod_spec(pod).spec.volumes) {
      if (v.source != kEphemeral) continue;
      const std::string name = state::claim_name(v, view.pod_name(pod));
      const Ref claim = view.find(Kind::PersistentVolumeClaim, view.namespace_of(key), name);
      if (!claim.valid()) {
        plan.call(command::ApplyObject{model::to_json(claim_for(pod, v.name, name, view)),
                                       command::ApplyObject::Mode::Create});
      } else if (view.header(claim)->controller != key) {
        conflict(pod, v.name, name, view, plan);
        return;
      }
    }
  }

  void list(const ClusterView& view, KeySink& keys) override {
    for (std::size_t i = 0; i < view->pods.size(); ++i)
      if (view.pod_alive(PodId(i)) && has_ephemeral(view.pod_spec(PodId(i)).spec)) keys.add(PodId(i));
  }

  void on_refusal(Ref key, const Plan::Call& refused, const command::Rejection& rejection, const ClusterView& view,
                  Plan& plan) override {
    const auto* create = std::get_if<command::ApplyObject>(&refused.payload);
    if (create == nullptr || !view.alive(key)) return;
    const auto doc = model::parse_json(create->doc, "claim");
    if (!doc) return;
    const std::string name(doc->at({"metadata", "name"})->text);
    const std::string volume = name.substr(std::min(name.size(), view.pod_name(key.as<PodId>()).size() + 1));
    plan.call(command::RecordEvent{
        {key, true, "FailedBinding",
         fmt::format("ephemeral volume {}: create PVC {}: {}", volume, name, rejection.message), "ephemeral_volume"}});
  }

 private:
  static void conflict(PodId pod, const std::string& volume, const std::string& claim, const ClusterView& view,
                       Plan& plan) {
    const std::string_view ns = view.namespace_of(Ref(pod));
    plan.call(command::RecordEvent{
        {Ref(pod), true, "FailedBinding",
         fmt::format("ephemeral volume {}: PVC {}/{} was not created for pod {}/{} (pod is not owner)", volume, ns,
                     claim, ns, view.pod_name(pod)),
         "ephemeral_volume"}});
    plan.fail();
  }

  static Doc claim_for(PodId pod, const std::string& volume, const std::string& name, const ClusterView& view) {
    Doc doc = Doc::object();
    doc["apiVersion"] = Doc::string("v1");
    doc["kind"] = Doc::string("PersistentVolumeClaim");
    Doc& meta = doc["metadata"];
    meta["name"] = Doc::string(name);
    meta["namespace"] = Doc::string(view.namespace_of(Ref(pod)));
    const auto tmpl = model::parse_json(view.pod_template(view->pods.tmpl[pod.index()]).doc, "template");
    const Doc* volumes = tmpl ? tmpl->at({"spec", "volumes"}) : nullptr;
    for (std::size_t i = 0; volumes != nullptr && i < volumes->items.size(); ++i) {
      if (volumes->items[i].string_or("name") != volume) continue;
      const Doc* claim = volumes->items[i].at({"ephemeral", "volumeClaimTemplate"});
      if (claim == nullptr) break;
      for (const char* key : {"annotations", "labels"})
        if (const Doc* map = claim->at({"metadata", key}); map != nullptr) meta[key] = *map;
      if (const Doc* spec = claim->find("spec"); spec != nullptr) doc["spec"] = *spec;
    }
    Doc owner = Doc::object();
    owner["apiVersion"] = Doc::string("v1");
    owner["kind"] = Doc::string("Pod");
    owner["name"] = Doc::string(view.pod_name(pod));
    owner["uid"] = Doc::string(view.uid(Ref(pod)));
    owner["controller"] = Doc::boolean(true);
    owner["blockOwnerDeletion"] = Doc::boolean(true);
    meta["ownerReferences"] = Doc::array();
    meta["ownerReferences"].items.push_back(std::move(owner));
    return doc;
  }
};

}  // namespace

std::unique_ptr<Controller> make_ephemeral_volume_controller() { return std::make_unique<EphemeralVolumes>(); }

}  // namespace wavetank::control
