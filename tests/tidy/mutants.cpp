// The tables of mutants (tests/mutants/run.sh plays them) must not rot: code moves on, and a mutant that no longer
// finds its line proves nothing.
#include <fmt/format.h>

#include <algorithm>

#include "tests/tidy/rules.h"

namespace wavetank::tidy {
namespace {

struct Mutant {
  int line = 0;
  std::string name, file, from;
  bool has_to = false;
  std::vector<std::string> seen;
};

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class Checker {
 public:
  Checker(const std::string& path, const std::set<std::string>& files,
          const std::function<std::string(const std::string&)>& text_of, Findings& out)
      : path_(path), files_(files), text_of_(text_of), out_(out) {}

  void read_line(std::string_view line, int number) {
    if (line.starts_with('#')) return;
    if (line.empty()) return flush();
    const std::string_view key = line.substr(0, line.find(' '));
    std::string_view value = line.substr(key.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (key == "mutant") {
      mutant_.name = value;
      mutant_.line = number;
    } else if (key == "file") {
      mutant_.file = value;
    } else if (key == "from") {
      mutant_.from = value;
    } else if (key == "to") {
      mutant_.has_to = true;
    } else if (key == "seen") {
      mutant_.seen.emplace_back(value);
    } else {
      find(number, fmt::format("'{}' is none of: mutant, file, from, to, seen", key));
    }
  }

  void flush() {
    if (mutant_.line > 0) check();
    mutant_ = {};
  }

 private:
  void check() {
    if (mutant_.file.empty() || mutant_.from.empty() || !mutant_.has_to || mutant_.seen.empty()) {
      return find(mutant_.line, fmt::format("'{}' needs the lines file, from, to and seen", mutant_.name));
    }
    if (!files_.contains(mutant_.file)) return find(mutant_.line, fmt::format("no such file: {}", mutant_.file));
    const std::size_t count = count_of(text_of_(mutant_.file), mutant_.from);
    if (count != 1) {
      find(mutant_.line, fmt::format("stands {} times in {}, not once: {}", count, mutant_.file, mutant_.from));
    }
    for (const std::string& witness : mutant_.seen) check_witness(witness);
  }

  void check_witness(const std::string& witness) {
    const bool exists = witness.starts_with("test ") ? files_.contains("tests/" + witness.substr(5) + "/CMakeLists.txt")
                                                     : witness.ends_with(".yaml") && files_.contains(witness);
    if (!exists) find(mutant_.line, fmt::format("nothing can see it as: {}", witness));
  }

  void find(int line, std::string message) { out_.push_back({path_, line, "mutant", std::move(message)}); }

  const std::string& path_;
  const std::set<std::string>& files_;
  const std::function<std::string(const std::string&)>& text_of_;
  Findings& out_;
  Mutant mutant_;
};

}  // namespace

void check_mutants(const std::string& path, std::string_view text, const std::set<std::string>& files,
                   const std::function<std::string(const std::string&)>& text_of, Findings& out) {
  Checker checker(path, files, text_of, out);
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    checker.read_line(text.substr(0, end), ++number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  checker.flush();
}

}  // namespace wavetank::tidy
