#pragma once
// Events as `kubectl get events` and `kubectl describe` show them, derived from facts. Reasons, messages and reporters
// are those of Kubernetes 1.34 (pkg/kubelet/events, pkg/controller/*, pkg/scheduler). They live an hour (kube-apiserver
// --event-ttl).

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/project/kube_event.h"
#include "engine/project/probe_events.h"
#include "engine/state/observer.h"

namespace wavetank::project {

/// What Kubernetes would have recorded at this fact; mostly nothing or one. `view` includes the event. Failed probes
/// are not among them: they follow from several facts (ProbeEvents).
std::vector<KubeEvent> kube_events(const event::Event& event, const Before& before, const ClusterView& view);

/// Events as client-go's recorders write them (tools/record/events_cache.go EventCorrelator) and the API server keeps
/// them. The same again counts up. Of events of one source, object, type and reason those with ever new messages are
/// written as one from the tenth on, while no 10 min pass between two. What a source says of one object is let through
/// 25 at a time and then once in 5 min. kube-scheduler has a recorder of another kind (events.k8s.io), which does
/// neither.
class EventLedger {
 public:
  struct Entry {
    KubeEvent event;
    std::int64_t count = 0;
    SimTime first, last;
    Seq seq = 0;             ///< The fact of the last one.
    std::uint64_t told = 0;  ///< The last one's place in the order of telling.
  };
  static constexpr Duration kTimeToLive = base::minutes(60);
  /// How long what happened may matter to what is kept: the time to live, and that in which 25 tokens come back.
  static constexpr Duration kMemory = base::minutes(60 + 25 * 5);

  /// Before the first event: probes that fail already.
  void begin(const ClusterView& view) { probes_.begin(view); }
  void add(const event::Event& event, const Before& before, const ClusterView& view);
  /// One event, as a recorder is told of it.
  void record(KubeEvent event, SimTime now, Seq seq);
  /// Those not older than an hour at `now`, by the time of their last occurrence, oldest first; of one moment in the
  /// order in which they were told.
  [[nodiscard]] std::vector<Entry> at(SimTime now) const;

 private:
  static constexpr std::size_t kSimilar = 10;
  static constexpr Duration kSimilarWithin = base::minutes(10);
  static constexpr std::int64_t kBurst = 25;
  static constexpr Duration kRefill = base::minutes(5);

  struct Similar {
    std::set<std::string> messages;
    SimTime last;
  };
  struct Kept {
    Entry seen;     ///< As the recorder counts.
    Entry written;  ///< As the API server has it; count 0: not.
  };
  using Source = std::tuple<Ref, std::string>;
  using Group = std::tuple<Ref, std::string, bool, std::string>;  ///< Object, source, warning, reason.
  [[nodiscard]] bool combined(const KubeEvent& event, SimTime now);
  [[nodiscard]] bool let_through(const KubeEvent& event, SimTime now);

  void settle(SimTime now, Seq seq);

  ProbeEvents probes_;
  Seq last_seq_ = 0;
  std::uint64_t told_ = 0;
  std::set<std::pair<std::uint32_t, std::uint32_t>> pulled_;  ///< Pods and containers that wait to start after a pull.
  std::map<Group, Similar> similar_;
  std::map<Source, std::int64_t> bucket_;                   ///< When it would be full again, in ns.
  std::map<std::tuple<Group, std::string>, Kept> entries_;  ///< By message; "" for those written as one.
};

}  // namespace wavetank::project
