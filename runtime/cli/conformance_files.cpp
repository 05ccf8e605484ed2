#include "runtime/cli/conformance_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/cli/cli.h"
#include "runtime/cli/progress.h"
#include "runtime/store/compression.h"

namespace wavetank::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 256U << 20;
constexpr std::size_t kMaxUnpackedBytes = 1U << 30;

bool is_cases(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".json") || name.ends_with(".jsonl") || name.ends_with(".jsonl.zst") ||
         name.ends_with(".json.zst");
}

}  // namespace

base::Result<std::vector<std::string>> find_case_files(const std::string& path) {
  std::error_code error;
  std::vector<std::string> files;
  if (!fs::exists(path, error)) return base::failure({path, {}, "no such file or folder"});
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  for (auto at = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && is_cases(at->path())) files.push_back(at->path().string());
  }
  if (error) return base::failure({path, {}, "cannot be read: " + error.message()});
  std::sort(files.begin(), files.end());
  if (files.empty()) return base::failure({path, {}, "no cases in it: no file ends in .json, .jsonl or .jsonl.zst"});
  return files;
}

base::Result<std::string> read_case_file(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return base::failure({path, {}, "cannot be read: " + error.message()});
  if (size > kMaxFileBytes)
    return base::failure({path, {}, fmt::format("{} bytes; at most {} are read", size, kMaxFileBytes)});
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return base::failure({path, {}, "cannot be read"});
  std::string out = std::move(text).str();
  if (!path.ends_with(".zst")) return out;
  auto raw = store::unpack_file(out, kMaxUnpackedBytes);
  if (!raw) return base::failure({path, {}, raw.error()});
  return std::move(*raw);
}

bool read_case_files(
    const std::vector<std::string>& files, bool bar, base::Diagnostics& problems,
    const std::function<std::size_t(const std::string& text, const std::string& name, base::Diagnostics& bad)>& read) {
  const Interrupt interrupt;
  ProgressBar progress(bar, base::SimTime{static_cast<std::int64_t>(files.size())});
  std::size_t cases = 0;
  for (std::size_t i = 0; i < files.size() && !Interrupt::asked(); ++i) {
    const std::string& file = files[i];
    progress.show(base::SimTime{static_cast<std::int64_t>(i)}, cases);
    const auto text = read_case_file(file);
    if (!text) {
      problems.insert(problems.end(), text.error().begin(), text.error().end());
      continue;
    }
    base::Diagnostics bad;
    cases = read(*text, file.ends_with(".zst") ? file.substr(0, file.size() - 4) : file, bad);
    for (base::Diagnostic& d : bad) {
      d.file = file;
      problems.push_back(std::move(d));
    }
  }
  progress.clear();
  return !Interrupt::asked();
}

}  // namespace wavetank::cli
