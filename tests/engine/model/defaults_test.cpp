// Defaulting, document to document. Source: pkg/apis/*/v1/defaults.go of Kubernetes 1.34. A row says what is written
// and what is added or changed; everything not named must be as written.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

struct Row {
  const char* what;
  const char* before;
  const char* after;
};

void check(const Row& row) {
  INFO(row.what);
  Doc doc = yaml(row.before);
  apply_defaults(doc);
  INFO(to_yaml(doc));
  CHECK(to_yaml(doc) == to_yaml(yaml(row.after)));
  Doc again = doc;
  apply_defaults(again);
  CHECK(to_canonical_json(again) == to_canonical_json(doc));
}

}  // namespace

TEST_CASE("defaults of kinds without pods") {
  const Row rows[] = {
      {"namespaced objects live in default", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}",
       "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: default}}"},
      {"other kinds are left alone",
       "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a}, spec: {template: {spec: {}}}}",
       "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a}, spec: {template: {spec: {}}}}"},
      {"a namespace carries its name as a label", "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}",
       "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}, status: "
       "{phase: Active}}"},
      {"a node may allot all it has",
       "{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: 4, memory: 1024Mi}}}",
       "{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: \"4\", memory: 1Gi}, "
       "allocatable: {cpu: \"4\", memory: 1Gi}}}"},
      {"unless it says otherwise",
       "{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: 4}, allocatable: {cpu: 3.5}}}",
       "{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: \"4\"}, allocatable: {cpu: "
       "3500m}}}"},
      {"a service",
       "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {ports: [{port: 80}, {port: 81, "
       "targetPort: web}]}}",
       "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {ports: [{port: 80, protocol: TCP, "
       "targetPort: 80}, "
       "{port: 81, protocol: TCP, targetPort: web}], sessionAffinity: None, type: ClusterIP, internalTrafficPolicy: "
       "Cluster}}"},
      {"a load balancer",
       "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {type: LoadBalancer, sessionAffinity: "
       "ClientIP}}",
       "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {type: LoadBalancer, sessionAffinity: "
       "ClientIP, "
       "sessionAffinityConfig: {clientIP: {timeoutSeconds: 10800}}, internalTrafficPolicy: Cluster, "
       "externalTrafficPolicy: Cluster, "
       "allocateLoadBalancerNodePorts: true}}"},
      {"a priority class", "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 5}",
       "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 5, preemptionPolicy: "
       "PreemptLowerPriority}"},
      {"a secret's plain text",
       "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}, data: {k: eA==}, stringData: {p: pass, q: "
       "ab, e: \"\"}}",
       "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}, type: Opaque, data: {k: eA==, p: cGFzcw==, "
       "q: YWI=, e: \"\"}}"},
      {"a slice's ports",
       "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, namespace: b}, ports: [{port: 80}]}",
       "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, namespace: b}, ports: [{port: 80, "
       "name: \"\", protocol: TCP}]}"},
  };
  for (const Row& row : rows) check(row);
}

TEST_CASE("defaults of a deployment and its template") {
  check({"little is written, the rest is filled in", R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: robot
      containers:
      - name: c
        image: nginx
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: 0.5, memory: 1024Mi}}
        readinessProbe: {httpGet: {port: 80}, periodSeconds: 3}
        env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
      volumes: [{name: tmp}, {name: conf, configMap: {name: conf}}]
)",
         R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  revisionHistoryLimit: 10
  progressDeadlineSeconds: 600
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: robot
      serviceAccount: robot
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
      containers:
      - name: c
        image: nginx
        imagePullPolicy: Always
        terminationMessagePath: /dev/termination-log
        terminationMessagePolicy: File
        ports: [{containerPort: 80, protocol: TCP}]
        resources: {limits: {cpu: 500m, memory: 1Gi}}
        readinessProbe:
          httpGet: {port: 80, path: /, scheme: HTTP}
          periodSeconds: 3
          timeoutSeconds: 1
          successThreshold: 1
          failureThreshold: 3
        env: [{name: IP, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}}]
      volumes: [{name: tmp, emptyDir: {}}, {name: conf, configMap: {name: conf, defaultMode: 420}}]
)"});
  Doc recreate =
      yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {strategy: {type: Recreate}}}");
  apply_defaults(recreate);
  CHECK(to_canonical_json(*recreate.at({"spec", "strategy"})) == R"({"type":"Recreate"})");
}

TEST_CASE("a pod gets what a template does not: requests from limits, service links, host ports") {
  check({"limits become requests, key by key", R"(
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: d}
spec:
  hostNetwork: true
  containers:
  - {name: c, image: "a:1", ports: [{containerPort: 80}], resources: {limits: {cpu: 1, memory: 64Mi}, requests: {cpu: 100m}}}
  initContainers:
  - {name: i, image: "a@sha256:0", resources: {limits: {cpu: 2}}}
)",
         R"(
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: d}
spec:
  hostNetwork: true
  enableServiceLinks: true
  dnsPolicy: ClusterFirst
  restartPolicy: Always
  schedulerName: default-scheduler
  securityContext: {}
  terminationGracePeriodSeconds: 30
  containers:
  - name: c
    image: "a:1"
    imagePullPolicy: IfNotPresent
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: File
    ports: [{containerPort: 80, hostPort: 80, protocol: TCP}]
    resources: {limits: {cpu: "1", memory: 64Mi}, requests: {cpu: 100m, memory: 64Mi}}
  initContainers:
  - name: i
    image: "a@sha256:0"
    imagePullPolicy: IfNotPresent
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: File
    resources: {limits: {cpu: "2"}, requests: {cpu: "2"}}
)"});
}

TEST_CASE("a pod with limits of its own requests what its containers do, else those limits") {
  struct PodLevel {
    const char* what;
    const char* resources;  ///< Of the pod; its containers request 300m and 200m cpu.
    const char* requests;
  };
  const PodLevel rows[] = {
      {"nothing without limits", "{}", "null"},
      {"what the containers ask for together", "{limits: {cpu: 2}}", "{cpu: 500m}"},
      {"the limit where no container asks", "{limits: {memory: 1Gi}}", "{cpu: 500m, memory: 1Gi}"},
      {"what is written stays", "{limits: {cpu: 2}, requests: {cpu: 1}}", "{cpu: \"1\"}"},
      {"huge pages are the limit", "{limits: {hugepages-2Mi: 4Mi}}", "{cpu: 500m, hugepages-2Mi: 4Mi}"},
  };
  for (const PodLevel& row : rows) {
    INFO(row.what);
    Doc doc = yaml(std::string("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {resources: ") + row.resources +
                   ", containers: [{name: c, image: i, resources: {requests: {cpu: 300m}}}, "
                   "{name: d, image: i, resources: {limits: {cpu: 200m}}}]}}");
    apply_defaults(doc);
    const Doc* requests = doc.at({"spec", "resources", "requests"});
    CHECK((requests == nullptr ? "null" : to_canonical_json(*requests)) ==
          (row.requests == std::string("null") ? "null" : to_canonical_json(yaml(row.requests))));
  }
}

TEST_CASE("label keys become requirements with the pod's own values") {
  struct Keys {
    const char* what;
    const char* term;    ///< As written; the pod has the labels app=web, hash=h1.
    const char* merged;  ///< The selector after it.
  };
  const Keys rows[] = {
      {"match", "{labelSelector: {matchLabels: {app: web}}, matchLabelKeys: [hash]}",
       "{matchLabels: {app: web}, matchExpressions: [{key: hash, operator: In, values: [h1]}]}"},
      {"mismatch", "{labelSelector: {}, mismatchLabelKeys: [hash]}",
       "{matchExpressions: [{key: hash, operator: NotIn, values: [h1]}]}"},
      {"after what is there",
       "{labelSelector: {matchExpressions: [{key: a, operator: Exists}]}, matchLabelKeys: [hash, app]}",
       "{matchExpressions: [{key: a, operator: Exists}, {key: hash, operator: In, values: [h1]}, "
       "{key: app, operator: In, values: [web]}]}"},
      {"a label the pod has not", "{labelSelector: {matchLabels: {app: web}}, matchLabelKeys: [tier]}",
       "{matchLabels: {app: web}}"},
      {"no selector selects nothing", "{matchLabelKeys: [hash]}", "null"},
      {"a pod read from a cluster has it already",
       "{labelSelector: {matchExpressions: [{key: hash, operator: In, values: [h1]}]}, matchLabelKeys: [hash]}",
       "{matchExpressions: [{key: hash, operator: In, values: [h1]}]}"},
  };
  for (const Keys& row : rows) {
    INFO(row.what);
    const std::string term = row.term;
    Doc pod = yaml(
        "{metadata: {labels: {app: web, hash: h1}}, spec: {affinity: {podAntiAffinity: "
        "{requiredDuringSchedulingIgnoredDuringExecution: [" +
        term + "], preferredDuringSchedulingIgnoredDuringExecution: [{podAffinityTerm: " + term +
        "}]}}, topologySpreadConstraints: [" + term + "]}}");
    merge_label_keys(pod);
    const Doc* anti = pod.at({"spec", "affinity", "podAntiAffinity"});
    const auto selector = [](const Doc& owner) {
      const Doc* found = owner.find("labelSelector");
      return to_canonical_json(found == nullptr ? Doc() : *found);
    };
    const std::string merged = row.merged == std::string("null") ? "null" : to_canonical_json(yaml(row.merged));
    CHECK(selector(anti->find("requiredDuringSchedulingIgnoredDuringExecution")->items[0]) == merged);
    CHECK(selector(*anti->find("preferredDuringSchedulingIgnoredDuringExecution")->items[0].find("podAffinityTerm")) ==
          merged);
    if (term.find("mismatch") == std::string::npos)
      CHECK(selector(pod.at({"spec", "topologySpreadConstraints"})->items[0]) == merged);
  }
}

TEST_CASE("the pull policy follows the tag") {
  const std::pair<const char*, const char*> rows[] = {
      {"nginx", "Always"},
      {"nginx:latest", "Always"},
      {"nginx:1.27", "IfNotPresent"},
      {"host:5000/nginx", "Always"},
      {"host:5000/nginx:2", "IfNotPresent"},
      {"nginx@sha256:0", "IfNotPresent"},
      {"nginx:latest@sha256:0", "Always"},
  };
  for (const auto& [image, policy] : rows) {
    INFO(image);
    Doc doc =
        yaml(std::string("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: \"") +
             image + "\"}]}}");
    apply_defaults(doc);
    CHECK(doc.at({"spec", "containers"})->items[0].string_or("imagePullPolicy") == policy);
  }
}

TEST_CASE("defaulting leaves values of a wrong type for the reader to complain about") {
  for (const char* text :
       {"{apiVersion: apps/v1, kind: Deployment, metadata: 5, spec: []}",
        "{apiVersion: v1, kind: Pod, spec: {containers: 3, volumes: [5]}}",
        "{apiVersion: v1, kind: Service, spec: {ports: [7], type: 5}}",
        "{apiVersion: v1, kind: Node, status: {capacity: [1]}}",
        "{apiVersion: v1, kind: Secret, data: 5, stringData: {a: b}}",
        "{apiVersion: v1, kind: Secret, stringData: {a: [1]}}",
        "{apiVersion: v1, kind: Pod, spec: {containers: [{resources: 5, livenessProbe: [], image: {}}]}}",
        "{kind: 7, apiVersion: v1}",
        "{apiVersion: apps/v1, kind: Deployment, spec: {strategy: x, template: {spec: 1}}}"}) {
    Doc doc = yaml(text);
    apply_defaults(doc);
    CHECK_FALSE(decode(std::move(doc), ""));
  }
}
