// The rules of: jobs and cron jobs.
#include "engine/model/validate.h"

namespace wavetank::model {

void validate_job(const Place& root, const Job& spec) { static_cast<void>(root), static_cast<void>(spec); }

}  // namespace wavetank::model
