#pragma once
// The admission plugins that count and bound: ResourceQuota, LimitRanger, RuntimeClass. Inside the room only.

#include "engine/decide/rules.h"

namespace wavetank::decide::detail {

/// Whether any rule of this file may have a word about new objects of the namespace. The common answer, no, is O(1).
bool is_bounded(const ClusterView& view, std::string_view ns);

/// Charges the quotas of the namespace for a new object (`before` null pointer) or for what a changed one takes more.
/// The facts are the quotas' new status. `doc` is as admitted; of a pod "metadata" and "spec" suffice.
Refusal charge_quotas(const ClusterView& view, model::Kind kind, std::string_view ns, std::string_view name,
                      const model::Doc& doc, const model::Doc* before, Facts& facts);

/// LimitRanger's word about a pod or a claim as admitted.
Refusal check_limits(const ClusterView& view, model::Kind kind, std::string_view ns, std::string_view name,
                     const model::Doc& doc);

/// check_limits() and charge_quotas() for a new object.
Refusal bound_new_object(const ClusterView& view, model::Kind kind, std::string_view ns, std::string_view name,
                         const model::Doc& doc, Facts& facts);

/// RuntimeClass: the class must be there, and the pod must not say otherwise than it. `spec` is as written.
Refusal check_runtime_class(const ClusterView& view, std::string_view name, const model::Doc& spec);

}  // namespace wavetank::decide::detail
