#include "engine/state/quota_usage.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/model/doc.h"

namespace wavetank::state {

namespace {

using base::Quantity;
using model::Doc;
using model::Kind;

constexpr std::string_view kClassSuffix = ".storageclass.storage.k8s.io/";
constexpr std::array<std::string_view, 11> kPodResources = {"count/pods",
                                                            "cpu",
                                                            "memory",
                                                            "ephemeral-storage",
                                                            "requests.cpu",
                                                            "requests.memory",
                                                            "requests.ephemeral-storage",
                                                            "limits.cpu",
                                                            "limits.memory",
                                                            "limits.ephemeral-storage",
                                                            "pods"};

Quantity one() { return Quantity(1, Quantity::Format::DecimalSI); }

bool by_name(const Amounts::value_type& a, std::string_view name) { return a.first < name; }

/// The entry of that name, made if missing.
Quantity& amount(Amounts& list, std::string_view name) {
  auto at = std::lower_bound(list.begin(), list.end(), name, by_name);
  if (at == list.end() || at->first != name) at = list.insert(at, {std::string(name), Quantity()});
  return at->second;
}

void raise(Amounts& list, const Amounts& to) {
  for (const auto& [name, q] : to) {
    if (const Quantity* now = find_amount(list, name); now == nullptr || now->compare(q) < 0) amount(list, name) = q;
  }
}

}  // namespace

Amounts amounts_of(const Doc* list) {
  Amounts out;
  if (list == nullptr || !list->is_object()) return out;
  for (const Doc::Member& m : list->members) {
    if (const auto q = Quantity::parse(m.value.text)) amount(out, m.key) = *q;
  }
  return out;
}

namespace {

bool is_native(std::string_view name) {
  return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos;
}

}  // namespace

/// resourcehelper.PodRequests and PodLimits: containers and sidecars together, or the largest plain init container with
/// the sidecars before it; then the pod level, which replaces; then the overhead.
Amounts pod_total(const Doc& spec, const char* list, bool with_overhead) {
  Amounts total, sidecars, most;
  const auto containers = [&](const char* key) -> const std::vector<Doc>& {
    static const std::vector<Doc> none;
    const Doc* found = spec.find(key);
    return found == nullptr || !found->is_array() ? none : found->items;
  };
  for (const Doc& c : containers("containers")) total = add_amounts(total, amounts_of(c.at({"resources", list})));
  for (const Doc& c : containers("initContainers")) {
    const Amounts own = amounts_of(c.at({"resources", list}));
    if (c.string_or("restartPolicy") == "Always") {
      total = add_amounts(total, own);
      sidecars = add_amounts(sidecars, own);
      raise(most, sidecars);
    } else {
      raise(most, add_amounts(own, sidecars));
    }
  }
  raise(total, most);
  for (const auto& [name, q] : amounts_of(spec.at({"resources", list}))) {
    if (name == "cpu" || name == "memory" || name.starts_with("hugepages-")) amount(total, name) = q;
  }
  const bool is_limits = std::string_view(list) == "limits";
  if (!with_overhead) return total;
  for (const auto& [name, q] : amounts_of(spec.find("overhead"))) {
    if (!is_limits || find_amount(total, name) != nullptr) amount(total, name) = amount(total, name).plus(q);
  }
  return total;
}

namespace {

/// qos.GetPodQOS(pod) == BestEffort
bool is_best_effort(const Doc& spec) {
  const auto names_any = [](const Doc& holder) {
    for (const char* list : {"requests", "limits"}) {
      const Amounts amounts = amounts_of(holder.at({"resources", list}));
      for (const char* name : {"cpu", "memory"}) {
        const Quantity* q = find_amount(amounts, name);
        if (q != nullptr && !q->is_zero()) return true;
      }
    }
    return false;
  };
  if (names_any(spec)) return false;
  for (const char* key : {"containers", "initContainers"}) {
    const Doc* list = spec.find(key);
    if (list != nullptr && std::any_of(list->items.begin(), list->items.end(), names_any)) return false;
  }
  return true;
}

bool term_crosses_namespaces(const Doc& term) {
  const Doc* namespaces = term.find("namespaces");
  const Doc* selector = term.find("namespaceSelector");
  return (namespaces != nullptr && !namespaces->items.empty()) || (selector != nullptr && !selector->is_null());
}

bool crosses_namespaces(const Doc& spec) {
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    const Doc* required = spec.at({"affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"});
    const Doc* preferred = spec.at({"affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"});
    if (required != nullptr && std::any_of(required->items.begin(), required->items.end(), term_crosses_namespaces))
      return true;
    if (preferred == nullptr) continue;
    for (const Doc& weighted : preferred->items) {
      const Doc* term = weighted.find("podAffinityTerm");
      if (term != nullptr && term_crosses_namespaces(*term)) return true;
    }
  }
  return false;
}

bool name_matches(const model::ScopeRequirement& scope, std::string_view name) {
  const bool listed = std::find(scope.values.begin(), scope.values.end(), name) != scope.values.end();
  switch (scope.op) {
    case model::SelectorOp::In:
      return !name.empty() && listed;
    case model::SelectorOp::NotIn:
      return name.empty() || !listed;
    case model::SelectorOp::Exists:
      return !name.empty();
    default:
      return name.empty();
  }
}

bool pod_in_scope(const model::ScopeRequirement& scope, const Doc& spec) {
  const Doc* deadline = spec.find("activeDeadlineSeconds");
  const bool terminating = deadline != nullptr && !deadline->is_null();
  if (scope.scope == "Terminating") return terminating;
  if (scope.scope == "NotTerminating") return !terminating;
  if (scope.scope == "BestEffort") return is_best_effort(spec);
  if (scope.scope == "NotBestEffort") return !is_best_effort(spec);
  if (scope.scope == "PriorityClass") return name_matches(scope, spec.string_or("priorityClassName"));
  if (scope.scope == "CrossNamespacePodAffinity") return crosses_namespaces(spec);
  return false;
}

Amounts claim_usage(const Doc& doc) {
  Amounts out;
  amount(out, "persistentvolumeclaims") = one();
  const Doc* beta = doc.at({"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"});
  const Doc* named = doc.at({"spec", "storageClassName"});
  const std::string name = beta != nullptr ? beta->text : named != nullptr && !named->is_null() ? named->text : "";
  const std::string prefix = name + std::string(kClassSuffix);
  if (!name.empty()) amount(out, prefix + "persistentvolumeclaims") = one();
  const Amounts requests = amounts_of(doc.at({"spec", "resources", "requests"}));
  if (const Quantity* storage = find_amount(requests, "storage"); storage != nullptr) {
    amount(out, "requests.storage") = *storage;
    if (!name.empty()) amount(out, prefix + "requests.storage") = *storage;
  }
  return out;
}

Amounts service_usage(const Doc& doc) {
  Amounts out;
  amount(out, "services") = one();
  const Doc* spec = doc.find("spec");
  if (spec == nullptr) return out;
  const std::string_view type = spec->string_or("type");
  const Doc* ports = spec->find("ports");
  const std::size_t count = ports == nullptr ? 0 : ports->items.size();
  std::size_t node_ports = type == "NodePort" ? count : 0;
  if (type == "LoadBalancer") {
    amount(out, "services.loadbalancers") = one();
    node_ports = count;
    if (!spec->bool_or("allocateLoadBalancerNodePorts", true)) {
      node_ports = static_cast<std::size_t>(std::count_if(
          ports->items.begin(), ports->items.end(), [](const Doc& port) { return port.int_or("nodePort", 0) != 0; }));
    }
  }
  if (node_ports > 0)
    amount(out, "services.nodeports") = Quantity(static_cast<std::int64_t>(node_ports), Quantity::Format::DecimalSI);
  return out;
}

/// Kinds that quotas knew by a name before count/….
bool has_old_name(Kind kind) { return kind == Kind::ConfigMap || kind == Kind::Secret || kind == Kind::ResourceQuota; }

Doc parsed(const std::string& text) {
  auto doc = model::parse_json(text, "");
  return doc ? std::move(*doc) : Doc::object();
}

}  // namespace

const base::Quantity* find_amount(const Amounts& list, std::string_view name) {
  const auto at = std::lower_bound(list.begin(), list.end(), name, by_name);
  return at == list.end() || at->first != name ? nullptr : &at->second;
}

Amounts add_amounts(const Amounts& a, const Amounts& b) {
  Amounts out = a;
  for (const auto& [name, q] : b) {
    const Quantity* now = find_amount(out, name);
    const Quantity sum = now == nullptr ? q : now->plus(q);
    amount(out, name) = sum;
  }
  return out;
}

Amounts subtract_amounts(const Amounts& a, const Amounts& b) {
  Amounts out;
  for (const auto& [name, q] : a) {
    const Quantity* less = find_amount(b, name);
    const Quantity rest = less == nullptr ? q : q.minus(*less);
    amount(out, name) = rest.is_negative() ? Quantity() : rest;
  }
  return out;
}

Amounts mask_amounts(const Amounts& list, const Amounts& names) {
  Amounts out;
  for (const auto& entry : list) {
    if (find_amount(names, entry.first) != nullptr) out.push_back(entry);
  }
  return out;
}

bool same_amounts(const Amounts& a, const Amounts& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && x.second.compare(y.second) == 0; });
}

std::string quota_resource(Kind kind) {
  const model::KindInfo& info = model::kind_info(kind);
  const std::string_view version = info.api_version;
  const std::size_t slash = version.find('/');
  std::string name = info.plural;
  if (slash != std::string_view::npos) (name += '.') += version.substr(0, slash);
  return name;
}

std::string quota_resource(std::string_view api_version, std::string_view kind_name) {
  std::string name(kind_name);
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (name.ends_with('y')) {
    name.replace(name.size() - 1, 1, "ies");
  } else if (!name.ends_with("endpoints")) {
    name += name.ends_with('s') ? "es" : "s";
  }
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? name : name + "." + std::string(api_version.substr(0, slash));
}

bool quota_counts(Kind kind, std::string_view name) {
  if (kind == Kind::Other) {
    if (!name.starts_with("count/")) return false;
    for (int k = 0; k < model::kKindCount; ++k)
      if (k != static_cast<int>(Kind::Other) && name.substr(6) == quota_resource(static_cast<Kind>(k))) return false;
    return true;
  }
  if (kind == Kind::Pod) {
    if (std::find(kPodResources.begin(), kPodResources.end(), name) != kPodResources.end()) return true;
    return name.starts_with("hugepages-") || name.starts_with("requests.hugepages-") ||
           (!is_native(name) && name.starts_with("requests."));
  }
  if (name.starts_with("count/")) return name.substr(6) == quota_resource(kind);
  if (kind == Kind::PersistentVolumeClaim) {
    const std::size_t at = name.find(kClassSuffix);
    const std::string_view rest = at == std::string_view::npos ? name : name.substr(at + kClassSuffix.size());
    return rest == "persistentvolumeclaims" || rest == "requests.storage";
  }
  if (kind == Kind::Service)
    return name == "services" || name == "services.nodeports" || name == "services.loadbalancers";
  return has_old_name(kind) && name == model::kind_info(kind).plural;
}

Amounts pod_usage(const Doc& spec) {
  Amounts out;
  amount(out, "count/pods") = one();
  amount(out, "pods") = one();
  for (const auto& [name, q] : pod_total(spec, "requests", true)) {
    const std::string requests = "requests." + name;
    const bool plain =
        name == "cpu" || name == "memory" || name == "ephemeral-storage" || name.starts_with("hugepages-");
    if (plain) amount(out, name) = q;
    if (plain || (!is_native(name) && !name.starts_with("requests."))) amount(out, requests) = q;
  }
  for (const auto& [name, q] : pod_total(spec, "limits", true)) {
    if (name == "cpu" || name == "memory" || name == "ephemeral-storage") amount(out, "limits." + name) = q;
  }
  return out;
}

Amounts object_usage(Kind kind, const Doc& doc) {
  if (kind == Kind::Pod) {
    const Doc* spec = doc.find("spec");
    return pod_usage(spec == nullptr ? Doc::object() : *spec);
  }
  Amounts out;
  if (kind == Kind::PersistentVolumeClaim) out = claim_usage(doc);
  if (kind == Kind::Service) out = service_usage(doc);
  if (has_old_name(kind)) amount(out, model::kind_info(kind).plural) = one();
  amount(out, "count/" + (kind == Kind::Other ? quota_resource(doc.string_or("apiVersion"), doc.string_or("kind"))
                                              : quota_resource(kind))) = one();
  return out;
}

bool in_scopes(const model::ResourceQuota& quota, Kind kind, const Doc& spec) {
  return std::all_of(quota.scopes.begin(), quota.scopes.end(), [&](const model::ScopeRequirement& scope) {
    if (kind == Kind::Pod) return pod_in_scope(scope, spec);
    return kind == Kind::PersistentVolumeClaim && scope.scope == "VolumeAttributesClass" &&
           name_matches(scope, spec.string_or("volumeAttributesClassName"));
  });
}

bool pod_is_charged(const ClusterView& view, PodId pod, SimTime& ends) {
  const Phase phase = view.pod_phase(pod);
  if (phase == Phase::Succeeded || phase == Phase::Failed) return false;
  if (!view.pod_terminating(pod)) return true;
  // deletionTimestamp is the end of the grace period; the quota waits for another one.
  const std::size_t i = pod.index();
  const SimTime end = view->pods.deletion[i] + base::seconds(std::int64_t{view->pods.grace_s[i]} * 2);
  if (view.now() > end) return false;
  ends = std::min(ends, end);
  return true;
}

namespace {

void add_pods(const ClusterView& view, const QuotaRow& quota, Amounts& used, SimTime& changes_at) {
  const std::size_t ns = quota.header.ns.index();
  if (ns >= view->templates_of_ns.size()) return;
  for (const TemplateId t : view->templates_of_ns[ns]) {
    const TemplateRow& row = view.pod_template(t);
    if (row.pods.empty()) continue;
    const Doc doc = parsed(row.doc);
    const Doc* spec = doc.find("spec");
    if (spec == nullptr || !in_scopes(quota.spec, Kind::Pod, *spec)) continue;
    const Amounts each = mask_amounts(pod_usage(*spec), used);
    Amounts ended;
    if (const base::Quantity* count = find_amount(each, "count/pods"); count != nullptr)
      ended = {{"count/pods", *count}};
    for (const PodId pod : row.pods) used = add_amounts(used, pod_is_charged(view, pod, changes_at) ? each : ended);
  }
}

}  // namespace

Amounts namespace_usage(const ClusterView& view, const QuotaRow& quota, SimTime& changes_at) {
  Amounts used;
  std::vector<Kind> kinds;
  for (int k = 0; k < model::kKindCount; ++k) {
    const auto kind = static_cast<Kind>(k);
    bool counts = false;
    if (kind != Kind::Other && !model::kind_info(kind).namespaced) continue;
    for (const auto& [name, q] : quota.spec.hard) {
      if (!quota_counts(kind, name)) continue;
      counts = true;
      amount(used, name) = base::Quantity();
    }
    if (counts) kinds.push_back(kind);
  }
  for (const Kind kind : kinds) {
    if (kind == Kind::Pod) {
      add_pods(view, quota, used, changes_at);
      continue;
    }
    view.for_headers([&](Ref ref, const Header& header) {
      if (ref.kind != kind || !header.alive || header.ns != quota.header.ns) return;
      const bool is_read = kind == Kind::Service || kind == Kind::PersistentVolumeClaim || kind == Kind::Other;
      const Doc doc = is_read ? parsed(header.doc) : Doc::object();
      const Doc* spec = doc.find("spec");
      if (!in_scopes(quota.spec, kind, spec == nullptr ? Doc::object() : *spec)) return;
      used = add_amounts(used, mask_amounts(object_usage(kind, doc), used));
    });
  }
  return used;
}

}  // namespace wavetank::state
