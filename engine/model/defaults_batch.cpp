// The defaults of: jobs and cron jobs.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_cron_job(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
