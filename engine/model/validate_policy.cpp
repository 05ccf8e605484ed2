// The rules of: quotas, limits and runtime classes.
#include "engine/model/validate.h"

namespace wavetank::model {

void validate_resource_quota(const Place& root, const ResourceQuota& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

void validate_limit_range(const Place& root, const LimitRange& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

void validate_runtime_class(const Place& root, const RuntimeClass& spec) {
  static_cast<void>(root), static_cast<void>(spec);
}

}  // namespace wavetank::model
