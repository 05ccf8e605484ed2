// The attach/detach controller: one VolumeAttachment for each volume and node that has to have it. The driver's
// attacher (of the world) does the rest and reports status.attached. Source:
// kubernetes/pkg/controller/volume/attachdetach (reconciler.go, util/util.go), pkg/volume/csi/csi_attacher.go,
// https://kubernetes.io/docs/concepts/architecture/nodes/#non-graceful-node-shutdown
//
// Keys are volumes. Kubernetes looks at all of them ten times a second; here a key wakes with what may change it. What
// Kubernetes keeps in memory, since when a volume waits to be detached, is a fact here (VolumeDetachRequested), so that
// the six minutes outlive a restart. What is in memory here as there: which Multi-Attach errors have been told.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/control/controllers.h"
#include "engine/control/lookup.h"
#include "engine/model/doc.h"
#include "engine/state/volume_use.h"

namespace wavetank::control {
namespace {

using base::SimTime;
using event::EventKind;
using event::NodeId;
using event::PodId;
using event::PvId;
using event::VolumeAttachmentId;
using model::Doc;
using model::Kind;

constexpr std::string_view kOutOfService = "node.kubernetes.io/out-of-service";

bool is_healthy(const state::NodeRow& node) {
  const auto& ready = node.conditions[static_cast<std::size_t>(event::NodeConditionType::Ready)];
  return node.header.alive && ready.status == event::ConditionStatus::True;
}

bool out_of_service(const state::NodeRow& node) {
  return std::any_of(node.spec.taints.begin(), node.spec.taints.end(),
                     [](const model::Taint& t) { return t.key == kOutOfService; });
}

/// "external-attacher/" and the driver's name with '-' for what may not stand in a finalizer
/// (external-attacher, GetFinalizerName).
std::string attacher_finalizer(std::string_view driver) {
  std::string out = "external-attacher/";
  for (const char c : driver) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    out.push_back(plain ? c : '-');
  }
  return out;
}

/// A node that has to have the volume, and the pods there that use it.
struct Wanted {
  NodeId node;
  std::vector<PodId> pods;
};

class AttachDetach final : public Controller {
 public:
  explicit AttachDetach(const Settings& settings) : max_wait_(settings.max_wait_for_unmount) {}

  [[nodiscard]] std::string_view name() const override { return "attachdetach-controller"; }
  [[nodiscard]] int workers() const override { return 10; }
  [[nodiscard]] event::KindMask wakes_on() const override {
    return event::mask_of(EventKind::PodBound, EventKind::PodRemoved, EventKind::PodPhaseChanged, EventKind::PodFailed,
                          EventKind::ObjectUpdated, EventKind::ObjectRemoved, EventKind::VolumeAttachmentChanged,
                          EventKind::VolumeInUseChanged, EventKind::NodeTaintsChanged, EventKind::NodeConditionChanged);
  }

  void observe(const event::Event& event, const ClusterView& view, KeySink& keys) override {
    std::visit([&](const auto& e) { on(e, view, keys); }, event.payload);
  }

  void reconcile(Ref key, const ClusterView& view, Plan& plan) override {
    const auto pv = key.as<PvId>();
    const std::vector<Wanted> wanted = wanted_nodes(pv, view);
    forget_errors(pv, wanted);
    detach(pv, wanted, view, plan);
    if (!view.alive(key)) return;
    const state::Disk disk = state::disk_of(view, pv);
    if (disk.valid()) attach(pv, disk, wanted, view, plan);
  }

  void list(const ClusterView& view, KeySink& keys) override { add_alive<PvId>(view->persistent_volumes, keys); }

 private:
  // ---- Keys ----

  template <class E>
  void on(const E&, const ClusterView&, KeySink&) {}

  void on(const event::PodBound& e, const ClusterView& view, KeySink& keys) { add_pod(e.pod, view, keys); }
  void on(const event::PodRemoved& e, const ClusterView& view, KeySink& keys) { add_pod(e.pod, view, keys); }
  void on(const event::PodPhaseChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.phase == event::Phase::Succeeded || e.phase == event::Phase::Failed) add_pod(e.pod, view, keys);
  }
  void on(const event::PodFailed& e, const ClusterView& view, KeySink& keys) { add_pod(e.pod, view, keys); }
  void on(const event::ObjectUpdated& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::PersistentVolume) keys.add(e.ref);
    if (e.ref.kind != Kind::PersistentVolumeClaim || !view.alive(e.ref)) return;
    const PvId pv = state::volume_of(view, e.ref.as<event::PvcId>());
    if (pv.valid()) keys.add(pv);
  }
  void on(const event::ObjectRemoved& e, const ClusterView& view, KeySink& keys) {
    if (e.ref.kind == Kind::VolumeAttachment) add_volume(e.ref.as<VolumeAttachmentId>(), view, keys);
    if (e.ref.kind == Kind::Node) add_waiting(view.bare_name(e.ref), view, keys);
  }
  void on(const event::VolumeAttachmentChanged& e, const ClusterView& view, KeySink& keys) {
    add_volume(e.id, view, keys);
  }
  void on(const event::VolumeInUseChanged& e, const ClusterView&, KeySink& keys) { keys.add(e.volume); }
  void on(const event::NodeTaintsChanged& e, const ClusterView& view, KeySink& keys) {
    if (out_of_service(view.node(e.node))) add_waiting(view.bare_name(Ref(e.node)), view, keys);
  }
  void on(const event::NodeConditionChanged& e, const ClusterView& view, KeySink& keys) {
    if (e.type == event::NodeConditionType::Ready) add_waiting(view.bare_name(Ref(e.node)), view, keys);
  }

  static void add_pod(PodId pod, const ClusterView& view, KeySink& keys) {
    if (!state::has_claims(view.pod_spec(pod).spec)) return;
    for (const PvId pv : state::volumes_of_pod(view, pod)) keys.add(pv);
    // The claim of an ephemeral volume may go together with its pod: its volume is found by what is attached there.
    const NodeId node = view.pod_node(pod);
    if (!view.pod_alive(pod) && node.valid())
      for (const PvId pv : view.node(node).volumes_in_use) keys.add(pv);
  }
  static void add_volume(VolumeAttachmentId id, const ClusterView& view, KeySink& keys) {
    const Ref pv = view.find(Kind::PersistentVolume, "", view.volume_attachment(id).spec.volume_name);
    if (pv.valid()) keys.add(pv);
  }
  /// The volumes that a node may be keeping from others. O(attachments).
  static void add_waiting(std::string_view node, const ClusterView& view, KeySink& keys) {
    for (std::size_t i = 0; i < view->volume_attachments.size(); ++i) {
      const state::VolumeAttachmentRow& row = view->volume_attachments[i];
      if (row.header.alive && row.spec.node_name == node) add_volume(VolumeAttachmentId(i), view, keys);
    }
  }

  // ---- What should be, and what is ----

  static std::vector<Wanted> wanted_nodes(PvId pv, const ClusterView& view) {
    std::vector<Wanted> out;
    for (const PodId pod : state::pods_of_volume(view, pv)) {
      if (!state::holds_volumes(view, pod)) continue;
      const NodeId node = view.pod_node(pod);
      if (!view.node(node).header.alive) continue;
      const auto at = std::find_if(out.begin(), out.end(), [&](const Wanted& w) { return w.node == node; });
      if (at == out.end()) {
        out.push_back({node, {pod}});
      } else {
        at->pods.push_back(pod);
      }
    }
    return out;
  }

  static const Wanted* find(const std::vector<Wanted>& wanted, std::string_view node, const ClusterView& view) {
    for (const Wanted& w : wanted)
      if (view.bare_name(Ref(w.node)) == node) return &w;
    return nullptr;
  }

  static bool mounted(PvId pv, Ref node, const ClusterView& view) {
    if (!node.valid()) return false;
    const std::vector<PvId>& in_use = view.node(node.as<NodeId>()).volumes_in_use;
    return std::find(in_use.begin(), in_use.end(), pv) != in_use.end();
  }

  // ---- Detaching comes first: a volume that moves has to leave before it can arrive ----

  void detach(PvId pv, const std::vector<Wanted>& wanted, const ClusterView& view, Plan& plan) const {
    for (const VolumeAttachmentId id : view.persistent_volume(pv).attachments) {
      const state::VolumeAttachmentRow& row = view.volume_attachment(id);
      if (row.header.terminating()) continue;
      const bool waits = row.detach_requested != SimTime::never();
      if (find(wanted, row.spec.node_name, view) != nullptr) {
        if (waits) plan.call(command::RequestDetach{{id, false}});
        continue;
      }
      const Ref node = view.find(Kind::Node, "", row.spec.node_name);
      const bool gone = !node.valid();
      const bool given_up = !gone && out_of_service(view.node(node.as<NodeId>()));
      const bool healthy = !gone && is_healthy(view.node(node.as<NodeId>()));
      const bool in_use = mounted(pv, node, view);
      if (!row.attached || !in_use || given_up) {
        release(id, plan);
      } else if (!waits) {
        plan.call(command::RequestDetach{{id, true}});
        plan.requeue_at(view.now() + max_wait_);
      } else if (view.now() < row.detach_requested + max_wait_) {
        plan.requeue_at(row.detach_requested + max_wait_);
      } else if (!healthy) {
        release(id, plan);  // by force
      }
    }
  }

  static void release(VolumeAttachmentId id, Plan& plan) {
    plan.call(command::DeleteObject{Ref(id), event::Propagation::Background, {}}, 0, true);
  }

  // ---- Attaching ----

  void attach(PvId pv, const state::Disk& disk, const std::vector<Wanted>& wanted, const ClusterView& view,
              Plan& plan) {
    const state::PersistentVolumeRow& row = view.persistent_volume(pv);
    const bool many = state::may_attach_to_many(row.spec);
    bool under_way = false;
    std::vector<std::string> others;
    for (const VolumeAttachmentId id : row.attachments) {
      const state::VolumeAttachmentRow& a = view.volume_attachment(id);
      under_way = under_way || a.header.terminating() || !a.attached;
      others.push_back(a.spec.node_name);
    }
    for (const Wanted& w : wanted) {
      const std::string node(view.bare_name(Ref(w.node)));
      if (std::find(others.begin(), others.end(), node) != others.end()) continue;
      if (!many && under_way) return;  // one operation of a volume at a time
      if (!many && !others.empty()) {
        report_multi_attach(pv, w, wanted, others, view, plan);
        continue;
      }
      plan.call(
          command::ApplyObject{model::to_json(attachment(pv, disk, node, view)), command::ApplyObject::Mode::Create}, 0,
          true);
      others.push_back(node);
      under_way = true;
    }
  }

  static Doc attachment(PvId pv, const state::Disk& disk, const std::string& node, const ClusterView& view) {
    Doc doc = Doc::object();
    doc["apiVersion"] = Doc::string("storage.k8s.io/v1");
    doc["kind"] = Doc::string("VolumeAttachment");
    Doc& meta = doc["metadata"];
    meta["name"] = Doc::string(state::attachment_name(disk, node));
    // The attacher writes it before it attaches.
    meta["finalizers"] = Doc::array();
    meta["finalizers"].items.push_back(Doc::string(attacher_finalizer(disk.driver)));
    Doc& spec = doc["spec"];
    spec["attacher"] = Doc::string(disk.driver);
    spec["nodeName"] = Doc::string(node);
    spec["source"]["persistentVolumeName"] = Doc::string(view.bare_name(Ref(pv)));
    return doc;
  }

  /// reportMultiAttachError: once for each node that waits. Pods in other namespaces are counted, not named.
  void report_multi_attach(PvId pv, const Wanted& w, const std::vector<Wanted>& wanted,
                           const std::vector<std::string>& others, const ClusterView& view, Plan& plan) {
    if (!told_.insert({pv.value, w.node.value}).second) return;
    std::vector<PodId> users;
    for (const std::string& node : others) {
      const Wanted* there = find(wanted, node, view);
      if (there != nullptr) users.insert(users.end(), there->pods.begin(), there->pods.end());
    }
    for (const PodId pod : w.pods) {
      std::string local;
      std::size_t elsewhere = 0;
      for (const PodId user : users) {
        if (view.pod_ns(user) != view.pod_ns(pod)) {
          ++elsewhere;
        } else {
          local += (local.empty() ? "" : ", ") + std::string(view.pod_name(user));
        }
      }
      std::string what = "Volume is already exclusively attached to one node and can't be attached to another";
      if (!local.empty()) {
        what = "Volume is already used by pod(s) " + local;
        if (elsewhere > 0) what += fmt::format(" and {} pod(s) in different namespaces", elsewhere);
      } else if (elsewhere > 0) {
        what = fmt::format("Volume is already used by {} pod(s) in different namespaces", elsewhere);
      }
      plan.call(
          command::RecordEvent{{Ref(pod), true, "FailedAttachVolume",
                                fmt::format("Multi-Attach error for volume \"{}\" {}", view.bare_name(Ref(pv)), what),
                                "attachdetach-controller"}});
    }
  }

  /// What is wanted no longer may be told again later.
  void forget_errors(PvId pv, const std::vector<Wanted>& wanted) {
    const auto first = told_.lower_bound({pv.value, 0});
    for (auto at = first; at != told_.end() && at->first == pv.value;) {
      const bool still =
          std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) { return w.node.value == at->second; });
      at = still ? std::next(at) : told_.erase(at);
    }
  }

  base::Duration max_wait_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_;  // volume, node
};

}  // namespace

std::unique_ptr<Controller> make_attach_detach_controller(const Settings& settings) {
  return std::make_unique<AttachDetach>(settings);
}

}  // namespace wavetank::control
