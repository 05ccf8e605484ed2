#pragma once
// Events as `kubectl get events` and `kubectl describe` show them, derived from facts. Reasons, messages and reporters
// are those of Kubernetes 1.34 (pkg/kubelet/events, pkg/controller/*, pkg/scheduler). They live an hour (kube-apiserver
// --event-ttl).

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "engine/project/narrate.h"
#include "engine/state/observer.h"

namespace wavetank::project {

struct KubeEvent {
  bool warning = false;
  std::string reason, message;
  Ref object;
  std::string source;  ///< "default-scheduler", "kubelet, n1"
};

/// What Kubernetes would have recorded at this fact; mostly nothing or one. `view` includes the event.
std::vector<KubeEvent> kube_events(const event::Event& event, const Before& before, const ClusterView& view);

/// Events gathered as the API server keeps them: the same again only counts up.
class EventLedger {
 public:
  struct Entry {
    KubeEvent event;
    std::int64_t count = 0;
    SimTime first, last;
    Seq seq = 0;  ///< The fact of the last one.
  };
  static constexpr Duration kTimeToLive = base::minutes(60);

  void add(const event::Event& event, const Before& before, const ClusterView& view);
  /// Those not older than an hour at `now`, by the time of their last occurrence, oldest first.
  [[nodiscard]] std::vector<Entry> at(SimTime now) const;

 private:
  std::map<std::tuple<Ref, std::string, std::string>, Entry> entries_;
};

}  // namespace wavetank::project
