// KubeSchedulerConfiguration: what is wrong with a bad one, in Kubernetes' words, and what a good one makes run.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/base/prng.h"
#include "engine/schedule/config.h"
#include "engine/schedule/plugins/registry.h"
#include "tests/engine/schedule/table.h"

using namespace wavetank;

namespace {

constexpr std::string_view kHead = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

base::Result<schedule::SchedulerConfig> read(std::string_view body) {
  return schedule::parse_scheduler_config(std::string(kHead) + std::string(body), "sched.yaml");
}

/// All complaints, without the file's name.
std::string problems(std::string_view body) {
  const auto config = read(body);
  if (config) return "none";
  std::string out;
  for (const base::Diagnostic& d : config.error()) {
    CHECK(d.file == "sched.yaml");
    CHECK(d.position.line > 0);
    out += (out.empty() ? "" : "\n") + d.message;
  }
  return out;
}

/// The complaints of one profile's body, written as flow YAML.
std::string in_profile(std::string_view body) { return problems(fmt::format("profiles: [{}]", body)); }
std::string in_plugins(std::string_view body) { return in_profile(fmt::format("{{plugins: {}}}", body)); }
std::string in_args(std::string_view plugin, std::string_view args) {
  return in_profile(fmt::format("{{pluginConfig: [{{name: {}, args: {}}}]}}", plugin, args));
}

std::string words(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, " ")); }
std::string words(const std::vector<schedule::WeightedPlugin>& list) {
  std::string out;
  for (const auto& p : list) out += fmt::format("{}{}:{}", out.empty() ? "" : " ", p.name, p.weight);
  return out;
}

schedule::Profile profile(std::string_view body) {
  const auto config = read(fmt::format("profiles: [{}]", body));
  if (!config) FAIL(base::to_text(config.error()));
  return config->profiles.front();
}
schedule::Profile with_plugins(std::string_view body) { return profile(fmt::format("{{plugins: {}}}", body)); }

const std::string kScores =
    "TaintToleration:3 NodeAffinity:2 NodeResourcesFit:1 PodTopologySpread:2 InterPodAffinity:2 "
    "NodeResourcesBalancedAllocation:1 ImageLocality:1";

/// Volumes' plugins out of a list, so that these tables hold with and without them.
std::string without_volumes(std::string text) {
  for (const std::string name :
       {"VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding:1", "VolumeBinding", "VolumeZone"}) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name))
      text.erase(at, name.size() + (at + name.size() < text.size() ? 1 : 0));
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("A configuration that says nothing is the default one") {
  const auto config = read("");
  REQUIRE(config.has_value());
  REQUIRE(config->profiles.size() == 1);
  const schedule::Profile standard = schedule::default_profile();
  const schedule::Profile& p = config->profiles.front();
  CHECK(p.scheduler_name == "default-scheduler");
  CHECK(words(p.pre_enqueue) == words(standard.pre_enqueue));
  CHECK(words(p.pre_filter) == words(standard.pre_filter));
  CHECK(words(p.filter) == words(standard.filter));
  CHECK(words(p.post_filter) == words(standard.post_filter));
  CHECK(words(p.score) == words(standard.score));
  CHECK(words(p.post_filter) == "DynamicResources DefaultPreemption");
  CHECK(without_volumes(words(p.score)) == kScores);
  CHECK(config->percentage_of_nodes_to_score == 0);
  CHECK(config->pod_initial_backoff == base::seconds(1));
  CHECK(config->pod_max_backoff == base::seconds(10));
  CHECK(config->notices.empty());
}

TEST_CASE("What every scheduler's configuration says is read or checked") {
  const auto config = read(R"(
parallelism: 8
leaderElection: {leaderElect: true, leaseDuration: 15s, renewDeadline: 10s, retryPeriod: 2s, resourceLock: leases}
clientConnection: {kubeconfig: /etc/kubernetes/scheduler.conf, qps: 50.5, burst: 100}
enableProfiling: true
enableContentionProfiling: false
delayCacheUntilActive: true
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
extenders: []
profiles:
- schedulerName: a
  percentageOfNodesToScore: 0
- schedulerName: b
)");
  REQUIRE(config.has_value());
  CHECK(config->percentage_of_nodes_to_score == 30);
  CHECK(config->pod_initial_backoff == base::seconds(2));
  CHECK(config->pod_max_backoff == base::seconds(20));
  REQUIRE(config->profiles.size() == 2);
  CHECK(config->profiles[0].scheduler_name == "a");
  CHECK(config->profiles[0].percentage_of_nodes_to_score == 0);
  CHECK_FALSE(config->profiles[1].percentage_of_nodes_to_score.has_value());
}

TEST_CASE("Versions and kinds other than the one read are refused by name") {
  const auto text = [](std::string_view document) {
    const auto config = schedule::parse_scheduler_config(document, "f");
    return config ? "none" : base::to_text(config.error());
  };
  CHECK(text("") == "f: the file is empty; \"kind: KubeSchedulerConfiguration\" was expected");
  CHECK(text("{}") ==
        "f:1:1: kind: Required value: a scheduler configuration is of kind KubeSchedulerConfiguration\n"
        "f:1:1: apiVersion: Required value: the version read is kubescheduler.config.k8s.io/v1");
  CHECK(text("{apiVersion: kubescheduler.config.k8s.io/v1beta3, kind: KubeSchedulerConfiguration}") ==
        "f:1:14: apiVersion: Unsupported value: \"kubescheduler.config.k8s.io/v1beta3\": supported values: "
        "\"kubescheduler.config.k8s.io/v1\"; kube-scheduler 1.34 reads no other version: v1 has been there since 1.25");
  CHECK(text("{apiVersion: v1, kind: Pod}") ==
        "f:1:24: kind: Unsupported value: \"Pod\": supported values: \"KubeSchedulerConfiguration\"\n"
        "f:1:14: apiVersion: Unsupported value: \"v1\": supported values: \"kubescheduler.config.k8s.io/v1\"");
  CHECK(text("[]") == "f:1:1: (root): Invalid value: []: must be a map with apiVersion and kind");
}

TEST_CASE("Fields that do not exist, and values of a wrong type, are errors each") {
  CHECK(problems("percentageOfNodesToScores: 50\nparalelism: 4\n") ==
        "percentageOfNodesToScores: unknown field \"percentageOfNodesToScores\"; did you mean "
        "\"percentageOfNodesToScore\"?\n"
        "paralelism: unknown field \"paralelism\"; did you mean \"parallelism\"?");
  CHECK(in_profile("{plugin: {}}") == "profiles[0].plugin: unknown field \"plugin\"; did you mean \"plugins\"?");
  CHECK(in_plugins("{scores: {}}") == "profiles[0].plugins.scores: unknown field \"scores\"; did you mean \"score\"?");
  CHECK(in_plugins("{score: {enable: [], disabled: [{nam: x, name: \"*\"}]}}") ==
        "profiles[0].plugins.score.enable: unknown field \"enable\"; did you mean \"enabled\"?\n"
        "profiles[0].plugins.score.disabled[0].nam: unknown field \"nam\"; did you mean \"name\"?");
  CHECK(in_args("NodeResourcesFit", "{scoringStrategy: {type: MostAllocated, shape: []}}") ==
        "profiles[0].pluginConfig[0].args.scoringStrategy.shape: unknown field \"shape\"; known are "
        "requestedToCapacityRatio, resources, type");
  CHECK(problems("percentageOfNodesToScore: half\nprofiles: {}\n") ==
        "percentageOfNodesToScore: Invalid value: \"half\": must be an integer (int32), not a string\n"
        "profiles: Invalid value: {…}: must be a list, not a map");
  CHECK(in_plugins("{score: {enabled: [{name: ImageLocality, weight: \"2\"}]}}") ==
        "profiles[0].plugins.score.enabled[0].weight: Invalid value: \"2\": must be an integer (int32), not a string");
  CHECK(problems("parallelism: 1\nparallelism: 2\n").find("parallelism") != std::string::npos);  // the reader of YAML
}

TEST_CASE("Numbers out of range, in Kubernetes' words") {
  CHECK(
      problems("parallelism: 0\npercentageOfNodesToScore: 101\npodInitialBackoffSeconds: 0\npodMaxBackoffSeconds: -1\n"
               "clientConnection: {burst: -1}\n") ==
      "parallelism: Invalid value: 0: should be an integer value greater than zero\n"
      "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]\n"
      "podInitialBackoffSeconds: Invalid value: 0: must be greater than 0\n"
      "podMaxBackoffSeconds: Invalid value: -1: must be greater than or equal to PodInitialBackoffSeconds\n"
      "clientConnection.burst: Invalid value: -1: must be non-negative");
  CHECK(in_profile("{percentageOfNodesToScore: -1}") ==
        "profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]");
  CHECK(problems("podInitialBackoffSeconds: 20\n") ==
        "podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds");
  CHECK(
      problems("leaderElection: {leaseDuration: 5s, renewDeadline: 10s, retryPeriod: 0s, resourceLock: endpoints}\n") ==
      "leaderElection.leaseDuration: Invalid value: \"10s\": must be greater than `RenewDeadline`\n"
      "leaderElection.retryPeriod: Invalid value: \"0s\": must be greater than zero\n"
      "leaderElection.resourceLock: Invalid value: \"endpoints\": resourceLock value must be \"leases\"");
  CHECK(problems("leaderElection: {leaderElect: false, leaseDuration: 5s}\n") == "none");
}

TEST_CASE("Profiles: names are there and differ, and all sort the queue alike") {
  CHECK(problems("profiles: [{schedulerName: a}, {}]") == "profiles[1].schedulerName: Required value");
  CHECK(problems("profiles: [{schedulerName: \"\"}]") == "profiles[0].schedulerName: Required value");
  CHECK(problems("profiles: [{schedulerName: a}, {schedulerName: a}]") ==
        "profiles[1].schedulerName: Duplicate value: \"a\"");
  CHECK(problems("profiles: [{schedulerName: a}, {schedulerName: b, plugins: {queueSort: {enabled: [{name: "
                 "PrioritySort}]}}}]") ==
        "profiles[1].plugins.queueSort: Invalid value: {\"enabled\":[{\"name\":\"PrioritySort\"}]}: must be the same "
        "for all profiles");
  CHECK(problems("extenders: [{urlPrefix: http://127.0.0.1}]") ==
        "extenders: Forbidden: scheduler extenders are programs that kube-scheduler asks over HTTP: they cannot be "
        "asked here");
}

TEST_CASE("Plugins that do not exist, cannot be at a point, or come twice") {
  CHECK(
      in_plugins("{filter: {enabled: [{name: NodeResourceFit}]}}") ==
      "profiles[0].plugins.filter.enabled[0].name: Invalid value: \"NodeResourceFit\": plugin does not exist; did you "
      "mean \"NodeResourcesFit\"?");
  CHECK(in_plugins("{score: {disabled: [{name: ImageLocalty}]}}") ==
        "profiles[0].plugins.score.disabled[0].name: Invalid value: \"ImageLocalty\": plugin does not exist; did you "
        "mean \"ImageLocality\"?");
  CHECK(in_plugins("{multiPoint: {enabled: [{name: Coscheduling}]}}") ==
        "profiles[0].plugins.multiPoint.enabled[0].name: Invalid value: \"Coscheduling\": plugin does not exist; the "
        "in-tree plugins are DefaultBinder, DefaultPreemption, DynamicResources, ImageLocality, InterPodAffinity, "
        "NodeAffinity, NodeName, NodePorts, NodeResourcesBalancedAllocation, NodeResourcesFit, NodeUnschedulable, "
        "NodeVolumeLimits, PodTopologySpread, PrioritySort, SchedulingGates, TaintToleration, VolumeBinding, "
        "VolumeRestrictions, VolumeZone");
  CHECK(
      in_plugins("{multiPoint: {enabled: [{name: NodeDeclaredFeatures}, {name: EBSLimits}]}}") ==
      "profiles[0].plugins.multiPoint.enabled[0].name: Invalid value: \"NodeDeclaredFeatures\": plugin does not exist "
      "in 1.34, it came with 1.35\n"
      "profiles[0].plugins.multiPoint.enabled[1].name: Invalid value: \"EBSLimits\": was invalid in version "
      "\"kubescheduler.config.k8s.io/v1\" (NodeVolumeLimits does its work)");
  CHECK(
      in_plugins("{filter: {enabled: [{name: ImageLocality}]}}") ==
      "profiles[0].plugins.filter.enabled[0].name: Invalid value: \"ImageLocality\": plugin \"ImageLocality\" does not "
      "extend FilterPlugin plugin");
  CHECK(
      in_plugins("{filter: {enabled: [{name: NodeName}, {name: NodeName}]}}") ==
      "profiles[0].plugins.filter.enabled[1].name: Invalid value: \"NodeName\": plugin \"NodeName\" already registered "
      "as \"FilterPlugin\"");
  CHECK(in_plugins("{multiPoint: {enabled: [{name: NodeName}, {name: NodeName}]}}") ==
        "profiles[0].plugins.multiPoint.enabled[0].name: Invalid value: \"NodeName\": plugin \"NodeName\" already "
        "registered at multiPoint");
  CHECK(in_plugins("{filter: {enabled: [{name: \"*\"}, {weight: 2}]}}") ==
        "profiles[0].plugins.filter.enabled[0].name: Invalid value: \"*\": only \"disabled\" may say \"*\"\n"
        "profiles[0].plugins.filter.enabled[1].name: Required value");
}

TEST_CASE("A profile has one plugin that sorts the queue and at least one that binds") {
  CHECK(in_plugins("{queueSort: {disabled: [{name: \"*\"}]}}") ==
        "profiles[0].plugins.queueSort: Required value: only one queue sort plugin required for profile with scheduler "
        "name \"default-scheduler\", but got 0");
  CHECK(in_plugins("{bind: {disabled: [{name: DefaultBinder}]}}") ==
        "profiles[0].plugins.bind: Required value: at least one bind plugin is needed for profile with scheduler name "
        "\"default-scheduler\"");
  CHECK(in_plugins("{multiPoint: {disabled: [{name: \"*\"}]}}") ==
        "profiles[0].plugins.queueSort: Required value: only one queue sort plugin required for profile with scheduler "
        "name \"default-scheduler\", but got 0\n"
        "profiles[0].plugins.bind: Required value: at least one bind plugin is needed for profile with scheduler name "
        "\"default-scheduler\"");
  CHECK(in_plugins("{preFilter: {disabled: [{name: NodePorts}]}}") ==
        "profiles[0].plugins.preFilter: Forbidden: NodePorts at filter reads what it prepares at preFilter: without it "
        "every pod would end in an error; disable NodePorts at filter, too");
  CHECK(in_plugins("{preScore: {disabled: [{name: TaintToleration}]}}") ==
        "profiles[0].plugins.preScore: Forbidden: TaintToleration at score reads what it prepares at preScore: without "
        "it every pod would end in an error; disable TaintToleration at score, too");
  CHECK(in_plugins("{preScore: {disabled: [{name: NodeAffinity}, {name: NodeResourcesFit}]}}") == "none");
}

TEST_CASE("Order and weights: the point's own list, then multiPoint, then the defaults") {
  const auto score = [](std::string_view plugins) { return without_volumes(words(with_plugins(plugins).score)); };
  const auto filter = [](std::string_view plugins) { return without_volumes(words(with_plugins(plugins).filter)); };
  const auto replaced = [](std::string text, std::string_view from, std::string_view to) {
    return text.replace(text.find(from), from.size(), to);
  };
  // Named at the point: first. Its weight counts there.
  CHECK(score("{score: {enabled: [{name: ImageLocality, weight: 4}]}}") ==
        "ImageLocality:4 " + replaced(kScores, " ImageLocality:1", ""));
  // Without a weight it is 1, not the default's.
  CHECK(score("{score: {enabled: [{name: TaintToleration}]}}") ==
        replaced(kScores, "TaintToleration:3", "TaintToleration:1"));
  // Taken out and put in again: last, in the order written.
  CHECK(score("{score: {disabled: [{name: TaintToleration}, {name: NodeAffinity}], enabled: [{name: NodeAffinity}, "
              "{name: TaintToleration, weight: 9}]}}") ==
        replaced(kScores, "TaintToleration:3 NodeAffinity:2 ", "") + " NodeAffinity:1 TaintToleration:9");
  // At multiPoint: the default's place, another weight.
  CHECK(score("{multiPoint: {enabled: [{name: TaintToleration, weight: 7}]}}") ==
        replaced(kScores, "TaintToleration:3", "TaintToleration:7"));
  CHECK(score("{multiPoint: {enabled: [{name: TaintToleration}]}}") ==
        replaced(kScores, "TaintToleration:3", "TaintToleration:1"));
  // Out of multiPoint and in again: behind the defaults.
  CHECK(score("{multiPoint: {disabled: [{name: TaintToleration}], enabled: [{name: TaintToleration, weight: 2}]}}") ==
        replaced(kScores, "TaintToleration:3 ", "") + " TaintToleration:2");
  // Both: the weight at the point wins.
  CHECK(score("{multiPoint: {enabled: [{name: ImageLocality, weight: 20}]}, score: {enabled: [{name: ImageLocality, "
              "weight: 5}]}}") == "ImageLocality:5 " + replaced(kScores, " ImageLocality:1", ""));
  // Only these.
  CHECK(score("{score: {disabled: [{name: \"*\"}], enabled: [{name: NodeResourcesFit, weight: 5}]}}") ==
        "NodeResourcesFit:5");
  CHECK(score("{score: {disabled: [{name: \"*\"}]}}").empty());
  CHECK(filter("{multiPoint: {disabled: [{name: \"*\"}], enabled: [{name: PrioritySort}, {name: DefaultBinder}, {name: "
               "NodeResourcesFit}, {name: NodeName}]}}") == "NodeResourcesFit NodeName");
  CHECK(filter("{filter: {enabled: [{name: NodeName}, {name: NodeUnschedulable}]}}") ==
        "NodeName NodeUnschedulable TaintToleration NodeAffinity NodePorts NodeResourcesFit PodTopologySpread "
        "InterPodAffinity");
  CHECK(words(with_plugins("{postFilter: {disabled: [{name: DynamicResources}]}}").post_filter) == "DefaultPreemption");
  CHECK(words(with_plugins("{postFilter: {disabled: [{name: \"*\"}]}}").post_filter).empty());
  CHECK(words(with_plugins("{preEnqueue: {disabled: [{name: SchedulingGates}]}}").pre_enqueue).empty());
}

TEST_CASE("What has no effect is said") {
  const auto config = read(
      "profiles: [{plugins: {filter: {enabled: [{name: NodeName, weight: 2}]}, preScore: {enabled: [{name: "
      "NodeAffinity, weight: 3}]}, score: {disabled: [{name: ImageLocality, weight: 1}]}}}]");
  REQUIRE(config.has_value());
  CHECK(words(config->notices) ==
        "profiles[0].plugins.filter.enabled[0]: NodeName does not score, its weight has no effect "
        "profiles[0].plugins.preScore.enabled[0]: a weight has an effect at score and multiPoint only "
        "profiles[0].plugins.score.disabled[0]: a weight has no effect where a plugin is disabled");
}

TEST_CASE("Arguments: which plugin, which kind") {
  const std::string where = "profiles[0].pluginConfig[0]";
  CHECK(in_profile("{pluginConfig: [{name: NodeResourcesFit}, {name: NodeResourcesFit, args: {}}]}") ==
        "profiles[0].pluginConfig[1]: Duplicate value: \"NodeResourcesFit\"");
  CHECK(in_profile("{pluginConfig: [{args: {}}, {name: NodeResourcesFitArgs}]}") ==
        where + ".name: Required value\n" +
            "profiles[0].pluginConfig[1].name: Invalid value: \"NodeResourcesFitArgs\": plugin does not exist; did you "
            "mean \"NodeResourcesFit\"?");
  CHECK(in_args("ImageLocality", "{x: 1}") == where + ".args: Forbidden: ImageLocality takes no arguments");
  CHECK(in_args("NodeAffinity", "[]") == where + ".args: Invalid value: […]: must be a map, not a list");
  CHECK(in_args("InterPodAffinity",
                "{apiVersion: kubescheduler.config.k8s.io/v1, kind: InterPodAffinityArgs, "
                "hardPodAffinityWeight: 5}") == "none");
  CHECK(in_args("InterPodAffinity", "{apiVersion: kubescheduler.config.k8s.io/v1beta3, kind: NodeAffinityArgs}") ==
        where +
            ".args.apiVersion: Unsupported value: \"kubescheduler.config.k8s.io/v1beta3\": supported values: "
            "\"kubescheduler.config.k8s.io/v1\"\n" +
            where +
            ".args.kind: Invalid value: \"NodeAffinityArgs\": args for plugin InterPodAffinity were not of type "
            "InterPodAffinityArgs.kubescheduler.config.k8s.io, got "
            "NodeAffinityArgs.kubescheduler.config.k8s.io");
}

TEST_CASE("Arguments of NodeResourcesFit") {
  const std::string where = "profiles[0].pluginConfig[0].args.";
  const auto fit = [](std::string_view args) { return in_args("NodeResourcesFit", args); };
  CHECK(fit("{scoringStrategy: {type: BestFit}}") ==
        where +
            "scoringStrategy.type: Unsupported value: \"BestFit\": supported values: \"LeastAllocated\", "
            "\"MostAllocated\", \"RequestedToCapacityRatio\"");
  CHECK(fit("{scoringStrategy: {}}") ==
        where +
            "scoringStrategy.type: Unsupported value: \"\": supported values: \"LeastAllocated\", "
            "\"MostAllocated\", \"RequestedToCapacityRatio\"");
  CHECK(fit("{scoringStrategy: {type: MostAllocated, resources: [{name: cpu, weight: 101}, {name: memory, weight: -1}, "
            "{name: vendor.com/gpu, weight: 0}]}}") ==
        where +
            "scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, "
            "100]\n" +
            where +
            "scoringStrategy.resources[1].weight: Invalid value: -1: resource weight of memory not in valid range "
            "(0, 100]");
  CHECK(fit("{scoringStrategy: {type: RequestedToCapacityRatio}}") ==
        where +
            "scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is "
            "RequestedToCapacityRatio");
  CHECK(fit("{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {}}}") ==
        where + "scoringStrategy.requestedToCapacityRatio.shape: Required value: at least one point must be specified");
  CHECK(fit("{scoringStrategy: {type: LeastAllocated, requestedToCapacityRatio: {shape: []}}}") ==
        where +
            "scoringStrategy.requestedToCapacityRatio: Forbidden: must be nil when type is not "
            "RequestedToCapacityRatio");
  const std::string shape = where + "scoringStrategy.requestedToCapacityRatio.shape";
  CHECK(fit("{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 0, "
            "score: 11}, {utilization: 101, score: -1}, {utilization: 50, score: 1}]}}}") ==
        shape + "[0].score: Invalid value: 11: not in valid range [0, 10]\n" + shape +
            "[1].utilization: Invalid value: 101: not in valid range [0, 100]\n" + shape +
            "[1].score: Invalid value: -1: not in valid range [0, 10]\n" + shape +
            "[2].utilization: Invalid value: 50: values must be sorted in increasing order");
  CHECK(fit("{ignoredResourceGroups: [a/b]}") ==
        where + "ignoredResourceGroups[0]: Invalid value: \"a/b\": resource group name can't contain '/'");
  CHECK(fit("{ignoredResources: [\"bad name\"]}")
            .starts_with(where + "ignoredResources[0]: Invalid value: \"bad name\": "
                                 "name part must consist of"));

  const schedule::FitArgs good =
      profile(
          "{pluginConfig: [{name: NodeResourcesFit, args: {ignoredResources: [vendor.com/x], ignoredResourceGroups: "
          "[vendor.com], scoringStrategy: {type: RequestedToCapacityRatio, resources: [{name: cpu, weight: 3}, "
          "{name: memory}], requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, "
          "score: 10}]}}}}]}")
          .fit;
  CHECK(good.strategy == schedule::ScoringStrategy::RequestedToCapacityRatio);
  REQUIRE(good.resources.size() == 2);
  CHECK(good.resources[0].weight == 3);
  CHECK(good.resources[1].weight == 1);
  REQUIRE(good.shape.size() == 2);
  CHECK(good.shape[1].score == 100);
  CHECK(words(good.ignored_resources) == "vendor.com/x");
  CHECK(words(good.ignored_resource_groups) == "vendor.com");
}

TEST_CASE("Arguments of the other plugins") {
  const std::string where = "profiles[0].pluginConfig[0].args.";
  CHECK(in_args("NodeResourcesBalancedAllocation", "{resources: [{name: cpu, weight: 2}, {name: cpu}]}") ==
        where + "resources[0].weight: Invalid value: 2: must be 1\n" + where +
            "resources[1].name: Duplicate value: \"cpu\"");
  CHECK(in_args("InterPodAffinity", "{hardPodAffinityWeight: 101}") ==
        where + "hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]");
  CHECK(in_args("DefaultPreemption", "{minCandidateNodesPercentage: 101, minCandidateNodesAbsolute: -1}") ==
        where + "minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]\n" + where +
            "minCandidateNodesAbsolute: Invalid value: -1: not in valid range [0, inf)");
  CHECK(in_args("DefaultPreemption", "{minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}") ==
        where +
            "minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as "
            "minCandidateNodesAbsolute\n" +
            where +
            "minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as "
            "minCandidateNodesPercentage");
  CHECK(in_args("VolumeBinding", "{bindTimeoutSeconds: -1, shape: [{utilization: 0, score: 10}]}") ==
        where + "bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value\n" +
            where +
            "shape: Invalid value: [{\"score\":10,\"utilization\":0}]: unexpected field `shape`, remove it or "
            "turn on the feature gate StorageCapacityScoring");
  CHECK(in_args("DynamicResources", "{filterTimeout: -1s}") ==
        where + "filterTimeout: Invalid value: \"-1s\": must be zero or positive");
  const schedule::Profile good = profile(
      "{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 0, ignorePreferredTermsOfExistingPods: "
      "true}}, {name: DefaultPreemption, args: {minCandidateNodesAbsolute: 7}}, {name: VolumeBinding, args: "
      "{bindTimeoutSeconds: 60}}]}");
  CHECK(good.inter_pod.hard_pod_affinity_weight == 0);
  CHECK(good.inter_pod.ignore_preferred_terms_of_existing_pods);
  CHECK(good.preemption.min_candidate_nodes_percentage == 10);
  CHECK(good.preemption.min_candidate_nodes_absolute == 7);
  CHECK(good.volume_binding.bind_timeout_seconds == 60);
}

TEST_CASE("Arguments of PodTopologySpread") {
  const std::string where = "profiles[0].pluginConfig[0].args.";
  const auto spread = [](std::string_view args) { return in_args("PodTopologySpread", args); };
  CHECK(spread("{defaultingType: Cluster}") ==
        where + "defaultingType: Unsupported value: \"Cluster\": supported values: \"System\", \"List\"");
  CHECK(spread("{defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]}") ==
        where + "defaultingType: Invalid value: \"System\": when .defaultConstraints are not empty");
  const std::string first = where + "defaultConstraints[0].";
  CHECK(spread("{defaultingType: List, defaultConstraints: [{maxSkew: 0, topologyKey: \"\", whenUnsatisfiable: Never, "
               "labelSelector: {}}]}") ==
        first + "maxSkew: Invalid value: 0: not in valid range (0, inf)\n" + first +
            "topologyKey: Required value: can not be empty\n" + first +
            "whenUnsatisfiable: Unsupported value: \"Never\": supported values: \"DoNotSchedule\", "
            "\"ScheduleAnyway\"\n" +
            first + "labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod");
  CHECK(spread("{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: "
               "DoNotSchedule}, {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}") ==
        where + "defaultConstraints[1]: Duplicate value: \"{zone, DoNotSchedule}\"");
  const schedule::PodTopologySpreadArgs good =
      profile(
          "{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 2, "
          "topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway}]}}]}")
          .spread;
  CHECK_FALSE(good.system_defaults);
  REQUIRE(good.default_constraints.size() == 1);
  CHECK(good.default_constraints[0].max_skew == 2);
  CHECK_FALSE(good.default_constraints[0].do_not_schedule);
}

TEST_CASE("Arguments of NodeAffinity") {
  const auto added = [](std::string_view expression) {
    return in_args(
        "NodeAffinity",
        fmt::format("{{addedAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: "
                    "[{{matchExpressions: [{}]}}]}}}}}}",
                    expression));
  };
  const std::string where =
      "profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution."
      "nodeSelectorTerms[0].matchExpressions[0].";
  CHECK(added("{key: disk, operator: In, values: [ssd]}") == "none");
  CHECK(added("{key: disk, operator: in, values: [ssd]}") ==
        where +
            "operator: Unsupported value: \"in\": supported values: \"DoesNotExist\", \"Exists\", \"Gt\", \"In\", "
            "\"Lt\", \"NotIn\"");
  CHECK(added("{key: disk, operator: In}") ==
        where + "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty");
  CHECK(added("{key: disk, operator: Exists, values: [a]}") ==
        where + "values: Invalid value: [\"a\"]: values set must be empty for exists and does not exist");
  CHECK(added("{key: cpus, operator: Gt, values: [many]}") ==
        where + "values[0]: Invalid value: \"many\": for 'Gt', 'Lt' operators, the value must be an integer");
  CHECK(added("{key: cpus, operator: Lt, values: []}") ==
        where + "values: Invalid value: []: for 'Gt', 'Lt' operators, exactly one value is required");
  CHECK(added("{key: \"\", operator: Exists}")
            .starts_with(where + "key: Invalid value: \"\": name part must be non-empty; "));
  const std::string preferred =
      "profiles[0].pluginConfig[0].args.addedAffinity.preferredDuringSchedulingIgnoredDuringExecution";
  CHECK(in_args(
            "NodeAffinity",
            "{addedAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchFields: "
            "[{key: metadata.name, operator: Gt, values: [\"1\"]}]}}]}}") ==
        preferred + "[0].matchFields[0].operator: Unsupported value: \"Gt\": supported values: \"In\", \"NotIn\"");
  const auto good = profile(
      "{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
      "{nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]}}}}]}");
  REQUIRE(good.node_affinity.added.has_value());
  REQUIRE(good.node_affinity.added->required.has_value());
  CHECK(good.node_affinity.added->required->front().match_expressions.front().key == "disk");
}

TEST_CASE("Any enabling and disabling is a profile that can be used, or is refused with reasons") {
  // Names, points and weights drawn at random: reading never crashes, and what it accepts schedules a pod.
  const std::vector<std::string> points = {"multiPoint", "preEnqueue", "queueSort", "preFilter", "filter",
                                           "postFilter", "preScore",   "score",     "reserve",   "permit",
                                           "preBind",    "bind",       "postBind"};
  std::vector<std::string> names = {"DynamicResources", "VolumeBinding", "VolumeZone", "NodeVolumeLimits",
                                    "VolumeRestrictions"};
  for (const auto& entry : schedule::plugin_registry()) names.emplace_back(entry.name);
  const base::Stream draws(7, "config");
  std::uint64_t n = 0;
  const auto draw = [&](std::uint64_t bound) { return draws.below(bound, n++); };
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 600; ++round) {
    std::string plugins;
    for (std::uint64_t p = 1 + draw(2); p > 0; --p) {
      std::string lists;
      for (const char* list : {"enabled", "disabled"}) {
        std::string items;
        for (std::uint64_t i = draw(3); i > 0; --i) {
          const bool all = list[0] == 'd' && draw(8) == 0;
          const std::string& name = names[draw(names.size())];
          items += fmt::format("{{name: \"{}\"{}}}, ", all ? "*" : name,
                               list[0] == 'e' ? fmt::format(", weight: {}", draw(5)) : "");
        }
        lists += fmt::format("{}: [{}], ", list, items);
      }
      plugins += fmt::format("{}: {{{}}}, ", points[(draw(points.size()) + p) % points.size()], lists);
    }
    const auto config = read(fmt::format("profiles: [{{plugins: {{{}}}}}]", plugins));
    if (!config) {
      ++refused;
      CHECK_FALSE(config.error().empty());
      continue;
    }
    ++accepted;
    for (const auto& scorer : config->profiles.front().score) CHECK(scorer.weight > 0);
    schedule::Settings settings{0, schedule::TieBreak::Name};
    config->apply_to(settings);
    schedule_table::Cluster cluster(settings);
    cluster.line("node a");
    cluster.line("node b");
    cluster.line("pod p cpu=1 port=80");
    CHECK(cluster.attempt().starts_with("p -> "));
    cluster.line("pod q cpu=9 priority=2");
    CHECK(cluster.attempt().starts_with("q -> "));
  }
  CHECK(accepted > 100);
  CHECK(refused > 100);
}

TEST_CASE("Weights and lists beyond what is summed exactly are refused, negative weights are told") {
  const std::string path = "profiles[0].plugins.score.enabled[0]";
  CHECK(in_plugins("{score: {enabled: [{name: NodeResourcesFit, weight: 2147483647}]}}") ==
        path + ".weight: Invalid value: 2147483647: must be between -10000000 and 10000000 here");
  CHECK(in_plugins("{multiPoint: {enabled: [{name: ImageLocality, weight: -10000001}]}}") ==
        "profiles[0].plugins.multiPoint.enabled[0].weight: Invalid value: -10000001: must be between -10000000 and "
        "10000000 here");
  const auto config = read("profiles: [{plugins: {score: {enabled: [{name: NodeResourcesFit, weight: -5}]}}}]");
  REQUIRE(config.has_value());
  REQUIRE(config->notices.size() == 1);
  CHECK(config->notices[0] ==
        path + ": a negative weight turns the score round: the lowest is preferred, as kube-scheduler has it");
  std::string many = "[";
  for (int i = 0; i < 33; ++i) many += fmt::format("{{name: example.com/r{}}}, ", i);
  CHECK(in_args("NodeResourcesFit", "{scoringStrategy: {type: LeastAllocated, resources: " + many + "]}}") ==
        "profiles[0].pluginConfig[0].args.scoringStrategy.resources: Invalid value: 33: must be at most 32 resources "
        "here");
  CHECK(in_args("NodeResourcesBalancedAllocation", "{resources: " + many + "]}") ==
        "profiles[0].pluginConfig[0].args.resources: Invalid value: 33: must be at most 32 resources here");
}
