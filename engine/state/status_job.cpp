// What the API shows of a Job's status.
#include "engine/state/status.h"

namespace wavetank::state {

using model::Doc;

namespace {

void unless_zero(Doc& status, std::string_view key, std::int32_t n) {
  if (n != 0) status[key] = Doc::integer(n);
}

Doc uids(const ClusterView& view, const std::vector<PodId>& pods) {
  Doc list = Doc::array();
  for (const PodId p : pods) list.items.push_back(Doc::string(view.uid(Ref(p))));
  return list;
}

}  // namespace

void write_status(const ClusterView& view, Doc& doc, const JobRow& row) {
  const event::JobStatus& s = row.status;
  Doc& status = doc["status"];
  status = Doc::object();
  unless_zero(status, "active", s.active);
  if (!s.completed_indexes.empty()) status["completedIndexes"] = Doc::string(s.completed_indexes);
  if (s.completion != SimTime::never()) status["completionTime"] = Doc::string(time_text(view, s.completion));
  if (!row.conditions.empty()) {
    status["conditions"] = conditions_doc(view, row.conditions);
    for (Doc& c : status["conditions"].items)
      if (const Doc* since = c.find("lastTransitionTime"); since != nullptr) c["lastProbeTime"] = Doc(*since);
  }
  unless_zero(status, "failed", s.failed);
  if (row.spec.indexed && row.spec.backoff_limit_per_index) status["failedIndexes"] = Doc::string(s.failed_indexes);
  const bool seen = s.start != SimTime::never() || !row.conditions.empty();
  if (seen) status["ready"] = Doc::integer(s.ready);
  if (s.start != SimTime::never()) status["startTime"] = Doc::string(time_text(view, s.start));
  unless_zero(status, "succeeded", s.succeeded);
  if (!seen) return;
  status["terminating"] = Doc::integer(s.terminating);
  Doc& uncounted = status["uncountedTerminatedPods"];
  uncounted = Doc::object();
  if (!s.uncounted_failed.empty()) uncounted["failed"] = uids(view, s.uncounted_failed);
  if (!s.uncounted_succeeded.empty()) uncounted["succeeded"] = uids(view, s.uncounted_succeeded);
}

}  // namespace wavetank::state
