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

  /// The keys that an event wakes: "pv-a pv-b ".
  std::string woken(event::Payload payload) {
    struct Keys final : control::KeySink {
      std::string text;
      const state::ClusterView& view;
      explicit Keys(const state::ClusterView& v) : view(v) {}
      void add(event::Ref key) override { text += std::string(view.bare_name(key)) + " "; }
      void add_at(event::Ref key, base::SimTime) override { add(key); }
      void add_after(event::Ref key, base::Duration) override { add(key); }
    };
    fact(payload);
    const state::ClusterView after = view();
    Keys keys(after);
    controller->observe({state.last_seq, now, 0, std::move(payload)}, after, keys);
    return keys.text;
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

TEST_CASE("A claim of the right name that is another's is not attached for an ephemeral volume") {
  Rig c(attach_detach());
  c.ready_node("n1");
  c.disk("q-tmp");
  c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: q}, spec: {containers: [{name: c, image: i}], volumes: [{name: "
      "tmp, "
      "ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "
      "1Gi}}}}}}]}}");
  c.fact(event::PodBound{c.pod("q"), c.node("n1")});
  CHECK(state::volumes_of_pod(c.view(), c.pod("q")).empty());
  CHECK(c.sync(c.pv("q-tmp")).empty());
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
  // Somebody deletes the claim under its pod: it is made anew.
  CHECK(c.woken(event::ObjectRemoved{claim}) == "p ");
  CHECK(c.sync(p) == "create PersistentVolumeClaim p-tmp");
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

  // A pod that was never placed does not hold its claim back.
  c.disk("b");
  c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: q}, spec: {containers: [{name: c, image: i}], volumes: [{name: v, "
      "persistentVolumeClaim: {claimName: b}}]}}");
  const event::Ref free = c.find(Kind::PersistentVolumeClaim, "b");
  c.wish(command::DeleteObject{free, event::Propagation::Background, {}});
  CHECK(c.sync(free) == R"(patch b {"metadata":{"finalizers":null}})");

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

TEST_CASE("Which volume a claim gets: its class, mode and kind, large enough, free, and of those the smallest") {
  Rig c(control::make_persistent_volume_binder({}));
  const auto volume = [&](const std::string& name, const std::string& size, const std::string& more,
                          const std::string& phase = "Available") {
    c.apply("{apiVersion: v1, kind: PersistentVolume, metadata: {name: " + name + ", labels: {tier: " + name +
            "}}, spec: {capacity: {storage: " + size + "}, " + more +
            ", hostPath: {path: /x}}, status: {phase: " + phase + "}}");
  };
  const std::string plain = "accessModes: [ReadWriteOnce], storageClassName: s";
  volume("big", "9Gi", plain);
  volume("small", "2Gi", plain);
  volume("tiny", "512Mi", plain);
  volume("other", "1Gi", "accessModes: [ReadWriteOnce], storageClassName: t");
  volume("block", "1Gi", plain + ", volumeMode: Block");
  volume("shared", "3Gi", "accessModes: [ReadWriteMany], storageClassName: s");
  volume("taken", "1Gi", plain + ", claimRef: {namespace: default, name: somebody}");
  volume("pending", "1Gi", plain, "Pending");
  volume("released", "1Gi", plain, "Released");
  volume("later", "1Gi", "accessModes: [ReadWriteOnce], storageClassName: w");
  c.apply(
      "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: w}, provisioner: "
      "kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}");
  struct Row {
    const char *what, *spec, *volume;
  };
  const Row rows[] = {
      {"1Gi", "accessModes: [ReadWriteOnce], storageClassName: s, resources: {requests: {storage: 1Gi}}", "small"},
      {"3Gi", "accessModes: [ReadWriteOnce], storageClassName: s, resources: {requests: {storage: 3Gi}}", "big"},
      {"too much", "accessModes: [ReadWriteOnce], storageClassName: s, resources: {requests: {storage: 10Gi}}", ""},
      {"shared", "accessModes: [ReadWriteMany], storageClassName: s, resources: {requests: {storage: 1Gi}}", "shared"},
      {"class t", "accessModes: [ReadWriteOnce], storageClassName: t, resources: {requests: {storage: 1Gi}}", "other"},
      {"block",
       "accessModes: [ReadWriteOnce], storageClassName: s, volumeMode: Block, resources: {requests: {storage: "
       "1Gi}}",
       "block"},
      {"a selector",
       "accessModes: [ReadWriteOnce], storageClassName: s, selector: {matchLabels: {tier: big}}, resources: "
       "{requests: {storage: 1Gi}}",
       "big"},
      {"by name",
       "accessModes: [ReadWriteOnce], storageClassName: s, volumeName: tiny, resources: {requests: {storage: "
       "1Gi}}",
       "tiny"},
      {"its consumer first", "accessModes: [ReadWriteOnce], storageClassName: w, resources: {requests: {storage: 1Gi}}",
       ""},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    c.apply(std::string("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {") + row.spec +
            "}}");
    const event::Ref claim = c.find(Kind::PersistentVolumeClaim, "c");
    const std::string calls = c.sync(claim);
    INFO(calls);
    CHECK(c.view().claim(claim.as<event::PvcId>()).spec.volume_name == row.volume);
    c.wish(command::DeleteObject{claim, event::Propagation::Background, {}});
    c.wish(command::PatchObject{claim, R"({"metadata":{"finalizers":null}})"});
    for (const char* v : {"big", "small", "shared", "other", "block", "tiny"})
      c.wish(command::PatchObject{c.find(Kind::PersistentVolume, v),
                                  R"({"spec":{"claimRef":null},"status":{"phase":"Available"}})"});
  }
}

TEST_CASE("Provisioning takes its time, in the topology that the class allows; no-provisioner never does it") {
  control::Settings settings;
  settings.volume_provisioning_time = seconds(20);
  Rig c(control::make_persistent_volume_binder(settings));
  const auto claim_of = [&](const std::string& name) {
    c.apply("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: " + name +
            "}, provisioner: " + (name == "static" ? "kubernetes.io/no-provisioner" : "d.example.com") +
            ", allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a, b]}]}]}");
    c.apply("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: " + name +
            "}, spec: {accessModes: [ReadWriteOnce], storageClassName: " + name +
            ", resources: {requests: {storage: 1Gi}}}}");
    return c.find(Kind::PersistentVolumeClaim, name);
  };
  const event::Ref claim = claim_of("made");
  CHECK(c.sync(claim).find("made ExternalProvisioning: Waiting for a volume to be created") != std::string::npos);
  CHECK(c.sync(claim).empty());
  CHECK(c.plan.requeue_at() == c.now + seconds(20));
  c.now = c.now + seconds(20);
  CHECK(c.sync(claim).starts_with("create PersistentVolume pvc-"));
  REQUIRE(c.state.persistent_volumes.size() == 1);
  const auto& affinity = c.state.persistent_volumes[0].spec.node_affinity;
  REQUIRE(affinity.has_value());
  CHECK(affinity->at(0).match_expressions.at(0).values == std::vector<std::string>{"a", "b"});
  const event::Ref idle = claim_of("static");
  CHECK(c.sync(idle, c.state.last_seq) ==
        "static ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner");
  CHECK(c.sync(idle).empty());
}

TEST_CASE("A claim whose volume is gone, or is another's, is lost") {
  Rig c(control::make_persistent_volume_binder({}));
  const auto claim_of = [&](const std::string& name, const std::string& volume) {
    c.apply(
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: " + name +
        ", annotations: {pv.kubernetes.io/bind-completed: 'yes'}}, spec: {accessModes: [ReadWriteOnce], volumeName: " +
        volume + ", resources: {requests: {storage: 1Gi}}}, status: {phase: Bound}}");
    return c.find(Kind::PersistentVolumeClaim, name);
  };
  const event::Ref gone = claim_of("gone", "nowhere");
  CHECK(c.sync(gone) ==
        R"(patch gone {"status":{"phase":"Lost"}}; gone ClaimLost: Bound claim has lost its PersistentVolume. )"
        "Data on the volume is lost!");
  CHECK(c.sync(gone).empty());
  c.disk("a");
  CHECK(c.sync(claim_of("second", "pv-a")) ==
        R"(patch second {"status":{"phase":"Lost"}}; second ClaimMisbound: Two claims are bound to the same volume, )"
        "this one is bound incorrectly");
}

TEST_CASE("What makes the attach/detach controller look at a volume") {
  Rig c(attach_detach());
  c.ready_node("n1");
  c.disk("a");
  c.user("p", "a", "n1");
  c.sync(c.pv("a"));
  CHECK(c.woken(event::VolumeAttachmentChanged{VolumeAttachmentId(0U), true, ""}) == "pv-a ");
  CHECK(c.woken(event::VolumeInUseChanged{c.node("n1"), PvId(0U), true}) == "pv-a ");
  CHECK(c.woken(event::NodeConditionChanged{c.node("n1"), NodeConditionType::Ready, event::ConditionStatus::Unknown,
                                            "x", ""}) == "pv-a ");
  CHECK(c.woken(event::NodeTaintsChanged{c.node("n1"), {{"mine", "", model::TaintEffect::NoSchedule}}}).empty());
  CHECK(c.woken(event::NodeTaintsChanged{
            c.node("n1"), {{"node.kubernetes.io/out-of-service", "x", model::TaintEffect::NoExecute}}}) == "pv-a ");
  CHECK(c.woken(event::PodPhaseChanged{c.pod("p"), event::Phase::Running, ""}).empty());
  CHECK(c.woken(event::PodPhaseChanged{c.pod("p"), event::Phase::Succeeded, ""}) == "pv-a ");
  CHECK(c.woken(event::PodRemoved{c.pod("p")}).starts_with("pv-a "));
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
