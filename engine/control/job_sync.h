#pragma once
// One sync of a Job: what it sees, what it decides, the calls. Source: kubernetes/pkg/controller/job/job_controller.go
// (syncJob, manageJob, trackJobStatusAndRemoveFinalizers) of 1.34.

#include <optional>
#include <string>
#include <vector>

#include "engine/control/controller.h"
#include "engine/control/job_math.h"

namespace wavetank::control {

inline constexpr std::string_view kJobController = "job-controller";

/// The condition if it is True.
const state::NamedCondition* true_condition(const state::JobRow& job, std::string_view type);
/// Complete or Failed.
bool job_finished(const state::JobRow& job);
/// managedBy names somebody else.
bool managed_by_another(const state::JobRow& job);

class JobSync {
 public:
  enum class Making : std::uint8_t { Allowed, Stopped };  ///< Stopped: this sync neither makes nor removes pods.
  /// `first_failure_counts`: see Settings::job_first_failure_backs_off.
  JobSync(event::JobId id, const ClusterView& view, Plan& plan, Making making, bool first_failure_counts = true)
      : id_(id),
        row_(view->jobs[id.index()]),
        spec_(row_.spec),
        view_(view),
        plan_(plan),
        making_(making),
        first_failure_counts_(first_failure_counts) {}

  /// Writes the calls. O(pods of the Job), without a look into those that have ended and are counted.
  void run();

  using SimTime = base::SimTime;

 private:
  /// A pod that is not done with: it runs, ends, or has to be counted yet.
  struct Pod {
    event::PodId id;
    std::int32_t index = -1;
    bool valid = true;  ///< Counts: of an Indexed Job, its index is one of the Job's.
    bool active = false, ready = false, terminating = false, tracked = false;
    bool succeeded = false, failed = false;
    bool adopted = false;
  };
  /// How the Job is to end.
  struct Verdict {
    bool failed = false;
    bool known = false;  ///< The interim condition (FailureTarget, SuccessCriteriaMet) is there already.
    std::string reason, message;
  };

  // What it sees (job_sync.cpp)
  void claim();
  void add_pod(event::PodId p, bool adopted);
  void count();
  void judge();
  void judge_failure();
  void judge_indexes();
  [[nodiscard]] bool only_failed_are_replaced() const { return spec_.replace_failed_only; }
  [[nodiscard]] bool per_index() const { return spec_.indexed && spec_.backoff_limit_per_index.has_value(); }
  [[nodiscard]] std::int32_t completions() const { return spec_.completions.value_or(0); }
  [[nodiscard]] SimTime finish_time(event::PodId p) const;
  [[nodiscard]] job::PolicyMatch policy_match(event::PodId p) const;
  [[nodiscard]] std::int64_t restarts() const;
  [[nodiscard]] std::int32_t index_failures(event::PodId p, bool ignored_too) const;
  [[nodiscard]] bool index_failed(const Pod& pod) const;
  void find_delayed();

  // Pods (job_pods.cpp)
  std::int32_t manage();
  std::int32_t remove_pods(const std::vector<event::PodId>& pods, std::int32_t active);
  std::int32_t make_pods(std::int32_t missing, std::int32_t active);
  [[nodiscard]] std::vector<std::int32_t> indexes_to_make(std::int32_t count);
  [[nodiscard]] std::string indexed_doc(model::Doc doc, std::int32_t index) const;
  [[nodiscard]] std::vector<job::Removable> removable() const;
  [[nodiscard]] base::SimTime index_retry_at(std::int32_t index) const;
  [[nodiscard]] base::Seq making_cause() const;
  void remove_active();

  // Counting (job_tracking.cpp)
  void track(std::int32_t active);
  bool count_ended(std::vector<event::PodId>& untrack);
  void count_one(const Pod& pod, std::vector<std::int32_t>& new_indexes);
  [[nodiscard]] bool may_untrack(const Pod& pod) const;
  static void count_untracked(event::JobStatus& status, const std::vector<event::PodId>& still_tracked);
  void write_status(const event::JobStatus& status, const event::JobStatus& before);
  void set_condition(std::string_view type, event::ConditionStatus status, std::string reason, std::string message);
  void record(bool warning, std::string reason, std::string message);
  void finish(event::JobStatus& status);
  void suspended_or_resumed();

  const event::JobId id_;
  const state::JobRow& row_;
  const model::Job& spec_;
  const ClusterView view_;
  Plan& plan_;
  const Making making_;
  bool first_failure_counts_ = true;

  std::vector<Pod> pods_;
  std::vector<command::SetCondition> conditions_;  ///< To be written with the first status.
  std::vector<command::RecordEvent> events_;
  event::JobStatus status_;  ///< As it will be written first.
  job::Failures failures_;
  std::optional<Verdict> verdict_;
  job::Indexes before_, succeeded_indexes_, failed_indexes_;
  std::vector<event::PodId> delayed_;  ///< By index: the failed pod whose counts the next one takes over, if any.
  std::int32_t active_ = 0, ready_ = 0, terminating_ = 0, succeeded_ = 0, failed_ = 0;
};

}  // namespace wavetank::control
