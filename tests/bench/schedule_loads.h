#pragma once
// Clusters and streams of pods for the scheduler's benchmark. A load makes its nodes, then pods on demand.

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/model/decode.h"
#include "engine/schedule/scheduler.h"

namespace wavetank::bench {

/// A cluster and its scheduler. `held` counts what the scheduler alone keeps on the heap.
class World {
 public:
  explicit World(const schedule::Settings& settings) : scheduler(settings) {
    fact(event::RunStarted{"bench", "bench", 1, 1, 1'735'689'600});
    create("{apiVersion: v1, kind: Namespace, metadata: {name: default}}");
  }
  [[nodiscard]] state::ClusterView view() const { return {state, now}; }

  event::Event fold(event::Payload payload) {
    event::Event e{state.last_seq + 1, now, 0, std::move(payload)};
    state::evolve(state, e);
    return e;
  }
  void observe(const event::Event& e) {
    held -= live_bytes;
    scheduler.observe(e, view());
    held += live_bytes;
  }
  std::optional<schedule::Decision> schedule_one() {
    held -= live_bytes;
    auto out = scheduler.schedule_one(view());
    held += live_bytes;
    return out;
  }
  void fact(event::Payload payload) { observe(fold(std::move(payload))); }
  void create(const std::string& yaml) {
    auto doc = model::parse_yaml(yaml, "bench")->front();
    model::apply_defaults(doc);
    fact(event::ObjectCreated{model::kind_from_gvk(doc.string_or("apiVersion"), doc.string_or("kind")),
                              model::to_canonical_json(doc)});
  }
  event::ReplicaSetId create_set(const std::string& name, const std::string& labels, const std::string& requests,
                                 const std::string& more) {
    create(
        fmt::format("{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: {0}, namespace: default}}, spec: "
                    "{{replicas: 1, selector: {{matchLabels: {{app: {0}}}}}, template: {{metadata: {{labels: {{app: "
                    "{0}{1}}}}}, spec: {{containers: [{{name: c, image: '{0}:1', resources: {{requests: {{{2}}}}}}}]{3}"
                    "}}}}}}}}",
                    name, labels, requests, more));
    return event::ReplicaSetId(state.replica_sets.size() - 1);
  }
  event::PodId create_pod(event::ReplicaSetId set, std::int32_t priority = 0, bool owned = true) {
    now = now + base::microseconds(1);
    fact(event::PodCreated{set, fmt::format("{:06}", state.pods.size()), priority});
    const event::PodId pod(state.pods.size() - 1);
    if (!owned) fact(event::OwnerChanged{pod, event::Ref()});
    return pod;
  }

  state::ClusterState state;
  base::SimTime now;
  schedule::Scheduler scheduler;
  std::int64_t held = 0;
};

class Load {
 public:
  Load() = default;
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  virtual ~Load() = default;
  virtual void nodes(World& w, std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
      w.create(
          fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: n{0}, labels: {{kubernetes.io/hostname: n{0}, "
                      "topology.kubernetes.io/zone: z{1}}}}}, status: {{allocatable: {{cpu: '32', memory: 64Gi, pods: "
                      "'110'}}}}}}",
                      n, n % 3));
    }
  }
  /// Before the first pod; `pods` may still come.
  virtual void begin(World& w, std::size_t pods) = 0;
  virtual void pod(World& w) = 0;
};

/// Identical pods of 500m and 512Mi that nobody owns.
class Plain final : public Load {
 public:
  void begin(World& w, std::size_t) override { set_ = w.create_set("a", "", "cpu: 500m, memory: 512Mi", ""); }
  void pod(World& w) override { w.create_pod(set_, 0, false); }

 private:
  event::ReplicaSetId set_;
};

/// Identical pods that spread over zones and would rather not share a node.
class ZoneSpread final : public Load {
 public:
  ZoneSpread(bool hard, std::size_t pods_a_set) : hard_(hard), pods_a_set_(pods_a_set) {}
  void begin(World& w, std::size_t pods) override {
    const std::size_t sets = pods_a_set_ == 0 ? 1 : (pods + pods_a_set_ - 1) / pods_a_set_;
    for (std::size_t s = 0; s < sets; ++s) {
      sets_.push_back(w.create_set(
          fmt::format("a{}", s), "", "cpu: 500m, memory: 512Mi",
          fmt::format(", topologySpreadConstraints: [{{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, "
                      "whenUnsatisfiable: {1}, labelSelector: {{matchLabels: {{app: a{0}}}}}}}], affinity: "
                      "{{podAntiAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{{weight: 100, "
                      "podAffinityTerm: {{topologyKey: kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: "
                      "a{0}}}}}}}}}]}}}}",
                      s, hard_ ? "DoNotSchedule" : "ScheduleAnyway")));
    }
  }
  void pod(World& w) override {
    w.create_pod(pods_a_set_ == 0 ? sets_.front() : sets_[made_ / pods_a_set_ % sets_.size()]);
    ++made_;
  }

 private:
  bool hard_;
  std::size_t pods_a_set_, made_ = 0;
  std::vector<event::ReplicaSetId> sets_;
};

/// ReplicaSets of 500 behind a Service each: spread by the system's default constraints.
class DefaultSpread final : public Load {
 public:
  void begin(World& w, std::size_t pods) override {
    for (std::size_t s = 0; s * 500 < pods; ++s) {
      sets_.push_back(w.create_set(fmt::format("a{}", s), "", "cpu: 500m, memory: 512Mi", ""));
      w.create(fmt::format(
          "{{apiVersion: v1, kind: Service, metadata: {{name: a{0}, namespace: default}}, spec: {{selector: "
          "{{app: a{0}}}, ports: [{{port: 80}}]}}}}",
          s));
    }
  }
  void pod(World& w) override { w.create_pod(sets_[made_++ / 500 % sets_.size()]); }

 private:
  std::size_t made_ = 0;
  std::vector<event::ReplicaSetId> sets_;
};

/// Two hundred specs, drawn once, over nodes of five shapes; pods arrive in random order.
class Mixed final : public Load {
 public:
  void nodes(World& w, std::size_t count) override {
    static constexpr const char* kShapes[] = {"cpu: '8', memory: 32Gi", "cpu: '16', memory: 32Gi",
                                              "cpu: '16', memory: 128Gi", "cpu: '32', memory: 64Gi",
                                              "cpu: '64', memory: 256Gi"};
    for (std::size_t n = 0; n < count; ++n) {
      const std::uint64_t shape = below(5);
      std::string taints;
      if (below(10) == 0) taints = "{key: dedicated, value: batch, effect: NoSchedule}";
      if (below(20) == 0)
        taints += fmt::format("{}{{key: spot, value: '1', effect: PreferNoSchedule}}", taints.empty() ? "" : ", ");
      w.create(
          fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: n{0}, labels: {{kubernetes.io/hostname: n{0}, "
                      "topology.kubernetes.io/zone: z{1}, topology.kubernetes.io/region: r{2}, rack: r{3}, disk: {4}, "
                      "arch: {5}, shape: s{6}}}}}, spec: {{taints: [{7}]}}, status: {{allocatable: {{{8}, pods: "
                      "'110'}}}}}}",
                      n, n % 6, n % 6 / 3, n / 40, below(2) == 0 ? "ssd" : "hdd", below(4) == 0 ? "arm64" : "amd64",
                      shape, taints, kShapes[shape]));
    }
  }

  void begin(World& w, std::size_t) override {
    for (std::size_t s = 0; s < 200; ++s) {
      const std::string name = fmt::format("a{}", s);
      sets_.push_back(w.create_set(name, fmt::format(", tier: t{}", s % 7),
                                   fmt::format("cpu: {}m, memory: {}Mi", 100 + 50 * below(20), 128 + 64 * below(30)),
                                   spec(name)));
      priorities_.push_back(static_cast<std::int32_t>(below(3) * 100));
    }
  }
  void pod(World& w) override {
    const std::uint64_t s = below(sets_.size());
    w.create_pod(sets_[s], priorities_[s]);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, draws_++); }

  std::string spec(const std::string& app) {
    std::string out;
    if (below(5) == 0) out += ", tolerations: [{key: dedicated, operator: Exists}]";
    out += spread(app);
    std::string affinity = node_affinity();
    affinity += pod_affinity(app);
    if (!affinity.empty()) out += ", affinity: {" + affinity.substr(2) + "}";
    return out;
  }
  std::string spread(const std::string& app) {
    switch (below(6)) {
      case 0:
        return constraint(app, 2, "topology.kubernetes.io/zone", "DoNotSchedule");
      case 1:
        return constraint(app, 1, "topology.kubernetes.io/zone", "ScheduleAnyway");
      case 2:
        return constraint(app, 3, "kubernetes.io/hostname", "ScheduleAnyway");
      default:
        return "";  // the system's defaults
    }
  }
  static std::string constraint(const std::string& app, int skew, const char* key, const char* how) {
    return fmt::format(
        ", topologySpreadConstraints: [{{maxSkew: {}, topologyKey: {}, whenUnsatisfiable: {}, labelSelector: "
        "{{matchLabels: {{app: {}}}}}}}]",
        skew, key, how, app);
  }
  std::string node_affinity() {
    std::string out;
    switch (below(8)) {
      case 0:
        out =
            "requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: disk, "
            "operator: In, values: [ssd]}]}]}";
        break;
      case 1:
        out =
            "requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: arch, "
            "operator: NotIn, values: [arm64]}, {key: shape, operator: In, values: [s1, s2, s3, s4]}]}]}";
        break;
      default:
        break;
    }
    if (below(4) == 0) {
      out += fmt::format(
          "{}preferredDuringSchedulingIgnoredDuringExecution: [{{weight: {}, preference: {{matchExpressions: [{{key: "
          "shape, operator: In, values: [s{}]}}]}}}}]",
          out.empty() ? "" : ", ", 1 + below(100), below(5));
    }
    return out.empty() ? out : ", nodeAffinity: {" + out + "}";
  }
  std::string pod_affinity(const std::string& app) {
    const auto term = [](const std::string& label, const std::string& value, const char* key) {
      return fmt::format("topologyKey: {}, labelSelector: {{matchLabels: {{{}: {}}}}}", key, label, value);
    };
    const auto preferred = [](const std::string& t) {
      return "{preferredDuringSchedulingIgnoredDuringExecution: [{weight: 50, podAffinityTerm: {" + t + "}}]}";
    };
    switch (below(10)) {
      case 0:
        return ", podAntiAffinity: " + preferred(term("app", app, "kubernetes.io/hostname"));
      case 1:
        return ", podAffinity: " + preferred(term("tier", fmt::format("t{}", below(7)), "rack"));
      case 2:
        return ", podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{" +
               term("app", app, "kubernetes.io/hostname") + "}]}";
      case 3:
        return ", podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{" +
               term("app", app, "topology.kubernetes.io/region") + "}]}";
      default:
        return "";
    }
  }

  base::Stream stream_{7, "mixed"};
  std::uint64_t draws_ = 0;
  std::vector<event::ReplicaSetId> sets_;
  std::vector<std::int32_t> priorities_;
};

/// A full cluster: no pod of pod() finds room without preempting.
class Storm final : public Load {
 public:
  /// Uniform: every victim is alike, so that every node is as good as any. Else victims of five priorities and three
  /// sizes, 40 budgets, preemptors of two priorities. Sizes divide one another: preempting leaves no room behind.
  /// Spread: the preemptors spread over zones (DoNotSchedule).
  explicit Storm(bool uniform, bool spread = false) : uniform_(uniform), spread_(spread) {}

  void begin(World& w, std::size_t) override {
    if (uniform_) {
      sets_.push_back(w.create_set("victim", "", "cpu: '2', memory: 1Gi", ""));
      preemptors_.push_back(
          w.create_set("high", "", "cpu: '2', memory: 2Gi",
                       spread_ ? ", topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, "
                                 "whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: high}}}]"
                               : ""));
    } else {
      for (std::size_t s = 0; s < 80; ++s) {
        const std::string name = fmt::format("v{}", s);
        sets_.push_back(w.create_set(name, "", fmt::format("cpu: '{}', memory: 512Mi", cpu_of(s)), ""));
        if (s % 2 == 0) budget(w, name, static_cast<std::int32_t>(s % 8 == 0 ? 0 : s));
      }
      for (const char* name : {"high", "higher"}) {
        preemptors_.push_back(w.create_set(name, "", "cpu: '4', memory: 1Gi", ""));
      }
    }
    for (std::size_t n = 0; n < w.state.nodes.size(); ++n) fill(w, event::NodeId(n));
  }
  void pod(World& w) override {
    const std::size_t which = made_++ % preemptors_.size();
    w.create_pod(preemptors_[which], which == 0 ? 1000 : 2000, !uniform_ || spread_);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound, draws_++); }

  static std::int64_t cpu_of(std::size_t set) { return std::int64_t{1} << set % 3; }
  static void budget(World& w, const std::string& app, std::int32_t allowed) {
    w.create(
        fmt::format("{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: {0}, namespace: default}}, "
                    "spec: {{minAvailable: 1, selector: {{matchLabels: {{app: {0}}}}}}}}}",
                    app));
    w.fact(event::PdbStatusChanged{event::PdbId(w.state.pdbs.size() - 1), 1, 1, 1, allowed, 1});
  }
  void fill(World& w, event::NodeId node) {
    std::int64_t free = 32;
    while (free > 0) {
      const std::uint64_t s = uniform_ ? 0 : below(sets_.size());
      const std::int64_t cpu = uniform_ ? 2 : cpu_of(s);
      if (cpu > free) continue;
      free -= cpu;
      const event::PodId pod =
          w.create_pod(sets_[s], uniform_ ? 0 : static_cast<std::int32_t>(below(5)) * 10, !uniform_);
      w.fact(event::PodBound{pod, node});
    }
  }

  bool uniform_, spread_;
  std::size_t made_ = 0;
  base::Stream stream_{7, "storm"};
  std::uint64_t draws_ = 0;
  std::vector<event::ReplicaSetId> sets_, preemptors_;
};

}  // namespace wavetank::bench
