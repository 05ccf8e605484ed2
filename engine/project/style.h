#pragma once
// Colours and weights for texts on a terminal; everywhere else they are nothing.

#include <string>
#include <string_view>

namespace wavetank::project {

struct Style {
  bool colour = false;

  [[nodiscard]] std::string bold(std::string_view text) const { return in("1", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return in("2", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return in("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return in("32", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return in("33", text); }
  [[nodiscard]] std::string cyan(std::string_view text) const { return in("36", text); }

 private:
  [[nodiscard]] std::string in(const char* code, std::string_view text) const {
    if (!colour || text.empty()) return std::string(text);
    return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
  }
};

}  // namespace wavetank::project
