#pragma once
// One sync of one StatefulSet. Source: kubernetes/pkg/controller/statefulset: stateful_set_control.go,
// stateful_pod_control.go, stateful_set_utils.go.

#include <optional>
#include <string>
#include <vector>

#include "engine/control/controller.h"
#include "engine/control/revisions.h"
#include "engine/control/stateful_set_math.h"

namespace wavetank::control {

class StatefulSetSync {
 public:
  StatefulSetSync(event::StatefulSetId id, const ClusterView& view, Plan& plan, OrphanRevisions& orphans);
  void run();
  /// What follows a refusal: the event about it, and the status all the same.
  void after_refusal(const Plan::Call& refused, const command::Rejection& rejection);

  /// Whether a pod may belong to the set by its name (isMemberOf).
  static bool is_member(event::PodId pod, const state::StatefulSetRow& set, const ClusterView& view);

 private:
  /// A place for a pod: one that is there, or the one that is to be made.
  struct Replica {
    event::PodId pod;  ///< Not valid: to be made.
    std::int32_t ordinal = 0;
    std::string revision;  ///< Name of its ControllerRevision.
  };
  struct Calls {
    std::vector<Plan::Call> claims, pods, fixes;
  };

  // stateful_set_sync.cpp
  void claim_pods();
  void find_revisions();
  void sort_pods();
  void work();
  bool process_replicas();
  bool process(const Replica& replica, Calls& calls);
  bool fix_condemned();
  bool process_condemned();
  void update();
  void delete_pod(event::PodId pod, std::vector<Plan::Call>& to) const;
  void send(Calls& calls);
  void send_in_turn(std::vector<Plan::Call>& calls);
  void count();
  void write_status();
  void status_after_refusal();
  void truncate_history();
  [[nodiscard]] std::string revision_name(event::ControllerRevisionId id) const;
  [[nodiscard]] bool running_and_ready(event::PodId pod) const;
  [[nodiscard]] bool available(event::PodId pod);
  [[nodiscard]] bool unavailable(const Replica& replica);
  [[nodiscard]] bool monotonic() const { return !row_.spec.parallel; }

  // stateful_set_pods.cpp
  [[nodiscard]] std::string pod_doc(const Replica& replica);
  [[nodiscard]] const model::Doc& template_of(const std::string& revision);
  void add_event(std::vector<Plan::Call>& to, bool warning, std::string reason, std::string message) const;
  void pod_event(std::vector<Plan::Call>& to, const char* verb, const std::string& pod, const std::string& error) const;
  bool make_claims(const Replica& replica, bool for_new_pod, Calls& calls);
  [[nodiscard]] std::string claim_doc(const std::string& claim_template, std::int32_t ordinal) const;
  [[nodiscard]] bool claim_is_stale(const Replica& replica) const;
  bool fix_claims(const Replica& replica, std::vector<Plan::Call>& to) const;
  [[nodiscard]] std::optional<std::string> owners_patch(event::PvcId claim, const Replica& replica) const;
  void keep_invariants(const Replica& replica, Calls& calls) const;
  [[nodiscard]] bool storage_matches(const Replica& replica) const;
  [[nodiscard]] std::string volumes_patch(const Replica& replica) const;

  event::StatefulSetId id_;
  const state::StatefulSetRow& row_;
  const ClusterView& view_;
  Plan& plan_;
  OrphanRevisions& orphans_;
  std::string name_, ns_;

  std::vector<event::PodId> pods_;
  std::vector<event::ControllerRevisionId> revisions_;  ///< Sorted; without one that this sync makes.
  std::string current_, update_;                        ///< Names.
  event::TemplateId current_tmpl_, update_tmpl_;
  std::int32_t collisions_ = 0;
  std::vector<Replica> replicas_, condemned_;
  const Replica* first_unavailable_ = nullptr;
  event::StatefulSetStatus status_;
  std::optional<model::Doc> current_doc_, update_doc_;
  std::vector<std::string> claim_templates_;  ///< Names, beside spec.claim_templates.
};

}  // namespace wavetank::control
