// What the machines do about volumes: attach, report, mount, unmount, report, detach. Times in seconds; a status update
// comes every 10 s of the node's heartbeats, which begin at 0 s where node.lease phases are not spread.
#include "engine/state/volume_use.h"
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;
using event::PvId;
using event::VolumeAttachmentId;

namespace {

WorldParams disks(const std::vector<std::pair<std::string, std::string>>& sets = {}) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"volume.attach_time", "4s"},     {"volume.detach_time", "3s"},    {"volume.mount_time", "1s"},
      {"volume.unmount_time", "500ms"}, {"kubelet.status_period", "0s"}, {"image.size", "0"},
      {"image.pull_latency", "0s"}};
  all.insert(all.end(), sets.begin(), sets.end());
  return exact(all);
}

void disk(Lab& lab, const std::string& name, const std::string& driver = "d.example.com") {
  lab.apply("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: " + name +
            "}, spec: {accessModes: [ReadWriteOnce], storageClassName: s, volumeName: pv-" + name +
            ", resources: {requests: {storage: 1Gi}}}, status: {phase: Bound, capacity: {storage: 1Gi}}}");
  lab.apply(
      "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-" + name +
      "}, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: s, csi: {driver: " + driver +
      ", volumeHandle: h-" + name + "}, claimRef: {namespace: default, name: " + name + "}}, status: {phase: Bound}}");
}

/// What the attach/detach controller writes.
VolumeAttachmentId attach(Lab& lab, const std::string& name, const std::string& node) {
  lab.apply("{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: " + name + "-" + node +
            ", finalizers: [external-attacher/d]}, spec: {attacher: d.example.com, nodeName: " + node +
            ", source: {persistentVolumeName: pv-" + name + "}}}");
  return VolumeAttachmentId(lab.state.volume_attachments.size() - 1);
}

const char* kWithDisk = ", volumes: [{name: v, persistentVolumeClaim: {claimName: a}}]";

std::string in_use(const Lab& lab, event::NodeId node) {
  std::string out;
  for (const PvId pv : lab.state.nodes[node.index()].volumes_in_use)
    out += std::string(lab.view().bare_name(event::Ref(pv))) + " ";
  return out;
}

}  // namespace

TEST_CASE("A pod with a disk: in use, attached after 4 s, mounted after 1 s more, then its sandbox") {
  Lab lab(disks());
  const auto n1 = lab.node("n1");
  disk(lab, "a");
  lab.until(10);
  lab.lines();
  const auto p = lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  lab.until(11);
  CHECK(in_use(lab, n1) == "pv-a ");  // before it is attached
  const auto va = attach(lab, "a", "n1");
  lab.until(14.9);
  CHECK_FALSE(lab.state.volume_attachments[0].attached);
  lab.until(30);
  CHECK(lab.state.volume_attachments[0].attached);
  // 11 s + 4 s + 1 s + 0.5 s sandbox + 0.2 s start
  CHECK(lab.lines() == Lines{"16.5s pulled p/c in 0s", "16.7s started p/c", "16.7s Running p", "16.7s ready p"});
  CHECK(lab.why(event::EventKind::ImagePulled).starts_with("ImagePulled < VolumeAttachmentChanged"));

  lab.remove(p);
  lab.until(31.4);
  CHECK(lab.lines() == Lines{"30s deleting p"});
  CHECK(in_use(lab, n1) == "pv-a ");
  lab.until(40);  // 1 s to stop, 0.5 s to unmount
  CHECK(lab.lines() == Lines{"31.5s removed p"});
  CHECK(in_use(lab, n1).empty());

  lab.wish({0, command::DeleteObject{event::Ref(va), {}, {}}});
  lab.until(42.9);
  CHECK(lab.view().alive(event::Ref(va)));
  lab.until(43);
  CHECK_FALSE(lab.view().alive(event::Ref(va)));
}

TEST_CASE("Volumes in use are reported with status updates, every 10 s") {
  Lab lab(disks({{"kubelet.status_period", "10s"}, {"node.lease_period", "10s"}}));
  const auto n1 = lab.node("n1");
  disk(lab, "a");
  lab.until(40);
  const std::int64_t phase = lab.state.nodes[0].heartbeats_began.ns % 10'000'000'000;
  attach(lab, "a", "n1");
  lab.until(50);
  lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  lab.until(70);
  base::SimTime started = lab.view().container(event::PodId(0U), 0).started;
  const std::int64_t expected = 50'000'000'000 + phase + 1'000'000'000 + 700'000'000;
  CHECK(started.ns == expected);
}

TEST_CASE("A share needs no attachment, and a claim that is missing holds its pod back with FailedMount") {
  Lab lab(disks());
  const auto n1 = lab.node("n1");
  lab.until(10);
  const auto p = lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  lab.until(20);
  CHECK(lab.view().pod_phase(p) == event::Phase::Pending);
  std::string told;
  for (const event::Event& e : lab.events)
    if (const auto* r = std::get_if<event::EventRecorded>(&e.payload)) told += r->reason + ": " + r->message;
  CHECK(told ==
        "FailedMount: Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to "
        "process volumes=[v]: error processing PVC default/a: failed to fetch PVC from API server: "
        "persistentvolumeclaims \"a\" not found");
  lab.apply(
      "{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: share.example.com}, spec: {attachRequired: "
      "false}}");
  disk(lab, "a", "share.example.com");
  lab.until(30);
  CHECK(lab.view().pod_ready(p));
  CHECK(in_use(lab, n1).empty());
}

TEST_CASE("A crashed machine keeps its volumes in use in the eyes of all, until it is back") {
  Lab lab(disks({{"node.boot_time", "5s"}}));
  const auto n1 = lab.node("n1");
  disk(lab, "a");
  lab.until(10);
  const auto p = lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  attach(lab, "a", "n1");
  lab.until(30);
  REQUIRE(lab.view().pod_ready(p));
  lab.world.crash_machine(n1, at_s(30));
  lab.wish({0, command::DeleteObject{event::Ref(p), {}, 0}});  // by force
  lab.until(100);
  CHECK(in_use(lab, n1) == "pv-a ");
  lab.world.restore_machine(n1, at_s(100));
  lab.until(105);
  CHECK(in_use(lab, n1).empty());
}

TEST_CASE("A stopped agent unmounts when it is back") {
  Lab lab(disks());
  const auto n1 = lab.node("n1");
  disk(lab, "a");
  lab.until(10);
  const auto p = lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  attach(lab, "a", "n1");
  lab.until(30);
  lab.world.stop_kubelet(n1, at_s(30));
  lab.wish({0, command::DeleteObject{event::Ref(p), {}, 0}});
  lab.until(60);
  CHECK(in_use(lab, n1) == "pv-a ");
  lab.world.start_kubelet(n1, at_s(60));
  lab.until(70);
  CHECK(in_use(lab, n1).empty());
}

TEST_CASE("The file system of a mounted volume grows with it") {
  Lab lab(disks());
  const auto n1 = lab.node("n1");
  disk(lab, "a");
  lab.until(10);
  lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  attach(lab, "a", "n1");
  lab.until(30);
  const event::Ref claim = lab.view().find(model::Kind::PersistentVolumeClaim, "default", "a");
  const event::Ref pv = lab.view().find(model::Kind::PersistentVolume, "", "pv-a");
  lab.wish({0, command::PatchObject{pv, R"({"spec":{"capacity":{"storage":"2Gi"}}})", 0}});
  lab.wish({0, command::PatchObject{
                   claim, R"({"status":{"conditions":[{"type":"FileSystemResizePending","status":"True"}]}})", 0}});
  lab.until(40);
  const model::Doc doc = lab.view().stored_doc(claim);
  CHECK(doc.at({"status", "capacity", "storage"})->text == "2Gi");
  CHECK((doc.at({"status", "conditions"}) == nullptr || doc.at({"status", "conditions"})->is_null()));
}

TEST_CASE("What is pending about volumes survives a snapshot") {
  Lab lab(disks());
  const auto n1 = lab.node("n1");
  disk(lab, "a");
  lab.until(10);
  const auto p = lab.pod("p", n1, "{name: c, image: i}", kWithDisk);
  attach(lab, "a", "n1");
  lab.until(12);
  std::vector<std::uint8_t> saved;
  lab.world.save(saved);
  REQUIRE(lab.world.load(saved.data(), saved.size()));
  lab.until(30);
  CHECK(lab.view().pod_ready(p));
}
