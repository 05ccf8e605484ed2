#pragma once
// The mutating admission of pods that has no choice in it, shared by decide (pods from manifests) and evolve (pods of a
// set, which share one admitted template). Source:
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/

#include <string>
#include <string_view>

#include "engine/state/cluster_state.h"

namespace wavetank::state {

/// DefaultTolerationSeconds (300 s for not-ready and unreachable), ServiceAccount (the account's name), Priority (the
/// class's preemption policy). `spec` is a pod's spec document. Idempotent.
void admit_pod_spec(const ClusterState& state, model::Doc& spec);

/// All of it, for a pod of `ns` given as {"metadata", "spec"}: LimitRanger's defaults, admit_pod_spec(), the name of
/// the global default PriorityClass, RuntimeClass (overhead, nodeSelector, tolerations). Idempotent.
void admit_pod(const ClusterState& state, base::Sym ns, model::Doc& pod);

/// What a template as written becomes when a pod is made of it now: {"metadata", "spec"} with the defaults of pods,
/// admission, label keys as requirements.
model::Doc admitted_doc(const ClusterState& state, TemplateId plain);

/// The RuntimeClass of that name; null if there is none.
const RuntimeClassRow* find_runtime_class(const ClusterState& state, std::string_view name);

/// The class of that name, or the global default for an empty name; null if there is none.
const PriorityClassRow* find_priority_class(const ClusterState& state, std::string_view name);

/// Value of the label controller-revision-hash: as pod-template-hash (tables.h), with the number of collisions appended
/// to what is hashed where there were any. Source: kubernetes/pkg/controller/history HashControllerRevision.
std::string revision_hash(std::string_view template_doc, std::int32_t collisions);

}  // namespace wavetank::state
