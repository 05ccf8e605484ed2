#pragma once
// One sync of one HorizontalPodAutoscaler as a function: what it reads, what comes of it. The controller gives it the
// cluster, tables give it rows. Source: kubernetes/pkg/controller/podautoscaler/horizontal.go of 1.34
// (reconcileAutoscaler). The gates HPAScaleToZero and HPAConfigurableTolerance are off, as by default in 1.34.

#include <string>
#include <vector>

#include "engine/control/hpa_math.h"
#include "engine/event/statuses.h"
#include "engine/model/types.h"

namespace wavetank::control::hpa {

/// What a metrics API says of the pods of the scale's selector.
struct PodsAnswer {
  std::string error;           ///< Not empty: the API failed.
  std::vector<PodInput> pods;  ///< All that the selector takes.
  std::vector<Sample> extra;   ///< Samples of pods that are not there.
  std::string request_error;   ///< "missing request for cpu in container …"
};
struct ValueAnswer {
  std::string error;
  std::vector<std::int64_t> milli;  ///< One for an object, one a series for an external metric.
};

class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;
  virtual PodsAnswer resource(const model::MetricSpec& metric) = 0;  ///< Resource, ContainerResource
  virtual PodsAnswer pods_metric(const model::MetricSpec& metric) = 0;
  virtual ValueAnswer value(const model::MetricSpec& metric) = 0;  ///< Object, External
  virtual std::vector<PodInput> pods() = 0;                        ///< Without samples.
};

struct Options {
  Duration sync_period = base::seconds(15);
  Duration cpu_initialization_period = base::minutes(5);
  Duration initial_readiness_delay = base::seconds(30);
  Duration downscale_stabilization = base::minutes(5);
  std::int64_t tolerance_milli = 100;
  std::int32_t scale_up_factor = 2;   ///< Without behavior; another only in tables.
  bool down_despite_invalid = false;  ///< As before 1.22: only in tables.
};

struct Input {
  SimTime now;
  std::string ns;
  std::uint32_t generation = 1;
  bool first = false;       ///< It was never synced: the present size counts as recommended.
  std::string scale_error;  ///< Not empty: there is no scale.
  std::int32_t spec_replicas = 0, status_replicas = 0;
  struct Problem {  ///< Of the selector: ScalingActive is False.
    std::string reason, message, event_reason, event_message;
  };
  Problem selector;
  const event::HpaStatus* before = nullptr;
};

struct ConditionNews {
  std::string type;
  bool holds = false;
  std::string reason, message;
};
struct EventNews {
  bool warning = false;
  std::string reason, message;
};
struct Outcome {
  event::HpaStatus status;
  std::vector<ConditionNews> conditions;  ///< Those that this sync sets, the last word on each.
  std::vector<EventNews> events;
  bool rescale = false;
  std::int32_t replicas = 0;
  std::string reason;  ///< Of the rescaling.
};

Outcome sync(const Options& options, const model::HorizontalPodAutoscaler& hpa, const Input& in, Reader& reader);
/// What becomes of an outcome whose rescaling was refused.
void refused(Outcome& outcome, const Input& in, std::string_view error);

/// The recommendations in a status as the controller remembers them: one a sync. Where the same was recommended sync
/// after sync, only the last counts; the newest is still being said (`at` never) and counts as said one period ago.
std::vector<Recommendation> recommendations_of(const event::HpaStatus& status, SimTime now, Duration period);

}  // namespace wavetank::control::hpa
