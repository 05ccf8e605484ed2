// Cron jobs. Jobs: decode_job.cpp.
#include "engine/model/read.h"

namespace wavetank::model {

CronJob read_cron_job(const Doc& doc) {
  CronJob out;
  static_cast<void>(doc);
  return out;
}

}  // namespace wavetank::model
