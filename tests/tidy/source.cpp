#include "tests/tidy/source.h"

#include <algorithm>
#include <utility>

namespace wavetank::tidy {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// The position just after the literal or comment that begins at `at`, or `at` when none begins there.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
  const auto past = [&](std::string_view mark, std::size_t from) {
    const std::size_t found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) return past("*/", at + 2);
  if (rest.starts_with("R\"") && (at == 0 || !is_word(text[at - 1]))) {
    const std::size_t open = text.find('(', at);
    if (open == std::string_view::npos) return text.size();
    return past(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
  }
  // A quote between digits is a separator: 1'000.
  if (rest[0] != '"' && (rest[0] != '\'' || (at > 0 && is_word(text[at - 1])))) return at;
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != rest[0] && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

}  // namespace

std::string blank_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_literal(text, at);
    if (end == at) {
      ++at;
      continue;
    }
    std::replace_if(
        code.begin() + static_cast<std::ptrdiff_t>(at), code.begin() + static_cast<std::ptrdiff_t>(end),
        [](char c) { return c != '\n'; }, ' ');
    at = end;
  }
  return code;
}

Source::Source(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)), code_(blank_comments_and_literals(text_)) {
  for (std::string_view rest = text_; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    raw_lines_.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  read_includes();
  tokenize();
}

bool Source::allows(int line, std::string_view rule) const {
  const std::string_view raw = raw_lines_[static_cast<std::size_t>(line - 1)];
  const std::string mark = "tidy: allow(" + std::string(rule) + ") ";
  return raw.find(mark) != std::string_view::npos;
}

void Source::read_includes() {
  for (std::size_t i = 0; i < raw_lines_.size(); ++i) {
    std::string_view line = raw_lines_[i];
    if (!line.starts_with("#include")) continue;
    const std::size_t open = line.find_first_of("<\"");
    if (open == std::string_view::npos) continue;
    const bool quoted = line[open] == '"';
    const std::size_t close = line.find(quoted ? '"' : '>', open + 1);
    if (close == std::string_view::npos) continue;
    includes_.push_back({std::string(line.substr(open + 1, close - open - 1)), quoted, static_cast<int>(i + 1)});
  }
}

void Source::tokenize() {
  const std::string_view code = code_;
  int line = 1;
  for (std::size_t at = 0; at < code.size();) {
    const char c = code[at];
    std::size_t length = 1;
    if (c == '\n') ++line;
    if (c == ' ' || c == '\t' || c == '\n') {
      ++at;
      continue;
    }
    if (is_word(c)) {
      while (at + length < code.size() && is_word(code[at + length])) ++length;
    } else if (code.substr(at, 2) == "::" || code.substr(at, 2) == "->") {
      length = 2;
    }
    tokens_.push_back({code.substr(at, length), line});
    at += length;
  }
}

}  // namespace wavetank::tidy
