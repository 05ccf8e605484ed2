// Where pods with volumes go: one table a plugin. How to read them: table.h, volume_lines.h.
#include <catch2/catch.hpp>

#include "tests/engine/schedule/volume_lines.h"

using namespace wavetank;
using schedule_table::Cluster;
using schedule_table::differences;

TEST_CASE("VolumeRestrictions: a disk is written from one pod of a node, or read from many") {
  CHECK(differences(R"(
    node a
    node b
    placed w on a {volumes: [{name: v, gcePersistentDisk: {pdName: d}}]}
    placed r on b {volumes: [{name: v, gcePersistentDisk: {pdName: e, readOnly: true}}]}
    placed i on b {volumes: [{name: v, rbd: {monitors: [m1, m2], image: x}}]}
    pod p1 {volumes: [{name: v, gcePersistentDisk: {pdName: d, readOnly: true}}], nodeSelector: {kubernetes.io/hostname: a}} -> none: 1 node(s) had no available disk
    pod p2 {volumes: [{name: v, gcePersistentDisk: {pdName: e, readOnly: true}}], nodeSelector: {kubernetes.io/hostname: b}} -> b
    pod p3 {volumes: [{name: v, gcePersistentDisk: {pdName: e}}], nodeSelector: {kubernetes.io/hostname: b}} -> none: 1 node(s) had no available disk
    pod p4 {volumes: [{name: v, rbd: {monitors: [m2], image: x}}], nodeSelector: {kubernetes.io/hostname: b}} -> none: 1 node(s) had no available disk
    pod p5 {volumes: [{name: v, rbd: {monitors: [m3], image: x}}], nodeSelector: {kubernetes.io/hostname: b}} -> b
    pod p6 {volumes: [{name: v, awsElasticBlockStore: {volumeID: d}}], nodeSelector: {kubernetes.io/hostname: a}} -> a
  )") == "");
}

TEST_CASE("VolumeRestrictions: a ReadWriteOncePod claim in use keeps every node shut; preemption opens them") {
  CHECK(differences(R"(
    node a
    node b
    volume v 1Gi
    claim c 1Gi mode=RWOP bound v
    placed user on a claim=c
    pod p0 claim=gone -> none: 0/2 nodes are available: persistentvolumeclaim "gone" not found.
    pod p1 claim=c -> none: 2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod
    pod p2 claim=c priority=5 -> evicts user on a
  )") == "");
}

TEST_CASE("VolumeRestrictions: dry runs count who uses a ReadWriteOncePod claim up and down from one") {
  // Two users count as one; without both it is one less than none, and the first is let back.
  CHECK(differences(R"(
    node a
    volume v 1Gi
    claim c 1Gi mode=RWOP bound v
    placed first on a claim=c
    placed second on a claim=c
    pod p claim=c priority=5 -> evicts second on a
  )") == "");
}

TEST_CASE("VolumeRestrictions: dry runs take a claim of that name in another namespace for the pod's own") {
  Cluster c;
  for (const char* line :
       {"node a", "node b", "volume v 1Gi", "claim c 1Gi mode=RWOP bound v", "placed user on a claim=c"})
    c.line(line);
  c.create(
      "{apiVersion: v1, kind: Pod, metadata: {name: other, namespace: elsewhere}, spec: {containers: [{name: c, image: "
      "'app:1'}], volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}}");
  c.now = c.now + base::seconds(9);
  const auto other = c.view().find(model::Kind::Pod, "elsewhere", "other").as<event::PodId>();
  c.fact(event::PodBound{other, c.node("b")});
  c.line("pod p claim=c priority=5");
  CHECK(c.attempt() == "p -> evicts other on b");  // it started last
}

TEST_CASE("NodeVolumeLimits: a driver's volumes are counted once each, and only where there is a limit") {
  CHECK(differences(R"(
    node a
    volume v1 1Gi driver=d
    volume v2 1Gi driver=d
    volume v3 1Gi driver=d
    volume v4 1Gi driver=e
    claim c1 1Gi bound v1
    claim c2 1Gi bound v2
    claim c3 1Gi bound v3
    claim c4 1Gi bound v4
    csinode a d=2
    placed x on a claim=c1
    pod p1 claim=c1 -> a
    pod p2 claim=c2 -> a
    pod p3 claim=c3 -> none: 1 node(s) exceed max volume count
    pod p4 claim=c4 -> a
    pod p5 claim=c3 priority=5 -> evicts p2 on a
  )") == "");
}

TEST_CASE("NodeVolumeLimits: in-tree disks count for the driver that took them over") {
  CHECK(differences(R"(
    node a
    csinode a ebs.csi.aws.com=1
    placed x on a {volumes: [{name: v, awsElasticBlockStore: {volumeID: 'aws://z/vol-1'}}]}
    pod p1 {volumes: [{name: v, awsElasticBlockStore: {volumeID: vol-2}}]} -> none: 1 node(s) exceed max volume count
    pod p2 {volumes: [{name: v, awsElasticBlockStore: {volumeID: vol-1}}]} -> a
  )") == "");
}

TEST_CASE("VolumeBinding: what is bound, lost or not bound yet") {
  CHECK(differences(R"(
    node a
    node b
    class now
    volume v1 1Gi on b
    claim c1 1Gi bound v1
    claim c2 1Gi class=now
    claim c3 1Gi bound gone
    pod p1 claim=c1 -> b
    pod p2 claim=c1 {nodeSelector: {kubernetes.io/hostname: a}} -> none: 0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) didn't match Pod's node affinity/selector.
    pod p3 claim=c2 -> none: 0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.
    pod p4 claim=c3 -> none: 0/2 nodes are available: persistentvolume "gone" not found.
    pod p5 {volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]} -> none: waiting for ephemeral volume controller to create the persistentvolumeclaim "p5-v"
  )") == "");
}

TEST_CASE("VolumeBinding: the first consumer gets the smallest volume that fits, the small claim first") {
  CHECK(differences(R"(
    node a
    node b
    class local wait
    volume big 20Gi class=local on a
    volume mid 10Gi class=local on a
    volume tiny 2Gi class=local on b
    claim c1 5Gi class=local
    claim c2 8Gi class=local
    claim c3 5Gi class=local
    claim c4 1Gi class=local
    pod p1 claim=c2+c1 -> a binding c1=mid binding c2=big
    pod p2 claim=c3 -> none: 2 node(s) didn't find available persistent volumes to bind
    pod p3 claim=c4 -> b binding c4=tiny
  )") == "");
}

TEST_CASE("VolumeBinding: a volume kept for a claim is the only one that will do") {
  CHECK(differences(R"(
    node a
    node b
    class local wait
    volume kept 50Gi class=local on b for c
    volume free 5Gi class=local on a
    claim c 5Gi class=local
    pod p1 claim=c -> b binding c=kept
  )") == "");
}

TEST_CASE("VolumeBinding: what is not there is made where the class allows, and waited for there") {
  CHECK(differences(R"(
    node a zone=a
    node b zone=b
    class disk wait provisioner=d zones=b
    claim c 5Gi class=disk
    pod p1 claim=c -> b provisioning c
    pod p2 claim=c {nodeSelector: {kubernetes.io/hostname: a}} -> none: 1 node(s) didn't find available persistent volumes to bind
    pod p3 claim=c -> b provisioning c
  )") == "");
}

TEST_CASE("VolumeZone: a volume's zones, one or several; nodes without labels have none") {
  CHECK(differences(R"(
    node a zone=a
    node b zone=b
    node bare
    volume v1 1Gi zone=b
    volume v2 1Gi zone=a__c
    claim c1 1Gi bound v1
    claim c2 1Gi bound v2
    pod p1 claim=c1 {nodeSelector: {kubernetes.io/hostname: b}} -> b
    pod p2 claim=c2 {nodeSelector: {kubernetes.io/hostname: a}} -> a
    pod p3 claim=c1 {nodeSelector: {kubernetes.io/hostname: a}} -> none: 1 node(s) had no available volume zone
    pod p4 claim=c1 {nodeSelector: {kubernetes.io/hostname: bare}} -> bare
  )") == "");
}

namespace {

/// One attempt of the next pod, whose volumes are not yet facts: "p -> n1 c=v" or "p -> none".
std::string decide(Cluster& cluster, schedule::Scheduler& scheduler) {
  const auto d = scheduler.schedule_one(cluster.view());
  if (!d) return "idle";
  std::string out = cluster.name(d->pod) + " -> ";
  if (d->outcome != schedule::Decision::Outcome::Bind) return out + "none";
  out += cluster.name(d->node);
  for (const auto& s : d->volumes.bind)
    out += " " + std::string(cluster.view().bare_name(event::Ref(s.claim))) + "=" +
           std::string(cluster.view().bare_name(event::Ref(s.volume)));
  return out;
}

}  // namespace

TEST_CASE("A volume that is promised to one pod is not promised to the next, until its binding fails") {
  Cluster c;
  for (const char* line : {"node a", "class local wait", "volume v 10Gi class=local on a", "claim c1 1Gi class=local",
                           "claim c2 1Gi class=local", "pod p1 claim=c1", "pod p2 claim=c2"})
    c.line(line);
  CHECK(decide(c, c.scheduler) == "p1 -> a c1=v");
  CHECK(decide(c, c.scheduler) == "p2 -> none");
  c.scheduler.binding_failed(c.pod("p1"), c.view());
  c.line("pod p3 claim=c2");
  CHECK(decide(c, c.scheduler) == "p3 -> a c2=v");
}

TEST_CASE("A restarted scheduler keeps to what PreBind has written") {
  Cluster c;
  for (const char* line : {"node a", "node b", "class local wait", "volume small 10Gi class=local on a",
                           "volume big 20Gi class=local on b", "claim c1 1Gi class=local", "claim c2 1Gi class=local",
                           "pod p1 claim=c1", "pod p2 claim=c2"})
    c.line(line);
  const auto first = c.scheduler.schedule_one(c.view());
  REQUIRE(first);
  schedule::Decision written = *first;
  REQUIRE(written.volumes.bind.size() == 1);
  // The volume says whose it is; then everything that was not a fact is lost.
  model::Doc v = c.view().stored_doc(event::Ref(written.volumes.bind[0].volume));
  v["spec"]["claimRef"]["namespace"] = model::Doc::string("default");
  v["spec"]["claimRef"]["name"] = model::Doc::string("c1");
  c.fact(event::ObjectUpdated{event::Ref(written.volumes.bind[0].volume), model::to_canonical_json(v), false});
  schedule::Scheduler again({0, schedule::TieBreak::Name});
  again.rebuild(c.view());
  CHECK(decide(c, again) == "p1 -> a c1=small");
  CHECK(decide(c, again) == "p2 -> b c2=big");
}
