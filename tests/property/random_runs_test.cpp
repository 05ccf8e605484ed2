// Random clusters, workloads and faults, drawn from a seed. First a safety phase in which what must never happen must
// not happen; then the faults heal and everything that fits must run. A failure prints the scenario, which `wavetank
// run` runs again.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <cstdlib>

#include "engine/base/prng.h"
#include "engine/log/memory_journal.h"
#include "engine/log/replay.h"
#include "sim/scenario/simulation.h"

using namespace wavetank;

namespace {

/// Draws in a row from one stream.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : stream_(seed, "random-runs") {}
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, n_++); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  template <class T>
  T pick(std::initializer_list<T> of) {
    return of.begin()[below(of.size())];
  }

 private:
  base::Stream stream_;
  std::uint64_t n_ = 0;
};

std::string deployment(Dice& dice, int number) {
  const std::int64_t replicas = dice.between(0, 6);
  const bool surge = dice.chance(70);
  std::string out =
      fmt::format(R"(      - apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: d{0}}}
        spec:
          replicas: {1}
          minReadySeconds: {2}
          selector: {{matchLabels: {{app: d{0}}}}}
          strategy: {3}
          template:
            metadata: {{labels: {{app: d{0}}}}}
            spec:
              terminationGracePeriodSeconds: {4}
              containers:
                - name: c
                  image: "app{0}:1"
                  resources: {{requests: {{cpu: {5}m, memory: {6}Mi}}}}
)",
                  number, replicas, dice.chance(30) ? dice.between(1, 20) : 0,
                  dice.chance(15) ? "{type: Recreate}"
                                  : fmt::format("{{rollingUpdate: {{maxSurge: {}, maxUnavailable: {}}}}}",
                                                surge ? "1" : "0", surge ? dice.pick({"0", "25%", "2"}) : "1"),
                  dice.between(0, 40), dice.between(50, 900), dice.between(16, 512));
  if (dice.chance(50))
    out += "                  readinessProbe: {httpGet: {port: 80}, periodSeconds: 5, initialDelaySeconds: 1}\n";
  if (dice.chance(40))
    out += fmt::format(
        "              topologySpreadConstraints:\n                - {{maxSkew: 1, topologyKey: "
        "topology.kubernetes.io/zone, "
        "whenUnsatisfiable: {}, labelSelector: {{matchLabels: {{app: d{}}}}}}}\n",
        dice.pick({"DoNotSchedule", "ScheduleAnyway"}), number);
  if (dice.chance(40))
    out += fmt::format(
        "      - {{apiVersion: v1, kind: Service, metadata: {{name: d{0}}}, spec: {{selector: {{app: d{0}}}, ports: "
        "[{{port: 80}}]}}}}\n",
        number);
  if (dice.chance(40))
    out += fmt::format(
        "      - {{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: d{0}}}, spec: {{{1}, selector: "
        "{{matchLabels: {{app: d{0}}}}}}}}}\n",
        number, dice.pick({"minAvailable: 1", "maxUnavailable: 1", "minAvailable: 50%"}));
  return out;
}

std::string step(Dice& dice, int deployments, std::int64_t nodes, std::int64_t at_s) {
  const auto d = dice.below(static_cast<std::uint64_t>(deployments));
  switch (dice.below(9)) {
    case 0:
      return fmt::format("  - {{at: {}s, scale: {{target: deployment/d{}, replicas: {}}}}}\n", at_s, d,
                         dice.between(0, 8));
    case 1:
      return fmt::format("  - {{at: {}s, set-image: {{target: deployment/d{}, image: \"app{}:2\"}}}}\n", at_s, d, d);
    case 2:
      return fmt::format("  - {{at: {}s, fail: {{kind: node-crash, node: n{}, duration: {}s}}}}\n", at_s,
                         dice.between(1, nodes), dice.between(20, 700));
    case 3:
      return fmt::format("  - {{at: {}s, fail: {{kind: zone-outage, zone: {}, duration: {}s}}}}\n", at_s,
                         dice.pick({"a", "b"}), dice.between(20, 700));
    case 4:
      return fmt::format("  - {{at: {}s, fail: {{kind: kubelet-stop, node: n{}, duration: {}s}}}}\n", at_s,
                         dice.between(1, nodes), dice.between(20, 700));
    case 5:
      return fmt::format("  - {{at: {}s, fail: {{kind: container-crash, workload: deployment/d{}, count: 1}}}}\n", at_s,
                         d);
    case 6:
      return fmt::format("  - {{at: {}s, fail: {{kind: image-unavailable, image: \"app{}:2\", duration: {}s}}}}\n",
                         at_s, d, dice.between(60, 600));
    case 7:
      return fmt::format("  - {{at: {}s, rollout: {{restart: deployment/d{}}}}}\n", at_s, d);
    default:
      return fmt::format("  - {{at: {}s, drain: {{node: n{}}}}}\n  - {{at: {}s, uncordon: {{node: n{}}}}}\n", at_s, 1,
                         at_s + 60, 1);
  }
}

std::string random_scenario(std::uint64_t seed) {
  Dice dice(seed);
  const std::int64_t nodes = dice.between(2, 8);
  const int deployments = static_cast<int>(dice.between(1, 5));
  std::string text = fmt::format(R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {{name: random-{}}}
seed: {}
cluster:
  nodes:
    - {{name: "n{{n}}", count: {}, zones: [a, b], capacity: {{cpu: "8", memory: 16Gi, pods: "110"}}}}
manifests:
  - inline:
)",
                                 seed, seed, nodes);
  for (int i = 0; i < deployments; ++i) text += deployment(dice, i);
  text += "until: 60m\ntimeline:\n";
  std::int64_t at = 30;
  for (std::int64_t n = dice.between(1, 10); n > 0; --n) {
    text += step(dice, deployments, nodes, at);
    at += dice.between(61, 200);
  }
  return text;
}

/// What must hold after every event; the dear checks now and then.
class Safety final : public state::Observer {
 public:
  void observe(const event::Event& event, const state::ClusterView& view) override {
    if (event.cause >= event.seq) broken.push_back(fmt::format("event {} is caused by {}", event.seq, event.cause));
    if (event.seq % 251 != 0) return;
    for (std::string& text : state::check_invariants(view.state()))
      broken.push_back(fmt::format("after event {}: {}", event.seq, text));
  }
  std::vector<std::string> broken;
};

std::uint64_t runs() {
  const char* given = std::getenv("WAVETANK_RANDOM_RUNS");
  return given == nullptr ? 60 : std::strtoull(given, nullptr, 10);
}

}  // namespace

TEST_CASE("Random runs: safe at every moment, whole again in the end, and the same again") {
  for (std::uint64_t seed = 1; seed <= runs(); ++seed) {
    const std::string text = random_scenario(seed);
    INFO(text);
    scenario::MemoryFiles files;
    files.put("random.yaml", text);
    const auto loaded = scenario::load_scenario("random.yaml", files);
    INFO((loaded.has_value() ? "" : base::to_text(loaded.error())));
    REQUIRE(loaded.has_value());
    log::MemoryJournal journal;
    scenario::Simulation simulation(*loaded, {}, journal);
    Safety safety;
    simulation.add_observer(safety);
    const auto result = simulation.run();
    REQUIRE(result.has_value());
    CHECK(fmt::format("{}", fmt::join(safety.broken, "\n")).empty());

    // Liveness: an hour is long after the last fault has healed. The cluster has room for all: at most 5 × 8 pods of
    // 900m on 2 × 8 cpu would not fit, so what is pending must be unschedulable for want of room or spread, and nothing
    // else may be unfinished.
    const state::ClusterState& end = simulation.control_plane().state();
    const state::ClusterView view(end, result->time);
    for (std::uint32_t p = 0; p < end.pods.size(); ++p) {
      const event::PodId pod(p);
      if (!view.pod_alive(pod)) continue;
      INFO("pod " << view.pod_name(pod) << " on " << view.bare_name(event::Ref(view.pod_node(pod))));
      CHECK_FALSE(view.pod_terminating(pod));
      if (view.pod_node(pod).valid()) {
        CHECK(view.pod_ready(pod));
      } else {
        CHECK((view.pod_flags(pod) & state::kUnschedulable) != 0);
      }
    }
    for (const state::NodeRow& node : end.nodes) CHECK(node.conditions[0].status == event::ConditionStatus::True);

    // The journal is the run: folded it is the live state, run again it is the same journal.
    const auto verified = log::verify(journal, state::digest(end));
    INFO((verified.has_value() ? "" : base::to_text(verified.error())));
    CHECK(verified.has_value());
    log::MemoryJournal again;
    const auto repeated = scenario::re_execute(journal, again);
    REQUIRE(repeated.has_value());
    CHECK(repeated->position.fingerprint == result->position.fingerprint);
  }
}
