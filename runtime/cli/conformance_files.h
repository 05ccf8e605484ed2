#pragma once
// What both halves of `wavetank conformance` read: files of cases.

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace wavetank::cli {

/// The file itself, or every file of cases in the folder and below, sorted.
base::Result<std::vector<std::string>> find_case_files(const std::string& path);
/// The text of a file, unpacked if it ends in .zst.
base::Result<std::string> read_case_file(const std::string& path);

struct ControllersRequest {
  std::string path, area, case_name;
  bool json = false, all = false;
};
/// `wavetank conformance controllers`: the exit code.
int compare_controllers(const ControllersRequest& request);

}  // namespace wavetank::cli
