// The house rules as functions from a file to findings. No file system here, so that each rule is tested on samples.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source.h"

namespace wavetank::tidy {

struct Finding {
  std::string path;
  int line;
  std::string rule;  // what `tidy: allow(rule) why` names
  std::string message;
};

using Findings = std::vector<Finding>;

// The rooms that may depend on nothing but their input.
[[nodiscard]] bool is_deterministic(std::string_view path);
// Adds a finding unless its line is excused.
void report(const Source& source, int line, std::string_view rule, std::string message, Findings& out);

inline constexpr int kLongFileLines = 600;

// layer: quoted includes against the table, library headers only in their room.
void check_includes(const Source& source, const std::set<std::string>& files, Findings& out);
// banned: words and headers that would make engine/ or sim/ depend on more than their input.
void check_banned(const Source& source, Findings& out);
// hash-order: no loop over an unordered container in engine/ or sim/. `header` is the file's own header, or null.
void check_hash_order(const Source& source, const Source* header, Findings& out);
// shape: #pragma once, no `using namespace` in a header, namespace named after the room.
void check_shape(const Source& source, Findings& out);
// layer: the DEPS of a room's CMakeLists.txt against the same table.
void check_deps(const std::string& path, std::string_view cmake, Findings& out);
// room: every C++ file lies in a room or among the tests; every room has CMakeLists.txt and README.md.
void check_rooms(const std::set<std::string>& files, Findings& out);
// link: every relative link of a Markdown file leads to a file or folder.
void check_links(const std::string& path, std::string_view markdown, const std::set<std::string>& files, Findings& out);
// mutant: every mutant of tests/mutants/AREA.txt has all its lines, its `from` stands once in its file, and what should
// see it exists. `text_of` gives the text of a file of the tree.
void check_mutants(const std::string& path, std::string_view text, const std::set<std::string>& files,
                   const std::function<std::string(const std::string&)>& text_of, Findings& out);

// Long files are only mentioned.
[[nodiscard]] bool is_long(const Source& source);

[[nodiscard]] std::string format_finding(const Finding& finding);

}  // namespace wavetank::tidy
