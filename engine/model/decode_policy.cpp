// Quotas, limits and runtime classes.
#include "engine/model/read.h"

namespace wavetank::model {

ResourceQuota read_resource_quota(const Doc& doc) {
  ResourceQuota out;
  static_cast<void>(doc);
  return out;
}

LimitRange read_limit_range(const Doc& doc) {
  LimitRange out;
  static_cast<void>(doc);
  return out;
}

RuntimeClass read_runtime_class(const Doc& doc) {
  RuntimeClass out;
  static_cast<void>(doc);
  return out;
}

}  // namespace wavetank::model
