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
      {"help_route.txt", "route --help"},
      {"help_replay.txt", "replay --help"},
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

TEST_CASE("explain shows an attempt node by node: of a placed pod as of just before its binding") {
  const Ran names = kept_run().run("show run.wt pods -o name --at 13m");
  std::istringstream lines(names.out);
  std::string placed, pending;
  for (std::string name; std::getline(lines, name);) {
    const Ran row = kept_run().run("show run.wt " + name + " --at 13m");
    std::string& of = row.out.find("Pending") != std::string::npos ? pending : placed;
    if (of.empty()) of = name;
  }
  const Ran table = kept_run().run("explain run.wt " + placed);
  CHECK(table.code == 0);
  check_golden("explain_placed.txt", table.out);
  check_golden("explain_placed_wide.txt", kept_run().run("explain run.wt " + placed + " -o wide").out);
  check_golden("explain_placed.json", kept_run().run("explain run.wt " + placed + " -o json").out);
  check_golden("explain_pending.txt", kept_run().run("explain run.wt " + pending + " --at 13m").out);
  const Ran node = kept_run().run("explain run.wt node/node-1");
  CHECK(node.code == 2);
  CHECK_THAT(node.err, Catch::Contains("the scheduler decides about pods, not about node/node-1"));
  CHECK(kept_run().run("explain run.wt pod/nobody").code == 2);
}

TEST_CASE("conformance: what is equal, what differs and how to look at it, what is no case") {
  const Folder folder;
  const std::string tiny = read_file("tests/fuzz/corpus/case/tiny.json");  // tells one lie: maxTotal
  std::string truth = tiny;
  truth.replace(truth.find(", \"maxTotal\": 400"), 17, ", \"maxTotal\": 469");
  std::filesystem::create_directories(folder.path("cases/tiny"));
  folder.write("cases/tiny/tiny.json", tiny);
  folder.write("cases/README.md", "not a case");
  folder.write("truth.json", truth);

  const Ran good = folder.run("conformance scheduler truth.json");
  CHECK(good.code == 0);
  CHECK(good.err == "");  // no progress without a terminal
  check_golden("conformance_equal.txt", good.out);
  const Ran differs = folder.run("conformance scheduler cases");
  CHECK(differs.code == 1);
  check_golden("conformance_differs.txt", differs.out);
  const Ran json = folder.run("conformance scheduler cases --output json");
  CHECK(json.code == 1);
  check_golden("conformance_differs.json", json.out);
  // The command it names works.
  const std::string command = "conformance scheduler cases --case tiny-000 --pod default/a --explain";
  CHECK_THAT(differs.out, Catch::Contains("wavetank " + command));
  const Ran explained = folder.run(command);
  CHECK(explained.code == 1);
  check_golden("conformance_explain.txt", explained.out);
  CHECK(folder.run("conformance scheduler truth.json --pod default/b --explain").code == 0);
}

TEST_CASE("conformance: bad input is named, file by file, and the good is compared all the same") {
  const Folder folder;
  std::filesystem::create_directories(folder.path("cases"));
  std::filesystem::create_directories(folder.path("empty"));
  folder.write("cases/a.json", read_file("tests/fuzz/corpus/case/tiny.json"));
  folder.write("cases/b.json", "no case");
  folder.write("cases/c.jsonl", "\n{}\n");
  folder.write("cases/d.jsonl.zst", "not packed");
  folder.write("cases/e.jsonl.zst", read_file("tests/golden/scheduler/cases.jsonl.zst").substr(0, 1000));
  const Ran ran = folder.run("conformance scheduler cases");
  CHECK(ran.code == 2);
  CHECK_THAT(ran.out, Catch::Contains("tiny  0/1 cases, 2/3 decisions"));
  for (const char* error : {"cases/b.json:1:", "cases/c.jsonl:2:", "cases/d.jsonl.zst: zstd: ", "cases/e.jsonl.zst"}) {
    INFO(error);
    CHECK_THAT(ran.err, Catch::Contains(error));
  }
  struct Row {
    const char *arguments, *error;
  };
  const Row rows[] = {
      {"conformance scheduler nowhere", "nowhere: no such file or folder"},
      {"conformance scheduler empty", "empty: no cases in it"},
      {"conformance scheduler cases/a.json --family tny", "no family \"tny\"; did you mean \"tiny\"?"},
      {"conformance scheduler cases/a.json --case tiny-001", "no case \"tiny-001\"; did you mean \"tiny-000\"?"},
      {"conformance scheduler cases/a.json --explain", "--explain wants a pod: --pod default/p017"},
      {"conformance scheduler cases/a.json --pod x/y --explain", "no attempt of pod x/y was compared"},
      {"conformance controllers cases", "format \"\": kcp-trace/1 and kcp-table/1 are known"},
      {"conformance scheduler", "PATH is missing"},
  };
  for (const Row& row : rows) {
    INFO(row.arguments);
    const Ran bad = folder.run(row.arguments);
    CHECK(bad.code == 2);
    CHECK_THAT(bad.err, Catch::Contains(row.error));
  }
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

TEST_CASE("explain and why tell the truth about ties, later moments, and pods that no scheduler saw") {
  const Folder folder;
  folder.write(
      "pods.yaml",
      "{apiVersion: v1, kind: Pod, metadata: {name: free}, spec: {containers: [{name: c, image: a}]}}\n---\n"
      "{apiVersion: v1, kind: Pod, metadata: {name: fixed}, spec: {nodeName: n2, containers: [{name: c, image: "
      "a}]}}\n");
  folder.write("s.yaml",
               "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: s}\nuntil: 5m\nmanifests: [pods.yaml]\n"
               "cluster: {nodes: [{name: 'n{n}', count: 3, capacity: {cpu: '4', memory: 8Gi}}]}\n"
               "timeline: [{at: 2m, cordon: n1}]\n");
  REQUIRE(folder.run("run s.yaml -q -o random.wt").code == 0);
  REQUIRE(folder.run("run s.yaml -q --tie-break name -o name.wt").code == 0);
  const auto has = [](const std::string& text) { return Catch::Contains(text); };
  CHECK_THAT(folder.run("why random.wt pod/free").out, has("equal ones the seed chooses."));
  CHECK_THAT(folder.run("why name.wt pod/free").out, has("equal ones the smallest name is taken."));

  const std::string then = folder.run("explain name.wt pod/free").out;
  CHECK_THAT(then, has(", bound to n1\n  3 of 3 nodes fit."));
  CHECK_THAT(then, !has("were it still to be placed"));
  const std::string later = folder.run("explain name.wt pod/free --at 3m").out;
  CHECK_THAT(later, has("pod default/free at 3m, bound to n1\n  It was bound at "));
  CHECK_THAT(later, has("this is what a scheduler would see now, were it still to be placed:\n  2 of 3 nodes fit."));
  CHECK_THAT(later, !has("the binding was written"));
  CHECK_THAT(folder.run("explain name.wt pod/free --at 3m -o json").out, has("\"boundAt_ns\": "));

  CHECK_THAT(folder.run("explain name.wt pod/fixed").out,
             has("Its manifest names node n2: no scheduler was asked. One would have seen this:\n"));
  CHECK_THAT(folder.run("explain name.wt pod/fixed -o json").out, has("\"namedNode\": \"n2\""));
  CHECK_THAT(folder.run("explain name.wt pod/fixed -o json").out, !has("boundTo"));
  const std::string why = folder.run("why name.wt pod/fixed").out;
  CHECK_THAT(why, has("pod fixed is on node n2 by its manifest: no scheduler was asked"));
  CHECK_THAT(why, !has("What the scheduler saw"));
  CHECK_THAT(folder.run("show name.wt events").out, !has("Successfully assigned default/fixed"));
}
