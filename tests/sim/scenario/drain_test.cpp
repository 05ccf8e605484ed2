// The flags of kubectl drain, what it says when it may not, and that the next node has its turn all the same.
#include <catch2/catch.hpp>

#include "engine/log/memory_journal.h"
#include "sim/scenario/simulation.h"
#include "tests/sim/scenario/support.h"

using namespace wavetank;
using namespace wavetank::scenario;
using namespace wavetank::scenario::test;

namespace {

/// n1 has one pod of each sort: of a DaemonSet, of a Deployment, of nobody, of nobody with an emptyDir volume, and one
/// of nobody that has ended; n2 a pod of the Deployment and one of the DaemonSet.
constexpr const char* kCluster = R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: drains}
until: 4m
cluster: {nodes: [{name: n1}, {name: n2}]}
manifests:
  - inline: |
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: agent}
      spec:
        selector: {matchLabels: {app: agent}}
        template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: "a:1"}]}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 2
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            topologySpreadConstraints:
              - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
            containers: [{name: c, image: "w:1"}]
PODSexpectations: []
timeline:
  - at: 1m
    drain: DRAIN
)";
constexpr const char* kBare = R"(      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: bare}
      spec: {nodeName: n1, terminationGracePeriodSeconds: 50, containers: [{name: c, image: "b:1"}]}
)";
constexpr const char* kScratch = R"(      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: scratch}
      spec: {nodeName: n1, volumes: [{name: tmp, emptyDir: {}}], containers: [{name: c, image: "b:1"}]}
)";
constexpr const char* kBudget = R"(      ---
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata: {name: web}
      spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
)";

struct Drained {
  std::string requests;               ///< What was typed and said, one line each.
  std::string gone;                   ///< "bare 1m0s/50s": what was asked to go, when, with which grace; in that order.
  std::vector<std::string> cordoned;  ///< At the end.
};

std::string replaced(std::string text, std::string_view what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

Drained drain(const std::string& options, const std::string& pods = "") {
  MemoryFiles files;
  add_files(files, replaced(replaced(kCluster, "PODS", pods), "DRAIN", options));
  auto loaded = load_scenario("dir/s.yaml", files);
  INFO(errors_of(loaded));
  REQUIRE(loaded.has_value());
  log::MemoryJournal journal;
  Simulation simulation(*loaded, {}, journal);
  REQUIRE(simulation.run().has_value());
  const state::ClusterView view = simulation.control_plane().view(base::SimTime{} + base::minutes(4));
  Drained out;
  REQUIRE(journal.scan(1, journal.position().seq, [&](const event::Event& e) {
    const std::string at = base::format_duration(e.time - base::SimTime{});
    if (const auto* request = std::get_if<event::RequestMade>(&e.payload)) {
      if (request->text.starts_with("kubectl drain")) out.requests += request->text + "\n";
    } else if (const auto* d = std::get_if<event::PodDeletionStarted>(&e.payload)) {
      const std::string name(view.pod_name(d->pod));
      out.gone += (out.gone.empty() ? "" : ", ") + name.substr(0, name.find('-')) + " " + at + "/" +
                  std::to_string(d->grace_seconds) + "s";
    }
    return true;
  }));
  for (const char* node : {"n1", "n2"}) {
    if (view.node(view.find(model::Kind::Node, "", node).as<event::NodeId>()).spec.unschedulable)
      out.cordoned.emplace_back(node);
  }
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("by default a drain leaves daemon pods and takes all others") {
  const Drained d = drain("n1", std::string(kBare) + kScratch);
  CHECK(d.requests == "kubectl drain n1 --ignore-daemonsets --delete-emptydir-data --force\n");
  CHECK(d.gone == "bare 1m/50s, scratch 1m/30s, web 1m/30s");
  CHECK(d.cordoned == Names{"n1"});
}

TEST_CASE(
    "what its flags do not let go makes a drain fail, with all objections, and nobody goes; the node stays cordoned") {
  struct Row {
    const char* options;
    const char* pods;
    const char* flags;
    const char* error;
  };
  const std::string both = std::string(kBare) + kScratch;
  for (const Row& r : {
           Row{"{node: n1, force: false}", kBare, "--ignore-daemonsets --delete-emptydir-data",
               "cannot delete Pods that declare no controller (use --force to override): default/bare"},
           Row{"{node: n1, deleteEmptydirData: false}", kScratch, "--ignore-daemonsets --force",
               "cannot delete Pods with local storage (use --delete-emptydir-data to override): default/scratch"},
           Row{"{node: n1, force: false, deleteEmptydirData: false}", both.c_str(), "--ignore-daemonsets",
               "cannot delete Pods that declare no controller (use --force to override): default/bare, cannot delete "
               "Pods with local storage (use --delete-emptydir-data to override): default/scratch"},
       }) {
    INFO(r.options);
    const Drained d = drain(r.options, r.pods);
    CHECK(d.requests == std::string("kubectl drain n1 ") + r.flags +
                            "\nkubectl drain n1: error: unable to drain node \"n1\" due to error: [" + r.error + "]\n");
    CHECK(d.gone.empty());
    CHECK(d.cordoned == Names{"n1"});
  }
  const Drained d = drain("{node: n1, ignoreDaemonsets: false}");
  CHECK(d.requests.find("error: unable to drain node \"n1\" due to error: [cannot delete DaemonSet-managed Pods (use "
                        "--ignore-daemonsets to ignore): default/agent-") != std::string::npos);
  CHECK(d.gone.empty());
}

TEST_CASE("a node that cannot be drained does not keep the next from its turn") {
  const Drained d = drain("{node: [n1, n2], force: false}", kBare);
  CHECK(d.requests.find("unable to drain node \"n1\"") != std::string::npos);
  CHECK(d.requests.find("unable to drain node \"n2\"") == std::string::npos);
  CHECK(d.gone == "web 1m/30s");
  CHECK(d.cordoned == Names{"n1", "n2"});
}

TEST_CASE("a drain that waits for a budget gives up after its timeout; one that does not evict asks no budget") {
  const Drained waits = drain("{node: n1, timeout: 30s}", kBudget);
  CHECK(waits.gone.empty());
  CHECK(waits.requests.find("kubectl drain n1 --ignore-daemonsets --delete-emptydir-data --force --timeout=30s\n") !=
        std::string::npos);
  CHECK(waits.requests.find("kubectl drain n1: error: global timeout reached\n") != std::string::npos);
  CHECK(drain("{node: n1, disableEviction: true}", kBudget).gone == "web 1m/30s");
  CHECK(drain("{node: n1, disableEviction: true, gracePeriod: 5}", kBare).gone == "bare 1m/5s, web 1m/5s");
}
