// KubeSchedulerConfiguration: what is wrong with a bad one, in Kubernetes' words, and what a good one makes run.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "engine/base/prng.h"
#include "engine/schedule/config.h"
#include "engine/schedule/plugins/registry.h"

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
