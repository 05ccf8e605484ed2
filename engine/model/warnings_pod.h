#pragma once
// Inside the room: warnings of pods and pod templates, and of what stands in them. Source: pkg/api/pod/warnings.go of
// Kubernetes 1.34, GetWarningsForPod and GetWarningsForPodTemplate.

#include "engine/model/validate.h"

namespace wavetank::model {

/// `pod`: a pod or a template, which holds metadata and spec.
void warn_of_pod(const Place& pod);
void warn_of_claim_spec(const Place& spec);
void warn_of_node_term(const Place& term);

/// What to use in place of a node label that is on its way out; empty for all others.
std::string_view deprecated_label(std::string_view key);

}  // namespace wavetank::model
