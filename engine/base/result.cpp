#include "engine/base/result.h"

#include <algorithm>
#include <cstddef>

namespace wavetank::base {

std::string Diagnostic::text() const {
  std::string out;
  if (!file.empty()) out += file + ":";
  if (position.line > 0) {
    out += std::to_string(position.line) + ":";
    if (position.column > 0) out += std::to_string(position.column) + ":";
  }
  if (!out.empty()) out += " ";
  return out + message;
}

std::string to_text(const Diagnostics& all) {
  std::string out;
  for (const Diagnostic& d : all) {
    if (!out.empty()) out += "\n";
    out += d.text();
  }
  return out;
}

namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of two neighbours, each for 1.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::size_t allowed = word.size() / 3;
  std::size_t best = allowed + 1;
  std::string_view nearest;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) >= best) continue;  // also keeps hostile lengths cheap
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best) continue;  // the first of equals wins
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace wavetank::base
