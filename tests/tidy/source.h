// A C++ file as the rules see it: comments and literals blanked out, cut into words and signs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wavetank::tidy {

struct Token {
  std::string_view text;  // an identifier, a number, or one sign; "::" and "->" count as one sign
  int line;
};

struct Include {
  std::string path;
  bool quoted;
  int line;
};

class Source {
 public:
  Source(std::string path, std::string text);
  Source(const Source&) = delete;  // tokens point into code_
  Source& operator=(const Source&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  [[nodiscard]] const std::vector<Include>& includes() const { return includes_; }
  [[nodiscard]] int lines() const { return static_cast<int>(raw_lines_.size()); }
  [[nodiscard]] bool is_header() const { return path_.ends_with(".h"); }
  [[nodiscard]] bool contains(std::string_view code) const { return code_.find(code) != std::string::npos; }
  // A line is excused from a rule by the comment `tidy: allow(rule) why` on it.
  [[nodiscard]] bool allows(int line, std::string_view rule) const;

 private:
  void read_includes();
  void tokenize();

  std::string path_;
  std::string text_;
  std::string code_;
  std::vector<std::string_view> raw_lines_;
  std::vector<Token> tokens_;
  std::vector<Include> includes_;
};

// The same text with comments and the inside of literals replaced by spaces; line breaks stay.
[[nodiscard]] std::string blank_comments_and_literals(std::string_view text);

}  // namespace wavetank::tidy
