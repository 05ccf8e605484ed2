// The defaults of: quotas, limits and runtime classes.
#include "engine/model/defaults.h"

namespace wavetank::model {

void default_resource_quota(Doc& doc) { static_cast<void>(doc); }

void default_limit_range(Doc& doc) { static_cast<void>(doc); }

void default_runtime_class(Doc& doc) { static_cast<void>(doc); }

}  // namespace wavetank::model
