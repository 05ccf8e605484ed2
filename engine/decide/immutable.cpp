// What an update may not change: pods, volumes and claims, nodes, configuration. Where Kubernetes shows the difference
// of two Go values behind its words, we leave it out.
#include <algorithm>

#include <fmt/format.h>

#include "engine/decide/rules.h"
#include "engine/model/decode.h"
#include "engine/state/pod_admission.h"

namespace wavetank::decide::detail {

namespace {

using model::Doc;
using model::Kind;

/// All that is wrong with one update, in the order in which it is found.
class Complaints {
 public:
  explicit Complaints(std::string object) : object_(std::move(object)) {}

  void forbidden(std::string_view path, std::string_view detail) {
    texts_.push_back(fmt::format("{}: Forbidden: {}", path, detail));
  }
  void invalid(std::string_view path, const Doc* value, std::string_view detail) {
    texts_.push_back(fmt::format("{}: Invalid value: {}: {}", path,
                                 value == nullptr ? "null" : model::to_canonical_json(*value), detail));
  }
  [[nodiscard]] Refusal refusal() const {
    if (texts_.empty()) return granted();
    const std::string all = fmt::format("{}", fmt::join(texts_, ", "));
    return Rejection{"Invalid", fmt::format("{} is invalid: {}", object_, texts_.size() == 1 ? all : "[" + all + "]")};
  }

 private:
  std::string object_;
  std::vector<std::string> texts_;
};

/// The member unless missing or null.
const Doc* get(const Doc& doc, std::initializer_list<std::string_view> path) {
  const Doc* found = doc.at(path);
  return found == nullptr || found->is_null() ? nullptr : found;
}
const Doc* get(const Doc* doc, std::string_view key) { return doc == nullptr ? nullptr : get(*doc, {key}); }

const std::vector<Doc>& items(const Doc* list) {
  static const std::vector<Doc> none;
  return list == nullptr ? none : list->items;
}

bool is_empty(const Doc* doc) { return doc == nullptr || (doc->items.empty() && doc->members.empty()); }

/// Lists and maps that are empty are as good as missing ones.
bool same(const Doc* a, const Doc* b) {
  const bool collections =
      (a == nullptr || a->is_array() || a->is_object()) && (b == nullptr || b->is_array() || b->is_object());
  if (collections && is_empty(a) && is_empty(b)) return true;
  return a != nullptr && b != nullptr && a->same_as(*b);
}
bool same(const Doc& a, const Doc& b, std::initializer_list<std::string_view> path) {
  return same(get(a, path), get(b, path));
}

// ---- Pods. Source: ValidatePodUpdate.

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";

void check_deadline(const Doc& before, const Doc& after, Complaints& out) {
  constexpr std::string_view kPath = "spec.activeDeadlineSeconds";
  const Doc *was = get(before, {"spec", "activeDeadlineSeconds"}), *is = get(after, {"spec", "activeDeadlineSeconds"});
  if (was == nullptr) return;
  if (is == nullptr) {
    out.invalid(kPath, nullptr, "must not update from a positive integer to nil value");
  } else if (after.find("spec")->int_or("activeDeadlineSeconds", 0) >
             before.find("spec")->int_or("activeDeadlineSeconds", 0)) {
    out.invalid(kPath, is, "must be less than or equal to previous value");
  }
}

/// Tolerations may come, and their seconds may change.
void check_tolerations(const Doc& before, const Doc& after, Complaints& out) {
  const auto without_seconds = [](Doc toleration) {
    toleration.erase("tolerationSeconds");
    return toleration;
  };
  const std::vector<Doc>& now = items(get(after, {"spec", "tolerations"}));
  for (const Doc& old : items(get(before, {"spec", "tolerations"}))) {
    const Doc wanted = without_seconds(old);
    if (std::any_of(now.begin(), now.end(), [&](const Doc& t) { return without_seconds(t).same_as(wanted); })) continue;
    return out.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
  }
}

void check_gates(const Doc& before, const Doc& after, Complaints& out) {
  const std::vector<Doc>& was = items(get(before, {"spec", "schedulingGates"}));
  const std::vector<Doc>& is = items(get(after, {"spec", "schedulingGates"}));
  for (std::size_t i = 0; i < is.size(); ++i) {
    const std::string_view name = is[i].string_or("name");
    if (std::any_of(was.begin(), was.end(), [&](const Doc& gate) { return gate.string_or("name") == name; })) continue;
    out.forbidden(fmt::format("spec.schedulingGates[{}].name", i),
                  fmt::format("only deletion is allowed, but found new scheduling gate '{}'", name));
  }
}

/// Requirements may only follow those that a term has; a term that has none takes no node and stays so.
bool has_only_additions(const Doc& is, const Doc& was) {
  const auto follows = [&](std::string_view key) {
    const std::vector<Doc>&a = items(get(&was, key)), &b = items(get(&is, key));
    return b.size() >= a.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](const Doc& x, const Doc& y) { return x.same_as(y); });
  };
  const auto is_empty_term = [](const Doc& term) {
    return is_empty(get(&term, "matchExpressions")) && is_empty(get(&term, "matchFields"));
  };
  if (is_empty_term(was)) return is_empty_term(is);
  return follows("matchExpressions") && follows("matchFields");
}

/// Where a pod that waits for its gates may go can be narrowed.
void check_narrowed(const Doc& before, const Doc& after, Complaints& out) {
  const Doc *was = get(before, {"spec", "nodeSelector"}), *is = get(after, {"spec", "nodeSelector"});
  const auto kept = [&](const Doc::Member& m) {
    const Doc* value = get(is, m.key);
    return value != nullptr && value->same_as(m.value);
  };
  if (was != nullptr && !std::all_of(was->members.begin(), was->members.end(), kept))
    out.invalid("spec.nodeSelector", is, "only additions to spec.nodeSelector are allowed (no mutations or deletions)");

  const std::initializer_list<std::string_view> kTerms = {"spec", "affinity", "nodeAffinity", kRequired,
                                                          "nodeSelectorTerms"};
  const std::vector<Doc>&old_terms = items(get(before, kTerms)), &terms = items(get(after, kTerms));
  const std::string path = fmt::format("spec.affinity.nodeAffinity.{}.nodeSelectorTerms", kRequired);
  if (old_terms.empty()) return;
  if (old_terms.size() != terms.size())
    return out.invalid(path, get(after, kTerms),
                       "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
  for (std::size_t i = 0; i < terms.size(); ++i)
    if (!has_only_additions(terms[i], old_terms[i]))
      out.invalid(fmt::format("{}[{}]", path, i), &terms[i], "only additions are allowed (no mutations or deletions)");
}

/// The spec without what has been looked at.
Doc rest_of_pod(const Doc& pod, bool gated, bool grace_may_change) {
  Doc spec = *pod.find("spec");
  for (const char* key : {"activeDeadlineSeconds", "tolerations", "schedulingGates"}) spec.erase(key);
  if (grace_may_change) spec.erase("terminationGracePeriodSeconds");
  for (const char* list : {"containers", "initContainers"})
    if (Doc* containers = spec.find(list); containers != nullptr)
      for (Doc& c : containers->items) c.erase("image");
  if (!gated) return spec;
  spec.erase("nodeSelector");
  if (Doc* affinity = spec.find("affinity"); affinity != nullptr) {
    affinity->erase("nodeAffinity");
    if (is_empty(affinity)) spec.erase("affinity");
  }
  return spec;
}

void check_pod(const Doc& before, const Doc& after, Complaints& out) {
  for (const char* list : {"containers", "initContainers"}) {
    if (items(get(before, {"spec", list})).size() == items(get(after, {"spec", list})).size()) continue;
    return out.forbidden(fmt::format("spec.{}", list), "pod updates may not add or remove containers");
  }
  check_deadline(before, after, out);
  check_tolerations(before, after, out);
  check_gates(before, after, out);
  const bool gated = !items(get(before, {"spec", "schedulingGates"})).empty();
  if (gated) check_narrowed(before, after, out);
  const std::int64_t grace = before.find("spec")->int_or("terminationGracePeriodSeconds", 0);
  const bool at_once = grace < 0 && after.find("spec")->int_or("terminationGracePeriodSeconds", 0) == 1;
  if (rest_of_pod(before, gated, at_once).same_as(rest_of_pod(after, gated, at_once))) return;
  out.forbidden("spec",
                "pod updates may not change fields other than "
                "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` "
                "(allow it to be set to 1 if it was previously negative)");
}

// ---- Volumes. Source: ValidatePersistentVolumeUpdate, ValidatePersistentVolumeClaimUpdate.

void check_volume(const Doc& before, const Doc& after, Complaints& out) {
  if (!same(before, after, {"spec", "volumeMode"}))
    out.invalid("volumeMode", get(after, {"spec", "volumeMode"}), "field is immutable");
  // The labels of zones and regions have newer names, which may take the place of the old ones.
  const auto renamed = [](const Doc* affinity) {
    std::string text = affinity == nullptr ? "" : model::to_canonical_json(*affinity);
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"\"failure-domain.beta.kubernetes.io/zone\"", "\"topology.kubernetes.io/zone\""},
        {"\"failure-domain.beta.kubernetes.io/region\"", "\"topology.kubernetes.io/region\""},
        {"\"beta.kubernetes.io/os\"", "\"kubernetes.io/os\""},
        {"\"beta.kubernetes.io/arch\"", "\"kubernetes.io/arch\""},
        {"\"beta.kubernetes.io/instance-type\"", "\"node.kubernetes.io/instance-type\""}};
    for (const auto& [old, name] : kNames)
      for (std::size_t at = text.find(old); at != std::string::npos; at = text.find(old, at + name.size()))
        text.replace(at, old.size(), name);
    return text;
  };
  const Doc *was = get(before, {"spec", "nodeAffinity"}), *is = get(after, {"spec", "nodeAffinity"});
  if (was != nullptr && !same(was, is) && (is == nullptr || renamed(was) != renamed(is)))
    out.invalid("nodeAffinity", is, "field is immutable, except for updating from beta label to GA");
}

/// What of a claim may change: its volume once, its class once, and what a bound claim asks for.
void check_claim(const Doc& before, const Doc& after, Complaints& out) {
  Doc was = before, is = after;
  const auto is_bound = [](const Doc& doc) {
    const Doc* phase = get(doc, {"status", "phase"});
    return phase != nullptr && phase->text == "Bound";
  };
  const bool bound = is_bound(before) || is_bound(after);
  const auto both = [&](auto&& change) {
    for (Doc* doc : {&was, &is}) change((*doc)["spec"]);
  };
  for (const char* once : {"volumeName", "storageClassName"})
    if (get(before, {"spec", once}) == nullptr) both([&](Doc& spec) { spec.erase(once); });
  if (bound) {
    both([](Doc& spec) {
      spec.erase("volumeAttributesClassName");
      if (Doc* requests = spec["resources"].find("requests"); requests != nullptr) requests->erase("storage");
    });
  }
  if (!same(was, is, {"spec"}))
    out.forbidden("spec",
                  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
                  "claims");
}

// ---- Configuration. Source: ValidateConfigMapUpdate, ValidateSecretUpdate.

void check_configuration(Kind kind, const Doc& before, const Doc& after, Complaints& out) {
  if (kind == Kind::Secret && !same(before, after, {"type"}))
    out.invalid("type", get(after, {"type"}), "field is immutable");
  if (!before.bool_or("immutable", false)) return;
  constexpr std::string_view kDetail = "field is immutable when `immutable` is set";
  if (!after.bool_or("immutable", false)) out.forbidden("immutable", kDetail);
  if (!same(before, after, {"data"})) out.forbidden("data", kDetail);
  if (kind == Kind::ConfigMap && !same(before, after, {"binaryData"})) out.forbidden("binaryData", kDetail);
}

// ---- Nodes. Source: ValidateNodeUpdate.

std::vector<std::string> pod_cidrs(const Doc& node) {
  std::vector<std::string> out;
  for (const Doc& cidr : items(get(node, {"spec", "podCIDRs"}))) out.push_back(cidr.text);
  const Doc* first = get(node, {"spec", "podCIDR"});
  if (first != nullptr && !first->text.empty() && (out.empty() || out.front() != first->text)) out = {first->text};
  return out;
}

void check_node(const Doc& before, const Doc& after, Complaints& out) {
  const std::vector<std::string> was = pod_cidrs(before), is = pod_cidrs(after);
  constexpr std::string_view kRanges = "node updates may not change podCIDR except from \"\" to valid";
  if (!was.empty() && was.size() != is.size()) {
    out.forbidden("spec.podCIDRs", kRanges);
  } else {
    for (std::size_t i = 0; i < was.size(); ++i)
      if (was[i] != is[i]) out.forbidden("spec.podCIDRs", kRanges);
  }
  const Doc *old_id = get(before, {"spec", "providerID"}), *id = get(after, {"spec", "providerID"});
  if (old_id != nullptr && !old_id->text.empty() && (id == nullptr || id->text != old_id->text))
    out.forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
}

}  // namespace

void keep_default_tolerations(const ClusterView& view, const Doc& before, Doc& pod) {
  if (same(before, pod, {"spec", "tolerations"})) return;
  Doc spec = Doc::object();
  if (const Doc* tolerations = get(pod, {"spec", "tolerations"}); tolerations != nullptr)
    spec["tolerations"] = *tolerations;
  state::admit_pod_spec(view.state(), spec);
  pod["spec"]["tolerations"] = spec["tolerations"];
}

Refusal check_immutable_spec(Kind kind, std::string_view name, const Doc& before, const Doc& after) {
  const std::string group = kind == Kind::VolumeAttachment ? ".storage.k8s.io" : "";
  Complaints out(fmt::format("{}{} \"{}\"", model::kind_info(kind).name, group, name));
  switch (kind) {
    case Kind::Pod:
      check_pod(before, after, out);
      break;
    case Kind::PersistentVolume:
      check_volume(before, after, out);
      break;
    case Kind::PersistentVolumeClaim:
      check_claim(before, after, out);
      break;
    case Kind::ConfigMap:
    case Kind::Secret:
      check_configuration(kind, before, after, out);
      break;
    case Kind::Node:
      check_node(before, after, out);
      break;
    case Kind::VolumeAttachment:  // ValidateVolumeAttachmentUpdate
      if (!same(before, after, {"spec"})) out.invalid("spec", get(after, {"spec"}), "field is immutable");
      break;
    default:
      break;
  }
  return out.refusal();
}

}  // namespace wavetank::decide::detail
