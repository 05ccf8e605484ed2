#include "engine/control/daemon_set_math.h"

#include <algorithm>

namespace wavetank::control {
namespace {

using model::TaintEffect;
using model::Toleration;

struct Added {
  std::string_view key;
  TaintEffect effect;
  bool host_network_only;
};
constexpr Added kAdded[] = {
    {"node.kubernetes.io/not-ready", TaintEffect::NoExecute, false},
    {"node.kubernetes.io/unreachable", TaintEffect::NoExecute, false},
    {"node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule, false},
    {"node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule, false},
    {"node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule, false},
    {"node.kubernetes.io/unschedulable", TaintEffect::NoSchedule, false},
    {"node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule, true},
};
constexpr std::string_view kNodeName = "metadata.name";

bool required_affinity_matches(const model::PodSpec& spec, std::string_view node_name, const model::Labels& labels) {
  for (const auto& [key, value] : spec.node_selector) {
    const std::string* have = model::find_label(labels, key);
    if (have == nullptr || *have != value) return false;
  }
  if (!spec.affinity.node || !spec.affinity.node->required) return true;
  const auto field_matches = [&](const model::Requirement& r) {
    if (r.key != kNodeName) return false;
    const bool named = std::find(r.values.begin(), r.values.end(), node_name) != r.values.end();
    return r.op == model::SelectorOp::In ? named : r.op == model::SelectorOp::NotIn && !named;
  };
  const auto term_matches = [&](const model::NodeSelectorTerm& term) {
    if (term.match_expressions.empty() && term.match_fields.empty()) return false;
    return std::all_of(term.match_expressions.begin(), term.match_expressions.end(),
                       [&](const model::Requirement& r) { return r.matches(labels); }) &&
           std::all_of(term.match_fields.begin(), term.match_fields.end(), field_matches);
  };
  const auto& terms = *spec.affinity.node->required;
  return std::any_of(terms.begin(), terms.end(), term_matches);
}

bool tolerated(const model::Taint& taint, const std::vector<Toleration>& tolerations) {
  return std::any_of(tolerations.begin(), tolerations.end(), [&](const Toleration& t) { return t.tolerates(taint); });
}

std::string_view effect_word(TaintEffect effect) {
  return effect == TaintEffect::NoExecute ? "NoExecute" : "NoSchedule";
}

/// Toleration.MatchToleration: the same but for tolerationSeconds.
bool same_toleration(const Toleration& t, const Added& added) {
  return t.key == added.key && t.effect == added.effect && t.op == Toleration::Op::Exists && t.value.empty();
}

}  // namespace

std::vector<Toleration> daemon_tolerations(const model::PodSpec& spec) {
  std::vector<Toleration> out = spec.tolerations;
  for (const Added& added : kAdded) {
    if (added.host_network_only && !spec.host_network) continue;
    Toleration wanted;
    wanted.key = added.key;
    wanted.op = Toleration::Op::Exists;
    wanted.effect = added.effect;
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const Toleration& t) { return same_toleration(t, added); });
    if (same == out.end()) {
      out.push_back(std::move(wanted));
    } else {
      *same = std::move(wanted);
    }
  }
  return out;
}

DaemonFit daemon_fit(const model::PodSpec& spec, const std::vector<Toleration>& tolerations, std::string_view node_name,
                     const model::Labels& labels, const std::vector<model::Taint>& taints) {
  if (!spec.node_name.empty() && spec.node_name != node_name) return {false, false};
  if (!required_affinity_matches(spec, node_name, labels)) return {false, false};
  DaemonFit fit{true, true};
  for (const model::Taint& taint : taints) {
    if (taint.effect == TaintEffect::PreferNoSchedule || tolerated(taint, tolerations)) continue;
    fit.should_run = false;
    if (taint.effect == TaintEffect::NoExecute) fit.should_continue = false;
  }
  return fit;
}

model::Doc daemon_pod_doc(const model::Doc& tmpl, std::string_view hash, std::string_view generation) {
  using model::Doc;
  Doc pod = tmpl;
  if (!generation.empty()) pod["metadata"]["labels"]["pod-template-generation"] = Doc::string(generation);
  pod["metadata"]["labels"]["controller-revision-hash"] = Doc::string(hash);
  Doc& spec = pod["spec"];
  Doc& list = spec["tolerations"];
  if (!list.is_array()) list = Doc::array();
  for (const Added& added : kAdded) {
    if (added.host_network_only && !spec.bool_or("hostNetwork", false)) continue;
    Doc wanted = Doc::object();
    wanted["effect"] = Doc::string(effect_word(added.effect));
    wanted["key"] = Doc::string(added.key);
    wanted["operator"] = Doc::string("Exists");
    const auto same = std::find_if(list.items.begin(), list.items.end(), [&](const Doc& t) {
      return t.string_or("key") == added.key && t.string_or("effect") == effect_word(added.effect) &&
             t.string_or("operator") == "Exists" && t.string_or("value").empty();
    });
    if (same == list.items.end()) {
      list.items.push_back(std::move(wanted));
    } else {
      *same = std::move(wanted);
    }
  }
  return pod;
}

void pin_to_node(model::Doc& pod, std::string_view node_name) {
  using model::Doc;
  Doc field = Doc::object();
  field["key"] = Doc::string(kNodeName);
  field["operator"] = Doc::string("In");
  field["values"] = Doc::array();
  field["values"].items.push_back(Doc::string(node_name));
  Doc term = Doc::object();
  term["matchFields"] = Doc::array();
  term["matchFields"].items.push_back(std::move(field));
  Doc terms = Doc::array();
  terms.items.push_back(std::move(term));
  pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
      std::move(terms);
}

std::string_view target_node_name(const model::PodSpec& spec) {
  if (!spec.affinity.node || !spec.affinity.node->required) return "";
  for (const model::NodeSelectorTerm& term : *spec.affinity.node->required) {
    for (const model::Requirement& r : term.match_fields) {
      if (r.key == kNodeName && r.op == model::SelectorOp::In && r.values.size() == 1) return r.values.front();
    }
  }
  return "";
}

DaemonLimits daemon_limits(const model::DaemonSet& spec, std::int32_t desired) {
  if (spec.on_delete) return {};
  DaemonLimits out{spec.max_surge.scaled(desired, true), spec.max_unavailable.scaled(desired, true)};
  if (desired > 0 && out.surge == 0 && out.unavailable == 0) out.unavailable = 1;
  return out;
}

bool allows_surge(const model::DaemonSet& spec) { return !spec.on_delete && spec.max_surge.scaled(1, true) > 0; }

}  // namespace wavetank::control
