#pragma once
// What a watcher of the API writes down while a recording is played: sizes of sets, pods and objects that come and go,
// Kubernetes Events, and lines of a timeline, with generated names replaced by what recordings call them (README §2).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/doc.h"
#include "engine/project/kube_events.h"
#include "engine/state/observer.h"

namespace wavetank::conformance {

class Watcher final : public state::Observer {
 public:
  /// `ns`: the namespace that is shown as <ns>.
  explicit Watcher(std::string ns) : ns_(std::move(ns)) {}

  void observe(const event::Event& event, const state::ClusterView& view) override;
  /// What comes now belongs to the next step.
  void begin_step();
  /// A node of the common pool, shown as <node>.
  void hide_node(const std::string& name) { words_[name] = "<node>"; }

  struct Scale {
    std::string set;
    std::optional<std::int64_t> from, to;
  };
  struct PodNote {
    std::string what, pod;
    base::SimTime at;
  };
  struct KubeEvent {
    base::SimTime at;
    std::string object, type, reason, message, from;
  };
  struct Line {
    base::SimTime at;
    std::string object, what;
    model::Doc detail;
  };
  // Of the step:
  std::vector<Scale> scales;
  std::map<std::string, std::map<std::string, std::int64_t>>
      pods;  ///< Controller → created, terminating, gone → count.
  std::vector<PodNote> pod_order;
  std::vector<std::pair<std::string, std::string>> objects;  ///< "created", "Job/j"
  // Of the whole recording:
  std::vector<KubeEvent> kube_events;
  std::vector<Line> lines;

  // ---- Names
  /// "d.r2" for the second set of Deployment d, "r" for one of its own, "Job/j", "none".
  [[nodiscard]] std::string owner_label(event::Ref owner, const state::ClusterView& view) const;
  /// "a", "web-0", "r-*", "<d.r1>-*".
  [[nodiscard]] std::string pod_label(event::PodId pod, const state::ClusterView& view) const;
  /// "cj-<minute>" for a CronJob's Job, else its name.
  [[nodiscard]] std::string object_name(event::Ref ref, const state::ClusterView& view) const;
  /// The text with generated names, the namespace, uids and hidden nodes replaced.
  [[nodiscard]] std::string plain(std::string_view text) const;

 private:
  void note_new(const event::Event& event, const state::ClusterView& view);
  void note_pod(event::PodId pod, const char* what, const state::ClusterView& view);
  void note_size(std::uint32_t set, std::optional<std::int64_t> to, const state::ClusterView& view);
  void note_object(event::Ref ref, const char* what, const state::ClusterView& view);
  void note_facts(const event::Event& event, const project::Before& before, const state::ClusterView& view);
  void note_taints(event::NodeId node, const std::vector<model::Taint>& before, const state::ClusterView& view);
  void note_kube_events(const event::Event& event, const project::Before& before, const state::ClusterView& view);
  /// client-go's recorders let 25 events of one source and object through, then one in 5 min.
  [[nodiscard]] bool let_through(const std::string& object, const std::string& source, base::SimTime now);
  void line(std::string object, std::string what, model::Doc detail, const state::ClusterView& view);

  std::string ns_;
  state::ClusterState shadow_;                      // a fold of its own, one event behind while an event is looked at
  std::map<std::string, std::string> words_;        // name → what it is shown as
  std::map<std::string, std::string> generators_;   // name of what makes pods → how its pods are shown
  std::vector<std::string> set_labels_;             // by ReplicaSet row
  std::map<std::string, int> sets_of_;              // Deployment's name → how many sets it has made
  std::vector<std::optional<std::int64_t>> sizes_;  // by ReplicaSet row
  std::map<std::pair<std::string, std::string>, std::int64_t> buckets_;  // when each would be full again, in ns
  std::set<std::uint32_t> own_name_;                                     // pods with a name of their own
  std::set<std::uint32_t> ending_;                                       // pods whose deletion was seen
  std::size_t pods_seen_ = 0, sets_seen_ = 0;
};

}  // namespace wavetank::conformance
