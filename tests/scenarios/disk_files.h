#pragma once
// Files of the disk for scenarios under test.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/scenario/file_source.h"

namespace wavetank::scenario::test {

class DiskFiles final : public FileSource {
 public:
  base::Result<std::string> read(const std::string& path) override {
    std::ifstream in(path, std::ios::binary);
    if (!in) return base::failure("cannot read " + path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  bool is_directory(const std::string& path) override { return std::filesystem::is_directory(path); }
  base::Result<std::vector<std::string>> list(const std::string& path) override {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

/// The scenario files below a folder, sorted.
inline std::vector<std::string> scenario_files(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().generic_string();
    if (entry.is_regular_file() && path.ends_with(".yaml") && path.find("/manifests/") == std::string::npos)
      out.push_back(path);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace wavetank::scenario::test
