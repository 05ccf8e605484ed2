// Where a scenario says how its scheduler is configured, and that a run executed again is configured alike.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <set>

#include "engine/log/memory_journal.h"
#include "sim/scenario/run_meta.h"
#include "tests/sim/scenario/support.h"

using namespace wavetank;
using namespace wavetank::scenario;
using namespace wavetank::scenario::test;

namespace {

const std::string kBody = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
const std::string kPacker =
    kBody + "percentageOfNodesToScore: 40\nprofiles: [{schedulerName: default-scheduler}, {schedulerName: packer}]\n";

base::Result<Scenario> load_with(const std::string& rest, const std::string& option = "",
                                 const std::vector<std::string>& sets = {}) {
  MemoryFiles files;
  add_files(files, std::string(kHead) + rest);
  files.put("dir/sched.yaml", kPacker);
  files.put("dir/wrong.yaml", kBody + "profiles:\n- plugin: {}\n");
  files.put("dir/two.yaml", kPacker + "---\n" + kPacker);
  files.put("dir/empty.yaml", "");
  files.put("other.yaml", kBody + "profiles: [{schedulerName: other}]\n");
  return load_scenario("dir/s.yaml", files, sets, option);
}

std::string names(const Scenario& s) {
  std::string out;
  for (const auto& p : s.control_plane.scheduler.profiles) out += (out.empty() ? "" : " ") + p.scheduler_name;
  return out;
}

const std::string kInline =
    "model: {scheduler: {config: {inline: {apiVersion: kubescheduler.config.k8s.io/v1, kind: "
    "KubeSchedulerConfiguration, profiles: [{schedulerName: x}]}}}}\n";

}  // namespace

TEST_CASE("a scheduler configuration is read from where it is named") {
  struct Row {
    std::string rest, option, profiles;
    std::int32_t percentage;
  };
  const Row rows[] = {
      {"", "", "", 0},
      {"model: {scheduler: {config: sched.yaml}}\n", "", "default-scheduler packer", 40},
      {"model: {scheduler: {config: {path: sched.yaml}, percentageOfNodesToScore: 7}}\n", "",
       "default-scheduler packer", 7},
      {kInline, "", "x", 0},
      {"model:\n  scheduler:\n    config:\n      inline: |\n        apiVersion: kubescheduler.config.k8s.io/v1\n       "
       " "
       "kind: KubeSchedulerConfiguration\n",
       "", "default-scheduler", 0},
      {"model: {scheduler: {config: sched.yaml}}\n", "other.yaml", "other", 0},  // the option is stronger
  };
  for (const Row& row : rows) {
    CAPTURE(row.rest);
    const auto loaded = load_with(row.rest, row.option);
    CHECK(errors_of(loaded) == "");
    REQUIRE(loaded.has_value());
    CHECK(names(*loaded) == row.profiles);
    CHECK(loaded->control_plane.scheduler.percentage_of_nodes_to_score == row.percentage);
    CHECK(loaded->scheduler_config.empty() == row.profiles.empty());
  }
}

TEST_CASE("a scheduler configuration among the manifests is understood, not applied") {
  MemoryFiles files;
  const auto with = [&](const std::string& manifests, const std::string& rest = "") {
    files.put("dir/s.yaml",
              "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: t}\ncluster: {nodes: [{name: "
              "n1}]}\nuntil: 1m\nmanifests: " +
                  manifests + "\n" + rest);
    files.put("dir/all/sched.yaml", kPacker);
    files.put("dir/all/web.yaml", std::string(kWeb));
    return load_scenario("dir/s.yaml", files);
  };
  const auto loaded = with("[all]");
  CHECK(errors_of(loaded) == "");
  REQUIRE(loaded.has_value());
  CHECK(names(*loaded) == "default-scheduler packer");
  REQUIRE(loaded->manifests.size() == 1);
  CHECK(loaded->manifests[0].docs.size() == 2);
  CHECK(loaded->notices.empty());

  const std::string second = "a second KubeSchedulerConfiguration; a scheduler has one";
  const std::string written =
      "{inline: {apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration}}";
  CHECK(errors_of(with("[all, " + written + "]")) == "6:27: " + second);
  CHECK(errors_of(with("[" + written + "]", kInline)) == "6:22: " + second);
  CHECK(errors_of(with("[]", "timeline: [{at: 5s, apply: " + written + "}]")) ==
        "7:37: a KubeSchedulerConfiguration is read when the scheduler starts: name it under model.scheduler.config, "
        "not in the timeline");
}

TEST_CASE("a scheduler configuration that cannot be read is told by its own places") {
  const auto config = [](const std::string& value) {
    return errors_of(load_with("model: {scheduler: {config: " + value + "}}\n"));
  };
  CHECK(config("none.yaml") == "10:29: cannot read dir/none.yaml: no such file");
  CHECK(config("{}") == "10:29: model.scheduler.config: wants one of path, inline");
  CHECK(
      config("{inline: {apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, profile: []}}") ==
      "10:117: profile: unknown field \"profile\"; did you mean \"profiles\"?");
  CHECK(load_with("model: {scheduler: {config: wrong.yaml}}\n").error().front().text() ==
        "dir/wrong.yaml:4:3: profiles[0].plugin: unknown field \"plugin\"; did you mean \"plugins\"?");
  CHECK(load_with("", "dir/two.yaml").error().front().text() ==
        "dir/two.yaml:6:1: a second document; a KubeSchedulerConfiguration stands alone in its file");
  CHECK(load_with("", "dir/empty.yaml").error().front().text() ==
        "dir/empty.yaml: the file is empty: no KubeSchedulerConfiguration");
  CHECK(load_with("", "", {"model.scheduler.config=wrong.yaml"}).error().size() == 1);
  CHECK(load_with("", "none.yaml").error().front().text() == "--scheduler-config: cannot read none.yaml: no such file");
  MemoryFiles files;
  CHECK(load_scenario("-", files, {}, "-").error().front().text() ==
        "-: standard input cannot be both the scenario and the scheduler's configuration");
}

TEST_CASE("a configuration that gives way to the command line's is told") {
  const auto loaded = load_with(std::string(kInline), "other.yaml");
  REQUIRE(loaded.has_value());
  REQUIRE(loaded->notices.size() == 1);
  CHECK(loaded->notices[0] == "dir/s.yaml: model.scheduler.config has no effect: other.yaml is used instead");
  MemoryFiles files;
  files.put("dir/s.yaml",
            "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: t}\ncluster: {nodes: [{name: n1}]}\nuntil: "
            "1m\nmanifests: [sched.yaml]\n");
  files.put("dir/sched.yaml", kPacker);
  files.put("other.yaml", kBody + "profiles: [{schedulerName: other}]\n");
  const auto among = load_scenario("dir/s.yaml", files, {}, "other.yaml");
  REQUIRE(among.has_value());
  REQUIRE(among->notices.size() == 1);
  CHECK(among->notices[0] ==
        "dir/sched.yaml:1: this KubeSchedulerConfiguration has no effect: other.yaml is used instead");
}

TEST_CASE("a run executed again has the scheduler's configuration of the first") {
  // Nodes a and b alternate by default; the packing profile fills one.
  const std::string packing =
      kBody +
      "profiles: [{plugins: {score: {disabled: [{name: \"*\"}], enabled: [{name: NodeResourcesFit}]}}, pluginConfig: "
      "[{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}]}]\n";
  MemoryFiles files;
  add_files(files, kHead);
  files.put("pack.yaml", packing);
  const auto nodes_used = [](const Scenario& s, log::Journal& journal) {
    Simulation simulation(s, {}, journal);
    REQUIRE(simulation.run().has_value());
    const state::ClusterView view = simulation.control_plane().view(base::SimTime{});
    std::set<std::size_t> nodes;
    for (std::size_t i = 0; i < view->pods.size(); ++i) nodes.insert(view.pod_node(event::PodId(i)).index());
    return nodes.size();
  };
  log::MemoryJournal spread, packed, again;
  CHECK(nodes_used(*load_scenario("dir/s.yaml", files), spread) == 3);
  CHECK(nodes_used(*load_scenario("dir/s.yaml", files, {}, "pack.yaml"), packed) == 1);
  CHECK(spread.meta(kSchedulerConfigKey).empty());
  CHECK(packed.meta(kSchedulerConfigKey).find("MostAllocated") != std::string::npos);
  REQUIRE(re_execute(packed, again).has_value());
  CHECK(again.position() == packed.position());
  CHECK(again.meta(kSchedulerConfigKey) == packed.meta(kSchedulerConfigKey));
}
