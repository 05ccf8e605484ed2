// Recorded behaviour of the real StatefulSet and DaemonSet controllers (Kubernetes 1.20.2), step by step: pods made,
// terminating and gone, their order, the state after each step, and all Events of the two controllers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/conformance/controllers.h"

using namespace wavetank;

namespace {

void run_folder(const std::filesystem::path& folder, std::size_t floor) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("sts-", 0) == 0 || name.rfind("daemon-", 0) == 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& path : files) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    const auto recording = conformance::read_controller_case(text.str(), path.string());
    REQUIRE(recording.has_value());
    const auto outcome = conformance::run_controller_case(*recording);
    REQUIRE(outcome.has_value());
    const auto& differences = outcome->differences;
    std::string shown = path.filename().string();
    for (std::size_t i = 0; i < std::min<std::size_t>(5, differences.size()); ++i) {
      const conformance::ControllerDifference& d = differences[i];
      shown += "\n    " + d.step + " " + d.key + ": " + d.expected + " | " + d.got;
    }
    INFO(shown);
    CHECK(differences.empty());
  }
  CHECK(files.size() >= floor);
}

}  // namespace

TEST_CASE("Golden traces of stateful and daemon sets: the subset in the repository") {
  run_folder("tests/golden/controllers", 6);
}

TEST_CASE("Golden traces of stateful and daemon sets: all recordings, where they are") {
  const char* shared = std::getenv("WAVETANK_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared == nullptr ? "../shared" : shared) / "golden/controllers/traces";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no recordings at " << folder.string());
    return;
  }
  run_folder(folder, 20);
}
