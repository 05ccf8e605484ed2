// ConfigMaps, Secrets and readiness gates: what the node agent waits for, and when it goes on. Times in seconds.
#include "engine/state/pod_status.h"
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

namespace {

const char* kConfig = "{apiVersion: v1, kind: ConfigMap, metadata: {name: app}, data: {k: v}}";
const char* kSecret = "{apiVersion: v1, kind: Secret, metadata: {name: app}, stringData: {k: v}}";

/// What the node agent said of pod 0 as events of Kubernetes.
std::string said(const Lab& lab) {
  std::string out;
  for (const event::Event& e : lab.events)
    if (const auto* r = std::get_if<event::EventRecorded>(&e.payload))
      out += fmt::format("{:g}s {}: {}\n", static_cast<double>(e.time.ns) / 1e9, r->reason, r->message);
  return out;
}

std::string waits(const Lab& lab) {
  const state::ShownContainer shown = state::shown_container(lab.view(), event::PodId(0U), 0);
  return std::string(shown.waiting) + (shown.message.empty() ? "" : ": " + shown.message);
}

}  // namespace

TEST_CASE("A container whose environment cannot be made waits with its image pulled, and says for what") {
  struct Row {
    const char* environment;
    const char* there;  ///< An object that is there.
    const char* waits;
  };
  for (const Row row : {
           Row{"envFrom: [{configMapRef: {name: app}}]", nullptr,
               "CreateContainerConfigError: configmap \"app\" not found"},
           Row{"envFrom: [{secretRef: {name: app}}]", kConfig, "CreateContainerConfigError: secret \"app\" not found"},
           Row{"env: [{name: A, valueFrom: {configMapKeyRef: {name: app, key: other}}}]", kConfig,
               "CreateContainerConfigError: couldn't find key other in ConfigMap default/app"},
           Row{"env: [{name: A, valueFrom: {secretKeyRef: {name: app, key: other}}}]", kSecret,
               "CreateContainerConfigError: couldn't find key other in Secret default/app"},
           Row{"env: [{name: A, valueFrom: {configMapKeyRef: {name: app, key: k}}}]", kConfig, ""},
           Row{"envFrom: [{configMapRef: {name: app, optional: true}}]", nullptr, ""},
           Row{"env: [{name: A, valueFrom: {secretKeyRef: {name: app, key: other, optional: true}}}]", kSecret, ""},
           Row{"env: [{name: A, value: b}]", nullptr, ""},
       }) {
    INFO(row.environment);
    Lab lab;
    if (row.there != nullptr) lab.apply(row.there);
    lab.pod("p", lab.node("n1"), fmt::format("{{name: c, image: 'a:1', {}}}", row.environment));
    lab.until(30);
    CHECK(waits(lab) == row.waits);
    CHECK(lab.view().pod_ready(event::PodId(0U)) == (*row.waits == 0));
  }
}

TEST_CASE("It goes on at a sync, every 10 s from the first try, when the object has come") {
  Lab lab;
  lab.pod("p", lab.node("n1"),
          "{name: c, image: 'a:1', envFrom: [{configMapRef: {name: app}}]}, {name: d, image: 'a:1'}");
  lab.until(17);
  lab.apply(kConfig);
  lab.until(60);
  CHECK(lab.lines() == Lines{"0s node n1 KubeletReady", "3s pulled p/c in 2.5s", "3s waiting p/c ContainerCreating 10s",
                             "3.2s started p/d", "3.2s ready p/d", "23.2s started p/c", "23.2s Running p",
                             "23.2s ready p"});
  CHECK(lab.why(event::EventKind::ContainerStarted) == "ContainerStarted < ObjectCreated");
}

TEST_CASE("A volume that cannot be mounted keeps the sandbox back: FailedMount, tried again after 0.5 s, 1 s, 2 s …") {
  struct Row {
    const char* volume;
    const char* why;  ///< "": it is mounted.
  };
  for (const Row row : {
           Row{"configMap: {name: none}", "configmap \"none\" not found"},
           Row{"secret: {secretName: none}", "secret \"none\" not found"},
           Row{"projected: {sources: [{secret: {name: none}}]}", "secret \"none\" not found"},
           Row{"configMap: {name: app, items: [{key: x, path: x}]}", "configmap references non-existent config key: x"},
           Row{"configMap: {name: none, optional: true}", ""},
           Row{"configMap: {name: kube-root-ca.crt}", ""},
           Row{"configMap: {name: app}", ""},
           Row{"emptyDir: {}", ""},
       }) {
    INFO(row.volume);
    Lab lab;
    lab.apply(kConfig);
    lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}", fmt::format(", volumes: [{{name: v, {}}}]", row.volume));
    lab.until(30);
    const bool mounted = *row.why == 0;
    CHECK(said(lab) ==
          (mounted ? "" : fmt::format("0s FailedMount: MountVolume.SetUp failed for volume \"v\" : {}\n", row.why)));
    CHECK(lab.view().pod_ready(event::PodId(0U)) == mounted);
    if (!mounted) CHECK(waits(lab) == "ContainerCreating");
  }

  Lab lab;
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}", ", volumes: [{name: v, configMap: {name: app}}]");
  lab.until(4);  // tries at 0.5, 1.5, 3.5, 7.5
  lab.apply(kConfig);
  lab.until(30);
  CHECK(lab.lines() == Lines{"0s node n1 KubeletReady", "10.5s pulled p/c in 2.5s", "10.7s started p/c",
                             "10.7s Running p", "10.7s ready p"});
}

TEST_CASE("A Secret of another namespace helps nobody; who was deleted meanwhile is not started") {
  Lab lab;
  lab.apply("{apiVersion: v1, kind: Namespace, metadata: {name: other}}");
  const auto pod = lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1', envFrom: [{secretRef: {name: app}}]}");
  lab.until(20);
  lab.apply("{apiVersion: v1, kind: Secret, metadata: {name: app, namespace: other}}");
  lab.until(40);
  CHECK_FALSE(lab.view().pod_ready(pod));
  lab.remove(pod);
  lab.until(41);
  lab.apply(kSecret);
  lab.lines();
  lab.until(90);
  CHECK(lab.lines().empty());
}

TEST_CASE("Readiness gates: Ready follows their conditions while the containers stay ready") {
  Lab lab;
  const auto pod =
      lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1'}", ", readinessGates: [{conditionType: a.io/x}]");
  const auto patch = [&](const char* status) {
    REQUIRE(lab.wish({0, command::PatchObject{event::Ref(pod),
                                              fmt::format("{{\"status\":{{\"conditions\":[{{\"type\":\"a.io/x\","
                                                          "\"status\":\"{}\"}}]}}}}",
                                                          status),
                                              0}}));
  };
  lab.until(10);
  CHECK(lab.lines() == Lines{"0s node n1 KubeletReady", "3s pulled p/c in 2.5s", "3.2s started p/c", "3.2s Running p",
                             "3.2s ready p/c"});
  patch("False");
  lab.until(20);
  CHECK(lab.lines().empty());
  patch("True");
  lab.until(30);
  CHECK(lab.lines() == Lines{"20s ready p"});
  CHECK(lab.why(event::EventKind::PodReadyChanged) == "PodReadyChanged < ObjectUpdated");
  patch("False");
  lab.until(40);
  CHECK(lab.lines() == Lines{"30s unready p"});
  CHECK(lab.view().container(pod, 0).ready);
}

TEST_CASE("A gate that is open already does not hold the pod up, nor does one make a pod ready that is not") {
  Lab lab;
  const auto pod =
      lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1', readinessProbe: {httpGet: {port: 80}, periodSeconds: 5}}",
              ", readinessGates: [{conditionType: a.io/x}]");
  REQUIRE(lab.wish({0, command::PatchObject{event::Ref(pod),
                                            R"({"status":{"conditions":[{"type":"a.io/x","status":"True"}]}})", 0}}));
  lab.until(4);
  CHECK_FALSE(lab.view().pod_ready(pod));
  lab.until(60);
  CHECK(lab.lines().back() == "8.2s ready p");
}

TEST_CASE("Who waits for a ConfigMap waits on after a snapshot") {
  Lab lab;
  lab.pod("p", lab.node("n1"), "{name: c, image: 'a:1', envFrom: [{configMapRef: {name: app}}]}");
  lab.until(5);
  std::vector<std::uint8_t> bytes;
  lab.world.save(bytes);
  REQUIRE(lab.world.load(bytes.data(), bytes.size()));
  lab.apply(kConfig);
  lab.until(60);
  CHECK(lab.lines().back() == "13.2s ready p");
}
