// Given a cluster, when someone wishes something, then these facts or this refusal.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/support/given.h"

using namespace wavetank;
using command::ApplyObject;
using support::Cluster;

namespace {

const char* kWeb =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: {app: "
    "web}}, "
    "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}";

std::string json(std::string_view yaml) {
  auto docs = model::parse_yaml(yaml, "test");
  REQUIRE(docs.has_value());
  return model::to_json((*docs)[0]);
}

event::DeploymentId web(const Cluster& c) { return c.find(model::Kind::Deployment, "web").as<event::DeploymentId>(); }

void add_set(Cluster& c, std::int64_t revision) {
  c.fact(event::ReplicaSetCreated{web(c), c.view().deployment(web(c)).hash, 3, revision, 3, 4});
}

}  // namespace

TEST_CASE("Creating and applying objects") {
  Cluster c;
  using Mode = ApplyObject::Mode;
  CHECK(c.wish(ApplyObject{json(kWeb), Mode::Apply}) == "ObjectCreated");
  CHECK(c.wish(ApplyObject{json(kWeb), Mode::Apply}).empty());  // it is already so
  CHECK(c.wish(ApplyObject{json(kWeb), Mode::Create}) == "AlreadyExists: deployments.apps \"web\" already exists");
  CHECK(c.wish(ApplyObject{R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"nowhere"}})",
                           Mode::Apply}) == "NotFound: namespaces \"nowhere\" not found");
  CHECK(
      c.wish(ApplyObject{
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"priorityClassName":"gold","containers":[{"name":"c","image":"i"}]}})",
          Mode::Apply}) == "Forbidden: pods \"p\" is forbidden: no PriorityClass with name gold was found");
  CHECK(c.wish(ApplyObject{"{not json", Mode::Apply}).starts_with("BadRequest: "));
  CHECK(c.wish(ApplyObject{"[]", Mode::Apply}).starts_with("BadRequest: "));
}

TEST_CASE("Apply keeps what others set and drops what it set before") {
  Cluster c;
  c.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: '1', b: '2'}}");
  const event::Ref m = c.find(model::Kind::ConfigMap, "m");
  CHECK(c.wish(command::PatchObject{m, R"({"data":{"c":"3"}})"}) == "ObjectUpdated");
  c.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: '9'}}");
  const model::Doc data = *c.view().stored_doc(m).find("data");
  CHECK(data.string_or("a") == "9");
  CHECK(data.find("b") == nullptr);   // applied before, no longer wanted
  CHECK(data.string_or("c") == "3");  // set by someone else
  c.apply(kWeb);
  CHECK(c.wish(command::ScaleObject{web(c), 7}) == "ObjectUpdated");
  // A manifest that names replicas takes them back; one that never named a field leaves it alone.
  c.apply(kWeb);
  CHECK(c.view().deployment(web(c)).spec.replicas == 3);
}

TEST_CASE("A generation counts changes of the spec only") {
  Cluster c;
  c.apply(kWeb);
  const auto generation = [&] { return c.view().header(web(c))->generation; };
  CHECK(generation() == 1);
  c.wish(command::SetLabel{web(c), "tier", "front"});
  CHECK(generation() == 1);
  c.wish(command::ScaleObject{web(c), 4});
  CHECK(generation() == 2);
}

TEST_CASE("What kubectl is told when it may not") {
  Cluster c;
  c.apply(kWeb);
  CHECK(c.wish(command::ScaleObject{web(c), -1}) ==
        "Invalid: Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or "
        "equal to 0");
  CHECK(c.wish(command::SetImage{web(c), "sidecar", "x:1"}) == "NotFound: unable to find container named \"sidecar\"");
  CHECK(c.wish(command::SetPaused{web(c), false}) == "BadRequest: deployments.apps \"web\" is not paused");
  CHECK(c.wish(command::UndoRollout{web(c), 0}) == "BadRequest: no rollout history found for deployment \"web\"");
  CHECK(c.wish(command::UndoRollout{web(c), 9}) == "BadRequest: unable to find specified revision 9 in history");
  CHECK(c.wish(command::SetPaused{web(c), true}) == "ObjectUpdated");
  CHECK(c.wish(command::RestartRollout{web(c)}) ==
        "BadRequest: can't restart paused deployment (run rollout resume first)");
  CHECK(
      c
          .wish(command::PatchObject{
              web(c),
              R"({"spec":{"selector":{"matchLabels":{"app":"other"}},"template":{"metadata":{"labels":{"app":"other"}}}}})"})
          .find("field is immutable") != std::string::npos);
  CHECK(c.wish(command::DeleteObject{c.find(model::Kind::Namespace, "default"), event::Propagation::Background, {}}) ==
        "Forbidden: namespaces \"default\" is forbidden: this namespace may not be deleted");
}

TEST_CASE("An undo brings back the template of the revision before, without the hash label") {
  Cluster c;
  c.apply(kWeb);
  add_set(c, 1);
  const std::string first_hash = c.view().deployment(web(c)).hash;
  REQUIRE(c.wish(command::SetImage{web(c), "web", "web:2"}) == "ObjectUpdated");
  add_set(c, 2);
  REQUIRE(c.view().deployment(web(c)).hash != first_hash);
  CHECK(c.wish(command::UndoRollout{web(c), 0}) == "ObjectUpdated");
  CHECK(c.view().deployment(web(c)).hash == first_hash);
}

TEST_CASE("Deleting pods: the grace period") {
  struct Row {
    const char* what;
    bool bound;
    event::Phase phase;
    std::optional<std::int64_t> grace;
    const char* facts;
    std::int32_t grace_s;
  };
  const Row rows[] = {
      {"a running pod gets its own", true, event::Phase::Running, {}, "PodDeletionStarted", 30},
      {"or the one asked for", true, event::Phase::Running, 5, "PodDeletionStarted", 5},
      {"grace 0 removes at once", true, event::Phase::Running, 0, "PodDeletionStarted PodRemoved", 0},
      {"an unscheduled pod goes at once", false, event::Phase::Pending, {}, "PodDeletionStarted PodRemoved", 0},
      {"so does one that has ended", true, event::Phase::Failed, {}, "PodDeletionStarted PodRemoved", 0},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Cluster c;
    c.add_node("n1");
    c.add_pod("p", "app: x", row.bound ? "n1" : "");
    const event::PodId pod = c.pod("p");
    if (row.phase == event::Phase::Failed) c.fact(event::PodPhaseChanged{pod, row.phase, ""});
    CHECK(c.wish(command::DeletePod{pod, event::DeletionReason::Deleted, row.grace}) == row.facts);
    CHECK(c.state.pods.grace_s[pod.index()] == row.grace_s);
  }
}

TEST_CASE("Evictions ask the disruption budget") {
  struct Row {
    const char* what;
    std::int32_t allowed, healthy, desired;
    bool ready, processed;
    const char* policy;
    const char* answer;
  };
  const char* kNo =
      "TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget. The disruption budget b "
      "needs 2 healthy pods and has 2 currently";
  const char* kNotYet =
      "TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget. The disruption budget b is "
      "still being processed by the server.";
  const Row rows[] = {
      {"allowed: it is used up by one", 1, 3, 2, true, true, "IfHealthyBudget",
       "PdbDisruptionRecorded PodDeletionStarted"},
      {"none left", 0, 2, 2, true, true, "IfHealthyBudget", kNo},
      {"not looked at yet", 1, 3, 2, true, false, "IfHealthyBudget", kNotYet},
      {"an unhealthy pod goes if the rest is healthy", 0, 2, 2, false, true, "IfHealthyBudget", "PodDeletionStarted"},
      {"but not if the rest is not", 0, 1, 2, false, true, "IfHealthyBudget",
       "TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget. The disruption budget b "
       "needs 2 healthy pods and has 1 currently"},
      {"unless unhealthy pods may always go", 0, 1, 2, false, true, "AlwaysAllow", "PodDeletionStarted"},
      {"nor if no budget could be met at all", 0, 0, 0, false, true, "IfHealthyBudget",
       "TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget. The disruption budget b "
       "needs 0 healthy pods and has 0 currently"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Cluster c;
    c.add_node("n1");
    c.add_pod("p", "app: x", "n1");
    c.apply(std::string("{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: "
                        "2, unhealthyPodEvictionPolicy: ") +
            row.policy + ", selector: {matchLabels: {app: x}}}}");
    const event::PdbId budget(0U);
    if (row.processed) c.fact(event::PdbStatusChanged{budget, row.healthy, row.desired, 3, row.allowed, 1});
    if (!row.ready) c.fact(event::PodReadyChanged{c.pod("p"), false, event::ReadyReason::ContainersNotReady});
    CHECK(c.wish(command::EvictPod{c.pod("p")}) == row.answer);
    if (std::string_view(row.answer).starts_with("Pdb"))
      CHECK(c.view().pdb(budget).disruptions_allowed == row.allowed - 1);
  }
}

TEST_CASE("What does not run is not protected by a budget") {
  for (const event::Phase phase : {event::Phase::Pending, event::Phase::Succeeded, event::Phase::Failed}) {
    Cluster c;
    c.add_node("n1");
    c.add_pod("p", "app: x", "n1");
    c.apply(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 2, selector: "
        "{matchLabels: {app: x}}}}");
    c.fact(event::PdbStatusChanged{event::PdbId(0U), 0, 2, 3, 0, 1});
    c.fact(event::PodPhaseChanged{c.pod("p"), phase, ""});
    CHECK(c.wish(command::EvictPod{c.pod("p")}).starts_with("PodDeletionStarted"));
  }
}

TEST_CASE("Two budgets over one pod refuse every eviction") {
  Cluster c;
  c.add_node("n1");
  c.add_pod("p", "app: x", "n1");
  for (const char* name : {"a", "b"})
    c.apply(std::string("{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: ") + name +
            "}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: x}}}}");
  CHECK(c.wish(command::EvictPod{c.pod("p")}) ==
        "InternalError: This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
        "support.");
}

TEST_CASE("A pod is bound once, and not when it is going") {
  Cluster c;
  c.add_node("n1");
  c.add_pod("p", "app: x");
  c.add_pod("q", "app: x", "n1");
  CHECK(c.wish(command::BindPod{{c.pod("p"), c.node("n1")}}) == "PodBound");
  CHECK(c.wish(command::BindPod{{c.pod("p"), c.node("n1")}}) == "Conflict: pod p is already assigned to node \"n1\"");
  const event::PodId q = c.pod("q");
  CHECK(c.wish(command::DeletePod{q, event::DeletionReason::Deleted, {}}) == "PodDeletionStarted");
  CHECK(c.wish(command::BindPod{{q, c.node("n1")}}).starts_with("Conflict: "));
}

TEST_CASE("A pod that names its node goes round the scheduler") {
  Cluster c;
  c.add_node("n1");
  CHECK(
      c.wish(ApplyObject{
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}})",
          ApplyObject::Mode::Create}) == "ObjectCreated PodBound");
  CHECK(c.view().pod_node(c.pod("p")) == c.node("n1"));
}

TEST_CASE("A pod that names a node that is not there waits for it, and for no other") {
  Cluster c;
  c.add_node("n1");
  const auto pod = [](const char* name, const char* node) {
    return ApplyObject{fmt::format(
        R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{}"}},"spec":{{{}"containers":[{{"name":"c","image":"i"}}]}}}})",
        name, node)};
  };
  CHECK(c.wish(pod("p", R"("nodeName":"n2",)")) == "ObjectCreated");
  c.wish(pod("free", ""));
  c.wish(pod("there", R"("nodeName":"n1",)"));
  const auto wants = [&](const char* name) { return c.view().pod_spec(c.pod(name)).spec.node_name; };
  CHECK(wants("p") == "n2");  // plugin NodeName holds it back
  CHECK(wants("free").empty());
  CHECK(wants("there").empty());
  CHECK(c.wish(ApplyObject{R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n2"}})",
                           ApplyObject::Mode::Create}) == "ObjectCreated PodBound");
  CHECK(c.view().pod_node(c.pod("p")) == c.node("n2"));
  CHECK_FALSE(c.view().pod_node(c.pod("free")).valid());
}

TEST_CASE("Label keys of a pod's terms are resolved when it is made, by hand or by a set") {
  Cluster c;
  const auto pod = [](const char* name, const char* selector) {
    return std::string("{apiVersion: v1, kind: Pod, metadata: {name: ") + name +
           ", labels: {app: web}}, spec: {containers: [{name: c, image: i}], topologySpreadConstraints: [{maxSkew: 1, "
           "topologyKey: zone, whenUnsatisfiable: DoNotSchedule, matchLabelKeys: [app], labelSelector: " +
           selector + "}]}}";
  };
  c.apply(pod("a", "{}"));
  const auto& constraint = c.view().pod_spec(event::PodId(0U)).spec.topology_spread_constraints.at(0);
  REQUIRE(constraint.label_selector->match_expressions.size() == 1);
  CHECK(constraint.label_selector->match_expressions[0].values == std::vector<std::string>{"web"});
  auto docs = model::parse_yaml(pod("b", "{matchLabels: {app: db}}"), "t");
  CHECK(c.wish(command::ApplyObject{model::to_json(docs->front()), command::ApplyObject::Mode::Create}) ==
        "Invalid: Pod \"b\" is invalid: spec.topologySpreadConstraints[0][0]: Invalid value: \"app\": exists in both "
        "matchLabelKeys and labelSelector");

  c.apply(
      "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: r}, spec: {selector: {matchLabels: {app: web}}, "
      "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i, resources: {limits: {cpu: "
      "1}}}], affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, "
      "labelSelector: {}, mismatchLabelKeys: [app]}]}}}}}}");
  c.fact(event::PodCreated{c.find(model::Kind::ReplicaSet, "r").as<event::ReplicaSetId>(), "x", 0});
  const auto& made = c.view().pod_spec(c.find(model::Kind::Pod, "r-x").as<event::PodId>()).spec;
  CHECK(made.affinity.pod_anti.required.at(0).label_selector->match_expressions.size() == 1);
  CHECK(made.containers[0].requests.milli_cpu == 1000);  // and its requests are its limits
}

TEST_CASE("Reports of pods that are gone are refused, and old news are no facts") {
  Cluster c;
  c.add_node("n1");
  c.add_pod("p", "app: x", "n1");
  const event::PodId p = c.pod("p");
  CHECK(c.wish(command::ReportContainerStarted{{p, 0}}).empty());
  CHECK(c.wish(command::ReportContainerStarted{{p, 5}}) == "Invalid: no such container");
  CHECK(c.wish(command::ReportPodStopped{p}) == "Conflict: the pod is not terminating");
  c.fact(event::PodRemoved{p});
  CHECK(c.wish(command::ReportPodReady{{p, false, event::ReadyReason::ContainersNotReady}}) ==
        "NotFound: pods \"p\" not found");
}

TEST_CASE("Pod names are drawn from the seed and the set, not from the order of other work") {
  const auto names = [](std::uint64_t seed, bool other_first) {
    Cluster c(seed);
    if (other_first) c.add_pod("other", "a: b");
    c.apply(kWeb);
    add_set(c, 1);
    std::vector<std::string> out;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(c.wish(command::CreatePod{event::ReplicaSetId(0U)}) == "PodCreated");
      out.emplace_back(c.view().pod_name(event::PodId(c.state.pods.size() - 1)));
    }
    return out;
  };
  CHECK(names(1, false) == names(1, true));
  CHECK(names(1, false) != names(2, false));
}

TEST_CASE("A patch may say who an object is, and may not make it somebody else") {
  struct Row {
    const char* patch;
    const char* answer;
  };
  const Row rows[] = {
      {R"({"kind":"StatefulSet"})",
       "BadRequest: the kind in the data (StatefulSet) does not match the expected kind (Deployment)"},
      {R"({"apiVersion":"foo/v1"})",
       "BadRequest: the API version in the data (foo/v1) does not match the expected API version (apps/v1)"},
      {R"({"metadata":{"name":"other"}})",
       "BadRequest: the name of the object (other) does not match the name on the URL (web)"},
      {R"({"metadata":{"namespace":"kube-system"}})",
       "BadRequest: the namespace of the object (kube-system) does not match the namespace on the request (default)"},
      {R"({"metadata":null})", "BadRequest: metadata must be a map"},
      {"[]", "BadRequest: the API version in the data () does not match the expected API version (apps/v1)"},
      {R"({"kind":"Deployment","metadata":{"name":"web"}})", ""},
      {R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","uid":"u","generation":9}})",
       ""},  // the server's own
  };
  for (const Row& row : rows) {
    Cluster c;
    c.apply(kWeb);
    INFO(row.patch);
    CHECK(c.wish(command::PatchObject{web(c), row.patch}) == row.answer);
  }
  Cluster c;
  c.add_node("n1");
  const event::Ref node = c.find(model::Kind::Node, "n1", "");
  c.wish(command::PatchObject{node, R"({"status":null})"});
  CHECK(c.view().to_doc(node).at({"status", "capacity"}) != nullptr);  // a status is not taken away
}

TEST_CASE("Nothing is made in a namespace that is going, not by controllers either") {
  Cluster c;
  c.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  c.apply(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: "
      "{app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}");
  c.wish(command::DeleteObject{c.find(model::Kind::Namespace, "shop", ""), event::Propagation::Background, {}});
  CHECK(c.wish(command::CreateReplicaSet{{event::DeploymentId(0U), "h", 1, 1, 1, 2}}) ==
        "Forbidden: replicasets.apps \"web-h\" is forbidden: unable to create new content in namespace shop because it "
        "is being terminated");
}
