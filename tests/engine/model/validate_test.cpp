// Validation: a manifest and what Kubernetes 1.34 says of it, with our line and column in front. A row of `pod` holds
// the lines of a PodSpec (so containers[0] stands in the pod's line 5 …); the other tables hold whole manifests.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

struct Row {
  const char* what;
  std::string text;
  std::string errors;
};

void check(const std::vector<Row>& rows, const std::string& before = "", const std::string& after = "") {
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(errors_of(before + row.text + after) == row.errors);
  }
}

#define LABEL_NAME                                                                                                   \
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " \
  "character (e.g. "                                                                                                 \
  "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define DNS_LABEL                                                                                                      \
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " \
  "an "                                                                                                                \
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "                               \
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
#define DNS_SUBDOMAIN                                                                                                  \
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " \
  "end with an "                                                                                                       \
  "alphanumeric character (e.g. 'example.com', regex used for validation is "                                          \
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

}  // namespace

TEST_CASE("metadata") {
  const std::string head = "apiVersion: v1\nkind: ConfigMap\n";
  check(
      {
          {"no name", "metadata: {}\n", "3:1: metadata.name: Required value: name or generateName is required"},
          {"no metadata", "data: {}\n", "1:1: metadata.name: Required value: name or generateName is required"},
          {"generateName will do", "metadata: {generateName: a-}\n", ""},
          {"capitals", "metadata: {name: Web}\n", "3:18: metadata.name: Invalid value: \"Web\": " DNS_SUBDOMAIN},
          {"too long", "metadata: {name: " + std::string(254, 'a') + "}\n",
           "3:18: metadata.name: Invalid value: \"" + std::string(254, 'a') + "\": must be no more than 253 bytes"},
          {"namespace", "metadata: {name: a, namespace: a.b}\n",
           "3:32: metadata.namespace: Invalid value: \"a.b\": " DNS_LABEL},
          {"label key and value", "metadata: {name: a, labels: {-a: b, c: d e}}\n",
           "3:30: metadata.labels: Invalid value: \"-a\": " LABEL_NAME
           "\n3:37: metadata.labels: Invalid value: \"d e\": a valid label must be an empty string or consist of "
           "alphanumeric characters, '-', "
           "'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
           "'12345', regex used for "
           "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
          {"label prefix", "metadata: {name: a, labels: {/x: b, a/b/c: d}}\n",
           "3:30: metadata.labels: Invalid value: \"/x\": prefix part must be non-empty\n"
           "3:37: metadata.labels: Invalid value: \"a/b/c\": a qualified name must consist of alphanumeric characters, "
           "'-', '_' or '.', and must "
           "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
           "validation is "
           "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
           "'example.com/MyName')"},
          {"annotation values are free", "metadata: {name: a, annotations: {A/b: \"x y\"}}\n", ""},
          {"owner", "metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: \"\"}]}\n",
           "3:73: metadata.ownerReferences.name: Invalid value: \"\": must not be empty"},
          {"config keys", "metadata: {name: a}\ndata: {a b: c, d: e}\nbinaryData: {d: eA==}\n",
           "4:8: data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', "
           "'_' or '.' (e.g. "
           "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')\n"
           "5:14: binaryData[d]: Invalid value: \"d\": duplicate of key present in data"},
      },
      head);
  check({
      {"no namespace for nodes", "{apiVersion: v1, kind: Node, metadata: {name: a, namespace: b}}",
       "1:61: metadata.namespace: Forbidden: not allowed on this type"},
      {"namespaces are labels", "{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}",
       "1:52: metadata.name: Invalid value: \"a.b\": " DNS_LABEL},
      {"services begin with a letter",
       "{apiVersion: v1, kind: Service, metadata: {name: 1a}, spec: {ports: [{port: 1}]}}",
       "1:50: metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric "
       "characters or '-', start with an "
       "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
       "validation is "
       "'[a-z]([-a-z0-9]*[a-z0-9])?')"},
      {"other kinds need a name too", "{apiVersion: x/v1, kind: Thing}",
       "1:1: metadata.name: Required value: name or generateName is required"},
      {"other kinds name freely", "{apiVersion: x/v1, kind: Thing, metadata: {name: \"system:X\"}}", ""},
      {"no kind", "{apiVersion: v1, metadata: {name: a}}", "1:1: kind: Required value"},
      {"nothing", "{a: b}", "1:1: apiVersion: Required value\n1:1: kind: Required value"},
  });
}

TEST_CASE("deployments and replica sets") {
  const std::string head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n";
  const std::string rest =
      "  selector: {matchLabels: {app: a}}\n  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, "
      "image: i}]}}\n";
  check(
      {
          {"fine", "  replicas: 0\n", ""},
          {"negative replicas", "  replicas: -1\n",
           "5:13: spec.replicas: Invalid value: -1: must be greater than or equal to 0"},
          {"more than one mistake", "  replicas: -1\n  minReadySeconds: -2\n  revisionHistoryLimit: -3\n",
           "5:13: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n"
           "6:20: spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0\n"
           "7:25: spec.revisionHistoryLimit: Invalid value: -3: must be greater than or equal to 0"},
          {"deadline before readiness", "  minReadySeconds: 600\n  progressDeadlineSeconds: 600\n",
           "6:28: spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"},
          {"strategy", "  strategy: {type: Rolling}\n",
           "5:20: spec.strategy.type: Unsupported value: \"Rolling\": supported values: \"Recreate\", "
           "\"RollingUpdate\""},
          {"recreate with numbers", "  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}\n",
           "5:30: spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"},
          {"both zero", "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}\n",
           "5:59: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is "
           "0"},
          {"zero is zero", "  strategy: {rollingUpdate: {maxSurge: 000%, maxUnavailable: 00%}}\n",
           "5:62: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"00%\": may not be 0 when `maxSurge` is "
           "0"},
          {"percentages", "  strategy: {rollingUpdate: {maxSurge: some, maxUnavailable: 101%}}\n",
           "5:40: spec.strategy.rollingUpdate.maxSurge: Invalid value: \"some\": a valid percent string must be a "
           "numeric string followed by an "
           "ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')\n"
           "5:62: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"},
          {"surge above 100%", "  strategy: {rollingUpdate: {maxSurge: 200%}}\n", ""},
          {"negative surge", "  strategy: {rollingUpdate: {maxSurge: -1}}\n",
           "5:40: spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0"},
      },
      head, rest);
  check(
      {
          {"nothing in it", "  replicas: 1\n",
           "4:1: spec.selector: Required value\n4:1: spec.template: Required value"},
          {"selector and labels",
           "  selector: {matchLabels: {app: a}}\n  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: "
           "c, image: i}]}}\n",
           "6:25: spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template "
           "`labels`"},
          {"empty selector", "  selector: {}\n  template: {spec: {containers: [{name: c, image: i}]}}\n",
           "5:3: spec.selector: Invalid value: {}: empty selector is invalid for deployment"},
          {"expressions",
           "  selector:\n    matchExpressions:\n    - {key: a, operator: In}\n    - {key: b, operator: Exists, values: "
           "[x]}\n    - {key: c, operator: Is}\n"
           "  template: {metadata: {labels: {b: x}}, spec: {containers: [{name: c, image: i}]}}\n",
           "7:7: spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' "
           "or 'NotIn'\n"
           "8:34: spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is "
           "'Exists' or 'DoesNotExist'\n"
           "9:26: spec.selector.matchExpressions[2].operator: Invalid value: \"Is\": not a valid selector operator\n"
           "10:25: spec.template.metadata.labels: Invalid value: {\"b\":\"x\"}: `selector` does not match template "
           "`labels`"},
          {"labels and annotations of the template, whose metadata Kubernetes leaves out",
           "  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b, c: d/e}, annotations: {a/: "
           "b}}\n"
           "    spec: {containers: [{name: c, image: i}]}\n",
           "7:31: spec.template.labels: Invalid value: \"d/e\": a valid label must be an empty string or consist of "
           "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
           "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
           "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')\n"
           "7:54: spec.template.annotations: Invalid value: \"a/\": name part must be non-empty\n"
           "7:54: spec.template.annotations: Invalid value: \"a/\": " LABEL_NAME},
          {"pods that end",
           "  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n      "
           "restartPolicy: Never\n"
           "      activeDeadlineSeconds: 5\n      containers: [{name: c}]\n",
           "9:22: spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"\n"
           "10:30: spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not "
           "Supported\n"
           "11:20: spec.template.spec.containers[0].image: Required value"},
      },
      head);
  check({{"a replica set",
          "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: a}\nspec: {replicas: -1, selector: {}, template: "
          "{spec: {}}}\n",
          "4:18: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n"
          "4:22: spec.selector: Invalid value: {}: empty selector is invalid for deployment\n"
          "4:47: spec.template.spec.containers: Required value"}});
}

TEST_CASE("containers") {
  const std::string head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";
  check(
      {
          {"no image", "  - name: c\n", "6:5: spec.containers[0].image: Required value"},
          {"no name", "  - image: i\n", "6:5: spec.containers[0].name: Required value"},
          {"two of a name", "  - {name: c, image: i}\n  - {name: c, image: i}\n",
           "7:12: spec.containers[1].name: Duplicate value: \"c\""},
          {"spaces", "  - {name: c, image: \"i \"}\n",
           "6:22: spec.containers[0].image: Invalid value: \"i \": must not have leading or trailing whitespace"},
          {"pull policy", "  - {name: c, image: i, imagePullPolicy: Sometimes}\n",
           "6:42: spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", "
           "\"IfNotPresent\", \"Never\""},
          {"ports",
           "  - {name: c, image: i, ports: [{containerPort: 0}, {containerPort: 70000, protocol: udp}, {name: \"9\", "
           "containerPort: 9}]}\n",
           "6:49: spec.containers[0].ports[0].containerPort: Required value\n"
           "6:69: spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, "
           "inclusive\n"
           "6:86: spec.containers[0].ports[1].protocol: Unsupported value: \"udp\": supported values: \"SCTP\", "
           "\"TCP\", \"UDP\"\n"
           "6:99: spec.containers[0].ports[2].name: Invalid value: \"9\": must contain at least one letter (a-z)"},
          {"host ports clash",
           "  - {name: c, image: i, ports: [{containerPort: 80, hostPort: 80}]}\n  - {name: d, image: i, ports: "
           "[{containerPort: 81, hostPort: 80}]}\n",
           "7:63: spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//80\""},
          {"request above limit",
           "  - {name: c, image: i, resources: {requests: {cpu: 2, memory: 1Gi}, limits: {cpu: 1500m, memory: 1Gi}}}\n",
           "6:48: spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit "
           "of 1500m"},
          {"devices: no overcommit",
           "  - {name: c, image: i, resources: {requests: {x.io/gpu: 1}, limits: {x.io/gpu: 2}}}\n",
           "6:48: spec.containers[0].resources.requests: Invalid value: \"1\": must be equal to x.io/gpu limit of 2"},
          {"devices: whole and limited", "  - {name: c, image: i, resources: {requests: {x.io/gpu: 0.5}}}\n",
           "6:25: spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable "
           "resources\n"
           "6:48: spec.containers[0].resources.requests[x.io/gpu]: Invalid value: \"500m\": must be an integer"},
          {"negative, unknown", "  - {name: c, image: i, resources: {requests: {cpu: -1, gpu: 1, pods: 1}}}\n",
           "6:48: spec.containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to "
           "0\n"
           "6:57: spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource type "
           "or fully qualified\n"
           "6:57: spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource for "
           "containers\n"
           "6:65: spec.containers[0].resources.requests[pods]: Invalid value: \"pods\": must be a standard resource "
           "for containers"},
          {"probes",
           "  - name: c\n    image: i\n    livenessProbe: {successThreshold: 2}\n    readinessProbe: {httpGet: {path: "
           "/}, tcpSocket: {port: 1}, periodSeconds: -1}\n",
           "8:5: spec.containers[0].livenessProbe: Required value: must specify a handler type\n"
           "8:39: spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1\n"
           "9:22: spec.containers[0].readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, "
           "inclusive\n"
           "9:42: spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type\n"
           "9:79: spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to "
           "0"},
          {"environment",
           "  - {name: c, image: i, env: [{value: x}, {name: a=b}, {name: A, value: x, valueFrom: {fieldRef: "
           "{fieldPath: metadata.name}}}]}\n",
           "6:31: spec.containers[0].env[0].name: Required value\n"
           "6:50: spec.containers[0].env[1].name: Invalid value: \"a=b\": a valid environment variable name must "
           "consist only of printable ASCII "
           "characters other than '='\n"
           "6:76: spec.containers[0].env[2].valueFrom: Invalid value: \"\": may not be specified when `value` is not "
           "empty"},
          {"mounts",
           "  - {name: c, image: i, volumeMounts: [{name: v, mountPath: /a}, {name: w, mountPath: /a}]}\n  volumes: "
           "[{name: v}, {name: v}]\n",
           "6:73: spec.containers[0].volumeMounts[1].name: Not found: \"w\"\n"
           "6:87: spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique\n"
           "7:31: spec.volumes[1].name: Duplicate value: \"v\""},
          {"init containers",
           "  - {name: c, image: i}\n  initContainers:\n  - {name: c, image: i}\n  - {name: d, image: i, "
           "readinessProbe: {exec: {command: [x]}}}\n"
           "  - {name: e, image: i, restartPolicy: Never}\n  - {name: f, image: i, restartPolicy: Always, "
           "readinessProbe: {exec: {command: [x]}}}\n",
           "8:12: spec.initContainers[0].name: Duplicate value: \"c\"\n"
           "9:25: spec.initContainers[1].readinessProbe: Forbidden: may not be set for init containers without "
           "restartPolicy=Always\n"
           "10:40: spec.initContainers[2].restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""},
      },
      head);
}

TEST_CASE("where pods may go") {
  const std::string head =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: i}]\n";
  check(
      {
          {"no containers", "  initContainers: []\n", ""},
          {"policies", "  restartPolicy: Maybe\n  dnsPolicy: Host\n",
           "6:18: spec.restartPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"OnFailure\", "
           "\"Never\"\n"
           "7:14: spec.dnsPolicy: Unsupported value: \"Host\": supported values: \"ClusterFirstWithHostNet\", "
           "\"ClusterFirst\", \"Default\", \"None\""},
          {"tolerations",
           "  tolerations:\n  - {operator: Equal}\n  - {key: k, operator: Exists, value: v}\n  - {key: k, effect: "
           "NoSchedule, tolerationSeconds: 5}\n"
           "  - {key: k, operator: Is, effect: Never}\n",
           "7:16: spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, "
           "which means \"match all values "
           "and all keys\"\n"
           "8:24: spec.tolerations[1].operator: Invalid value: "
           "{\"key\":\"k\",\"operator\":\"Exists\",\"value\":\"v\"}: value must be empty when "
           "`operator` is 'Exists'\n"
           "9:22: spec.tolerations[2].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when "
           "`tolerationSeconds` is set\n"
           "10:24: spec.tolerations[3].operator: Unsupported value: \"Is\": supported values: \"Equal\", \"Exists\"\n"
           "10:36: spec.tolerations[3].effect: Unsupported value: \"Never\": supported values: \"NoSchedule\", "
           "\"PreferNoSchedule\", \"NoExecute\""},
          {"node affinity",
           "  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
           "[]}\n"
           "      preferredDuringSchedulingIgnoredDuringExecution:\n      - {weight: 0, preference: {matchExpressions: "
           "[{key: a, operator: Gt, values: [\"1\", \"2\"]}]}}\n"
           "      - {weight: 101, preference: {matchFields: [{key: metadata.uid, operator: In, values: [a]}]}}\n",
           "8:56: spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: "
           "Required value: must have at least one "
           "node selector term\n"
           "10:18: spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid "
           "value: 0: must be in the range 1-100\n"
           "10:76: "
           "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions["
           "0].values: Required "
           "value: must be specified single value when `operator` is 'Lt' or 'Gt'\n"
           "11:18: spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[1].weight: Invalid "
           "value: 101: must be in the range 1-100\n"
           "11:56: "
           "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[1].preference.matchFields[0]."
           "key: Invalid value: "
           "\"metadata.uid\": not a valid field selector key"},
          {"pod affinity",
           "  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {}}]}}\n",
           "6:81: spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: "
           "Required value: can not be empty"},
          {"a key to match and not to match",
           "  affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {}, "
           "topologyKey: zone, matchLabelKeys: [a], mismatchLabelKeys: [-b, a]}]}}\n",
           "6:133: spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: "
           "Invalid value: \"a\": exists in both matchLabelKeys and mismatchLabelKeys\n"
           "6:157: spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].mismatchLabelKeys[0]: "
           "Invalid value: \"-b\": " LABEL_NAME},
          {"spread",
           "  topologySpreadConstraints:\n  - {maxSkew: 0, topologyKey: zone, whenUnsatisfiable: Sometimes}\n"
           "  - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}\n  - {maxSkew: 1, "
           "topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}\n"
           "  - {maxSkew: 1, whenUnsatisfiable: DoNotSchedule, matchLabelKeys: [a]}\n",
           "7:15: spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero\n"
           "7:56: spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: \"Sometimes\": supported "
           "values: \"DoNotSchedule\", "
           "\"ScheduleAnyway\"\n"
           "8:84: spec.topologySpreadConstraints[1].minDomains: Invalid value: 2: can only use minDomains if "
           "whenUnsatisfiable=DoNotSchedule, not "
           "ScheduleAnyway\n"
           "9:5: spec.topologySpreadConstraints[2]: Duplicate value: \"{zone, ScheduleAnyway}\"\n"
           "10:5: spec.topologySpreadConstraints[3].topologyKey: Required value: can not be empty\n"
           "10:52: spec.topologySpreadConstraints[3].matchLabelKeys: Forbidden: must not be specified when "
           "labelSelector is not set"},
      },
      head);
}

TEST_CASE("services, budgets, classes, nodes, slices") {
  const std::string service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: ";
  check(
      {
          {"no ports", "{selector: {a: b}}\n", "4:1: spec.ports: Required value"},
          {"headless needs none", "{clusterIP: None}\n", ""},
          {"two ports need names", "{ports: [{port: 80}, {name: a, port: 81}]}\n",
           "4:16: spec.ports[0].name: Required value"},
          {"port numbers", "{ports: [{port: 0, targetPort: 70000}]}\n",
           "4:23: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive\n"
           "4:38: spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive"},
          {"node ports", "{ports: [{port: 80, nodePort: 30000}]}\n",
           "4:37: spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"},
          {"node port range", "{type: NodePort, ports: [{port: 80, nodePort: 80}]}\n",
           "4:53: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of "
           "valid ports is 30000-32767"},
          {"type", "{type: Cluster, ports: [{port: 80}]}\n",
           "4:14: spec.type: Unsupported value: \"Cluster\": supported values: \"ClusterIP\", \"ExternalName\", "
           "\"LoadBalancer\", \"NodePort\""},
          {"the same port twice", "{ports: [{name: a, port: 80}, {name: b, port: 80}]}\n",
           "4:37: spec.ports[1]: Duplicate value: {\"port\":80,\"protocol\":\"TCP\"}"},
          {"external name", "{type: ExternalName}\n", "4:1: spec.externalName: Required value"},
          {"external name with a dot at its end", "{type: ExternalName, externalName: example.org.}\n", ""},
          {"external names have no address", "{type: ExternalName, externalName: a.b, clusterIP: 10.96.0.9}\n",
           "4:58: spec.clusterIPs: Forbidden: may not be set for ExternalName services"},
          {"headless is no node port's", "{type: NodePort, clusterIP: None, ports: [{port: 80}]}\n",
           "4:35: spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"},
          {"no address", "{clusterIP: 10.96.0.256, ports: [{port: 80}]}\n",
           "4:19: spec.clusterIPs[0]: Invalid value: \"10.96.0.256\": must be a valid IP address, (e.g. 10.9.8.7 or "
           "2001:db8::ffff)"},
          {"affinity", "{sessionAffinity: Cookie, ports: [{port: 80}]}\n",
           "4:25: spec.sessionAffinity: Unsupported value: \"Cookie\": supported values: \"ClientIP\", \"None\""},
          {"affinity's time",
           "{sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 90000}}, ports: [{port: "
           "80}]}\n",
           "4:86: spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greater than 0 and "
           "less than 86400"},
          {"policies of traffic",
           "{externalTrafficPolicy: Local, internalTrafficPolicy: Node, trafficDistribution: Near, ports: [{port: "
           "80}]}\n",
           "4:31: spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible "
           "services\n"
           "4:61: spec.internalTrafficPolicy: Unsupported value: \"Node\": supported values: \"Cluster\", \"Local\"\n"
           "4:88: spec.trafficDistribution: Unsupported value: \"Near\": supported values: \"PreferClose\", "
           "\"PreferSameNode\", \"PreferSameZone\""},
          {"what only balancers have",
           "{loadBalancerSourceRanges: [10.0.0.0], allocateLoadBalancerNodePorts: true, loadBalancerClass: a/b, ports: "
           "[{port: 80}]}\n",
           "4:8: spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'\n"
           "4:35: spec.LoadBalancerSourceRanges[0]: Invalid value: \"10.0.0.0\": must be a valid CIDR value, (e.g. "
           "10.9.8.0/24 or 2001:db8::/64)\n"
           "4:77: spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'\n"
           "4:102: spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"},
          {"external addresses", "{externalIPs: [127.0.0.1, x, '2001:db8::1'], ports: [{port: 80}]}\n",
           "4:22: spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, "
           "::1/128)\n"
           "4:33: spec.externalIPs[1]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or "
           "2001:db8::ffff)"},
          {"addresses in the plural only", "{clusterIPs: [10.96.0.9], ports: [{port: 80}]}\n",
           "4:8: spec.clusterIPs: Invalid value: [\"10.96.0.9\"]: must be empty when `clusterIP` is not specified"},
          {"headless and not", "{clusterIP: None, clusterIPs: [None, 10.96.0.9], ports: [{port: 80}]}\n",
           "4:25: spec.clusterIPs: Invalid value: [\"None\",\"10.96.0.9\"]: 'None' must be the first and only value"},
          {"two of one family",
           "{clusterIP: 10.96.0.9, clusterIPs: [10.96.0.9, 10.96.0.8], ipFamilies: [IPv4, IPv4], ports: [{port: "
           "80}]}\n",
           "4:30: spec.clusterIPs: Invalid value: [\"10.96.0.9\",\"10.96.0.8\"]: may specify no more than one IP for "
           "each "
           "IP family\n"
           "4:85: spec.ipFamilies[1]: Duplicate value: \"IPv4\""},
          {"source ranges may have blanks around them",
           "{type: LoadBalancer, loadBalancerSourceRanges: [' 10.0.0.0/8 '], ports: [{port: 80}]}\n", ""},
          {"an external name's node port is nobody's business",
           "{type: ExternalName, externalName: a.b, ports: [{port: 80, nodePort: 80}]}\n", ""},
          {"a balancer's class is no empty word", "{type: LoadBalancer, loadBalancerClass: '', ports: [{port: 80}]}\n",
           "4:47: spec.loadBalancerClass: Invalid value: \"\": name part must be non-empty\n"
           "4:47: spec.loadBalancerClass: Invalid value: \"\": name part must consist of alphanumeric characters, '-', "
           "'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
           "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"},
          {"affinity's configuration without affinity is dropped, as the API server does",
           "{sessionAffinity: None, sessionAffinityConfig: {clientIP: {timeoutSeconds: -1}}, ports: [{port: 80}]}\n",
           ""},
          {"a node port twice",
           "{type: NodePort, ports: [{name: a, port: 80, nodePort: 30000}, {name: b, port: 81, nodePort: 30000}]}\n",
           "4:100: spec.ports[1].nodePort: Duplicate value: 30000"},
      },
      service);
  check({
      {"both bounds",
       "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 1, "
       "maxUnavailable: 1}}",
       "1:73: spec: Invalid value: {\"maxUnavailable\":1,\"minAvailable\":1}: minAvailable and maxUnavailable cannot "
       "be both set"},
      {"bound", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: -1}}",
       "1:94: spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"},
      {"system class", "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: system-x}, value: 1}",
       "1:74: metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. "
       "error: system-x is not a known "
       "system priority class"},
      {"known system class",
       "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: system-node-critical}, value: "
       "2000001000}",
       ""},
      {"value", "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 1000000001}",
       "1:85: value: Forbidden: maximum allowed value of a user defined priority is 1000000000"},
      {"taints",
       "{apiVersion: v1, kind: Node, metadata: {name: a}, spec: {taints: [{key: k, effect: NoSchedule}, {key: k, "
       "effect: NoSchedule}, {key: k}]}}",
       "1:97: spec.taints[1]: Duplicate value: {\"effect\":\"NoSchedule\",\"key\":\"k\"}: taints must be unique by key "
       "and effect pair\n"
       "1:127: spec.taints[2].effect: Required value"},
      {"capacity",
       "{apiVersion: v1, kind: Node, metadata: {name: a}, status: {capacity: {cpu: -1}, allocatable: {cpu: 1}}}",
       "1:71: status.capacity[cpu]: Invalid value: \"-1\": must be greater than or equal to 0"},
      {"slice",
       "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IP, endpoints: "
       "[{addresses: []}]}",
       "1:90: addressType: Unsupported value: \"IP\": supported values: \"FQDN\", \"IPv4\", \"IPv6\"\n"
       "1:107: endpoints[0].addresses: Required value: must contain at least 1 address"},
  });
}

TEST_CASE("endpoint slices that somebody wrote") {
  struct SliceCase {
    const char *what, *spec, *error;  ///< The error: what follows the place.
  };
  const SliceCase rows[] = {
      {"good", "addressType: IPv4, ports: [{name: a, port: 1}, {name: b}], endpoints: [{addresses: [10.0.0.1]}]", ""},
      {"no type", "endpoints: []", "addressType: Required value"},
      {"no address", "addressType: IPv4, endpoints: [{addresses: []}]",
       "endpoints[0].addresses: Required value: must contain at least 1 address"},
      {"not IPv4", "addressType: IPv4, endpoints: [{addresses: [10.0.0.256]}]",
       "endpoints[0].addresses[0]: Invalid value: \"10.0.0.256\": must be a valid IPv4 address"},
      {"of the other family", "addressType: IPv4, endpoints: [{addresses: ['2001:db8::1']}]",
       "endpoints[0].addresses[0]: Invalid value: \"2001:db8::1\": must be a valid IPv4 address"},
      {"not IPv6", "addressType: IPv6, endpoints: [{addresses: [10.0.0.1]}]",
       "endpoints[0].addresses[0]: Invalid value: \"10.0.0.1\": must be a valid IPv6 address"},
      {"loopback", "addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}]",
       "endpoints[0].addresses[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, "
       "::1/128)"},
      {"a name", "addressType: FQDN, endpoints: [{addresses: [db.example.]}]", ""},
      {"half a name", "addressType: FQDN, endpoints: [{addresses: [localhost]}]",
       "endpoints[0].addresses[0]: Invalid value: \"localhost\": should be a domain with at least two segments "
       "separated "
       "by dots"},
      {"hostname", "addressType: IPv4, endpoints: [{addresses: [10.0.0.1], hostname: a.b}]",
       "endpoints[0].hostname: Invalid value: \"a.b\": a lowercase RFC 1123 label"},
      {"a hint twice",
       "addressType: IPv4, endpoints: [{addresses: [10.0.0.1], hints: {forZones: [{name: a}, {name: a}]}}]",
       "endpoints[0].hints.forZones[1].name: Duplicate value: \"a\""},
      {"a port's name twice", "addressType: IPv4, endpoints: [], ports: [{port: 1}, {port: 2, name: ''}]",
       "ports[1].name: Duplicate value: \"\""},
      {"protocol", "addressType: IPv4, endpoints: [], ports: [{port: 1, protocol: udp}]",
       "ports[0].protocol: Unsupported value: \"udp\": supported values: \"SCTP\", \"TCP\", \"UDP\""},
  };
  for (const SliceCase& row : rows) {
    INFO(row.what);
    const std::string errors = errors_of(
        std::string("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, ") + row.spec + "}");
    INFO(errors);
    CHECK((*row.error == '\0' ? errors.empty() : errors.find(row.error) != std::string::npos));
    CHECK(errors.find('\n') == std::string::npos);
  }
}

TEST_CASE("ingresses and their classes") {
  const std::string head = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: ";
  const std::string backend = "backend: {service: {name: a, port: {number: 80}}}";
  const auto path = [&](const std::string& text) { return "{rules: [{http: {paths: [{" + text + "}]}}]}\n"; };
  struct IngressCase {
    const char* what;
    std::string spec, error;  ///< The error: what follows the place.
  };
  const IngressCase rows[] = {
      {"neither", "{ingressClassName: a}\n",
       "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"},
      {"a default backend is enough", "{defaultBackend: {service: {name: a, port: {name: http}}}}\n", ""},
      {"no path type", path("path: /, " + backend),
       "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"},
      {"path type", path("path: /, pathType: Regex, " + backend),
       "spec.rules[0].http.paths[0].pathType: Unsupported value: \"Regex\": supported values: \"Exact\", "
       "\"ImplementationSpecific\", \"Prefix\""},
      {"not absolute", path("path: a, pathType: Prefix, " + backend),
       "spec.rules[0].http.paths[0].path: Invalid value: \"a\": must be an absolute path"},
      {"double slash", path("path: /a//b, pathType: Exact, " + backend),
       "spec.rules[0].http.paths[0].path: Invalid value: \"/a//b\": must not contain '//'"},
      {"dots", path("path: /a/.., pathType: Exact, " + backend),
       "spec.rules[0].http.paths[0].path: Invalid value: \"/a/..\": cannot end with '/..'"},
      {"implementation specific needs no path", path("pathType: ImplementationSpecific, " + backend), ""},
      {"no paths", "{rules: [{http: {paths: []}}]}\n", "spec.rules[0].http.paths: Required value"},
      {"address as host", "{rules: [{host: 10.0.0.1}]}\n",
       "spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address"},
      {"wildcard", "{rules: [{host: '*.*.a'}]}\n",
       "spec.rules[0].host: Invalid value: \"*.*.a\": a wildcard DNS-1123 subdomain must start with '*.'"},
      {"both ports", "{defaultBackend: {service: {name: a, port: {name: http, number: 80}}}}\n",
       "spec.defaultBackend: Invalid value: \"\": cannot set both port name & port number"},
      {"no port", "{defaultBackend: {service: {name: a}}}\n",
       "spec.defaultBackend: Required value: port name or number is required"},
      {"no backend", path("path: /, pathType: Prefix"),
       "spec.rules[0].http.paths[0].backend: Invalid value: \"\": resource or service backend is required"},
      {"both backends", "{defaultBackend: {service: {name: a, port: {number: 1}}, resource: {kind: k, name: n}}}\n",
       "spec.defaultBackend: Invalid value: \"\": cannot set both resource and service backends"},
      {"a resource's name", "{defaultBackend: {resource: {kind: k, name: a/b}}}\n",
       "spec.defaultBackend.resource.name: Invalid value: \"a/b\": may not contain '/'"},
      {"service name", "{defaultBackend: {service: {name: 1a, port: {number: 80}}}}\n",
       "spec.defaultBackend.service.name: Invalid value: \"1a\": a DNS-1035 label"},
      {"tls host", "{defaultBackend: {service: {name: a, port: {number: 80}}}, tls: [{hosts: [A]}]}\n",
       "spec.tls[0].hosts[0]: Invalid value: \"A\": a lowercase RFC 1123 subdomain"},
  };
  for (const IngressCase& row : rows) {
    INFO(row.what);
    const std::string errors = errors_of(head + row.spec);
    if (row.error.empty()) {
      CHECK(errors == "");
    } else {
      CHECK(errors.find(row.error) != std::string::npos);
      CHECK(errors.find('\n') == std::string::npos);
    }
  }
  const auto of_class = [&](const std::string& spec) {
    return errors_of("apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: c}\nspec: " + spec + "\n");
  };
  CHECK(of_class("{}").find("spec.controller: Required value") != std::string::npos);
  CHECK(of_class("{controller: nginx}").find("must be a domain-prefixed path (such as \"acme.io/foo\")") !=
        std::string::npos);
  CHECK(of_class("{controller: a.b/c, parameters: {kind: K, name: n}}") == "");
  CHECK(of_class("{controller: a.b/c, parameters: {kind: K, name: ..}}")
            .find("spec.parameters.name: Invalid value: \"..\": may not be '..'") != std::string::npos);
  CHECK(of_class("{controller: a.b/c, parameters: {kind: K, name: n, scope: Namespace}}")
            .find("spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'") !=
        std::string::npos);
}
