// Sentences and Kubernetes' own events: given facts, the words that people read.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "engine/project/kube_events.h"
#include "tests/support/given.h"

using namespace wavetank;
using namespace wavetank::project;

namespace {

constexpr const char* kWeb =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: {app: "
    "web}}, "
    "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: server, image: 'web:1'}]}}}}";

/// A cluster that says what each fact means as it is folded.
struct Told : support::Cluster {
  std::string say(event::Payload payload) {
    const event::Event event{state.last_seq + 1, now, 0, std::move(payload)};
    const Before was = before(event, view());
    state::evolve(state, event);
    kube.clear();
    for (const KubeEvent& e : kube_events(event, was, view())) {
      kube += fmt::format("{}{} {} {}: {} [{}]", kube.empty() ? "" : "\n", e.warning ? "Warning" : "Normal",
                          view().name_of(e.object), e.reason, e.message, e.source);
    }
    return narrate(event, was, view());
  }
  std::string kube;
};

}  // namespace

TEST_CASE("the life of a deployment's pod in sentences") {
  Told t;
  t.add_node("n1", "b");
  t.apply(kWeb);
  const auto web = t.find(model::Kind::Deployment, "web").as<event::DeploymentId>();
  CHECK(t.say(event::ReplicaSetCreated{web, "7d9f", 1, 1, 3, 4}) ==
        "the deployment controller made replica set web-7d9f (revision 1) with 1 replica");
  CHECK(t.kube ==
        "Normal deployment/web ScalingReplicaSet: Scaled up replica set web-7d9f from 0 to 1 [deployment-controller]");
  const event::ReplicaSetId set(0U);
  CHECK(t.say(event::ReplicaSetScaled{set, 3, 3, 4}) ==
        "the deployment controller scaled replica set web-7d9f up from 1 to 3");
  CHECK(t.kube ==
        "Normal deployment/web ScalingReplicaSet: Scaled up replica set web-7d9f from 1 to 3 [deployment-controller]");
  CHECK(t.say(event::PodCreated{set, "x2z4q", 0}) == "replica set web-7d9f made pod web-7d9f-x2z4q");
  CHECK(t.kube == "Normal replicaset/web-7d9f SuccessfulCreate: Created pod: web-7d9f-x2z4q [replicaset-controller]");
  const event::PodId pod(0U);
  CHECK(t.say(event::PodUnschedulable{pod, "0/1 nodes are available: 1 Insufficient cpu."}) ==
        "the scheduler found no node for pod web-7d9f-x2z4q: 0/1 nodes are available: 1 Insufficient cpu.");
  CHECK(
      t.kube ==
      "Warning pod/web-7d9f-x2z4q FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. [default-scheduler]");
  CHECK(t.say(event::PodBound{pod, t.node("n1")}) == "the scheduler placed pod web-7d9f-x2z4q on node n1 (zone b)");
  CHECK(t.kube ==
        "Normal pod/web-7d9f-x2z4q Scheduled: Successfully assigned default/web-7d9f-x2z4q to n1 [default-scheduler]");
  CHECK(t.say(event::ImagePulled{pod, 0, 92'000'000, base::milliseconds(3140)}) ==
        "node n1 (zone b) pulled image web:1 (92 MB) in 3.1s for pod web-7d9f-x2z4q");
  CHECK(t.kube ==
        "Normal pod/web-7d9f-x2z4q Pulling: Pulling image \"web:1\" [kubelet, n1]\n"
        "Normal pod/web-7d9f-x2z4q Pulled: Successfully pulled image \"web:1\" in 3.14s (3.14s including waiting). "
        "Image size: "
        "92000000 bytes. [kubelet, n1]");
  CHECK(t.say(event::ContainerStarted{pod, 0}) == "container server of pod web-7d9f-x2z4q started on node n1");
  CHECK(t.say(event::PodPhaseChanged{pod, event::Phase::Running, ""}) == "pod web-7d9f-x2z4q is Running");
  CHECK(t.say(event::PodReadyChanged{pod, true, event::ReadyReason::None}) ==
        "pod web-7d9f-x2z4q became ready on node n1");
  CHECK(t.say(event::MachineDown{t.node("n1")}) == "the machine of node n1 (zone b) went down with 1 pod on it");
  CHECK(t.say(event::PodReadyChanged{pod, false, event::ReadyReason::NodeNotReady}) ==
        "pod web-7d9f-x2z4q counts as not ready, because node n1 does not answer");
  CHECK(t.kube == "Warning pod/web-7d9f-x2z4q NodeNotReady: Node is not ready [node-controller]");
  CHECK(t.say(event::PodDeletionStarted{pod, 30, event::DeletionReason::TaintEviction}) ==
        "pod web-7d9f-x2z4q is being evicted from node n1: it no longer tolerates the node's taint (30s grace)");
  CHECK(t.kube ==
        "Normal pod/web-7d9f-x2z4q TaintManagerEviction: Marking for deletion Pod default/web-7d9f-x2z4q "
        "[taint-eviction-controller]");
  CHECK(t.say(event::PodRemoved{pod}) == "pod web-7d9f-x2z4q is gone");
}

TEST_CASE("a container that was stopped for its probe says so") {
  Told t;
  t.add_node("n1");
  t.add_pod("p", "app: p", "n1");
  CHECK(t.say(event::ContainerExited{t.pod("p"), 0, 137, event::ExitReason::LivenessProbeFailed}) ==
        "container c of pod p was stopped, because its liveness probe failed, and exited with code 137");
  CHECK(t.kube.find("Normal pod/p Killing: Container c failed liveness probe, will be restarted [kubelet, n1]") !=
        std::string::npos);
  CHECK(t.say(event::ContainerExited{t.pod("p"), 0, 0, event::ExitReason::StartupProbeFailed}) ==
        "container c of pod p was stopped, because its startup probe failed, and exited with code 0");
}

TEST_CASE("a crash loop in sentences") {
  Told t;
  t.add_node("n1");
  t.add_pod("p", "app: p", "n1");
  const event::PodId pod = t.pod("p");
  CHECK(t.say(event::ContainerExited{pod, 0, 1, event::ExitReason::Error}) ==
        "container c of pod p exited with code 1 (Error)");
  CHECK(t.say(event::ContainerWaiting{pod, 0, event::WaitingReason::CrashLoopBackOff, base::seconds(10)}) ==
        "container c of pod p waits before it is started again (CrashLoopBackOff, next try in 10s)");
  CHECK(t.kube ==
        fmt::format("Warning pod/p BackOff: Back-off restarting failed container c in pod p_default({}) [kubelet, n1]",
                    t.view().uid(event::Ref(pod))));
  CHECK(t.say(event::ContainerStarted{pod, 0}) == "container c of pod p started again on node n1");
  CHECK(t.say(event::ContainerWaiting{pod, 0, event::WaitingReason::ErrImagePull, {}}) ==
        "node n1 could not pull image app:1 for pod p (ErrImagePull)");
}

TEST_CASE("nodes in sentences") {
  Told t;
  t.add_node("n1", "a");
  const event::NodeId n1 = t.node("n1");
  CHECK(t.say(event::HeartbeatsBegan{n1, base::seconds(10)}) == "node n1 (zone a) renews its lease every 10s");
  CHECK(t.say(event::HeartbeatsStopped{n1, {base::seconds(90).ns}}) ==
        "node n1 (zone a) stopped renewing its lease (the last renewal was at 00:01:30.000)");
  CHECK(t.say(event::NodeConditionChanged{n1, event::NodeConditionType::Ready, event::ConditionStatus::Unknown,
                                          "NodeStatusUnknown", "Kubelet stopped posting node status."}) ==
        "the node controller marked node n1 (zone a) NotReady: Kubelet stopped posting node status.");
  CHECK(t.kube == "Normal node/n1 NodeNotReady: Node n1 status is now: NodeNotReady [node-controller]");
  const model::Taint unreachable{"node.kubernetes.io/unreachable", "", model::TaintEffect::NoExecute};
  CHECK(t.say(event::NodeTaintsChanged{n1, {unreachable}}) ==
        "node n1 (zone a) got the taint node.kubernetes.io/unreachable:NoExecute");
  CHECK(t.say(event::NodeTaintsChanged{n1, {}}) ==
        "node n1 (zone a) lost the taint node.kubernetes.io/unreachable:NoExecute");
  CHECK(t.say(event::NodeCordoned{n1, true}) == "node n1 (zone a) was cordoned");
}

TEST_CASE("changes of objects are named field by field") {
  struct Row {
    const char *before, *after, *words;
  };
  const Row rows[] = {
      {R"({"spec":{"replicas":3}})", R"({"spec":{"replicas":5}})", "replicas 3 → 5"},
      {R"({"spec":{"template":{"spec":{"containers":[{"name":"server","image":"web:1"}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"server","image":"web:2"}]}}}})",
       "containers[server].image web:1 → web:2"},
      {R"({"spec":{}})", R"({"spec":{"paused":true}})", "paused none → true"},
      {R"({"data":{"a":"1"}})", R"({"data":{"a":"2"}})", "data.a 1 → 2"},
      {R"({"spec":{"replicas":3}})", R"({"spec":{"replicas":3}})", ""},
      {R"({"spec":{"a":1,"b":1,"c":1}})", R"({"spec":{"a":2,"b":2,"c":2}})", "a 1 → 2, b 1 → 2 and 1 more"},
  };
  for (const Row& row : rows) CHECK(describe_change(row.before, row.after, 2) == row.words);
}

TEST_CASE("the ledger counts what repeats and forgets after an hour") {
  support::Cluster c;
  c.add_node("n1");
  c.add_pod("p", "app: p", "n1");
  EventLedger ledger;
  const auto happen = [&](event::Payload payload) {
    const event::Event event{c.state.last_seq + 1, c.now, 0, std::move(payload)};
    const Before was = before(event, c.view());
    state::evolve(c.state, event);
    ledger.add(event, was, c.view());
  };
  for (const int minute : {1, 2, 3}) {
    c.now = {base::minutes(minute).ns};
    happen(event::ContainerStarted{c.pod("p"), 0});
  }
  const auto entries = ledger.at(c.now);
  std::vector<std::string> messages;
  for (const auto& e : entries) messages.push_back(e.event.message);
  std::sort(messages.begin(), messages.end());
  REQUIRE(messages == std::vector<std::string>{"Container image \"app:1\" already present on machine",
                                               "Created container: c", "Started container c"});
  for (const auto& e : entries) {
    CHECK(e.count == 3);
    CHECK(e.first == base::SimTime{base::minutes(1).ns});
  }
  CHECK(ledger.at({base::minutes(64).ns}).empty());
}

TEST_CASE("the ledger writes as client-go's recorders do: similar events as one, 25 of one source and object") {
  support::Cluster c;
  c.add_node("n1");
  const event::Ref node = c.find(model::Kind::Node, "n1", "");
  struct Row {
    int events, distinct, gap_s;  // so many, with so many different messages, so many seconds apart
    const char* source;
    std::size_t kept, combined;  // entries, and the count of the one that stands for similar ones
  };
  for (const Row& row : {Row{9, 9, 1, "job-controller", 9, 0}, Row{12, 12, 1, "job-controller", 10, 3},
                         Row{12, 12, 601, "job-controller", 12, 0},  // too far apart to be similar
                         Row{40, 1, 1, "job-controller", 1, 0},      // counted up to the 25th
                         Row{40, 40, 1, "job-controller", 10, 16},   // 9 + 16 of the one
                         Row{40, 40, 1, "default-scheduler", 40, 0}}) {
    INFO(row.events << " events, " << row.distinct << " messages, " << row.gap_s << " s, " << row.source);
    EventLedger ledger;
    base::SimTime now{};
    for (int i = 0; i < row.events; ++i) {
      now = now + base::seconds(row.gap_s);
      ledger.record({false, "Same", "message " + std::to_string(100 + i % row.distinct), node, row.source, {}}, now,
                    static_cast<base::Seq>(i + 1));
    }
    const auto entries = ledger.at(now);
    // Those far apart: an hour's worth is left.
    const std::size_t alive = row.gap_s == 601 ? 6 : row.kept;
    CHECK(entries.size() == alive);
    std::int64_t combined = 0, most = 0;
    for (const auto& e : entries) {
      most = std::max(most, e.count);
      if (e.event.message.rfind("(combined from similar events): ", 0) == 0) combined = e.count;
    }
    CHECK(combined == static_cast<std::int64_t>(row.combined));
    if (row.distinct == 1) CHECK(most == 25);
  }
}

TEST_CASE("a source that has said much of one object is heard once in five minutes, with the full count") {
  support::Cluster c;
  c.add_node("n1");
  const event::Ref node = c.find(model::Kind::Node, "n1", "");
  EventLedger ledger;
  const auto say = [&](int second) {
    ledger.record({true, "Same", "message", node, "job-controller", {}}, base::SimTime{base::seconds(second).ns}, 1);
    return ledger.at(base::SimTime{base::seconds(second).ns})[0].count;
  };
  for (int i = 1; i <= 25; ++i) CHECK(say(1) == i);
  CHECK(say(2) == 25);
  CHECK(say(300) == 25);
  CHECK(say(302) == 28);
  CHECK(say(303) == 28);
}

TEST_CASE("spans, moments and cut texts as people read them") {
  struct Row {
    std::int64_t ns;
    const char *span, *at;
  };
  const Row rows[] = {
      {0, "0s", "0s"},
      {12'300'000, "12ms", "13ms"},
      {4'240'000'000, "4.2s", "4.24s"},
      {59'990'000'000, "1m", "59.99s"},
      {312'345'000'000, "5m12s", "5m12.345s"},
      {11'100'000'000'000, "3h05m", "3h5m"},
  };
  for (const Row& row : rows) {
    CHECK(span_words({row.ns}) == row.span);
    CHECK(at_words({row.ns}) == row.at);
  }
  CHECK(fit("ein Wört", 8) == "ein Wört");
  CHECK(fit("ein Wörtchen", 8) == "ein Wör…");
  CHECK(columns("▁█…") == 3);
}
