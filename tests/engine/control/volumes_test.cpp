// Volumes: attaching and detaching, claims of ephemeral volumes, protection, growth. One sync a row; calls as text.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <functional>
#include <memory>

#include "engine/control/controllers.h"
#include "engine/model/doc.h"
#include "engine/state/volume_use.h"
#include "tests/support/given.h"

using namespace wavetank;
using base::minutes;
using base::seconds;
using event::NodeConditionType;
using event::PvId;
using event::VolumeAttachmentId;
using model::Kind;

namespace {

std::string call_text(const command::Payload& payload, const state::ClusterView& view) {
  if (const auto* c = std::get_if<command::ApplyObject>(&payload)) {
    const auto doc = model::parse_json(c->doc, "call");
    const model::Doc* node = doc->at({"spec", "nodeName"});
    return fmt::format("create {} {}", doc->string_or("kind"),
                       node != nullptr ? node->text : doc->at({"metadata", "name"})->text);
  }
  if (const auto* c = std::get_if<command::DeleteObject>(&payload)) {
    if (c->ref.kind == Kind::VolumeAttachment)
      return "detach " + view.volume_attachment(c->ref.as<VolumeAttachmentId>()).spec.node_name;
    return fmt::format("delete {}", view.bare_name(c->ref));
  }
  if (const auto* c = std::get_if<command::RequestDetach>(&payload)) return c->fact.requested ? "wait" : "wait no more";
  if (const auto* c = std::get_if<command::RecordEvent>(&payload))
    return fmt::format("{} {}: {}", view.bare_name(c->fact.ref), c->fact.reason, c->fact.message);
  if (const auto* c = std::get_if<command::PatchObject>(&payload))
    return fmt::format("patch {} {}", view.bare_name(c->ref), c->patch);
  return "other";
}

struct Rig : support::Cluster {
  explicit Rig(std::unique_ptr<control::Controller> c) : controller(std::move(c)) {}

  /// Calls of one sync, granted at once.
  std::string sync(event::Ref key, base::Seq cause = 1) {
    plan.reset(cause);
    controller->reconcile(key, view(), plan);
    std::string out;
    std::vector<command::Payload> calls;
    for (const auto& call : plan.calls()) {
      if (!out.empty()) out += "; ";
      out += call_text(call.payload, view());
      calls.push_back(call.payload);
    }
    for (command::Payload& call : calls) last_answer = wish(std::move(call));
    return out;
  }

  void ready_node(const std::string& name, bool ready = true) {
    if (!view().find(Kind::Node, "", name).valid()) add_node(name);
    fact(event::NodeConditionChanged{node(name), NodeConditionType::Ready,
                                     ready ? event::ConditionStatus::True : event::ConditionStatus::Unknown, "x", ""});
  }
  /// A claim and its volume, bound.
  void disk(const std::string& name, const std::string& mode = "ReadWriteOnce") {
    apply("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: " + name + "}, spec: {accessModes: [" + mode +
          "], storageClassName: s, volumeName: pv-" + name +
          ", resources: {requests: {storage: 1Gi}}}, status: {phase: Bound, capacity: {storage: 1Gi}}}");
    apply("{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-" + name +
          "}, spec: {capacity: {storage: 1Gi}, accessModes: [" + mode +
          "], storageClassName: s, csi: {driver: d.example.com, volumeHandle: h-" + name +
          "}, claimRef: {namespace: default, name: " + name + "}}, status: {phase: Bound}}");
  }
  void user(const std::string& name, const std::string& claim, const std::string& on_node) {
    apply("{apiVersion: v1, kind: Pod, metadata: {name: " + name +
          "}, spec: {containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: " +
          claim + "}}]}}");
    fact(event::PodBound{pod(name), node(on_node)});
  }
  [[nodiscard]] event::Ref pv(const std::string& name) const { return find(Kind::PersistentVolume, "pv-" + name); }
  /// Attached, and in use by the node's agent.
  void attached(std::size_t attachment, bool in_use = true) {
    fact(event::VolumeAttachmentChanged{VolumeAttachmentId(attachment), true, ""});
    const auto& row = state.volume_attachments[attachment];
    if (in_use)
      fact(event::VolumeInUseChanged{node(row.spec.node_name),
                                     find(Kind::PersistentVolume, row.spec.volume_name).as<PvId>(), true});
  }
  /// The attacher has done it.
  void detached(std::size_t attachment) {
    wish(command::PatchObject{event::Ref(VolumeAttachmentId(attachment)), R"({"metadata":{"finalizers":null}})"});
  }

  std::unique_ptr<control::Controller> controller;
  control::Plan plan;
  std::string last_answer;
};

std::unique_ptr<control::Controller> attach_detach() { return control::make_attach_detach_controller({}); }

}  // namespace

TEST_CASE("A volume is attached for its pods, and detached when the node has unmounted it") {
  Rig c(attach_detach());
  c.ready_node("n1");
  c.disk("a");
  CHECK(c.sync(c.pv("a")).empty());
  c.user("p", "a", "n1");
  CHECK(c.sync(c.pv("a")) == "create VolumeAttachment n1");
  const event::Ref va(VolumeAttachmentId(0U));
  CHECK(c.view().bare_name(va) == state::attachment_name({"d.example.com", "h-a"}, "n1"));
  CHECK(c.sync(c.pv("a")).empty());  // it is under way
  c.attached(0);
  CHECK(c.sync(c.pv("a")).empty());
  c.fact(event::PodRemoved{c.pod("p")});
  CHECK(c.sync(c.pv("a")) == "wait");
  CHECK(c.plan.requeue_at() == c.now + minutes(6));
  c.now = c.now + seconds(10);
  c.fact(event::VolumeInUseChanged{c.node("n1"), PvId(0U), false});
  CHECK(c.sync(c.pv("a")) == "detach n1");
  CHECK(c.last_answer == "ObjectDeletionStarted");  // the attacher's finalizer holds it
  CHECK(c.sync(c.pv("a")).empty());
  c.detached(0);
  CHECK_FALSE(c.view().alive(va));
  CHECK(c.sync(c.pv("a")).empty());
}

TEST_CASE("ReadWriteOnce: one node at a time, and the pods that wait are told by whom") {
  Rig c(attach_detach());
  c.ready_node("n1");
  c.ready_node("n2");
  c.disk("a");
  c.user("p", "a", "n1");
  c.user("q", "a", "n2");
  CHECK(c.sync(c.pv("a")) == "create VolumeAttachment n1");  // one operation at a time
  c.attached(0);
  CHECK(c.sync(c.pv("a")) ==
        "q FailedAttachVolume: Multi-Attach error for volume \"pv-a\" Volume is already used by pod(s) p");
  CHECK(c.sync(c.pv("a")).empty());  // once
  c.fact(event::PodRemoved{c.pod("p")});
  CHECK(c.sync(c.pv("a")) == "wait");
  c.fact(event::VolumeInUseChanged{c.node("n1"), PvId(0U), false});
  CHECK(c.sync(c.pv("a")) == "detach n1");
  CHECK(c.sync(c.pv("a")).empty());
  c.detached(0);
  CHECK(c.sync(c.pv("a")) == "create VolumeAttachment n2");

  Rig many(attach_detach());
  many.ready_node("n1");
  many.ready_node("n2");
  many.disk("a", "ReadWriteMany");
  many.user("p", "a", "n1");
  many.user("q", "a", "n2");
  CHECK(many.sync(many.pv("a")) == "create VolumeAttachment n1; create VolumeAttachment n2");
}

TEST_CASE("A node that does not unmount: six minutes, then by force, but only if it is not healthy") {
  struct Row {
    const char* what;
    std::function<void(Rig&)> then;
    base::Duration after;
    const char* calls;
  };
  const auto lost = [](Rig& c) { c.ready_node("n1", false); };
  const Row rows[] = {
      {"healthy, 7 min", [](Rig&) {}, minutes(7), ""},
      {"lost, 5:59", lost, seconds(359), ""},
      {"lost, 6 min", lost, minutes(6), "detach n1"},
      {"out of service, at once",
       [](Rig& c) {
         c.ready_node("n1", false);
         c.fact(event::NodeTaintsChanged{c.node("n1"),
                                         {{"node.kubernetes.io/out-of-service", "x", model::TaintEffect::NoExecute}}});
       },
       seconds(1), "detach n1"},
      {"node object deleted",
       [](Rig& c) {
         c.wish(command::DeleteObject{event::Ref(c.node("n1")), {}, {}});
       },
       seconds(1), "detach n1"},
      {"needed again", [](Rig& c) { c.user("again", "a", "n1"); }, minutes(7), "wait no more"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Rig c(attach_detach());
    c.ready_node("n1");
    c.disk("a");
    c.user("p", "a", "n1");
    c.sync(c.pv("a"));
    c.attached(0);
    c.fact(event::PodRemoved{c.pod("p")});
    REQUIRE(c.sync(c.pv("a")) == "wait");
    row.then(c);
    c.now = c.now + row.after;
    CHECK(c.sync(c.pv("a")) == row.calls);
  }
}

TEST_CASE("Only disks are attached: not shares, not local volumes, not those whose driver says no") {
  Rig c(attach_detach());
  c.ready_node("n1");
  c.disk("a");
  c.apply(
      "{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: d.example.com}, spec: {attachRequired: "
      "false}}");
  c.user("p", "a", "n1");
  CHECK(c.sync(c.pv("a")).empty());
}

TEST_CASE("A pod that is over keeps its node's claim on a volume no longer") {
  Rig c(attach_detach());
  c.ready_node("n1");
  c.disk("a");
  c.user("p", "a", "n1");
  c.sync(c.pv("a"));
  c.attached(0, false);
  c.fact(event::PodPhaseChanged{c.pod("p"), event::Phase::Succeeded, ""});
  CHECK(c.sync(c.pv("a")) == "detach n1");
}

TEST_CASE("The claim of an ephemeral volume is its pod's, or there is a conflict") {
  Rig c(control::make_ephemeral_volume_controller());
  const auto pod = [&](const std::string& name) {
    c.apply("{apiVersion: v1, kind: Pod, metadata: {name: " + name +
            "}, spec: {containers: [{name: c, image: i}], volumes: [{name: tmp, ephemeral: {volumeClaimTemplate: "
            "{metadata: {labels: {a: b}}, spec: {accessModes: [ReadWriteOnce], storageClassName: s, resources: "
            "{requests: {storage: 1Gi}}}}}}]}}");
    return event::Ref(c.pod(name));
  };
  const event::Ref p = pod("p");
  CHECK(c.sync(p) == "create PersistentVolumeClaim p-tmp");
  const event::Ref claim = c.find(Kind::PersistentVolumeClaim, "p-tmp");
  CHECK(c.view().header(claim)->controller == p);
  CHECK(c.view().claim(claim.as<event::PvcId>()).spec.request == 1LL << 30);
  CHECK(c.sync(p).empty());

  c.apply(
      "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: q-tmp}, spec: {accessModes: [ReadWriteOnce], "
      "resources: {requests: {storage: 1Gi}}}}");
  CHECK(c.sync(pod("q")) ==
        "q FailedBinding: ephemeral volume tmp: PVC default/q-tmp was not created for pod default/q (pod is not "
        "owner)");
  CHECK(c.plan.failed());
}

TEST_CASE("Protection comes off when no placed pod uses the claim, and no bound claim the volume") {
  Rig c(control::make_claim_protection_controller());
  c.ready_node("n1");
  c.disk("a");
  c.user("p", "a", "n1");
  const event::Ref claim = c.find(Kind::PersistentVolumeClaim, "a");
  CHECK(c.sync(claim).empty());
  c.wish(command::DeleteObject{claim, event::Propagation::Background, {}});
  CHECK(c.sync(claim).empty());
  c.fact(event::PodPhaseChanged{c.pod("p"), event::Phase::Succeeded, ""});
  CHECK(c.sync(claim).empty());  // over, but its volumes may still be there
  c.fact(event::PodRemoved{c.pod("p")});
  CHECK(c.sync(claim) == R"(patch a {"metadata":{"finalizers":null}})");
  CHECK_FALSE(c.view().alive(claim));

  Rig v(control::make_volume_protection_controller());
  v.disk("a");
  const event::Ref volume = v.pv("a");
  v.wish(command::DeleteObject{volume, event::Propagation::Background, {}});
  CHECK(v.sync(volume).empty());
  v.wish(command::PatchObject{volume, R"({"status":{"phase":"Released"}})"});
  CHECK(v.sync(volume) == R"(patch pv-a {"metadata":{"finalizers":null}})");
}

TEST_CASE("Who drops the finalizer of a claim gets it back") {
  Rig c(control::make_claim_protection_controller());
  c.disk("a");
  const event::Ref claim = c.find(Kind::PersistentVolumeClaim, "a");
  c.wish(command::PatchObject{claim, R"({"metadata":{"finalizers":null}})"});
  CHECK(c.sync(claim) == R"(patch a {"metadata":{"finalizers":["kubernetes.io/pvc-protection"]}})");
}

TEST_CASE("Reclaiming: Delete waits for the disk to be detached, Retain keeps, Recycle makes available or fails") {
  const auto rig = [](const char* policy, const char* source) {
    auto c = std::make_unique<Rig>(control::make_persistent_volume_binder({}));
    c->apply(std::string("{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-a, annotations: "
                         "{pv.kubernetes.io/bound-by-controller: 'yes'}}, spec: {capacity: {storage: 1Gi}, "
                         "accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: ") +
             policy + ", " + source + ", claimRef: {namespace: default, name: a, uid: gone}}, status: {phase: Bound}}");
    return c;
  };
  const char* kCsi = "csi: {driver: d.example.com, volumeHandle: h}";
  auto retain = rig("Retain", kCsi);
  CHECK(retain->sync(retain->pv("a")) == R"(patch pv-a {"status":{"phase":"Released"}})");
  CHECK(retain->sync(retain->pv("a")).empty());

  auto gone = rig("Delete", kCsi);
  gone->apply(
      "{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: x}, spec: {attacher: d.example.com, "
      "nodeName: n1, source: {persistentVolumeName: pv-a}}}");
  CHECK(gone->sync(gone->pv("a")) == R"(patch pv-a {"status":{"phase":"Released"}})");
  CHECK(gone->sync(gone->pv("a")).empty());
  gone->wish(command::DeleteObject{gone->find(Kind::VolumeAttachment, "x"), {}, {}});
  CHECK(gone->sync(gone->pv("a")) == "delete pv-a");

  auto recycle = rig("Recycle", "hostPath: {path: /x}");
  CHECK(recycle->sync(recycle->pv("a")) ==
        R"(patch pv-a {"status":{"phase":"Released"}}; patch pv-a )"
        R"({"spec":{"claimRef":null},"metadata":{"annotations":{"pv.kubernetes.io/bound-by-controller":null}},)"
        R"("status":{"phase":"Available"}}; pv-a VolumeRecycled: Volume recycled)");
}

TEST_CASE("A claim that asks for more: the volume grows, then the file system is to follow") {
  control::Settings settings;
  settings.volume_resizing_time = seconds(30);
  Rig c(control::make_volume_expand_controller(settings));
  c.disk("a");
  const event::Ref claim = c.find(Kind::PersistentVolumeClaim, "a");
  CHECK(c.sync(claim).empty());
  c.apply(
      "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: s}, provisioner: d.example.com, "
      "allowVolumeExpansion: true}");
  CHECK(c.wish(command::PatchObject{claim, R"({"spec":{"resources":{"requests":{"storage":"2Gi"}}}})"}) ==
        "ObjectUpdated");
  const std::string begins = c.sync(claim);
  CHECK(begins.find(R"("type":"Resizing")") != std::string::npos);
  CHECK(begins.find("a Resizing: External resizer is resizing volume pv-a") != std::string::npos);
  CHECK(c.sync(claim).empty());
  CHECK(c.plan.requeue_at() == c.now + seconds(30));
  c.now = c.now + seconds(30);
  const std::string ends = c.sync(claim);
  CHECK(ends.starts_with(R"(patch pv-a {"spec":{"capacity":{"storage":"2Gi"}}})"));
  CHECK(ends.find("FileSystemResizePending") != std::string::npos);
  CHECK(c.sync(claim).empty());
}
