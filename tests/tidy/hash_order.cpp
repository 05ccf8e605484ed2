// Iteration order of a hash container differs between libraries, and addresses between runs: neither may decide.
#include <fmt/format.h>

#include <set>

#include "tests/tidy/rules.h"

namespace wavetank::tidy {
namespace {

using Names = std::set<std::string_view>;

bool is_hash_container(std::string_view word) { return word.starts_with("unordered_"); }

// The index just after the template argument list that opens at `open`.
std::size_t skip_angles(const std::vector<Token>& tokens, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].text == "<") ++depth;
    if (tokens[i].text == ">" && --depth == 0) return i + 1;
    if (tokens[i].text == ";") break;
  }
  return open;
}

// Collects the names of variables and members declared with a hash container's type, or with an alias of one.
void collect_hash_names(const Source& source, Names& types, Names& names) {
  const std::vector<Token>& tokens = source.tokens();
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool is_container = is_hash_container(tokens[i].text) && tokens[i + 1].text == "<";
    if (!is_container && !types.contains(tokens[i].text)) continue;
    std::size_t start = i;
    while (start >= 2 && tokens[start - 1].text == "::") start -= 2;
    if (start >= 3 && tokens[start - 1].text == "=" && tokens[start - 3].text == "using") {
      types.insert(tokens[start - 2].text);
      continue;
    }
    std::size_t next = is_container ? skip_angles(tokens, i + 1) : i + 1;
    while (next < tokens.size() && (tokens[next].text == "&" || tokens[next].text == "const")) ++next;
    if (next < tokens.size()) names.insert(tokens[next].text);
  }
}

void check_range_for(const Source& source, const Names& names, std::size_t i, Findings& out) {
  const std::vector<Token>& tokens = source.tokens();
  int depth = 0;
  bool seen_colon = false;
  for (std::size_t j = i + 1; j < tokens.size(); ++j) {
    const std::string_view text = tokens[j].text;
    if (text == ";") return;  // a classic for
    if (text == "(") ++depth;
    if (text == ":" && depth == 1) seen_colon = true;
    if (text != ")" || --depth != 0) continue;
    const std::string_view name = tokens[j - 1].text;  // of `state.pods_`: pods_; of a call or an index: no name
    if (seen_colon && names.contains(name)) {
      report(source, tokens[i].line, "hash-order",
             fmt::format("loop over hash container `{}`: keep a vector or a sorted map beside it", name), out);
    }
    return;
  }
}

bool is_begin(std::string_view word) { return word == "begin" || word == "cbegin"; }

}  // namespace

void check_hash_order(const Source& source, const Source* header, Findings& out) {
  if (!is_deterministic(source.path())) return;
  Names types;
  Names names;
  if (header != nullptr) collect_hash_names(*header, types, names);
  collect_hash_names(source, types, names);

  const std::vector<Token>& tokens = source.tokens();
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    const std::string_view word = tokens[i].text;
    if (word == "for" && tokens[i + 1].text == "(") check_range_for(source, names, i, out);
    if (names.contains(word) && tokens[i + 1].text == "." && is_begin(tokens[i + 2].text)) {
      report(source, tokens[i].line, "hash-order",
             fmt::format("iterator over hash container `{}`: keep a vector or a sorted map beside it", word), out);
    }
    const bool is_ordered = (word == "map" || word == "set") && tokens[i + 1].text == "<";
    if (!is_ordered) continue;
    std::size_t key = i + 2;
    while (key < tokens.size() && tokens[key].text != "," && tokens[key].text != ">" && tokens[key].text != "<") ++key;
    if (tokens[key - 1].text == "*") {
      report(source, tokens[i].line, "hash-order", "ordered by address: use an id as the key", out);
    }
  }
}

}  // namespace wavetank::tidy
