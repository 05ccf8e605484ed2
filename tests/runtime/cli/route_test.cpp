// wavetank route, and what show tells of Services and Ingresses, on a small run with a machine that dies.
#include "tests/runtime/cli/program.h"

using namespace wavetank::cli::test;

namespace {

constexpr const char* kShop = R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: shop}
cluster: {nodes: [{name: "node-{n}", count: 3, zones: [a, b], capacity: {cpu: "4", memory: 8Gi}}]}
until: 10m
manifests:
  - inline:
      - apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: edge, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
        spec: {controller: example.com/edge}
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: cart}
        spec:
          replicas: 3
          selector: {matchLabels: {app: cart}}
          template:
            metadata: {labels: {app: cart}}
            spec: {containers: [{name: server, image: "cart:1", ports: [{name: http, containerPort: 8080}]}]}
      - {apiVersion: v1, kind: Service, metadata: {name: cart}, spec: {type: LoadBalancer, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: http}]}}
      - {apiVersion: v1, kind: Service, metadata: {name: sticky}, spec: {selector: {app: cart}, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: http}]}}
      - {apiVersion: v1, kind: Service, metadata: {name: search}, spec: {selector: {app: search}, ports: [{port: 80}]}}
      - apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop}
        spec:
          tls: [{hosts: [shop.example]}]
          rules:
            - host: shop.example
              http:
                paths:
                  - {path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {name: http}}}}
                  - {path: /search, pathType: Prefix, backend: {service: {name: search, port: {number: 80}}}}
timeline:
  - at: 2m
    fail: {kind: node-crash, node: node-1}
  - at: 8m
    scale: {target: deployment/cart, replicas: 0}
)";

const Folder& shop() {
  static const Folder folder;
  static const Ran ran = [] {
    folder.write("shop.yaml", kShop);
    return folder.run("run shop.yaml -o shop.wt");
  }();
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  return folder;
}

}  // namespace

TEST_CASE("routes and tables of Services print what they printed when last reviewed") {
  struct Row {
    const char *golden, *arguments;
  };
  const Row rows[] = {
      {"route_ingress.txt", "route shop.wt http://shop.example/cart --at 1m30s"},
      {"route_ingress.json", "route shop.wt http://shop.example/cart --at 1m30s -o json"},
      {"route_unnoticed.txt", "route shop.wt http://cart.default.svc.cluster.local/ --at 2m10s"},
      {"route_node_port.txt", "route shop.wt http://node-1:30080/ --at 2m10s"},
      {"route_503.txt", "route shop.wt http://shop.example/search --at 1m30s"},
      {"route_404.txt", "route shop.wt http://shop.example/ --at 1m30s"},
      {"route_nxdomain.txt", "route shop.wt http://cart/ --at 1m30s"},
      {"route_sticky.txt", "route shop.wt http://sticky.default.svc.cluster.local/ --client 203.0.113.7 --at 6m50s"},
      {"route_refused.txt", "route shop.wt http://cart.default.svc.cluster.local/ --at 9m30s"},
      {"show_svc.txt", "show shop.wt svc --at 1m30s"},
      {"show_svc_pending.txt", "show shop.wt svc cart --at 10s"},
      {"show_endpoints.txt", "show shop.wt endpoints --at 3m"},
      {"show_endpointslices.txt", "show shop.wt endpointslices --at 3m"},
      {"show_ingress.txt", "show shop.wt ingress,ingressclasses --at 3m"},
      {"why_service.txt", "why shop.wt service/search --at 3m"},
  };
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = shop().run(row.arguments);
    CHECK(ran.code == 0);
    CHECK(ran.err == "");
    check_golden(row.golden, ran.out);
  }
}

TEST_CASE("routes refuse what cannot be asked") {
  struct Row {
    const char *arguments, *error;
  };
  const Row rows[] = {
      {"route shop.wt", "URL is missing"},
      {"route shop.wt shop.example", "write http://HOST[:PORT]/PATH"},
      {"route shop.wt ftp://shop.example/", "its scheme is \"ftp\"; http, https, tcp, udp and sctp are allowed"},
      {"route shop.wt http://h:70000/", "the port must be a number from 1 to 65535"},
      {"route shop.wt http://h/ --client 1.2.3", "--client: \"1.2.3\" is not an IPv4 address such as 203.0.113.7"},
      {"route shop.wt http://h/ --from deployment/cart", "--from: only pods ask, not deployment/cart"},
      {"route shop.wt http://h/ --from pod/nobody", "no pod \"nobody\""},
      {"route shop.wt http://h/ --at 11m", "--at"},
      {"route none.wt http://h/", "none.wt"},
      {"show shop.wt endpoints nothing", "no endpoints \"nothing\" are there at that time"},
  };
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = shop().run(row.arguments);
    CHECK(ran.code == 2);
    CHECK(ran.out == "");
    INFO(ran.err);
    CHECK(ran.err.find(row.error) != std::string::npos);
  }
}

TEST_CASE("validate warns of Services that nobody would answer") {
  const Folder folder;
  folder.write("a.yaml", R"(apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: wed}, ports: [{port: 80}]}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: closed}, spec: {podSelector: {}}}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: rest}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec: {rules: [{host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: api, port: {number: 81}}}}, {path: /x, pathType: Prefix, backend: {service: {name: gone, port: {number: 80}}}}]}}]}
)");
  folder.write("b.yaml", R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "w:1", ports: [{name: http, containerPort: 80}]}]}}}
)");
  const Ran ran = folder.run("validate a.yaml b.yaml");
  CHECK(ran.code == 0);
  for (const char* line : {"service/web selects app=wed, and nothing here makes pods with these labels",
                           "service/api sends port 80 to the port \"rest\", which none of its pods names",
                           "ingress/shop has no class, and no IngressClass here is the default: nobody will serve it",
                           "ingress/shop leads to port 81 of service api, which has none of that number",
                           "ingress/shop leads to service gone, which is not here",
                           "networkpolicy/closed: not enforced: every request gets through, whoever sends it"}) {
    INFO(ran.err);
    CHECK(ran.err.find(line) != std::string::npos);
  }
}
