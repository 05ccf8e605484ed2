// The scheduler alone: 30 pods a node, of ReplicaSets of 500, onto 100 … 5,000 nodes in three zones. Time is CPU time
// of schedule_one(), folding the bind and observe() of it, not of making the cluster. `us_per_pod` is the figure to
// look at.

#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include <ctime>
#include <string>

#include "engine/model/decode.h"
#include "engine/schedule/scheduler.h"

namespace {

using namespace wavetank;

enum class Load : int { Plain, DefaultSpread, ZoneSpreadAntiAffinity, ManyShapes };
constexpr const char* kLoads[] = {"plain", "default_spread", "zone_spread_and_preferred_anti_affinity", "many_shapes"};

class Bench {
 public:
  Bench(Load load, std::size_t nodes, std::int32_t percentage) : load_(load), scheduler_(settings(percentage)) {
    fact(event::RunStarted{"bench", "bench", 1, 1, 1'735'689'600});
    create("{apiVersion: v1, kind: Namespace, metadata: {name: default}}");
    for (std::size_t n = 0; n < nodes; ++n) {
      create(
          fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: n{0}, labels: {{kubernetes.io/hostname: n{0}, "
                      "topology.kubernetes.io/zone: z{1}}}}}, "
                      "status: {{allocatable: {{cpu: '32', memory: 64Gi, pods: '110'}}}}}}",
                      n, n % 3));
    }
    const std::size_t pods = nodes * 30;
    for (std::size_t made = 0; made < pods; made += kSet) make_set(made / kSet, std::min(kSet, pods - made));
  }

  /// CPU nanoseconds until no pod is left; counts pods.
  std::int64_t run(std::size_t& bound) {
    const std::int64_t begin = cpu_ns();
    while (const auto decision = scheduler_.schedule_one(view())) {
      if (decision->outcome != schedule::Decision::Outcome::Bind) continue;
      ++bound;
      fact(event::PodBound{decision->pod, decision->node});
    }
    return cpu_ns() - begin;
  }

 private:
  static constexpr std::size_t kSet = 500;

  static std::int64_t cpu_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
  }
  static schedule::Settings settings(std::int32_t percentage) {
    schedule::Settings out;
    out.percentage_of_nodes_to_score = percentage;
    return out;
  }
  [[nodiscard]] state::ClusterView view() const { return {state_, now_}; }
  void fact(event::Payload payload) {
    const event::Event e{state_.last_seq + 1, now_, 0, std::move(payload)};
    state::evolve(state_, e);
    scheduler_.observe(e, view());
  }
  void create(const std::string& yaml) {
    auto doc = model::parse_yaml(yaml, "bench")->front();
    model::apply_defaults(doc);
    fact(event::ObjectCreated{model::kind_from_gvk(doc.string_or("apiVersion"), doc.string_or("kind")),
                              model::to_canonical_json(doc)});
  }

  void make_set(std::size_t index, std::size_t replicas) {
    std::string more;
    if (load_ == Load::ZoneSpreadAntiAffinity) {
      more = fmt::format(
          ", topologySpreadConstraints: [{{maxSkew: 5, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
          "DoNotSchedule, labelSelector: "
          "{{matchLabels: {{app: a{0}}}}}}}], affinity: {{podAntiAffinity: "
          "{{preferredDuringSchedulingIgnoredDuringExecution: [{{weight: 100, "
          "podAffinityTerm: {{topologyKey: kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: "
          "a{0}}}}}}}}}]}}}}",
          index);
    }
    const std::size_t shape = load_ == Load::ManyShapes ? index : 0;
    create(
        fmt::format("{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: a{0}, namespace: default}}, spec: "
                    "{{replicas: {1}, selector: {{matchLabels: "
                    "{{app: a{0}}}}}, template: {{metadata: {{labels: {{app: a{0}}}}}, spec: {{containers: [{{name: c, "
                    "image: 'a{0}:1', resources: {{requests: "
                    "{{cpu: {2}m, memory: {3}Mi}}}}}}]{4}}}}}}}}}",
                    index, replicas, 500 + shape % 17 * 10, 512 + shape % 23 * 16, more));
    for (std::size_t i = 0; i < replicas; ++i) {
      now_ = now_ + base::microseconds(1);
      fact(event::PodCreated{event::ReplicaSetId(index), fmt::format("{:05}", i), 0});
      if (load_ == Load::Plain) fact(event::OwnerChanged{event::PodId(state_.pods.size() - 1), event::Ref()});
    }
  }

  Load load_;
  state::ClusterState state_;
  base::SimTime now_;
  schedule::Scheduler scheduler_;
};

void schedule_all(benchmark::State& run) {
  const auto load = static_cast<Load>(run.range(0));
  std::size_t bound = 0;
  std::int64_t spent = 0;
  for (auto step : run) {
    static_cast<void>(step);
    Bench bench(load, static_cast<std::size_t>(run.range(1)), static_cast<std::int32_t>(run.range(2)));
    const std::int64_t one = bench.run(bound);
    spent += one;
    run.SetIterationTime(static_cast<double>(one) * 1e-9);
  }
  run.SetItemsProcessed(static_cast<std::int64_t>(bound));
  run.counters["us_per_pod"] = static_cast<double>(spent) / 1000.0 / static_cast<double>(bound);
  run.SetLabel(fmt::format("{}, {}", kLoads[run.range(0)],
                           run.range(2) == 0 ? "adaptive" : fmt::format("{} % of nodes", run.range(2))));
}

BENCHMARK(schedule_all)
    ->ArgNames({"load", "nodes", "percentage"})
    ->ArgsProduct({{0, 1, 2, 3}, {100, 1000, 5000}, {0}})
    ->ArgsProduct({{0, 1}, {1000}, {100}})
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
