// EndpointSlices: which pods are endpoints, how, with which ports, and in which slice.
#include <catch2/catch.hpp>

#include <algorithm>

#include "engine/control/controllers.h"
#include "tests/support/given.h"

using namespace wavetank;

namespace {

struct Slices {
  support::Cluster c;
  control::Settings settings;
  std::unique_ptr<control::Controller> controller;
  control::Plan plan;

  explicit Slices(std::int32_t limit = 100) {
    settings.max_endpoints_per_slice = limit;
    controller = control::make_endpoint_slice_controller(settings);
    c.add_node("n1", "a");
    c.add_node("n2", "b");
  }

  /// One sync; the calls it made, e.g. "create update".
  std::string sync(const std::string& service = "web") {
    plan.reset(1);
    controller->reconcile(c.find(model::Kind::Service, service), c.view(), plan);
    std::string out;
    for (const auto& call : plan.calls()) {
      out += out.empty() ? "" : " ";
      out += std::holds_alternative<command::CreateEndpointSlice>(call.payload) ? "create"
             : std::holds_alternative<command::UpdateEndpoints>(call.payload)   ? "update"
                                                                                : "delete";
    }
    for (const auto& call : plan.calls()) c.wish(call.payload);
    return out;
  }
  /// "8080: a R, b .S | 9090: c R": ports and endpoints of each slice; R ready, S serving, T terminating, - none.
  std::string text(const std::string& service = "web") const {
    const auto view = c.view();
    std::string out;
    for (const auto id : view.service(c.find(model::Kind::Service, service).as<event::ServiceId>()).slices) {
      const state::EndpointSliceRow& row = view.endpoint_slice(id);
      if (!out.empty()) out += " | ";
      for (const event::SlicePort& p : row.ports)
        out += p.name + (p.name.empty() ? "" : "=") + std::to_string(p.port) + " ";
      out += ":";
      for (const state::Endpoint& e : row.endpoints) {
        out += " " + std::string(view.pod_name(e.pod)) + "/";
        if ((e.flags & event::kReady) != 0) out += "R";
        if ((e.flags & event::kServing) != 0) out += "S";
        if ((e.flags & event::kTerminating) != 0) out += "T";
      }
    }
    return out;
  }
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> out;
    for (const auto id : c.state.services.at(0).slices)
      out.push_back(c.state.endpoint_slices[id.index()].endpoints.size());
    return out;
  }
  void service(const std::string& spec, const std::string& name = "web") {
    c.apply("{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {" + spec + "}}");
  }
  void pods(int from, int to) {
    for (int i = from; i <= to; ++i) c.add_pod("p" + std::to_string(i), "app: web", "n1");
  }
};

constexpr const char* kWeb = "selector: {app: web}, ports: [{port: 80, targetPort: 8080}]";

}  // namespace

TEST_CASE("A pod is an endpoint from its address to its end, ready as its condition says") {
  Slices s;
  s.service(kWeb);
  CHECK(s.sync() == "create");
  CHECK(s.text() == ":");  // a placeholder, without ports
  s.c.add_pod("a", "app: web");
  CHECK(s.sync().empty());  // waits for a node
  const event::PodId a = s.c.pod("a");
  s.c.fact(event::PodBound{a, s.c.node("n1")});
  CHECK(s.sync().empty());  // no address yet
  s.c.fact(event::ContainerStarted{a, 0});
  s.c.fact(event::PodPhaseChanged{a, event::Phase::Running, ""});
  CHECK(s.sync() == "update");  // the placeholder becomes the slice
  CHECK(s.text() == "8080 : a/");
  s.c.fact(event::PodReadyChanged{a, true, event::ReadyReason::None});
  CHECK(s.sync() == "update");
  CHECK(s.text() == "8080 : a/RS");
  CHECK(s.sync().empty());
  s.c.fact(event::PodDeletionStarted{a, 30, event::DeletionReason::Deleted});
  CHECK(s.sync() == "update");
  CHECK(s.text() == "8080 : a/ST");  // serves while it terminates
  s.c.fact(event::PodReadyChanged{a, false, event::ReadyReason::ContainersNotReady});
  s.sync();
  CHECK(s.text() == "8080 : a/T");
  s.c.fact(event::PodRemoved{a});
  CHECK(s.sync() == "update");  // the slice stays, as the placeholder
  CHECK(s.text() == ":");
}

TEST_CASE("Pods that have ended are no endpoints, whatever their restart policy") {
  Slices s;
  s.service(kWeb);
  s.pods(1, 2);
  s.sync();
  CHECK(s.text() == "8080 : p1/RS p2/RS");
  s.c.fact(event::PodPhaseChanged{s.c.pod("p1"), event::Phase::Failed, ""});
  s.sync();
  CHECK(s.text() == "8080 : p2/RS");
}

TEST_CASE("Pods of a node object that is gone are left out, unless all addresses are published") {
  Slices s;
  s.service(kWeb);
  s.service("clusterIP: None, selector: {app: web}, publishNotReadyAddresses: true, ports: [{port: 80}]", "all");
  s.pods(1, 1);
  s.sync();
  s.sync("all");
  s.c.wish(command::DeleteObject{event::Ref(s.c.node("n1")), event::Propagation::Background, {}});
  CHECK(s.sync() == "update");
  CHECK(s.text() == ":");
  CHECK(s.sync("all").empty());
  CHECK(s.text("all") == "80 : p1/RS");
}

TEST_CASE("The address comes with the first init container, or with a pull that failed") {
  Slices s;
  s.service(kWeb);
  s.c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: i, labels: {app: web}}, spec: {initContainers: [{name: prepare, "
      "image: 'a:1'}], containers: [{name: c, image: 'a:1'}]}}");
  s.c.add_pod("bad", "app: web");
  for (const char* name : {"i", "bad"}) s.c.fact(event::PodBound{s.c.pod(name), s.c.node("n1")});
  s.sync();
  CHECK(s.text() == ":");
  s.c.fact(event::ContainerStarted{s.c.pod("i"), 0});
  s.c.fact(event::ContainerWaiting{s.c.pod("bad"), 0, event::WaitingReason::ErrImagePull, {}});
  s.sync();
  CHECK(s.text() == "8080 : i/ bad/");
}

TEST_CASE("publishNotReadyAddresses makes every endpoint ready; serving stays true to the pod") {
  Slices s;
  s.service("selector: {app: web}, clusterIP: None, publishNotReadyAddresses: true, ports: [{port: 80}]");
  s.pods(1, 1);
  s.c.fact(event::PodReadyChanged{s.c.pod("p1"), false, event::ReadyReason::ContainersNotReady});
  s.sync();
  CHECK(s.text() == "80 : p1/R");
  s.c.fact(event::PodDeletionStarted{s.c.pod("p1"), 30, event::DeletionReason::Deleted});
  s.sync();
  CHECK(s.text() == "80 : p1/RT");
}

TEST_CASE("Who resolves named ports differently has a slice of his own") {
  Slices s;
  s.service("selector: {app: web}, ports: [{name: http, port: 80, targetPort: web}]");
  const auto pod = [&](const std::string& name, const std::string& ports) {
    s.c.apply("{apiVersion: v1, kind: Pod, metadata: {name: " + name +
              ", labels: {app: web}}, spec: {containers: [{name: c, image: 'a:1', ports: [" + ports + "]}]}}");
    const event::PodId id = s.c.pod(name);
    s.c.fact(event::PodBound{id, s.c.node("n1")});
    s.c.fact(event::ContainerStarted{id, 0});
    s.c.fact(event::PodPhaseChanged{id, event::Phase::Running, ""});
    s.c.fact(event::PodReadyChanged{id, true, event::ReadyReason::None});
  };
  pod("a", "{name: web, containerPort: 9090}");
  pod("b", "{name: web, containerPort: 7070}");
  pod("c", "{name: other, containerPort: 7070}");
  pod("d", "{name: web, containerPort: 9090, protocol: UDP}");
  s.sync();
  CHECK(s.text() == "http=9090 : a/RS | http=7070 : b/RS | : c/RS d/RS");
  // Of another port the slices are others: those that would go are used again.
  s.c.wish(command::PatchObject{s.c.find(model::Kind::Service, "web"),
                                R"({"spec":{"ports":[{"name":"http","port":80,"targetPort":1}]}})"});
  CHECK(s.sync() == "update delete delete");
  CHECK(s.text() == "http=1 : a/RS b/RS c/RS d/RS");
}

TEST_CASE("A sidecar's port counts after those of the containers") {
  Slices s;
  s.service("selector: {app: web}, ports: [{port: 80, targetPort: proxy}]");
  s.c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {initContainers: [{name: s, image: "
      "'a:1', restartPolicy: Always, ports: [{name: proxy, containerPort: 15001}]}], containers: [{name: c, image: "
      "'a:1'}]}}");
  s.c.fact(event::PodBound{s.c.pod("a"), s.c.node("n1")});
  s.c.fact(event::ContainerStarted{s.c.pod("a"), 0});
  s.sync();
  CHECK(s.text() == "15001 : a/");
}

TEST_CASE("At most so many endpoints a slice: how slices are filled") {
  using Sizes = std::vector<std::size_t>;
  Slices s(10);
  s.service(kWeb);
  s.pods(1, 25);
  CHECK(s.sync() == "create create create");
  CHECK(s.sizes() == Sizes{10, 10, 5});
  s.pods(26, 28);
  CHECK(s.sync() == "update");  // into the one slice that has room for all of them
  CHECK(s.sizes() == Sizes{10, 10, 8});
  s.pods(29, 31);
  CHECK(s.sync() == "create");  // none has room for three, none is written anyway
  CHECK(s.sizes() == Sizes{10, 10, 8, 3});
  // A slice that is written anyway is filled first, although another has more room.
  s.c.fact(event::PodRemoved{s.c.pod("p1")});
  s.pods(32, 34);
  CHECK(s.sync() == "update update");
  CHECK(s.sizes() == Sizes{10, 10, 10, 3});
  // Slices that lose all their endpoints go.
  for (const char* p : {"p29", "p30", "p31"}) s.c.fact(event::PodRemoved{s.c.pod(p)});
  CHECK(s.sync() == "delete");
  CHECK(s.sizes() == Sizes{10, 10, 10});
}

TEST_CASE("Services that select nobody by rule have no slices: without selector, ExternalName") {
  Slices s;
  s.pods(1, 1);
  s.service("ports: [{port: 80}]", "plain");
  CHECK(s.sync("plain").empty());
  s.service("type: ExternalName, externalName: example.org, selector: {app: web}", "outside");
  CHECK(s.sync("outside").empty());
  // A headless Service needs no ports; its slice then has none.
  s.service("clusterIP: None, selector: {app: web}", "bare");
  s.sync("bare");
  CHECK(s.text("bare") == ": p1/RS");
}

TEST_CASE("A slice as a client reads it") {
  Slices s;
  s.service("clusterIP: None, selector: {app: web}, trafficDistribution: PreferClose, ports: [{name: http, port: 80}]");
  s.c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: db-0, labels: {app: web}}, spec: {hostname: db-0, subdomain: web, "
      "containers: [{name: c, image: 'a:1'}]}}");
  const event::PodId pod = s.c.pod("db-0");
  s.c.fact(event::PodBound{pod, s.c.node("n2")});
  s.c.fact(event::ContainerStarted{pod, 0});
  s.c.fact(event::PodPhaseChanged{pod, event::Phase::Running, ""});
  s.c.fact(event::PodReadyChanged{pod, true, event::ReadyReason::None});
  s.sync();
  const model::Doc doc = s.c.view().to_doc(event::Ref(s.c.state.services.at(0).slices.at(0)));
  CHECK(model::to_canonical_json(*doc.find("ports")) == R"([{"name":"http","port":80,"protocol":"TCP"}])");
  const model::Doc& endpoint = doc.find("endpoints")->items.at(0);
  CHECK(endpoint.string_or("hostname") == "db-0");
  CHECK(endpoint.string_or("nodeName") == "n2");
  CHECK(model::to_canonical_json(*endpoint.find("hints")) == R"({"forZones":[{"name":"b"}]})");
  CHECK(doc.at({"metadata", "labels", "service.kubernetes.io/headless"}) != nullptr);
}

TEST_CASE("The cloud gives a load balancer its address after its time, and takes it back with the type") {
  Slices s;
  s.settings.load_balancer_time = base::seconds(40);
  const auto cloud = control::make_service_load_balancer_controller(s.settings);
  s.service("type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]");
  const event::Ref web = s.c.find(model::Kind::Service, "web");
  const auto sync = [&] {
    s.plan.reset(1);
    cloud->reconcile(web, s.c.view(), s.plan);
    for (const auto& call : s.plan.calls()) s.c.wish(call.payload);
    return s.c.view().load_balancer(web);
  };
  CHECK(sync().empty());
  CHECK(s.plan.requeue_at() == base::SimTime{} + base::seconds(40));
  s.c.now = base::SimTime{} + base::seconds(40);
  CHECK(sync() == std::vector<std::string>{"198.18.0.1"});
  CHECK(s.plan.calls().size() == 1);
  sync();
  CHECK(s.plan.calls().empty());
  s.c.wish(command::PatchObject{web, R"({"spec":{"type":"ClusterIP"}})"});
  CHECK(sync().empty());
  s.c.wish(command::PatchObject{web, R"({"spec":{"type":"LoadBalancer"}})"});
  CHECK(sync().empty());
  CHECK(s.plan.requeue_at() == base::SimTime{} + base::seconds(80));
  // Another implementation's.
  s.service("type: LoadBalancer, loadBalancerClass: example.com/own, selector: {app: web}, ports: [{port: 80}]", "own");
  s.plan.reset(1);
  cloud->reconcile(s.c.find(model::Kind::Service, "own"), s.c.view(), s.plan);
  CHECK((s.plan.calls().empty() && s.plan.requeue_at() == base::SimTime::never()));
}
