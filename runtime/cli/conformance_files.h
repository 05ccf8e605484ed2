#pragma once
// What both halves of `wavetank conformance` read: files of cases.

#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace wavetank::cli {

/// The file itself, or every file of cases in the folder and below, sorted.
base::Result<std::vector<std::string>> find_case_files(const std::string& path);
/// The text of a file, unpacked if it ends in .zst.
base::Result<std::string> read_case_file(const std::string& path);

/// Reads the files one after the other, with a progress bar if `bar`. `read` gets a file's text, its name without .zst
/// and a list for what is wrong with its cases, and returns how many cases there were so far. What cannot be read goes
/// to `problems`, as does what `read` finds. False: the user interrupted.
bool read_case_files(
    const std::vector<std::string>& files, bool bar, base::Diagnostics& problems,
    const std::function<std::size_t(const std::string& text, const std::string& name, base::Diagnostics& bad)>& read);

struct ControllersRequest {
  std::string path, area, case_name;
  bool json = false, all = false;
};
/// `wavetank conformance controllers`: the exit code.
int compare_controllers(const ControllersRequest& request);

}  // namespace wavetank::cli
