#include "engine/schedule/node_match.h"

#include <algorithm>

namespace wavetank::schedule {
namespace {

bool fields_match(const model::NodeSelectorTerm& term, std::string_view node_name) {
  for (const model::Requirement& r : term.match_fields) {
    if (r.key != "metadata.name") return false;
    const bool named =
        std::any_of(r.values.begin(), r.values.end(), [&](const std::string& v) { return v == node_name; });
    if (r.op == model::SelectorOp::In ? !named : r.op != model::SelectorOp::NotIn || named) return false;
  }
  return true;
}

void append_requirements(std::string& key, const std::vector<model::Requirement>& requirements) {
  append_key(key, static_cast<std::int64_t>(requirements.size()));
  for (const model::Requirement& r : requirements) {
    append_key(key, r.key);
    append_key(key, static_cast<std::int64_t>(r.op));
    append_key(key, static_cast<std::int64_t>(r.values.size()));
    for (const std::string& v : r.values) append_key(key, v);
  }
}

void append_labels(std::string& key, const model::Labels& labels) {
  append_key(key, static_cast<std::int64_t>(labels.size()));
  for (const auto& [name, value] : labels) {
    append_key(key, name);
    append_key(key, value);
  }
}

}  // namespace

bool term_matches(const model::NodeSelectorTerm& term, const model::Labels& labels, std::string_view node_name) {
  if (term.match_expressions.empty() && term.match_fields.empty()) return false;
  for (const model::Requirement& r : term.match_expressions) {
    if (!r.matches(labels)) return false;
  }
  return fields_match(term, node_name);
}

bool required_node_affinity_matches(const model::PodSpec& spec, const model::Labels& labels,
                                    std::string_view node_name) {
  for (const auto& [key, value] : spec.node_selector) {
    const std::string* have = model::find_label(labels, key);
    if (have == nullptr || *have != value) return false;
  }
  if (!spec.affinity.node || !spec.affinity.node->required) return true;
  const auto& terms = *spec.affinity.node->required;
  return std::any_of(terms.begin(), terms.end(), [&](const auto& t) { return term_matches(t, labels, node_name); });
}

const model::Taint* untolerated_taint(const std::vector<model::Taint>& taints,
                                      const std::vector<model::Toleration>& tolerations) {
  for (const model::Taint& taint : taints) {
    if (taint.effect == model::TaintEffect::PreferNoSchedule) continue;
    const bool tolerated = std::any_of(tolerations.begin(), tolerations.end(),
                                       [&](const model::Toleration& t) { return t.tolerates(taint); });
    if (!tolerated) return &taint;
  }
  return nullptr;
}

void append_key(std::string& key, std::int64_t number) {
  for (int shift = 0; shift < 64; shift += 8) key.push_back(static_cast<char>((number >> shift) & 0xff));
}

void append_key(std::string& key, std::string_view text) {
  append_key(key, static_cast<std::int64_t>(text.size()));
  key.append(text);
}

void append_key(std::string& key, const model::LabelSelector& selector) {
  append_labels(key, selector.match_labels);
  append_requirements(key, selector.match_expressions);
}

void append_key(std::string& key, const model::NodeSelectorTerm& term) {
  append_requirements(key, term.match_expressions);
  append_requirements(key, term.match_fields);
}

void append_key(std::string& key, const std::vector<model::Toleration>& tolerations) {
  append_key(key, static_cast<std::int64_t>(tolerations.size()));
  for (const model::Toleration& t : tolerations) {
    append_key(key, t.key);
    append_key(key, t.value);
    append_key(key, static_cast<std::int64_t>(t.op));
    append_key(key, t.effect ? static_cast<std::int64_t>(*t.effect) : -1);
  }
}

void append_required_affinity_key(std::string& key, const model::PodSpec& spec) {
  append_labels(key, spec.node_selector);
  if (!spec.affinity.node || !spec.affinity.node->required) return append_key(key, std::int64_t{-1});
  append_key(key, static_cast<std::int64_t>(spec.affinity.node->required->size()));
  for (const model::NodeSelectorTerm& term : *spec.affinity.node->required) append_key(key, term);
}

}  // namespace wavetank::schedule
