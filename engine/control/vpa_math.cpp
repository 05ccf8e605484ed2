#include "engine/control/vpa_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace wavetank::control::vpa {
namespace {

constexpr double kGrowth = 1.05;
constexpr std::size_t kBuckets = 240;
constexpr double kUnit = 1e6;
constexpr Duration kHalfLife = base::minutes(24 * 60);
constexpr double kSafetyMargin = 1.15;
constexpr std::int64_t kLeastCpu = 25, kLeastMemory = 250 << 20;

/// 2^(t/half-life) for t from 0 to 10 half-lives, by the minute; products only, so the same everywhere.
double decay(Duration t) {
  constexpr double kMinute = 1.000481468058245;  // 2^(1/1440)
  double factor = 1;
  double step = kMinute;
  for (std::int64_t n = t.ns / base::minutes(1).ns; n > 0; n /= 2) {
    if (n % 2 == 1) factor *= step;
    step *= step;
  }
  return factor;
}

std::int64_t number(std::string_view text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::string_view cut(std::string_view& text, char at) {
  const std::size_t end = text.find(at);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

std::int64_t whole(double v) { return static_cast<std::int64_t>(std::min(v + 0.5, 4e18)); }

}  // namespace

double Histogram::start(std::size_t bucket) const {
  double power = 1;
  for (std::size_t i = 0; i < bucket; ++i) power *= kGrowth;
  return first_ * (power - 1) / (kGrowth - 1);
}

void Histogram::add(double value, double weight, SimTime at) {
  if (weights_.empty()) reference_ = at;
  while (at - reference_ > kHalfLife * 10) {  // keep the factors small
    reference_ = reference_ + kHalfLife * 10;
    for (auto& [bucket, w] : weights_) w /= 1024;
  }
  std::size_t bucket = 0;
  double end = first_, size = first_;
  while (bucket + 1 < kBuckets && value >= end) {
    ++bucket;
    size *= kGrowth;
    end += size;
  }
  weights_[bucket] += whole(weight * kUnit * decay(at - reference_));
}

double Histogram::percentile(double share) const {
  std::int64_t total = 0;
  for (const auto& [bucket, w] : weights_) total += w;
  if (total == 0) return 0;
  const auto threshold = static_cast<std::int64_t>(static_cast<double>(total) * share);
  std::int64_t sum = 0;
  for (const auto& [bucket, w] : weights_) {
    sum += w;
    if (sum >= threshold) return start(bucket + 1);
  }
  return start(weights_.rbegin()->first + 1);
}

std::string Histogram::text() const {
  std::string out = fmt::format("{}", reference_.ns);
  for (const auto& [bucket, w] : weights_) out += fmt::format(" {}:{}", bucket, w);
  return out;
}

void Histogram::read(std::string_view text) {
  reference_ = {number(cut(text, ' '))};
  weights_.clear();
  while (!text.empty()) {
    std::string_view entry = cut(text, ' ');
    const auto bucket = static_cast<std::size_t>(number(cut(entry, ':')));
    weights_[std::min(bucket, kBuckets - 1)] = number(entry);
  }
}

std::string write_aggregates(const std::vector<Aggregate>& all) {
  std::string out;
  for (const Aggregate& a : all)
    out += fmt::format("{}|{}|{}|{}|{}\n", a.container, a.first.ns, a.samples, a.cpu.text(), a.memory.text());
  return out;
}

std::vector<Aggregate> read_aggregates(const std::string& text) {
  std::vector<Aggregate> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    Aggregate a;
    a.container = cut(line, '|');
    a.first = {number(cut(line, '|'))};
    a.samples = number(cut(line, '|'));
    a.cpu.read(cut(line, '|'));
    a.memory.read(line);
    out.push_back(std::move(a));
  }
  return out;
}

Recommendation recommend(const Aggregate& of, SimTime now, std::int64_t containers) {
  const double days = static_cast<double>((now - of.first).ns) / static_cast<double>(kHalfLife.ns);
  const double confidence = std::min(days, static_cast<double>(of.samples) / 1440);
  const double low = confidence > 0 ? 1 + 0.001 / confidence : 1000;
  const double high = confidence > 0 ? 1 + 1 / confidence : 1000;
  const auto amount = [&](double share, double factor) {
    const Amounts least{kLeastCpu / std::max<std::int64_t>(containers, 1),
                        kLeastMemory / std::max<std::int64_t>(containers, 1)};
    return Amounts{std::max(whole(of.cpu.percentile(share) * kSafetyMargin * factor), least.milli_cpu),
                   std::max(whole(of.memory.percentile(share) * kSafetyMargin * factor), least.memory)};
  };
  Recommendation out;
  out.target = out.uncapped = amount(0.9, 1);
  out.lower = amount(0.5, 1 / (low * low));
  out.upper = amount(0.95, high);
  return out;
}

std::int64_t after_oom(std::int64_t bytes) { return std::max(bytes + (std::int64_t{100} << 20), bytes / 5 * 6); }

}  // namespace wavetank::control::vpa
