#include "sim/world/world_params.h"

namespace wavetank::world {

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {  // the last star takes one more character
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {

/// Where the tag or digest begins, or the end.
std::size_t end_of_repository(std::string_view image) {
  const std::size_t digest = image.find('@');
  if (digest != std::string_view::npos) image = image.substr(0, digest);
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.rfind(':');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? colon : image.size();
}

}  // namespace

std::string full_image_name(std::string_view image) {
  std::string out;
  const std::size_t slash = image.find('/');
  const std::string_view host = image.substr(0, slash == std::string_view::npos ? 0 : slash);
  const bool has_host = host.find_first_of(".:") != std::string_view::npos || host == "localhost";
  if (!has_host) out = slash == std::string_view::npos ? "docker.io/library/" : "docker.io/";
  out += image;
  if (end_of_repository(image) == image.size()) out += ":latest";
  return out;
}

bool matches_image(std::string_view pattern, std::string_view image) {
  const std::size_t end = end_of_repository(image);
  if (matches_glob(pattern, image) || matches_glob(pattern, image.substr(0, end))) return true;
  if (end == image.size() && matches_glob(pattern, std::string(image) + ":latest")) return true;
  return matches_glob(pattern, full_image_name(image));
}

}  // namespace wavetank::world
