// What clients may do to StatefulSets, DaemonSets and the annotations of rollouts, and what they are told.
#include <catch2/catch.hpp>

#include "engine/state/annotations.h"
#include "tests/support/given.h"

using namespace wavetank;
using command::ApplyObject;
using support::Cluster;

namespace {

constexpr const char* kTemplate =
    ", selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, "
    "image: "
    "'app:1'}]}}";

struct Fixture : Cluster {
  Fixture() {
    apply(std::string("{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db") +
          kTemplate + "}}");
    apply(
        std::string("{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {revisionHistoryLimit: 5") +
        kTemplate + "}}");
  }
  event::Ref db() const { return find(model::Kind::StatefulSet, "db"); }
  event::Ref agent() const { return find(model::Kind::DaemonSet, "agent"); }

  /// As the controller does for the template that the set has now.
  void keep_revision(event::Ref set, const std::string& hash, std::int64_t number) {
    fact(event::ControllerRevisionCreated{set, hash, number});
  }
  std::string image(event::Ref set) const {
    return std::string(
        view().stored_doc(set).at({"spec", "template", "spec", "containers"})->items.front().string_or("image"));
  }
  std::string annotation(event::Ref ref, std::string_view key) const {
    const model::Doc doc = view().stored_doc(ref);
    const model::Doc* value = doc.at({"metadata", "annotations", key});
    return value == nullptr ? "-" : value->text;
  }
  std::string generation() const { return annotation(agent(), state::kTemplateGeneration); }
  std::string patch(event::Ref ref, const std::string& json) { return wish(command::PatchObject{ref, json, 0}); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "An undo of a set brings back the revision before, or the one that is named") {
  for (const event::Ref set : {db(), agent()}) {
    CAPTURE(view().name_of(set));
    keep_revision(set, "one", 1);
    CHECK(wish(command::UndoRollout{set, 0}) == "BadRequest: no last revision to roll back to");
    CHECK(wish(command::UndoRollout{set, 7}) == "BadRequest: unable to find specified revision 7 in history");
    REQUIRE(wish(command::SetImage{set, "c", "app:2"}) == "ObjectUpdated");
    keep_revision(set, "two", 2);
    REQUIRE(wish(command::SetImage{set, "c", "app:3"}) == "ObjectUpdated");
    keep_revision(set, "three", 3);
    CHECK(wish(command::UndoRollout{set, 3}).empty());  // "skipped rollback": it has that template
    CHECK(image(set) == "app:3");
    CHECK(wish(command::UndoRollout{set, 0}) == "ObjectUpdated");
    CHECK(image(set) == "app:2");
    CHECK(wish(command::UndoRollout{set, 1}) == "ObjectUpdated");
    CHECK(image(set) == "app:1");
  }
}

TEST_CASE_METHOD(Fixture, "A restart of a set is an annotation of its template") {
  now = now + base::seconds(90);
  for (const event::Ref set : {db(), agent()}) {
    CAPTURE(view().name_of(set));
    REQUIRE(wish(command::RestartRollout{set}) == "ObjectUpdated");
    const model::Doc doc = view().stored_doc(set);
    const model::Doc* at = doc.at({"spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"});
    REQUIRE(at != nullptr);
    CHECK(at->text == "2025-01-01T00:01:30Z");
    CHECK(view().header(set)->generation == 2);
  }
  add_node("n1");
  CHECK(wish(command::RestartRollout{find(model::Kind::Node, "n1", "")}) ==
        "BadRequest: restarting is not supported: node/n1");
  CHECK(wish(command::UndoRollout{find(model::Kind::Node, "n1", ""), 0}) ==
        "BadRequest: node/n1 has no rollout to undo");
}

TEST_CASE_METHOD(Fixture, "Fields of sets that may not change") {
  const std::string forbidden =
      "Invalid: StatefulSet.apps \"db\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than "
      "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
      "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  struct Row {
    const char* patch;
    bool may;
  };
  for (const Row& r :
       {Row{R"({"spec":{"serviceName":"other"}})", false}, Row{R"({"spec":{"podManagementPolicy":"Parallel"}})", false},
        Row{R"({"spec":{"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],)"
            R"("resources":{"requests":{"storage":"1Gi"}}}}]}})",
            false},
        Row{R"({"spec":{"selector":{"matchLabels":{"app":"a","x":"y"}},"template":{"metadata":{"labels":{"x":"y"}}}}})",
            false},
        Row{R"({"spec":{"replicas":3}})", true}, Row{R"({"spec":{"ordinals":{"start":2}}})", true},
        Row{R"({"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}})", true},
        Row{R"({"spec":{"revisionHistoryLimit":1}})", true}, Row{R"({"spec":{"minReadySeconds":9}})", true},
        Row{R"({"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Delete","whenDeleted":"Retain"}}})",
            true},
        Row{R"({"spec":{"template":{"spec":{"hostNetwork":true}}}})", true}}) {
    INFO(r.patch);
    CHECK(patch(db(), r.patch) == (r.may ? "ObjectUpdated" : forbidden));
  }
  CHECK(patch(agent(),
              R"({"spec":{"selector":{"matchLabels":{"x":"y"}},"template":{"metadata":{"labels":{"x":"y"}}}}})") ==
        "Invalid: DaemonSet.apps \"agent\" is invalid: spec.selector: Invalid value: "
        R"({"matchLabels":{"app":"a","x":"y"}}: field is immutable)");
  keep_revision(agent(), "one", 1);
  CHECK(patch(find(model::Kind::ControllerRevision, "agent-one"), R"({"data":{"spec":null}})")
            .starts_with("Invalid: ControllerRevision.apps \"agent-one\" is invalid: data: Invalid value: "));
}

TEST_CASE_METHOD(Fixture, "The templates of a DaemonSet are counted; clients cannot count them") {
  CHECK(generation() == "1");
  CHECK(patch(agent(), R"({"spec":{"minReadySeconds":5}})") == "ObjectUpdated");
  CHECK(generation() == "1");
  CHECK(wish(command::SetImage{agent(), "c", "app:2"}) == "ObjectUpdated");
  CHECK(generation() == "2");
  CHECK(patch(agent(), R"({"metadata":{"annotations":{"deprecated.daemonset.template.generation":"9"}}})").empty());
  CHECK(patch(agent(), R"({"metadata":{"annotations":{"deprecated.daemonset.template.generation":null}}})").empty());
  CHECK(generation() == "2");
  keep_revision(agent(), "two", 1);
  CHECK(annotation(find(model::Kind::ControllerRevision, "agent-two"), state::kTemplateGeneration) == "2");

  const auto create = [&](const std::string& name, const std::string& begin) {
    return wish(ApplyObject{R"({"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":")" + name +
                                R"(","annotations":{"deprecated.daemonset.template.generation":")" + begin +
                                R"("}},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":)"
                                R"({"a":"b"}},"spec":{"containers":[{"name":"c","image":"i:1"}]}}}})",
                            ApplyObject::Mode::Create});
  };
  CHECK(create("old", "7") == "ObjectCreated");
  CHECK(annotation(find(model::Kind::DaemonSet, "old"), state::kTemplateGeneration) == "7");
  CHECK(create("zero", "0") == "ObjectCreated");
  CHECK(annotation(find(model::Kind::DaemonSet, "zero"), state::kTemplateGeneration) == "1");
  CHECK(create("bad", "x") ==
        "BadRequest: DaemonSet in version \"v1\" cannot be handled as a DaemonSet: strconv.ParseInt: parsing \"x\": "
        "invalid syntax");
}

TEST_CASE("Annotations of a Deployment go to its sets, and come back with an undo") {
  Fixture c;
  c.apply(std::string("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, annotations: {cause: first, "
                      "deployment.kubernetes.io/revision: '5'}}, spec: {replicas: 2") +
          kTemplate + "}}");
  const event::Ref web = c.find(model::Kind::Deployment, "web");
  const auto make_set = [&](std::int64_t revision) {
    const std::string hash = c.view().deployment(web.as<event::DeploymentId>()).hash;
    c.fact(event::ReplicaSetCreated{web.as<event::DeploymentId>(), hash, 2, revision, 2, 3});
    return c.find(model::Kind::ReplicaSet, "web-" + hash);
  };
  const event::Ref first = make_set(1);
  CHECK(c.annotation(first, "cause") == "first");
  CHECK(c.annotation(first, "deployment.kubernetes.io/revision") == "1");
  CHECK(c.annotation(first, "kubectl.kubernetes.io/last-applied-configuration") == "-");
  REQUIRE(c.patch(web, R"({"metadata":{"annotations":{"cause":"second","more":"x"}}})") == "ObjectUpdated");
  REQUIRE(c.wish(command::SetImage{web, "c", "app:2"}) == "ObjectUpdated");
  const event::Ref second = make_set(2);
  CHECK(c.annotation(second, "cause") == "second");
  CHECK(c.annotation(first, "cause") == "first");
  const std::string applied = c.annotation(web, "kubectl.kubernetes.io/last-applied-configuration");
  REQUIRE(c.wish(command::UndoRollout{web, 0}) == "ObjectUpdated");
  CHECK(c.image(web) == "app:1");
  CHECK(c.annotation(web, "cause") == "first");
  CHECK(c.annotation(web, "more") == "-");
  CHECK(c.annotation(web, "kubectl.kubernetes.io/last-applied-configuration") == applied);
}
