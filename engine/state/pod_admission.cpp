#include "engine/state/pod_admission.h"

#include "engine/model/decode.h"
#include "engine/state/limits.h"
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

/// Whether `t` adds nothing where `other` is (tolerations.isSuperset).
bool is_covered(const model::Doc& t, const model::Doc& other) {
  if (t.same_as(other)) return true;
  const std::string_view op = other.string_or("operator");
  const bool exists = op == "Exists";
  if (t.string_or("key") != other.string_or("key") && !(other.string_or("key").empty() && exists)) return false;
  if (t.string_or("effect") != other.string_or("effect") && !other.string_or("effect").empty()) return false;
  if (other.string_or("effect") == "NoExecute" && other.find("tolerationSeconds") != nullptr &&
      (t.find("tolerationSeconds") == nullptr ||
       t.int_or("tolerationSeconds", 0) > other.int_or("tolerationSeconds", 0)))
    return false;
  if (exists) return true;
  const std::string_view own = t.string_or("operator");
  return (own == "Equal" || own.empty()) && t.string_or("value") == other.string_or("value");
}

/// tolerations.MergeTolerations
void merge_tolerations(model::Doc& into, const std::vector<model::Doc>& more) {
  std::vector<model::Doc> all = into.items;
  all.insert(all.end(), more.begin(), more.end());
  std::vector<model::Doc> merged;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool covered = false;
    for (const model::Doc& other : merged) covered = covered || is_covered(all[i], other);
    for (std::size_t k = i + 1; k < all.size() && !covered; ++k)
      covered = !all[i].same_as(all[k]) && is_covered(all[i], all[k]);
    if (!covered) merged.push_back(all[i]);
  }
  into.items = std::move(merged);
}

/// The admission plugin RuntimeClass, as far as it writes.
void apply_runtime_class(const ClusterState& state, model::Doc& spec) {
  const RuntimeClassRow* row = find_runtime_class(state, spec.string_or("runtimeClassName"));
  if (row == nullptr) return;
  if (row->spec.overhead) {
    model::Doc overhead = model::Doc::object();
    for (const auto& [name, q] : *row->spec.overhead) overhead[name] = model::Doc::string(q.text());
    spec["overhead"] = std::move(overhead);
  }
  if (!row->spec.has_scheduling) return;
  for (const auto& [key, value] : row->spec.node_selector) spec["nodeSelector"][key] = model::Doc::string(value);
  merge_tolerations(spec["tolerations"], row->spec.tolerations);
}

}  // namespace

void admit_pod(const ClusterState& state, base::Sym ns, model::Doc& pod) {
  apply_limits(state, ns, pod);
  model::Doc& spec = pod["spec"];
  if (spec.string_or("priorityClassName").empty()) {
    if (const PriorityClassRow* priority = find_priority_class(state, ""); priority != nullptr)
      spec["priorityClassName"] = model::Doc::string(state.symbols.text(priority->header.name));
  }
  admit_pod_spec(state, spec);
  apply_runtime_class(state, spec);
}

const RuntimeClassRow* find_runtime_class(const ClusterState& state, std::string_view name) {
  const base::Sym sym = name.empty() ? base::Sym() : state.symbols.find(name);
  if (!sym.valid()) return nullptr;
  const auto found = state.by_name.find({name_kind(model::Kind::RuntimeClass), base::Sym(0U), sym});
  return found == state.by_name.end() ? nullptr : &state.runtime_classes[found->second];
}

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
