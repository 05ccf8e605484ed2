#pragma once
// Expected failures as values. A reader of user input reports all it finds wrong, so the error side is a list.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace wavetank::base {

/// Where in an input something was read. Line and column count from 1; 0 means "no such place".
struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

/// One thing that is wrong with an input.
struct Diagnostic {
  std::string file;  ///< As the user named it; empty where there is no file.
  Position position;
  std::string message;  ///< What was read and what was allowed.

  /// "file:line:column: message", leaving out what is not known.
  [[nodiscard]] std::string text() const;
};

using Diagnostics = std::vector<Diagnostic>;

template <class T>
using Result = tl::expected<T, Diagnostics>;

/// An error of one diagnostic.
inline tl::unexpected<Diagnostics> failure(Diagnostic d) {
  Diagnostics all;
  all.push_back(std::move(d));
  return tl::unexpected<Diagnostics>(std::move(all));
}
inline tl::unexpected<Diagnostics> failure(std::string message) {
  return failure(Diagnostic{{}, {}, std::move(message)});
}
inline tl::unexpected<Diagnostics> failure(Diagnostics all) { return tl::unexpected<Diagnostics>(std::move(all)); }

/// All diagnostics, one a line.
std::string to_text(const Diagnostics& all);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to be meant (distance > 1/3 of
/// its length).
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace wavetank::base
