#pragma once
// What objects cost in ResourceQuotas. Source: kubernetes/pkg/quota/v1/evaluator/core and
// k8s.io/apiserver/pkg/quota/v1 (resource lists, CalculateUsage) of 1.34.

#include <string>
#include <string_view>

#include "engine/state/view.h"

namespace wavetank::state {

/// Amounts by resource name, sorted.
using Amounts = event::QuotaAmounts;

const base::Quantity* find_amount(const Amounts& list, std::string_view name);
/// quota.Add: what both name is added up, in the format of `a`.
Amounts add_amounts(const Amounts& a, const Amounts& b);
/// quota.SubtractWithNonNegativeResult
Amounts subtract_amounts(const Amounts& a, const Amounts& b);
/// quota.Mask: those of `list` that `names` has.
Amounts mask_amounts(const Amounts& list, const Amounts& names);
/// The same values, whatever the formats.
bool same_amounts(const Amounts& a, const Amounts& b);

/// A resource list of a document.
Amounts amounts_of(const model::Doc* list);
/// What a pod requests ("requests") or may use at most ("limits") as a whole.
Amounts pod_total(const model::Doc& spec, const char* list, bool with_overhead);

/// "deployments.apps", "pods": a kind as quotas and messages name it.
std::string quota_resource(model::Kind kind);
/// The same of a kind that is kept as a document, by the usual plural: "networkpolicies.networking.k8s.io".
/// Source: k8s.io/apimachinery meta.UnsafeGuessKindToResource.
std::string quota_resource(std::string_view api_version, std::string_view kind_name);

/// Whether the usage of objects of `kind` counts against the hard limit `name` (an evaluator's MatchingResources). Of
/// Kind::Other: whether some kind that is kept as a document may.
bool quota_counts(model::Kind kind, std::string_view name);

// What one object takes. Documents are as admitted.
Amounts pod_usage(const model::Doc& spec);
Amounts object_usage(model::Kind kind, const model::Doc& doc);

/// Whether an object is within a quota's scopes. Only pods (and claims, by their VolumeAttributesClass) can be in any.
bool in_scopes(const model::ResourceQuota& quota, model::Kind kind, const model::Doc& spec);

/// Whether a pod is charged for what it computes with: not once it ended, nor long after its end was due. The object
/// itself counts for count/pods. `ends`: when that will change with time alone.
bool pod_is_charged(const ClusterView& view, PodId pod, SimTime& ends);

/// What the objects of the quota's namespace take of what it limits; `changes_at` is when time alone will change that.
/// O(objects of the namespace's counted kinds + templates).
Amounts namespace_usage(const ClusterView& view, const QuotaRow& quota, SimTime& changes_at);

}  // namespace wavetank::state
