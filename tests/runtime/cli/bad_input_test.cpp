// Bad input gets a clear error, exit code 2, and leaves nothing behind.
#include <fmt/format.h>

#include "tests/runtime/cli/program.h"

using namespace wavetank::cli::test;

namespace {

std::string scenario(const std::string& rest) {
  return "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: x}\n" + rest;
}

}  // namespace

TEST_CASE("files that are no scenario") {
  struct Row {
    const char *name, *what;
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"empty.yaml", "an empty file", "", "empty.yaml: is empty"},
      {"blank.yaml", "blanks", "  \n\n", "blank.yaml: is empty"},
      {"binary.yaml", "a binary file",
       std::string("\x7f"
                   "ELF\0\1\2",
                   7),
       "binary.yaml: is not a text: byte 4 is 0"},
      {"twice.yaml", "duplicate keys", scenario("until: 1m\nuntil: 2m\n"), "twice.yaml:5:1: duplicate key \"until\""},
      {"unknown.yaml", "an unknown field", scenario("clustr: {}\n"),
       "unknown.yaml:4:1: unknown field \"clustr\" in the scenario; did you mean \"cluster\"?"},
      {"negative.yaml", "a negative count", scenario("cluster: {nodes: [{name: 'n{n}', count: -2}]}\n"),
       "count: -2 is too small"},
      {"escape.yaml", "a name that would move the cursor",
       "apiVersion: wavetank/v1\nkind: Scenario\nmetadata: {name: \"a\\e[2J\"}\ncluster: {nodes: [{name: n}]}\n",
       "escape.yaml:3:18: metadata.name: may not hold control characters"},
      {"other.yaml", "a manifest", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "this is not a scenario"},
      {"missing.yaml", "a manifest that is not there", scenario("manifests: [nowhere.yaml]\n"), "nowhere.yaml"},
      {"deep.yaml", "nesting without end", std::string(5000, '['), "deep.yaml:1:"},
      {"bomb.yaml", "aliases that explode",
       "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
       "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f "
       "[*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
       "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
       "bomb.yaml:"},
  };
  for (const Row& row : rows) {
    const Folder folder;
    folder.write(row.name, row.text);
    INFO(row.what);
    const Ran ran = folder.run(std::string("run ") + row.name + " -o out.wt");
    CHECK(ran.code == 2);
    CHECK(ran.out == "");
    CHECK_THAT(ran.err, Catch::Contains(row.error));
    CHECK(!folder.has("out.wt"));
  }
}

TEST_CASE("a file of a gigabyte is refused before it is read") {
  const Folder folder;
  folder.write("big.yaml", "a: 1\n");
  std::filesystem::resize_file(folder.path("big.yaml"), 1U << 30);  // sparse
  const Ran ran = folder.run("run big.yaml -o out.wt");
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err, Catch::Contains("big.yaml: is 1073 MB large; at most 268 MB are read"));
}

TEST_CASE("all that is wrong with a file is said at once") {
  const Folder folder;
  folder.write("s.yaml", scenario("until: -3m\nclustr: {}\nsed: 4\ncluster: {nodes: [{name: a}]}\n"));
  const Ran ran = folder.run("run s.yaml");
  CHECK_THAT(ran.err, Catch::Contains("s.yaml:4:8: until: -3m is negative"));
  CHECK_THAT(ran.err, Catch::Contains("s.yaml:5:1: unknown field \"clustr\""));
  CHECK_THAT(ran.err, Catch::Contains("s.yaml:6:1: unknown field \"sed\" in the scenario; did you mean \"seed\"?"));
  CHECK_THAT(ran.err, Catch::Contains("wavetank: 3 problems"));
}

TEST_CASE("a manifest that cannot be read is all that is complained about, not the names in it") {
  const Folder folder;
  folder.write("web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: -1}\n");
  const Ran ran = folder.run("run outage.yaml");
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err, Catch::Contains("web.yaml:4:18: spec.replicas: Invalid value: -1"));
  CHECK_THAT(ran.err, !Catch::Contains("there is no"));
}

TEST_CASE("a manifest that the API server refuses at the start is bad input; later it is told as kubectl would have") {
  const Folder folder;
  folder.write("lost.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: nowhere}\n");
  folder.write("s.yaml", scenario("until: 1m\ncluster: {nodes: [{name: a}]}\nmanifests: [lost.yaml]\n"));
  for (const char* command : {"run s.yaml -o lost.wt", "validate s.yaml"}) {
    const Ran ran = folder.run(command);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err,
               Catch::Contains("lost.yaml:1:1: configmap/nowhere/x: refused: namespaces \"nowhere\" not found"));
  }
  CHECK(folder.run("show lost.wt pods").code == 2);  // nothing half-done is left behind
  folder.write("late.yaml",
               scenario("until: 1m\ncluster: {nodes: [{name: a}]}\ntimeline:\n  - {at: 1s, apply: lost.yaml}\n"));
  const Ran late = folder.run("run late.yaml");
  CHECK(late.code == 0);
  CHECK_THAT(late.err, Catch::Contains("kubectl apply -f lost.yaml: refused at 1s: namespaces \"nowhere\" not found"));
}

TEST_CASE("a pod whose manifest names a node that is not there stays pending until it is collected, and why says so") {
  const Folder folder;
  folder.write(
      "bare.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {nodeName: b, containers: [{name: c, image: x}]}\n");
  folder.write("s.yaml", scenario("until: 2m\ncluster: {nodes: [{name: a}]}\nmanifests: [bare.yaml]\n"));
  REQUIRE(folder.run("run s.yaml -o bare.wt").code == 0);
  CHECK_THAT(folder.run("show bare.wt pods --at 30s").out, Catch::Contains("Pending"));
  CHECK_THAT(folder.run("why bare.wt pod/bare --at 30s").out,
             Catch::Contains("its manifest names node b, which was not there"));
  CHECK_THAT(folder.run("why bare.wt pod/bare").out, Catch::Contains("the pod garbage collector deletes pod bare"));
}

TEST_CASE("a journal that lost what it is a run of is damaged, not a run that was stopped") {
  const Folder folder;
  REQUIRE(folder.run("run outage.yaml -o run.wt --quiet").code == 1);
  std::string bytes = read_file(folder.path("run.wt"));
  const std::string key = "scenario.file";
  for (std::size_t at = bytes.find(key); at != std::string::npos; at = bytes.find(key, at + 1)) bytes[at] = '?';
  folder.write("lost.wt", bytes);
  const Ran ran = folder.run("show lost.wt pods");
  CHECK(ran.code == 2);
  CHECK(ran.out == "");
  CHECK_THAT(ran.err, Catch::Contains("lost.wt: damaged run description '?cenario.file': checksum "));
  CHECK(folder.run("show lost.wt pods --salvage").code == 0);
}

TEST_CASE("output that cannot be written is an error, be it short or long") {
  const Folder folder;
  REQUIRE(folder.run("run outage.yaml -o run.wt --quiet").code == 1);
  for (const char* const arguments : {"show run.wt nodes", "log run.wt", "schema"}) {
    INFO(arguments);
    const Ran ran = folder.run(std::string(arguments) + " >/dev/full 2>.err; exit $? #");  // in place of .out
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, Catch::Contains("standard output could not be written"));
  }
}

TEST_CASE("command lines that cannot be understood") {
  struct Row {
    const char *arguments, *error;
  };
  const Row rows[] = {
      {"rnu outage.yaml", "wavetank: unknown command \"rnu\"; did you mean \"run\"?"},
      {"run outage.yaml --sed 3", "wavetank: unknown option --sed; did you mean \"--seed\"?"},
      {"run", "wavetank: SCENARIO is missing"},
      {"run outage.yaml --seed minus", "--seed minus: a whole number from 0 to 18446744073709551615 is wanted"},
      {"run outage.yaml --seed -1", "--seed -1: a whole number"},
      {"run outage.yaml --seed 18446744073709551616", "--seed 18446744073709551616: a whole number"},
      {"run outage.yaml --until soon", "--until soon: a duration greater than 0 is wanted"},
      {"run outage.yaml --output xml", "--output"},
      {"run nowhere.yaml", "nowhere.yaml: there is no such file"},
      {"run .", ".: is a folder; a file is wanted"},
      {"show nowhere.wt", "nowhere.wt: there is no such file"},
      {"show web.yaml", "web.yaml: is not a Wavetank journal"},
      {"show run.wt pds", "there is no kind \"pds\"; did you mean \"pods\"?"},
      {"show run.wt deployment wbe", "no deployment \"wbe\" is there at that time; did you mean \"web\"?"},
      {"show run.wt pods --at 3h", "--at 3h: the run ends at 15m"},
      {"show run.wt pods --at soon", "--at soon: a moment is \"end\" or the time since the start"},
      {"why run.wt deployment/wbe", "no deployment \"wbe\" was there by then; did you mean \"web\"?"},
      {"why run.wt deploymnt/web", "there is no kind \"deploymnt\"; did you mean \"deployment\"?"},
      {"why run.wt web", "\"web\" names no object"},
      {"log run.wt --kind PodBund", "there is no event \"PodBund\"; did you mean \"PodBound\"?"},
      {"log run.wt --limit -1", "--limit -1: a whole number greater than 0 is wanted"},
      {"log run.wt --limit 0", "--limit 0: a whole number greater than 0 is wanted"},
      {"log run.wt --limit 18446744073709551617", "a whole number greater than 0 is wanted"},
      {"log run.wt --from 1m30s --to 30s", "--from 1m30s is later than --to 30s"},
      {"run outage.yaml -o ''", "--out: a file is wanted"},
      {"run outage.yaml --seed ''", "--seed: a value is wanted"},
      {"show run.wt pods --at ''", "--at: a value is wanted"},
      {"completion tcsh", "SHELL"},
  };
  const Folder folder;
  REQUIRE(folder.run("run outage.yaml -o run.wt").code == 1);
  for (const Row& row : rows) {
    INFO("wavetank " << row.arguments);
    const Ran ran = folder.run(row.arguments);
    CHECK(ran.code == 2);
    CHECK(ran.out == "");
    CHECK_THAT(ran.err, Catch::Contains(row.error));
  }
}

TEST_CASE("an earlier run is not overwritten unasked, and what is no run never") {
  const Folder folder;
  REQUIRE(folder.run("run outage.yaml -o run.wt --quiet").code == 1);
  const std::string before = read_file(folder.path("run.wt"));
  const Ran again = folder.run("run outage.yaml -o run.wt --quiet");
  CHECK(again.code == 2);
  CHECK_THAT(again.err, Catch::Contains("--force"));
  CHECK(read_file(folder.path("run.wt")) == before);
  CHECK(folder.run("run outage.yaml -o run.wt --quiet --force").code == 1);
  CHECK(folder.run("run outage.yaml -o web.yaml --quiet --force").code == 2);
  CHECK_THAT(read_file(folder.path("web.yaml")), Catch::Contains("kind: Deployment"));
}

TEST_CASE("a damaged journal says where, and shows what lies before when asked to") {
  const Folder folder;
  // Many small pods, so that there are several segments.
  folder.write(
      "long.yaml",
      scenario("cluster: {nodes: [{name: 'node-{n}', count: 3, capacity: {cpu: '64', memory: 64Gi, pods: '500'}}]}\n"
               "manifests: [web.yaml]\nuntil: 60m\ntimeline:\n"
               "  - {at: 1m, every: 2m, times: 12, scale: {target: deployment/web, replicas: 80}}\n"
               "  - {at: 2m, every: 2m, times: 12, scale: {target: deployment/web, replicas: 3}}\n"));
  REQUIRE(folder.run("run long.yaml -o run.wt --quiet").code == 0);
  std::string bytes = read_file(folder.path("run.wt"));
  folder.write("cut.wt", bytes.substr(0, bytes.size() / 2));
  const Ran cut = folder.run("show cut.wt pods");
  CHECK(cut.code == 2);
  CHECK_THAT(cut.err, Catch::Contains("damaged"));
  // Flip one bit after the other over the whole file: nothing may crash, and nothing may be shown that is not so.
  const Ran whole = folder.run("replay run.wt");
  int found = 0;
  for (std::size_t at = 100; at < bytes.size(); at += bytes.size() / 25) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    folder.write("flip.wt", flipped);
    INFO("bit 2 of byte " << at);
    const Ran ran = folder.run("replay flip.wt");
    CHECK((ran.code == 0 || ran.code == 2));
    if (ran.code == 0) CHECK(ran.out == whole.out);
    if (ran.code == 0) continue;
    CHECK(ran.out == "");
    CHECK(ran.err != "");
    if (ran.err.find("; readable up to event ") == std::string::npos) continue;
    ++found;
    CHECK_THAT(ran.err, Catch::Contains("damaged segment ") && Catch::Contains("--salvage shows that part"));
    CHECK(folder.run("replay flip.wt --verify").code == 2);
    const Ran salvaged = folder.run("show flip.wt deployments --salvage");
    CHECK(salvaged.code == 0);
    CHECK_THAT(salvaged.out, Catch::Contains("web"));
  }
  CHECK(found > 0);
}

TEST_CASE("nothing is verified of a journal of which nothing can be read") {
  const Folder folder;
  REQUIRE(folder.run("run outage.yaml -o run.wt --quiet").code == 1);
  std::string bytes = read_file(folder.path("run.wt"));
  // The packed events: zstd's magic number stands before each segment; one bit behind it is flipped.
  const std::string magic = "\x28\xb5\x2f\xfd";
  for (std::size_t at = bytes.find(magic); at != std::string::npos; at = bytes.find(magic, at + 1))
    if (at + 12 < bytes.size()) bytes[at + 12] = static_cast<char>(bytes[at + 12] ^ 4);
  folder.write("dead.wt", bytes);
  const Ran ran = folder.run("replay dead.wt --verify --salvage");
  CHECK(ran.code == 2);
  CHECK(ran.out == "");
  CHECK_THAT(ran.err,
             Catch::Contains("nothing is readable") && Catch::Contains("no event is there: nothing to verify"));
  CHECK_THAT(ran.err, !Catch::Contains("version"));
}

TEST_CASE("a scheduler configuration that cannot be used is told, and nothing is left behind") {
  const Folder folder;
  const std::string head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
  folder.write("good.yaml", head);
  folder.write("binary.yaml", std::string("a\0b", 3));
  folder.write("empty.yaml", "");
  folder.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n");
  folder.write("two.yaml", head + "---\n" + head);
  struct Row {
    const char *option, *error;
  };
  const Row rows[] = {
      {"nowhere.yaml", "--scheduler-config: nowhere.yaml: there is no such file"},
      {".", "--scheduler-config: .: is a folder; a file is wanted"},
      {"empty.yaml", "--scheduler-config: empty.yaml: is empty"},
      {"binary.yaml", "--scheduler-config: binary.yaml: is not a text: byte 1 is 0"},
      {"pod.yaml", "pod.yaml:2:7: kind: Unsupported value: \"Pod\""},
      {"two.yaml", "two.yaml:4:1: a second document"},
      {"-", "--scheduler-config: (standard input): is empty"},
      {"''", "--scheduler-config: a file is wanted"},
  };
  for (const Row& row : rows) {
    INFO(row.option);
    const Ran ran = folder.run(std::string("run outage.yaml -o out.wt --scheduler-config ") + row.option);
    CHECK(ran.code == 2);
    CHECK(ran.out == "");
    CHECK_THAT(ran.err, Catch::Contains(row.error));
    CHECK(!folder.has("out.wt"));
  }
  CHECK(folder.run("run outage.yaml -q --scheduler-config -", head).code == 1);  // its expectation breaks
  CHECK_THAT(folder.run("run - --scheduler-config -", head).err,
             Catch::Contains("-: standard input cannot be both the scenario and the scheduler's configuration"));
  const Ran two = folder.run("validate two.yaml");
  CHECK(two.code == 2);
  CHECK_THAT(two.err, Catch::Contains("two.yaml:4:1: a second KubeSchedulerConfiguration; a scheduler has one"));
}
