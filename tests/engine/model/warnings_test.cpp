// What an API server says beside its yes, and what leads nowhere: each row an object, or a part of one, and the words.
#include <fmt/format.h>

#include "engine/model/warnings.h"
#include "tests/engine/model/support.h"

namespace wavetank::model {
namespace {

/// The warnings of a text, "line: words"; the text itself is valid.
std::vector<std::string> warned(const std::string& text) {
  const auto read = read_manifests(text, "");
  INFO(text);
  if (!read) FAIL(base::to_text(read.error()));
  std::vector<std::string> out;
  for (const base::Diagnostic& w : warnings(read->objects, "")) out.push_back(w.message);
  return out;
}

/// Of one warning or none: its words, without the object's name.
std::string said(const std::string& text) {
  const std::vector<std::string> all = warned(text);
  std::string out;
  for (const std::string& w : all) out += (out.empty() ? "" : "\n") + w.substr(w.find(": ") + 2);
  return out;
}

struct Row {
  const char *what, *spec, *words;
};

std::string pod(const std::string& spec) {
  return "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" + spec + "}}";
}

}  // namespace

TEST_CASE("pods: what stands twice") {
  const Row rows[] = {
      {"a variable that hides another",
       "containers: [{name: c, image: i, env: [{name: A, value: x}, {name: B, value: x}, {name: A, value: z}]}]",
       "spec.containers[0].env[2]: hides previous definition of \"A\", which may be dropped when using apply"},
      {"one that builds on it",
       "containers: [{name: c, image: i, env: [{name: A, value: x}, {name: A, value: $(A)y}]}]", ""},
      {"one that is itself", "containers: [{name: c, image: i, env: [{name: A, value: x}, {name: A, value: $(A)}]}]",
       "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply"},
      {"one from elsewhere",
       "containers: [{name: c, image: i, env: [{name: A, value: x}, {name: A, valueFrom: {fieldRef: {fieldPath: "
       "metadata.name}}}]}]",
       "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply"},
      {"a variable of another container",
       "containers: [{name: c, image: i, env: [{name: A}]}, {name: d, image: i, env: [{name: A}]}]", ""},
      {"a port",
       "containers: [{name: c, image: i, ports: [{containerPort: 80}]}, {name: d, image: i, ports: [{containerPort: "
       "80}]}]",
       "spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]"},
      {"a port of another protocol",
       "containers: [{name: c, image: i, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]", ""},
      {"a port with and without one of the host",
       "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80}, {containerPort: 80}]}]",
       "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]"},
      {"a port of the host on one address and on all",
       "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80, hostIP: 10.0.0.1}, {containerPort: "
       "80, hostPort: 80}]}]",
       "spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]"},
      {"two ports of the host",
       "containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 80}, {containerPort: 80, hostPort: "
       "81}]}]",
       ""},
      {"an address without a port", "containers: [{name: c, image: i, ports: [{containerPort: 80, hostIP: 10.0.0.1}]}]",
       "spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP "
       "HostIP:10.0.0.1}"},
      {"a host's address",
       "containers: [{name: c, image: i}], hostAliases: [{ip: 10.0.0.1, hostnames: [a]}, {ip: 10.0.0.1, hostnames: "
       "[b]}]",
       "spec.hostAliases[1].ip: duplicate ip \"10.0.0.1\""},
      {"a secret for images", "containers: [{name: c, image: i}], imagePullSecrets: [{name: a}, {name: a}, {name: ''}]",
       "spec.imagePullSecrets[1].name: duplicate name \"a\"\nspec.imagePullSecrets[2].name: invalid empty name \"\""},
  };
  for (const Row& r : rows) {
    INFO(r.what);
    CHECK(said(pod(r.spec)) == r.words);
  }
}

TEST_CASE("pods: what is odd or out of date") {
  const Row rows[] = {
      {"a thousandth of a byte",
       "containers: [{name: c, image: i, resources: {limits: {memory: 100m}, requests: {memory: 50m, cpu: 50m}}}]",
       "spec.containers[0].resources.limits[memory]: fractional byte value \"100m\" is invalid, must be an integer\n"
       "spec.containers[0].resources.requests[memory]: fractional byte value \"50m\" is invalid, must be an integer"},
      {"the same of a disk, in an init container",
       "initContainers: [{name: i, image: i, resources: {requests: {ephemeral-storage: 1500m}}}], containers: [{name: "
       "c, image: i}]",
       "spec.initContainers[0].resources.requests[ephemeral-storage]: fractional byte value \"1500m\" is invalid, must "
       "be an integer"},
      {"1.5Gi is whole", "containers: [{name: c, image: i, resources: {requests: {memory: 1.5Gi}}}]", ""},
      {"old labels of nodes",
       "containers: [{name: c, image: i}], nodeSelector: {beta.kubernetes.io/arch: amd64, disk: ssd}",
       "spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
      {"old labels in affinity",
       "containers: [{name: c, image: i}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
       "{nodeSelectorTerms: "
       "[{matchExpressions: [{key: failure-domain.beta.kubernetes.io/zone, operator: Exists}]}]}, "
       "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: "
       "beta.kubernetes.io/instance-type, operator: Exists}]}}]}}",
       "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]."
       "matchExpressions[0].key: "
       "failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead\n"
       "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0]."
       "key: "
       "beta.kubernetes.io/instance-type is deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
      {"a spread that counts no pod",
       "containers: [{name: c, image: i}], topologySpreadConstraints: [{maxSkew: 1, topologyKey: "
       "failure-domain.beta.kubernetes.io/zone, "
       "whenUnsatisfiable: ScheduleAnyway}]",
       "spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since "
       "v1.17; use "
       "\"topology.kubernetes.io/zone\" instead\n"
       "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod"},
      {"affinity to no pod",
       "containers: [{name: c, image: i}], affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
       "[{topologyKey: a}]}, "
       "podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: "
       "a}}]}}",
       "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null "
       "labelSelector results in "
       "matching no pod\n"
       "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector:"
       " a null "
       "labelSelector results in matching no pod"},
      {"volumes that nobody mounts any more",
       "containers: [{name: c, image: i}], volumes: [{name: v, cephfs: {monitors: [a]}}]",
       "spec.volumes[0].cephfs: deprecated in v1.28, non-functional in v1.31+"},
      {"a claim of half a byte",
       "containers: [{name: c, image: i}], volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: "
       "[ReadWriteOnce], "
       "resources: {requests: {storage: 500m}}}}}}]",
       "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value \"500m\" "
       "is invalid, "
       "must be an integer"},
      {"a grace period below nothing", "containers: [{name: c, image: i}], terminationGracePeriodSeconds: -1",
       "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"},
  };
  for (const Row& r : rows) {
    INFO(r.what);
    CHECK(said(pod(r.spec)) == r.words);
  }
  CHECK(said("{apiVersion: v1, kind: Pod, metadata: {name: a.b, annotations: "
             "{scheduler.alpha.kubernetes.io/critical-pod: ''}}, "
             "spec: {containers: [{name: c, image: i}]}}") ==
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is "
        "recommended: "
        "[a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        "with an "
        "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')]\n"
        "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "
        "\"priorityClassName\" "
        "field instead");
}

TEST_CASE("templates of workloads are looked at as pods are, with their path, and the place is told") {
  const std::string bad = "{containers: [{name: c, image: i, env: [{name: A}, {name: A}]}]}";
  const std::string never = "{restartPolicy: Never, containers: [{name: c, image: i, env: [{name: A}, {name: A}]}]}";
  const std::string words =
      "containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply";
  const std::string set =
      ", metadata: {name: w}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: " +
      bad + "}";
  for (const std::string kind : {"Deployment", "ReplicaSet", "DaemonSet"})
    CHECK(said("{apiVersion: apps/v1, kind: " + kind + set + "}}") == "spec.template.spec." + words);
  CHECK(said("{apiVersion: apps/v1, kind: StatefulSet" + set + ", serviceName: s}}") == "spec.template.spec." + words);
  CHECK(said("{apiVersion: batch/v1, kind: Job, metadata: {name: w}, spec: {template: {spec: " + never + "}}}") ==
        "spec.template.spec." + words);
  CHECK(said("{apiVersion: batch/v1, kind: CronJob, metadata: {name: w}, spec: {schedule: '* * * * *', jobTemplate: "
             "{spec: "
             "{template: {spec: " +
             never + "}}}}}") == "spec.jobTemplate.spec.template.spec." + words);
  const auto read = read_manifests(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  nodeSelector:\n    beta.kubernetes.io/os: linux\n"
      "  containers: [{name: c, image: i}]\n",
      "a.yaml");
  REQUIRE(read.has_value());
  const base::Diagnostics all = warnings(read->objects, "a.yaml");
  REQUIRE(all.size() == 1);
  CHECK(warning_text(all[0]) ==
        "a.yaml:6:5: warning: Pod/p: spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "
        "\"kubernetes.io/os\" instead");
}

TEST_CASE("schedules that name no day are taken, and never start") {
  const auto schedule = [](const std::string& text) {
    return said(
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: w}, spec: {schedule: '" + text +
        "', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}}");
  };
  const auto never = [](const std::string& text) {
    return "spec.schedule: \"" + text +
           "\" names no day that comes within five years: no Job will ever be started (the "
           "controller will tell InvalidSchedule)";
  };
  for (const char* text : {"0 0 31 2 *", "0 0 30 2 *", "59 23 31 4,6,9,11 *", "0 0 31 feb ?"})
    CHECK(schedule(text) == never(text));
  for (const char* text : {"0 0 29 2 *", "0 0 31 1 *", "0 0 31 2 mon", "* * * * *", "@yearly", "@every 1h"})
    CHECK(schedule(text) == "");
  // A zone in the schedule is refused, not warned of.
  CHECK(errors_of("{apiVersion: batch/v1, kind: CronJob, metadata: {name: w}, spec: {schedule: 'TZ=UTC 0 0 * * *', "
                  "jobTemplate: {spec: "
                  "{template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}}") ==
        "1:77: spec.schedule: Invalid value: \"TZ=UTC 0 0 * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone "
        "field instead");
}

TEST_CASE("large Indexed Jobs") {
  const auto job = [](const std::string& spec) {
    return said("{apiVersion: batch/v1, kind: Job, metadata: {name: w}, spec: {" + spec +
                ", template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}");
  };
  const std::string words =
      "spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
      "Kubernetes might not be "
      "able to track completedIndexes when a big number of indexes fail";
  CHECK(job("completionMode: Indexed, completions: 100001, parallelism: 10001") == words);
  CHECK(job("completionMode: Indexed, completions: 100000, parallelism: 10001") == "");
  CHECK(job("completionMode: Indexed, completions: 100001, parallelism: 10000") == "");
  CHECK(job("completions: 100001, parallelism: 10001") == "");
}

TEST_CASE("warnings of other kinds") {
  const Row rows[] = {
      {"a headless Service sticks to no client",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, sessionAffinity: ClientIP, "
       "externalIPs: [10.0.0.1], "
       "ports: [{port: 80}]}}",
       "spec.externalIPs is ignored for headless services\nspec.SessionAffinity is ignored for headless services"},
      {"a name for nothing",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {externalName: b.c, ports: [{port: 80}]}}",
       "spec.externalName is ignored when spec.type is not \"ExternalName\""},
      {"an old annotation",
       "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {service.kubernetes.io/topology-aware-hints: "
       "auto}}, spec: "
       "{ports: [{port: 80}]}}",
       "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
       "service.kubernetes.io/topology-mode instead"},
      {"a claim's class as an annotation",
       "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, annotations: "
       "{volume.beta.kubernetes.io/storage-class: x}}, "
       "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1500m}}}}",
       "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" "
       "attribute instead\n"
       "spec.resources.requests[storage]: fractional byte value \"1500m\" is invalid, must be an integer"},
      {"a volume that is recycled",
       "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {capacity: {storage: 1Gi}, accessModes: "
       "[ReadWriteOnce], "
       "persistentVolumeReclaimPolicy: Recycle, nfs: {server: a, path: /a}}}",
       "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended "
       "approach is to use "
       "dynamic provisioning."},
      {"a sandbox for old labels",
       "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: a}, handler: a, scheduling: {nodeSelector: "
       "{beta.kubernetes.io/os: linux}}}",
       "scheduling.nodeSelector: deprecated since v1.14; use \"kubernetes.io/os\" instead"},
      {"a class for old zones",
       "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: a.b, allowedTopologies: "
       "[{matchLabelExpressions: [{key: failure-domain.beta.kubernetes.io/zone, values: [a]}]}]}",
       "allowedTopologies[0].matchLabelExpressions[0]: deprecated since v1.17; use \"topology.kubernetes.io/zone\" "
       "instead"},
  };
  for (const Row& r : rows) {
    INFO(r.what);
    CHECK(said(r.spec) == r.words);
  }
}

namespace {

/// Of objects that belong together; `known` as in a scenario, or null.
std::string among(const std::string& text, const KnownMetrics* known = nullptr) {
  const auto read = read_manifests(text, "m.yaml");
  INFO(text);
  if (!read) FAIL(base::to_text(read.error()));
  Belonging all;
  for (const Object& o : read->objects) all.add(o, "m.yaml");
  return base::to_text(warnings_among(all, known));
}

std::string web(const std::string& resources = "") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, "
         "template: "
         "{metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i" +
         resources + "}]}}}\n---\n";
}

}  // namespace

TEST_CASE("budgets that protect nothing") {
  const auto budget = [](const std::string& spec) {
    return "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec:\n  maxUnavailable: 1\n" + spec;
  };
  CHECK(among(web() + budget("  selector: {matchLabels: {app: web}}\n")) == "");
  CHECK(among(web() + budget("  selector: {}\n")) == "");  // all pods of the namespace
  CHECK(among(web() + budget("  selector: {matchLabels: {app: wbe}}\n")) ==
        "m.yaml:11:3: poddisruptionbudget/b selects pods that nothing here makes: it protects nothing");
  CHECK(among(web() + budget("")) ==
        "m.yaml:9:1: poddisruptionbudget/b has no selector: it takes no pod and protects nothing");
  CHECK(among(budget("  selector: {}\n")) ==
        "m.yaml:6:3: poddisruptionbudget/b selects pods that nothing here makes: it protects nothing");
}

TEST_CASE("autoscalers that ask for what is not there") {
  const auto scaler = [](const std::string& metric, const std::string& target = "web") {
    return "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec:\n  maxReplicas: 5\n  "
           "scaleTargetRef: "
           "{apiVersion: apps/v1, kind: Deployment, name: " +
           target + "}\n  metrics:\n    - " + metric + "\n";
  };
  const std::string busy =
      "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}";
  CHECK(among(web(", resources: {requests: {cpu: 100m}}") + scaler(busy)) == "");
  CHECK(among(web() + scaler(busy)) ==
        "m.yaml:13:7: horizontalpodautoscaler/h asks for the cpu utilization of deployment/web, whose container c "
        "requests no cpu");
  CHECK(among(web() +
              scaler("{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}")) == "");
  CHECK(among(web() +
              scaler(
                  "{type: ContainerResource, containerResource: {name: cpu, container: d, target: {type: AverageValue, "
                  "averageValue: 1}}}")) ==
        "m.yaml:13:7: horizontalpodautoscaler/h asks for the cpu of container d, which deployment/web does not have");
  CHECK(
      among(web() + scaler("{type: Resource, resource: {name: gpu, target: {type: AverageValue, averageValue: 1}}}")) ==
      "m.yaml:13:7: horizontalpodautoscaler/h asks for the resource metric gpu; metrics-server knows cpu and memory");
  CHECK(among(scaler("{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}",
                     "wbe")) == "m.yaml:6:65: horizontalpodautoscaler/h scales deployment/wbe, which is not here");
  // In a scenario it is known which metrics there are.
  const std::string queue = "{type: External, external: {metric: {name: queue}, target: {type: Value, value: 1}}}";
  const std::string hits = "{type: Pods, pods: {metric: {name: hits}, target: {type: AverageValue, averageValue: 1}}}";
  KnownMetrics known;
  CHECK(among(web() + scaler(queue)) == "");
  CHECK(among(web() + scaler(queue), &known) ==
        "m.yaml:13:7: horizontalpodautoscaler/h asks for the external metric queue, which model.world "
        "(metric.external) does not "
        "provide; none is provided");
  known.external = {"queue_depth", "lag-*"};
  CHECK(among(web() + scaler(queue), &known) ==
        "m.yaml:13:7: horizontalpodautoscaler/h asks for the external metric queue, which model.world "
        "(metric.external) does not "
        "provide; provided: queue_depth, lag-*");
  known.external.emplace_back("qu*");
  CHECK(among(web() + scaler(queue), &known) == "");
  CHECK(among(web() + scaler(hits), &known) ==
        "m.yaml:13:7: horizontalpodautoscaler/h asks for the pods metric hits, which model.world (metric.pods) does "
        "not provide; none "
        "is provided");
}

}  // namespace wavetank::model
