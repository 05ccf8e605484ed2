// Decisions, scores, messages and preemptions of the real kube-scheduler 1.34.1, case by case.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "tests/engine/conformance/files.h"

using namespace wavetank;

namespace {

/// Runs cases and keeps count; what differs is shown.
class Comparison {
 public:
  void run(const conformance::Case& c) {
    if (only_ != nullptr && c.family != only_) return;
    const auto outcome = conformance::run_case(c);
    INFO(c.name << (outcome ? "" : base::to_text(outcome.error())));
    REQUIRE(outcome.has_value());
    conformance::add(families, c, *outcome);
    for (const conformance::Difference& d : outcome->differences) {
      if (shown_++ < 20 || only_ != nullptr)
        UNSCOPED_INFO(fmt::format("{} {} {}\n    expected {}\n    got      {}", d.case_name, d.subject, d.field,
                                  d.expected, d.got));
    }
    CHECK(outcome->differences.empty());
  }

  std::vector<conformance::Family> families;

 private:
  const char* only_ = std::getenv("WAVETANK_FAMILY");
  std::size_t shown_ = 0;
};

}  // namespace

TEST_CASE("The golden decisions kept here are ours", "[golden]") {
  Comparison compare;
  std::size_t cases = 0;
  conformance_test::for_each_kept([&](conformance::Case&& c) {
    compare.run(c);
    ++cases;
  });
  for (const conformance::Family& f : compare.families) {
    std::cout << fmt::format("golden {:26} {:3}/{} cases, {:4}/{} decisions, {} left out\n", f.name, f.cases.matched,
                             f.cases.total, f.decisions.matched, f.decisions.total, f.left_out);
  }
  if (std::getenv("WAVETANK_FAMILY") == nullptr) {
    CHECK(compare.families.size() == 31);
    CHECK(cases == 573);
  }
}

TEST_CASE("Shared golden decisions that are not kept here are ours as well", "[golden]") {
  const auto root = conformance_test::shared_data();
  if (!std::filesystem::exists(root)) {
    WARN("no golden data at " << root << ": only the cases in tests/golden/scheduler are compared");
    return;
  }
  std::vector<std::string> kept;
  conformance_test::for_each_kept([&](conformance::Case&& c) { kept.push_back(c.name); });
  std::vector<std::filesystem::path> files;
  for (const auto& f : std::filesystem::recursive_directory_iterator(root)) {
    if (f.path().extension() == ".json") files.push_back(f.path());
  }
  std::sort(files.begin(), files.end());
  Comparison compare;
  for (const auto& file : files) {
    if (std::find(kept.begin(), kept.end(), file.stem().string()) != kept.end()) continue;
    const auto read = conformance::read_case(conformance_test::slurp(file), file.string());
    INFO((read ? "" : base::to_text(read.error())));
    REQUIRE(read.has_value());
    compare.run(*read);
  }
}
