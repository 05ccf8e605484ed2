// Cron jobs, but for the jobs in them, which stay in the document.
#include "engine/model/read.h"

namespace wavetank::model {

CronJob read_cron_job(const Doc& doc) {
  CronJob out;
  const Doc* spec = get(&doc, "spec");
  out.schedule = get_string(spec, "schedule");
  if (const Doc* zone = get(spec, "timeZone"); zone != nullptr) out.time_zone = zone->text;
  const std::string policy = get_string(spec, "concurrencyPolicy");
  if (policy == "Forbid") out.concurrency = ConcurrencyPolicy::Forbid;
  if (policy == "Replace") out.concurrency = ConcurrencyPolicy::Replace;
  out.starting_deadline_seconds = get_int<std::int64_t>(spec, "startingDeadlineSeconds");
  out.suspend = get_bool(spec, "suspend");
  out.successful_jobs_history_limit = get_int<std::int32_t>(spec, "successfulJobsHistoryLimit");
  out.failed_jobs_history_limit = get_int<std::int32_t>(spec, "failedJobsHistoryLimit");
  return out;
}

}  // namespace wavetank::model
