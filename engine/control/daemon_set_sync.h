#pragma once
// One sync of one DaemonSet: O(nodes + its pods). Source: kubernetes/pkg/controller/daemon: daemon_controller.go,
// update.go.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/control/controller.h"
#include "engine/control/daemon_set_math.h"
#include "engine/control/revisions.h"

namespace wavetank::control {

/// What daemon_fit() said of each node, kept until the node or the template changes.
class DaemonFits {
 public:
  /// By node; nodes that are gone fit nothing.
  const std::vector<DaemonFit>& of(event::DaemonSetId id, const ClusterView& view);

 private:
  struct Entry {
    event::TemplateId tmpl;
    std::vector<model::Toleration> tolerations;
    std::vector<base::Seq> versions;
    std::vector<DaemonFit> fits;
  };
  std::vector<Entry> entries_;
};

class DaemonSetSync {
 public:
  DaemonSetSync(event::DaemonSetId id, const ClusterView& view, Plan& plan, OrphanRevisions& orphans, DaemonFits& fits);
  void run();
  void after_refusal(const Plan::Call& refused, const command::Rejection& rejection);

 private:
  using Pods = std::vector<event::PodId>;

  void claim_pods();
  void find_revisions();
  void sort_pods_by_node();
  [[nodiscard]] event::NodeId node_of(event::PodId pod) const;
  void manage();
  void manage_node(event::NodeId node, const Pods& pods, DaemonFit fit);
  void manage_running(event::NodeId node, Pods& running, bool should_run);
  void delete_failed(event::NodeId node, event::PodId pod);
  void roll();
  void roll_by_deleting(std::int32_t most_unavailable);
  void roll_by_surging(std::int32_t most_surge, std::int32_t desired);
  struct OldAndNew {
    event::PodId fresh, old;
    bool clear = true;  ///< At most one of each.
  };
  [[nodiscard]] OldAndNew old_and_new(const Pods& pods) const;
  /// Makes and deletes what the lists below say; whether that was anything.
  bool sync_nodes();
  void clean_up_history();
  void count();
  void write_status();
  [[nodiscard]] bool updated(event::PodId pod) const;
  [[nodiscard]] bool available(event::PodId pod);
  void order_by_age(Pods& pods) const;
  void add_event(bool warning, const char* reason, std::string message);
  /// Until when the back-off of failed pods holds on a node, or the start of time.
  base::SimTime back_off_until(event::NodeId node);

  event::DaemonSetId id_;
  const state::DaemonSetRow& row_;
  const ClusterView& view_;
  Plan& plan_;
  OrphanRevisions& orphans_;
  const std::vector<DaemonFit>& fits_;

  Pods pods_;
  std::string hash_;
  std::vector<event::ControllerRevisionId> old_revisions_;
  std::int32_t collisions_ = 0;
  std::vector<Pods> on_node_;  ///< By node.
  Pods homeless_;              ///< Not bound, and their node is gone.
  std::vector<event::NodeId> to_make_;
  Pods to_delete_;
  std::vector<std::pair<bool, std::pair<const char*, std::string>>> events_;
  struct Failure {
    base::SimTime last;
    base::Duration delay{};
  };
  std::vector<Failure> failures_;  ///< By node; empty until a failed pod is met.
  event::DaemonSetStatus status_;
};

}  // namespace wavetank::control
