#pragma once
// From documents to typed objects and back: defaulting, decoding, validation, merging. Behaviour and messages follow
// Kubernetes 1.34 (pkg/apis/*/v1/defaults.go, pkg/apis/*/validation); every message is "path: Kind of error: value:
// detail".

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::model {

/// Fills in the defaults of the typed kinds in the document itself, as the API server stores it. Idempotent.
void apply_defaults(Doc& doc);

/// What only pods get, not templates: requests from limits, host ports on the host's network, … `spec` is a pod's.
void apply_pod_defaults(Doc& spec);

/// What the API server does when a pod is made: matchLabelKeys and mismatchLabelKeys of affinity terms and spread
/// constraints become requirements of their labelSelector, with the values of the pod's own labels (KEP-3633, KEP-3243).
/// A requirement that is there already, word for word, is not written twice: so a pod that was read from a cluster can
/// be made again. `pod` may be a template: {"metadata": {"labels"}, "spec"}.
void merge_label_keys(Doc& pod);

/// Reads the typed part. Type errors (a string where a number belongs) are errors with their position, each of them.
/// The document is kept in the result. Works on defaulted and on partial documents.
base::Result<Object> decode(Doc doc, std::string_view file);

/// Kubernetes' validation of the typed kinds; empty when valid. Messages as the API server words them, positions from
/// the document.
base::Diagnostics validate(const Object& object, std::string_view file);

/// apply_defaults, decode, validate: what admission does to one document.
base::Result<Object> admit(Doc doc, std::string_view file);

/// The pod template ("metadata", "spec") of a workload's document: &doc.spec.template, or null pointer.
const Doc* pod_template_doc(const Doc& workload);

/// Whether the document is a program's configuration (kind KubeSchedulerConfiguration) and no object of the API.
bool is_scheduler_configuration(const Doc& doc);

/// What a set of manifests held.
struct Manifests {
  std::vector<Object> objects;         ///< Defaulted, decoded, validated, in the order read; List kinds flattened.
  std::vector<std::string> notices;    ///< Summaries of what was kept but not understood: kinds, fields.
  std::vector<Doc> scheduler_configs;  ///< KubeSchedulerConfigurations: no objects, left to their own reader.
};

/// Reads the text of one manifest file (YAML stream or JSON, List kinds flattened). All errors of the file at once.
base::Result<Manifests> read_manifests(std::string_view text, std::string_view file);

/// Three-way merge of `kubectl apply`: `live` changed as going from `last_applied` (may be null) to `wanted` demands.
/// Maps merge, lists with a merge key (containers by name, ports by containerPort/port, env by name, volumes by name,
/// …) merge by it, other lists are replaced. Source:
/// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/
Doc merge_apply(const Doc& live, const Doc* last_applied, const Doc& wanted);

/// RFC 7386 JSON merge patch.
Doc merge_patch(Doc target, const Doc& patch);

}  // namespace wavetank::model
