#pragma once
// What controllers say of their objects, as the `status` of the API has it; a fact carries it as a whole, because the
// controllers write it as a whole. Source of the fields:
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ and autoscaling/v2.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/quantity.h"
#include "engine/base/time.h"
#include "engine/event/ids.h"

namespace wavetank::event {

struct StatefulSetStatus {
  std::uint32_t observed_generation = 0;
  std::int32_t replicas = 0, ready = 0, current = 0, updated = 0, available = 0, collision_count = 0;
  std::string current_revision, update_revision;  ///< Names of ControllerRevisions.
  bool operator==(const StatefulSetStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(observed_generation, replicas, ready, current, updated, available, collision_count, current_revision,
      update_revision);
  }
};

struct DaemonSetStatus {
  std::uint32_t observed_generation = 0;
  std::int32_t current_scheduled = 0, misscheduled = 0, desired = 0, ready = 0, updated = 0, available = 0,
               unavailable = 0, collision_count = 0;
  bool operator==(const DaemonSetStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(observed_generation, current_scheduled, misscheduled, desired, ready, updated, available, unavailable,
      collision_count);
  }
};

struct JobStatus {
  std::int32_t active = 0, ready = 0, terminating = 0, succeeded = 0, failed = 0;
  base::SimTime start = base::SimTime::never();       ///< startTime; never: none.
  base::SimTime completion = base::SimTime::never();  ///< completionTime; never: none.
  std::string completed_indexes, failed_indexes;      ///< "1,3-5,7"
  std::vector<PodId> uncounted_succeeded, uncounted_failed;
  std::int32_t failures_since_success = 0;  ///< Kubernetes keeps this and the next in the controller's memory.
  base::SimTime last_failure;
  bool operator==(const JobStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(active, ready, terminating, succeeded, failed, start, completion, completed_indexes, failed_indexes,
      uncounted_succeeded, uncounted_failed, failures_since_success, last_failure);
  }
};

struct CronJobStatus {
  std::vector<JobId> active;
  base::SimTime last_schedule = base::SimTime::never();
  base::SimTime last_successful = base::SimTime::never();
  bool operator==(const CronJobStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(active, last_schedule, last_successful);
  }
};

/// A replica count and when it was recommended, or by how much was scaled then: what the autoscaler has to remember.
struct TimedReplicas {
  base::SimTime at;
  std::int32_t replicas = 0;
  bool operator==(const TimedReplicas&) const = default;
  template <class A>
  void fields(A& a) {
    a(at, replicas);
  }
};

struct HpaStatus {
  std::uint32_t observed_generation = 0;
  std::int32_t current_replicas = 0, desired_replicas = 0;
  base::SimTime last_scale = base::SimTime::never();
  std::string current_metrics;  ///< status.currentMetrics, canonical JSON.
  std::vector<TimedReplicas> recommendations, scale_ups, scale_downs;
  bool operator==(const HpaStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(observed_generation, current_replicas, desired_replicas, last_scale, current_metrics, recommendations, scale_ups,
      scale_downs);
  }
};

struct VpaStatus {
  std::string recommendation;  ///< status.recommendation, canonical JSON.
  std::string histograms;      ///< What the recommender has seen, in its own form.
  bool operator==(const VpaStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(recommendation, histograms);
  }
};

/// Amounts by resource, sorted by name.
using QuotaAmounts = std::vector<std::pair<std::string, base::Quantity>>;
struct QuotaStatus {
  QuotaAmounts hard, used;
  bool operator==(const QuotaStatus&) const = default;
  template <class A>
  void fields(A& a) {
    a(hard, used);
  }
};

}  // namespace wavetank::event
