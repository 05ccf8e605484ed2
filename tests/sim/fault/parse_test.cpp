// Reading faults: what is understood, and what is said about what is not.
#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

#include "sim/fault/registry.h"

using namespace wavetank;
using namespace wavetank::fault;

namespace {

base::Result<FaultSpec> read(const std::string& yaml) {
  const auto docs = model::parse_yaml(yaml, "f.yaml");
  REQUIRE(docs.has_value());
  return parse(docs->front(), "f.yaml");
}

}  // namespace

TEST_CASE("Faults as written, and as said") {
  struct Row {
    const char* yaml;
    const char* text;
  };
  for (const Row row : {
           Row{"{kind: node-crash, node: n1, duration: 5m}", "node-crash of node n1 for 5m"},
           Row{"{kind: node-crash, zone: a, count: 2}", "node-crash of 2, zone a"},
           Row{"{kind: zone-outage, zone: 1, duration: 90s}", "zone-outage of zone 1 for 1m30s"},
           Row{"{kind: kubelet-stop, node: 'n-*'}", "kubelet-stop of node n-*"},
           Row{"{kind: container-crash, workload: deployment/web, namespace: shop, container: app, count: 1, exitCode: "
               "3}",
               "container-crash of 1, deployment/web, namespace shop, container app"},
           Row{"{kind: container-crash, pod: 'web-*', oom: true}", "container-crash of pod web-* (OOMKilled)"},
           Row{"{kind: image-crash, image: 'web:2', after: 5s, exitCode: 139}", "image-crash of image web:2"},
           Row{"{kind: image-unavailable, image: '*/web:2', duration: 1h}",
               "image-unavailable of image */web:2 for 1h"},
           Row{"{kind: image-never-ready, image: web}", "image-never-ready of image web"},
       }) {
    INFO(row.yaml);
    const auto spec = read(row.yaml);
    REQUIRE(spec.has_value());
    CHECK(spec->text() == row.text);
  }
  const auto crash = read("{kind: image-crash, image: 'web:2', after: 5s, exitCode: 139}");
  CHECK(crash->after == base::seconds(5));
  CHECK(crash->exit_code == 139);
}

TEST_CASE("All that is wrong with a fault is said at once, by place, with the nearest word that would be right") {
  struct Row {
    const char* yaml;
    const char* errors;
  };
  for (const Row row : {
           Row{"[1]", "f.yaml:1:1: a fault is a map such as {kind: node-crash, node: n1, duration: 5m}"},
           Row{"{node: n1}",
               "f.yaml:1:1: kind is missing: one of container-crash, image-crash, image-never-ready, "
               "image-unavailable, kubelet-stop, "
               "node-crash, zone-outage"},
           Row{"{kind: node-crsh}", "f.yaml:1:8: kind: no fault is called \"node-crsh\"; did you mean \"node-crash\"?"},
           Row{"{kind: zone-outage, duraton: 5m}",
               "f.yaml:1:21: zone-outage has no field \"duraton\"; did you mean \"duration\"?\n"
               "f.yaml:1:1: zone-outage needs zone"},
           Row{"{kind: node-crash, image: x}",
               "f.yaml:1:20: node-crash has no field \"image\"; it has node, zone, count, duration"},
           Row{"kind: node-crash\nnode: ''\ncount: 0\nduration: soon",
               "f.yaml:2:7: node: must be a text that is not empty\n"
               "f.yaml:3:8: count: \"0\" is not a whole number above 0\n"
               "f.yaml:4:11: duration: \"soon\" is not a duration such as 30s, 5m or 1h"},
           Row{"{kind: node-crash, duration: -5m}",
               "f.yaml:1:30: duration: \"-5m\" is not a duration such as 30s, 5m or 1h"},
           Row{"{kind: container-crash}", "f.yaml:1:1: container-crash needs pod or workload"},
           Row{"{kind: container-crash, workload: web, exitCode: 256, oom: 1}",
               "f.yaml:1:35: workload: \"web\" is not of the form deployment/NAME or replicaset/NAME\n"
               "f.yaml:1:50: exitCode: \"256\" is not a whole number from 0 to 255\n"
               "f.yaml:1:60: oom: must be true or false"},
       }) {
    INFO(row.yaml);
    const auto spec = read(row.yaml);
    REQUIRE_FALSE(spec.has_value());
    CHECK(base::to_text(spec.error()) == row.errors);
  }
}

TEST_CASE("The registry names only fields that there are") {
  const auto all = fields();
  CHECK(std::is_sorted(all.begin(), all.end(), [](const FieldInfo& a, const FieldInfo& b) { return a.name < b.name; }));
  const auto known = [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const FieldInfo& f) { return f.name == name; });
  };
  for (const KindInfo& kind : kinds()) {
    INFO(kind.name);
    CHECK(find_kind(kind.name) == &kind);
    std::string taken(kind.fields);
    std::istringstream words{taken};
    for (std::string word; words >> word;) CHECK(known(word));
    std::string required(kind.required);
    std::replace(required.begin(), required.end(), '|', ' ');
    std::istringstream needed{required};
    for (std::string word; needed >> word;) CHECK((" " + taken + " ").find(" " + word + " ") != std::string::npos);
  }
}
