// Several profiles in one scheduler: one cache, one queue, each pod by its own profile.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/schedule/config.h"
#include "engine/schedule/explain.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;
using schedule_table::differences;

namespace {

schedule::Settings settings(const std::string& profiles, std::string_view globals = "") {
  const auto config = schedule::parse_scheduler_config(
      fmt::format("{{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, {} profiles: [{}]}}",
                  globals, profiles),
      "profiles");
  if (!config) FAIL(base::to_text(config.error()));
  schedule::Settings out{0, schedule::TieBreak::Name};
  config->apply_to(out);
  return out;
}

const std::string kPacker =
    "{schedulerName: packer, plugins: {score: {disabled: [{name: \"*\"}], enabled: [{name: NodeResourcesFit}]}}, "
    "pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}]}";

}  // namespace

TEST_CASE("Profiles: each pod is placed by the one it names, on what all have placed") {
  CHECK(differences(R"(
    node a
    node b
    placed old on b cpu=1 memory=1Gi
    pod spread cpu=1 memory=1Gi -> a
    pod packed1 cpu=1 memory=1Gi {schedulerName: packer} -> a
    pod packed2 cpu=1 memory=1Gi {schedulerName: packer} -> a
    pod spread2 cpu=1 memory=1Gi -> b
  )",
                    settings("{schedulerName: default-scheduler}, " + kPacker)) == "");
}

TEST_CASE("Profiles: what a filter left out of one lets through, the other keeps out") {
  CHECK(differences(R"(
    node a taint=gpu:NoSchedule
    pod p1 -> none: 1 node(s) had untolerated taint {gpu: }
    pod p2 {schedulerName: brave} -> a
    pod p3 cpu=9 {schedulerName: brave} -> none: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful
    pod p4 cpu=9 {schedulerName: meek, tolerations: [{key: gpu, operator: Exists}]} -> none: 0/1 nodes are available: 1 Insufficient cpu.
  )",
                    settings("{schedulerName: default-scheduler}, {schedulerName: brave, plugins: {filter: {disabled: "
                             "[{name: TaintToleration}]}, postFilter: {disabled: [{name: DynamicResources}]}}}, "
                             "{schedulerName: meek, plugins: {postFilter: {disabled: [{name: \"*\"}]}}}")) == "");
}

TEST_CASE("Profiles: resources may be ignored that are extended ones, and no others") {
  const std::string nothing =
      "{schedulerName: default-scheduler, plugins: {postFilter: {disabled: [{name: \"*\"}]}}, "
      "pluginConfig: [{name: NodeResourcesFit, args: {ignoredResources: [hugepages-2Mi, "
      "example.com/fpga], ignoredResourceGroups: [vendor.com, hugepages-1Gi]}}]}";
  schedule_table::Cluster c(settings(nothing));
  c.line("node a");
  const auto attempt = [&](const std::string& name, const std::string& resource) {
    c.create(
        fmt::format("{{apiVersion: v1, kind: Pod, metadata: {{name: {0}, namespace: default}}, spec: {{containers: "
                    "[{{name: c, image: 'app:1', resources: {{requests: {{cpu: 1m, {1}: 2Gi}}, limits: {{{1}: "
                    "2Gi}}}}}}]}}}}",
                    name, resource));
    return c.attempt();
  };
  CHECK(attempt("p1", "example.com/fpga") == "p1 -> a");
  CHECK(attempt("p2", "vendor.com/gpu") == "p2 -> a");
  CHECK(attempt("p3", "hugepages-2Mi") == "p3 -> none: 0/1 nodes are available: 1 Insufficient hugepages-2Mi.");
  CHECK(attempt("p4", "hugepages-1Gi") == "p4 -> none: 0/1 nodes are available: 1 Insufficient hugepages-1Gi.");
  CHECK(attempt("p5", "example.com/nic") == "p5 -> none: 0/1 nodes are available: 1 Insufficient example.com/nic.");
}

TEST_CASE("Profiles: without one of the default's name its pods wait untouched") {
  schedule_table::Cluster cluster(settings(kPacker));
  cluster.line("node a");
  cluster.line("pod p1 cpu=1");
  CHECK(cluster.attempt() == "idle");
  cluster.line("pod p2 cpu=1 {schedulerName: packer}");
  CHECK(cluster.attempt() == "p2 -> a");
  const auto of = [&](const char* pod) {
    return schedule::explain(cluster.pod(pod), cluster.view(), settings(kPacker).profiles);
  };
  CHECK(of("p1").unserved == "default-scheduler");
  CHECK(of("p1").nodes.empty());
  CHECK(of("p2").unserved.empty());
  CHECK(of("p2").nodes.size() == 1);
}

TEST_CASE("Profiles: a waiting pod is woken by the plugin of its own profile that rejected it") {
  // The second profile has fewer filters: each plugin has another place in it than in the first.
  schedule_table::Cluster cluster(
      settings("{schedulerName: default-scheduler}, {schedulerName: short, plugins: {multiPoint: {disabled: [{name: "
               "\"*\"}], enabled: [{name: PrioritySort}, {name: DefaultBinder}, {name: NodeResourcesFit}]}}}"));
  cluster.line("node a");
  cluster.line("placed full on a cpu=4");
  cluster.line("pod p1 cpu=1 {schedulerName: short}");
  CHECK(cluster.attempt() == "p1 -> none: 0/1 nodes are available: 1 Insufficient cpu.");
  cluster.now = cluster.now + base::seconds(30);
  CHECK_FALSE(cluster.scheduler.has_work(cluster.now));
  cluster.fact(event::PodRemoved{cluster.pod("full")});
  REQUIRE(cluster.scheduler.has_work(cluster.now));
  CHECK(cluster.attempt() == "p1 -> a");
}

TEST_CASE("Profiles: the walk over the nodes goes on where the other profile's ended") {
  // 200 nodes, half of them looked at: with a walk of its own, the second profile would begin at the first node again.
  schedule_table::Cluster cluster(
      settings("{schedulerName: default-scheduler, percentageOfNodesToScore: 50}, "
               "{schedulerName: other, percentageOfNodesToScore: 50}"));
  for (int n = 100; n < 300; ++n) cluster.line(fmt::format("node n{}", n));
  cluster.line("pod p1 cpu=1");
  CHECK(cluster.attempt() == "p1 -> n100");
  cluster.line("pod p2 cpu=1 {schedulerName: other}");
  CHECK(cluster.attempt() == "p2 -> n200");
  cluster.line("pod p3 cpu=1");
  CHECK(cluster.attempt() == "p3 -> n101");
}
