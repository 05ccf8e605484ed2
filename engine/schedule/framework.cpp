#include "engine/schedule/framework.h"

#include <algorithm>

#include "engine/schedule/node_match.h"

namespace wavetank::schedule {

std::uint32_t Reasons::id(const std::vector<std::string>& reasons) {
  std::string key;
  for (const std::string& r : reasons) append_key(key, r);
  const auto [at, made] = index_.emplace(std::move(key), static_cast<std::uint32_t>(lists_.size()));
  if (made) lists_.push_back(reasons);
  return at->second;
}

std::uint32_t Reasons::id(std::string_view reason) { return id(std::vector<std::string>{std::string(reason)}); }

void default_normalize(std::span<std::int64_t> scores, bool reverse) {
  std::int64_t most = 0;
  for (const std::int64_t s : scores) most = std::max(most, s);
  if (most == 0) {
    if (reverse) std::fill(scores.begin(), scores.end(), 100);
    return;
  }
  for (std::int64_t& s : scores) {
    s = 100 * s / most;
    if (reverse) s = 100 - s;
  }
}

}  // namespace wavetank::schedule
