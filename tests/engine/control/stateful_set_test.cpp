// One sync of a StatefulSet: given a cluster, the calls. What recordings of 1.20 do not show, or show in passing.
#include <catch2/catch.hpp>

#include "engine/control/controllers.h"
#include "tests/engine/control/plan_text.h"
#include "tests/support/given.h"

using namespace wavetank;
using event::Phase;
using support::plan_text;

namespace {

constexpr const char* kClaims =
    ", volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: "
    "{storage: 1Gi}}}}]";

struct Fixture : support::Cluster {
  std::unique_ptr<control::Controller> controller = control::make_stateful_set_controller();
  control::Plan plan;

  Fixture() { add_node("n1"); }
  void apply_set(int replicas, const std::string& extra = "") {
    apply("{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db, replicas: " +
          std::to_string(replicas) + extra +
          ", selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: "
          "c, image: 'app:1'}]}}}}");
  }
  event::Ref set() const { return find(model::Kind::StatefulSet, "db"); }
  std::string sync() {
    plan.reset(1);
    controller->reconcile(set(), view(), plan);
    return plan_text(plan, view());
  }
  /// Performs what the last sync asked for.
  void perform() {
    for (const auto& call : plan.calls()) wish(call.payload);
  }
  /// Syncs and performs until nothing is left to do; pods that were made run and are ready.
  void settle() {
    for (int i = 0; i < 30 && !sync().empty(); ++i) {
      perform();
      for (std::size_t p = 0; p < state.pods.size(); ++p) {
        if (view().pod_alive(event::PodId(p)) && !view().pod_node(event::PodId(p)).valid()) run(event::PodId(p));
      }
    }
    const std::string rest = sync();
    REQUIRE(rest == "");
  }
  void run(event::PodId p) {
    fact(event::PodBound{p, node("n1")});
    fact(event::ContainerStarted{p, 0});
    fact(event::PodPhaseChanged{p, Phase::Running, ""});
    fact(event::PodReadyChanged{p, true, event::ReadyReason::None});
  }
  /// What is asked of the pods and claims, without events and status.
  std::string sync_objects() {
    std::string out;
    std::string text = sync() + "\n";
    for (const char* word : {"DeletePod ", "MakePod ", "Create PersistentVolumeClaim ", "SetOwner "}) {
      const std::string_view key(word);
      for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
        if (!out.empty()) out += ", ";
        out += text.substr(at, text.find_first_of("\n|+", at) - at);
        while (out.back() == ' ') out.pop_back();
      }
    }
    return out;
  }
  model::Doc doc(model::Kind kind, const std::string& name) const { return view().stored_doc(find(kind, name)); }
  /// "StatefulSet db" for each owner of a claim.
  std::string owners(const std::string& claim) const {
    std::string out;
    const model::Doc claim_doc = doc(model::Kind::PersistentVolumeClaim, claim);
    const model::Doc* refs = claim_doc.at({"metadata", "ownerReferences"});
    if (refs == nullptr) return out;
    for (const model::Doc& ref : refs->items)
      out += (out.empty() ? "" : ", ") + std::string(ref.string_or("kind")) + " " + std::string(ref.string_or("name"));
    return out;
  }
};

std::string text_at(const model::Doc& doc, std::initializer_list<std::string_view> path) {
  const model::Doc* at = doc.at(path);
  return at == nullptr ? "-" : at->text;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "A member knows who it is, and its claim whom it is for") {
  apply_set(1, std::string(", ordinals: {start: 3}") + kClaims);
  settle();
  const model::Doc pod = doc(model::Kind::Pod, "db-3");
  CHECK(text_at(pod, {"metadata", "labels", "statefulset.kubernetes.io/pod-name"}) == "db-3");
  CHECK(text_at(pod, {"metadata", "labels", "apps.kubernetes.io/pod-index"}) == "3");
  CHECK(text_at(pod, {"spec", "hostname"}) == "db-3");
  CHECK(text_at(pod, {"spec", "subdomain"}) == "db");
  CHECK(pod.at({"spec", "volumes"})->items.front().at({"persistentVolumeClaim", "claimName"})->text == "data-db-3");
  CHECK(text_at(doc(model::Kind::PersistentVolumeClaim, "data-db-3"), {"metadata", "labels", "app"}) == "db");
}

TEST_CASE_METHOD(Fixture, "On the way down the highest does not wait for those that go after it, nor for itself") {
  apply_set(3);
  settle();
  apply_set(1);
  fact(event::PodReadyChanged{pod("db-1"), false, event::ReadyReason::None});
  CHECK(sync_objects() == "DeletePod db-2");
  fact(event::PodReadyChanged{pod("db-1"), true, event::ReadyReason::None});
  fact(event::PodReadyChanged{pod("db-2"), false, event::ReadyReason::None});
  CHECK(sync_objects() == "DeletePod db-2");
  fact(event::PodReadyChanged{pod("db-0"), false, event::ReadyReason::None});
  CHECK(sync_objects().empty());  // one that stays is not ready
}

TEST_CASE_METHOD(Fixture, "A pod that is to go and is not ready waits for another that is not, below it") {
  apply_set(3);
  settle();
  apply_set(1);
  for (const char* name : {"db-1", "db-2"}) fact(event::PodReadyChanged{pod(name), false, event::ReadyReason::None});
  // The first that is not ready is db-1: it alone would be let go, and db-2 comes before it.
  CHECK(sync_objects().empty());
}

TEST_CASE_METHOD(Fixture, "There are never two of one name: a member that is going is not replaced") {
  apply_set(2);
  settle();
  wish(command::DeletePod{pod("db-1"), event::DeletionReason::TaintEviction, {}});
  CHECK(sync_objects().empty());
  fact(event::PodRemoved{pod("db-1")});
  CHECK(sync_objects() == "MakePod db-1");
}

TEST_CASE_METHOD(Fixture, "A pod is let go when the selector or the name does not fit") {
  apply_set(1);
  settle();
  add_pod("db-7", "app: db");
  add_pod("else-1", "app: db");
  CHECK(sync_objects() == "DeletePod db-7, SetOwner db-7 db");  // adopted, and one too many; else-1 is none of its
  perform();
  wish(command::PatchObject{pod("db-0"), R"({"metadata":{"labels":{"app":"other"}}})", 0});
  CHECK(sync_objects().find("SetOwner db-0 none") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "A claim that is going is waited for") {
  apply_set(1, kClaims);
  settle();
  fact(event::PodRemoved{pod("db-0")});
  wish(
      command::DeleteObject{find(model::Kind::PersistentVolumeClaim, "data-db-0"), event::Propagation::Background, {}});
  REQUIRE(view().header(find(model::Kind::PersistentVolumeClaim, "data-db-0"))->terminating());
  CHECK(sync_objects().empty());
  CHECK(sync().find("Event FailedCreate") != std::string::npos);
  CHECK(plan.failed());
}

TEST_CASE_METHOD(Fixture, "Owners of claims: by policy, by pod, and hands off other people's") {
  apply_set(2,
            std::string(", persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}") + kClaims);
  settle();
  CHECK(owners("data-db-1") == "StatefulSet db");
  apply_set(1,
            std::string(", persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}") + kClaims);
  sync();
  perform();
  CHECK(owners("data-db-0") == "StatefulSet db");
  CHECK(owners("data-db-1") == "Pod db-1");

  SECTION("a claim that still belongs to an earlier pod is no storage for a new one") {
    fact(event::PodRemoved{pod("db-1")});
    apply_set(
        2, std::string(", persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}") + kClaims);
    CHECK(sync_objects().empty());
    fact(event::ObjectRemoved{find(model::Kind::PersistentVolumeClaim, "data-db-1")});
    CHECK(sync_objects() == "MakePod db-1, Create PersistentVolumeClaim data-db-1");
  }
  SECTION("a claim that another controls is left alone") {
    const event::Ref claim = find(model::Kind::PersistentVolumeClaim, "data-db-0");
    const std::string other =
        R"([{"apiVersion":"example.com/v1","kind":"Backup","name":"b","uid":"1","controller":true}])";
    wish(command::PatchObject{claim, R"({"metadata":{"ownerReferences":)" + other + "}}", 0});
    CHECK(owners("data-db-0") == "Backup b");
    sync();
    for (const auto& call : plan.calls()) CHECK_FALSE(std::holds_alternative<command::PatchObject>(call.payload));
  }
  SECTION("so is one of an earlier set of this name") {
    const event::Ref claim = find(model::Kind::PersistentVolumeClaim, "data-db-0");
    const std::string earlier =
        R"([{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db","uid":"earlier","controller":true}])";
    wish(command::PatchObject{claim, R"({"metadata":{"ownerReferences":)" + earlier + "}}", 0});
    apply_set(1, kClaims);  // Retain would take off its own reference
    sync();
    perform();
    REQUIRE(owners("data-db-0") == "StatefulSet db");
    const model::Doc after = doc(model::Kind::PersistentVolumeClaim, "data-db-0");
    CHECK(after.at({"metadata", "ownerReferences"})->items.front().string_or("uid") == "earlier");
  }
  SECTION("with Retain they belong to nobody") {
    fact(event::PodRemoved{pod("db-1")});
    apply_set(2, kClaims);
    settle();
    CHECK(owners("data-db-0").empty());
  }
}
