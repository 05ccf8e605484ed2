#pragma once
// What the commands share. A command is one file with one function add_<name>(), listed in commands.cpp.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/project/style.h"

namespace wavetank::cli {

/// Exit codes.
enum Exit : int {
  kOk = 0,
  kBroken = 1,         ///< An expectation was broken; a verification failed.
  kBadInput = 2,       ///< Arguments, files: nothing was done.
  kBug = 3,            ///< Ours.
  kInterrupted = 130,  ///< Ctrl-C.
};

/// What the command line asked for: parsing chooses, main() runs it.
using Action = std::function<int()>;

/// Each adds its subcommand; its callback sets `chosen`.
void add_run(CLI::App& app, Action& chosen);
void add_show(CLI::App& app, Action& chosen);
void add_log(CLI::App& app, Action& chosen);
void add_why(CLI::App& app, Action& chosen);
void add_route(CLI::App& app, Action& chosen);
void add_top(CLI::App& app, Action& chosen);
void add_explain(CLI::App& app, Action& chosen);
void add_conformance(CLI::App& app, Action& chosen);
void add_replay(CLI::App& app, Action& chosen);
void add_validate(CLI::App& app, Action& chosen);
void add_schema(CLI::App& app, Action& chosen);
void add_completion(CLI::App& app, Action& chosen);

/// Parses and runs the whole command line. Throws only where there is a bug.
int run_command_line(int argc, const char* const* argv);

// ---- Output
// -------------------------------------------------------------------------------------------------------------------

bool stdout_is_terminal();
bool stderr_is_terminal();
/// Colours when standard output is a terminal and NO_COLOR is not set.
project::Style out_style();
project::Style error_style();
void print(std::string_view text);
/// To standard error, with a newline: something to know that is no error.
void notice(std::string_view text);
/// Prints all that is wrong to standard error, one a line. Returns kBadInput.
int complain(const base::Diagnostics& all);
int complain(const std::string& message);

/// "; did you mean \"pods\"?" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace wavetank::cli
