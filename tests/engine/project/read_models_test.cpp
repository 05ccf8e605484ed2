// Read models over hand-made histories: what happened at which second, and what the report must say about it.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/project/causes.h"
#include "engine/project/report.h"
#include "engine/project/why.h"
#include "tests/support/given.h"

using namespace wavetank;
using namespace wavetank::project;

namespace {

base::SimTime at(std::int64_t second) { return {base::seconds(second).ns}; }

/// A cluster whose facts are kept and followed by the statistics of a report.
struct Watched {
  support::Cluster c;
  Statistics statistics;

  Seq fact(event::Payload payload, Seq cause = 0) {
    const event::Event event{c.state.last_seq + 1, c.now, cause, std::move(payload)};
    state::evolve(c.state, event);
    statistics.observe(event, c.view());
    return event.seq;
  }
  Seq create(model::Kind kind, const std::string& yaml, Seq cause = 0) {
    const auto docs = model::parse_yaml(yaml, "test");
    REQUIRE(docs.has_value());
    auto admitted = model::admit(docs->front(), "test");
    REQUIRE(admitted.has_value());
    return fact(event::ObjectCreated{kind, model::to_canonical_json(admitted->doc)}, cause);
  }
  Seq node(const std::string& name, Seq cause = 0) {
    return create(model::Kind::Node,
                  fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: {}}}, status: {{capacity: {{cpu: '4', "
                              "memory: 8Gi, pods: '9'}}}}}}",
                              name),
                  cause);
  }
  /// Deployment "web" of `replicas` pods, its ReplicaSet, and its pods on the nodes given, not ready yet.
  void web(int replicas, const std::vector<std::uint32_t>& nodes, Seq cause = 0) {
    create(model::Kind::Deployment,
           fmt::format("{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: default}}, spec: "
                       "{{replicas: {}, selector: "
                       "{{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: "
                       "{{containers: [{{name: s, image: "
                       "'web:1', resources: {{requests: {{cpu: 500m}}}}}}]}}}}}}}}",
                       replicas),
           cause);
    fact(event::ReplicaSetCreated{event::DeploymentId(0U), "h", replicas, 1, replicas, replicas + 1}, c.state.last_seq);
    const Seq set = c.state.last_seq;
    for (const std::uint32_t n : nodes) pod_on(n, set);
    status(replicas);
  }
  event::PodId pod_on(std::uint32_t node_row, Seq cause) {
    const Seq made =
        fact(event::PodCreated{event::ReplicaSetId(0U), fmt::format("p{}", c.state.pods.size()), 0}, cause);
    const event::PodId pod(c.state.pods.size() - 1);
    fact(event::PodBound{pod, event::NodeId(node_row)}, made);
    return pod;
  }
  Seq ready(std::uint32_t pod, bool is_ready, Seq cause = 0) {
    return fact(event::PodReadyChanged{event::PodId(pod), is_ready,
                                       is_ready ? event::ReadyReason::None : event::ReadyReason::NodeNotReady},
                cause);
  }
  void status(int n, Seq cause = 0) {
    fact(event::DeploymentStatusChanged{event::DeploymentId(0U), n, n, n, n, 0, 1, true}, cause);
  }
  [[nodiscard]] const Workload& workload() const { return statistics.workloads.all().front(); }
};

}  // namespace

TEST_CASE("a series keeps the least, the most and the mean of every part of its time") {
  Series series;
  series.set(at(10), 4);
  series.set(at(20), 2);
  series.set(at(30), 4);
  const auto parts = series.columns(at(40), 4);
  CHECK(parts[0].covered_us == 0);
  CHECK(parts[1].least == 4);
  CHECK(parts[2].least == 2);
  CHECK(parts[3].mean() == 4);
  CHECK(sparkline(parts, 4) == " █▄█");
  CHECK(series.total(at(40)).value_us == 100'000'000);  // 4·10 + 2·10 + 4·10 seconds
  // A day in 256 buckets: nothing is lost but detail.
  series.set(at(86'400), 0);
  CHECK(series.total(at(86'401)).value_us == 40'000'000 + 20'000'000 + std::int64_t{4} * (86'400 - 30) * 1'000'000);
  CHECK(series.total(at(86'401)).least == 0);
}

TEST_CASE("an orphaned ReplicaSet is a workload of its own, until a Deployment adopts it with its pods") {
  Watched w;
  w.node("n1");
  w.web(1, {0});
  w.ready(0, true);
  REQUIRE(w.workload().ready.value() == 1);
  w.c.now = at(10);
  w.fact(event::OwnerChanged{event::Ref(event::ReplicaSetId(0U)), event::Ref()});
  const auto& all = w.statistics.workloads.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].ready.value() == 0);
  CHECK(all[1].ref.kind == model::Kind::ReplicaSet);
  CHECK(all[1].ready.value() == 1);
  CHECK(all[1].desired.value() == 1);
  w.c.now = at(20);
  w.fact(event::OwnerChanged{event::Ref(event::ReplicaSetId(0U)), event::Ref(event::DeploymentId(0U))});
  REQUIRE(all.size() == 2);
  CHECK(all[0].ready.value() == 1);
  CHECK(all[1].ready.value() == 0);
  CHECK(all[1].adopted);
  CHECK(all[1].gone == at(20));
}

TEST_CASE("availability counts from when a workload was first whole, and counts the dead as dead") {
  Watched w;
  w.node("n1");
  w.node("n2");
  w.web(2, {0, 1});
  w.c.now = at(10);
  w.ready(0, true);
  w.ready(1, true);
  CHECK(w.workload().first_whole == at(10));
  w.c.now = at(40);
  const Seq fault = w.fact(event::FaultInjected{"node-crash", "node n1"});
  const Seq down = w.fact(event::MachineDown{event::NodeId(0U)}, fault);  // nobody has noticed yet
  CHECK(w.workload().ready.value() == 1);
  w.c.now = at(90);
  w.ready(0, false, down);
  w.c.now = at(100);
  const event::PodId fresh = w.pod_on(1, down);
  w.fact(event::PodDeletionStarted{event::PodId(0U), 30, event::DeletionReason::TaintEviction}, down);
  w.c.now = at(110);
  w.ready(fresh.value, true);
  w.statistics.finish(at(210));
  CHECK(w.workload().observed == base::seconds(200));
  CHECK(w.workload().full == base::seconds(130));  // all but 40 … 110
  CHECK(w.workload().some == base::seconds(200));

  REQUIRE(w.statistics.disturbances.all().size() == 1);
  const Disturbance& d = w.statistics.disturbances.all().front();
  CHECK(d.text == "node-crash of node n1");
  CHECK(d.affected.size() == 1);
  CHECK(d.open == 0);
  CHECK(d.recovered - d.began == base::seconds(70));
  CHECK(d.pods_deleted == 1);
}

TEST_CASE("a workload that does not recover keeps its disturbance open; a harmless request has none") {
  Watched w;
  w.node("n1");
  w.web(1, {0});
  w.ready(0, true);
  w.c.now = at(60);
  w.fact(event::RequestMade{"kubectl", "kubectl label deployment/web a=b"});
  const Seq fault = w.fact(event::FaultInjected{"node-crash", "node n1"});
  w.fact(event::MachineDown{event::NodeId(0U)}, fault);
  w.statistics.finish(at(120));
  const auto& all = w.statistics.disturbances.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].affected.empty());
  CHECK(all[1].open == 1);
  CHECK(w.workload().some == base::seconds(60));
}

TEST_CASE("a rollout that begins during an outage has its own part in what follows") {
  Watched w;
  w.node("n1");
  w.web(1, {0});
  w.ready(0, true);
  w.c.now = at(60);
  const Seq fault = w.fact(event::FaultInjected{"node-crash", "node n1"});
  w.fact(event::MachineDown{event::NodeId(0U)}, fault);
  w.c.now = at(120);
  const Seq request = w.fact(event::RequestMade{"kubectl", "kubectl set image deployment/web *=web:2"});
  w.fact(event::DeploymentStatusChanged{event::DeploymentId(0U), 2, 0, 0, 0, 1, 1, true}, request);
  w.statistics.finish(at(180));
  const auto& all = w.statistics.disturbances.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].open == 1);
  CHECK(all[1].open == 1);
}

TEST_CASE("waiting times by nearest rank") {
  Watched w;
  w.node("n1");
  w.web(10, {});
  for (int i = 1; i <= 10; ++i) {
    w.c.now = at(100);
    w.fact(event::PodCreated{event::ReplicaSetId(0U), fmt::format("p{}", i), 0});
  }
  for (int i = 1; i <= 10; ++i) {
    w.c.now = at(100 + i);
    w.fact(event::PodBound{event::PodId(static_cast<std::size_t>(i - 1)), event::NodeId(0U)});
  }
  const PodTimes::Summary pending = w.statistics.pod_times.pending();
  CHECK(pending.count == 10);
  CHECK(pending.p50 == base::seconds(5));
  CHECK(pending.p90 == base::seconds(9));
  CHECK(pending.most == base::seconds(10));
  CHECK(w.statistics.utilisation.cpu().requested.value() == 5000);
  CHECK(w.statistics.utilisation.cpu().allocatable.value() == 4000);
}

TEST_CASE("requests that a dead endpoint gets fail until it is taken off the list") {
  Watched w;
  w.node("n1");
  w.node("n2");
  w.web(2, {0, 1});
  for (const std::uint32_t p : {0U, 1U}) w.fact(event::ContainerStarted{event::PodId(p), 0});
  w.create(model::Kind::Service,
           "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: default}, spec: {selector: {app: web}, "
           "ports: [{port: 80}]}}");
  w.fact(event::EndpointSliceCreated{event::ServiceId(0U), "abc"});
  const std::uint8_t serving = event::kListed | event::kReady | event::kServing;
  w.fact(
      event::EndpointsChanged{event::EndpointSliceId(0U), {{event::PodId(0U), serving}, {event::PodId(1U), serving}}});
  w.fact(event::LoadChanged{event::ServiceId(0U), 100'000});  // 100 a second
  w.c.now = at(10);
  w.fact(event::MachineDown{event::NodeId(0U)});
  w.c.now = at(20);
  w.fact(event::EndpointsChanged{event::EndpointSliceId(0U), {{event::PodId(0U), event::kListed}}});
  w.c.now = at(30);
  w.fact(event::EndpointsChanged{event::EndpointSliceId(0U), {{event::PodId(1U), 0}}});  // nobody is left
  w.statistics.finish(at(40));
  REQUIRE(w.statistics.traffic.all().size() == 1);
  CHECK(w.statistics.traffic.all()[0].served == 1000 + 500 + 1000);
  CHECK(w.statistics.traffic.all()[0].failed == 500 + 1000);
}

TEST_CASE("the causal graph") {
  //                 1  2  3  4  5  6  7
  const CausalGraph graph({0, 1, 2, 0, 3, 4, 3});
  CHECK(graph.root(5) == 1);
  CHECK(graph.root(6) == 4);
  CHECK(graph.chain(5) == std::vector<Seq>{1, 2, 3, 5});
  CHECK(graph.chain(4) == std::vector<Seq>{4});
  CHECK(graph.consequences(2) == std::vector<Seq>{3, 5, 7});
  CHECK(graph.consequences(7).empty());
  CHECK(graph.roots() == std::vector<Seq>{1, 4});
}

TEST_CASE("why goes back to what began it") {
  ListHistory history;
  state::ClusterState state;
  base::SimTime now;
  const auto fact = [&](event::Payload payload, Seq cause) {
    history.events.push_back({state.last_seq + 1, now, cause, std::move(payload)});
    state::evolve(state, history.events.back());
    return state.last_seq;
  };
  const auto admitted = [](const char* yaml) {
    const auto docs = model::parse_yaml(yaml, "test");
    return model::to_canonical_json(model::admit(docs.value().front(), "test").value().doc);
  };
  fact(event::RunStarted{"test", "test", 1, 1, 0}, 0);
  const Seq apply = fact(event::RequestMade{"kubectl", "kubectl apply -f web.yaml"}, 0);
  for (const char* n :
       {"{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {capacity: {cpu: '4', memory: 8Gi, pods: '9'}}}",
        "{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {capacity: {cpu: '4', memory: 8Gi, pods: '9'}}}"})
    fact(event::ObjectCreated{model::Kind::Node, admitted(n)}, 1);
  const Seq pod_made = fact(
      event::ObjectCreated{model::Kind::Pod,
                           admitted("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: "
                                    "{containers: [{name: c, image: 'a:1', resources: {requests: {cpu: '1'}}}]}}")},
      apply);
  now = at(1);
  fact(event::PodBound{event::PodId(0U), event::NodeId(0U)}, pod_made);
  now = at(60);
  const Seq fault = fact(event::FaultInjected{"node-crash", "node n1"}, 0);
  const Seq down = fact(event::MachineDown{event::NodeId(0U)}, fault);
  now = at(110);
  fact(event::PodDeletionStarted{event::PodId(0U), 30, event::DeletionReason::TaintEviction}, down);

  const auto why = explain_why(event::Ref(event::PodId(0U)), at(120), state.last_seq, history);
  REQUIRE(why.has_value());
  CHECK(why->object == "pod/p");
  REQUIRE(why->chains.size() == 3);
  CHECK(why->chains[0].title == "Why it exists");
  CHECK(why->chains[0].moments.front().text == "someone ran: kubectl apply -f web.yaml");
  CHECK(why->chains[1].title == "Why it is on node n1");
  CHECK(why->chains[2].title == "Why it is being deleted");
  std::vector<std::string> kinds;
  for (const Moment& m : why->chains[2].moments) kinds.push_back(m.kind);
  CHECK(kinds == std::vector<std::string>{"FaultInjected", "MachineDown", "PodDeletionStarted"});
  REQUIRE(why->placement.has_value());
  CHECK(!why->placement->pending);
  CHECK(why->placement->feasible == 2);
  CHECK(why->placement->at == at(1));
  REQUIRE(!why->placement->best.empty());
  CHECK(std::count_if(why->placement->best.begin(), why->placement->best.end(),
                      [](const auto& s) { return s.chosen; }) == 1);
  // The same at an earlier moment knows nothing of later ones.
  const auto early = explain_why(event::Ref(event::PodId(0U)), at(30), pod_made + 1, history);
  REQUIRE(early.has_value());
  CHECK(early->chains.back().title != "Why it is being deleted");
}

TEST_CASE("the command that shows why an expectation broke") {
  struct Row {
    const char *text, *command;
  };
  const Row rows[] = {
      {"always deployment/web availableReplicas >= 3, from 30s", "wavetank why r.wt deployment/web --at 1m50.05s"},
      {"named: eventually pods(app=web) ready == 3", "wavetank show r.wt pods --at 1m50.05s"},
      {"never event PodBound count > 3", ""},
  };
  for (const Row& row : rows) {
    Statistics::Expectation e;
    e.text = row.text;
    e.at = {110'050'000'000};
    CHECK(command_for(e, "r.wt") == row.command);
  }
}
