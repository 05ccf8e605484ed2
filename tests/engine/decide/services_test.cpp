// What the API server gives Services, keeps unique and does not let change.
#include <catch2/catch.hpp>

#include "tests/support/given.h"

using namespace wavetank;

namespace {

struct Api {
  support::Cluster c;

  std::string create(const std::string& name, const std::string& spec,
                     command::ApplyObject::Mode mode = command::ApplyObject::Mode::Create) {
    const auto docs = model::parse_yaml(
        "{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {" + spec + "}}", "test");
    REQUIRE(docs.has_value());
    return c.wish(command::ApplyObject{model::to_json(docs->front()), mode});
  }
  std::string patch(const std::string& name, const std::string& patch) {
    return c.wish(command::PatchObject{c.find(model::Kind::Service, name), patch});
  }
  void remove(const std::string& name) {
    c.wish(command::DeleteObject{c.find(model::Kind::Service, name), event::Propagation::Background, {}});
  }
  const model::Service& spec(const std::string& name) const {
    return c.view().service(c.find(model::Kind::Service, name).as<event::ServiceId>()).spec;
  }
  std::string ip(const std::string& name) const { return spec(name).cluster_ip; }
  int port(const std::string& name, std::size_t i = 0) const { return spec(name).ports.at(i).node_port; }
};

}  // namespace

TEST_CASE("Cluster addresses: unique, kept as asked, free again after the deletion") {
  Api api;
  api.create("a", "ports: [{port: 80}]");
  api.create("b", "ports: [{port: 80}]");
  CHECK(api.ip("a") == "10.96.0.10");
  CHECK(api.ip("b") == "10.96.0.11");
  CHECK(api.create("c", "clusterIP: 10.96.0.13, ports: [{port: 80}]") == "ObjectCreated");
  api.create("d", "ports: [{port: 80}]");
  CHECK(api.ip("d") != "10.96.0.13");  // the one that would have been its turn is taken
  CHECK(api.ip("d") == "10.96.0.14");
  CHECK(api.create("e", "clusterIP: 10.96.0.11, ports: [{port: 80}]") ==
        "Invalid: Service \"e\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.11\"]: failed to allocate IP "
        "10.96.0.11: provided IP is already allocated");
  api.remove("b");
  CHECK(api.create("e", "clusterIP: 10.96.0.11, ports: [{port: 80}]") == "ObjectCreated");
  CHECK(api.create("f", "clusterIP: 192.168.0.1, ports: [{port: 80}]") ==
        "Invalid: Service \"f\" is invalid: spec.clusterIPs: Invalid value: [\"192.168.0.1\"]: failed to allocate IP "
        "192.168.0.1: the provided network does not match the current range");
  api.create("h", "clusterIP: None, selector: {a: b}");
  CHECK(api.ip("h") == "None");
  api.create("x", "type: ExternalName, externalName: example.org");
  CHECK(api.ip("x").empty());
}

TEST_CASE("A cluster address may not change, but goes with the type ExternalName") {
  Api api;
  api.create("a", "ports: [{port: 80}]");
  CHECK(api.patch("a", R"({"spec":{"clusterIP":"10.96.0.99","clusterIPs":["10.96.0.99"]}})") ==
        "Invalid: Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: [\"10.96.0.99\"]: may not change once "
        "set");
  CHECK(api.create("a", "ports: [{port: 81}]", command::ApplyObject::Mode::Replace) == "ObjectUpdated");
  CHECK(api.ip("a") == "10.96.0.10");  // a replace that names none keeps it
  CHECK(api.patch("a", R"({"spec":{"type":"ExternalName","externalName":"example.org"}})") == "ObjectUpdated");
  CHECK(api.ip("a").empty());
  CHECK(api.patch("a", R"({"spec":{"type":"ClusterIP","externalName":null}})") == "ObjectUpdated");
  CHECK(api.ip("a") == "10.96.0.10");
}

TEST_CASE("Node ports: 30000 to 32767, one a number, shared by protocols, kept over changes") {
  Api api;
  CHECK(api.create("a", "type: NodePort, ports: [{name: h, port: 80, nodePort: 30080}]") == "ObjectCreated");
  CHECK(api.create("b", "type: NodePort, ports: [{port: 80, nodePort: 30080}]") ==
        "Invalid: Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already "
        "allocated");
  CHECK(
      api.create("b", "type: NodePort, ports: [{port: 80, nodePort: 80}]") ==
      "Invalid: Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid "
      "range. The range of valid ports is 30000-32767");
  api.create("b",
             "type: NodePort, ports: [{name: a, port: 53, protocol: TCP}, {name: b, port: 53, protocol: UDP}, {name: "
             "c, port: 54}]");
  CHECK(api.port("b", 0) >= 30000);
  CHECK(api.port("b", 0) == api.port("b", 1));
  CHECK(api.port("b", 2) != api.port("b", 0));
  const int was = api.port("b", 2);
  CHECK(api.create("b", "type: LoadBalancer, ports: [{name: c, port: 54}]", command::ApplyObject::Mode::Replace) ==
        "ObjectUpdated");
  CHECK(api.port("b") == was);
  CHECK(api.patch("b", R"({"spec":{"type":"ClusterIP"}})") == "ObjectUpdated");
  CHECK(api.port("b") == 0);
  CHECK(api.create("c", "type: NodePort, ports: [{port: 80, nodePort: " + std::to_string(was) + "}]") ==
        "ObjectCreated");
  // Without node ports of its own, and with a port for health checks.
  api.create("d", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 80}]");
  CHECK(api.port("d") == 0);
  api.create("e", "type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}]");
  CHECK(api.spec("e").health_check_node_port >= 30000);
}

TEST_CASE("What a balancer and a slice may not change") {
  Api api;
  api.create("a",
             "type: LoadBalancer, loadBalancerClass: example.com/a, externalTrafficPolicy: Local, ports: [{port: 80}]");
  CHECK(api.patch("a", R"({"spec":{"loadBalancerClass":"example.com/b"}})") ==
        "Invalid: Service \"a\" is invalid: spec.loadBalancerClass: Invalid value: \"example.com/b\": may not change "
        "once "
        "set");
  CHECK(api.patch("a", R"({"spec":{"healthCheckNodePort":32000}})") ==
        "Invalid: Service \"a\" is invalid: spec.healthCheckNodePort: Forbidden: field is immutable");
  CHECK(api.patch("a", R"({"spec":{"externalTrafficPolicy":"Cluster"}})") == "ObjectUpdated");
  api.c.apply(
      "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s}, addressType: IPv4, endpoints: []}");
  CHECK(api.c.wish(command::PatchObject{api.c.find(model::Kind::EndpointSlice, "s"), R"({"addressType":"IPv6"})"}) ==
        "Invalid: EndpointSlice.discovery.k8s.io \"s\" is invalid: addressType: Invalid value: \"IPv6\": field is "
        "immutable");
}

TEST_CASE("An Ingress without class gets the default one, the youngest of several; a class keeps its controller") {
  support::Cluster c;
  const auto klass = [&](const std::string& name, bool is_default) {
    c.apply("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: " + name +
            (is_default ? ", annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}" : "") +
            "}, spec: {controller: example.com/" + name + "}}");
  };
  const auto ingress = [&](const std::string& name, const std::string& more = "") {
    c.apply("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: " + name + "}, spec: {" + more +
            "defaultBackend: {service: {name: a, port: {number: 80}}}}}");
    return c.view().ingress(c.find(model::Kind::Ingress, name).as<event::IngressId>()).spec.class_name;
  };
  CHECK_FALSE(ingress("none").has_value());
  klass("plain", false);
  klass("old", true);
  CHECK(ingress("first") == "old");
  c.now = c.now + base::seconds(5);
  klass("new", true);
  CHECK(ingress("second") == "new");
  CHECK(ingress("named", "ingressClassName: plain, ") == "plain");
  CHECK(c.wish(
            command::PatchObject{c.find(model::Kind::IngressClass, "old", ""), R"({"spec":{"controller":"a.b/c"}})"}) ==
        "Invalid: IngressClass.networking.k8s.io \"old\" is invalid: spec.controller: Invalid value: \"a.b/c\": field "
        "is immutable");
}
