#pragma once
// How a pod's terms read a node: required node affinity and taints. Shared by the plugins that ask the same question.
// Source: k8s.io/component-helpers/scheduling/corev1 (nodeaffinity, helpers).

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::schedule {

/// A term with neither expressions nor fields matches nothing.
bool term_matches(const model::NodeSelectorTerm& term, const model::Labels& labels, std::string_view node_name);
/// spec.nodeSelector and required node affinity together.
bool required_node_affinity_matches(const model::PodSpec& spec, const model::Labels& labels,
                                    std::string_view node_name);
/// The first NoSchedule or NoExecute taint without a matching toleration; null when there is none.
const model::Taint* untolerated_taint(const std::vector<model::Taint>& taints,
                                      const std::vector<model::Toleration>& tolerations);

/// What a class of pods shares, as bytes: equal keys, equal answers.
void append_key(std::string& key, std::string_view text);
void append_key(std::string& key, std::int64_t number);
void append_key(std::string& key, const model::LabelSelector& selector);
void append_key(std::string& key, const model::NodeSelectorTerm& term);
void append_key(std::string& key, const std::vector<model::Toleration>& tolerations);
/// nodeSelector and required terms.
void append_required_affinity_key(std::string& key, const model::PodSpec& spec);

}  // namespace wavetank::schedule
