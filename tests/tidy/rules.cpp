#include "tests/tidy/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tests/tidy/layers.h"

namespace wavetank::tidy {
namespace {

bool is_cpp(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".h"); }

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

void check_quoted(const Source& source, const Include& include, const std::set<std::string>& files, Findings& out) {
  const std::string_view from = room_of(source.path());
  const std::string_view to = room_of(include.path);
  if (!files.contains(include.path)) {
    report(source, include.line, "layer", fmt::format("no file \"{}\"; include paths start at the root", include.path),
           out);
  } else if (from.empty()) {
    return;  // tests may include every room
  } else if (to.empty()) {
    report(source, include.line, "layer", fmt::format("{} may not include tests: \"{}\"", from, include.path), out);
  } else if (!may_include(from, to)) {
    report(source, include.line, "layer",
           fmt::format("{} may not include {}: \"{}\" (see tests/tidy/layers.cpp)", from, to, include.path), out);
  }
}

}  // namespace

bool is_deterministic(std::string_view path) { return path.starts_with("engine/") || path.starts_with("sim/"); }

void report(const Source& source, int line, std::string_view rule, std::string message, Findings& out) {
  if (!source.allows(line, rule)) out.push_back({source.path(), line, std::string(rule), std::move(message)});
}

void check_includes(const Source& source, const std::set<std::string>& files, Findings& out) {
  const std::string_view room = room_of(source.path());
  for (const Include& include : source.includes()) {
    if (include.quoted) {
      check_quoted(source, include, files, out);
      continue;
    }
    for (const ExternalHeader& header : external_headers()) {
      if (room.empty() || !include.path.starts_with(header.prefix)) continue;
      const std::vector<std::string_view> rooms = split_words(header.rooms);
      if (std::find(rooms.begin(), rooms.end(), room) != rooms.end()) continue;
      report(source, include.line, "layer",
             fmt::format("<{}> belongs to {}; go through that room", include.path, header.rooms), out);
    }
  }
}

void check_shape(const Source& source, Findings& out) {
  if (source.is_header() && !source.contains("#pragma once")) {
    report(source, 1, "shape", "a header begins with #pragma once", out);
  }
  const std::vector<Token>& tokens = source.tokens();
  for (std::size_t i = 0; source.is_header() && i + 1 < tokens.size(); ++i) {
    if (tokens[i].text == "using" && tokens[i + 1].text == "namespace") {
      report(source, tokens[i].line, "shape", "no `using namespace` in a header", out);
    }
  }
  const std::string_view room = room_of(source.path());
  if (room.empty() || source.path().ends_with("/main.cpp")) return;
  const std::string name = fmt::format("namespace wavetank::{}", room.substr(room.rfind('/') + 1));
  if (!source.contains(name)) report(source, 1, "shape", fmt::format("folder = namespace: no `{}`", name), out);
}

void check_deps(const std::string& path, std::string_view cmake, Findings& out) {
  const std::string_view room = room_of(path);
  const std::size_t begin = cmake.find("wavetank_room(");
  if (room.empty() || begin == std::string_view::npos) return;
  const std::string_view call = cmake.substr(begin, cmake.find(')', begin) - begin);
  bool in_deps = false;
  for (const std::string_view word : split_words(call)) {
    if (word == "DEPS" || word == "LIBS") {
      in_deps = word == "DEPS";
    } else if (in_deps && !may_include(room, word)) {
      out.push_back({path, 1, "layer", fmt::format("{} may not link {} (see tests/tidy/layers.cpp)", room, word)});
    }
  }
}

void check_rooms(const std::set<std::string>& files, Findings& out) {
  for (const std::string& path : files) {
    // Example programs beside the scenarios are a reader's, not the house's: no rooms.
    const bool in_tests = path.starts_with("tests/") || path.starts_with("scenarios/");
    if (is_cpp(path) && !in_tests && path != "cmake/pch.h" && room_of(path).empty()) {
      out.push_back(
          {path, 1, "room", "lies in no room: add its folder to tests/tidy/layers.cpp and to CMakeLists.txt"});
    }
    if (is_cpp(path) && in_tests) {
      std::string folder(folder_of(path));
      while (!folder.empty() && !files.contains(folder + "/CMakeLists.txt")) folder = folder_of(folder);
      if (folder == "tests" && folder_of(path) != "tests/support") {
        out.push_back({path, 1, "room", "is built by no CMakeLists.txt beside it"});
      }
    }
  }
  for (const Layer& layer : layers()) {
    const std::string room(layer.room);
    const auto first = files.lower_bound(room + "/");
    if (first == files.end() || !first->starts_with(room + "/")) continue;  // not built yet
    for (const char* needed : {"/CMakeLists.txt", "/README.md"}) {
      if (!files.contains(room + needed)) out.push_back({room + needed, 1, "room", "every room has one"});
    }
  }
}

void check_links(const std::string& path, std::string_view markdown, const std::set<std::string>& files,
                 Findings& out) {
  int line = 1;
  for (std::size_t at = 0; at < markdown.size(); ++at) {
    if (markdown[at] == '\n') ++line;
    if (markdown.substr(at, 2) != "](") continue;
    std::string_view target = markdown.substr(at + 2, markdown.find(')', at) - at - 2);
    target = target.substr(0, target.find('#'));
    if (target.empty() || target.find("://") != std::string_view::npos || target.starts_with("mailto:")) continue;
    const std::filesystem::path joined = std::filesystem::path(path).parent_path() / target;
    std::string resolved = joined.lexically_normal().string();
    while (resolved.ends_with('/')) resolved.pop_back();
    const auto inside = files.lower_bound(resolved + "/");
    const bool is_folder = inside != files.end() && inside->starts_with(resolved + "/");
    if (!is_folder && !files.contains(resolved)) {
      out.push_back({path, line, "link", fmt::format("leads nowhere: {}", target)});
    }
  }
}

bool is_long(const Source& source) { return source.lines() > kLongFileLines; }

std::string format_finding(const Finding& finding) {
  return fmt::format("{}:{}: [{}] {}", finding.path, finding.line, finding.rule, finding.message);
}

}  // namespace wavetank::tidy
