#include "sim/world/pressure.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace wavetank::world {
namespace {

using base::Quantity;

struct SignalInfo {
  std::string_view name, resource;
  Pressure pressure;
};
constexpr std::array<SignalInfo, kSignalCount> kSignals = {{
    {"memory.available", "memory", Pressure::Memory},
    {"nodefs.available", "ephemeral-storage", Pressure::Disk},
    {"nodefs.inodesFree", "inodes", Pressure::Disk},
    {"imagefs.available", "ephemeral-storage", Pressure::Disk},
    {"imagefs.inodesFree", "inodes", Pressure::Disk},
    {"pid.available", "pids", Pressure::Pid},
}};
const SignalInfo& info(Signal signal) { return kSignals[static_cast<std::size_t>(signal)]; }

/// Bytes are shown in powers of 1024, counts in powers of ten (makeSignalObservations).
Quantity shown(Signal signal, std::int64_t value) {
  const bool bytes = info(signal).resource == "memory" || info(signal).resource == "ephemeral-storage";
  return {value, bytes ? Quantity::Format::BinarySI : Quantity::Format::DecimalSI};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// One "signal<value" or "signal=value".
struct Statement {
  Signal signal;
  std::string_view value;
};

base::Result<std::vector<Statement>> statements(std::string_view text, char op) {
  std::vector<Statement> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const std::size_t at = part.find(op);
    if (at == std::string_view::npos)
      return base::failure(fmt::format("\"{}\": expected signal{}value, as in memory.available{}100Mi", part, op, op));
    const std::string_view name = trimmed(part.substr(0, at));
    const auto known = std::find_if(kSignals.begin(), kSignals.end(), [&](const auto& s) { return s.name == name; });
    if (known == kSignals.end()) return base::failure(fmt::format("unsupported eviction signal {}", name));
    out.push_back({static_cast<Signal>(known - kSignals.begin()), trimmed(part.substr(at + 1))});
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.signal < b.signal; });
  return out;
}

/// An amount; nullopt in `out` for shares that are no threshold.
base::Result<Amount> read_amount(const Statement& s, const char* what, bool may_be_zero) {
  Amount out;
  if (!s.value.empty() && s.value.back() == '%') {
    const std::string_view digits = s.value.substr(0, s.value.size() - 1);
    float percent = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), percent);
    if (error != std::errc() || end != digits.data() + digits.size())
      return base::failure(fmt::format("eviction {} {}: \"{}\" is no percentage", what, info(s.signal).name, s.value));
    out.share = percent / 100;
    if (out.share < 0 || (out.share == 0 && !may_be_zero))
      return base::failure(
          fmt::format("eviction percentage {} {} must be >= 0%: {}", what, info(s.signal).name, s.value));
    if (out.share > 1)
      return base::failure(
          fmt::format("eviction percentage {} {} must be <= 100%: {}", what, info(s.signal).name, s.value));
    return out;
  }
  auto quantity = Quantity::parse(s.value);
  if (!quantity) return tl::unexpected(quantity.error());
  if (quantity->is_negative() || (quantity->is_zero() && may_be_zero))
    return base::failure(fmt::format("eviction {} {} must be positive: {}", what, info(s.signal).name, s.value));
  out.quantity = *quantity;
  return out;
}

base::Result<void> add_thresholds(std::string_view text, std::vector<Threshold>& out) {
  auto list = statements(text, '<');
  if (!list) return tl::unexpected(list.error());
  for (const Statement& s : *list) {
    auto amount = read_amount(s, "threshold", true);
    if (!amount) return tl::unexpected(amount.error());
    if (!amount->quantity && (amount->share == 0 || amount->share == 1)) continue;
    Threshold threshold;
    threshold.signal = s.signal;
    threshold.value = *amount;
    out.push_back(threshold);
  }
  return {};
}

base::Result<void> add_grace(std::string_view text, std::size_t first_soft, std::vector<Threshold>& out) {
  auto list = statements(text, '=');
  if (!list) return tl::unexpected(list.error());
  std::array<std::optional<base::Duration>, kSignalCount> of;
  for (const Statement& s : *list) {
    const auto grace = base::parse_duration(s.value);
    if (!grace || grace->ns < 0)
      return base::failure(
          fmt::format("invalid eviction grace period specified: {}, must be a positive value", s.value));
    of[static_cast<std::size_t>(s.signal)] = *grace;
  }
  for (std::size_t i = first_soft; i < out.size(); ++i) {
    const auto& grace = of[static_cast<std::size_t>(out[i].signal)];
    if (!grace)
      return base::failure(
          fmt::format("grace period must be specified for the soft eviction threshold {}", info(out[i].signal).name));
    out[i].grace = *grace;
  }
  return {};
}

}  // namespace

std::string_view signal_name(Signal signal) { return info(signal).name; }
Pressure pressure_of(Signal signal) { return info(signal).pressure; }
std::string_view resource_of(Signal signal) { return info(signal).resource; }

Quantity Amount::of(std::int64_t capacity) const {
  if (quantity) return *quantity;
  return {static_cast<std::int64_t>(static_cast<double>(capacity) * static_cast<double>(share)),
          Quantity::Format::BinarySI};
}

base::Result<std::vector<Threshold>> parse_thresholds(std::string_view hard, std::string_view soft,
                                                      std::string_view soft_grace, std::string_view min_reclaim) {
  std::vector<Threshold> out;
  if (auto read = add_thresholds(hard, out); !read) return tl::unexpected(read.error());
  const std::size_t first_soft = out.size();
  if (auto read = add_thresholds(soft, out); !read) return tl::unexpected(read.error());
  if (auto read = add_grace(soft_grace, first_soft, out); !read) return tl::unexpected(read.error());
  auto reclaims = statements(min_reclaim, '=');
  if (!reclaims) return tl::unexpected(reclaims.error());
  for (const Statement& s : *reclaims) {
    auto amount = read_amount(s, "minimum reclaim", false);
    if (!amount) return tl::unexpected(amount.error());
    for (Threshold& t : out)
      if (t.signal == s.signal) t.min_reclaim = *amount;
  }
  return out;
}

bool is_met(const Threshold& threshold, const Observations& seen, bool reclaim) {
  const Observation& now = seen[static_cast<std::size_t>(threshold.signal)];
  if (!now.known) return false;
  std::int64_t least = threshold.value.of(now.capacity).value();
  if (reclaim && threshold.min_reclaim) least += threshold.min_reclaim->of(now.capacity).value();
  return now.available < least;
}

Look look(PressureMemory& memory, const std::vector<Threshold>& thresholds, const Observations& seen, base::SimTime now,
          base::Duration transition_period) {
  memory.first_seen.resize(thresholds.size(), base::SimTime::never());
  memory.acting.resize(thresholds.size(), 0);
  Look out;
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const Threshold& t = thresholds[i];
    const bool met = is_met(t, seen, false) || (memory.acting[i] != 0 && is_met(t, seen, true));
    if (!met) {
      memory.first_seen[i] = base::SimTime::never();
      memory.acting[i] = 0;
      continue;
    }
    if (memory.first_seen[i] == base::SimTime::never()) memory.first_seen[i] = now;
    const auto p = static_cast<std::size_t>(pressure_of(t.signal));
    memory.last_seen[p] = now;
    memory.ever[p] = 1;
    memory.acting[i] = now - memory.first_seen[i] >= t.grace ? 1 : 0;
    if (memory.acting[i] != 0) out.acting.push_back(i);
  }
  for (std::size_t p = 0; p < kPressureCount; ++p)
    out.conditions[p] = memory.ever[p] != 0 && now - memory.last_seen[p] < transition_period;
  std::stable_sort(out.acting.begin(), out.acting.end(), [&](std::size_t a, std::size_t b) {
    return thresholds[a].signal == Signal::MemoryAvailable && thresholds[b].signal != Signal::MemoryAvailable;
  });
  return out;
}

void rank(Signal signal, std::vector<PodUse>& pods) {
  const bool pids = signal == Signal::PidAvailable;
  std::sort(pods.begin(), pods.end(), [&](const PodUse& a, const PodUse& b) {
    const bool a_exceeds = a.usage > a.request, b_exceeds = b.usage > b.request;
    if (!pids && a_exceeds != b_exceeds) return a_exceeds;
    if (a.priority != b.priority) return a.priority < b.priority;
    const std::int64_t a_excess = pids ? a.usage : a.usage - a.request;
    const std::int64_t b_excess = pids ? b.usage : b.usage - b.request;
    if (a_excess != b_excess) return a_excess > b_excess;
    return b.pod < a.pod;
  });
}

std::string eviction_message(const std::vector<Threshold>& thresholds, const std::vector<std::size_t>& acting,
                             const Observations& seen, const std::vector<ContainerUse>& containers) {
  const Signal first = thresholds[acting.front()].signal;
  const std::string_view resource = resource_of(first);
  std::string out = fmt::format("The node was low on resource: {}. ", resource);
  for (const std::size_t i : acting) {
    const Threshold& t = thresholds[i];
    const Observation& now = seen[static_cast<std::size_t>(t.signal)];
    if (resource_of(t.signal) != resource || !now.known) continue;
    out += fmt::format("Threshold quantity: {}, available: {}. ", t.value.of(now.capacity).text(),
                       shown(t.signal, now.available).text());
    break;
  }
  if (resource != "memory" && resource != "ephemeral-storage") return out;
  for (const ContainerUse& c : containers) {
    const Quantity usage = shown(first, c.usage);
    if (usage.compare(c.request) <= 0) continue;
    out += fmt::format("Container {} was using {}, request is {}, has larger consumption of {}. ", c.name, usage.text(),
                       c.request.text(), resource);
  }
  return out;
}

std::int64_t badness(std::int64_t usage, std::int32_t oom_score_adj, std::int64_t total) {
  return usage + total / 1000 * oom_score_adj;
}

}  // namespace wavetank::world
