#pragma once
// The history of a StatefulSet or DaemonSet as ControllerRevisions. Two revisions are equal when their templates are:
// templates are interned, so that their ids tell. Source: kubernetes/pkg/controller/history/controller_history.go.

#include <string>
#include <string_view>
#include <vector>

#include "engine/control/controller.h"

namespace wavetank::control {

/// By number, then age, then name.
std::vector<event::ControllerRevisionId> sorted_revisions(const std::vector<event::ControllerRevisionId>& owned,
                                                          const ClusterView& view);

/// The hash for a new revision of `tmpl`. Counts `collisions` up as long as another template has the name.
std::string new_revision_hash(Ref owner, event::TemplateId tmpl, std::int32_t& collisions, const ClusterView& view);

/// Revisions without a controller are looked for only after one may have come about.
class OrphanRevisions {
 public:
  void look_again() { stale_ = true; }
  /// Those of `ns` that `selector` takes. Amortised O(1) where there are none.
  std::vector<event::ControllerRevisionId> of(base::Sym ns, const model::LabelSelector& selector,
                                              const ClusterView& view);

 private:
  bool stale_ = true;
  std::vector<event::ControllerRevisionId> all_;
};

/// How often an event may have made an orphan among the revisions.
bool may_orphan_revisions(const event::Event& event);

}  // namespace wavetank::control
