// Label keys of selectors, resolved with the labels of the pod that is made. Source:
// https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#matchlabelkeys,
// https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/

#include <algorithm>

#include "engine/model/decode.h"

namespace wavetank::model {
namespace {

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

template <class F>
void each(Doc* parent, std::string_view key, F&& f) {
  Doc* list = parent == nullptr || !parent->is_object() ? nullptr : parent->find(key);
  if (list == nullptr || !list->is_array()) return;
  for (Doc& item : list->items) {
    if (item.is_object()) f(item);
  }
}

/// Adds "key operator [value]" for each key that the pod has.
void add_requirements(Doc& owner, std::string_view field, std::string_view op, const Doc& labels) {
  const Doc* keys = owner.find(field);
  Doc* selector = owner.find("labelSelector");
  // A missing selector selects nothing, whatever is added to it.
  if (keys == nullptr || !keys->is_array() || selector == nullptr || !selector->is_object()) return;
  std::vector<Doc> made;
  for (const Doc& key : keys->items) {
    const Doc* value = labels.find(key.text);
    if (value == nullptr) continue;
    Doc r = Doc::object();
    r["key"] = Doc::string(key.text);
    r["operator"] = Doc::string(op);
    r["values"] = Doc::array();
    r["values"].items.push_back(Doc::string(value->text));
    r.position = key.position;
    made.push_back(std::move(r));
  }
  if (made.empty()) return;
  Doc& list = (*selector)["matchExpressions"];
  if (list.is_null()) list = Doc::array();
  if (!list.is_array()) return;
  for (Doc& r : made) {
    const bool there =
        std::any_of(list.items.begin(), list.items.end(), [&](const Doc& old) { return old.same_as(r); });
    if (!there) list.items.push_back(std::move(r));
  }
}

void merge_term(Doc& term, const Doc& labels) {
  add_requirements(term, "matchLabelKeys", "In", labels);
  add_requirements(term, "mismatchLabelKeys", "NotIn", labels);
}

}  // namespace

void merge_label_keys(Doc& pod) {
  static const Doc none = Doc::object();
  Doc* spec = pod.is_object() ? pod.find("spec") : nullptr;
  if (spec == nullptr || !spec->is_object()) return;
  const Doc* found = pod.at({"metadata", "labels"});
  const Doc labels = found != nullptr && found->is_object() ? *found : none;
  Doc* affinity = spec->find("affinity");
  for (const std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
    Doc* terms = affinity == nullptr || !affinity->is_object() ? nullptr : affinity->find(kind);
    each(terms, kRequired, [&](Doc& term) { merge_term(term, labels); });
    each(terms, kPreferred, [&](Doc& weighted) {
      if (Doc* term = weighted.find("podAffinityTerm"); term != nullptr && term->is_object()) merge_term(*term, labels);
    });
  }
  each(spec, "topologySpreadConstraints",
       [&](Doc& constraint) { add_requirements(constraint, "matchLabelKeys", "In", labels); });
}

}  // namespace wavetank::model
