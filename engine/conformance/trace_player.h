#pragma once
// Plays one recording (kcp-trace/1) against our control plane in virtual time and compares. Inside the room only.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/conformance/controllers.h"
#include "engine/conformance/fake_kubelet.h"
#include "engine/conformance/release_changes.h"
#include "engine/conformance/watcher.h"
#include "engine/log/memory_journal.h"
#include "engine/loop/control_plane.h"

namespace wavetank::conformance {

base::Result<ControllerOutcome> play_trace(const ControllerCase& test_case);

class TracePlayer {
 public:
  explicit TracePlayer(const ControllerCase& test_case);
  base::Result<ControllerOutcome> play();

 private:
  using Doc = model::Doc;
  using Ref = event::Ref;
  using PodId = event::PodId;

  // ---- trace_player.cpp: set-up, time, steps
  void set_up();
  void add_common_nodes();
  void add_nodes_that_are_only_named();
  void add_quotas_that_are_only_named();
  void play_step(const Doc& step);
  void settle(const Doc& step, base::SimTime from, base::SimTime limit);
  [[nodiscard]] bool matches(const Doc& step);
  void play_timeline();
  /// Runs until `until`; what is due at that moment is done.
  void run_until(base::SimTime until);
  void run_for(base::Duration span) { run_until(now_ + span); }
  /// Lets what has been said to the control plane take effect, without time passing.
  void take_effect();
  [[nodiscard]] base::SimTime next_wakeup() const;
  void complain(const Doc& at, std::string message);
  [[nodiscard]] state::ClusterView view() const { return plane_->view(now_); }
  [[nodiscard]] bool timed() const { return mode_ == "timed"; }

  // ---- trace_objects.cpp: actions on objects
  void act(const Doc& action);
  bool act_on_objects(const std::string& op, const Doc& action);
  bool act_on_nodes(const std::string& op, const Doc& action);
  bool act_on_time(const std::string& op, const Doc& action);
  void create(Doc manifest);
  void patch(const Doc& action);
  void delete_objects(const Doc& action);
  void create_config_maps(const Doc& action);
  void add_node(const Doc& node);
  void set_taints(event::NodeId node, const Doc& taints);
  void heartbeats(const Doc& names, bool on);
  void request(command::Payload payload);
  void apply(const Doc& doc);
  /// The object that an action names by kind and name; complains if there is none.
  std::optional<Ref> named(const Doc& action, const char* kind_key = "kind", const char* name_key = "name");
  std::optional<event::NodeId> node_named(const Doc& at, std::string_view name);

  // ---- trace_kubectl.cpp
  void kubectl(const Doc& action);
  void rollout(const std::vector<std::string>& words, const Doc& action);
  struct Drain {
    event::NodeId node;
    std::string name;
    std::vector<PodId> pods;  ///< Evicted, or still to be.
    std::vector<bool> evicted;
    base::SimTime retry = base::SimTime::never();
    bool done = false;
  };
  void start_drain(event::NodeId node);
  void go_on_draining(Drain& drain);
  void look_at_drains();

  // ---- trace_pods.cpp: actions on pods and of the node agent
  bool act_on_pods(const std::string& op, const Doc& action);
  void kubelet(const Doc& action);
  void kubelet_by_name(const Doc& action);
  void reap(const Doc& action);
  void start_pods(const Doc& action);
  void create_pods(const Doc& action);
  void create_pod(const Doc& spec);
  void delete_pod(const Doc& action);
  void evict(const Doc& action);
  /// Pods in the order in which the recordings' node agent goes through them: by their controller's age, their own,
  /// their name.
  [[nodiscard]] std::vector<PodId> pods() const;
  std::vector<PodId> pods_named(const Doc& names);
  [[nodiscard]] Doc labels_of_bare_pods() const;

  // ---- trace_state.cpp: what the recording would have said of our cluster
  [[nodiscard]] std::optional<Doc> state_part(std::string_view key) const;
  [[nodiscard]] Doc deployments() const;
  [[nodiscard]] Doc replica_sets() const;
  [[nodiscard]] Doc stateful_sets() const;
  [[nodiscard]] Doc daemon_sets() const;
  [[nodiscard]] Doc jobs() const;
  [[nodiscard]] Doc cron_jobs() const;
  [[nodiscard]] Doc budgets() const;
  [[nodiscard]] Doc claims() const;
  [[nodiscard]] Doc endpoints() const;
  [[nodiscard]] Doc slices() const;
  [[nodiscard]] Doc pods_by_owner() const;
  [[nodiscard]] Doc pod_list() const;
  [[nodiscard]] std::string pod_flags(PodId pod) const;
  [[nodiscard]] std::string revision_label(std::string_view revision) const;
  void note_revisions();
  /// The alive objects of a kind in the recording's namespace, by name.
  [[nodiscard]] std::vector<Ref> objects_of(std::string_view kind) const;

  // ---- trace_extras.cpp: observations that a step makes beside its state
  [[nodiscard]] std::optional<Doc> observation(const std::string& key, const Doc& golden) const;
  [[nodiscard]] std::optional<Doc> job_observation(const std::string& key) const;

  // ---- trace_compare.cpp
  void compare_step(const Doc& step);
  void compare_scales(const Doc& then);
  void compare_pods(const Doc& then);
  void compare_objects(const Doc& then);
  void compare_state(const Doc& step);
  void compare_observations(const Doc& step);
  void compare_totals();
  void compare_timeline(const Doc& lines, base::SimTime zero, const std::string& key);
  void compare(std::string_view key, Doc golden, Doc ours);
  void differ(const std::string& key, std::string expected, std::string got);
  [[nodiscard]] ChangeContext context(std::string_view key) const;

  const ControllerCase& case_;
  const Doc& doc_;
  std::string mode_, repeatable_;
  int minor_ = 34;                ///< Of the recorded Kubernetes.
  bool trailing_column_ = false;  ///< pod_list has a third column.
  base::Diagnostics problems_;
  ControllerOutcome out_;
  log::MemoryJournal journal_;
  FakeKubelet agent_;
  Watcher watcher_;
  ReleaseChanges changes_;
  std::unique_ptr<loop::ControlPlane> plane_;
  base::SimTime now_, zero_;
  std::int64_t epoch_s_ = 0;
  base::Duration lease_period_ = base::seconds(3);
  std::vector<Drain> drains_;
  std::vector<std::string> kubectl_lines_;
  const Doc* step_ = nullptr;
  std::string step_name_;
  Doc response_;
  std::string dependent_;               ///< Of create-configmaps.
  std::vector<std::string> revisions_;  ///< Names of ControllerRevisions in the order in which they appeared.
  base::SimTime failed_at_, step_began_, end_;
  std::optional<base::SimTime> taint_at_;     ///< The first taint put on by hand.
  std::optional<base::Duration> step_takes_;  ///< As recorded, of a timed step.
};

}  // namespace wavetank::conformance
