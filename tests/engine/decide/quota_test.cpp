// ResourceQuota, LimitRange, RuntimeClass and PriorityClass at admission: what is refused and in what words, what is
// charged, what is filled in.
#include <catch2/catch.hpp>

#include "engine/state/quota_usage.h"
#include "tests/support/given.h"

using namespace wavetank;
using model::Doc;
using model::Kind;

namespace {

struct Fixture : support::Cluster {
  /// A quota whose controller has counted: nothing is used yet.
  event::QuotaId quota(const std::string& hard, const std::string& more = "", const std::string& used = "") {
    apply("{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {" + hard + "}" + more + "}}");
    const auto id = find(Kind::ResourceQuota, "q").as<event::QuotaId>();
    event::QuotaStatus status;
    status.hard = status.used = view().quota(id).spec.hard;
    for (auto& [name, q] : status.used) q = base::Quantity();
    if (!used.empty()) {
      const auto doc = model::parse_yaml("{" + used + "}", "used");
      for (const Doc::Member& m : doc->front().members)
        for (auto& [name, q] : status.used)
          if (name == m.key) q = *base::Quantity::parse(m.value.text);
    }
    fact(event::QuotaStatusChanged{id, status});
    return id;
  }
  std::string used(event::QuotaId id) const {
    std::string out;
    for (const auto& [name, q] : view().quota(id).status.used) out += (out.empty() ? "" : " ") + name + "=" + q.text();
    return out;
  }
  std::string create(const std::string& yaml) {
    const auto docs = model::parse_yaml(yaml, "test");
    REQUIRE(docs.has_value());
    return wish(command::ApplyObject{model::to_json(docs->front()), command::ApplyObject::Mode::Create});
  }
  std::string pod(const std::string& name, const std::string& container, const std::string& spec = "") {
    return create("{apiVersion: v1, kind: Pod, metadata: {name: " + name +
                  "}, spec: {containers: [{name: c, image: 'a:1'" + container + "}]" + spec + "}}");
  }
  Doc pod_doc(const std::string& name) const { return view().stored_doc(find(Kind::Pod, name)); }
  event::ReplicaSetId set(const std::string& container = "", const std::string& spec = "") {
    apply(
        "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: "
        "{app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: 'a:1'" +
        container + "}]" + spec + "}}}}");
    return find(Kind::ReplicaSet, "web").as<event::ReplicaSetId>();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Pods are charged as they are admitted, at once") {
  const auto q = quota("pods: 2, requests.cpu: '1', limits.memory: 1Gi");
  CHECK(pod("a", ", resources: {requests: {cpu: 300m}, limits: {memory: 512Mi}}") ==
        "QuotaStatusChanged ObjectCreated");
  CHECK(used(q) == "limits.memory=512Mi pods=1 requests.cpu=300m");
  CHECK(
      pod("b", ", resources: {requests: {cpu: 800m}, limits: {memory: 600Mi}}") ==
      "Forbidden: pods \"b\" is forbidden: exceeded quota: q, requested: limits.memory=600Mi,requests.cpu=800m, used: "
      "limits.memory=512Mi,requests.cpu=300m, limited: limits.memory=1Gi,requests.cpu=1");
  CHECK(pod("c", "") ==
        "Forbidden: pods \"c\" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c");
  CHECK(pod("d", ", resources: {requests: {cpu: 700m}, limits: {memory: 512Mi}}") ==
        "QuotaStatusChanged ObjectCreated");
  CHECK(used(q) == "limits.memory=1Gi pods=2 requests.cpu=1");
  CHECK(pod("e", ", resources: {requests: {cpu: '0'}, limits: {memory: '0'}}") ==
        "Forbidden: pods \"e\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2");
}

TEST_CASE_METHOD(Fixture,
                 "What counts is the pod as a whole: the largest init container, sidecars, extended resources") {
  const auto q = quota("requests.cpu: '10', requests.memory: 10Gi, requests.example.com/gpu: 4, count/pods: 9");
  CHECK(create(
            "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {"
            "initContainers: [{name: s, image: 'a:1', restartPolicy: Always, resources: {requests: {cpu: 100m, memory: "
            "1Gi}}}, {name: i, image: 'a:1', resources: {requests: {cpu: '2', memory: 1Gi}}}], containers: [{name: c, "
            "image: 'a:1', resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {example.com/gpu: 2}}}]}}") ==
        "QuotaStatusChanged ObjectCreated");
  CHECK(used(q) == "count/pods=1 requests.cpu=2100m requests.example.com/gpu=2 requests.memory=2Gi");
}

TEST_CASE_METHOD(Fixture, "A quota whose use is not counted yet limits nothing; one half counted refuses") {
  apply("{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 0}}}");
  CHECK(pod("a", "") == "ObjectCreated");
  event::QuotaStatus status;
  status.hard = view().quota(event::QuotaId(std::size_t{0})).spec.hard;
  fact(event::QuotaStatusChanged{event::QuotaId(std::size_t{0}), status});
  CHECK(pod("b", "") == "Forbidden: pods \"b\" is forbidden: status unknown for quota: q, resources: pods");
}

TEST_CASE("Scopes choose the pods") {
  struct Row {
    const char *scopes, *container, *spec;
    bool counted;
  };
  const Row rows[] = {
      {"scopes: [BestEffort]", "", "", true},
      {"scopes: [BestEffort]", ", resources: {limits: {cpu: 1}}", "", false},
      {"scopes: [NotBestEffort]", ", resources: {limits: {cpu: 1}}", "", true},
      {"scopes: [NotBestEffort]", "", "", false},
      {"scopes: [Terminating]", "", ", activeDeadlineSeconds: 5", true},
      {"scopes: [Terminating]", "", "", false},
      {"scopes: [NotTerminating]", "", "", true},
      {"scopes: [NotTerminating, BestEffort]", "", ", activeDeadlineSeconds: 5", false},
      {"scopes: [PriorityClass]", "", ", priorityClassName: high", true},
      {"scopes: [PriorityClass]", "", "", false},
      {"scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}", "",
       ", priorityClassName: high", true},
      {"scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [low]}]}", "",
       ", priorityClassName: high", false},
      {"scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: NotIn, values: [low]}]}", "", "", true},
      {"scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: DoesNotExist}]}", "", "", true},
      {"scopes: [CrossNamespacePodAffinity]", "",
       ", affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, namespaces: "
       "[other], labelSelector: {}}]}}",
       true},
      {"scopes: [CrossNamespacePodAffinity]", "",
       ", affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, labelSelector: "
       "{}}]}}",
       false},
  };
  for (const Row& row : rows) {
    INFO(row.scopes << row.container << row.spec);
    Fixture f;
    f.apply("{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 7}");
    const auto q = f.quota("pods: 5", std::string(", ") + row.scopes);
    const std::string answer = f.pod("a", row.container, row.spec);
    CHECK(answer.find(": ") == std::string::npos);
    CHECK(f.used(q) == (row.counted ? "pods=1" : "pods=0"));
  }
}

TEST_CASE_METHOD(Fixture, "Objects are counted by their resource; services and claims by what they take") {
  const auto q = quota(
      "count/deployments.apps: 1, configmaps: 1, services: 3, services.nodeports: 2, services.loadbalancers: 1, "
      "persistentvolumeclaims: 2, requests.storage: 10Gi, gold.storageclass.storage.k8s.io/requests.storage: 4Gi");
  const std::string deployment =
      "}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, "
      "image: 'a:1'}]}}}}";
  CHECK(create("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a" + deployment) ==
        "QuotaStatusChanged ObjectCreated");
  CHECK(create("{apiVersion: apps/v1, kind: Deployment, metadata: {name: b" + deployment) ==
        "Forbidden: deployments.apps \"b\" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: "
        "count/deployments.apps=1, limited: count/deployments.apps=1");
  CHECK(create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}") == "QuotaStatusChanged ObjectCreated");
  CHECK(create("{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}")
            .find("exceeded quota: q, requested: "
                  "configmaps=1") != std::string::npos);
  CHECK(
      create("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, ports: [{port: 80}]}}") ==
      "QuotaStatusChanged ObjectCreated");
  CHECK(
      create("{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {type: NodePort, ports: [{name: a, port: 80}, "
             "{name: b, port: 81}]}}") ==
      "Forbidden: services \"b\" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: "
      "services.nodeports=1, limited: services.nodeports=2");
  const auto claim = [&](const std::string& name, const std::string& size) {
    return create("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: " + name +
                  "}, spec: {storageClassName: gold, accessModes: [ReadWriteOnce], resources: {requests: {storage: " +
                  size + "}}}}");
  };
  CHECK(claim("a", "3Gi") == "QuotaStatusChanged ObjectCreated");
  CHECK(claim("b", "2Gi") ==
        "Forbidden: persistentvolumeclaims \"b\" is forbidden: exceeded quota: q, requested: "
        "gold.storageclass.storage.k8s.io/requests.storage=2Gi, used: "
        "gold.storageclass.storage.k8s.io/requests.storage=3Gi, limited: "
        "gold.storageclass.storage.k8s.io/requests.storage=4Gi");
  // A Service that becomes another is charged for the difference.
  CHECK(wish(command::PatchObject{find(Kind::Service, "a"),
                                  R"({"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":81}]}})"}) ==
        "QuotaStatusChanged ObjectUpdated");
  CHECK(used(q).find("services.nodeports=2") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "A ReplicaSet's pods are bounded as any") {
  const auto q = quota("pods: 2");
  const auto web = set();
  CHECK(wish(command::CreatePod{web}) == "QuotaStatusChanged PodCreated");
  CHECK(wish(command::CreatePod{web}) == "QuotaStatusChanged PodCreated");
  const std::string refused = wish(command::CreatePod{web});
  CHECK(refused.substr(0, 21) == "Forbidden: pods \"web-");
  CHECK(refused.find("\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2") !=
        std::string::npos);
  CHECK(used(q) == "pods=2");
}

TEST_CASE_METHOD(Fixture, "A LimitRange fills in and bounds") {
  apply(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, default: {cpu: 500m}, "
      "defaultRequest: {cpu: 200m}, min: {cpu: 100m}, max: {cpu: '1', memory: 1Gi}, maxLimitRequestRatio: {cpu: 4}}, "
      "{type: Pod, max: {cpu: '2'}}, {type: PersistentVolumeClaim, min: {storage: 1Gi}, max: {storage: 5Gi}}]}}");
  CHECK(pod("a", "") == "ObjectCreated");
  const Doc a = pod_doc("a");
  CHECK(model::to_canonical_json(*a.at({"spec", "containers"})->items[0].find("resources")) ==
        R"({"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"200m","memory":"1Gi"}})");
  CHECK(a.at({"metadata", "annotations", "kubernetes.io/limit-ranger"})->text ==
        "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c");
  struct Row {
    const char *container, *why;
  };
  const Row rows[] = {
      {", resources: {requests: {cpu: 50m}}",
       "[minimum cpu usage per Container is 100m, but request is 50m, cpu max limit "
       "to request ratio per Container is 4, but provided ratio is 10.000000]"},
      {", resources: {limits: {cpu: '2'}}", "maximum cpu usage per Container is 1, but limit is 2"},
      {", resources: {requests: {memory: 2Gi}, limits: {memory: 2Gi}}",
       "maximum memory usage per Container is 1Gi, but limit is 2Gi"},
      {", resources: {requests: {cpu: 100m}, limits: {cpu: 500m}}",
       "cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000"},
      {"}, {name: d, image: 'a:1', resources: {requests: {cpu: '1'}, limits: {cpu: '1'}}}, {name: e, image: 'a:1', "
       "resources: {requests: {cpu: '1'}, limits: {cpu: '1'}}",
       "maximum cpu usage per Pod is 2, but limit is 2500m"},
  };
  for (const Row& row : rows) {
    INFO(row.container);
    CHECK(pod("b", row.container) == "Forbidden: pods \"b\" is forbidden: " + std::string(row.why));
  }
  CHECK(
      create("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], "
             "resources: {requests: {storage: 10Gi}}}}") ==
      "Forbidden: persistentvolumeclaims \"a\" is forbidden: maximum storage usage per PersistentVolumeClaim is 5Gi, "
      "but "
      "request is 10Gi");
}

TEST_CASE_METHOD(Fixture, "The defaults of a LimitRange count in a quota") {
  const auto q = quota("requests.cpu: '1'");
  CHECK(pod("a", "").find("must specify requests.cpu for: c") != std::string::npos);
  apply(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, defaultRequest: {cpu: "
      "600m}}]}}");
  CHECK(pod("a", "") == "QuotaStatusChanged ObjectCreated");
  CHECK(pod("b", "").find("exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m") !=
        std::string::npos);
  CHECK(used(q) == "requests.cpu=600m");
}

TEST_CASE_METHOD(Fixture, "A set whose pods were made before is admitted anew when what it goes by has changed") {
  const auto web = set();
  const auto cpu = [&] {
    CHECK(wish(command::CreatePod{web}) == "PodCreated");
    return view().pod_spec(event::PodId(state.pods.size() - 1)).spec.containers[0].requests.milli_cpu;
  };
  CHECK(cpu() == 0);
  apply(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, defaultRequest: {cpu: "
      "300m}}]}}");
  CHECK(cpu() == 300);
  apply(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, defaultRequest: {cpu: "
      "400m}}]}}");
  CHECK(cpu() == 400);
  CHECK(view().replica_set(web).foreign == 2);  // the older ones are of another template
  wish(command::DeleteObject{find(Kind::LimitRange, "l"), event::Propagation::Background, {}});
  CHECK(cpu() == 0);
  // In another namespace nothing changes.
  apply(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: l, namespace: kube-system}, spec: {limits: [{type: "
      "Container, "
      "defaultRequest: {cpu: 400m}}]}}");
  CHECK(cpu() == 0);
  CHECK(state::check_invariants(state).empty());
}

TEST_CASE_METHOD(Fixture, "A RuntimeClass brings overhead, a node selector and tolerations") {
  CHECK(pod("a", "", ", runtimeClassName: kata") ==
        "Forbidden: pods \"a\" is forbidden: pod rejected: RuntimeClass \"kata\" not found");
  CHECK(pod("a", "", ", overhead: {cpu: 1}") ==
        "Forbidden: pods \"a\" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined "
        "Overhead");
  const auto web = set("", ", runtimeClassName: kata");
  CHECK(wish(command::CreatePod{web}) ==
        "Forbidden: pods \"web-\" is forbidden: pod rejected: RuntimeClass \"kata\" not found");
  apply(
      "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: kata}, handler: kata, overhead: {podFixed: "
      "{cpu: "
      "250m, memory: 120Mi}}, scheduling: {nodeSelector: {kata: 'yes'}, tolerations: [{key: kata, operator: "
      "Exists}]}}");
  CHECK(wish(command::CreatePod{web}) == "PodCreated");
  CHECK(view().pod_template(view()->pods.tmpl[0]).requests.milli_cpu == 250);
  CHECK(pod("a", "", ", runtimeClassName: kata, nodeSelector: {disk: ssd}") == "ObjectCreated");
  const Doc a = pod_doc("a");
  CHECK(model::to_canonical_json(*a.at({"spec", "overhead"})) == R"({"cpu":"250m","memory":"120Mi"})");
  CHECK(model::to_canonical_json(*a.at({"spec", "nodeSelector"})) == R"({"disk":"ssd","kata":"yes"})");
  CHECK(a.at({"spec", "tolerations"})->items.back().string_or("key") == "kata");
  CHECK(pod("b", "", ", runtimeClassName: kata, nodeSelector: {kata: 'no'}") ==
        "Forbidden: pods \"b\" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; "
        "pod.spec.nodeSelector[kata] = no");
  CHECK(
      pod("b", "", ", runtimeClassName: kata, overhead: {cpu: '1'}") ==
      "Forbidden: pods \"b\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

TEST_CASE_METHOD(Fixture, "Pods that name no class have the global default's name, value and preemption policy") {
  const auto web = set();
  CHECK(wish(command::CreatePod{web}) == "PodCreated");
  apply(
      "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: usual}, value: 7, globalDefault: true, "
      "preemptionPolicy: Never}");
  CHECK(wish(command::CreatePod{web}) == "PodCreated");
  CHECK(view()->pods.priority[0] == 0);
  CHECK(view()->pods.priority[1] == 7);
  const event::PodId second(std::size_t{1});
  CHECK(view().pod_spec(second).spec.priority_class_name == "usual");
  CHECK(pod("a", "") == "ObjectCreated");
  CHECK(pod_doc("a").at({"spec", "priorityClassName"})->text == "usual");
  CHECK(pod_doc("a").at({"spec", "preemptionPolicy"})->text == "Never");
}

TEST_CASE_METHOD(Fixture, "A priority is the class's, whatever the pod says") {
  apply("{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 5}");
  CHECK(pod("a", "", ", priorityClassName: high, priority: 5") == "ObjectCreated");
  CHECK(pod("b", "", ", priorityClassName: high, priority: 7") ==
        "Forbidden: pods \"b\" is forbidden: the integer value of priority (7) must not be provided in pod spec; "
        "priority "
        "admission controller computed 5 from the given PriorityClass name");
  CHECK(pod("c", "", ", priority: 1") ==
        "Forbidden: pods \"c\" is forbidden: the integer value of priority (1) must not be provided in pod spec; "
        "priority "
        "admission controller computed 0 from the given PriorityClass name");
}

TEST_CASE_METHOD(Fixture, "A default limit below a pod's own request makes the pod invalid") {
  apply(
      "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, default: {cpu: "
      "500m}}]}}");
  CHECK(pod("a", ", resources: {requests: {cpu: 400m}}") == "ObjectCreated");
  CHECK(pod("b", ", resources: {requests: {cpu: 600m}}") ==
        "Invalid: Pod \"b\" is invalid: spec.containers[0].resources.requests: Invalid value: \"600m\": must be less "
        "than "
        "or equal to cpu limit of 500m");
  const auto web = set(", resources: {requests: {cpu: 600m}}");
  const std::string answer = wish(command::CreatePod{web});
  CHECK(answer.starts_with("Invalid: Pod \"web-"));
  CHECK(answer.find("must be less than or equal to cpu limit of 500m") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "Kinds that are kept as documents are counted by their plural and group") {
  const auto q = quota("count/networkpolicies.networking.k8s.io: 1, count/proxies.example.com: 5");
  const auto policy = [&](const std::string& name) {
    return create("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: " + name + "}}");
  };
  CHECK(policy("a") == "QuotaStatusChanged ObjectCreated");
  CHECK(policy("b") ==
        "Forbidden: networkpolicies.networking.k8s.io \"b\" is forbidden: exceeded quota: q, requested: "
        "count/networkpolicies.networking.k8s.io=1, used: count/networkpolicies.networking.k8s.io=1, limited: "
        "count/networkpolicies.networking.k8s.io=1");
  CHECK(create("{apiVersion: example.com/v1, kind: Proxy, metadata: {name: a}}") == "QuotaStatusChanged ObjectCreated");
  CHECK(create("{apiVersion: other.com/v1, kind: Proxy, metadata: {name: a}}") == "ObjectCreated");
  CHECK(used(q) == "count/networkpolicies.networking.k8s.io=1 count/proxies.example.com=1");
  // Counted anew it is the same.
  base::SimTime unused = base::SimTime::never();
  CHECK(state::same_amounts(state::namespace_usage(view(), view().quota(q), unused), view().quota(q).status.used));
}

TEST_CASE_METHOD(Fixture, "What may not change of a quota and of classes") {
  const auto q = event::Ref(quota("pods: 5", ", scopes: [BestEffort]"));
  const auto patch = [&](event::Ref ref, const char* text) { return wish(command::PatchObject{ref, text}); };
  CHECK(patch(q, R"({"spec":{"hard":{"pods":"6"}}})") == "ObjectUpdated");
  CHECK(patch(q, R"({"spec":{"scopes":["NotBestEffort"]}})") ==
        "Invalid: ResourceQuota \"q\" is invalid: spec.scopes: Invalid value: [\"NotBestEffort\"]: field is immutable");
  CHECK(patch(q, R"({"spec":{"scopes":null}})") ==
        "Invalid: ResourceQuota \"q\" is invalid: spec.scopes: Invalid value: null: field is immutable");
  CHECK(patch(q, R"({"spec":{"scopes":["BestEffort","Terminating"]}})").find("field is immutable") !=
        std::string::npos);
  apply("{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: kata}, handler: kata}");
  const auto kata = find(Kind::RuntimeClass, "kata", "");
  CHECK(patch(kata, R"({"handler":"runc"})") ==
        "Invalid: RuntimeClass.node.k8s.io \"kata\" is invalid: handler: Invalid value: \"runc\": field is immutable");
  CHECK(patch(kata, R"({"overhead":{"podFixed":{"cpu":"1"}}})") == "ObjectUpdated");
  apply("{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 7}");
  const auto high = find(Kind::PriorityClass, "high", "");
  CHECK(patch(high, R"({"value":8})") ==
        "Invalid: PriorityClass.scheduling.k8s.io \"high\" is invalid: value: Forbidden: may not be changed in an "
        "update.");
  CHECK(
      patch(high, R"({"preemptionPolicy":"Never"})") ==
      "Invalid: PriorityClass.scheduling.k8s.io \"high\" is invalid: preemptionPolicy: Invalid value: \"Never\": field "
      "is immutable");
  CHECK(patch(high, R"({"description":"for the important"})") == "ObjectUpdated");
}
