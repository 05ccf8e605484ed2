// Folding: what the state says after facts, and that a snapshot is the state.
#include <catch2/catch.hpp>

#include "engine/model/requests.h"
#include "tests/support/given.h"

using namespace wavetank;
using support::Cluster;

namespace {

constexpr const char* kWeb = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'shop/web:1', resources: {requests: {cpu: 250m, memory: 64Mi}}}
)";

/// A Deployment with one set of two pods, one of them running and ready on n1.
Cluster shop() {
  Cluster c;
  c.add_node("n1");
  c.add_node("n2", "b");
  c.apply(kWeb);
  const auto web = c.find(model::Kind::Deployment, "web").as<event::DeploymentId>();
  c.fact(event::ReplicaSetCreated{web, c.view().deployment(web).hash, 2, 1, 2, 3});
  const event::ReplicaSetId set(0U);
  REQUIRE(c.wish(command::CreatePod{set}) == "PodCreated");
  REQUIRE(c.wish(command::CreatePod{set}) == "PodCreated");
  c.now = {base::seconds(10).ns};
  const event::PodId first(0U);
  c.fact(event::PodBound{first, c.node("n1")});
  c.fact(event::ImagePulled{first, 0, 1 << 20, base::seconds(1)});
  c.fact(event::ContainerStarted{first, 0});
  c.fact(event::PodPhaseChanged{first, event::Phase::Running, ""});
  c.fact(event::PodReadyChanged{first, true, event::ReadyReason::None});
  return c;
}

}  // namespace

TEST_CASE("A set counts its pods as they come, get ready, terminate and go") {
  Cluster c = shop();
  const auto set = [&]() -> const state::ReplicaSetRow& { return c.state.replica_sets[0]; };
  const auto counts = [&] {
    return std::vector<int>{static_cast<int>(set().pods.size()), set().active, set().active_ready};
  };
  CHECK(counts() == std::vector<int>{2, 2, 1});
  c.fact(event::PodDeletionStarted{event::PodId(0U), 30, event::DeletionReason::Evicted});
  CHECK(counts() == std::vector<int>{2, 1, 0});
  c.fact(event::PodRemoved{event::PodId(0U)});
  CHECK(counts() == std::vector<int>{1, 1, 0});
  c.fact(event::PodPhaseChanged{event::PodId(1U), event::Phase::Failed, "Evicted"});
  CHECK(counts() == std::vector<int>{1, 0, 0});
  CHECK(state::check_invariants(c.state).empty());
}

TEST_CASE("A removed pod leaves every index but keeps its history") {
  Cluster c = shop();
  const std::string name(c.view().pod_name(event::PodId(0U)));
  c.fact(event::PodRemoved{event::PodId(0U)});
  CHECK_FALSE(c.view().find(model::Kind::Pod, "default", name).valid());
  CHECK(c.state.nodes[0].pods.empty());
  CHECK(c.state.alive_pods == 1);
  CHECK(c.view().pod_name(event::PodId(0U)) == name);
  CHECK(c.view().pod_node(event::PodId(0U)) == event::NodeId(0U));
}

TEST_CASE("Pods of a set share one admitted template: hash label, default tolerations") {
  const Cluster c = shop();
  CHECK(c.state.pods.tmpl[0] == c.state.pods.tmpl[1]);
  const model::PodTemplate& tmpl = c.view().pod_spec(event::PodId(0U));
  CHECK(*model::find_label(tmpl.labels, "pod-template-hash") == c.state.replica_sets[0].hash);
  REQUIRE(tmpl.spec.tolerations.size() == 2);
  for (const model::Toleration& t : tmpl.spec.tolerations) CHECK(t.toleration_seconds == 300);
}

TEST_CASE("A restarted container counts its restarts, and an image is on the node once it was pulled") {
  Cluster c = shop();
  const event::PodId pod(0U);
  for (int i = 0; i < 3; ++i) {
    c.fact(event::ContainerExited{pod, 0, 1, event::ExitReason::Error});
    c.fact(event::ContainerWaiting{pod, 0, event::WaitingReason::CrashLoopBackOff, base::seconds(10)});
    c.fact(event::ContainerStarted{pod, 0});
  }
  CHECK(c.view().restarts(pod) == 3);
  REQUIRE(c.state.nodes[0].images.size() == 1);
  CHECK(c.view().text(c.state.nodes[0].images[0].first) == "shop/web:1");
}

TEST_CASE("A kubelet's Ready says that nothing presses, and says so again when the node had been lost") {
  using event::ConditionStatus;
  using event::NodeConditionType;
  Cluster c;
  c.add_node("n1");
  const event::NodeId n1 = c.node("n1");
  const auto pressure = [&] {
    return c.view().node(n1).conditions[static_cast<std::size_t>(NodeConditionType::DiskPressure)];
  };
  c.fact(event::NodeConditionChanged{n1, NodeConditionType::Ready, ConditionStatus::True, "KubeletReady", ""});
  CHECK(pressure().status == ConditionStatus::False);
  CHECK(pressure().reason == "KubeletHasNoDiskPressure");
  c.fact(event::NodeConditionChanged{n1, NodeConditionType::DiskPressure, ConditionStatus::Unknown, "NodeStatusUnknown",
                                     ""});
  CHECK(pressure().status == ConditionStatus::Unknown);
  c.fact(event::NodeConditionChanged{n1, NodeConditionType::Ready, ConditionStatus::True, "KubeletReady", ""});
  CHECK(pressure().status == ConditionStatus::False);
  c.fact(event::NodeConditionChanged{n1, NodeConditionType::DiskPressure, ConditionStatus::True,
                                     "KubeletHasDiskPressure", ""});
  c.fact(event::NodeConditionChanged{n1, NodeConditionType::Ready, ConditionStatus::True, "KubeletReady", ""});
  CHECK(pressure().status == ConditionStatus::True);
}

TEST_CASE("A node's last renewal is told by arithmetic, never early") {
  Cluster c;
  c.add_node("n1");
  CHECK_FALSE(c.view().last_renewal(c.node("n1")).has_value());
  c.now = {base::seconds(3).ns};
  c.fact(event::HeartbeatsBegan{c.node("n1"), base::seconds(10)});
  struct Row {
    int at_s, last_s;
  };
  for (const Row& row : {Row{3, 3}, Row{12, 3}, Row{13, 13}, Row{52, 43}}) {
    c.now = {base::seconds(row.at_s).ns};
    CHECK(c.view().last_renewal(c.node("n1"))->ns == base::seconds(row.last_s).ns);
  }
  c.fact(event::HeartbeatsStopped{c.node("n1"), {base::seconds(43).ns}});
  c.now = {base::seconds(500).ns};
  CHECK(c.view().last_renewal(c.node("n1"))->ns == base::seconds(43).ns);
}

TEST_CASE("A taint keeps the time it was added while others come and go") {
  Cluster c;
  c.add_node("n1");
  const model::Taint a{"a", "", model::TaintEffect::NoExecute}, b{"b", "", model::TaintEffect::NoSchedule};
  c.now = {10};
  c.fact(event::NodeTaintsChanged{c.node("n1"), {a}});
  c.now = {20};
  c.fact(event::NodeTaintsChanged{c.node("n1"), {b, a}});
  CHECK(c.state.nodes[0].taint_added == std::vector<base::SimTime>{{20}, {10}});
}

TEST_CASE("A condition's transition time moves with its status only") {
  Cluster c = shop();
  const event::DeploymentId web(0U);
  const auto available = [&]() -> const state::Condition& { return c.state.deployments[0].conditions[0]; };
  const auto set = [&](std::int64_t at, event::ConditionStatus status, const char* reason) {
    c.now = {base::seconds(at).ns};
    c.fact(event::DeploymentConditionChanged{web, event::DeploymentConditionType::Available, status, reason, ""});
  };
  set(20, event::ConditionStatus::False, "MinimumReplicasUnavailable");
  set(30, event::ConditionStatus::False, "StillNot");
  CHECK(available().transitioned.ns == base::seconds(20).ns);
  CHECK(available().updated.ns == base::seconds(30).ns);
  set(40, event::ConditionStatus::True, "MinimumReplicasAvailable");
  CHECK(available().transitioned.ns == base::seconds(40).ns);
}

TEST_CASE("A snapshot is the state: it loads to the same digest and goes on to the same digest") {
  Cluster c = shop();
  c.apply("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}");
  c.apply(
      "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {minAvailable: 1, selector: "
      "{matchLabels: {app: web}}}}");
  c.apply("{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {x: 1}}");
  c.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {k: v}}");
  c.fact(event::FaultInjected{"node-crash", "node n2"});
  c.fact(event::EndpointSliceCreated{event::ServiceId(0U), "abcde"});
  c.fact(event::EndpointsChanged{event::EndpointSliceId(0U), {{event::PodId(0U), event::kListed | event::kReady}}});
  std::vector<std::uint8_t> bytes;
  state::save(c.state, bytes);
  state::ClusterState loaded;
  REQUIRE(state::load(loaded, bytes.data(), bytes.size()));
  CHECK(state::digest(loaded) == state::digest(c.state));
  const state::ClusterView again(loaded, c.now);
  for (const auto kind : {model::Kind::Deployment, model::Kind::Service, model::Kind::PodDisruptionBudget}) {
    const event::Ref ref = c.find(kind, "web");
    CHECK(again.find(kind, "default", "web") == ref);
    CHECK(model::to_yaml(again.to_doc(ref)) == model::to_yaml(c.view().to_doc(ref)));
  }
  // Both go on alike.
  const event::Event next{c.state.last_seq + 1, c.now, 0,
                          event::PodDeletionStarted{event::PodId(0U), 30, event::DeletionReason::Evicted}};
  state::evolve(loaded, next);
  state::evolve(c.state, next);
  CHECK(state::digest(loaded) == state::digest(c.state));
}

TEST_CASE("A snapshot cut anywhere does not load") {
  const Cluster c = shop();
  std::vector<std::uint8_t> bytes;
  state::save(c.state, bytes);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    state::ClusterState loaded;
    CHECK_FALSE(state::load(loaded, bytes.data(), size));
  }
}

TEST_CASE("kubectl get -o yaml shows what was written and what was reported") {
  const Cluster c = shop();
  const std::string pod = model::to_yaml(c.view().to_doc(event::PodId(0U)));
  for (const char* line : {"kind: Pod", "nodeName: n1", "phase: Running", "ownerReferences:", "image: shop/web:1",
                           "tolerationSeconds: 300", "creationTimestamp: \"2025-01-01T00:00:00Z\""}) {
    INFO(pod);
    CHECK(pod.find(line) != std::string::npos);
  }
  const std::string set = model::to_yaml(c.view().to_doc(event::ReplicaSetId(0U)));
  CHECK(set.find("deployment.kubernetes.io/desired-replicas: \"2\"") != std::string::npos);
  CHECK(set.find("pod-template-hash: " + c.state.replica_sets[0].hash) != std::string::npos);
}

TEST_CASE("A pod has an address once it has run") {
  const Cluster c = shop();
  CHECK(c.view().pod_ip(event::PodId(0U)) == "10.128.0.1");
  CHECK(c.view().pod_ip(event::PodId(1U)).empty());
  CHECK(c.view().node_ip(c.node("n2")) == "192.168.0.2");
}

TEST_CASE("What a pod requests, as the scheduler counts it") {
  struct Row {
    const char* what;
    const char* spec;
    std::int64_t milli_cpu;
  };
  const Row rows[] = {
      {"containers add up",
       "containers: [{name: a, image: i, resources: {requests: {cpu: 1}}}, {name: b, image: i, resources: {requests: "
       "{cpu: 500m}}}]",
       1500},
      {"an init container runs alone",
       "initContainers: [{name: i, image: i, resources: {requests: {cpu: 2}}}], containers: [{name: a, image: i, "
       "resources: {requests: {cpu: 1}}}]",
       2000},
      {"a sidecar runs beside",
       "initContainers: [{name: s, image: i, restartPolicy: Always, resources: {requests: {cpu: 300m}}}], containers: "
       "[{name: a, image: i, resources: {requests: {cpu: 1}}}]",
       1300},
      {"an init container after a sidecar has it beside",
       "initContainers: [{name: s, image: i, restartPolicy: Always, resources: {requests: {cpu: 300m}}}, {name: i, "
       "image: i, resources: {requests: {cpu: 2}}}], containers: [{name: a, image: i, resources: {requests: {cpu: "
       "1}}}]",
       2300},
      {"overhead comes on top",
       "overhead: {cpu: 50m}, containers: [{name: a, image: i, resources: {requests: {cpu: 1}}}]", 1050},
      {"pod-level requests decide",
       "resources: {requests: {cpu: 700m}}, containers: [{name: a, image: i, resources: {requests: {cpu: 200m}}}]",
       700},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    auto docs = model::parse_yaml(
        std::string("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {") + row.spec + "}}", "t");
    REQUIRE(docs.has_value());
    auto object = model::decode((*docs)[0], "t");
    REQUIRE(object.has_value());
    CHECK(model::total_requests(std::get<model::Pod>(object->spec).tmpl.spec).milli_cpu == row.milli_cpu);
  }
}

TEST_CASE("A pod that is resized in place takes the most of what is wanted, reported and allotted") {
  struct Row {
    const char* what;
    const char* status;
    std::int64_t milli_cpu;  ///< On its node. The spec asks for 1 and, in a sidecar, 200m; an init container for 1.
  };
  const Row rows[] = {
      {"no report", "{}", 1200},
      {"reported as wanted", "{containerStatuses: [{name: a, resources: {requests: {cpu: 1}}}]}", 1200},
      {"still larger", "{containerStatuses: [{name: a, resources: {requests: {cpu: 3}}}]}", 3200},
      {"allotted more", "{containerStatuses: [{name: a, resources: {}, allocatedResources: {cpu: 2}}]}", 2200},
      {"an allotment alone is no report", "{containerStatuses: [{name: a, allocatedResources: {cpu: 2}}]}", 1200},
      {"not to be had: what is wanted does not count",
       "{conditions: [{type: PodResizePending, status: \"True\", reason: Infeasible}], "
       "containerStatuses: [{name: a, resources: {requests: {cpu: 500m}}}]}",
       700},
      {"put off: it counts",
       "{conditions: [{type: PodResizePending, status: \"True\", reason: Deferred}], "
       "containerStatuses: [{name: a, resources: {requests: {cpu: 500m}}}]}",
       1200},
      {"a sidecar", "{initContainerStatuses: [{name: s, resources: {requests: {cpu: 700m}}}]}", 1700},
      {"not an init container", "{initContainerStatuses: [{name: i, resources: {requests: {cpu: 9}}}]}", 1200},
  };
  const auto pod = [](const char* name, const char* status) {
    return std::string("{apiVersion: v1, kind: Pod, metadata: {name: ") + name +
           "}, spec: {initContainers: [{name: i, image: i, resources: {requests: {cpu: 300m}}}, {name: s, image: i, "
           "restartPolicy: Always, resources: {requests: {cpu: 200m}}}], containers: [{name: a, image: i, resources: "
           "{requests: {cpu: 1}}}]}, status: " +
           status + "}";
  };
  for (const Row& row : rows) {
    INFO(row.what);
    support::Cluster c;
    for (const auto& text : {pod("plain", "{}"), pod("p", row.status)})
      c.wish(command::ApplyObject{model::to_json(model::parse_yaml(text, "t")->front()),
                                  command::ApplyObject::Mode::Create});
    const auto tmpl = [&](const char* name) { return c.view()->pods.tmpl[c.find(model::Kind::Pod, name).row]; };
    CHECK(c.view().pod_template(tmpl("p")).requests.milli_cpu == row.milli_cpu);
    if (row.milli_cpu == 1200) CHECK(tmpl("p") == tmpl("plain"));  // what changes nothing costs nothing
    std::vector<std::uint8_t> bytes;
    state::save(c.state, bytes);
    state::ClusterState loaded;
    REQUIRE(state::load(loaded, bytes.data(), bytes.size()));
    CHECK(loaded.templates[tmpl("p").index()].requests == c.view().pod_template(tmpl("p")).requests);
  }
  // A report that changes is an update; one that is done with is gone.
  support::Cluster c;
  c.apply(pod("p", rows[2].status));
  const event::Ref p = c.find(model::Kind::Pod, "p");
  const auto takes = [&] { return c.view().pod_template(c.view()->pods.tmpl[p.row]).requests.milli_cpu; };
  CHECK(takes() == 3200);
  CHECK(c.wish(command::SetLabel{p, "a", "b"}) == "ObjectUpdated");
  CHECK(takes() == 3200);
  CHECK(c.wish(command::PatchObject{
            p, R"({"status":{"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]}})"}) ==
        "ObjectUpdated");
  CHECK(takes() == 1200);
}
