#pragma once
// One sync of one Deployment: a working copy of its sets and status that the steps change while they fill the plan, as
// kube-controller-manager's deployment controller does with its deep copies. Made for one reconcile(), then gone.

#include <array>
#include <string>
#include <vector>

#include "engine/control/controller.h"
#include "engine/control/rollout_math.h"

namespace wavetank::control {

class DeploymentSync {
 public:
  DeploymentSync(event::DeploymentId id, const ClusterView& view, Plan& plan);
  void run();

 private:
  static constexpr int kNone = -1;
  using Type = event::DeploymentConditionType;
  using Status = event::ConditionStatus;

  struct Cond {
    bool present = false;
    Status status = Status::Unknown;
    std::string reason, message;
    base::SimTime updated;
  };
  struct DeploymentStatus {
    StatusNumbers numbers;
    std::array<Cond, event::kDeploymentConditionCount> conditions;
    Cond& operator[](Type t) { return conditions[static_cast<std::size_t>(t)]; }
    const Cond& operator[](Type t) const { return conditions[static_cast<std::size_t>(t)]; }
  };

  // deployment_sync.cpp: claiming, finding and revising sets
  void claim_sets();
  bool selects(const state::ReplicaSetRow& set) const;
  bool same_template(const state::ReplicaSetRow& set) const;
  std::string annotations_patch(event::ReplicaSetId set) const;
  void sync_revision(bool create);
  void adopt_revision(std::int64_t wanted);
  void create_new_set(std::int64_t revision);
  bool is_scaling_event();
  void check_paused_conditions();
  void sync_paused_or_scaling();
  void clean_up_history();

  // deployment_scale.cpp
  void scale();
  void scale_proportionally();
  int active_or_latest() const;
  bool saturated(int set) const;
  /// Returns whether the size changed.
  bool scale_set(int set, std::int32_t replicas, bool annotate_only_with_size);

  // deployment_rolling.cpp
  void roll();
  bool reconcile_new_set();
  bool reconcile_old_sets();

  // deployment_recreate.cpp
  void recreate();
  bool old_pods_running() const;

  // deployment_status.cpp
  void sync_status(bool rollout);
  DeploymentStatus calculate_status() const;
  void judge_progress(DeploymentStatus& next) const;
  bool timed_out(const DeploymentStatus& next) const;
  void take_set_failures(DeploymentStatus& next) const;
  void write_status(const DeploymentStatus& next);
  void requeue_stuck(const DeploymentStatus& next);
  void set_condition(DeploymentStatus& status, Type type, Status value, std::string reason, std::string message) const;
  void write_condition(Type type);
  std::string subject() const;

  bool has_new() const { return new_ != kNone; }
  SetCopy& at(int i) { return sets_[static_cast<std::size_t>(i)]; }
  const SetCopy& at(int i) const { return sets_[static_cast<std::size_t>(i)]; }
  int set_count() const { return static_cast<int>(sets_.size()); }
  std::string set_name(int set) const;
  bool has_progress_deadline() const { return spec_.progress_deadline_seconds != INT32_MAX; }
  std::int32_t total_replicas() const;
  std::int32_t total_available() const;
  /// Everything but the new set, oldest first.
  std::vector<int> old_sets() const;

  const ClusterView& view_;
  Plan& plan_;
  event::DeploymentId id_;
  const state::DeploymentRow& row_;
  const model::Deployment& spec_;
  std::vector<SetCopy> sets_;  ///< Oldest first.
  int new_ = kNone;            ///< Index of the set with the current template.
  bool revision_synced_ = false;
  DeploymentStatus status_;  ///< As the cluster has it, plus what this sync has written already.
};

}  // namespace wavetank::control
