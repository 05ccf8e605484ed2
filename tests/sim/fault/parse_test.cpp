// Reading faults: what is understood, and what is said about what is not.
#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

#include "sim/fault/registry.h"

using namespace wavetank;
using namespace wavetank::fault;

namespace {

std::string all_kinds() {
  std::string out;
  for (const KindInfo& kind : kinds()) out += (out.empty() ? "" : ", ") + std::string(kind.name);
  return out;
}

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
           Row{"{kind: domain-outage, label: rack=r1}", "domain-outage of label rack=r1"},
           Row{"{kind: oom, pod: 'web-*'}", "oom of pod web-*"},
           Row{"{kind: registry-down, registry: ghcr.io}", "registry-down of registry ghcr.io"},
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
    std::string errors;
  };
  for (const Row& row : {
           Row{"[1]", "f.yaml:1:1: a fault is a map such as {kind: node-crash, node: n1, duration: 5m}"},
           Row{"{node: n1}", "f.yaml:1:1: kind is missing: one of " + all_kinds()},
           Row{"{kind: node-crsh}", "f.yaml:1:8: kind: no fault is called \"node-crsh\"; did you mean \"node-crash\"?"},
           Row{"{kind: zone-outage, duraton: 5m}",
               "f.yaml:1:21: zone-outage has no field \"duraton\"; did you mean \"duration\"?\n"
               "f.yaml:1:1: zone-outage needs zone"},
           Row{"{kind: node-crash, image: x}",
               "f.yaml:1:20: node-crash has no field \"image\"; it has node, zone, label, count, duration, "
               "timeToFailure, timeToRepair"},
           Row{"kind: node-crash\nnode: ''\ncount: 0\nduration: soon",
               "f.yaml:2:7: node: must be a text that is not empty\n"
               "f.yaml:3:8: count: \"0\" is not a whole number above 0\n"
               "f.yaml:4:11: duration: \"soon\" is not a duration such as 30s, 5m or 1h"},
           Row{"{kind: node-crash, duration: -5m}",
               "f.yaml:1:30: duration: \"-5m\" is not a duration such as 30s, 5m or 1h"},
           Row{"{kind: container-crash}", "f.yaml:1:1: container-crash needs pod or workload"},
           Row{"{kind: registry-slow, percent: 101}",
               "f.yaml:1:32: percent: \"101\" is not a whole number from 0 to 100"},
           Row{"{kind: memory-leak, image: x, rate: 0}",
               "f.yaml:1:37: rate: \"0\" is not a quantity above 0 such as 2Mi"},
           Row{"{kind: network-partition, direction: up}",
               "f.yaml:1:38: direction: \"up\" is not one of both, node-to-api, api-to-node"},
           Row{"{kind: container-crash, workload: web, exitCode: 256, oom: 1}",
               "f.yaml:1:35: workload: \"web\" is not of the form deployment/NAME or statefulset/NAME\n"
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

TEST_CASE("Distributions as written, and as said") {
  struct Row {
    const char* yaml;
    const char* text;
  };
  for (const Row row : {
           Row{"30m", "30m"},
           Row{"{distribution: constant, value: 90s}", "1m30s"},
           Row{"{distribution: exponential, mean: 720h}", "exponential(mean 720h)"},
           Row{"{distribution: weibull, shape: 0.7, scale: 200h}", "weibull(shape 0.7, scale 200h)"},
           Row{"{distribution: lognormal, median: 30m, sigma: 0.8}", "lognormal(median 30m, sigma 0.8)"},
           Row{"{distribution: lognormal, mean: 30m, sigma: 1}", "lognormal(median 18m11.755187483s, sigma 1)"},
           Row{"{distribution: gamma, shape: 2.5, scale: 1h}", "gamma(shape 2.5, scale 1h)"},
           Row{"{distribution: gamma, shape: 2, mean: 1h}", "gamma(shape 2, scale 30m)"},
           Row{"{distribution: uniform, from: 5m, to: 10m}", "uniform(5m to 10m)"},
           Row{"{distribution: empirical, values: [1m, 5m, 2h], weights: [3, 2, 0.5]}", "empirical(3 values)"},
       }) {
    INFO(row.yaml);
    const auto docs = model::parse_yaml(row.yaml, "f.yaml");
    REQUIRE(docs.has_value());
    const auto read = parse_distribution(docs->front(), "timeToFailure", "f.yaml");
    if (!read) FAIL(base::to_text(read.error()));
    CHECK(read->text() == row.text);
  }
}

TEST_CASE("What is wrong with a distribution or a renewal is said by place") {
  struct Row {
    const char* yaml;
    const char* errors;
  };
  const std::string head = "{kind: node-crash, timeToFailure: ";
  for (const Row row : {
           Row{"0s}", "1:35: timeToFailure: \"0s\" is not a duration above 0 such as 30m or 200h"},
           Row{"{mean: 5h}}",
               "1:35: timeToFailure: the field \"distribution\" is missing: one of constant, empirical, exponential, "
               "gamma, lognormal, uniform, weibull"},
           Row{"{distribution: weibul, scale: 5h}}",
               "1:50: timeToFailure.distribution: there is none called \"weibul\"; did you mean \"weibull\"?"},
           Row{"{distribution: weibull, shape: -1, mean: 5h}}",
               "1:70: timeToFailure: weibull has no parameter \"mean\"; it has shape, scale\n"
               "f.yaml:1:66: timeToFailure.shape: \"-1\" is not a number from 0.001 to 100 with at most six places\n"
               "f.yaml:1:35: timeToFailure: the parameter \"scale\" is missing"},
           Row{"{distribution: uniform, from: 5m, to: 5m}}", "1:73: timeToFailure.to: 5m is not above from, 5m"},
           Row{"{distribution: lognormal, sigma: 1, mean: 5m, median: 5m}}",
               "1:35: timeToFailure: give median or mean, not both"},
           Row{"{distribution: empirical, values: [1m, 0s], weights: [1]}}",
               "1:74: timeToFailure.values: \"0s\" is not a duration above 0 such as 30m or 200h\n"
               "f.yaml:1:88: timeToFailure.weights: must be as many as there are values, 2"},
           Row{"{distribution: empirical, values: [1m], weights: [0]}}", "1:84: timeToFailure.weights: all are 0"},
           Row{"5h, duration: 1m, timeToRepair: 1m}", "1:49: duration: timeToRepair says how long; give one of them"},
           Row{"5h, count: 2}", "1:46: count: with timeToFailure each target fails by itself"},
       }) {
    INFO(row.yaml);
    const auto spec = read(head + row.yaml);
    REQUIRE_FALSE(spec.has_value());
    CHECK(base::to_text(spec.error()) == "f.yaml:" + std::string(row.errors));
  }
  CHECK(base::to_text(read("{kind: node-crash, timeToRepair: 1m}").error()) ==
        "f.yaml:1:34: timeToRepair: goes with timeToFailure; a fault that comes once has a duration");
  CHECK(base::to_text(read("{kind: oom, pod: p, timeToFailure: 1h, timeToRepair: 1m}").error()) ==
        "f.yaml:1:54: timeToRepair: oom is over in the moment it happens");
  CHECK(base::to_text(read("{kind: node-crash, every: 1m}").error()) ==
        "f.yaml:1:20: node-crash has no field \"every\"; \"every\" stands beside fail: {every: …, fail: {…}}");
}

TEST_CASE("Samples of a file") {
  const auto samples = parse_samples("# outages of last year\n30s\n5m, 2\n\n1h 0.5 # the storm\r\n", "outages.txt");
  REQUIRE(samples.has_value());
  CHECK(model::to_json(*samples) == R"({"values":["30s","5m","1h"],"weights":["1","2","0.5"]})");
  const auto wrong = parse_samples("30s\nsoon\n1m 2 3\n", "outages.txt");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(base::to_text(wrong.error()) ==
        "outages.txt:2:1: a line is a duration above 0, and a weight behind it if need be\n"
        "outages.txt:3:1: a line is a duration above 0, and a weight behind it if need be");
  CHECK_FALSE(parse_samples("# nothing\n", "outages.txt").has_value());
}
