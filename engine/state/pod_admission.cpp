#include "engine/state/pod_admission.h"

#include "engine/model/decode.h"
#include "engine/state/tables.h"

namespace wavetank::state {

namespace {

constexpr std::string_view kNotReady = "node.kubernetes.io/not-ready";
constexpr std::string_view kUnreachable = "node.kubernetes.io/unreachable";

/// Whether a toleration in the list already speaks for NoExecute taints of this key.
bool tolerates_key(const model::Doc& tolerations, std::string_view key) {
  for (const model::Doc& t : tolerations.items) {
    const std::string_view its_key = t.string_or("key"), effect = t.string_or("effect");
    if ((its_key == key || its_key.empty()) && (effect == "NoExecute" || effect.empty())) return true;
  }
  return false;
}

void add_toleration(model::Doc& tolerations, std::string_view key) {
  model::Doc t = model::Doc::object();
  t["effect"] = model::Doc::string("NoExecute");
  t["key"] = model::Doc::string(key);
  t["operator"] = model::Doc::string("Exists");
  t["tolerationSeconds"] = model::Doc::integer(300);
  tolerations.items.push_back(std::move(t));
}

}  // namespace

const PriorityClassRow* find_priority_class(const ClusterState& state, std::string_view name) {
  if (!name.empty()) {
    const base::Sym sym = state.symbols.find(name);
    if (!sym.valid()) return nullptr;
    const auto found = state.by_name.find({name_kind(model::Kind::PriorityClass), base::Sym(0U), sym});
    return found == state.by_name.end() ? nullptr : &state.priority_classes[found->second];
  }
  // Of several global defaults the one with the lowest value counts.
  const PriorityClassRow* best = nullptr;
  for (const PriorityClassRow& row : state.priority_classes)
    if (row.header.alive && row.spec.global_default && (best == nullptr || row.spec.value < best->spec.value))
      best = &row;
  return best;
}

std::string revision_hash(std::string_view template_doc, std::int32_t collisions) {
  if (collisions == 0) return template_hash(template_doc);
  return template_hash(std::string(template_doc) + std::to_string(collisions));
}

void admit_pod_spec(const ClusterState& state, model::Doc& spec) {
  model::Doc& tolerations = spec["tolerations"];
  if (!tolerations.is_array()) tolerations = model::Doc::array();
  const bool not_ready = tolerates_key(tolerations, kNotReady), unreachable = tolerates_key(tolerations, kUnreachable);
  if (!not_ready) add_toleration(tolerations, kNotReady);
  if (!unreachable) add_toleration(tolerations, kUnreachable);
  if (spec.string_or("serviceAccountName").empty()) spec["serviceAccountName"] = model::Doc::string("default");
  if (spec.find("serviceAccount") == nullptr)
    spec["serviceAccount"] = model::Doc::string(spec.string_or("serviceAccountName"));
  const PriorityClassRow* priority = find_priority_class(state, spec.string_or("priorityClassName"));
  if (priority != nullptr && spec.find("preemptionPolicy") == nullptr && !priority->spec.preempt_lower_priority)
    spec["preemptionPolicy"] = model::Doc::string("Never");
}

}  // namespace wavetank::state
