// The defaults of: jobs and cron jobs.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_job(Doc& doc) { pod_template(existing(&doc, "spec")); }

}  // namespace wavetank::model
