// One sync of the HorizontalPodAutoscaler beyond what the golden tables hold: several metrics, what is remembered, what
// a refusal leaves. The tables themselves are rows of the conformance room.
#include <catch2/catch.hpp>

#include "engine/control/hpa_sync.h"

using namespace wavetank;
using namespace wavetank::control::hpa;
using base::seconds;

namespace {

/// Pods that all use the same, an external metric that may be missing.
class Fake final : public Reader {
 public:
  std::int64_t usage = 500;
  std::optional<std::int64_t> queue;
  std::size_t count = 3;

  PodsAnswer resource(const model::MetricSpec&) override {
    PodsAnswer out;
    out.pods = pods();
    for (PodInput& pod : out.pods) {
      pod.sample = Sample{usage, base::SimTime{}, seconds(15)};
      pod.request_milli = 1000;
    }
    return out;
  }
  PodsAnswer pods_metric(const model::MetricSpec&) override { return {}; }
  ValueAnswer value(const model::MetricSpec&) override {
    if (!queue) return {"no metrics returned from external metrics API", {}};
    return {"", {*queue}};
  }
  std::vector<PodInput> pods() override {
    PodInput pod;
    pod.ready = true;
    return std::vector<PodInput>(count, pod);
  }
};

model::HorizontalPodAutoscaler cpu_hpa(std::int32_t percent) {
  model::HorizontalPodAutoscaler out;
  out.max_replicas = 20;
  model::MetricSpec metric;
  metric.name = "cpu";
  metric.utilization = percent;
  out.metrics.push_back(metric);
  return out;
}
model::MetricSpec queue_metric() {
  model::MetricSpec out;
  out.type = model::MetricSpec::Type::External;
  out.target = model::MetricSpec::Target::Value;
  out.name = "queue";
  out.milli_value = 1000;
  return out;
}

struct Bench {
  event::HpaStatus status;
  Options options;
  Fake fake;
  base::SimTime now = base::SimTime{} + seconds(3600);
  std::int32_t replicas = 3;
  bool first = false;
  Outcome run(const model::HorizontalPodAutoscaler& hpa) {
    fake.count = static_cast<std::size_t>(replicas);
    Input in;
    in.now = now;
    in.ns = "default";
    in.first = first;
    in.spec_replicas = in.status_replicas = replicas;
    in.before = &status;
    Outcome out = sync(options, hpa, in, fake);
    status = out.status;
    if (out.rescale) replicas = out.replicas;
    now = now + seconds(15);
    first = false;
    return out;
  }
};

std::string condition(const Outcome& out, std::string_view type) {
  for (const ConditionNews& c : out.conditions)
    if (c.type == type) return std::string(c.holds ? "True " : "False ") + c.reason;
  return "none";
}

}  // namespace

TEST_CASE("HPA: the metric that asks for the most decides, and a missing one lets nobody scale down") {
  Bench bench;
  model::HorizontalPodAutoscaler hpa = cpu_hpa(50);
  hpa.metrics.push_back(queue_metric());
  bench.fake.usage = 500;  // just right
  bench.fake.queue = 3000;
  Outcome out = bench.run(hpa);
  CHECK(out.replicas == 6);  // three times the target: 9, but at most twice the pods at a time
  CHECK(out.reason == "external metric queue(nil) above target");
  CHECK(condition(out, "ScalingLimited") == "True ScaleUpLimit");

  bench.fake.queue.reset();
  bench.fake.usage = 1000;
  out = bench.run(hpa);
  CHECK(out.replicas == 12);  // up by the other
  CHECK(condition(out, "ScalingActive") == "True ValidMetricFound");
  bench.fake.usage = 100;
  bench.options.downscale_stabilization = {};
  out = bench.run(hpa);
  CHECK(!out.rescale);
  CHECK(condition(out, "ScalingActive") == "False FailedGetExternalMetric");
  CHECK(
      out.events.back().message ==
      "invalid metrics (1 invalid out of 2), first error is: failed to get queue external metric value: failed to get "
      "external metric queue: unable to get external metric default/queue/nil: no metrics returned from external "
      "metrics "
      "API");
  bench.fake.queue = 500;
  CHECK(bench.run(hpa).rescale);  // both are there
}

TEST_CASE("HPA: the words of a rescaling") {
  Bench bench;
  bench.fake.usage = 1000;
  const Outcome out = bench.run(cpu_hpa(60));
  REQUIRE(out.events.size() == 1);
  CHECK(out.events[0].reason == "SuccessfulRescale");
  CHECK(out.events[0].message == "New size: 5; reason: cpu resource utilization (percentage of request) above target");
  CHECK(out.status.current_metrics ==
        R"([{"resource":{"current":{"averageUtilization":100,"averageValue":"1"},"name":"cpu"},"type":"Resource"}])");
}

TEST_CASE("HPA: its first look counts the present size as recommended") {
  Bench bench;
  bench.first = true;
  bench.fake.usage = 100;
  const Outcome out = bench.run(cpu_hpa(50));
  CHECK(!out.rescale);
  CHECK(condition(out, "AbleToScale") == "True ScaleDownStabilized");
  int syncs = 1;
  while (bench.replicas == 3 && syncs < 100) {
    bench.run(cpu_hpa(50));
    ++syncs;
  }
  CHECK(syncs == 22);  // 300 s and one look after the first
  CHECK(bench.replicas == 1);
}

TEST_CASE("HPA: what is remembered is short and says the same as one entry a sync") {
  Bench bench;
  std::vector<Recommendation> all;
  std::uint64_t random = 7;
  model::HorizontalPodAutoscaler hpa = cpu_hpa(50);
  hpa.has_behavior = true;
  hpa.scale_up = {60, model::ScalingRules::Select::Max, {{true, 900, 60}}, {}};
  hpa.scale_down = {120, model::ScalingRules::Select::Max, {{true, 100, 60}}, {}};
  for (int i = 0; i < 300; ++i) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    if ((random >> 60) < 5) bench.fake.usage = static_cast<std::int64_t>(100 + (random >> 33) % 900);
    const std::int32_t before = bench.replicas;
    const base::SimTime now = bench.now;
    const auto proposed = by_utilization(
        {now, {}, {}, {}}, before, 50,
        [&] {
          bench.fake.count = static_cast<std::size_t>(before);
          return bench.fake.resource({}).pods;
        }(),
        0, true);
    const Outcome out = bench.run(hpa);
    const Normalized want = stabilize(all, {before, proposed.replicas, 1, 20}, now, 60, 120);
    INFO("sync " << i);
    CHECK((out.rescale ? out.replicas : before) == std::clamp(want.replicas, 1, 20));
    CHECK(bench.status.recommendations.size() <= 10);
  }
}

TEST_CASE("HPA: a refused rescaling is told, and forgotten") {
  Bench bench;
  bench.fake.usage = 1000;
  const model::HorizontalPodAutoscaler hpa = cpu_hpa(50);
  Input in;
  in.now = bench.now;
  in.spec_replicas = in.status_replicas = 3;
  event::HpaStatus before;
  in.before = &before;
  Outcome out = sync(bench.options, hpa, in, bench.fake);
  REQUIRE(out.rescale);
  refused(out, in, "it is not to be");
  CHECK(!out.rescale);
  CHECK(out.events[0].reason == "FailedRescale");
  CHECK(out.events[0].message ==
        "New size: 6; reason: cpu resource utilization (percentage of request) above target; error: it is not to be");
  CHECK(condition(out, "AbleToScale") == "False FailedUpdateScale");
  CHECK(out.status.last_scale == base::SimTime::never());
}

TEST_CASE("HPA: of several metrics the one that asks for the most decides, wherever it stands") {
  for (const bool first : {true, false}) {
    Bench bench;
    bench.fake.usage = 1000;  // six
    bench.fake.queue = 1000;  // three
    model::HorizontalPodAutoscaler hpa = cpu_hpa(50);
    hpa.metrics.insert(first ? hpa.metrics.end() : hpa.metrics.begin(), queue_metric());
    CHECK(bench.run(hpa).replicas == 6);
  }
}

TEST_CASE("HPA: the cpu of a pod counts when it has settled") {
  struct Row {
    const char* what;
    int age_s;
    bool ready;
    int changed_s;  // since Ready became what it is
    std::int32_t replicas;
  };
  // Three pods use all they asked for and should use half: six, or four when the third counts as idle.
  const Row rows[] = {
      {"ready for long", 600, true, 500, 6},
      {"young and not ready", 60, false, 60, 4},
      {"young, its sample is of a time when it was ready", 60, true, 20, 6},
      {"young, its sample began before it was ready", 60, true, 10, 4},
      {"in the fifth minute, not ready", 290, false, 100, 4},
      {"older, and was ready before", 600, false, 60, 6},
      {"older, and never ready: its last change was in its first 30 s", 600, false, 580, 4},
      {"older, its last change was later", 600, false, 565, 6},
  };
  const base::SimTime now = base::SimTime{} + seconds(3600);
  for (const Row& row : rows) {
    INFO(row.what);
    std::vector<PodInput> pods(3);
    for (PodInput& pod : pods) {
      pod.ready = true;
      pod.sample = Sample{1000, now, seconds(15)};
      pod.request_milli = 1000;
    }
    pods[2].started = now - seconds(row.age_s);
    pods[2].ready = row.ready;
    pods[2].ready_changed = now - seconds(row.changed_s);
    Calculator calc;
    calc.now = now;
    CHECK(by_utilization(calc, 3, 50, pods, 0, true).replicas == row.replicas);
    CHECK(by_utilization(calc, 3, 50, pods, 0, false).replicas == 6);  // memory counts at once
  }
}
