#include "tests/swarm/small_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/prng.h"

namespace wavetank::swarm {
namespace {

/// Draws in a row from one stream.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : stream_(seed, "swarm") {}
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, n_++); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  const char* pick(std::initializer_list<const char*> of) { return of.begin()[below(of.size())]; }

 private:
  base::Stream stream_;
  std::uint64_t n_ = 0;
};

enum class Load : std::uint8_t { Deployment, StatefulSet, DaemonSet, Job };

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : seed_(seed), dice_(seed) {}

  std::string make() {
    nodes_ = dice_.between(3, 6);
    cluster();
    out_ += "manifests:\n  - inline:\n";
    if (dice_.chance(60))
      out_ +=
          "      - {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: disk}, provisioner: "
          "disk.example.com, volumeBindingMode: WaitForFirstConsumer}\n";
    disks_ = out_.find("kind: StorageClass") != std::string::npos;
    const std::int64_t count = dice_.between(1, 3);
    for (std::int64_t i = 0; i < count; ++i) workload(static_cast<int>(i));
    if (dice_.chance(20)) quota();
    out_ += fmt::format("until: {}m\ntimeline:\n", kEndMinutes);
    std::vector<std::pair<std::int64_t, std::string>> steps;
    for (std::int64_t n = dice_.between(1, 6); n > 0; --n) {
      const std::int64_t at_s = dice_.between(5, 300);
      steps.emplace_back(at_s, step(at_s));
    }
    std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [at_s, text] : steps) out_ += fmt::format("  - {{at: {}s, {}}}\n", at_s, text);
    // Whatever was cordoned is let in again when everything has healed.
    for (std::int64_t n = 1; n <= nodes_; ++n)
      out_ += fmt::format("  - {{at: {}m, uncordon: {{node: n{}}}}}\n", kHealedAfterMinutes, n);
    return out_;
  }

 private:
  void cluster() {
    out_ = fmt::format(R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {{name: swarm-{0}}}
seed: {0}
cluster:
  nodes:
    - {{name: "n{{n}}", count: {1}, zones: [a, b], capacity: {{cpu: "8", memory: 16Gi, pods: "60"}}}}
)",
                       seed_, nodes_);
    if (dice_.chance(50)) out_ += "model: {world: {image.size: 20MB, app.ready_after: 1s}}\n";
  }

  // At most 3 workloads of 6 pods of 500m, and a daemon pod a node: half of 3 nodes of 8 cores.
  void workload(int number) {
    const std::uint64_t what = dice_.below(10);
    const Load load = what < 4   ? Load::Deployment
                      : what < 7 ? Load::StatefulSet
                      : what < 8 ? Load::DaemonSet
                                 : Load::Job;
    loads_.push_back(load);
    switch (load) {
      case Load::Deployment:
        return deployment(number);
      case Load::StatefulSet:
        return stateful_set(number);
      case Load::DaemonSet:
        return daemon_set(number);
      case Load::Job:
        return job(number);
    }
  }

  std::string pod(int number, const char* restart = "") {
    std::string out = fmt::format(
        "{{metadata: {{labels: {{app: w{0}}}}}, spec: {{{1}terminationGracePeriodSeconds: {2}, containers: [{{name: c, "
        "image: \"app{0}:1\", resources: {{requests: {{cpu: {3}m, memory: {4}Mi}}}}",
        number, restart, dice_.between(0, 40), dice_.between(50, 500), dice_.between(16, 512));
    if (*restart == '\0' && dice_.chance(40)) out += ", readinessProbe: {httpGet: {port: 80}, periodSeconds: 5}";
    return out;
  }

  void companions(int number, bool headless) {
    if (headless || dice_.chance(50))
      out_ += fmt::format(
          "      - {{apiVersion: v1, kind: Service, metadata: {{name: w{0}}}, spec: {{{1}selector: {{app: w{0}}}, "
          "ports: [{{port: 80}}]}}}}\n",
          number, headless ? "clusterIP: None, " : "");
    if (dice_.chance(50))
      out_ += fmt::format(
          "      - {{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: w{0}}}, spec: {{{1}, "
          "selector: {{matchLabels: {{app: w{0}}}}}}}}}\n",
          number, dice_.pick({"minAvailable: 1", "maxUnavailable: 1", "minAvailable: 50%"}));
  }

  void deployment(int number) {
    const bool surge = dice_.chance(70);
    const std::string rolling =
        fmt::format("{{rollingUpdate: {{maxSurge: {}, maxUnavailable: {}}}}}",
                    surge ? dice_.pick({"1", "25%", "2"}) : "0", surge ? dice_.pick({"0", "25%", "2"}) : "1");
    const std::string strategy = dice_.chance(15) ? "{type: Recreate}" : rolling;
    out_ += fmt::format(
        "      - {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: w{0}}}, spec: {{replicas: {1}, "
        "minReadySeconds: {2}, selector: {{matchLabels: {{app: w{0}}}}}, strategy: {3}, template: {4}}}]{5}}}}}}}}}\n",
        number, dice_.between(0, 6), dice_.chance(30) ? dice_.between(1, 20) : 0, strategy, pod(number),
        dice_.chance(30) ? fmt::format(", topologySpreadConstraints: [{{maxSkew: 1, topologyKey: "
                                       "topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway, "
                                       "labelSelector: {{matchLabels: {{app: w{}}}}}}}]",
                                       number)
                         : "");
    companions(number, false);
  }

  void stateful_set(int number) {
    const bool claims = disks_ && dice_.chance(50);
    out_ += fmt::format(
        "      - {{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: w{0}}}, spec: {{replicas: {1}, "
        "serviceName: w{0}, podManagementPolicy: {2}, selector: {{matchLabels: {{app: w{0}}}}}, template: "
        "{3}}}]}}}}{4}}}}}\n",
        number, dice_.between(0, 4), dice_.pick({"OrderedReady", "Parallel"}), pod(number),
        claims ? ", volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], "
                 "storageClassName: disk, resources: {requests: {storage: 1Gi}}}}]"
               : "");
    companions(number, true);
  }

  void daemon_set(int number) {
    out_ += fmt::format(
        "      - {{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: w{0}}}, spec: {{selector: {{matchLabels: "
        "{{app: w{0}}}}}, updateStrategy: {{rollingUpdate: {1}}}, template: {2}}}]}}}}}}}}\n",
        number, dice_.pick({"{maxUnavailable: 1}", "{maxUnavailable: 50%}", "{maxSurge: 1, maxUnavailable: 0}"}),
        pod(number));
  }

  void job(int number) {
    const bool indexed = dice_.chance(40);
    out_ += fmt::format(
        "      - {{apiVersion: batch/v1, kind: Job, metadata: {{name: w{0}}}, spec: {{completions: {1}, parallelism: "
        "{2}, backoffLimit: 50, completionMode: {3}, template: {4}}}]}}}}}}}}\n",
        number, dice_.between(1, 6), dice_.between(1, 4), indexed ? "Indexed" : "NonIndexed",
        pod(number, dice_.chance(50) ? "restartPolicy: Never, " : "restartPolicy: OnFailure, "));
    const std::size_t model = out_.find("model: {world: {");
    const std::string ends = fmt::format("\"app.exits_after[app{}:*]\": {}s", number, dice_.between(2, 60));
    if (model == std::string::npos) {
      out_.insert(out_.find("manifests:"), "model: {world: {" + ends + "}}\n");
    } else {
      out_.insert(model + std::string("model: {world: {").size(), ends + ", ");
    }
  }

  void quota() {
    out_ += fmt::format(
        "      - {{apiVersion: v1, kind: ResourceQuota, metadata: {{name: room}}, spec: {{hard: {{pods: \"{}\"}}}}}}\n",
        dice_.between(24, 40));
  }

  std::string step(std::int64_t at_s) {
    const auto number = static_cast<int>(dice_.below(loads_.size()));
    const Load load = loads_[static_cast<std::size_t>(number)];
    const char* kind = load == Load::Deployment    ? "deployment"
                       : load == Load::StatefulSet ? "statefulset"
                       : load == Load::DaemonSet   ? "daemonset"
                                                   : "job";
    // Faults heal before kHealedAfterMinutes.
    const std::int64_t lasts = dice_.between(10, kHealedAfterMinutes * 60 - at_s - 5);
    const std::int64_t node = dice_.between(1, nodes_);
    const bool rolls = load != Load::Job;
    switch (dice_.below(11)) {
      case 0:
        if (load == Load::Deployment || load == Load::StatefulSet)
          return fmt::format("scale: {{target: {}/w{}, replicas: {}}}", kind, number, dice_.between(0, 6));
        [[fallthrough]];
      case 1:
        if (rolls) return fmt::format("set-image: {{target: {0}/w{1}, image: \"app{1}:2\"}}", kind, number);
        [[fallthrough]];
      case 2:
        return fmt::format("fail: {{kind: node-crash, node: n{}, duration: {}s}}", node, lasts);
      case 3:
        return fmt::format("fail: {{kind: zone-outage, zone: {}, duration: {}s}}", dice_.pick({"a", "b"}), lasts);
      case 4:
        return fmt::format("fail: {{kind: kubelet-stop, node: n{}, duration: {}s}}", node, lasts);
      case 5:
        return fmt::format("fail: {{kind: image-unavailable, image: \"app{}:*\", duration: {}s}}", number, lasts);
      case 6:
        if (rolls) return fmt::format("rollout: {{restart: {}/w{}}}", kind, number);
        [[fallthrough]];
      case 7:
        return fmt::format("delete: \"pod/w{}-*\"", number);
      case 8:
        return fmt::format("fail: {{kind: network-partition, node: n{}, duration: {}s}}", node, lasts);
      case 9:
        return fmt::format("fail: {{kind: {}, duration: {}s}}",
                           dice_.pick({"api-server-outage", "controller-manager-outage", "scheduler-outage"}),
                           std::min<std::int64_t>(lasts, 200));
      default:
        return fmt::format("drain: {{node: n{}}}", node);
    }
  }

  std::uint64_t seed_;
  Dice dice_;
  std::string out_;
  std::int64_t nodes_ = 0;
  bool disks_ = false;
  std::vector<Load> loads_;
};

}  // namespace

std::string small_world(std::uint64_t seed) { return Maker(seed).make(); }

}  // namespace wavetank::swarm
