// Every kind of fault at every moment of a small run: whenever it strikes, nothing unsound happens, and once it has
// healed the application is whole again.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "engine/log/memory_journal.h"
#include "sim/scenario/simulation.h"

using namespace wavetank;

namespace {

/// Three nodes, one workload with a budget, a rolling update at 40 s, a scale-up at 80 s; the fault strikes at `at_s`.
std::string scenario_with(const std::string& fault, int at_s) {
  std::vector<std::pair<int, std::string>> steps = {{40, "set-image: {target: deployment/web, image: \"web:2\"}"},
                                                    {80, "scale: {target: deployment/web, replicas: 5}"},
                                                    {at_s, "fail: " + fault}};
  std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string timeline;
  for (const auto& [when_s, what] : steps) timeline += fmt::format("  - {{at: {}s, {}}}\n", when_s, what);
  return fmt::format(R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {{name: every-moment}}
cluster:
  nodes:
    - {{name: "n{{n}}", count: 3, zones: [a, b, c], capacity: {{cpu: "4", memory: 8Gi}}}}
manifests:
  - inline:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: web}}
        spec:
          replicas: 3
          selector: {{matchLabels: {{app: web}}}}
          template:
            metadata: {{labels: {{app: web}}}}
            spec:
              terminationGracePeriodSeconds: 5
              containers:
                - name: web
                  image: "web:1"
                  resources: {{requests: {{cpu: 200m}}}}
                  readinessProbe: {{httpGet: {{port: 80}}, periodSeconds: 2}}
      - {{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}}}
      - {{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, spec: {{maxUnavailable: 1, selector: {{matchLabels: {{app: web}}}}}}}}
until: 30m
timeline:
{0}expectations:
  - {{name: whole again, at: 30m, expr: deployment/web complete and deployment/web availableReplicas == 5 and service/web endpoints == 5}}
  - {{name: all nodes are back, at: 30m, expr: nodes ready == 3}}
)",
                     timeline);
}

}  // namespace

TEST_CASE("Every fault at every moment") {
  const char* faults[] = {
      "{kind: node-crash, node: n1, duration: 30s}",
      "{kind: node-crash, node: n1, duration: 8m}",
      "{kind: zone-outage, zone: b, duration: 7m}",
      "{kind: kubelet-stop, node: n2, duration: 45s}",
      "{kind: kubelet-stop, node: n2, duration: 9m}",
      "{kind: image-unavailable, image: \"web:2\", duration: 3m}",
      "{kind: image-never-ready, image: \"web:2\", duration: 3m}",
  };
  for (const char* fault : faults) {
    for (int at_s = 1; at_s <= 120; at_s += 4) {
      const std::string text = scenario_with(fault, at_s);
      INFO(text);
      scenario::MemoryFiles files;
      files.put("every-moment.yaml", text);
      const auto loaded = scenario::load_scenario("every-moment.yaml", files);
      INFO((loaded.has_value() ? "" : base::to_text(loaded.error())));
      REQUIRE(loaded.has_value());
      log::MemoryJournal journal;
      scenario::Simulation simulation(*loaded, {}, journal);
      const auto result = simulation.run();
      REQUIRE(result.has_value());
      for (const scenario::ExpectationResult& e : result->expectations) {
        INFO(e.name << ": " << e.detail);
        CHECK(e.outcome == scenario::Verdict::Outcome::Kept);
      }
      CHECK(fmt::format("{}", fmt::join(state::check_invariants(simulation.control_plane().state()), "\n")).empty());
    }
  }
}
