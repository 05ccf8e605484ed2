// Kills `wavetank run -o` itself at random moments of a large run, and reads what it leaves with the program.
// WAVETANK_KILLS sets how often (10).

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/prng.h"
#include "runtime/store/sqlite_journal.h"
#include "tests/support/temp_dir.h"

using namespace wavetank;

namespace {

/// Enough to be killed in the middle of: 10,000 pods and more, again and again.
constexpr const char* kLongRun = R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: long}
cluster: {nodes: [{name: "node-{n}", count: 100, capacity: {cpu: "64", memory: 64Gi, pods: "500"}}]}
manifests:
  - inline:
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 10
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec: {containers: [{name: c, image: "web:1"}]}
timeline:
  - {at: 1m, every: 40m, times: 500, scale: {target: deployment/web, replicas: 10000}}
  - {at: 20m, every: 40m, times: 500, scale: {target: deployment/web, replicas: 10}}
until: 20000m
)";

std::string program() {
  const char* const path = std::getenv("WAVETANK_BIN");
  REQUIRE(path != nullptr);
  return std::filesystem::absolute(path).string();
}

/// Starts `wavetank run` without a terminal and kills it `delay_us` after its start.
void run_and_kill(const std::string& scenario, const std::string& out, unsigned delay_us) {
  const std::string path = program();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) dup2(nowhere, fd);
    execl(path.c_str(), path.c_str(), "run", scenario.c_str(), "-o", out.c_str(), nullptr);
    _exit(127);
  }
  usleep(delay_us);
  kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));  // else it ended before: the run is too short, or it failed
}

struct Ran {
  int code;
  std::string text;  ///< Both outputs.
};

Ran wavetank_does(const std::string& arguments, const support::TempDir& dir) {
  const std::string said = dir / "said";
  const int status = std::system(("'" + program() + "' " + arguments + " >'" + said + "' 2>&1 </dev/null").c_str());
  std::ostringstream text;
  text << std::ifstream(said).rdbuf();
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text.str()};
}

}  // namespace

TEST_CASE("a killed run can be shown, told, explained and verified up to its last complete segment") {
  const char* const asked = std::getenv("WAVETANK_KILLS");
  const int kills = asked == nullptr ? 10 : std::atoi(asked);
  const base::Stream delays(2, "kills of the program");
  int with_events = 0;
  for (int i = 0; i < kills; ++i) {
    const support::TempDir dir;
    const std::string scenario = dir / "long.yaml";
    const std::string run = dir / "run.wt";
    std::ofstream(scenario) << kLongRun;
    // Every fifth is killed in its first milliseconds, while the file is being made.
    const auto delay =
        static_cast<unsigned>(delays.below(i % 5 == 0 ? 20'000 : 600'000, static_cast<std::uint64_t>(i)));
    INFO("kill " << i << " after " << delay << " us");
    run_and_kill(scenario, run, delay);

    const Ran verified = wavetank_does("replay --verify " + run, dir);
    INFO(verified.text);
    if (verified.code == 2) {
      // Killed before the first segment was whole: said in words, by every command.
      auto journal = store::SqliteJournal::open(run);
      CHECK((!journal || (*journal)->position().seq == 0));
      CHECK_FALSE(verified.text.empty());
      CHECK(wavetank_does("show " + run + " pods", dir).code != 3);
      continue;
    }
    CHECK(verified.code == 0);
    CHECK_THAT(verified.text, Catch::Contains("the run was stopped before its end"));
    CHECK_THAT(verified.text, Catch::Contains("the same events, bit for bit"));
    for (const char* const reads : {"replay", "show", "log"}) {
      const Ran ran = wavetank_does(std::string(reads) + " " + run, dir);
      INFO(reads << ": " << ran.text.substr(0, 1000));
      CHECK(ran.code == 0);
    }
    ++with_events;
  }
  CHECK(with_events > 0);
}
