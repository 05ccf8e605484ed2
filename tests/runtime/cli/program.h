#pragma once
// The built program as tests run it: a folder of its own, a command line, what came out.

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace wavetank::cli::test {

struct Ran {
  int code = -1;
  std::string out, err;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A folder with the two files of a small scenario in it: web.yaml (a Deployment) and outage.yaml.
class Folder {
 public:
  Folder() {
    write("web.yaml", R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: server, image: "web:1", resources: {requests: {cpu: 500m}}}]}
)");
    write("outage.yaml", R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: outage}
cluster: {nodes: [{name: "node-{n}", count: 2, capacity: {cpu: "4", memory: 8Gi}}]}
manifests: [web.yaml]
until: 15m
timeline:
  - at: 1m
    fail: {kind: node-crash, node: node-1, duration: 8m}
  - at: 12m
    scale: {target: deployment/web, replicas: 20}
expectations:
  - name: three at all times
    always: deployment/web availableReplicas >= 3
    from: 30s
  - eventually: nodes notReady == 1
    from: 1m
    within: 2m
)");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_ / name; }
  [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(path(name)); }

  /// `wavetank <arguments>` in this folder, without a terminal.
  [[nodiscard]] Ran run(const std::string& arguments, const std::string& input = "") const {
    const char* program = std::getenv("WAVETANK_BIN");
    REQUIRE(program != nullptr);
    write(".in", input);
    const std::string line = "cd '" + dir_.path().string() + "' && '" + std::filesystem::absolute(program).string() +
                             "' " + arguments + " <.in >.out 2>.err";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(path(".out")),
            read_file(path(".err"))};
  }

 private:
  support::TempDir dir_;
};

/// Compares with tests/runtime/cli/golden/<name>; WAVETANK_UPDATE_GOLDEN=1 writes it anew.
inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = "tests/runtime/cli/golden/" + name;
  if (std::getenv("WAVETANK_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  INFO("WAVETANK_UPDATE_GOLDEN=1 test_runtime_cli   writes " << path << " anew");
  CHECK(text == read_file(path));
}

}  // namespace wavetank::cli::test
