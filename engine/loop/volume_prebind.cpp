#include "engine/loop/volume_prebind.h"

#include <fmt/format.h>

#include "engine/model/doc.h"
#include "engine/schedule/volumes.h"

namespace wavetank::loop {
namespace {

using event::Ref;
using model::Doc;
using schedule::VolumeDecision;
using state::ClusterView;

/// volume.GetBindVolumeToClaim
Doc claim_ref_patch(const VolumeDecision::Static& s, const ClusterView& view) {
  const Ref claim(s.claim);
  const std::string& written = view.claim(s.claim).spec.uid;
  Doc patch = Doc::object();
  Doc& ref = patch["spec"]["claimRef"];
  ref["apiVersion"] = Doc::string("v1");
  ref["kind"] = Doc::string("PersistentVolumeClaim");
  ref["name"] = Doc::string(view.bare_name(claim));
  ref["namespace"] = Doc::string(view.namespace_of(claim));
  ref["uid"] = Doc::string(written.empty() ? view.uid(claim) : written);
  if (!view.is_bound_to(view.persistent_volume(s.volume).spec, s.claim))
    patch["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"] = Doc::string("yes");
  return patch;
}

/// Why the volume cannot be used on the pod's node; empty when it can.
std::string out_of_reach(event::PvId pv, event::NodeId node, const ClusterView& view) {
  if (schedule::node_affinity_fits(view.persistent_volume(pv).spec, view.node(node).labels)) return {};
  return fmt::format("pv \"{}\" node affinity doesn't match node \"{}\": no matching NodeSelectorTerms",
                     view.bare_name(Ref(pv)), view.bare_name(Ref(node)));
}

Bindings check_static(const VolumeDecision::Static& s, event::NodeId node, const ClusterView& view, std::string& why) {
  if (!view.alive(Ref(s.volume)) || !view.alive(Ref(s.claim))) {
    const Ref gone = view.alive(Ref(s.volume)) ? Ref(s.claim) : Ref(s.volume);
    why = fmt::format("failed to check binding: could not find object \"{}\"", view.bare_name(gone));
    return Bindings::Failed;
  }
  why = out_of_reach(s.volume, node, view);
  const auto& ref = view.persistent_volume(s.volume).spec.claim;
  if (why.empty() && (!ref || ref->uid.empty()))
    why = fmt::format("ClaimRef got reset for pv \"{}\"", view.bare_name(Ref(s.volume)));
  if (!why.empty()) return Bindings::Failed;
  return view.claim(s.claim).spec.fully_bound() ? Bindings::Bound : Bindings::Waiting;
}

Bindings check_provisioned(event::PvcId claim, event::NodeId node, const ClusterView& view, std::string& why) {
  const std::string_view name = view.bare_name(Ref(claim));
  if (!view.alive(Ref(claim))) {
    why = fmt::format("failed to check provisioning pvc: could not find v1.PersistentVolumeClaim \"{}/{}\"",
                      view.namespace_of(Ref(claim)), name);
    return Bindings::Failed;
  }
  const model::PersistentVolumeClaim& spec = view.claim(claim).spec;
  if (spec.selected_node.value_or("") != view.bare_name(Ref(node))) {
    why = fmt::format("provisioning failed for PVC \"{}\"", name);
    return Bindings::Failed;
  }
  if (!spec.volume_name.empty()) {
    const event::PvId pv = schedule::find_volume(view, spec.volume_name);
    if (!pv.valid()) return Bindings::Waiting;
    why = out_of_reach(pv, node, view);
    if (!why.empty()) return Bindings::Failed;
  }
  return spec.fully_bound() ? Bindings::Bound : Bindings::Waiting;
}

}  // namespace

command::Payload volume_call(const schedule::Decision& decision, std::size_t index, const ClusterView& view) {
  const auto& bind = decision.volumes.bind;
  if (index < bind.size())
    return command::PatchObject{Ref(bind[index].volume), model::to_json(claim_ref_patch(bind[index], view)), 0};
  Doc patch = Doc::object();
  patch["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] =
      Doc::string(view.bare_name(Ref(decision.node)));
  return command::PatchObject{Ref(decision.volumes.provision[index - bind.size()]), model::to_json(patch), 0};
}

std::string volume_conflict(const schedule::Decision& decision, std::size_t index, const ClusterView& view) {
  const auto& bind = decision.volumes.bind;
  const Ref object =
      index < bind.size() ? Ref(bind[index].volume) : Ref(decision.volumes.provision[index - bind.size()]);
  const char* resource = index < bind.size() ? "persistentvolumes" : "persistentvolumeclaims";
  if (!view.alive(object)) return fmt::format("{} \"{}\" not found", resource, view.bare_name(object));
  if (index >= bind.size()) return {};
  const model::PersistentVolume& v = view.persistent_volume(bind[index].volume).spec;
  if (!v.claim || view.is_bound_to(v, bind[index].claim)) return {};
  return fmt::format(
      "Operation cannot be fulfilled on {} \"{}\": the object has been modified; please apply your changes to the "
      "latest version and try again",
      resource, view.bare_name(object));
}

Bindings check_bindings(const schedule::Decision& decision, const ClusterView& view, std::string& why) {
  const auto failed = [&] {
    why = "binding volumes: " + why;
    return Bindings::Failed;
  };
  if (!view.pod_alive(decision.pod)) {
    why = fmt::format("pod does not exist any more: pod \"{}\" not found", view.pod_name(decision.pod));
    return failed();
  }
  if (!view.alive(Ref(decision.node))) {
    const std::string_view node = view.bare_name(Ref(decision.node));
    why = fmt::format("failed to get node \"{0}\": node \"{0}\" not found", node);
    return failed();
  }
  for (const VolumeDecision::Static& s : decision.volumes.bind) {
    const Bindings b = check_static(s, decision.node, view, why);
    if (b == Bindings::Failed) return failed();
    if (b == Bindings::Waiting) return b;
  }
  for (const event::PvcId claim : decision.volumes.provision) {
    const Bindings b = check_provisioned(claim, decision.node, view, why);
    if (b == Bindings::Failed) return failed();
    if (b == Bindings::Waiting) return b;
  }
  return Bindings::Bound;
}

std::string prebind_message(const std::string& why) { return "running PreBind plugin \"VolumeBinding\": " + why; }

}  // namespace wavetank::loop
