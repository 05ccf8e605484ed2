#include "sim/scenario/file_source.h"

#include <fmt/format.h>

namespace wavetank::scenario {

base::Result<std::string> MemoryFiles::read(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return base::failure(fmt::format("cannot read {}: no such file", path));
  return found->second;
}

bool MemoryFiles::is_directory(const std::string& path) {
  const auto next = files_.lower_bound(path + "/");
  return next != files_.end() && next->first.starts_with(path + "/");
}

base::Result<std::vector<std::string>> MemoryFiles::list(const std::string& path) {
  const std::string prefix = path + "/";
  std::vector<std::string> names;
  for (auto it = files_.lower_bound(prefix); it != files_.end() && it->first.starts_with(prefix); ++it) {
    const std::string_view name = std::string_view(it->first).substr(prefix.size());
    if (name.find('/') == std::string_view::npos) names.emplace_back(name);
  }
  if (names.empty()) return base::failure(fmt::format("cannot list {}: no such directory", path));
  return names;
}

base::Result<std::string> RecordingFiles::read(const std::string& path) {
  base::Result<std::string> text = source_->read(path);
  if (text.has_value()) files_.insert_or_assign(path, *text);
  return text;
}

std::string relative_to(std::string_view file, std::string_view path) {
  std::string joined;
  const std::size_t slash = file.rfind('/');
  if (!path.starts_with('/') && slash != std::string_view::npos) joined = std::string(file.substr(0, slash + 1));
  joined += path;
  std::vector<std::string_view> parts;
  for (std::string_view rest = joined; !rest.empty();) {
    const std::size_t end = rest.find('/');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string out = joined.starts_with('/') ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

}  // namespace wavetank::scenario
