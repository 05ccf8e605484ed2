#pragma once
// The arithmetic of the HorizontalPodAutoscaler, apart from the controller so that tables can test it. Amounts are in
// thousandths ("milli"), as the real controller counts. It divides and rounds in floating point, and so do we, in the
// same order. Source: kubernetes/pkg/controller/podautoscaler/{replica_calculator,horizontal}.go and
// metrics/utilization.go of 1.34; https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace wavetank::control::hpa {

using base::Duration;
using base::SimTime;

// ---- How many replicas one metric asks for ----

/// What a metrics API says of one pod.
struct Sample {
  std::int64_t milli = 0;
  SimTime taken;
  Duration window{};
};

/// A pod that the scale's selector takes.
struct PodInput {
  bool ended = false;  ///< Being deleted, Succeeded or Failed: not looked at.
  bool pending = false;
  bool ready = false;     ///< Condition Ready.
  bool has_ready = true;  ///< There is such a condition, and a startTime.
  SimTime started;        ///< status.startTime
  SimTime ready_changed;  ///< Its lastTransitionTime.
  std::optional<Sample> sample;
  std::int64_t request_milli = 0;  ///< Of the pod, or of the one container that is asked for.
};

struct Tolerances {
  double down = 0.1, up = 0.1;
};

struct Calculator {
  SimTime now;
  Duration cpu_initialization_period = base::minutes(5);
  Duration initial_readiness_delay = base::seconds(30);
  Tolerances tolerances;
};

struct Proposal {
  std::int32_t replicas = 0;
  std::int32_t utilization = 0;  ///< Percent; resources only.
  std::int64_t milli = 0;        ///< The average (or, of a total, the total) as status.currentMetrics shows it.
  std::string error;             ///< Not empty: there is no answer.
};

/// A share of the requests (target type Utilization). `extra`: samples of pods that are gone or were not asked for.
/// `is_cpu`: the sample of a young or unready pod says nothing. `request_error`: a pod has no request. O(pods).
Proposal by_utilization(const Calculator& calc, std::int32_t current, std::int32_t target_percent,
                        const std::vector<PodInput>& pods, std::size_t extra, bool is_cpu,
                        std::string_view request_error = "");
/// An amount a pod (resources by AverageValue, Pods metrics).
Proposal by_average(const Calculator& calc, std::int32_t current, std::int64_t target_milli,
                    const std::vector<PodInput>& pods, const std::vector<Sample>& extra, bool is_cpu);
/// A total against a target for all (Object and External metrics by Value).
Proposal by_value(const Calculator& calc, std::int32_t current, std::int64_t total_milli, std::int64_t target_milli,
                  const std::vector<PodInput>& pods);
/// A total shared by all pods (Object and External metrics by AverageValue).
Proposal by_value_per_pod(const Calculator& calc, std::int32_t status_replicas, std::int64_t total_milli,
                          std::int64_t target_milli);
/// The sum of an external metric's series; stays at the largest number.
std::int64_t saturating_sum(const std::vector<std::int64_t>& values);

// ---- spec.behavior ----

enum class Select : std::uint8_t { Max, Min, Disabled };
enum class PolicyType : std::uint8_t { Pods, Percent };

struct Policy {
  PolicyType type = PolicyType::Percent;
  std::int32_t value = 0, period_s = 0;
  bool operator==(const Policy&) const = default;
};

struct Rules {
  std::int32_t stabilization_s = 0;
  Select select = Select::Max;
  std::vector<Policy> policies;
  bool operator==(const Rules&) const = default;
};
/// What is filled in where spec.behavior says nothing. Source: pkg/apis/autoscaling/v2/defaults.go.
Rules default_scale_up();
Rules default_scale_down(std::int32_t stabilization_s);

/// A recommendation before limits, or how much was scaled; `outdated` as the controller marks it for reuse.
struct Recommendation {
  std::int32_t replicas = 0;
  SimTime at;
};
struct ScaleEvent {
  std::int32_t change = 0;  ///< Positive, in both directions.
  SimTime at;
  bool outdated = false;
};

struct Normalized {
  std::int32_t replicas = 0;
  std::string_view reason, message;
};

struct Bounds {
  std::int32_t current = 0, desired = 0, min = 1, max = 1;
};

/// Without behavior: the most that was recommended in the window; the list takes the new recommendation in, in place of
/// an old one if there is one.
std::int32_t stabilize(std::vector<Recommendation>& list, std::int32_t desired, SimTime now, Duration window);
/// With behavior: not below what was always wanted in the up window, not above what was ever wanted in the down window.
Normalized stabilize(std::vector<Recommendation>& list, const Bounds& in, SimTime now, std::int32_t up_window_s,
                     std::int32_t down_window_s);

/// At most max(2 × current, 4) at a time.
std::int32_t scale_up_limit(std::int32_t current);
/// Within min, max and `limit` (scale_up_limit).
Normalized within_rules(const Bounds& in, std::int32_t limit);
/// Within min, max and what the policies allow after what was scaled already.
Normalized within_behavior(const Bounds& in, const Rules& up, const Rules& down, const std::vector<ScaleEvent>& ups,
                           const std::vector<ScaleEvent>& downs, SimTime now);

std::int32_t change_in_period(const std::vector<ScaleEvent>& events, std::int32_t period_s, SimTime now);
std::int32_t longest_period(const Rules& rules);
/// Takes a scaling in, in place of an outdated one if there is one.
void store_event(std::vector<ScaleEvent>& events, const Rules& rules, std::int32_t change, SimTime now);

}  // namespace wavetank::control::hpa
