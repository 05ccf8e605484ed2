#pragma once
// Short ways to say "this text, these documents" in the tables of this folder.

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "engine/model/decode.h"

namespace wavetank::model {

inline Doc yaml(std::string_view text) {
  auto docs = parse_yaml(text, "t.yaml");
  if (!docs) FAIL(base::to_text(docs.error()));
  REQUIRE(docs->size() == 1);
  return std::move(docs->front());
}

/// All errors of a manifest text, one a line, without the file's name: "3:5: path: message".
inline std::string errors_of(std::string_view text) {
  const auto read = read_manifests(text, "");
  return read ? "" : base::to_text(read.error());
}

/// The same without their places: "path: message".
inline std::string complaints_of(std::string_view text) {
  const std::string errors = errors_of(text);
  std::string out;
  for (std::string_view rest = errors; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    out += (out.empty() ? "" : "\n") + std::string(line.substr(line.find(": ") + 2));
  }
  return out;
}

}  // namespace wavetank::model
