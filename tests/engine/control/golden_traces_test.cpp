// Recorded behaviour of real controllers (Kubernetes 1.20.2), step by step. A compact subset lies in
// tests/golden/controllers; all traces are replayed where the folder with the recordings is there (WAVETANK_SHARED, or
// ../shared beside the repository).
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/engine/control/replay.h"

using namespace wavetank;

namespace {

/// Where 1.34 does otherwise than the 1.20.2 of the recording: why, and the only paths at which the two may differ.
struct Known {
  const char* trace;
  const char* reason;
  std::vector<std::string> paths;
};
const std::vector<Known>& known_differences() {
  static const std::vector<Known> kKnown = {
      {"pdb-bare-pods-percent",
       "since 1.22 pods without a controller no longer fail the sync: healthy ones are counted, none may be disrupted",
       {"step 1 (create)/pdbs/p/currentHealthy", "step 1 (create)/pdbs/pct/currentHealthy"}},
      {"rs-victim-deletion-cost-ignored",
       "since 1.22 pod-deletion-cost counts: lowest first, a, then c",
       {"step 2 (scale)/pod_order/0/1: golden \"c\", ours \"a\"",
        "step 3 (scale)/pod_order/0/1: golden \"b\", ours \"c\"", "step 2 (scale)/pod_list",
        "step 3 (scale)/pod_list"}},
      {"svc-endpoints-ready-unready",
       "since 1.22 pods that ended are no endpoints whatever their restart policy",
       {"step 5 (kubelet)/endpointslices", "step 6 (delete-pod)/endpointslices", "step 7 (kubelet)/endpointslices",
        "step 8 (patch)/endpointslices", "step 9 (delete)/endpointslices"}},
      {"svc-publish-not-ready",
       "since 1.21 a headless Service has its own IP families: no slice for IPv6 in an IPv4 cluster",
       {"step 0 (create)/endpointslices", "step 1 (create-pods)/endpointslices", "step 2 (kubelet)/endpointslices"}},
  };
  return kKnown;
}

/// Differences that no newer release explains.
std::vector<std::string> unexplained(const std::string& trace, const std::vector<std::string>& differences) {
  std::vector<std::string> out = differences;
  for (const Known& known : known_differences()) {
    if (trace != known.trace) continue;
    CHECK_FALSE(differences.empty());  // else it is not known, it is gone: take it off the list
    const auto explained = [&](const std::string& d) {
      return std::any_of(known.paths.begin(), known.paths.end(),
                         [&](const std::string& p) { return d.rfind(p, 0) == 0; });
    };
    out.erase(std::remove_if(out.begin(), out.end(), explained), out.end());
  }
  return out;
}

model::Doc read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  auto doc = model::parse_json(text.str(), path.string());
  REQUIRE(doc.has_value());
  return std::move(*doc);
}

std::vector<std::filesystem::path> traces_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    for (const char* area : {"deploy-", "rs-", "pdb-", "gc-", "svc-"}) {
      if (name.rfind(area, 0) == 0 && entry.path().extension() == ".json") out.push_back(entry.path());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Of pods whose ages are within a power of two 1.34 takes the lower UID, 1.20 took the younger: such a trace has to
/// come out as recorded under some assignment of UIDs.
std::vector<std::string> best_of(const model::Doc& trace, const std::string& name, std::size_t& checks) {
  const std::uint64_t seeds = name.rfind("rs-victim-", 0) == 0 ? 200 : 1;
  std::vector<std::string> best;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const replay::Report report = replay::Trace(trace, seed).run();
    std::vector<std::string> left = unexplained(name, report.differences);
    checks = report.checks;
    if (seed == 1 || left.size() < best.size()) best = std::move(left);
    if (best.empty()) break;
  }
  return best;
}

/// Timed traces of which only the waiting matters.
bool replayable(const model::Doc& trace) {
  return trace.string_or("mode") == "stepped" || trace.string_or("name") == "deploy-progress-deadline-exceeded";
}

/// Every trace of the folder must match; fewer than `floor` traces means that the folder is not what it was.
void replay_all(const std::filesystem::path& folder, std::size_t floor) {
  std::size_t matched = 0;
  for (const std::filesystem::path& path : traces_in(folder)) {
    const model::Doc trace = read(path);
    if (!replayable(trace)) continue;
    const std::string name(trace.string_or("name"));
    std::size_t checks = 0;
    const std::vector<std::string> differences = best_of(trace, name, checks);
    std::string text = name;
    for (std::size_t i = 0; i < std::min<std::size_t>(6, differences.size()); ++i) text += "\n    " + differences[i];
    INFO(text);
    CHECK(differences.empty());
    CHECK(checks > 10);
    if (!differences.empty()) continue;
    ++matched;
  }
  INFO("traces matched: " << matched);
  CHECK(matched >= floor);
}

}  // namespace

TEST_CASE("Golden traces: the subset in the repository comes out as recorded") {
  replay_all("tests/golden/controllers", 38);
}

TEST_CASE("Golden traces: all recordings, where they are, come out as recorded") {
  const char* shared = std::getenv("WAVETANK_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared == nullptr ? "../shared" : shared) / "golden/controllers/traces";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no recordings at " << folder.string());
    return;
  }
  replay_all(folder, 75);
}
