#include "engine/state/status.h"

namespace wavetank::state {

using model::Doc;

void write_status(const ClusterView& view, Doc& doc, const CronJobRow& row) {
  Doc& status = doc["status"];
  status = Doc::object();
  if (!row.status.active.empty()) {
    Doc& active = status["active"];
    active = Doc::array();
    for (const JobId id : row.status.active) {
      const Ref ref(id);
      Doc job = Doc::object();
      job["apiVersion"] = Doc::string("batch/v1");
      job["kind"] = Doc::string("Job");
      job["name"] = Doc::string(view.bare_name(ref));
      job["namespace"] = Doc::string(view.namespace_of(ref));
      job["resourceVersion"] = Doc::string(std::to_string(view.job(id).header.created_seq));
      job["uid"] = Doc::string(view.uid(ref));
      active.items.push_back(std::move(job));
    }
  }
  if (row.status.last_schedule != SimTime::never())
    status["lastScheduleTime"] = Doc::string(time_text(view, row.status.last_schedule));
  if (row.status.last_successful != SimTime::never())
    status["lastSuccessfulTime"] = Doc::string(time_text(view, row.status.last_successful));
}

}  // namespace wavetank::state
