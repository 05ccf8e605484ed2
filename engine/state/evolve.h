#pragma once
// The overloads of evolve(), inside the room only.

#include "engine/state/cluster_state.h"

namespace wavetank::state::detail {

#define WT_EVENT(tag, version, Name) void on(ClusterState& state, const event::Event& event, const event::Name& e);
#include "engine/event/event_kinds.def"
#undef WT_EVENT

/// A pod's row, from a template: columns, indexes, containers. The caller sets the owner before (see PodBirth).
struct PodBirth {
  base::Sym name;
  TemplateId tmpl;
  Ref owner;
  std::int32_t priority = 0;
  bool from_manifest = false;
};
PodId add_pod(ClusterState& state, const event::Event& event, const PodBirth& birth);

/// Takes the pod out of the counters of its set, or of the orphans, on construction and puts it back, as it then is, on
/// destruction: a change between the two keeps the counters right whatever it touches.
class CountedChange {
 public:
  enum class Of { Known, New };
  explicit CountedChange(ClusterState& state, PodId pod, Of of = Of::Known) : state_(state), pod_(pod) {
    if (of == Of::Known) count(-1);
  }
  ~CountedChange() { count(+1); }
  CountedChange(const CountedChange&) = delete;
  CountedChange& operator=(const CountedChange&) = delete;

 private:
  void count(int sign);
  ClusterState& state_;
  PodId pod_;
};

/// Counts `foreign` anew after the set's `pod_tmpl` changed. O(pods of the set).
void recount_foreign(const ClusterState& state, ReplicaSetRow& set);

}  // namespace wavetank::state::detail
