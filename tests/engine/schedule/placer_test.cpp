// The scheduler as a library: objects in, placements out.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/model/decode.h"
#include "engine/schedule/config.h"
#include "engine/schedule/placer.h"

using namespace wavetank;

namespace {

std::vector<model::Object> objects(std::string_view yaml) {
  auto read = model::read_manifests(yaml, "placer");
  if (!read) FAIL(base::to_text(read.error()));
  return std::move(read->objects);
}

std::string node(std::string_view name, std::string_view more = "") {
  return fmt::format(
      "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {}}}, status: {{allocatable: {{cpu: '4', memory: "
      "8Gi, pods: '110'}}}}{}}}\n",
      name, more);
}
std::string pod(std::string_view name, std::string_view cpu, std::string_view more = "") {
  return fmt::format(
      "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {}}}, spec: {{containers: [{{name: c, image: a:1, "
      "resources: {{requests: {{cpu: '{}', memory: 1Gi}}}}}}]{}}}}}\n",
      name, cpu, more);
}

std::string text(const std::vector<schedule::Placement>& placements) {
  std::string out;
  for (const auto& p : placements) {
    out += p.pod + " -> " + (p.node.empty() ? "none: " + p.message : p.node);
    if (!p.evicts.empty()) out += fmt::format(" evicting {}", fmt::join(p.evicts, " "));
    out += "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("placer: pods go where the scheduler puts them, on what runs there") {
  schedule::Placer placer({0, schedule::TieBreak::Name});
  // Pods before nodes in the text: the order does not matter.
  REQUIRE(
      placer.add(objects(pod("old", "3", ", nodeName: a") + pod("p1", "2") + pod("p2", "9") + node("a") + node("b"))));
  const auto placements = placer.place();
  CHECK(
      text(placements) ==
      "default/p1 -> b\ndefault/p2 -> none: 0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, "
      "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.\n");
  CHECK(placements[0].score == 0);  // on b alone it fits

  // What did not fit is tried again when a node comes that may help.
  REQUIRE(placer.add(
      objects("{apiVersion: v1, kind: Node, metadata: {name: big}, status: {allocatable: {cpu: '16', memory: "
              "64Gi, pods: '9'}}}\n" +
              pod("p3", "1"))));
  const auto more = placer.place();
  CHECK(text(more).find("default/p2 -> big\n") != std::string::npos);
  CHECK(text(more).find("default/p3 -> ") != std::string::npos);
  CHECK(more.size() == 2);
}

TEST_CASE("placer: pods that nobody tries are told too, and why") {
  schedule::Placer placer({0, schedule::TieBreak::Name});
  REQUIRE(
      placer.add(objects(node("a") + pod("p1", "1") + pod("gated", "1", ", schedulingGates: [{name: x/y}, {name: z}]") +
                         pod("lost", "1", ", schedulerName: mine"))));
  CHECK(text(placer.place()) ==
        "default/p1 -> a\ndefault/gated -> none: waiting for scheduling gates: [x/y z]\n"
        "default/lost -> none: no scheduler is called \"mine\"\n");
}

TEST_CASE("placer: priorities come from classes, and who must go is named") {
  schedule::Placer placer({0, schedule::TieBreak::Name});
  REQUIRE(
      placer.add(objects(pod("small", "3", ", nodeName: a") + pod("vip", "2", ", priorityClassName: high") +
                         "---\n{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: "
                         "100}\n" +
                         node("a"))));
  CHECK(text(placer.place()) == "default/vip -> a evicting default/small\n");
}

TEST_CASE("placer: a pod of a scheduler that is not there is left alone, and told") {
  const auto config = schedule::parse_scheduler_config(
      "{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, profiles: [{schedulerName: x}]}",
      "");
  REQUIRE(config.has_value());
  schedule::Settings settings;
  config->apply_to(settings);
  schedule::Placer placer(settings);
  REQUIRE(placer.add(objects(node("a") + pod("p", "1") + pod("q", "1", ", schedulerName: x"))));
  CHECK(text(placer.place()) == "default/q -> a\ndefault/p -> none: no scheduler is called \"default-scheduler\"\n");
}

TEST_CASE("placer: what cannot be added is told, the rest is there") {
  schedule::Placer placer;
  const auto added = placer.add(objects(node("a") + node("a") + pod("p", "1", ", nodeName: nowhere") + pod("q", "1")));
  REQUIRE_FALSE(added.has_value());
  CHECK(base::to_text(added.error()) ==
        "4:1: Node \"a\" is there already\n6:1: Pod \"p\": spec.nodeName: there is no node \"nowhere\"");
  CHECK(text(placer.place()) == "default/q -> a\n");
}
