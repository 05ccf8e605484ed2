#pragma once
// What became of the requests that clients send to Services (LoadChanged), as a fluid: a Service spreads its requests
// evenly over the endpoints it lists as ready (without any, over those that still serve while they terminate,
// KEP-1669); requests that reach a pod that does not run, or find no endpoint, fail. Parameters: none.

#include <vector>

#include "engine/project/words.h"
#include "engine/state/observer.h"

namespace wavetank::project {

class Traffic final : public state::Observer {
 public:
  struct Service {
    event::ServiceId service;
    // Requests in thousandths × microseconds of time, divided by 10^9 only when printed: exact.
    std::int64_t served = 0, failed = 0;  ///< Requests.
    std::int64_t milli_rps = 0;           ///< Now.
    std::int32_t ready = 0, ready_alive = 0, leaving = 0, leaving_alive = 0;
    std::int64_t served_rest = 0, failed_rest = 0;  ///< Parts of a request, in 10^-9.
    SimTime since;
  };
  /// O(1) an event; O(pods of the node) for machines. Costs next to nothing while no Service has load.
  void observe(const event::Event& event, const ClusterView& view) override;
  void finish(SimTime end);
  /// Those that ever had load, in the order they got it.
  [[nodiscard]] const std::vector<Service>& all() const { return all_; }

 private:
  struct Membership {
    std::uint32_t service = 0;  ///< Index in all_.
    std::uint8_t flags = 0;
  };
  struct Pod {
    std::vector<Membership> of;
    bool alive = false;
  };
  void begin(event::ServiceId service, const ClusterView& view);
  void set_flags(std::uint32_t service, PodId pod, std::uint8_t flags, const ClusterView& view);
  void set_alive(PodId pod, const ClusterView& view);
  static void count(Service& s, std::uint8_t flags, bool alive, int sign);
  static void flow(Service& s, SimTime now);
  Pod& pod(PodId id);

  std::vector<Service> all_;
  std::vector<std::uint32_t> of_service_;  ///< By row: 1 + index in all_.
  std::vector<Pod> pods_;
};

}  // namespace wavetank::project
