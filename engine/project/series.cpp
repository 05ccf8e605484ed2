#include "engine/project/series.h"

#include <algorithm>

namespace wavetank::project {
namespace {

void join(Series::Bucket& into, const Series::Bucket& from) {
  if (from.covered_us == 0) return;
  into.least = into.covered_us == 0 ? from.least : std::min(into.least, from.least);
  into.most = into.covered_us == 0 ? from.most : std::max(into.most, from.most);
  into.last = from.last;
  into.value_us += from.value_us;
  into.covered_us += from.covered_us;
}

}  // namespace

void Series::widen() {
  std::vector<Bucket> half((buckets_.size() + 1) / 2);
  for (std::size_t i = 0; i < buckets_.size(); ++i) join(half[i / 2], buckets_[i]);
  buckets_ = std::move(half);
  width_us_ *= 2;
}

void Series::advance(std::int64_t to_us) {
  while (to_us > now_us_) {
    std::size_t at = static_cast<std::size_t>(now_us_ / width_us_);
    while (at >= kMost) {
      widen();
      at = static_cast<std::size_t>(now_us_ / width_us_);
    }
    if (at >= buckets_.size()) buckets_.resize(at + 1);
    const std::int64_t end = std::min(to_us, (static_cast<std::int64_t>(at) + 1) * width_us_);
    const std::int64_t span = end - now_us_;
    join(buckets_[at], {value_ * span, span, value_, value_, value_});
    now_us_ = end;
  }
}

void Series::set(base::SimTime now, std::int64_t value) {
  const std::int64_t now_us = now.ns / 1000;
  if (begun_) {
    if (value == value_) return;
    advance(now_us);
  }
  begun_ = true;
  now_us_ = std::max(now_us_, now_us);
  value_ = value;
}

std::vector<Series::Bucket> Series::columns(base::SimTime end, std::size_t columns) const {
  std::vector<Bucket> out(columns);
  if (!begun_ || columns == 0) return out;
  Series whole = *this;
  whole.advance(end.ns / 1000);
  const std::int64_t end_us = std::max<std::int64_t>(end.ns / 1000, 1);
  // A bucket goes to the columns it overlaps; a column narrower than a bucket shows the bucket's value.
  for (std::size_t c = 0; c < columns; ++c) {
    const std::int64_t from = end_us / static_cast<std::int64_t>(columns) * static_cast<std::int64_t>(c);
    const std::int64_t to =
        c + 1 == columns ? end_us : end_us / static_cast<std::int64_t>(columns) * static_cast<std::int64_t>(c + 1);
    const auto first = static_cast<std::size_t>(from / whole.width_us_);
    const auto last = static_cast<std::size_t>(std::max(from, to - 1) / whole.width_us_);
    for (std::size_t b = first; b <= last && b < whole.buckets_.size(); ++b) join(out[c], whole.buckets_[b]);
  }
  return out;
}

Series::Bucket Series::total(base::SimTime end) const {
  Bucket out;
  if (!begun_) return out;
  Series whole = *this;
  whole.advance(end.ns / 1000);
  for (const Bucket& b : whole.buckets_) join(out, b);
  return out;
}

std::string sparkline(const std::vector<Series::Bucket>& columns, std::int64_t full) {
  static constexpr const char* kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  for (const Series::Bucket& c : columns) {
    if (c.covered_us == 0) {
      out += ' ';
    } else if (full <= 0 || c.least <= 0) {
      out += kLevels[0];
    } else {
      out += kLevels[c.least >= full ? 7 : std::clamp<std::int64_t>(c.least * 7 / full, 1, 6)];
    }
  }
  return out;
}

}  // namespace wavetank::project
