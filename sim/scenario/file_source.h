#pragma once
// Where the scenario reader gets texts from. sim/ touches no file: the program hands in a source that does, a test one
// that holds its texts in memory, and re-execution one that holds what the journal kept.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace wavetank::scenario {

/// Paths are as the scenario's author wrote them, joined to the folder of the scenario file with '/'; "-" is standard
/// input.
class FileSource {
 public:
  FileSource() = default;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  virtual ~FileSource() = default;

  /// The whole text. Error: why it cannot be read, naming the path.
  virtual base::Result<std::string> read(const std::string& path) = 0;
  [[nodiscard]] virtual bool is_directory(const std::string& path) = 0;
  /// The names (not paths) of a directory's files, sorted bytewise.
  virtual base::Result<std::vector<std::string>> list(const std::string& path) = 0;
};

/// Texts in memory. Paths with a '/' make directories.
class MemoryFiles final : public FileSource {
 public:
  void put(std::string path, std::string text) { files_.insert_or_assign(std::move(path), std::move(text)); }
  [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }

  base::Result<std::string> read(const std::string& path) override;
  [[nodiscard]] bool is_directory(const std::string& path) override;
  base::Result<std::vector<std::string>> list(const std::string& path) override;

 private:
  std::map<std::string, std::string> files_;
};

/// Passes everything on and keeps what was read.
class RecordingFiles final : public FileSource {
 public:
  explicit RecordingFiles(FileSource& source) : source_(&source) {}
  [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }

  base::Result<std::string> read(const std::string& path) override;
  [[nodiscard]] bool is_directory(const std::string& path) override { return source_->is_directory(path); }
  base::Result<std::vector<std::string>> list(const std::string& path) override { return source_->list(path); }

 private:
  FileSource* source_;
  std::map<std::string, std::string> files_;
};

/// `path` as seen from the folder of `file`: joined and with "." and ".." taken out; an absolute path stays.
std::string relative_to(std::string_view file, std::string_view path);

}  // namespace wavetank::scenario
