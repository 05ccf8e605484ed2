// Every command on a small run, against what it printed when that was last reviewed.
#include "tests/runtime/cli/program.h"

using namespace wavetank::cli::test;

namespace {

// What a change of a rule alone changes.
std::string without_fingerprint(std::string text) {
  const std::size_t at = text.find(" · fingerprint ");
  return at == std::string::npos ? text : text.erase(text.rfind('\n', at) + 1);
}

/// The run that most tests look at.
const Folder& kept_run() {
  static const Folder folder;
  static const Ran ran = folder.run("run outage.yaml -o run.wt");
  REQUIRE(ran.code == 1);
  return folder;
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0, at = 0;
  for (const char c : text) {
    at = c == '\n' ? 0 : at + ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0);
    widest = std::max(widest, at);
  }
  return widest;
}

}  // namespace

TEST_CASE("run reports in one calm screen") {
  const Folder folder;
  const Ran ran = folder.run("run outage.yaml");
  CHECK(ran.code == 1);  // an expectation is broken
  CHECK(ran.err == "");
  CHECK(ran.out.find('\x1b') == std::string::npos);  // no colours without a terminal
  CHECK(ran.out.find(" · kept in memory only; -o FILE keeps the run\n") != std::string::npos);
  CHECK(widest_line(ran.out) <= 100);
  check_golden("run.txt", without_fingerprint(ran.out));
}

TEST_CASE("commands on a kept run print what they printed when last reviewed") {
  struct Row {
    const char *golden, *arguments;
  };
  const Row rows[] = {
      {"show_pods.txt", "show run.wt pods --at 8m"},
      {"show_pods_wide.txt", "show run.wt pods --at 8m -o wide -l app=web"},
      {"show_all.txt", "show run.wt all"},
      {"show_nodes.txt", "show run.wt nodes --at 3m"},
      {"show_events.txt", "show run.wt events --at 8m"},
      {"show_deployment.yaml", "show run.wt deployment web -o yaml"},
      {"why_deployment.txt", "why run.wt deployment/web --at 3m"},
      {"why_unnoticed.txt", "why run.wt deployment/web --at 1m10s"},
      {"why_full.txt", "why run.wt deployment/web --at 13m"},
      {"why_node.txt", "why run.wt node node-1 --at 3m"},
      {"log.txt", "log run.wt --from 1m --to 2m"},
      {"log_object.txt", "log run.wt --object node/node-1 -o wide"},
      {"completion.bash", "completion bash"},
      {"help.txt", "--help"},
      {"help_run.txt", "run --help"},
  };
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = kept_run().run(row.arguments);
    CHECK(ran.code == 0);
    CHECK(ran.err == "");
    check_golden(row.golden, ran.out);
  }
}

TEST_CASE("a pod's placement is explained by the scores of then, or by what refuses it now") {
  const Ran names = kept_run().run("show run.wt pods -o name --at 13m");
  std::istringstream lines(names.out);
  std::string placed, pending;
  for (std::string name; std::getline(lines, name);) {
    const Ran row = kept_run().run("show run.wt " + name + " --at 13m");
    (row.out.find("Pending") != std::string::npos ? pending : placed) = name;
  }
  const Ran why_placed = kept_run().run("why run.wt " + placed + " --at 13m");
  CHECK(why_placed.out.find("What the scheduler saw") != std::string::npos);
  CHECK(why_placed.out.find("← chosen") != std::string::npos);
  const Ran why_pending = kept_run().run("why run.wt " + pending + " --at 13m");
  CHECK(why_pending.out.find("What the scheduler sees") != std::string::npos);
  CHECK(why_pending.out.find("2 nodes  Insufficient cpu: node-1, node-2") != std::string::npos);
  CHECK(why_pending.out.find("someone ran: kubectl scale deployment/web --replicas=20") != std::string::npos);
}

TEST_CASE("the report can be had again from the kept run") {
  const Folder folder;
  const Ran first = folder.run("run outage.yaml -o run.wt");
  CHECK(folder.run("show run.wt").out == first.out);
  CHECK(folder.run("show run.wt -o json").out == folder.run("run outage.yaml --output json").out);
  // Exit codes: 1 for a broken expectation, 0 when it is not reached.
  CHECK(first.code == 1);
  CHECK(folder.run("run outage.yaml --until 45s --quiet").code == 0);
}

TEST_CASE("the same input gives the same bytes, another seed others") {
  const Folder folder;
  const Ran first = folder.run("run outage.yaml --output json"), second = folder.run("run outage.yaml --output json");
  CHECK(first.out == second.out);
  CHECK(first.out != folder.run("run outage.yaml --output json --seed 2").out);
}

TEST_CASE("replay folds, verifies and executes again") {
  const Ran fold = kept_run().run("replay run.wt");
  CHECK(fold.code == 0);
  CHECK(fold.out.find("events up to ") != std::string::npos);
  const Ran verify = kept_run().run("replay run.wt --verify");
  CHECK(verify.code == 0);
  CHECK(verify.out.find("executed again it gives the same events, bit for bit") != std::string::npos);
}

TEST_CASE("--set changes the scenario, and a scenario may come from standard input") {
  const Folder folder;
  const Ran more = folder.run("run outage.yaml --set 'cluster.nodes[0].count=5' --quiet --output json");
  CHECK(more.out.find("\"allocatable\": 20000") != std::string::npos);
  const Ran piped = folder.run("run - --quiet",
                               "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: piped}\nuntil: 10s\n"
                               "cluster: {nodes: [{name: 'node-{n}', count: 1}]}\n");
  CHECK(piped.err == "");
  CHECK(piped.code == 0);
}

TEST_CASE("validate counts what is good") {
  const Ran ran = kept_run().run("validate web.yaml outage.yaml");
  CHECK(ran.code == 0);
  CHECK(ran.out == "valid: 1 scenario and 1 object in 2 files\n");
  CHECK(kept_run().run("schema").out.starts_with("{"));
}

TEST_CASE("a scheduler configuration is validated, used by run, kept with it, and seen by why") {
  const Folder folder;
  const std::string head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
  folder.write("pack.yaml", head +
                                "profiles: [{schedulerName: default-scheduler, plugins: {score: {disabled: [{name: "
                                "\"*\"}], enabled: [{name: NodeResourcesFit, weight: 4}]}}}]\n");
  folder.write("other.yaml", head + "profiles: [{schedulerName: other}]\n");
  folder.write("bad.yaml", head + "profiles: [{plugins: {score: {enabled: [{name: ImageLocalty}]}}}]\n");
  CHECK(folder.run("validate pack.yaml web.yaml").out == "valid: 1 scheduler configuration and 1 object in 2 files\n");
  const std::string complaint =
      "bad.yaml:3:48: profiles[0].plugins.score.enabled[0].name: Invalid value: \"ImageLocalty\": plugin does not "
      "exist; did you mean \"ImageLocality\"?\n";
  for (const char* command : {"validate bad.yaml", "run outage.yaml --scheduler-config bad.yaml"}) {
    const Ran ran = folder.run(command);
    CHECK(ran.code == 2);
    CHECK(ran.err == complaint);
  }

  CHECK(folder.run("run outage.yaml -q --scheduler-config pack.yaml --tie-break name -o pack.wt").code == 1);
  CHECK(folder.run("replay --verify pack.wt").code == 0);
  const std::string pod = folder.run("show pack.wt pods -o name --at 30s").out;
  const std::string why = folder.run("why pack.wt " + pod.substr(0, pod.find('\n')) + " --at 30s").out;
  CHECK(why.find("  Fit  total\n") != std::string::npos);

  CHECK(folder.run("run outage.yaml -q --scheduler-config other.yaml -o other.wt").code == 1);
  const std::string waiting = folder.run("show other.wt pods -o name").out;
  const std::string told = folder.run("why other.wt " + waiting.substr(0, waiting.find('\n'))).out;
  CHECK(told.find("No profile of the scheduler is called \"default-scheduler\"") != std::string::npos);
  CHECK(folder.run("run outage.yaml --tie-break highest").code != 0);
}
