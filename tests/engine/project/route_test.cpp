// Who answers a request: names, addresses, Services, Ingress rules, choice. Clusters are given as facts; the
// EndpointSlice controller writes the slices.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <sstream>

#include "engine/control/controllers.h"
#include "engine/project/dns.h"
#include "engine/project/ingress_rules.h"
#include "engine/project/route.h"
#include "tests/support/given.h"

using namespace wavetank;
using namespace wavetank::project;

namespace {

struct World {
  support::Cluster c;
  std::unique_ptr<control::Controller> slices = control::make_endpoint_slice_controller({});
  std::unique_ptr<control::Controller> ingresses = control::make_ingress_controller({});

  World() {
    c.now = base::SimTime{} + base::minutes(1);
    for (const auto& [node, zone] : {std::pair{"n1", "a"}, {"n2", "b"}, {"n3", "b"}}) c.add_node(node, zone);
  }
  void service(const std::string& name, const std::string& spec) {
    c.apply("{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {" + spec + "}}");
  }
  /// Pods named so on these nodes: "a@n1 b@n2".
  void pods(const std::string& app, const std::string& text, const std::string& more = "") {
    std::istringstream in(text);
    for (std::string word; in >> word;) {
      const std::string name = word.substr(0, word.find('@'));
      c.apply("{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", labels: {app: " + app + "}}, spec: {" + more +
              "containers: [{name: c, image: 'app:1', ports: [{name: web, containerPort: 8080}]}]}}");
      const event::PodId id = c.pod(name);
      c.fact(event::PodBound{id, c.node(word.substr(word.find('@') + 1))});
      c.fact(event::ContainerStarted{id, 0});
      c.fact(event::PodPhaseChanged{id, event::Phase::Running, ""});
      c.fact(event::PodReadyChanged{id, true, event::ReadyReason::None});
    }
  }
  void ready(const std::string& pod, bool is) {
    c.fact(
        event::PodReadyChanged{c.pod(pod), is, is ? event::ReadyReason::None : event::ReadyReason::ContainersNotReady});
  }
  void terminate(const std::string& pod) {
    c.fact(event::PodDeletionStarted{c.pod(pod), 30, event::DeletionReason::Deleted});
  }
  /// Controllers do what is due.
  void settle() {
    for (std::size_t i = 0; i < c.state.services.size(); ++i) run(*slices, event::Ref(event::ServiceId(i)));
    for (std::size_t i = 0; i < c.state.ingresses.size(); ++i) run(*ingresses, event::Ref(event::IngressId(i)));
  }
  void run(control::Controller& controller, event::Ref key) {
    control::Plan plan;
    plan.reset(1);
    controller.reconcile(key, c.view(), plan);
    for (const auto& call : plan.calls()) c.wish(call.payload);
  }

  Route ask(const std::string& url, const std::string& from = "", const std::string& client = "",
            PodId bound = {}) const {
    auto parsed = parse_url(url);
    REQUIRE(parsed.has_value());
    RouteQuery query{*parsed, {}, client};
    if (!from.empty()) query.from = c.pod(from);
    return find_route(query, c.view(), bound);
  }
  /// "Answered a,b" (the candidates), or "Refused: why".
  std::string text(const std::string& url, const std::string& from = "", const std::string& client = "") const {
    const Route r = ask(url, from, client);
    std::string out(route_end_word(r.end));
    if (r.end == RouteEnd::NotFound || r.end == RouteEnd::Unavailable || r.end == RouteEnd::BadGateway)
      out += " " + std::to_string(r.status);
    if (r.candidates.empty()) return out + ": " + r.reason;
    std::string who;
    for (const Candidate& k : r.candidates)
      who += (who.empty() ? " " : ",") +
             (k.backend.pod.valid() ? std::string(c.view().pod_name(k.backend.pod)) : k.backend.address);
    return out + who;
  }
};

constexpr const char* kWeb = "selector: {app: web}, ports: [{name: http, port: 80, targetPort: web}]";
constexpr const char* kUrl = "http://web.default.svc.cluster.local/";

}  // namespace

TEST_CASE("URLs: what is read and what is refused") {
  struct Row {
    const char *text, *want;
  };
  const Row rows[] = {
      {"http://shop.example/cart?x=1", "http shop.example 80 /cart ?x=1"},
      {"HTTPS://Shop.Example", "https shop.example 443 /"},
      {"http://web.:8080/a%20b", "http web 8080 /a%20b"},
      {"http://10.96.0.12/", "http 10.96.0.12 80 /"},
      {"shop.example", "write http://HOST[:PORT]/PATH"},
      {"ftp://h/", "its scheme is \"ftp\"; http, https, tcp, udp and sctp are allowed"},
      {"udp://dns:53", "udp dns 53 /"},
      {"tcp://db:5432/", "tcp db 5432 /"},
      {"udp://dns", "it has no port: write udp://HOST:PORT"},
      {"tcp://db:5432/x", "tcp has no path"},
      {"http:///x", "there is no host"},
      {"http://a..b/", "the host has an empty label"},
      {"http://-a/", "a label of the host begins or ends with \"-\""},
      {"http://a b/", "\" \" may not be in a host"},
      {"http://[::1]/", "IPv6 addresses are not modelled"},
      {"http://me@h/", "a user name is not allowed"},
      {"http://h:0/", "the port must be a number from 1 to 65535"},
      {"http://h:65536/", "the port must be a number from 1 to 65535"},
      {"http://h:/", "the port must be a number from 1 to 65535"},
      {"http://h/#top", "a fragment (#…) is never sent"},
      {"http://h/a b", "\" \" may not be in a path: write it as %XX"},
      {"http://h/%g0", "\"%\" in a path needs two hex digits after it"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto url = parse_url(row.text);
    if (!url) {
      CHECK(url.error().front().message.find(row.want) != std::string::npos);
      continue;
    }
    std::string got = url->scheme + " " + url->host + " " + std::to_string(url->port) + " " + url->path;
    if (!url->query.empty()) got += " ?" + url->query;
    CHECK(got == row.want);
  }
}

TEST_CASE("DNS: the cluster's names and what they are") {
  World w;
  w.service("web", kWeb);
  w.service("db", "clusterIP: None, selector: {app: db}, ports: [{name: sql, port: 5432}]");
  w.service("out", "type: ExternalName, externalName: example.org");
  w.service("idle", "clusterIP: None, selector: {app: nobody}, ports: [{port: 1}]");
  w.pods("web", "a@n1");
  w.pods("db", "db-0@n1", "hostname: db-0, subdomain: db, ");
  w.pods("db", "plain@n2");
  w.settle();
  const auto dns = [&](const std::string& name, DnsType type = DnsType::A) {
    const DnsAnswer a = resolve(name, type, w.c.view());
    if (!a.found) return std::string("NXDOMAIN");
    std::string out;
    for (const DnsRecord& r : a.records)
      out += (out.empty() ? "" : " ") + std::string(dns_type_word(r.type)) + ":" + r.value +
             (r.port != 0 ? ":" + std::to_string(r.port) : "");
    return out.empty() ? std::string("nothing") : out;
  };
  const std::string first = w.c.view().pod_ip(w.c.pod("db-0")), second = w.c.view().pod_ip(w.c.pod("plain"));
  std::string dashes = second;
  std::replace(dashes.begin(), dashes.end(), '.', '-');
  CHECK(dns("web.default.svc.cluster.local") == "A:10.96.0.10");
  CHECK(dns("web.default.svc.cluster.local", DnsType::AAAA) == "nothing");
  CHECK(dns("web.default.svc.cluster.local", DnsType::SRV) == "nothing");
  CHECK(dns("_http._tcp.web.default.svc.cluster.local", DnsType::SRV) == "SRV:web.default.svc.cluster.local:80");
  CHECK(dns("_http._udp.web.default.svc.cluster.local", DnsType::SRV) == "NXDOMAIN");
  CHECK(dns("db.default.svc.cluster.local") == "A:" + first + " A:" + second);
  CHECK(dns("db-0.db.default.svc.cluster.local") == "A:" + first);
  CHECK(dns(dashes + ".db.default.svc.cluster.local") == "A:" + second);
  CHECK(dns("plain.db.default.svc.cluster.local") == "NXDOMAIN");  // it has no hostname
  CHECK(dns("_sql._tcp.db.default.svc.cluster.local", DnsType::SRV) ==
        "SRV:db-0.db.default.svc.cluster.local:5432 SRV:" + dashes + ".db.default.svc.cluster.local:5432");
  CHECK(dns("out.default.svc.cluster.local") == "CNAME:example.org");
  CHECK(dns("idle.default.svc.cluster.local") == "NXDOMAIN");  // headless and without a ready endpoint
  CHECK(dns(dashes + ".default.pod.cluster.local") == "A:" + second);
  CHECK(dns("web.shop.svc.cluster.local") == "NXDOMAIN");
  CHECK(dns("nothing.default.svc.cluster.local") == "NXDOMAIN");
  CHECK(dns("web.default.svc") == "NXDOMAIN");
  CHECK(dns("cluster.local") == "NXDOMAIN");
  // Unready endpoints have no name.
  w.ready("db-0", false);
  w.settle();
  CHECK(dns("db-0.db.default.svc.cluster.local") == "NXDOMAIN");
  CHECK(dns("db.default.svc.cluster.local") == "A:" + second);
  CHECK(dns("_sql._tcp.db.default.svc.cluster.local", DnsType::SRV) ==
        "SRV:" + dashes + ".db.default.svc.cluster.local:5432");
}

TEST_CASE("DNS: where a pod looks for short names") {
  World w;
  w.c.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  w.pods("x", "a@n1");
  w.pods("x", "host@n1", "hostNetwork: true, ");
  w.pods("x", "own@n1",
         "dnsPolicy: None, dnsConfig: {nameservers: [10.0.0.1], searches: [corp.example], options: [{name: ndots, "
         "value: '2'}]}, ");
  const Resolver a = resolver_of(w.c.pod("a"), w.c.view());
  CHECK(a.search == std::vector<std::string>{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"});
  CHECK(names_to_try("web", false, a) ==
        std::vector<std::string>{"web.default.svc.cluster.local", "web.svc.cluster.local", "web.cluster.local", "web"});
  CHECK(names_to_try("a.b.c.d.e.f", false, a).front() == "a.b.c.d.e.f");
  CHECK(names_to_try("web", true, a) == std::vector<std::string>{"web"});
  CHECK_FALSE(resolver_of(w.c.pod("host"), w.c.view()).cluster);
  const Resolver own = resolver_of(w.c.pod("own"), w.c.view());
  CHECK_FALSE(own.cluster);
  CHECK((own.ndots == 2 && own.search == std::vector<std::string>{"corp.example"}));
}

TEST_CASE("A Service: ready endpoints, else those that serve while they terminate, else nobody") {
  World w;
  w.service("web", kWeb);
  CHECK(w.text(kUrl) == "Refused: service web has no endpoints, no pod has the labels it selects");
  w.pods("web", "a@n1 b@n2 c@n3");
  w.settle();
  CHECK(w.text(kUrl) == "Answered a,b,c");
  CHECK(w.text("http://10.96.0.10/") == "Answered a,b,c");
  CHECK(w.text("http://10.96.0.10:81/") ==
        "TimedOut: service web has no TCP port 81 (it has 80): no rule takes the packets");
  CHECK(w.text("http://10.96.0.99/") == "TimedOut: nothing in the cluster has the address 10.96.0.99 at this time");
  w.ready("a", false);
  w.terminate("b");
  w.settle();
  CHECK(w.text(kUrl) == "Answered c");
  const Route r = w.ask(kUrl);
  REQUIRE(r.left_out.size() == 2);
  CHECK(r.left_out[0].why == "not ready since 1m: its readiness probe fails");
  CHECK(r.left_out[1].why == "terminating since 1m");
  w.ready("c", false);
  w.settle();
  CHECK(w.text(kUrl) == "Answered b");
  w.ready("b", false);
  w.settle();
  CHECK(w.text(kUrl) == "Refused: service web has no endpoints, of 3 pods none is ready");
}

TEST_CASE("What the control plane has not noticed yet costs requests") {
  World w;
  w.service("web", kWeb);
  w.pods("web", "a@n1 b@n2");
  w.settle();
  w.c.fact(event::MachineDown{w.c.node("n2")});
  const Route r = w.ask(kUrl);
  CHECK(r.candidates.size() == 2);
  CHECK(r.answering() == 1);
  CHECK_FALSE(r.answers_surely());
  CHECK(w.text("http://" + w.c.view().pod_ip(w.c.pod("b")) + "/") == "TimedOut b");
  w.c.fact(event::ContainerExited{w.c.pod("a"), 0, 1, event::ExitReason::Error});
  CHECK(w.text("http://" + w.c.view().pod_ip(w.c.pod("a")) + "/") == "Refused a");
}

TEST_CASE("The draw is uniform, of the seed, the client and the moment") {
  World w;
  w.service("web", kWeb);
  w.pods("web", "a@n1 b@n2 c@n3");
  w.settle();
  std::map<std::uint32_t, int> drawn;
  for (int i = 0; i < 3000; ++i) {
    w.c.now = base::SimTime{} + base::milliseconds(60'000 + i);
    const Route r = w.ask(kUrl);
    CHECK(w.ask(kUrl).pod == r.pod);
    ++drawn[r.pod.value];
  }
  for (const auto& [pod, times] : drawn) CHECK((times > 900 && times < 1100));
  CHECK(drawn.size() == 3);
}

TEST_CASE("Two clients that ask at one moment are drawn for apart") {
  World w;
  w.service("web", kWeb);
  w.pods("web", "a@n1 b@n2");
  w.settle();
  int apart = 0;
  for (int i = 0; i < 200; ++i) {
    w.c.now = base::SimTime{} + base::milliseconds(60'000 + i);
    apart += w.ask(kUrl, "", "203.0.113.7").pod != w.ask(kUrl, "", "203.0.113.8").pod ? 1 : 0;
  }
  CHECK((apart > 70 && apart < 130));
}

TEST_CASE("Ports of other protocols: UDP is not TCP, at a Service, a node and a pod's host port") {
  World w;
  w.service(
      "dns",
      "type: NodePort, selector: {app: dns}, ports: [{name: u, port: 53, protocol: UDP, targetPort: dns, nodePort: "
      "30053}, {name: t, port: 54, targetPort: dns, nodePort: 30054}]");
  w.c.apply(
      "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: dns}}, spec: {containers: [{name: c, image: "
      "'d:1', "
      "ports: [{name: dns, containerPort: 5353, hostPort: 5300, protocol: UDP}]}]}}");
  const PodId a = w.c.pod("a");
  w.c.fact(event::PodBound{a, w.c.node("n1")});
  w.c.fact(event::ContainerStarted{a, 0});
  w.c.fact(event::PodPhaseChanged{a, event::Phase::Running, ""});
  w.c.fact(event::PodReadyChanged{a, true, event::ReadyReason::None});
  w.settle();
  const std::string name = "dns.default.svc.cluster.local";
  CHECK(w.text("udp://" + name + ":53") == "Answered a");
  CHECK(w.ask("udp://" + name + ":53").candidates.at(0).backend.port == 5353);
  CHECK(w.ask("udp://" + name + ":53").status == 0);
  CHECK(w.text("tcp://" + name + ":53") ==
        "TimedOut: service dns has no TCP port 53 (it has 53/UDP, 54): no rule takes the packets");
  CHECK(w.text("http://" + name + ":53/") ==
        "TimedOut: service dns has no TCP port 53 (it has 53/UDP, 54): no rule takes the packets");
  // The named port is a UDP port of the pod: the TCP port of the Service leads nowhere.
  CHECK(w.text("tcp://" + name + ":54") ==
        "Refused: service dns has no endpoints, its pods do not name the port it "
        "sends to");
  CHECK(w.text("udp://n2:30053") == "Answered a");
  CHECK(w.text("tcp://n2:30053") ==
        "Refused: nobody listens at port 30053 of node n2: it is no node port of a Service");
  CHECK(w.text("udp://n1:5300") == "Answered a");
  CHECK(w.text("tcp://n1:5300").starts_with("Refused: nobody listens at port 5300 of node n1"));
}

TEST_CASE("Node ports, policies of Local, host ports") {
  World w;
  w.service("web", "type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: web, nodePort: 30080}]");
  w.service("own",
            "type: NodePort, externalTrafficPolicy: Local, internalTrafficPolicy: Local, selector: {app: web}, ports: "
            "[{port: 80, targetPort: web, nodePort: 30081}]");
  w.pods("web", "a@n1 b@n1 c@n2");
  w.pods("x", "client@n3 other@n2");
  w.settle();
  CHECK(w.text("http://n3:30080/") == "Answered a,b,c");
  CHECK(w.text("http://" + w.c.view().node_ip(w.c.node("n1")) + ":30080/") == "Answered a,b,c");
  CHECK(w.text("http://n1:30081/") == "Answered a,b");
  CHECK(w.text("http://n3:30081/") ==
        "TimedOut: service own has no endpoint on node n3, and its policy is Local: packets are dropped");
  CHECK(w.text("http://own/", "client") ==
        "TimedOut: service own has no endpoint on node n3, and its policy is Local: packets are dropped");
  CHECK(w.text("http://own/", "other") == "Answered c");
  CHECK(w.text("http://n1:30999/") ==
        "Refused: nobody listens at port 30999 of node n1: it is no node port of a Service");
  // The cluster address goes by internalTrafficPolicy alone, and pods of the node itself by no external policy.
  w.service("outer",
            "type: NodePort, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: web, "
            "nodePort: 30082}]");
  w.settle();
  CHECK(w.text("http://outer/", "client") == "Answered a,b,c");
  CHECK(w.text("http://n3:30082/", "client") == "Answered a,b,c");
  CHECK(w.text("http://n1:30082/", "client") == "Answered a,b");
  w.terminate("c");
  w.settle();
  CHECK(w.text("http://n2:30081/") == "Answered c");  // a local one that drains
  w.c.fact(event::MachineDown{w.c.node("n3")});
  CHECK(w.text("http://n3:30080/") == "TimedOut: the machine of node n3 is down");
}

TEST_CASE("trafficDistribution: the zone first, all of them without one there") {
  World w;
  w.service("web", std::string(kWeb) + ", trafficDistribution: PreferClose");
  w.service("near", std::string(kWeb) + ", trafficDistribution: PreferSameNode");
  w.pods("web", "a@n1 b@n2 c@n3");
  w.pods("x", "in-a@n1 in-b@n3");
  w.settle();
  CHECK(w.text("http://web/", "in-a") == "Answered a");
  CHECK(w.text("http://web/", "in-b") == "Answered b,c");
  CHECK(w.text("http://near/", "in-b") == "Answered c");
  CHECK(w.text(kUrl) == "Answered a,b,c");  // a client of no zone
  w.ready("a", false);
  w.ready("c", false);
  w.settle();
  CHECK(w.text("http://web/", "in-a") == "Answered b");
  CHECK(w.text("http://near/", "in-b") == "Answered b");  // then its zone
  // A ready endpoint whose node has no zone: hints are not for all, so nobody follows them.
  w.c.add_node("n4", "");
  w.pods("web", "d@n4");
  w.settle();
  CHECK(w.text("http://web/", "in-b") == "Answered b,d");
  CHECK(w.text("http://web/", "in-a") == "Answered b,d");
}

TEST_CASE("ClientIP affinity keeps a client where it is while that endpoint can be had") {
  World w;
  w.service("web",
            std::string(kWeb) + ", sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}");
  w.pods("web", "a@n1 b@n2");
  w.settle();
  StickyClient client({*parse_url(kUrl), {}, "203.0.113.7"});
  const PodId first = client.ask(w.c.view()).pod;
  CHECK(client.last().affinity_seconds == 60);
  w.pods("web", "c@n3 d@n3 e@n1 f@n2");
  w.settle();
  for (int i = 1; i < 50; ++i) {
    w.c.now = w.c.now + base::seconds(1);
    CHECK(client.ask(w.c.view()).pod == first);
    CHECK(client.last().sticky);
    CHECK(client.last().candidates.size() == 6);
  }
  CHECK(client.moves() == 0);
  w.ready(std::string(w.c.view().pod_name(first)), false);
  w.settle();
  CHECK(client.ask(w.c.view()).pod != first);
  CHECK(client.moves() == 1);
}

TEST_CASE("Load balancers: their address, source ranges, nodes with endpoints of their own") {
  World w;
  w.service("web",
            "type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: web}], loadBalancerSourceRanges: "
            "[203.0.113.0/24]");
  w.service(
      "own",
      "type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: web}]");
  w.pods("web", "a@n1 b@n1 c@n2");
  w.settle();
  w.c.wish(command::SetLoadBalancer{{w.c.find(model::Kind::Service, "web"), {"198.18.0.1"}}});
  w.c.wish(command::SetLoadBalancer{{w.c.find(model::Kind::Service, "own"), {"198.18.0.2"}}});
  CHECK(w.text("http://198.18.0.1/", "", "203.0.113.9") == "Answered a,b,c");
  CHECK(w.text("http://198.18.0.1/", "", "203.0.114.9") ==
        "TimedOut: 203.0.114.9 is in none of the loadBalancerSourceRanges: packets are dropped");
  // Each node alike: the one pod of n2 gets half of it.
  const Route r = w.ask("http://198.18.0.2/");
  std::map<std::string, std::string> chance;
  for (const Candidate& k : r.candidates)
    chance[std::string(w.c.view().pod_name(k.backend.pod))] = std::to_string(k.part) + "/" + std::to_string(k.whole);
  CHECK(chance == std::map<std::string, std::string>{{"a", "1/4"}, {"b", "1/4"}, {"c", "1/2"}});
  // A pod that asks: the kube-proxy beside it takes the balancer's address itself, and Local does not bind it.
  w.pods("x", "client@n3");
  CHECK(w.text("http://198.18.0.2/", "client") == "Answered a,b,c");
  // The balancer's health checks take a machine out that is down.
  w.c.fact(event::MachineDown{w.c.node("n1")});
  CHECK(w.text("http://198.18.0.2/") == "Answered c");
}

TEST_CASE("Names lead on: ExternalName, headless, pods; short names are for pods") {
  World w;
  w.service("web", kWeb);
  w.service("alias", "type: ExternalName, externalName: web.default.svc.cluster.local");
  w.service("loop", "type: ExternalName, externalName: loop.default.svc.cluster.local");
  w.service("out", "type: ExternalName, externalName: example.org");
  w.service("db", "clusterIP: None, selector: {app: web}, ports: [{port: 8080}]");
  w.pods("web", "a@n1 b@n2");
  w.pods("x", "client@n3");
  w.settle();
  CHECK(w.text("http://alias.default.svc.cluster.local/") == "Answered a,b");
  CHECK(w.text("http://loop.default.svc.cluster.local/") ==
        "NXDOMAIN: names that name each other go round in a circle");
  CHECK(w.text("http://out.default.svc.cluster.local/") == "External: the request leaves the cluster for example.org");
  CHECK(w.text("http://db:8080/", "client") == "Answered a,b");
  CHECK(w.text("http://web.default/", "client") == "Answered a,b");
  CHECK(w.text("http://web./", "client") == "NXDOMAIN: no such name: neither the cluster's DNS nor a node knows web");
  CHECK(w.text("http://web/").find("NXDOMAIN: no such name: short names of Services are for pods (--from pod/NAME)") ==
        0);
  CHECK(w.text("http://nothing.example/") ==
        "NXDOMAIN: no such name: nothing.example is no host of an Ingress, no node and no name of the cluster");
}

TEST_CASE("Endpoints that somebody wrote count like others") {
  World w;
  w.service("old", "ports: [{name: http, port: 80}]");
  CHECK(w.text("http://old.default.svc.cluster.local/") ==
        "Refused: service old has no endpoints, it has no selector, and nobody wrote endpoints for it");
  w.c.apply(
      "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: old-1, labels: "
      "{kubernetes.io/service-name: old}}, addressType: IPv4, "
      "ports: [{name: http, port: 8080}], endpoints: [{addresses: [192.0.2.10]}, {addresses: [192.0.2.11], conditions: "
      "{ready: false}}]}");
  CHECK(w.text("http://old.default.svc.cluster.local/") == "Answered 192.0.2.10");
  // The old way: an Endpoints object of the Service's name, which Kubernetes mirrors into slices.
  w.service("older", "ports: [{name: http, port: 80}]");
  const std::string endpoints =
      "subsets: [{addresses: [{ip: 192.0.2.20, hostname: a}], notReadyAddresses: [{ip: 192.0.2.21}], ports: [{name: "
      "http, "
      "port: 8080}]}]}";
  w.c.apply("{apiVersion: v1, kind: Endpoints, metadata: {name: older}, " + endpoints);
  CHECK(w.text("http://older.default.svc.cluster.local/") == "Answered 192.0.2.20");
  w.service("skipped", "ports: [{name: http, port: 80}]");
  w.c.apply(
      "{apiVersion: v1, kind: Endpoints, metadata: {name: skipped, labels: {endpointslice.kubernetes.io/skip-mirror: "
      "'true'}}, " +
      endpoints);
  CHECK(w.text("http://skipped.default.svc.cluster.local/").starts_with("Refused"));
}

TEST_CASE("Ingress hosts and paths: what fits") {
  CHECK(host_fits("shop.example", "shop.example") == 3);
  CHECK(host_fits("*.example", "shop.example") == 2);
  CHECK(host_fits("*.example", "a.shop.example") == 0);
  CHECK(host_fits("*.example", "example") == 0);
  CHECK(host_fits("*.example", ".example") == 0);
  CHECK(host_fits("", "shop.example") == 1);
  using Type = model::Ingress::PathType;
  struct Row {
    Type type;
    const char *path, *asked;
    bool fits;
  };
  // The table of kubernetes.io/docs/concepts/services-networking/ingress/#examples.
  const Row rows[] = {
      {Type::Prefix, "/", "/anything", true},
      {Type::Exact, "/foo", "/foo", true},
      {Type::Exact, "/foo", "/bar", false},
      {Type::Exact, "/foo", "/foo/", false},
      {Type::Exact, "/foo/", "/foo", false},
      {Type::Prefix, "/foo", "/foo", true},
      {Type::Prefix, "/foo", "/foo/", true},
      {Type::Prefix, "/foo/", "/foo", true},
      {Type::Prefix, "/foo/", "/foo/", true},
      {Type::Prefix, "/aaa/bb", "/aaa/bbb", false},
      {Type::Prefix, "/aaa/bbb", "/aaa/bbb", true},
      {Type::Prefix, "/aaa/bbb/", "/aaa/bbb", true},
      {Type::Prefix, "/aaa/bbb", "/aaa/bbb/", true},
      {Type::Prefix, "/aaa/bbb", "/aaa/bbb/ccc", true},
      {Type::Prefix, "/aaa/bbb", "/aaa/bbbxyz", false},
      {Type::Prefix, "/aaa", "/ccc", false},
      {Type::ImplementationSpecific, "", "/x", true},
  };
  for (const Row& row : rows) {
    INFO(row.path << " " << row.asked);
    CHECK(path_fits(row.path, row.type, row.asked) == row.fits);
  }
}

TEST_CASE("Ingress: the host, then the path, then the defaults") {
  World w;
  w.service("web", kWeb);
  w.service("api", "selector: {app: api}, ports: [{name: http, port: 8080, targetPort: web}]");
  w.service("rest", "selector: {app: rest}, ports: [{port: 80, targetPort: web}]");
  w.service("idle", "selector: {app: idle}, ports: [{port: 80}]");
  w.pods("web", "web-1@n1");
  w.pods("api", "api-1@n2");
  w.pods("rest", "rest-1@n3");
  const auto backend = [](const std::string& service, const std::string& port) {
    return "backend: {service: {name: " + service + ", port: {" + port + "}}}";
  };
  const std::string ingress =
      "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: main}, spec: {ingressClassName: edge, tls: "
      "[{hosts: [shop.example]}], rules: ["
      "{host: shop.example, http: {paths: [{path: /, pathType: Prefix, " +
      backend("web", "name: http") + "}, {path: /api, pathType: Prefix, " + backend("api", "number: 8080") +
      "}, {path: /api, pathType: Exact, " + backend("rest", "number: 80") + "}, {path: /idle, pathType: Prefix, " +
      backend("idle", "number: 80") + "}, {path: /gone, pathType: Prefix, " + backend("gone", "number: 80") +
      "}, {path: /port, pathType: Prefix, " + backend("web", "number: 81") +
      "}]}}, {host: '*.example', http: {paths: [{path: /api, pathType: Prefix, " + backend("api", "number: 8080") +
      "}]}}]}}";
  w.c.apply(ingress);
  w.settle();
  CHECK(w.text("http://shop.example/") ==
        "NXDOMAIN: shop.example is a host of ingress main, which has no address (yet)");
  w.c.apply(
      "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: edge}, spec: {controller: "
      "example.com/edge}}");
  w.settle();
  CHECK(w.text("http://shop.example/").find("NXDOMAIN") == 0);  // the controller needs its time
  w.c.now = w.c.now + base::seconds(10);
  w.settle();
  CHECK(w.text("http://shop.example/") == "Answered web-1");
  CHECK(w.text("https://shop.example/x/y") == "Answered web-1");
  CHECK(w.text("http://shop.example/api") == "Answered rest-1");  // Exact before Prefix
  CHECK(w.text("http://shop.example/api/v1") == "Answered api-1");
  CHECK(w.text("http://shop.example/apis") == "Answered web-1");
  CHECK(w.text("http://www.example/api") == "Answered api-1");
  CHECK(w.text("http://www.example/") == "NotFound 404: no path of the host www.example takes /");
  CHECK(w.text("http://shop.example:8080/") ==
        "Refused: the Ingress controller of ingress class edge listens at ports 80 and 443, not at 8080");
  CHECK(w.text("http://shop.example/idle") ==
        "Unavailable 503: service idle has no endpoints, no pod has the labels it selects");
  CHECK(w.text("http://shop.example/gone") == "Unavailable 503: there is no service gone");
  CHECK(w.text("http://shop.example/port") == "Unavailable 503: service web has no port 81");
  CHECK(w.text("http://203.0.113.1/") == "NotFound 404: no rule is for the host (none)");
  w.c.fact(event::MachineDown{w.c.node("n1")});
  CHECK(w.text("http://shop.example/") == "BadGateway 504 web-1");
  // A default backend of the class takes what no rule does.
  w.c.apply(
      "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: rest}, spec: {ingressClassName: edge, "
      "defaultBackend: {service: {name: rest, port: {number: 80}}}}}");
  w.c.now = w.c.now + base::seconds(10);
  w.settle();
  CHECK(w.text("http://www.example/") == "Answered rest-1");
  CHECK(w.text("http://203.0.113.1/") == "Answered rest-1");
}

TEST_CASE("Ingress: whose default backend, which class, and those that nobody serves") {
  World w;
  for (const char* name : {"one", "two", "rest"}) {
    w.service(name, std::string("selector: {app: ") + name + "}, ports: [{port: 80, targetPort: web}]");
    w.pods(name, std::string(name) + "-1@n1");
  }
  const auto ingress = [&](const std::string& name, const std::string& more) {
    w.c.apply("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: " + name + "}, spec: {" + more +
              "}}");
  };
  const auto rule = [](const std::string& host, const std::string& service) {
    return "rules: [{host: " + host +
           ", http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: " + service +
           ", port: {number: 80}}}}]}}]";
  };
  const std::string fallback = "defaultBackend: {service: {name: rest, port: {number: 80}}}";
  for (const char* name : {"first", "second"})
    w.c.apply("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: " + std::string(name) +
              "}, spec: {controller: example.com/c}}");
  ingress("a", "ingressClassName: first, " + fallback + ", " + rule("a.example", "one"));
  ingress("b", "ingressClassName: first, " + rule("b.example", "one"));
  ingress("c", "ingressClassName: second, " + rule("a.example", "two") + "");
  ingress("d", rule("d.example", "one"));
  w.c.now = w.c.now + base::seconds(30);
  w.settle();
  // The default backend of an Ingress with rules is for its own hosts.
  CHECK(w.text("http://a.example/a") == "Answered one-1");
  CHECK(w.text("http://a.example/x") == "Answered rest-1");
  CHECK(w.text("http://b.example/x") == "NotFound 404: no path of the host b.example takes /x");
  // Each class has an address of its own, and its own rules.
  CHECK(w.c.view().load_balancer(w.c.find(model::Kind::Ingress, "a")) == std::vector<std::string>{"203.0.113.1"});
  CHECK(w.c.view().load_balancer(w.c.find(model::Kind::Ingress, "c")) == std::vector<std::string>{"203.0.113.2"});
  CHECK(w.text("http://203.0.113.2/a") == "NotFound 404: no rule is for the host (none)");
  const event::Ref second = w.c.find(model::Kind::IngressClass, "second", "");
  CHECK(match_ingress(second, "a.example", "/a", w.c.view()).backend->service == "two");
  CHECK(match_ingress(second, "b.example", "/a", w.c.view()).backend == nullptr);
  // Without class, and without a default one: nobody serves it.
  CHECK(w.text("http://d.example/a") == "NXDOMAIN: d.example is a host of ingress d, which has no address (yet)");
}

TEST_CASE("The legacy Endpoints follow the slices, at most a thousand addresses") {
  World w;
  w.service("web", kWeb);
  w.pods("web", "a@n1 b@n2 c@n3");
  w.ready("b", false);
  w.terminate("c");
  w.settle();
  const auto id = w.c.find(model::Kind::Service, "web").as<event::ServiceId>();
  const model::Doc doc = legacy_endpoints(id, w.c.view());
  REQUIRE(doc.find("subsets")->items.size() == 1);
  const model::Doc& subset = doc.find("subsets")->items[0];
  CHECK(subset.find("addresses")->items.size() == 1);
  CHECK(subset.find("notReadyAddresses")->items.size() == 1);  // the terminating one is left out
  CHECK(model::to_canonical_json(*subset.find("ports")) == R"([{"name":"http","port":8080,"protocol":"TCP"}])");
  std::string many;
  for (int i = 0; i < 1100; ++i) many += "p" + std::to_string(i) + "@n1 ";
  w.pods("web", many);
  w.settle();
  const model::Doc cut = legacy_endpoints(id, w.c.view());
  CHECK(cut.find("subsets")->items[0].find("addresses")->items.size() == 1000);
  CHECK(cut.find("subsets")->items[0].find("notReadyAddresses") == nullptr);
  CHECK(cut.at({"metadata", "annotations", "endpoints.kubernetes.io/over-capacity"})->text == "truncated");
  w.service("plain", "ports: [{port: 80}]");
  CHECK(legacy_endpoints(w.c.find(model::Kind::Service, "plain").as<event::ServiceId>(), w.c.view()).is_null());
}
