// QoS classes and the kernel's oom_score_adj that follows from them.
#include "engine/model/qos.h"

#include <catch2/catch.hpp>

#include "engine/model/decode.h"
#include "engine/model/doc.h"

using namespace wavetank::model;

namespace {

PodSpec spec_of(const char* yaml) {
  const std::string text =
      std::string("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: ") + yaml + "}";
  const auto docs = parse_yaml(text, "test");
  REQUIRE(docs.has_value());
  auto admitted = admit(docs->front(), "test");
  INFO((admitted ? std::string() : wavetank::base::to_text(admitted.error())));
  REQUIRE(admitted.has_value());
  return std::get<Pod>(admitted->spec).tmpl.spec;
}

}  // namespace

TEST_CASE("QoS: Guaranteed needs equal limits of cpu and memory in every container, BestEffort has nothing") {
  struct Row {
    const char* containers;
    const char* qos;
  };
  for (const Row row : {
           Row{"[{name: a, image: i}]", "BestEffort"},
           Row{"[{name: a, image: i, resources: {requests: {cpu: '0'}}}]", "BestEffort"},
           Row{"[{name: a, image: i, resources: {requests: {example.com/gpu: 1}, limits: {example.com/gpu: 1}}}]",
               "BestEffort"},
           Row{"[{name: a, image: i, resources: {requests: {cpu: 100m}}}]", "Burstable"},
           Row{"[{name: a, image: i, resources: {limits: {cpu: 100m, memory: 1Gi}}}]", "Guaranteed"},
           Row{"[{name: a, image: i, resources: {limits: {memory: 1Gi}}}]", "Burstable"},
           Row{"[{name: a, image: i, resources: {requests: {memory: 500Mi}, limits: {cpu: 1, memory: 1Gi}}}]",
               "Burstable"},
           Row{"[{name: a, image: i, resources: {limits: {cpu: 1, memory: 1Gi}}}, {name: b, image: i}]", "Burstable"},
           Row{"[{name: a, image: i, resources: {limits: {cpu: 1, memory: 1Gi}}}], initContainers: [{name: i, image: "
               "i, resources: {requests: {cpu: 1}}}]",
               "Burstable"},
           Row{"[{name: a, image: i}], resources: {limits: {cpu: 1, memory: 1Gi}}", "Guaranteed"},
       }) {
    INFO(row.containers);
    CHECK(std::string(qos_text(qos_class(spec_of((std::string("{containers: ") + row.containers + "}").c_str())))) ==
          row.qos);
  }
}

TEST_CASE("oom_score_adj: -997 Guaranteed and node-critical, 1000 BestEffort, between them by the share asked for") {
  struct Row {
    const char* resources;
    int priority;
    int adj;
  };
  constexpr std::int64_t kGi = 1LL << 30;
  for (const Row row : {
           Row{"{}", 0, 1000}, Row{"{limits: {cpu: 1, memory: 1Gi}}", 0, -997}, Row{"{}", 2'000'001'000, -997},
           Row{"{}", 2'000'000'000, 1000}, Row{"{requests: {memory: 4Gi}}", 0, 750},
           Row{"{requests: {memory: 1Mi}}", 0, 999},  // more than nothing: below BestEffort
           Row{"{requests: {memory: 16Gi}}", 0, 3},   // never below what Guaranteed leaves
       }) {
    INFO(row.resources);
    const PodSpec spec =
        spec_of((std::string("{containers: [{name: a, image: i, resources: ") + row.resources + "}]}").c_str());
    CHECK(oom_score_adj(spec, spec.containers[0], 16 * kGi, row.priority) == row.adj);
  }
}
