#include "engine/control/victims.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <numeric>
#include <tuple>

namespace wavetank::control {
namespace {

/// logarithmicRankDiff's rank: the power of two of the age in nanoseconds, -1 for none.
std::int32_t age_rank(std::int64_t at_s, base::SimTime now) {
  const std::int64_t age = now.ns - at_s * 1'000'000'000;
  return age > 0 ? static_cast<std::int32_t>(std::bit_width(static_cast<std::uint64_t>(age))) - 1 : -1;
}

/// A candidate with its derived keys; smaller goes first.
struct Keyed {
  const Candidate* c;
  std::int32_t ready_rank, created_rank;
  std::uint64_t group = 0;  ///< Least UID of those of the same ready second.

  [[nodiscard]] auto prefix() const {
    return std::make_tuple(c->assigned, c->phase, c->ready, c->cost, -c->rank, ready_rank);
  }
  [[nodiscard]] auto suffix() const {
    return std::make_tuple(~c->restarts, ~c->sidecar_restarts, created_rank, c->uid, c->pod.value);
  }
};

/// Without LogarithmicScaleDown: the later Ready time, more restarts, the later creation.
void order_by_time(std::vector<Candidate>& candidates) {
  const auto key = [](const Candidate& c) {
    return std::make_tuple(c.assigned, c.phase, c.ready, c.cost, -c.rank, -c.ready_s, ~c.restarts, ~c.sidecar_restarts,
                           -c.created_s, c.uid, c.pod.value);
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
}

bool same_second(const Keyed& a, const Keyed& b) { return a.prefix() == b.prefix() && a.c->ready_s == b.c->ready_s; }

}  // namespace

void order_victims(std::vector<Candidate>& candidates, base::SimTime now, VictimRules rules) {
  if (!rules.deletion_cost) {
    for (Candidate& c : candidates) c.cost = 0;
  }
  if (!rules.logarithmic_ages) return order_by_time(candidates);
  std::vector<Keyed> keyed;
  keyed.reserve(candidates.size());
  for (const Candidate& c : candidates) {
    keyed.push_back({&c, c.ready ? age_rank(c.ready_s, now) : 0, age_rank(c.created_s, now)});
  }
  std::sort(keyed.begin(), keyed.end(), [](const Keyed& a, const Keyed& b) {
    return std::make_tuple(a.prefix(), a.c->ready_s, a.suffix()) <
           std::make_tuple(b.prefix(), b.c->ready_s, b.suffix());
  });
  for (std::size_t begin = 0; begin < keyed.size();) {
    std::size_t end = begin;
    std::uint64_t least = ~std::uint64_t{0};
    for (; end < keyed.size() && same_second(keyed[begin], keyed[end]); ++end)
      least = std::min(least, keyed[end].c->uid);
    for (; begin < end; ++begin) keyed[begin].group = least;
  }
  std::sort(keyed.begin(), keyed.end(), [](const Keyed& a, const Keyed& b) {
    return std::make_tuple(a.prefix(), a.group, a.suffix()) < std::make_tuple(b.prefix(), b.group, b.suffix());
  });
  std::vector<Candidate> ordered;
  ordered.reserve(candidates.size());
  for (const Keyed& k : keyed) ordered.push_back(*k.c);
  candidates.swap(ordered);
}

std::int32_t parse_deletion_cost(std::string_view text) {
  const std::string_view digits = !text.empty() && text.front() == '-' ? text.substr(1) : text;
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return 0;
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace wavetank::control
