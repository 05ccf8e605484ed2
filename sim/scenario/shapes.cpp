#include "sim/scenario/shapes.h"

#include "sim/scenario/manifests.h"
#include "sim/scenario/steps/registry.h"

namespace wavetank::scenario {
namespace {

using loop::Settings;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kManyReplicas = 1'000'000'000;

const Shape& metadata_shape() {
  static const Shape kShape = {"metadata",
                               {{"name", Type::Text, "The scenario's name.", true},
                                {"description", Type::Text, "What it shows, in a sentence or two.", false}},
                               ""};
  return kShape;
}

const Shape& cluster_shape() {
  static const Shape kShape = {
      "cluster",
      {{"nodes", Type::Objects, "Nodes, each entry a pattern.", false, &node_shape()},
       {"export", Type::Text, "A file that `kubectl get nodes,pods,deployments,… -A -o json` wrote.", false}},
      ""};
  return kShape;
}

const Shape& model_shape() {
  static const Shape kShape = {
      "model",
      {{"control_plane", Type::Object, "Delays and limits of the control plane, flags of its controllers.", false,
        &control_plane_shape()},
       {"scheduler", Type::Object, "The scheduler's configuration.", false, &scheduler_shape()},
       {"world", Type::Tree, "Parameters of the simulated machines, see sim/world/README.md: image.bandwidth: 50MB/s.",
        false}},
      ""};
  return kShape;
}

}  // namespace

std::span<const ControlParameter> control_parameters() {
  static const std::vector<ControlParameter> kAll = {
      {{"api_latency", Type::Span, "From sending a request to its being applied. Default 10ms."},
       [](Settings& s, std::int64_t v) { s.api_latency = {v}; }},
      {{"controller_burst", Type::Whole, "kube-controller-manager --kube-api-burst. Default 30.", false, nullptr, 1,
        kManyReplicas},
       [](Settings& s, std::int64_t v) { s.controller_client.burst = v; }},
      {{"controller_qps", Type::Whole, "kube-controller-manager --kube-api-qps. Default 20.", false, nullptr, 1,
        kManyReplicas},
       [](Settings& s, std::int64_t v) { s.controller_client.qps = v; }},
      {{"ingress_time", Type::Span,
        "From an Ingress to the address in its status: the Ingress controller's. Default 5s."},
       [](Settings& s, std::int64_t v) { s.controllers.ingress_time = {v}; }},
      {{"large_cluster_size_threshold", Type::Whole, "--large-cluster-size-threshold. Default 50.", false, nullptr, 0,
        kManyReplicas},
       [](Settings& s, std::int64_t v) { s.controllers.large_cluster_size_threshold = static_cast<std::int32_t>(v); }},
      {{"load_balancer_time", Type::Span,
        "From a Service of type LoadBalancer to its address: the cloud provider's time. Default 30s."},
       [](Settings& s, std::int64_t v) { s.controllers.load_balancer_time = {v}; }},
      {{"max_endpoints_per_slice", Type::Whole, "--max-endpoints-per-slice. Default 100.", false, nullptr, 1, 1000},
       [](Settings& s, std::int64_t v) { s.controllers.max_endpoints_per_slice = static_cast<std::int32_t>(v); }},
      {{"node_eviction_rate", Type::Amount, "--node-eviction-rate: nodes a second. Default 0.1.", false},
       [](Settings& s, std::int64_t v) { s.controllers.node_eviction_rate_milli = v; }},
      {{"node_monitor_grace_period", Type::Span, "--node-monitor-grace-period. Default 50s."},
       [](Settings& s, std::int64_t v) { s.controllers.node_monitor_grace_period = {v}; }},
      {{"node_monitor_period", Type::Span, "--node-monitor-period. Default 5s.", false, nullptr, kMillisecond},
       [](Settings& s, std::int64_t v) { s.controllers.node_monitor_period = {v}; }},
      {{"node_startup_grace_period", Type::Span, "Grace period of a node that never reported. Default 60s."},
       [](Settings& s, std::int64_t v) { s.controllers.node_startup_grace_period = {v}; }},
      {{"pdb_disrupted_pod_timeout", Type::Span, "How long a granted eviction may take. Default 2m."},
       [](Settings& s, std::int64_t v) { s.controllers.pdb_disrupted_pod_timeout = {v}; }},
      {{"pod_gc_period", Type::Span, "How often the pod garbage collector looks. Default 20s.", false, nullptr,
        kMillisecond},
       [](Settings& s, std::int64_t v) { s.controllers.pod_gc_period = {v}; }},
      {{"pod_gc_quarantine", Type::Span, "How long a node is gone before its pods are collected. Default 40s."},
       [](Settings& s, std::int64_t v) { s.controllers.pod_gc_quarantine = {v}; }},
      {{"scheduler_burst", Type::Whole, "kube-scheduler clientConnection.burst. Default 100.", false, nullptr, 1,
        kManyReplicas},
       [](Settings& s, std::int64_t v) { s.scheduler_client.burst = v; }},
      {{"scheduler_qps", Type::Whole, "kube-scheduler clientConnection.qps. Default 50.", false, nullptr, 1,
        kManyReplicas},
       [](Settings& s, std::int64_t v) { s.scheduler_client.qps = v; }},
      {{"scheduling_time", Type::Span, "Of one scheduling cycle. Default 1ms."},
       [](Settings& s, std::int64_t v) { s.scheduling_time = {v}; }},
      {{"secondary_node_eviction_rate", Type::Amount, "--secondary-node-eviction-rate. Default 0.01.", false},
       [](Settings& s, std::int64_t v) { s.controllers.secondary_node_eviction_rate_milli = v; }},
      {{"terminated_pod_gc_threshold", Type::Whole, "--terminated-pod-gc-threshold. Default 12500.", false, nullptr, 0,
        kManyReplicas},
       [](Settings& s, std::int64_t v) { s.controllers.terminated_pod_gc_threshold = static_cast<std::int32_t>(v); }},
      {{"unhealthy_zone_threshold", Type::Share, "--unhealthy-zone-threshold. Default 55%."},
       [](Settings& s, std::int64_t v) { s.controllers.unhealthy_zone_threshold_milli = v / 1000; }},
      {{"volume_provisioning_time", Type::Span,
        "From handing a claim to its provisioner to the new volume. Default 5s."},
       [](Settings& s, std::int64_t v) { s.controllers.volume_provisioning_time = {v}; }},
      {{"volume_resizing_time", Type::Span,
        "From asking for a larger volume until it is larger (10s), whatever the driver's name. Ours: set it for your "
        "driver."},
       [](Settings& s, std::int64_t v) { s.controllers.volume_resizing_time = {v}; }},
      {{"watch_delay", Type::Span, "From a write to its watchers. Default 5ms."},
       [](Settings& s, std::int64_t v) { s.watch_delay = {v}; }},
  };
  return kAll;
}

const Shape& control_plane_shape() {
  static const Shape kShape = [] {
    Shape shape{"control_plane", {}, ""};
    for (const ControlParameter& parameter : control_parameters()) shape.fields.push_back(parameter.field);
    return shape;
  }();
  return kShape;
}

const Shape& scheduler_config_shape() {
  static const Shape kShape = {
      "config",
      {{"path", Type::Text, "A file with a KubeSchedulerConfiguration, relative to the scenario's folder.", false},
       {"inline", Type::Tree, "The KubeSchedulerConfiguration written here: an object or a text of YAML.", false}},
      "path"};
  return kShape;
}

const Shape& scheduler_shape() {
  static const Shape kShape = {
      "scheduler",
      {{"config", Type::Object,
        "A KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1). The fields below are stronger than what it "
        "says.",
        false, &scheduler_config_shape()},
       {"percentageOfNodesToScore", Type::Whole, "As in KubeSchedulerConfiguration; 0, the default: adaptive.", false,
        nullptr, 0, 100},
       {"podInitialBackoff", Type::Span, "podInitialBackoffSeconds. Default 1s.", false, nullptr, kMillisecond},
       {"podMaxBackoff", Type::Span, "podMaxBackoffSeconds. Default 10s.", false, nullptr, kMillisecond},
       {"tieBreak",
        Type::Text,
        "Among nodes of the same score: random (by the seed, as kube-scheduler) or name. Default random.",
        false,
        nullptr,
        0,
        0,
        {"random", "name"}}},
      ""};
  return kShape;
}

const Shape& manifest_shape() {
  static const Shape kShape = {
      "manifests",
      {{"path", Type::Text, "A manifest file or a directory of them, relative to the scenario's folder.", false},
       {"inline", Type::Tree, "Manifests written here: an object, a list of objects, or a text of YAML.", false},
       {"generate", Type::Object, "Deployments of one pattern.", false, &generate_shape()}},
      "path"};
  return kShape;
}

const Shape& timeline_shape() {
  static const Shape kShape = [] {
    Shape shape{
        "timeline",
        {{"at", Type::Span, "When, from the start of the run."},
         {"after", Type::Span, "When, from the entry above."},
         {"every", Type::Span, "Again and again, from `at` or `after` on.", false, nullptr, kMillisecond},
         {"times", Type::Whole, "With every and when: how many times in all.", false, nullptr, 1, 1'000'000},
         {"until", Type::Span, "With every and when: the last time, from the start of the run."},
         {"jitter", Type::Span, "With every: each time later by a draw below this. Default 0s."},
         {"when", Type::Text,
          "An expression, as in expectations: the step is taken when it becomes true, from `at` (0s) on."},
         {"for", Type::Span, "With when: how long it must have been true without a break. Default 0s."},
         {"cooldown", Type::Span,
          "With when: the step is taken again after this, if the expression is true then. Without it and times: "
          "once.",
          false, nullptr, kMillisecond}},
        ""};
    for (const StepInfo& step : steps())
      shape.fields.push_back({step.name, Type::Object, step.summary, false, &step.shape()});
    return shape;
  }();
  return kShape;
}

const Shape& expectation_shape() {
  static const Shape kShape = {
      "expectations",
      {{"name", Type::Text, "What it is about, for reports.", false},
       {"always", Type::Text, "An expression that holds all the time.", false},
       {"never", Type::Text, "An expression that does not hold at any time.", false},
       {"eventually", Type::Text, "An expression that comes to hold.", false},
       {"at", Type::Span, "The moment at which `expr` holds.", false},
       {"expr", Type::Text, "With at: the expression.", false},
       {"from", Type::Span, "When looking begins, from the start of the run. Default 0s.", false},
       {"to", Type::Span, "With always and never: when looking ends. Default: the end of the run.", false},
       {"within", Type::Span,
        "With eventually: how long after `from` it must hold at the latest. Default: by the end of the run.", false},
       {"for", Type::Span, "With eventually: how long it must then hold without a break. Default 0s.", false}},
      ""};
  return kShape;
}

const Shape& scenario_shape() {
  static const Shape kShape = {
      "scenario",
      {{"apiVersion", Type::Text, "wavetank/v1", true, nullptr, 0, 0, {"wavetank/v1"}},
       {"kind", Type::Text, "Scenario", true, nullptr, 0, 0, {"Scenario"}},
       {"metadata", Type::Object, "Name and description.", true, &metadata_shape()},
       {"seed", Type::Whole, "For everything drawn. Default 1."},
       {"start", Type::Text,
        "What clocks on the wall show at the start, 2026-03-29T00:00:00Z or with an offset; cron jobs go by it. "
        "Default "
        "2026-01-01T00:00:00Z."},
       {"until", Type::Span,
        "When the run ends. Default: when the timeline is over and nothing has happened for `quiet`."},
       {"quiet", Type::Span, "Without until: how long nothing may happen before the run ends. Default 15m.", false,
        nullptr, kMillisecond},
       {"cluster", Type::Object, "The nodes.", true, &cluster_shape()},
       {"manifests", Type::Objects, "What is applied at the start, in this order.", false, &manifest_shape()},
       {"model", Type::Object, "Parameters of the simulation.", false, &model_shape()},
       {"timeline", Type::Objects, "What happens, by time.", false, &timeline_shape()},
       {"expectations", Type::Objects, "What must be so.", false, &expectation_shape()}},
      ""};
  return kShape;
}

}  // namespace wavetank::scenario
