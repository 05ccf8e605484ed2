// Decisions, scores, messages and preemptions of the real kube-scheduler 1.34.1, case by case.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/engine/schedule/golden.h"

using namespace wavetank;

namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::filesystem::path shared_data() {
  const char* named = std::getenv("WAVETANK_SHARED");
  return std::filesystem::path(named != nullptr ? named : "../shared") / "golden" / "scheduler";
}

struct Family {
  const char* name;
  bool sampling = false;
};
// The families volumes_bound and volumes_wffc need persistent volumes, queue_hints the exact hints: step 2.
constexpr Family kFamilies[] = {
    {"added_affinity"},
    {"gates_priority"},
    {"image_locality"},
    {"match_fields"},
    {"mixed"},
    {"node_affinity_preferred"},
    {"node_affinity_required"},
    {"node_ports"},
    {"node_sampling", true},
    {"plugin_config"},
    {"pod_affinity_namespaces"},
    {"pod_affinity_preferred"},
    {"pod_affinity_required"},
    {"pod_antiaffinity_required"},
    {"preemption_basic"},
    {"preemption_interplay"},
    {"preemption_pdb"},
    {"resources_basic"},
    {"resources_containers"},
    {"resources_extended"},
    {"resources_nonzero"},
    {"scoring_strategies"},
    {"spread_defaults"},
    {"spread_hard"},
    {"spread_policies"},
    {"spread_soft"},
    {"taints"},
    {"unschedulable"},
};

const Family* family_of(std::string_view name) {
  const auto at =
      std::find_if(std::begin(kFamilies), std::end(kFamilies), [&](const Family& f) { return name == f.name; });
  return at == std::end(kFamilies) ? nullptr : at;
}

std::string unpack(const std::string& packed) {
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  REQUIRE(size < (64U << 20));
  std::string out(size, '\0');
  REQUIRE(ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()) == out.size());
  return out;
}

}  // namespace

TEST_CASE("The golden decisions kept here are ours", "[golden]") {
  std::istringstream lines(unpack(slurp("tests/golden/scheduler/decisions.jsonl.zst")));
  std::size_t cases = 0;
  std::size_t attempts = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const auto doc = model::parse_json(line, "decisions.jsonl");
    REQUIRE(doc.has_value());
    const Family* family = family_of(doc->string_or("family"));
    REQUIRE(family != nullptr);
    const golden::Outcome outcome = family->sampling ? golden::run_sampling(*doc) : golden::run_decisions(*doc);
    attempts += outcome.attempts;
    CHECK(fmt::format("{}", fmt::join(outcome.differences, "\n")) == "");
  }
  CHECK(cases == 185);
  CHECK(attempts > 900);
}

TEST_CASE("The shared golden decisions are ours, family by family", "[golden]") {
  const auto root = shared_data();
  if (!std::filesystem::exists(root)) {
    WARN("no golden data at " << root << ": only the cases in tests/golden/scheduler are compared");
    return;
  }
  const char* only = std::getenv("WAVETANK_FAMILY");
  for (const Family& family : kFamilies) {
    if (only != nullptr && std::string_view(only) != family.name) continue;
    std::vector<std::filesystem::path> files;
    for (const auto& f : std::filesystem::directory_iterator(root / family.name)) files.push_back(f.path());
    std::sort(files.begin(), files.end());
    std::size_t matched = 0;
    std::size_t attempts = 0;
    std::size_t skipped = 0;
    std::string first;
    for (const auto& file : files) {
      const auto doc = model::parse_json(slurp(file), file.filename().string());
      REQUIRE(doc.has_value());
      const golden::Outcome outcome = family.sampling ? golden::run_sampling(*doc) : golden::run_decisions(*doc);
      attempts += outcome.attempts;
      skipped += outcome.skipped;
      if (outcome.differences.empty()) ++matched;
      if (only != nullptr) {
        for (const std::string& d : outcome.differences) std::cout << d << "\n";
      } else if (first.empty() && !outcome.differences.empty()) {
        first = outcome.differences.front();
      }
    }
    std::cout << fmt::format("golden {:26} {:2}/{} cases, {} attempts compared, {} left out\n", family.name, matched,
                             files.size(), attempts, skipped);
    INFO(family.name << ": run with WAVETANK_FAMILY=" << family.name << "\n" << first);
    CHECK(matched == files.size());
  }
}
