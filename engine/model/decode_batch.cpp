// Jobs and cron jobs.
#include "engine/model/read.h"

namespace wavetank::model {

Job read_job(const Doc& doc) {
  Job out;
  const Doc* spec = get(&doc, "spec");
  if (const Doc* found = get(spec, "template"); found != nullptr) out.tmpl = read_pod_template(*found);
  out.selector = read_optional_selector(spec, "selector");
  return out;
}

}  // namespace wavetank::model
