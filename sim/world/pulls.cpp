#include "sim/world/pulls.h"

#include <algorithm>

namespace wavetank::world {
namespace {

__extension__ typedef __int128 Wide;
constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

void Pulls::add(event::PodId pod, std::uint32_t container, std::uint32_t image, std::int64_t size) {
  Pull pull;
  pull.pod = pod;
  pull.container = container;
  pull.image = image;
  pull.size = size;
  waiting_.push_back(pull);
}

bool Pulls::cancel(event::PodId pod) {
  const auto is_of_pod = [pod](const Pull& pull) { return pull.pod == pod; };
  const std::size_t before = active_.size() + waiting_.size();
  active_.erase(std::remove_if(active_.begin(), active_.end(), is_of_pod), active_.end());
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_of_pod), waiting_.end());
  return active_.size() + waiting_.size() != before;
}

void Pulls::clear() {
  active_.clear();
  waiting_.clear();
}

std::int64_t Pulls::transferring() const {
  return std::count_if(active_.begin(), active_.end(), [](const Pull& pull) { return !pull.resolving; });
}

// Each of n transfers gets an n-th of the rate. next() rounds up, so what is due at its time is done at its time.
void Pulls::transfer(base::SimTime now) {
  const std::int64_t n = transferring();
  if (n > 0 && now > updated_) {
    const Wide moved = static_cast<Wide>((now - updated_).ns) * rate_ / (static_cast<Wide>(kSecond) * n);
    for (Pull& pull : active_)
      if (!pull.resolving) pull.left = moved >= pull.left ? 0 : pull.left - static_cast<std::int64_t>(moved);
  }
  updated_ = now;
}

void Pulls::admit(base::SimTime now, const Limits& limits) {
  std::size_t taken = 0;
  while (taken < waiting_.size() && static_cast<std::int64_t>(active_.size()) < limits.parallel) {
    Pull pull = waiting_[taken++];
    pull.begun = now;
    pull.resolved = now + limits.latency;
    active_.push_back(pull);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
}

base::SimTime Pulls::next(base::SimTime now) const {
  const std::int64_t n = transferring();
  base::SimTime at = base::SimTime::never();
  for (const Pull& pull : active_) {
    if (pull.resolving) {
      at = std::min(at, std::max(pull.resolved, now));
    } else if (rate_ > 0) {
      const Wide ns = (static_cast<Wide>(pull.left) * kSecond * n + rate_ - 1) / rate_;
      constexpr std::int64_t kFar = std::int64_t{1} << 60;
      at = std::min(at, now + base::Duration{ns > kFar ? kFar : static_cast<std::int64_t>(ns)});
    }
  }
  return at;
}

}  // namespace wavetank::world
