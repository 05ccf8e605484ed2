// The defaults of cron jobs; of the jobs in them only the pods have theirs before they are made. Source:
// kubernetes/pkg/apis/batch/v1/defaults.go of 1.34.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_cron_job(Doc& doc) {
  Doc* spec = existing(&doc, "spec");
  if (spec == nullptr) return;
  text_default(*spec, "concurrencyPolicy", "Allow");
  set_default(*spec, "suspend", Doc::boolean(false));
  set_default(*spec, "successfulJobsHistoryLimit", Doc::integer(3));
  set_default(*spec, "failedJobsHistoryLimit", Doc::integer(1));
  Doc* job = existing(existing(spec, "jobTemplate"), "spec");
  if (job == nullptr) return;
  default_pod_failure_policy(job);
  pod_template(job);
}

}  // namespace wavetank::model
