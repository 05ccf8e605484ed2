#pragma once
// The arithmetic of Jobs, apart from the controller so that tables can test it. Source: kubernetes/pkg/controller/job
// (job_controller.go, indexed_job_utils.go, backoff_utils.go, pod_failure_policy.go, success_policy.go) of 1.34.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/event/ids.h"
#include "engine/model/types.h"

namespace wavetank::control::job {

// ---- Completion indexes
// -------------------------------------------------------------------------------------------------------

/// Both ends belong to it.
struct Interval {
  std::int32_t first = 0, last = 0;
  bool operator==(const Interval&) const = default;
};
/// In order, neither overlapping nor touching.
using Indexes = std::vector<Interval>;

/// "1,3-5,7"; what lies at or above `completions` is cut off, what is no number is passed over.
Indexes parse_indexes(std::string_view text, std::int32_t completions);
/// Two neighbours are written "3,4", three and more "3-5".
std::string text_of(const Indexes& indexes);
/// O(log n).
bool contains(const Indexes& indexes, std::int32_t index);
std::int32_t total(const Indexes& indexes);
Indexes merged(const Indexes& a, const Indexes& b);
/// With indexes that are in ascending order, repeats allowed.
Indexes with_indexes(const Indexes& indexes, const std::vector<std::int32_t>& more);
/// The first `count` indexes below `completions` that are not in `taken`. O(taken + count).
std::vector<std::int32_t> first_pending(const Indexes& taken, std::int32_t count, std::int32_t completions);
/// A pod's annotation batch.kubernetes.io/job-completion-index, or -1.
std::int32_t completion_index(const model::Labels& annotations);
/// What "<job>-<index>-" is shortened to so that five characters may follow (podGenerateNameWithIndex).
std::string index_prefix(std::string_view job, std::int32_t index);

// ---- Back-off
// -----------------------------------------------------------------------------------------------------------------

/// 10 s doubled with each failure, at most 10 min; nothing for none (getRemainingTimeForFailuresCount).
base::Duration back_off(std::int32_t failures);

/// Failures since the last success, and when the latest of them was.
struct Failures {
  std::int32_t count = 0;
  base::SimTime last;
  bool operator==(const Failures&) const = default;
};
/// What `before` becomes by pods that have ended since: the times when they ended, in any order (newBackoffRecord).
Failures counted_on(Failures before, const std::vector<base::SimTime>& succeeded, std::vector<base::SimTime> failed);
/// From when on a pod may be made.
base::SimTime retry_at(const Failures& failures);

/// Restarts of the containers of running and pending pods against the limit, for restartPolicy OnFailure
/// (pastBackoffLimitOnFailure).
bool past_limit_on_failure(std::int32_t backoff_limit, std::int64_t restarts);

// ---- How many
// -----------------------------------------------------------------------------------------------------------------

struct Wanted {
  std::int32_t active = 0;  ///< What should run.
  std::int32_t remove = 0, add = 0;
};
/// `completions` missing: a work queue, which starts no pod after the first success. `replaced_late`: terminating pods
/// that still hold their place (podReplacementPolicy Failed), else 0. (manageJob)
Wanted wanted_pods(std::optional<std::int32_t> completions, std::int32_t parallelism, std::int32_t succeeded,
                   std::int32_t active, std::int32_t replaced_late);
/// Whether enough have succeeded and nothing runs.
bool is_complete(std::optional<std::int32_t> completions, std::int32_t succeeded, std::int32_t active);

/// What the order of removal looks at (controller.ActivePods).
struct Removable {
  event::PodId pod;
  std::int32_t index = -1;
  bool assigned = false, running = false, ready = false;
  std::int64_t ready_s = 0, created_s = 0;
  std::uint32_t restarts = 0, sidecar_restarts = 0;
};
/// Which of the active pods go: for Indexed Jobs those whose index is missing, too large or taken twice, then, up to
/// `at_least`, those that are least far. In this order. `completions` missing: not Indexed. O(n log n).
std::vector<event::PodId> pods_to_remove(std::vector<Removable> active, std::int32_t at_least,
                                         std::optional<std::int32_t> completions);

// ---- Policies
// -----------------------------------------------------------------------------------------------------------------

struct EndedContainer {
  std::string_view name;
  std::int32_t exit_code = 0;
};
/// A failed pod as podFailurePolicy sees it.
struct FailedPod {
  std::string_view ns, name;
  std::vector<EndedContainer> containers;  ///< That have terminated: containers by name, then init containers.
  std::vector<std::pair<std::string_view, std::string_view>> conditions;  ///< Type and status.
};
struct PolicyMatch {
  std::optional<model::PodFailureRule::Action> action;  ///< Of the first rule that matches.
  bool counted = true;                                  ///< Towards backoffLimit.
  std::string message;                                  ///< Why the Job fails, of FailJob.
};
PolicyMatch match_failure_policy(const std::vector<model::PodFailureRule>& rules, const FailedPod& pod);

/// The number of the first rule that is met.
std::optional<std::size_t> match_success_policy(const std::vector<model::JobSuccessRule>& rules,
                                                std::int32_t completions, const Indexes& succeeded);

}  // namespace wavetank::control::job
