// What show and why tell of objects of many kinds, on one run with something to tell of each.
#include "tests/runtime/cli/program.h"

using namespace wavetank::cli::test;

namespace {

constexpr const char* kTeam = R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: team}
cluster: {nodes: [{name: "node-{n}", count: 2, capacity: {cpu: "4", memory: 8Gi}}]}
until: 10m
manifests:
  - inline: |
      {apiVersion: v1, kind: Namespace, metadata: {name: full}}
      ---
      {apiVersion: v1, kind: Namespace, metadata: {name: old}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: keep, namespace: old, finalizers: [example.com/hold]}}
      ---
      apiVersion: v1
      kind: ResourceQuota
      metadata: {name: two, namespace: full}
      spec: {hard: {pods: "2", services.nodeports: "0", secrets: "9"}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: a, namespace: full}
      spec:
        replicas: 4
        selector: {matchLabels: {app: a}}
        template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: "w:1"}]}}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: s, finalizers: [example.com/keep]}
      spec:
        serviceName: web
        replicas: 1
        selector: {matchLabels: {app: s}}
        template: {metadata: {labels: {app: s}}, spec: {containers: [{name: c, image: "w:1"}]}}
      ---
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: d}
      spec:
        selector: {matchLabels: {app: d}}
        template: {metadata: {labels: {app: d}}, spec: {containers: [{name: c, image: "w:1"}]}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 1
        selector: {matchLabels: {app: web}}
        template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "w:1"}]}}
      ---
      {apiVersion: v1, kind: Pod, metadata: {name: alone}, spec: {containers: [{name: c, image: "w:1"}]}}
      ---
      {apiVersion: v1, kind: Service, metadata: {name: web, labels: {app: web}}, spec: {selector: {app: web}, ports: [{port: 80}]}}
      ---
      {apiVersion: batch/v1, kind: Job, metadata: {name: idle}, spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: c, image: "w:1"}]}}}}
      ---
      {apiVersion: batch/v1, kind: Job, metadata: {name: theirs}, spec: {managedBy: example.com/x, template: {spec: {restartPolicy: Never, containers: [{name: c, image: "w:1"}]}}}}
      ---
      {apiVersion: batch/v1, kind: CronJob, metadata: {name: never}, spec: {schedule: "0 0 31 2 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "w:1"}]}}}}}}
      ---
      {apiVersion: batch/v1, kind: CronJob, metadata: {name: often}, spec: {schedule: "*/5 * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "w:1"}]}}}}}}
      ---
      {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}
      ---
      {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: quiet}, spec: {podSelector: {}}}
      ---
      {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: disk.example.com, volumeBindingMode: WaitForFirstConsumer}
      ---
      {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: later}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
      ---
      {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: lost}, spec: {storageClassName: nowhere, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
      ---
      {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: bare}, spec: {storageClassName: "", accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
timeline:
  - at: 1m
    apply:
      inline: |
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: full, namespace: full}
        spec:
          serviceName: full
          replicas: 1
          selector: {matchLabels: {app: full}}
          template: {metadata: {labels: {app: full}}, spec: {containers: [{name: c, image: "w:1"}]}}
        ---
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: {name: full, namespace: full}
        spec:
          selector: {matchLabels: {app: dfull}}
          template: {metadata: {labels: {app: dfull}}, spec: {containers: [{name: c, image: "w:1"}]}}
        ---
        {apiVersion: batch/v1, kind: Job, metadata: {name: full, namespace: full}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "w:1"}]}}}}
  - at: 2m
    delete: statefulset/s
  - at: 3m
    delete: namespace/old
  - at: 4m
    patch: {target: pod/alone, merge: {spec: {activeDeadlineSeconds: 3000}}}
  - at: 4m10s
    label: {target: pod/alone, set: {some: thing}}
  - at: 4m20s
    patch: {target: pod/alone, merge: {spec: {activeDeadlineSeconds: 2000}}}
  - at: 6m
    delete: {target: deployment/web, cascade: foreground}
)";

const Folder& team() {
  static const Folder folder;
  static const Ran ran = [] {
    folder.write("team.yaml", kTeam);
    return folder.run("run team.yaml -o team.wt -q");
  }();
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  return folder;
}

}  // namespace

TEST_CASE("show takes kinds as kubectl does: categories, lists, short names, names of several kinds") {
  check_golden("show_all_kinds.txt", team().run("show team.wt all --at 2m").out);
  check_golden("show_sc.txt", team().run("show team.wt sc").out);
  struct Row {
    const char* arguments;
    std::vector<const char*> shown;
  };
  const Row rows[] = {
      {"show team.wt all,pvc,netpol", {"pod/", "persistentvolumeclaim/later", "networkpolicy.networking.k8s.io/quiet"}},
      {"show team.wt pods,events --at 2m", {"NAME  ", "pod/s-0", "LAST SEEN", "Successfully assigned"}},
      {"show team.wt ep,svc --at 2m", {"endpoints/web", "ENDPOINTS", "service/web", "CLUSTER-IP"}},
      {"show team.wt ep -l app=web --at 2m", {"web"}},
      {"show team.wt netpol", {"quiet"}},
      {"show team.wt networkpolicies.networking.k8s.io quiet", {"quiet"}},
      {"show team.wt cj/never sts/s --at 2m -o name", {"cronjob.batch/never\nstatefulset.apps/s\n"}},
      {"show team.wt all,ep -o name --at 2m", {"daemonset.apps/d\n", "cronjob.batch/often\n", "endpoints/web\n"}},
      {"show team.wt deploy/web svc/web -o yaml --at 2m", {"kind: List", "kind: Deployment", "kind: Service"}},
      {"show team.wt pods,events -o json --at 2m", {"\"kind\": \"Pod\"", "\"reason\": \"Scheduled\""}},
  };
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = team().run(row.arguments);
    CHECK(ran.code == 0);
    CHECK(ran.err == "");
    for (const char* text : row.shown) CHECK_THAT(ran.out, Catch::Contains(text));
  }
  CHECK(team().run("show team.wt crd").err == "No resources found in default namespace.\n");
  CHECK(team().run("show team.wt ev -l app=web").err == "No events found in default namespace.\n");
  CHECK_THAT(team().run("show team.wt netpl").err, Catch::Contains("did you mean \"netpol\"?"));
  CHECK(team().run("show team.wt all web").code == 2);
}

TEST_CASE("why tells what an object waits for, whatever it is") {
  struct Row {
    const char *object, *at, *told;
  };
  const Row rows[] = {
      {"job/idle", "1m", "It is suspended: it makes no pods until its spec.suspend is false."},
      {"job/theirs", "1m", "Its spec.managedBy leaves it to example.com/x"},
      {"cronjob/never", "1m", "its schedule \"0 0 31 2 *\" names no moment within five years"},
      {"cronjob/often", "1m", "the next job is due at 5m."},
      {"pvc/later", "1m", "It waits for a pod that uses it: class fast"},
      {"pvc/lost", "1m", "There is no storage class nowhere"},
      {"pvc/bare", "1m", "it waits for a volume without a class that fits and that nobody claims"},
      {"full/quota/two", "2m", "It is full: 2 of 2 pods are used"},
      {"full/quota/two", "2m", "It allows no services.nodeports at all."},
      {"full/quota/two", "2m", "What it refused last"},
      {"namespace/old", "5m", "It is Terminating since 3m: nothing new can be made in it."},
      {"namespace/old", "5m", "1 config map (keep, held by example.com/hold)"},
      {"statefulset/s", "5m",
       "It is being deleted since 2m, and stays as long as it has the finalizer example.com/keep."},
      {"statefulset/s", "5m", "Why it is being deleted"},
      {"deployment/web", "6m0.1s", "and waits for its dependents to go first (foreground deletion)"},
  };
  for (const Row& row : rows) {
    const Ran ran = team().run(std::string("why team.wt ") + row.object + " --at " + row.at);
    INFO(row.object << "\n" << ran.out << ran.err);
    CHECK(ran.code == 0);
    std::string text = ran.out;  // lines are wrapped
    for (std::size_t at = 0; (at = text.find("\n  ", at)) != std::string::npos;) {
      const std::size_t end = text.find_first_not_of(" \n", at);
      text.replace(at, end - at, " ");
    }
    CHECK_THAT(text, Catch::Contains(row.told));
  }
}

TEST_CASE("what a quota refuses comes first, for every kind that makes pods") {
  for (const char* object : {"deployment/a", "statefulset/full", "daemonset/full", "job/full"}) {
    const Ran ran = team().run(std::string("why team.wt ") + object + " -n full --at 2m");
    INFO(ran.out << ran.err);
    const std::size_t first = ran.out.find("\n  It"), told = ran.out.find("cannot make its pods: ");
    REQUIRE(told != std::string::npos);
    CHECK(ran.out.find('\n', first + 1) > told);
    const std::size_t why = ran.out.find("\nWhy it cannot make its pods\n");
    REQUIRE(why != std::string::npos);
    CHECK(ran.out.find("\nWhy") == why);
    CHECK_THAT(ran.out, Catch::Contains("exceeded quota: two"));
  }
}

TEST_CASE("a pod that goes before its owner is not said to have lost it") {
  const std::string log = team().run("log team.wt --kind PodDeletionStarted --from 6m --to 7m").out;
  CHECK_THAT(log, Catch::Contains("is being deleted before its replica set, which waits for it (foreground deletion)"));
  CHECK_THAT(log, !Catch::Contains("its owner is gone"));
  // s had a finalizer, which kept its pod from nothing but the garbage collector.
  CHECK_THAT(team().run("why team.wt pod/s-0").out, !Catch::Contains("its owner is gone"));
}

TEST_CASE("documents have what Kubernetes fills in") {
  const auto yaml = [](const std::string& what) { return team().run("show team.wt " + what + " -o yaml --at 5m").out; };
  for (const char* without : {"node node-1", "pvc later", "svc web", "ns full", "sc fast", "hpa web"})
    CHECK_THAT(yaml(without), !Catch::Contains("  generation:"));
  for (const char* with : {"deploy web", "ds d", "cj often", "netpol quiet"})
    CHECK_THAT(yaml(with), Catch::Contains("  generation: 1\n"));
  CHECK_THAT(yaml("sts s"), Catch::Contains("  generation: 2\n"));  // the beginning of its deletion counts
  const std::string pod = yaml("pods -l app=web");
  for (const char* text : {"    generateName: web-", "    generation: 1\n", "    observedGeneration: 1\n",
                           "      observedGeneration: 1\n", "    preemptionPolicy: PreemptLowerPriority\n"})
    CHECK_THAT(pod, Catch::Contains(text));
  // Changes of a pod's spec count, those of its labels do not, its deletion does.
  CHECK_THAT(yaml("pod alone"), Catch::Contains("  generation: 3\n") && Catch::Contains("  observedGeneration: 3\n"));
  CHECK_THAT(team().run("show team.wt pods -l app=web -o yaml --at 6m0.5s").out,
             Catch::Contains("    generation: 2\n"));
  CHECK_THAT(yaml("endpointslices"), Catch::Contains("    generateName: web-\n"));
  CHECK_THAT(team().run("show team.wt jobs -l job-name=idle").out, Catch::Contains("idle"));
}
