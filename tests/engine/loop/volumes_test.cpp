// Volumes in time: what the scheduler writes before it binds, what the controller makes of it, and what happens when
// nobody answers.
#include <catch2/catch.hpp>

#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"

using namespace wavetank;
using base::seconds;
using base::SimTime;

namespace {

/// Nothing runs here; what counts is when pods are bound.
class NoWorld final : public loop::World {
 public:
  void observe(const event::Event& event, const state::ClusterView& view) override {
    if (std::holds_alternative<event::PodBound>(event.payload)) bound_at = view.now();
  }
  [[nodiscard]] SimTime next_report() const override { return SimTime::never(); }
  void report(const state::ClusterView&, std::vector<command::Command>&) override {}
  SimTime bound_at = SimTime::never();
};

struct Rig {
  explicit Rig(const loop::Settings& settings = {}) : plane(settings, journal, world) {
    plane.start_run("test", 1, 0);
    apply(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n1","labels":{"zone":"a"}},
              "status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"200"}}})");
  }
  void apply(const std::string& doc) {
    const auto outcome =
        plane.request(now, "test", "kubectl apply", command::ApplyObject{doc, command::ApplyObject::Mode::Apply});
    INFO((outcome.ok() ? "" : outcome.rejection->message));
    REQUIRE(outcome.ok());
  }
  void storage_class(const std::string& name, const std::string& provisioner, const std::string& mode) {
    apply(R"({"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":")" + name +
          R"("},"provisioner":")" + provisioner + R"(","volumeBindingMode":")" + mode + R"("})");
  }
  void volume(const std::string& name, const std::string& size) {
    apply(R"({"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":")" + name +
          R"("},"spec":{"capacity":{"storage":")" + size +
          R"("},"accessModes":["ReadWriteOnce"],"storageClassName":"s","hostPath":{"path":"/x"}}})");
  }
  void claim(const std::string& name) {
    apply(
        R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":")" + name +
        R"("},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"storageClassName":"s"}})");
  }
  void pod(const std::string& name, const std::string& claim_name) {
    apply(
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
        R"("},"spec":{"tolerations":[{"operator":"Exists"}],"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":")" +
        claim_name + R"("}}]}})");
  }
  void run_until(SimTime end) {
    while (plane.next_wakeup() <= end) {
      now = plane.next_wakeup();
      plane.step(now);
    }
    now = end;
    plane.step(now);
  }
  [[nodiscard]] state::ClusterView view() const { return plane.view(now); }
  [[nodiscard]] const model::PersistentVolumeClaim& claim_spec(std::size_t i) const {
    return plane.state().claims.at(i).spec;
  }
  [[nodiscard]] std::string message(std::size_t i) const {
    return std::string(view().text(plane.state().pods.message.at(i)));
  }
  [[nodiscard]] bool bound(std::size_t i) const { return plane.state().pods.node.at(i).valid(); }

  log::MemoryJournal journal;
  NoWorld world;
  loop::ControlPlane plane;
  SimTime now;
};

}  // namespace

TEST_CASE("A claim that waits gets a volume when its pod is placed; the pod is bound a second later") {
  Rig rig;
  rig.storage_class("s", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
  rig.volume("v", "2Gi");
  rig.claim("c");
  rig.run_until({seconds(1).ns});
  CHECK(rig.plane.state().persistent_volumes.at(0).spec.phase == "Available");
  CHECK(rig.claim_spec(0).phase == "Pending");
  rig.pod("p", "c");
  rig.run_until({seconds(10).ns});
  const model::PersistentVolume& v = rig.plane.state().persistent_volumes.at(0).spec;
  CHECK(v.phase == "Bound");
  CHECK(v.bound_by_controller);
  CHECK(v.claim->name == "c");
  CHECK(rig.claim_spec(0).fully_bound());
  CHECK(rig.claim_spec(0).phase == "Bound");
  REQUIRE(rig.bound(0));
  CHECK(rig.world.bound_at > SimTime{seconds(2).ns});
  CHECK(rig.world.bound_at < SimTime{seconds(3).ns});
  CHECK(state::check_invariants(rig.plane.state()).empty());
}

TEST_CASE("An immediate claim is bound to the smallest volume that fits, or one is made for it") {
  loop::Settings settings;
  settings.controllers.volume_provisioning_time = seconds(4);
  Rig rig(settings);
  rig.storage_class("s", "disk.example.com", "Immediate");
  rig.volume("big", "9Gi");
  rig.volume("small", "2Gi");
  rig.run_until({seconds(1).ns});
  rig.claim("c1");
  rig.run_until({seconds(2).ns});
  CHECK(rig.claim_spec(0).volume_name == "small");
  rig.claim("c2");
  rig.claim("c3");
  rig.pod("p", "c3");
  rig.run_until({seconds(3).ns});
  CHECK(rig.claim_spec(1).volume_name == "big");
  CHECK(rig.claim_spec(2).volume_name.empty());
  CHECK(rig.message(0) == "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found");
  rig.run_until({seconds(7).ns});
  CHECK(rig.claim_spec(2).fully_bound());
  const model::PersistentVolume& made = rig.plane.state().persistent_volumes.at(2).spec;
  CHECK(made.source.group == "disk.example.com");
  CHECK(made.reclaim_policy == "Delete");
  CHECK(made.phase == "Bound");
}

TEST_CASE(
    "A volume is made where its first consumer is placed, and goes with its claim, which goes when no pod uses it") {
  Rig rig;
  rig.apply(R"({"apiVersion":"storage.k8s.io/v1","kind":"CSINode","metadata":{"name":"n1"},
                "spec":{"drivers":[{"name":"disk.example.com","nodeID":"i","topologyKeys":["zone"]}]}})");
  rig.storage_class("s", "disk.example.com", "WaitForFirstConsumer");
  rig.apply(R"({"apiVersion":"storage.k8s.io/v1","kind":"CSIDriver","metadata":{"name":"disk.example.com"},
                "spec":{"attachRequired":false}})");  // nobody attaches here
  rig.claim("c");
  rig.run_until({seconds(20).ns});
  CHECK(rig.plane.state().persistent_volumes.empty());
  rig.pod("p", "c");
  rig.run_until({seconds(40).ns});
  REQUIRE(rig.bound(0));
  CHECK(rig.world.bound_at > SimTime{seconds(25).ns});
  CHECK(rig.claim_spec(0).selected_node == std::string("n1"));
  const model::PersistentVolume& made = rig.plane.state().persistent_volumes.at(0).spec;
  REQUIRE(made.node_affinity.has_value());
  CHECK(made.node_affinity->at(0).match_expressions.at(0).key == "zone");
  CHECK(made.node_affinity->at(0).match_expressions.at(0).values == std::vector<std::string>{"a"});
  const auto outcome = rig.plane.request(rig.now, "test", "kubectl delete pvc/c",
                                         command::DeleteObject{event::Ref(event::PvcId(0U)), {}, {}});
  REQUIRE(outcome.ok());
  rig.run_until({seconds(60).ns});
  // A pod uses it: it is Terminating until that has gone.
  CHECK(rig.plane.state().claims.at(0).header.alive);
  CHECK(rig.plane.state().claims.at(0).header.terminating());
  CHECK(rig.plane.state().persistent_volumes.at(0).spec.phase == "Bound");
  REQUIRE(rig.plane
              .request(rig.now, "test", "kubectl delete pod/p --force",
                       command::DeleteObject{event::Ref(event::PodId(0U)), {}, 0})
              .ok());
  rig.run_until({seconds(80).ns});
  CHECK_FALSE(rig.plane.state().claims.at(0).header.alive);
  CHECK_FALSE(rig.plane.state().persistent_volumes.at(0).header.alive);
}

TEST_CASE("When no volume comes the attempt fails after ten minutes, and the pod is tried again") {
  loop::Settings settings;
  settings.controllers.volume_provisioning_time = base::minutes(60);
  Rig rig(settings);
  rig.storage_class("s", "disk.example.com", "WaitForFirstConsumer");
  rig.claim("c");
  rig.pod("p", "c");
  rig.run_until({seconds(599).ns});
  CHECK(rig.message(0).empty());
  rig.run_until({seconds(602).ns});
  CHECK(rig.message(0) == "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded");
  CHECK_FALSE(rig.bound(0));
  rig.run_until({seconds(3700).ns});
  INFO(rig.message(0));
  CHECK(rig.claim_spec(0).fully_bound());
  CHECK(rig.bound(0));
}

TEST_CASE("Two pods want the only volume: the second waits until there is another") {
  Rig rig;
  rig.storage_class("s", "kubernetes.io/no-provisioner", "WaitForFirstConsumer");
  rig.volume("v", "2Gi");
  rig.run_until({seconds(1).ns});
  rig.claim("c1");
  rig.claim("c2");
  rig.pod("p1", "c1");
  rig.pod("p2", "c2");
  rig.run_until({seconds(5).ns});
  CHECK(rig.bound(0));
  CHECK_FALSE(rig.bound(1));
  CHECK(rig.message(1).find("1 node(s) didn't find available persistent volumes to bind") != std::string::npos);
}

TEST_CASE("A control plane restarted while a volume is being made finds it made once") {
  Rig rig;
  rig.storage_class("s", "disk.example.com", "WaitForFirstConsumer");
  rig.claim("c");
  rig.pod("p", "c");
  rig.run_until({seconds(2).ns});
  state::ClusterState copy;
  std::vector<std::uint8_t> bytes;
  state::save(rig.plane.state(), bytes);
  REQUIRE(state::load(copy, bytes.data(), bytes.size()));
  CHECK(state::digest(copy) == state::digest(rig.plane.state()));
  NoWorld world;
  loop::ControlPlane again(loop::Settings(), rig.journal, world, std::move(copy));
  again.step(rig.now);
  while (again.next_wakeup() < SimTime{seconds(30).ns}) again.step(again.next_wakeup());
  CHECK(again.state().persistent_volumes.size() == 1);
  CHECK(again.state().pods.node.at(0).valid());
}

TEST_CASE("What goes while a pod waits for its volume ends the attempt, and nothing stays promised") {
  Rig rig;
  rig.storage_class("s", "disk.example.com", "WaitForFirstConsumer");
  rig.claim("c");
  rig.pod("p", "c");
  rig.run_until({seconds(2).ns});
  REQUIRE(rig.claim_spec(0).selected_node == std::string("n1"));
  REQUIRE_FALSE(rig.bound(0));
  const auto remove = [&](event::Ref what) {
    REQUIRE(rig.plane.request(rig.now, "test", "kubectl delete", command::DeleteObject{what, {}, {}}).ok());
  };
  SECTION("the claim; the pod runs with the next one of that name") {
    remove(event::Ref(event::PvcId(0U)));
    rig.run_until({seconds(20).ns});
    CHECK_FALSE(rig.bound(0));
    CHECK(rig.message(0).find("persistentvolumeclaim \"c\" not found") != std::string::npos);
    rig.claim("c");
    rig.run_until({seconds(60).ns});
    CHECK(rig.bound(0));
  }
  SECTION("the node; the pod goes where the volume is reached from") {
    remove(event::Ref(event::NodeId(0U)));
    rig.apply(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n2","labels":{"zone":"b"}},
                  "status":{"capacity":{"cpu":"64","memory":"256Gi","pods":"200"}}})");
    rig.run_until({seconds(60).ns});
    INFO(rig.message(0));
    CHECK(rig.claim_spec(0).fully_bound());
    REQUIRE(rig.bound(0));
    CHECK(rig.plane.state().pods.node.at(0) == event::NodeId(1U));
  }
  SECTION("the pod; its claim is the next one's") {
    remove(event::Ref(event::PodId(0U)));
    rig.pod("q", "c");
    rig.run_until({seconds(60).ns});
    CHECK(rig.bound(1));
  }
}
