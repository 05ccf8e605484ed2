// What README.md shows of the program is what the program prints. A last line "…" says that it prints more.
#include "tests/runtime/cli/program.h"

using namespace wavetank::cli::test;

namespace {

struct Example {
  std::string command, output;
};

/// The commands of a README's console blocks, each with what stands below it.
std::vector<Example> examples_of(const std::string& file) {
  std::vector<Example> out;
  std::istringstream lines(read_file(file));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ wavetank ")) {
      out.push_back({line.substr(11), ""});
    } else if (inside && !out.empty()) {
      out.back().output += line + "\n";
    }
  }
  for (Example& e : out)
    while (e.output.ends_with("\n\n")) e.output.pop_back();
  return out;
}

}  // namespace

TEST_CASE("the README's examples are what the program prints") {
  const Folder folder;
  std::filesystem::create_directory_symlink(std::filesystem::absolute("scenarios"), folder.path("scenarios"));
  REQUIRE(folder.run("run scenarios/demo.yaml -q -o demo.wt").code == 0);
  const std::vector<Example> examples = examples_of("README.md");
  REQUIRE(examples.size() >= 4);
  for (const Example& e : examples) {
    INFO("wavetank " << e.command);
    const Ran ran = folder.run(e.command);
    CHECK(ran.code == 0);
    CHECK(ran.err == "");
    std::string shown = e.output;
    if (shown.empty()) continue;  // its result is used by the next
    const std::size_t more = shown.rfind("…\n");
    if (more != std::string::npos && shown.find('\n', more) + 1 == shown.size()) {
      shown.resize(shown.rfind('\n', more) + 1);
      CHECK(ran.out.substr(0, shown.size()) == shown);
      CHECK(ran.out.size() > shown.size());
    } else {
      CHECK(ran.out == shown);
    }
  }
}
