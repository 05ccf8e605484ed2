#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/cli/cli.h"

namespace wavetank::cli {
namespace {

bool wants_colour() {
  const char* no = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (no == nullptr || *no == '\0') && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }
project::Style out_style() { return {stdout_is_terminal() && wants_colour()}; }
project::Style error_style() { return {stderr_is_terminal() && wants_colour()}; }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void notice(std::string_view text) {
  std::fflush(stdout);
  const std::string line = error_style().dim(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int complain(const base::Diagnostics& all) {
  std::fflush(stdout);
  std::string out;
  for (const base::Diagnostic& d : all) {
    std::string text = d.text();
    if (text.find("; readable up to") != std::string::npos) text += "; --salvage shows that part";
    out += d.file.empty() ? error_style().red("wavetank: ") + text + "\n" : text + "\n";
  }
  if (all.size() > 1) out += error_style().red(fmt::format("wavetank: {} problems", all.size())) + "\n";
  std::fwrite(out.data(), 1, out.size(), stderr);
  return kBadInput;
}

int complain(const std::string& message) { return complain(base::Diagnostics{{"", {}, message}}); }

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = base::nearest_word(word, candidates);
  return near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near);
}

}  // namespace wavetank::cli
