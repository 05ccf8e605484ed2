#pragma once
// Files of the disk, and standard input as "-", for readers of scenarios and manifests.

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/file_source.h"

namespace wavetank::cli {

class DiskFiles final : public scenario::FileSource {
 public:
  /// Refuses, before reading, what is larger than a reader would take (model::ReadLimits), what is empty, and what is
  /// no text.
  base::Result<std::string> read(const std::string& path) override;
  [[nodiscard]] bool is_directory(const std::string& path) override;
  /// *.yaml, *.yml and *.json of a directory, sorted by name. Error also when there is none.
  base::Result<std::vector<std::string>> list(const std::string& path) override;

 private:
  std::optional<std::string> stdin_;  ///< Can be read only once.
};

}  // namespace wavetank::cli
