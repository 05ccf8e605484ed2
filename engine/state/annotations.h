#pragma once
// Annotations of objects that are kept as documents, and which of them controllers hand on.

#include <string>
#include <string_view>

#include "engine/model/doc.h"

namespace wavetank::state {

/// metadata.annotations of a canonical document whose members before "metadata" are apiVersion and kind; an empty
/// object if there are none. Reads no more of the text than that.
model::Doc annotations_of(std::string_view canonical);

/// What a Deployment's ReplicaSets have of its annotations: all but those that each has of its own.
/// Source: kubernetes/pkg/controller/deployment/util/deployment_util.go annotationsToSkip.
model::Doc annotations_for_sets(std::string_view deployment);
bool is_handed_on(std::string_view annotation);

/// Counts the templates that a DaemonSet has had; the API server keeps it, pods have it as a label.
inline constexpr std::string_view kTemplateGeneration = "deprecated.daemonset.template.generation";

}  // namespace wavetank::state
