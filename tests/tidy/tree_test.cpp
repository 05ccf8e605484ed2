// The rules on the whole tree. Runs in the root folder of the source.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "tests/tidy/rules.h"

namespace wavetank::tidy {
namespace {

namespace fs = std::filesystem;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Every file of the tree, by its path from the root; builds and hidden folders are not ours.
std::set<std::string> tree_files() {
  std::set<std::string> files;
  fs::recursive_directory_iterator it(".");
  for (const fs::directory_entry& entry : it) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && (name.starts_with('.') || name.starts_with("build") || name == "node_modules")) {
      it.disable_recursion_pending();
    } else if (entry.is_regular_file()) {
      files.insert(entry.path().lexically_normal().string());
    }
  }
  return files;
}

std::string join(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) text += "\n" + format_finding(finding);
  return text;
}

}  // namespace

TEST_CASE("the tree keeps the house rules") {
  const std::set<std::string> files = tree_files();
  REQUIRE(files.contains("tests/tidy/tree_test.cpp"));  // else we stand in the wrong folder

  std::map<std::string, std::unique_ptr<Source>> sources;
  Findings findings;
  check_rooms(files, findings);
  for (const std::string& path : files) {
    if (path.ends_with(".cpp") || path.ends_with(".h")) sources[path] = std::make_unique<Source>(path, read(path));
    if (path.ends_with("/CMakeLists.txt")) check_deps(path, read(path), findings);
    if (path.ends_with(".md")) check_links(path, read(path), files, findings);
    if (path.starts_with("tests/mutants/") && path.ends_with(".txt")) {
      check_mutants(path, read(path), files, read, findings);
    }
  }
  for (const auto& [path, source] : sources) {
    check_includes(*source, files, findings);
    check_banned(*source, findings);
    check_shape(*source, findings);
    const auto header = path.ends_with(".cpp") ? sources.find(path.substr(0, path.size() - 4) + ".h") : sources.end();
    check_hash_order(*source, header == sources.end() ? nullptr : header->second.get(), findings);
    if (is_long(*source)) WARN(fmt::format("{} has {} lines; is there a better cut?", path, source->lines()));
  }
  INFO(join(findings));
  CHECK(findings.empty());
}

}  // namespace wavetank::tidy
