// The defaults of quotas, limits and runtime classes. Source: kubernetes/pkg/apis/core/v1/defaults.go.
#include "engine/model/defaults.h"

namespace wavetank::model {

namespace {

/// What `from` names and `into` does not.
void fill(Doc& item, std::string_view into, std::string_view from) {
  const Doc* source = item.find(from);
  if (source == nullptr || !source->is_object() || source->members.empty()) return;
  const std::vector<Doc::Member> members = source->members;
  Doc* target = object_at(item, into);
  if (target == nullptr) return;
  for (const Doc::Member& m : members) set_default(*target, m.key, m.value);
}

}  // namespace

void default_resource_quota(Doc& doc) { canonical_quantities(existing(&doc, "spec"), "hard"); }

void default_limit_range(Doc& doc) {
  each(existing(&doc, "spec"), "limits", [](Doc& item) {
    for (const char* key : {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"})
      canonical_quantities(&item, key);
    if (item.string_or("type") != "Container") return;
    fill(item, "default", "max");
    fill(item, "defaultRequest", "default");
    fill(item, "defaultRequest", "min");
  });
}

void default_runtime_class(Doc& doc) { canonical_quantities(existing(&doc, "overhead"), "podFixed"); }

}  // namespace wavetank::model
