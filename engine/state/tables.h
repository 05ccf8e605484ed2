#pragma once
// Helpers shared by evolve, save/load and the view; inside the room only.

#include <string>
#include <string_view>

#include "engine/state/cluster_state.h"
#include "engine/state/view.h"

namespace wavetank::state {

/// The index key of a kind. Other kinds share a number range above the typed ones, by the symbol of "apiVersion/kind".
std::uint32_t name_kind(model::Kind kind, base::Sym gvk = {});

/// The header of any object but a pod; asserts that the row exists.
Header& header_of(ClusterState& state, Ref ref);

/// Kubernetes' rand.SafeEncodeString of a decimal 32-bit FNV-1a: the value of a pod-template-hash label. The hashed
/// text is ours (the template's canonical JSON), Kubernetes' is a dump of Go structs that changes between releases.
std::string template_hash(std::string_view template_doc);

/// Reads an admitted document; asserts on failure, since admission has accepted it.
model::Object read_admitted(const std::string& json);
/// {"metadata":{annotations,labels},"spec":…} of a pod or of a workload's template, canonical JSON.
std::string template_doc(const model::Doc& pod_or_template);
/// The template's row, made if new. `value` is what `doc` decodes to.
TemplateId intern_template(ClusterState& state, base::Sym ns, std::string doc, model::PodTemplate value);
/// The same, decoding `doc`.
TemplateId intern_template(ClusterState& state, base::Sym ns, const std::string& doc);
/// The template of a Deployment with the label pod-template-hash added.
TemplateId hashed_template(ClusterState& state, TemplateId plain, std::string_view hash);

/// What becomes of a workload's template when a pod is made of it: the defaults of pods (requests from limits …), label
/// keys as requirements, DefaultTolerationSeconds (300 s for not-ready and unreachable), the service account "default",
/// the preemption policy of the priority class as it stands. Source:
/// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
TemplateId admitted_template(ClusterState& state, TemplateId plain);
/// Sets that have made pods keep what admission made of their template. After a change of what admission goes by (a
/// LimitRange of `ns`, a class) they are admitted anew. O(ReplicaSets + pods of the sets concerned).
void admit_sets_anew(ClusterState& state, model::Kind changed, base::Sym ns);

/// Fills in the typed part of a row from its document, as on creation and update; what has been reported since is left
/// alone.
void read_spec(ClusterState& state, NodeRow& row, const model::Object& object);
void read_spec(ClusterState& state, ReplicaSetRow& row, const model::Object& object);
void read_spec(ClusterState& state, DeploymentRow& row, const model::Object& object);
void read_spec(ClusterState& state, StatefulSetRow& row, const model::Object& object);
void read_spec(ClusterState& state, DaemonSetRow& row, const model::Object& object);
void read_spec(ClusterState& state, JobRow& row, const model::Object& object);
void read_spec(ClusterState& state, CronJobRow& row, const model::Object& object);

/// The pods that a controller of pods owns, or null where the kind owns none.
std::vector<PodId>* owned_pods(ClusterState& state, Ref owner);
/// The revisions of a StatefulSet or DaemonSet, or null.
std::vector<ControllerRevisionId>* owned_revisions(ClusterState& state, Ref owner);
/// The conditions of an object that keeps them by name, or null.
std::vector<NamedCondition>* conditions_of(ClusterState& state, Ref ref);

/// Removes a value from a row of ids, keeping the order of the others. O(length).
template <class T>
void erase_value(std::vector<T>& row, const T& value) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == value) {
      row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
}

}  // namespace wavetank::state
