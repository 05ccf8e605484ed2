#include "engine/schedule/plugins/spread_constraints.h"

#include "engine/model/decode.h"

namespace wavetank::schedule {
namespace {

const std::vector<model::TopologySpreadConstraint>& system_constraints() {
  static const std::vector<model::TopologySpreadConstraint> both = [] {
    std::vector<model::TopologySpreadConstraint> out(2);
    out[0].topology_key = "kubernetes.io/hostname";
    out[0].max_skew = 3;
    out[1].topology_key = "topology.kubernetes.io/zone";
    out[1].max_skew = 5;
    for (auto& c : out) c.do_not_schedule = false;
    return out;
  }();
  return both;
}

void merge(model::LabelSelector& into, const model::LabelSelector& other) {
  for (const auto& [key, value] : other.match_labels) {
    const std::string* have = model::find_label(into.match_labels, key);
    if (have == nullptr) {
      model::set_label(into.match_labels, key, value);
    } else if (*have != value) {
      into.match_expressions.push_back({key, model::SelectorOp::In, {value}});
    }
  }
  into.match_expressions.insert(into.match_expressions.end(), other.match_expressions.begin(),
                                other.match_expressions.end());
}

/// The selector of a ReplicationController, from its document.
void merge_document_selector(const Cycle& c, const state::OtherRow& row, model::LabelSelector& into) {
  if (c.view.text(row.kind_name) != "ReplicationController" || c.view.text(row.api_version) != "v1") return;
  const auto doc = model::parse_json(row.header.doc, "");
  if (!doc) return;
  const model::Doc* labels = doc->at({"spec", "selector"});
  if (labels == nullptr || !labels->is_object()) return;
  model::LabelSelector read;
  for (const auto& m : labels->members) model::set_label(read.match_labels, m.key, m.value.text);
  merge(into, read);
}

/// The services that select the pod and its controller, and-ed.
model::LabelSelector default_selector(const Cycle& c) {
  model::LabelSelector out;
  const model::Labels& labels = c.pod_class.pod->labels;
  for (const state::ServiceRow& s : c.view->services) {
    if (!s.header.alive || s.spec.selector.empty() || c.view.text(s.header.ns) != c.pod_class.ns) continue;
    model::LabelSelector selector;
    selector.match_labels = s.spec.selector;
    if (selector.matches(labels)) merge(out, selector);
  }
  const event::Ref owner = c.pod_class.owner;
  if (!owner.valid()) return out;
  if (owner.kind == model::Kind::ReplicaSet) {
    const state::ReplicaSetRow& set = c.view.replica_set(owner.as<event::ReplicaSetId>());
    if (set.header.alive) merge(out, set.selector);
  } else if (owner.kind == model::Kind::StatefulSet) {
    const state::StatefulSetRow& set = c.view.stateful_set(owner.as<event::StatefulSetId>());
    if (set.header.alive) merge(out, set.spec.selector);
  } else if (owner.kind == model::Kind::Other) {
    const state::OtherRow& row = c.view->others[owner.row];
    if (row.header.alive) merge_document_selector(c, row, out);
  }
  return out;
}

/// The plugin merges matchLabelKeys itself, whether or not the API server already did.
std::optional<model::LabelSelector> own_selector(const model::TopologySpreadConstraint& k,
                                                 const model::Labels& labels) {
  model::LabelSelector keys;
  for (const std::string& key : k.match_label_keys) {
    if (const std::string* value = model::find_label(labels, key)) model::set_label(keys.match_labels, key, *value);
  }
  if (keys.empty()) return k.label_selector;
  if (k.label_selector) merge(keys, *k.label_selector);
  return keys;
}

}  // namespace

SpreadConstraints spread_constraints(const Cycle& c, const PodTopologySpreadArgs& args) {
  SpreadConstraints out;
  const auto& own = c.pod_class.spec().topology_spread_constraints;
  const auto& defaults = args.system_defaults ? system_constraints() : args.default_constraints;
  const bool use_defaults = own.empty();
  if (use_defaults && defaults.empty()) return out;
  out.system_defaults = use_defaults && args.system_defaults;
  model::LabelSelector selector;
  if (use_defaults) {
    selector = default_selector(c);
    if (selector.empty()) return out;
  }
  for (const model::TopologySpreadConstraint& k : use_defaults ? defaults : own) {
    SpreadConstraint s;
    s.topology_key = k.topology_key;
    s.max_skew = k.max_skew;
    s.min_domains = static_cast<std::uint32_t>(k.min_domains.value_or(1));
    s.selector = use_defaults ? std::optional(selector) : own_selector(k, c.pod_class.pod->labels);
    s.honor_affinity = k.honor_node_affinity;
    s.honor_taints = k.honor_node_taints;
    (k.do_not_schedule ? out.hard : out.soft).push_back(std::move(s));
  }
  return out;
}

}  // namespace wavetank::schedule
