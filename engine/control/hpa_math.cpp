#include "engine/control/hpa_math.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wavetank::control::hpa {
namespace {

constexpr std::int32_t kMostReplicas = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMostMilli = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kNoPods = "no pods returned by selector while calculating replica count";
constexpr std::string_view kNoMetrics = "did not receive metrics for targeted pods (pods might be unready)";

Proposal failed(std::string_view error) {
  Proposal out;
  out.error = std::string(error);
  return out;
}

bool within(const Tolerances& t, double ratio) { return 1.0 - t.down <= ratio && ratio <= 1.0 + t.up; }

std::int32_t ceil_replicas(double count) {
  // Go's conversion of a float beyond int32 is not defined; we stay at the largest.
  if (!(count < static_cast<double>(kMostReplicas))) return kMostReplicas;
  return static_cast<std::int32_t>(std::ceil(count));
}

/// A sample that does not tell of steady work: the pod is not ready, was never ready, or its window began before it
/// was.
bool sample_is_early(const Calculator& calc, const PodInput& pod) {
  if (!pod.has_ready) return true;
  if (pod.started + calc.cpu_initialization_period > calc.now)
    return !pod.ready || pod.sample->taken < pod.ready_changed + pod.sample->window;
  return !pod.ready && pod.started + calc.initial_readiness_delay > pod.ready_changed;
}

/// Pods by how their samples count (groupPods).
struct Groups {
  std::vector<const PodInput*> ready, unready, missing;
};
Groups group(const Calculator& calc, const std::vector<PodInput>& pods, bool is_cpu) {
  Groups out;
  for (const PodInput& pod : pods) {
    if (pod.ended) continue;
    if (pod.pending) {
      out.unready.push_back(&pod);
    } else if (!pod.sample) {
      out.missing.push_back(&pod);
    } else if (is_cpu && sample_is_early(calc, pod)) {
      out.unready.push_back(&pod);
    } else {
      out.ready.push_back(&pod);
    }
  }
  return out;
}

/// Running sums of what is compared with the target.
struct Usage {
  std::int64_t total = 0, requests = 0;
  std::int64_t known = 0;    ///< Samples of pods with a request.
  std::int64_t samples = 0;  ///< All samples, those of unknown pods too.
};

struct Ratio {
  double ratio = 0;
  std::int32_t utilization = 0;
  std::int64_t milli = 0;
};
Ratio utilization_ratio(const Usage& use, std::int32_t target) {
  Ratio out;
  out.utilization = static_cast<std::int32_t>(use.total * 100 / use.requests);
  out.ratio = static_cast<double>(out.utilization) / static_cast<double>(target);
  out.milli = use.total / use.known;
  return out;
}
Ratio average_ratio(const Usage& use, std::int64_t target) {
  Ratio out;
  out.milli = use.total / use.samples;
  out.ratio = static_cast<double>(out.milli) / static_cast<double>(target);
  return out;
}

/// The part that both kinds of target share: what missing and unready pods are taken to use, and when to leave things
/// as they are. `fallback(pod)`: what a missing pod uses when the rest asks for fewer.
template <class RatioOf, class Fallback>
Proposal propose(const Calculator& calc, std::int32_t current, const Groups& pods, Usage use, RatioOf ratio_of,
                 Fallback fallback) {
  const Ratio first = ratio_of(use);
  Proposal out{current, first.utilization, first.milli, ""};
  const bool up_with_unready = !pods.unready.empty() && first.ratio > 1.0;
  if (!up_with_unready && pods.missing.empty()) {
    if (!within(calc.tolerances, first.ratio))
      out.replicas = ceil_replicas(first.ratio * static_cast<double>(pods.ready.size()));
    return out;
  }
  const auto count_in = [&](const PodInput& pod, std::int64_t milli) {
    use.total += milli;
    use.requests += pod.request_milli;
    ++use.known;
    ++use.samples;
  };
  if (first.ratio < 1.0) {
    for (const PodInput* pod : pods.missing) count_in(*pod, fallback(*pod));
  } else if (first.ratio > 1.0) {
    for (const PodInput* pod : pods.missing) count_in(*pod, 0);
  }
  if (up_with_unready)
    for (const PodInput* pod : pods.unready) count_in(*pod, 0);
  const double ratio = ratio_of(use).ratio;
  if (within(calc.tolerances, ratio) || (first.ratio < 1.0 && ratio > 1.0) || (first.ratio > 1.0 && ratio < 1.0))
    return out;
  const std::int32_t wanted = ceil_replicas(ratio * static_cast<double>(use.samples));
  if ((ratio < 1.0 && wanted > current) || (ratio > 1.0 && wanted < current)) return out;
  out.replicas = wanted;
  return out;
}

std::int32_t clamp32(std::int64_t n) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(n, std::numeric_limits<std::int32_t>::min(), kMostReplicas));
}

std::int32_t period_start(std::int32_t current, const std::vector<ScaleEvent>& ups,
                          const std::vector<ScaleEvent>& downs, std::int32_t period_s, SimTime now) {
  return current - change_in_period(ups, period_s, now) + change_in_period(downs, period_s, now);
}

std::int32_t up_limit(std::int32_t current, const Rules& rules, const std::vector<ScaleEvent>& ups,
                      const std::vector<ScaleEvent>& downs, SimTime now) {
  if (rules.select == Select::Disabled) return current;
  const bool least = rules.select == Select::Min;
  std::int32_t result = least ? kMostReplicas : std::numeric_limits<std::int32_t>::min();
  for (const Policy& policy : rules.policies) {
    const std::int32_t start = period_start(current, ups, downs, policy.period_s, now);
    // Rounded up: else a small target could never grow.
    const std::int32_t to =
        policy.type == PolicyType::Pods
            ? clamp32(std::int64_t{start} + policy.value)
            : ceil_replicas(static_cast<double>(start) * (1 + static_cast<double>(policy.value) / 100));
    result = least ? std::min(result, to) : std::max(result, to);
  }
  return result;
}

std::int32_t down_limit(std::int32_t current, const Rules& rules, const std::vector<ScaleEvent>& ups,
                        const std::vector<ScaleEvent>& downs, SimTime now) {
  if (rules.select == Select::Disabled) return current;
  const bool least = rules.select == Select::Min;  // the least change: the most pods
  std::int32_t result = least ? std::numeric_limits<std::int32_t>::min() : kMostReplicas;
  for (const Policy& policy : rules.policies) {
    const std::int32_t start = period_start(current, ups, downs, policy.period_s, now);
    const std::int32_t to =
        policy.type == PolicyType::Pods
            ? clamp32(std::int64_t{start} - policy.value)
            : static_cast<std::int32_t>(static_cast<double>(start) * (1 - static_cast<double>(policy.value) / 100));
    result = least ? std::max(result, to) : std::min(result, to);
  }
  return result;
}

constexpr Normalized within_range(std::int32_t replicas) {
  return {replicas, "DesiredWithinRange", "the desired count is within the acceptable range"};
}
constexpr std::string_view kTooMany = "the desired replica count is more than the maximum replica count";
constexpr std::string_view kTooFew = "the desired replica count is less than the minimum replica count";
constexpr std::string_view kUpTooFast = "the desired replica count is increasing faster than the maximum scale rate";
constexpr std::string_view kDownTooFast = "the desired replica count is decreasing faster than the maximum scale rate";

/// Takes a recommendation in: over the last one that is old, else at the end.
void keep(std::vector<Recommendation>& list, std::size_t old, std::int32_t desired, SimTime now) {
  if (old < list.size()) {
    list[old] = {desired, now};
  } else {
    list.push_back({desired, now});
  }
}

}  // namespace

Proposal by_utilization(const Calculator& calc, std::int32_t current, std::int32_t target_percent,
                        const std::vector<PodInput>& pods, std::size_t extra, bool is_cpu,
                        std::string_view request_error) {
  if (pods.empty()) return failed(kNoPods);
  const Groups groups = group(calc, pods, is_cpu);
  if (groups.ready.empty() && extra == 0) return failed(kNoMetrics);
  if (!request_error.empty()) return failed(request_error);
  Usage use;
  use.samples = static_cast<std::int64_t>(extra);
  for (const PodInput* pod : groups.ready) {
    use.total += pod->sample->milli;
    use.requests += pod->request_milli;
    ++use.known;
    ++use.samples;
  }
  if (use.requests == 0) return failed("no metrics returned matched known pods");
  const std::int64_t fallback = std::max(100, target_percent);
  return propose(
      calc, current, groups, use, [&](const Usage& u) { return utilization_ratio(u, target_percent); },
      [&](const PodInput& pod) { return pod.request_milli * fallback / 100; });
}

Proposal by_average(const Calculator& calc, std::int32_t current, std::int64_t target_milli,
                    const std::vector<PodInput>& pods, const std::vector<Sample>& extra, bool is_cpu) {
  if (pods.empty()) return failed(kNoPods);
  const Groups groups = group(calc, pods, is_cpu);
  if (groups.ready.empty() && extra.empty()) return failed(kNoMetrics);
  Usage use;
  use.samples = static_cast<std::int64_t>(groups.ready.size() + extra.size());
  for (const PodInput* pod : groups.ready) use.total += pod->sample->milli;
  for (const Sample& sample : extra) use.total += sample.milli;
  return propose(
      calc, current, groups, use, [&](const Usage& u) { return average_ratio(u, target_milli); },
      [&](const PodInput&) { return target_milli; });
}

Proposal by_value(const Calculator& calc, std::int32_t current, std::int64_t total_milli, std::int64_t target_milli,
                  const std::vector<PodInput>& pods) {
  const double ratio = static_cast<double>(total_milli) / static_cast<double>(target_milli);
  Proposal out{current, 0, total_milli, ""};
  if (current == 0) {
    out.replicas = ceil_replicas(ratio);
    return out;
  }
  if (within(calc.tolerances, ratio)) return out;
  if (pods.empty()) return failed("unable to calculate ready pods: " + std::string(kNoPods));
  const auto ready = std::count_if(pods.begin(), pods.end(),
                                   [](const PodInput& pod) { return pod.has_ready && pod.ready && !pod.pending; });
  out.replicas = ceil_replicas(ratio * static_cast<double>(ready));
  return out;
}

Proposal by_value_per_pod(const Calculator& calc, std::int32_t status_replicas, std::int64_t total_milli,
                          std::int64_t target_milli) {
  Proposal out{status_replicas, 0, 0, ""};
  const double ratio =
      static_cast<double>(total_milli) / (static_cast<double>(target_milli) * static_cast<double>(status_replicas));
  if (!within(calc.tolerances, ratio))
    out.replicas = ceil_replicas(static_cast<double>(total_milli) / static_cast<double>(target_milli));
  if (status_replicas != 0) {
    const double each = std::ceil(static_cast<double>(total_milli) / static_cast<double>(status_replicas));
    out.milli = each < static_cast<double>(kMostMilli) ? static_cast<std::int64_t>(each) : kMostMilli;
  }
  return out;
}

std::int64_t saturating_sum(const std::vector<std::int64_t>& values) {
  std::int64_t sum = 0;
  for (const std::int64_t value : values) {
    if (value > 0 && sum > kMostMilli - value) return kMostMilli;
    sum += value;
  }
  return sum;
}

Rules default_scale_up() { return {0, Select::Max, {{PolicyType::Pods, 4, 15}, {PolicyType::Percent, 100, 15}}}; }
Rules default_scale_down(std::int32_t stabilization_s) {
  return {stabilization_s, Select::Max, {{PolicyType::Percent, 100, 15}}};
}

std::int32_t stabilize(std::vector<Recommendation>& list, std::int32_t desired, SimTime now, Duration window) {
  const SimTime cutoff = now - window;
  std::int32_t most = desired;
  std::size_t old = list.size();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].at < cutoff) {
      old = i;
    } else {
      most = std::max(most, list[i].replicas);
    }
  }
  keep(list, old, desired, now);
  return most;
}

Normalized stabilize(std::vector<Recommendation>& list, const Bounds& in, SimTime now, std::int32_t up_window_s,
                     std::int32_t down_window_s) {
  const SimTime up_cutoff = now - base::seconds(up_window_s);
  const SimTime down_cutoff = now - base::seconds(down_window_s);
  std::int32_t least = in.desired, most = in.desired;
  std::size_t old = list.size();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].at > up_cutoff) least = std::min(least, list[i].replicas);
    if (list[i].at > down_cutoff) most = std::max(most, list[i].replicas);
    if (list[i].at < up_cutoff && list[i].at < down_cutoff) old = i;
  }
  keep(list, old, in.desired, now);
  Normalized out;
  out.replicas = std::min(std::max(in.current, least), most);
  if (in.desired >= in.current) {
    out.reason = "ScaleUpStabilized";
    out.message = "recent recommendations were lower than current one, applying the lowest recent recommendation";
  } else {
    out.reason = "ScaleDownStabilized";
    out.message = "recent recommendations were higher than current one, applying the highest recent recommendation";
  }
  return out;
}

std::int32_t scale_up_limit(std::int32_t current) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(2 * std::int64_t{current}, 4, kMostReplicas));
}

Normalized within_rules(const Bounds& in, std::int32_t limit) {
  if (in.desired < in.min) return {in.min, "TooFewReplicas", kTooFew};
  if (in.desired > std::min(in.max, limit))
    return in.max > limit ? Normalized{limit, "ScaleUpLimit", kUpTooFast}
                          : Normalized{in.max, "TooManyReplicas", kTooMany};
  return within_range(in.desired);
}

Normalized within_behavior(const Bounds& in, const Rules& up, const Rules& down, const std::vector<ScaleEvent>& ups,
                           const std::vector<ScaleEvent>& downs, SimTime now) {
  if (in.desired > in.current) {
    const std::int32_t limit = std::max(up_limit(in.current, up, ups, downs, now), in.current);
    if (in.desired > std::min(in.max, limit))
      return in.max > limit ? Normalized{limit, "ScaleUpLimit", kUpTooFast}
                            : Normalized{in.max, "TooManyReplicas", kTooMany};
  } else if (in.desired < in.current) {
    const std::int32_t limit = std::min(down_limit(in.current, down, ups, downs, now), in.current);
    if (in.desired < std::max(in.min, limit))
      return in.min < limit ? Normalized{limit, "ScaleDownLimit", kDownTooFast}
                            : Normalized{in.min, "TooFewReplicas", kTooFew};
  }
  return within_range(in.desired);
}

std::int32_t change_in_period(const std::vector<ScaleEvent>& events, std::int32_t period_s, SimTime now) {
  const SimTime cutoff = now - base::seconds(period_s);
  std::int32_t sum = 0;
  for (const ScaleEvent& event : events)
    if (event.at > cutoff) sum += event.change;
  return sum;
}

std::int32_t longest_period(const Rules& rules) {
  std::int32_t longest = 0;
  for (const Policy& policy : rules.policies) longest = std::max(longest, policy.period_s);
  return longest;
}

void store_event(std::vector<ScaleEvent>& events, const Rules& rules, std::int32_t change, SimTime now) {
  const SimTime cutoff = now - base::seconds(longest_period(rules));
  ScaleEvent* reuse = nullptr;
  for (ScaleEvent& event : events) {
    if (event.at < cutoff) event.outdated = true;
    if (event.outdated) reuse = &event;
  }
  if (reuse != nullptr) {
    *reuse = {change, now, false};
  } else {
    events.push_back({change, now, false});
  }
}

}  // namespace wavetank::control::hpa
