#include "runtime/cli/disk_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "engine/model/doc.h"
#include "engine/project/words.h"

namespace wavetank::cli {
namespace {

namespace fs = std::filesystem;

/// The path is in the message: readers put the place that named the file in front.
auto cannot(const std::string& path, const std::string& what) { return base::failure(path + ": " + what); }

base::Result<std::string> read_all(std::FILE* file, const std::string& path, std::size_t expected) {
  const std::size_t most = model::ReadLimits{}.bytes;
  std::string text;
  text.reserve(expected);
  char buffer[1 << 16];
  for (;;) {
    const std::size_t n = std::fread(buffer, 1, sizeof buffer, file);
    text.append(buffer, n);
    if (text.size() > most) {
      return cannot(path, fmt::format("is too large; at most {} are read",
                                      project::bytes_words(static_cast<std::int64_t>(most))));
    }
    if (n < sizeof buffer) break;
  }
  if (std::ferror(file) != 0) return cannot(path, fmt::format("cannot be read: {}", std::strerror(errno)));
  return text;
}

base::Result<std::string> checked(std::string text, const std::string& path) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return cannot(path, "is empty");
  const std::size_t nul = text.find('\0');
  if (nul != std::string::npos) {
    return cannot(path, fmt::format("is not a text: byte {} is 0; a file of YAML or JSON is wanted", nul));
  }
  return text;
}

}  // namespace

base::Result<std::string> DiskFiles::read(const std::string& path) {
  if (path == "-") {
    if (!stdin_) {
      base::Result<std::string> text = read_all(stdin, "(standard input)", 0);
      if (!text) return text;
      stdin_ = std::move(*text);
    }
    return checked(*stdin_, "(standard input)");
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return cannot(path, "there is no such file");
  if (fs::is_directory(status)) return cannot(path, "is a folder; a file is wanted");
  std::uintmax_t size = 0;
  if (fs::is_regular_file(status)) size = fs::file_size(path, error);
  const std::size_t most = model::ReadLimits{}.bytes;
  if (!error && size > most) {
    return cannot(path,
                  fmt::format("is {} large; at most {} are read", project::bytes_words(static_cast<std::int64_t>(size)),
                              project::bytes_words(static_cast<std::int64_t>(most))));
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return cannot(path, fmt::format("cannot be read: {}", std::strerror(errno)));
  base::Result<std::string> text = read_all(file.get(), path, static_cast<std::size_t>(size));
  return text ? checked(std::move(*text), path) : text;
}

bool DiskFiles::is_directory(const std::string& path) {
  std::error_code error;
  return path != "-" && fs::is_directory(path, error);
}

base::Result<std::vector<std::string>> DiskFiles::list(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension().string();
    std::error_code ignored;
    if ((extension == ".yaml" || extension == ".yml" || extension == ".json") && !it->is_directory(ignored))
      names.push_back(it->path().filename().string());
  }
  if (error) return cannot(path, fmt::format("cannot be read: {}", error.message()));
  if (names.empty()) return cannot(path, "holds no .yaml, .yml or .json file");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wavetank::cli
