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

}  // namespace wavetank::model
