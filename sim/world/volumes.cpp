// Volumes of claims: the drivers' attachers and detachers, and what the node agent does before a pod's sandbox and
// after its containers. Source: pkg/kubelet/volumemanager (populator, reconciler, WaitForAttachAndMount), volumesInUse
// in pkg/kubelet/nodestatus/setters.go, external-attacher.
//
// The node agent reports a volume in use with one of its status updates (kubelet.status_period) before it mounts it,
// and takes it off with one after it has unmounted it. That is what keeps the attach/detach controller from pulling a
// disk away under a pod, and what makes pods with disks slower to start than one would think.
#include <algorithm>

#include "engine/model/doc.h"
#include "engine/state/volume_use.h"
#include "sim/world/impl.h"

namespace wavetank::world {

using event::PvId;
using event::VolumeAttachmentId;
using model::Doc;
using model::Kind;

namespace {

bool contains(const std::vector<PvId>& list, PvId pv) { return std::find(list.begin(), list.end(), pv) != list.end(); }

/// Why a pod cannot have its claims; empty when all of them are bound.
std::string claims_missing(PodId pod, const ClusterView& view) {
  for (const model::Volume& v : view.pod_spec(pod).spec.volumes) {
    const std::string name = state::claim_name(v, view.pod_name(pod));
    if (name.empty()) continue;
    const event::PvcId claim = state::claim_of_volume(view, pod, v);
    std::string why;
    if (!claim.valid()) {
      why = "failed to fetch PVC from API server: persistentvolumeclaims \"" + name + "\" not found";
    } else if (view.claim(claim).header.terminating()) {
      why = "PVC is being deleted";
    } else if (view.claim(claim).spec.phase != "Bound" || !state::volume_of(view, claim).valid()) {
      why = "PVC is not bound";
    }
    if (why.empty()) continue;
    return "Unable to attach or mount volumes: unmounted volumes=[" + v.name +
           "], unattached volumes=[], failed to process volumes=[" + v.name + "]: error processing PVC " +
           std::string(view.namespace_of(event::Ref(pod))) + "/" + name + ": " + why;
  }
  return {};
}

}  // namespace

// ---- Drivers: attaching and detaching
// ---------------------------------------------------------------------------------------------

void SimWorld::Impl::attachment_made(VolumeAttachmentId id, const ClusterView& view) {
  const std::string_view name = view.bare_name(event::Ref(id));
  const SimTime at = now + spread(params.get(Param::VolumeAttachTime), attach_stream.of(name), 0);
  timers.push(at, 0, static_cast<std::uint16_t>(Step::VolumeAttached), id.value);
}

void SimWorld::Impl::attachment_ending(VolumeAttachmentId id, const ClusterView& view) {
  const std::string_view name = view.bare_name(event::Ref(id));
  const SimTime at = now + spread(params.get(Param::VolumeDetachTime), attach_stream.of(name), 1);
  timers.push(at, 0, static_cast<std::uint16_t>(Step::VolumeDetached), id.value);
}

void SimWorld::Impl::attachment_due(VolumeAttachmentId id, bool attach, const ClusterView& view) {
  const state::VolumeAttachmentRow& row = view.volume_attachment(id);
  if (!row.header.alive) return;
  if (view->component_down[static_cast<std::size_t>(event::Component::ApiServer)]) {
    // The attacher cannot say what it did, and tries again.
    const Step step = attach ? Step::VolumeAttached : Step::VolumeDetached;
    return timers.push(now + base::seconds(1), 0, static_cast<std::uint16_t>(step), id.value);
  }
  if (attach) {
    if (!row.header.terminating() && !row.attached)
      emit(row.header.created_seq, command::ReportVolumeAttached{{id, true, ""}});
    return;
  }
  Doc patch = Doc::object();
  patch["metadata"]["finalizers"] = Doc();
  emit(row.header.deletion_seq, command::PatchObject{event::Ref(id), model::to_json(patch), 0});
}

// ---- The node agent
// ---------------------------------------------------------------------------------------------------------------

VolumePod* SimWorld::Impl::volume_pod(PodId pod) {
  const auto at = std::lower_bound(volume_pods.begin(), volume_pods.end(), pod,
                                   [](const VolumePod& v, PodId p) { return v.pod < p; });
  return at == volume_pods.end() || at->pod != pod ? nullptr : &*at;
}

/// The next status update of the node's agent at or after `t`.
SimTime SimWorld::Impl::status_update(NodeId node, SimTime t) {
  const Duration period = params.duration(Param::KubeletStatusPeriod);
  const NodeSlot& slot = node_slot(node);
  if (period.ns <= 0 || !slot.heartbeats || t <= slot.heartbeats_began) return t;
  return slot.heartbeats_began + period * (((t - slot.heartbeats_began).ns + period.ns - 1) / period.ns);
}

/// The pod's sandbox waits until its volumes are mounted.
void SimWorld::Impl::begin_volumes(PodId pod, NodeId node, const ClusterView& view) {
  const auto at = std::lower_bound(volume_pods.begin(), volume_pods.end(), pod,
                                   [](const VolumePod& v, PodId p) { return v.pod < p; });
  VolumePod fresh;
  fresh.pod = pod;
  fresh.node = node;
  if (at == volume_pods.end() || at->pod != pod) {
    volume_pods.insert(at, fresh);
  } else {
    *at = fresh;
  }
  // A pod without attachable volumes needs no report, but looking costs nothing.
  try_mount(pod, view);
}

void SimWorld::Impl::try_mount(PodId pod, const ClusterView& view) {
  VolumePod* entry = volume_pod(pod);
  if (entry == nullptr || entry->stage != VolumePod::Stage::Waiting || !view.pod_alive(pod)) return;
  if (!node_slot(entry->node).agent_up || pods[pod.index()].stage != Stage::SettingUp) return;
  const std::string missing = claims_missing(pod, view);
  if (!missing.empty()) {
    if (!entry->told) {
      entry->told = true;
      set_pod(reported(now), Step::TellMissing, pod);
    }
    return;
  }
  entry->volumes = state::volumes_of_pod(view, pod);
  const state::NodeRow& node = view.node(entry->node);
  bool ready = true, reported_all = true;
  for (const PvId pv : entry->volumes) {
    if (!state::disk_of(view, pv).valid()) continue;
    if (!contains(node.volumes_in_use, pv)) reported_all = false;
    bool attached = false;
    for (const VolumeAttachmentId id : view.persistent_volume(pv).attachments) {
      const state::VolumeAttachmentRow& a = view.volume_attachment(id);
      attached = attached || (a.attached && !a.header.terminating() && a.spec.node_name == view.text(node.header.name));
    }
    ready = ready && attached;
  }
  if (!reported_all)
    set_node(status_update(entry->node, std::max(now, pods[pod.index()].taken_up)), Step::ReportInUse, entry->node);
  if (!ready || !reported_all) return;
  entry->stage = VolumePod::Stage::Mounting;
  const SimTime from = std::max(now + sync_latency, pods[pod.index()].taken_up);
  set_pod(
      from + spread(params.get(Param::VolumeMountTime), mount_stream.of(view.pod_name(pod)), pods[pod.index()].life),
      Step::VolumesMounted, pod);
}

void SimWorld::Impl::volumes_mounted(PodId pod, const ClusterView& view) {
  VolumePod* entry = volume_pod(pod);
  if (entry == nullptr) return;
  entry->stage = VolumePod::Stage::Mounted;
  PodSlot& slot = pods[pod.index()];
  // What led to it last: the attachment, not the binding, where there was one to wait for.
  for (const PvId pv : entry->volumes)
    for (const VolumeAttachmentId id : view.persistent_volume(pv).attachments)
      slot.cause = std::max(slot.cause, view.volume_attachment(id).changed_seq);
  for (std::uint32_t c = 0; c < slot.count; ++c) container(pod, c).cause = slot.cause;
  set_up_sandbox(pod, now, view);
  for (const model::Volume& v : view.pod_spec(pod).spec.volumes) {
    const event::PvcId claim = state::claim_of_volume(view, pod, v);
    if (claim.valid()) grow_file_system(claim, pod, view);
  }
}

/// Its containers have stopped. `at`: when its volumes are unmounted.
void SimWorld::Impl::end_volumes(PodId pod, SimTime at) {
  VolumePod* entry = volume_pod(pod);
  if (entry == nullptr) return;
  if (!node_slot(entry->node).agent_up) {
    entry->over = true;  // when it is back
    return;
  }
  entry->stage = VolumePod::Stage::Unmounted;
  set_node(status_update(entry->node, at), Step::ReportInUse, entry->node);
}

Duration SimWorld::Impl::unmount_time(PodId pod) {
  const VolumePod* entry = volume_pod(pod);
  const bool mounted = entry != nullptr && entry->stage == VolumePod::Stage::Mounted;
  return mounted ? params.duration(Param::VolumeUnmountTime) : Duration{};
}

/// A status update of the node: the volumes in use are those of its pods that are not yet unmounted.
void SimWorld::Impl::report_in_use(NodeId node, const ClusterView& view) {
  std::vector<PvId> wanted;
  for (const VolumePod& v : volume_pods) {
    if (v.node != node || v.stage == VolumePod::Stage::Unmounted) continue;
    for (const PvId pv : v.volumes)
      if (!contains(wanted, pv) && state::disk_of(view, pv).valid()) wanted.push_back(pv);
  }
  std::sort(wanted.begin(), wanted.end());
  const std::vector<PvId>& now_in_use = view.node(node).volumes_in_use;
  const Seq cause = node_slot(node).cause;
  for (const PvId pv : now_in_use)
    if (!contains(wanted, pv)) emit(cause, command::ReportVolumeInUse{{node, pv, false}});
  for (const PvId pv : wanted)
    if (!contains(now_in_use, pv)) emit(cause, command::ReportVolumeInUse{{node, pv, true}});
  const auto over = [&](const VolumePod& v) { return v.node == node && v.stage == VolumePod::Stage::Unmounted; };
  volume_pods.erase(std::remove_if(volume_pods.begin(), volume_pods.end(), over), volume_pods.end());
}

/// After a reboot nothing is mounted.
void SimWorld::Impl::forget_mounts(NodeId node) {
  const auto there = [&](const VolumePod& v) { return v.node == node; };
  volume_pods.erase(std::remove_if(volume_pods.begin(), volume_pods.end(), there), volume_pods.end());
}

/// The agent is back: what it should have mounted, and what it holds for nobody.
void SimWorld::Impl::look_at_volumes(NodeId node, const ClusterView& view) {
  bool any = !view.node(node).volumes_in_use.empty();
  std::vector<PodId> waiting;
  for (VolumePod& v : volume_pods) {
    if (v.node != node) continue;
    any = true;
    if (v.over || !view.pod_alive(v.pod)) {
      v.stage = VolumePod::Stage::Unmounted;
    } else if (v.stage == VolumePod::Stage::Waiting) {
      waiting.push_back(v.pod);
    }
  }
  for (const PodId pod : waiting) try_mount(pod, view);
  if (any) set_node(now, Step::ReportInUse, node);
}

/// Something that pods may wait for has come: an attachment (`node` tells where), a binding, a report.
void SimWorld::Impl::retry_mounts(NodeId node, const ClusterView& view) {
  std::vector<PodId> waiting;
  for (const VolumePod& v : volume_pods)
    if (v.stage == VolumePod::Stage::Waiting && (!node.valid() || v.node == node)) waiting.push_back(v.pod);
  for (const PodId pod : waiting) try_mount(pod, view);
}

void SimWorld::Impl::volume_fact(const event::Event& event, const ClusterView& view) {
  if (const auto* in_use = std::get_if<event::VolumeInUseChanged>(&event.payload)) {
    if (in_use->in_use) retry_mounts(in_use->node, view);
    return;
  }
  const auto& e = std::get<event::VolumeAttachmentChanged>(event.payload);
  const event::Ref node = view.find(Kind::Node, "", view.volume_attachment(e.id).spec.node_name);
  if (e.attached && node.valid()) retry_mounts(node.as<NodeId>(), view);
}

// ---- File systems that grow with their volume
// -------------------------------------------------------------------------------------

/// The volume has become larger, and the pod has it mounted: its file system follows.
void SimWorld::Impl::grow_file_system(event::PvcId claim, PodId pod, const ClusterView& view) {
  if (view.claim(claim).header.doc.find("FileSystemResizePending") == std::string::npos) return;
  const VolumePod* entry = volume_pod(pod);
  if (entry == nullptr || entry->stage != VolumePod::Stage::Mounted) return;
  timers.push(std::max(now, now + params.duration(Param::VolumeMountTime)), 0,
              static_cast<std::uint16_t>(Step::FileSystemGrown), claim.value, pod.value);
}

void SimWorld::Impl::file_system_grown(event::PvcId claim, PodId pod, const ClusterView& view) {
  if (!view.alive(event::Ref(claim)) || !view.pod_alive(pod)) return;
  if (view.claim(claim).header.doc.find("FileSystemResizePending") == std::string::npos) return;
  const PvId pv = state::volume_of(view, claim);
  if (!pv.valid() || !node_slot(view.pod_node(pod)).agent_up) return;
  const std::int64_t bytes = view.persistent_volume(pv).spec.capacity;
  const bool binary = bytes % 1024 == 0;
  Doc patch = Doc::object();
  Doc& status = patch["status"];
  status["capacity"]["storage"] = Doc::string(
      base::Quantity(bytes, binary ? base::Quantity::Format::BinarySI : base::Quantity::Format::DecimalSI).text());
  status["conditions"] = Doc();
  status["allocatedResourceStatuses"] = Doc();
  const Seq cause = view.claim(claim).header.version;
  emit(cause, command::PatchObject{event::Ref(claim), model::to_json(patch), 0});
  emit(cause, command::RecordEvent{{event::Ref(pod), false, "FileSystemResizeSuccessful",
                                    "MountVolume.NodeExpandVolume succeeded for volume \"" +
                                        std::string(view.bare_name(event::Ref(pv))) + "\"",
                                    "kubelet"}});
}

void SimWorld::Impl::claim_changed(event::PvcId claim, const ClusterView& view) {
  retry_mounts(NodeId(), view);
  if (!view.alive(event::Ref(claim)) ||
      view.claim(claim).header.doc.find("FileSystemResizePending") == std::string::npos)
    return;
  for (const PodId pod : state::pods_of_claim(view, claim)) {
    const VolumePod* entry = volume_pod(pod);
    if (entry == nullptr || entry->stage != VolumePod::Stage::Mounted) continue;
    return grow_file_system(claim, pod, view);
  }
}

/// FailedMount: a pod that was bound without its claims.
void SimWorld::Impl::tell_missing(PodId pod, const ClusterView& view) {
  const std::string why = claims_missing(pod, view);
  if (why.empty() || !view.pod_alive(pod)) return;
  emit(pods[pod.index()].cause, command::RecordEvent{{event::Ref(pod), true, "FailedMount", why, "kubelet"}});
}

}  // namespace wavetank::world
