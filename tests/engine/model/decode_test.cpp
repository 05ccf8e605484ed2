// What typed objects hold, and what is said of values of a wrong type.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;
using wavetank::base::to_text;

namespace {

Object object(std::string_view text) {
  auto result = admit(yaml(text), "");
  if (!result) FAIL(to_text(result.error()));
  return std::move(*result);
}

}  // namespace

TEST_CASE("a pod with everything the scheduler and the node look at") {
  const Object o = object(R"(
apiVersion: v1
kind: Pod
metadata:
  name: p
  labels: {b: "2", a: "1"}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: u, controller: true}]
spec:
  nodeName: n1
  priority: 7
  preemptionPolicy: Never
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 5
  nodeSelector: {disk: ssd}
  tolerations:
  - {key: k, operator: Exists, effect: NoExecute, tolerationSeconds: 60}
  - {key: k, value: v}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Gt, values: ["3"]}], matchFields: [{key: metadata.name, operator: In, values: [n1]}]}]
      preferredDuringSchedulingIgnoredDuringExecution: [{weight: 10, preference: {matchExpressions: [{key: a, operator: Exists}]}}]
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {}, namespaces: [x]}]
      preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: zone, namespaceSelector: {}}}]
  topologySpreadConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, nodeTaintsPolicy: Honor}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: data}}, {name: t}]
  overhead: {cpu: 10m}
  initContainers: [{name: side, image: s, restartPolicy: Always}]
  containers:
  - name: c
    image: app:1
    resources:
      limits: {memory: 64Mi, nvidia.com/gpu: 2}
      requests: {cpu: 1500u, ephemeral-storage: 1Gi}
    ports: [{containerPort: 53, hostPort: 5353, protocol: UDP, hostIP: 10.0.0.1}]
    livenessProbe: {tcpSocket: {port: 53}, failureThreshold: 5, terminationGracePeriodSeconds: 9}
    lifecycle: {preStop: {sleep: {seconds: 4}}}
status: {phase: Running, nominatedNodeName: n2}
)");
  CHECK(o.kind == Kind::Pod);
  CHECK(o.meta.ns == "default");
  CHECK(o.meta.labels == Labels{{"a", "1"}, {"b", "2"}});
  CHECK(o.meta.owner_references.at(0).controller);
  const Pod& pod = std::get<Pod>(o.spec);
  CHECK(pod.phase == "Running");
  CHECK(pod.nominated_node_name == "n2");
  const PodSpec& s = pod.tmpl.spec;
  CHECK(s.node_name == "n1");
  CHECK(s.priority == 7);
  CHECK_FALSE(s.preempt_lower_priority);
  CHECK(s.restart_policy == RestartPolicy::OnFailure);
  CHECK(s.termination_grace_period_seconds == 5);
  CHECK(s.node_selector == Labels{{"disk", "ssd"}});
  CHECK(s.tolerations.at(0) == Toleration{"k", "", Toleration::Op::Exists, TaintEffect::NoExecute, 60});
  CHECK(s.tolerations.at(1) == Toleration{"k", "v", Toleration::Op::Equal, {}, {}});
  CHECK(s.affinity.node->required->at(0).match_expressions.at(0) == Requirement{"zone", SelectorOp::Gt, {"3"}});
  CHECK(s.affinity.node->required->at(0).match_fields.at(0) == Requirement{"metadata.name", SelectorOp::In, {"n1"}});
  CHECK(s.affinity.node->preferred.at(0).weight == 10);
  CHECK(s.affinity.pod_anti.required.at(0).label_selector == LabelSelector{});
  CHECK_FALSE(s.affinity.pod_anti.required.at(0).namespace_selector);
  CHECK_FALSE(s.affinity.pod_anti.preferred.at(0).term.label_selector);
  CHECK(s.affinity.pod_anti.preferred.at(0).term.namespace_selector == LabelSelector{});
  CHECK(s.topology_spread_constraints.at(0).max_skew == 2);
  CHECK_FALSE(s.topology_spread_constraints.at(0).do_not_schedule);
  CHECK(s.topology_spread_constraints.at(0).honor_node_taints);
  CHECK(s.volumes.at(0).source == "persistentVolumeClaim");
  CHECK(s.volumes.at(0).claim_name == "data");
  CHECK(s.volumes.at(1).source == "emptyDir");
  CHECK(s.overhead->milli_cpu == 10);
  CHECK(s.init_containers.at(0).restart_policy == RestartPolicy::Always);
  const Container& c = s.containers.at(0);
  CHECK(c.image_pull_policy == PullPolicy::IfNotPresent);
  CHECK(c.requests.milli_cpu == 2);
  CHECK(c.requests.memory == 64 << 20);  // from the limit
  CHECK(c.requests.ephemeral_storage == 1 << 30);
  CHECK(c.requests.scalar == std::vector<std::pair<std::string, std::int64_t>>{{"nvidia.com/gpu", 2}});
  CHECK(c.requests.present == (ResourceList::kCpu | ResourceList::kMemory | ResourceList::kEphemeral));
  CHECK(c.ports.at(0).protocol == Protocol::UDP);
  CHECK(c.ports.at(0).host_port == 5353);
  CHECK(c.liveness_probe->handler == Probe::Handler::TcpSocket);
  CHECK(c.liveness_probe->failure_threshold == 5);
  CHECK(c.liveness_probe->period_seconds == 10);
  CHECK(c.liveness_probe->termination_grace_period_seconds == 9);
  CHECK(c.pre_stop_sleep_seconds == 4);
}

TEST_CASE("other kinds") {
  const Object d = object(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  replicas: 3
  paused: true
  minReadySeconds: 5
  strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 0}}
  selector: {matchLabels: {app: d}}
  template: {metadata: {labels: {app: d}}, spec: {containers: [{name: c, image: i, resources: {limits: {cpu: 1}}}]}}
)");
  const Deployment& spec = std::get<Deployment>(d.spec);
  CHECK(spec.replicas == 3);
  CHECK(spec.paused);
  CHECK(spec.max_surge == IntOrPercent{2, false});
  CHECK(spec.max_unavailable == IntOrPercent{0, false});
  CHECK(spec.tmpl.spec.containers.at(0).limits.milli_cpu == 1000);
  CHECK(spec.tmpl.spec.containers.at(0).requests.milli_cpu == 0);  // a pod gets its requests when it is made
  CHECK(pod_template_doc(d.doc)->at({"spec", "containers"})->items[0].at({"resources", "requests"}) == nullptr);

  const Object n = object(R"(
apiVersion: v1
kind: Node
metadata: {name: node}
spec: {unschedulable: true, taints: [{key: k, effect: PreferNoSchedule}], podCIDR: 10.0.0.0/24}
status:
  capacity: {cpu: "4", memory: 8Gi, pods: "110", hugepages-2Mi: "0"}
  allocatable: {cpu: 3900m, memory: 7Gi, pods: "110"}
  images: [{names: ["a:1", "a@sha256:0"], sizeBytes: 500}]
  conditions: [{type: Ready, status: "True", reason: KubeletReady}]
)");
  const Node& node = std::get<Node>(n.spec);
  CHECK(node.unschedulable);
  CHECK(node.taints.at(0) == Taint{"k", "", TaintEffect::PreferNoSchedule});
  CHECK(node.allocatable.milli_cpu == 3900);
  CHECK(node.capacity.pods == 110);
  CHECK(node.capacity.scalar.at(0).first == "hugepages-2Mi");
  CHECK(node.images.at(0).size_bytes == 500);
  CHECK(node.conditions.at(0).status == "True");

  const Object gated = object(
      "{apiVersion: v1, kind: Pod, metadata: {name: g}, spec: {schedulingGates: [{name: x/gate}], containers: [{name: "
      "c, image: i}]}}");
  CHECK(std::get<Pod>(gated.spec).tmpl.spec.scheduling_gates == std::vector<std::string>{"x/gate"});

  const Object b = object(
      "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 50%, selector: "
      "{}}}");
  const auto& pdb = std::get<PodDisruptionBudget>(b.spec);
  CHECK(pdb.min_available == IntOrPercent{50, true});
  CHECK_FALSE(pdb.max_unavailable);
  CHECK(pdb.selector == LabelSelector{});
  CHECK_FALSE(
      std::get<PodDisruptionBudget>(
          object("{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 1}}")
              .spec)
          .selector);

  const Object s = object(
      "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {a: b}, ports: [{port: 80, targetPort: "
      "web}]}}");
  CHECK(std::get<Service>(s.spec).ports.at(0).target_port_name == "web");
  const Object e = object(
      "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: e, labels: "
      "{kubernetes.io/service-name: s}}}");
  CHECK(std::get<EndpointSlice>(e.spec).service_name == "s");
  const Object p = object(
      "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: p}, value: -5, globalDefault: true}");
  CHECK(std::get<PriorityClass>(p.spec).value == -5);
  CHECK(std::get<PriorityClass>(p.spec).global_default);
  const Object other = object("{apiVersion: x.io/v1, kind: Thing, metadata: {name: t, labels: {a: b}}, any: [1]}");
  CHECK(other.kind == Kind::Other);
  CHECK(other.meta.labels == Labels{{"a", "b"}});
}

TEST_CASE("values of a wrong type: each of them, with its place") {
  CHECK(errors_of(R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: 5, labels: [a]}
spec:
  replicas: three
  paused: "yes"
  minReadySeconds: 1.5
  progressDeadlineSeconds: 3000000000
  template:
    spec:
      containers:
      - name: c
        env: [{name: A, value: 5}, {name: B, value: yes}]
        resources: {limits: {cpu: lots, memory: [1]}}
        ports: {containerPort: 80}
      - just text
)") == "3:18: metadata.name: Invalid value: 5: must be a string, not a number (put it in quotes)\n"
       "3:29: metadata.labels: Invalid value: […]: must be a map, not a list\n"
       "5:13: spec.replicas: Invalid value: \"three\": must be an integer (int32), not a string\n"
       "6:11: spec.paused: Invalid value: \"yes\": must be true or false, not a string\n"
       "7:20: spec.minReadySeconds: Invalid value: 1.5: must be an integer (int32) between -2147483648 and 2147483647\n"
       "8:28: spec.progressDeadlineSeconds: Invalid value: 3000000000: must be an integer (int32) between -2147483648 "
       "and 2147483647\n"
       "13:32: spec.template.spec.containers[0].env[0].value: Invalid value: 5: must be a string, not a number (put it "
       "in quotes)\n"
       "13:53: spec.template.spec.containers[0].env[1].value: Invalid value: true: must be a string, not a boolean "
       "(put it in quotes)\n"
       "14:35: spec.template.spec.containers[0].resources.limits.cpu: Invalid value: \"lots\": quantities must match "
       "the regular "
       "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\n"
       "14:49: spec.template.spec.containers[0].resources.limits.memory: Invalid value: […]: must be a quantity such "
       "as 500m or 1Gi, not a "
       "list\n"
       "15:16: spec.template.spec.containers[0].ports: Invalid value: {…}: must be a list, not a map\n"
       "16:9: spec.template.spec.containers[1]: Invalid value: \"just text\": must be a map, not a string");
}
