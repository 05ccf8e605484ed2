#pragma once
// A scheduling attempt as people read it and as programs do: the table of nodes and plugins, the words of the refusals,
// the victims. The data come from schedule::explain(); the moment of a past attempt from the history.

#include <optional>

#include "engine/project/history.h"
#include "engine/project/style.h"
#include "engine/project/words.h"
#include "engine/schedule/explain.h"

namespace wavetank::project {

struct ExplainedAttempt {
  schedule::Explanation explanation;
  std::optional<SimTime> at;          ///< The cluster is seen as it was then; none: outside of a run.
  std::string chosen;                 ///< The node that the scheduler chose, or "".
  std::optional<SimTime> bound_at{};  ///< When that was written; `at` may be later.
  std::string named_node{};           ///< The node that the pod's manifest names: no scheduler was asked.
};

/// The binding of a pod up to event `upto`; nullopt when it was not bound by then. O(events since its creation).
struct Binding {
  Seq seq = 0;
  Seq cause = 0;
  SimTime time;
  NodeId node;
};
base::Result<std::optional<Binding>> binding_of(PodId pod, Seq created, Seq upto, const History& history);

struct ExplainText {
  bool all = false;   ///< Every node, however many; else of many the best, the worst, and groups of equal refusals.
  bool wide = false;  ///< Raw and normalised scores beside the weighted ones.
};
/// Rows sorted by total, the highest first. Ends with a newline.
std::string to_text(const ExplainedAttempt& attempt, const ExplainText& options, const Style& style);
/// Every node, every score. Keys are stable: README.md.
model::Doc to_doc(const ExplainedAttempt& attempt);

}  // namespace wavetank::project
