#include "engine/decide/quota.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/model/decode.h"
#include "engine/state/limits.h"
#include "engine/state/pod_admission.h"
#include "engine/state/quota_usage.h"

namespace wavetank::decide::detail {

namespace {

using model::Doc;
using model::Kind;
using state::Amounts;

Refusal forbid(const std::string& resource, std::string_view name, std::string_view why) {
  return Rejection{"Forbidden", fmt::format("{} \"{}\" is forbidden: {}", resource, name, why)};
}
Refusal forbid(Kind kind, std::string_view name, std::string_view why) {
  return forbid(resource_name(kind), name, why);
}

std::string shown(const Amounts& list) {
  std::string out;
  for (const auto& [name, q] : list) out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, q.text());
  return out;
}

std::string names_of(const Amounts& list) {
  std::string out;
  for (const auto& entry : list) (out += out.empty() ? "" : ",") += entry.first;
  return out;
}

/// Those of a quota's limits that an object of the kind counts against, which takes `usage`.
Amounts limits_on(Kind kind, const Amounts& usage, const Amounts& hard) {
  if (kind == Kind::Other) return state::mask_amounts(hard, usage);
  Amounts out;
  for (const auto& entry : hard)
    if (state::quota_counts(kind, entry.first)) out.push_back(entry);
  return out;
}

/// "limits.cpu for: a,b; requests.cpu for: a": where cpu or memory is limited, each container has to say how much it
/// takes.
std::string missing_in_containers(const Amounts& limits, const Doc& spec) {
  std::string out;
  for (const auto& [name, unused] : limits) {
    const bool of_limits = name == "limits.cpu" || name == "limits.memory";
    if (!of_limits && name != "cpu" && name != "memory" && name != "requests.cpu" && name != "requests.memory")
      continue;
    const std::string resource = name.substr(name.find('.') + 1);  // npos + 1 is 0
    std::vector<std::string> without;
    for (const char* key : {"containers", "initContainers"}) {
      const Doc* list = spec.find(key);
      if (list == nullptr || !list->is_array()) continue;
      for (const Doc& c : list->items) {
        const Doc* amount = c.at({"resources", of_limits ? "limits" : "requests", resource});
        if (amount == nullptr) without.emplace_back(c.string_or("name"));
      }
    }
    std::sort(without.begin(), without.end());
    without.erase(std::unique(without.begin(), without.end()), without.end());
    if (!without.empty()) out += fmt::format("{}{} for: {}", out.empty() ? "" : "; ", name, fmt::join(without, ","));
  }
  return out;
}

Amounts without_zeros(const Amounts& list) {
  Amounts out;
  for (const auto& entry : list)
    if (!entry.second.is_zero()) out.push_back(entry);
  return out;
}

/// The quota's new usage, or the refusal.
Refusal charge(const std::string& resource_kind, std::string_view name, std::string_view quota,
               const event::QuotaStatus& status, const Amounts& delta, Amounts& used) {
  const Amounts requested = state::mask_amounts(delta, status.hard);
  used = state::add_amounts(status.used, requested);
  Amounts exceeded;
  for (const auto& [resource, q] : requested) {
    const base::Quantity* limit = state::find_amount(status.hard, resource);
    const base::Quantity* would = state::find_amount(used, resource);
    if (would->compare(*limit) > 0) exceeded.emplace_back(resource, q);
  }
  if (exceeded.empty()) return granted();
  return forbid(resource_kind, name,
                fmt::format("exceeded quota: {}, requested: {}, used: {}, limited: {}", quota, shown(exceeded),
                            shown(state::mask_amounts(status.used, exceeded)),
                            shown(state::mask_amounts(status.hard, exceeded))));
}

/// A pod is validated after LimitRanges have given it their defaults: a default limit may lie below its own request.
/// Source: https://kubernetes.io/docs/concepts/policy/limit-range/#limitrange-and-admission-checks-for-pods
Refusal check_defaulted(const ClusterView& view, std::string_view ns, std::string_view name, const Doc& doc) {
  if (!state::has_limits(view.state(), view->symbols.find(ns))) return granted();
  Doc pod = doc;
  pod["apiVersion"] = Doc::string("v1");
  pod["kind"] = Doc::string("Pod");
  pod["metadata"]["name"] = Doc::string(name);
  pod["metadata"]["namespace"] = Doc::string(ns);
  const auto admitted = model::admit(std::move(pod), "");
  return admitted ? granted() : invalid(Kind::Pod, "Pod", name, admitted.error());
}

bool has_quotas(const ClusterView& view, base::Sym ns) {
  return std::any_of(view->quotas.begin(), view->quotas.end(),
                     [&](const state::QuotaRow& row) { return row.header.alive && row.header.ns == ns; });
}

}  // namespace

bool is_bounded(const ClusterView& view, std::string_view ns) {
  if (view->quotas.empty() && view->limit_ranges.empty()) return false;
  const base::Sym sym = view->symbols.find(ns);
  return sym.valid() && (has_quotas(view, sym) || state::has_limits(view.state(), sym));
}

Refusal charge_quotas(const ClusterView& view, Kind kind, std::string_view ns, std::string_view name, const Doc& doc,
                      const Doc* before, Facts& facts) {
  if (view->quotas.empty() || ns.empty()) return granted();
  const base::Sym sym = view->symbols.find(ns);
  if (!sym.valid() || !has_quotas(view, sym)) return granted();
  const Doc* spec = doc.find("spec");
  const Doc nothing = Doc::object();
  if (spec == nullptr) spec = &nothing;
  Amounts usage = state::object_usage(kind, doc);
  if (before != nullptr) usage = state::subtract_amounts(usage, state::object_usage(kind, *before));
  const std::string resource = kind == Kind::Other
                                   ? state::quota_resource(doc.string_or("apiVersion"), doc.string_or("kind"))
                                   : resource_name(kind);
  std::vector<event::Payload> charged;
  for (std::size_t i = 0; i < view->quotas.size(); ++i) {
    const state::QuotaRow& quota = view->quotas[i];
    if (!quota.header.alive || quota.header.ns != sym || !state::in_scopes(quota.spec, kind, *spec)) continue;
    const Amounts limits = limits_on(kind, usage, quota.status.hard);
    if (limits.empty()) continue;
    const std::string_view quota_name = view.text(quota.header.name);
    if (kind == Kind::Pod) {
      const std::string missing = missing_in_containers(limits, *spec);
      if (!missing.empty())
        return forbid(kind, name, fmt::format("failed quota: {}: must specify {}", quota_name, missing));
    }
    if (state::mask_amounts(quota.status.used, limits).size() != limits.size())
      return forbid(resource, name,
                    fmt::format("status unknown for quota: {}, resources: {}", quota_name, names_of(limits)));
    const Amounts delta = without_zeros(usage);
    event::QuotaStatus status = quota.status;
    if (auto refused = charge(resource, name, quota_name, quota.status, delta, status.used)) return refused;
    if (!state::same_amounts(status.used, quota.status.used))
      charged.emplace_back(event::QuotaStatusChanged{event::QuotaId(i), std::move(status)});
  }
  for (event::Payload& fact : charged) facts.push_back(std::move(fact));
  return granted();
}

Refusal check_limits(const ClusterView& view, Kind kind, std::string_view ns, std::string_view name, const Doc& doc) {
  if (view->limit_ranges.empty()) return granted();
  const base::Sym sym = view->symbols.find(ns);
  if (!sym.valid()) return granted();
  const std::string violation = state::limit_violation(view.state(), sym, kind, doc);
  return violation.empty() ? granted() : forbid(kind, name, violation);
}

Refusal bound_new_object(const ClusterView& view, Kind kind, std::string_view ns, std::string_view name, const Doc& doc,
                         Facts& facts) {
  if (!is_bounded(view, ns)) return granted();
  if (kind == Kind::Pod)
    if (auto refused = check_defaulted(view, ns, name, doc)) return refused;
  if (kind == Kind::Pod || kind == Kind::PersistentVolumeClaim)
    if (auto refused = check_limits(view, kind, ns, name, doc)) return refused;
  return charge_quotas(view, kind, ns, name, doc, nullptr, facts);
}

Refusal check_runtime_class(const ClusterView& view, std::string_view name, const Doc& spec) {
  const std::string_view class_name = spec.string_or("runtimeClassName");
  const Doc* overhead = spec.find("overhead");
  const bool has_overhead = overhead != nullptr && overhead->is_object();
  const state::RuntimeClassRow* row = state::find_runtime_class(view.state(), class_name);
  if (row == nullptr && !class_name.empty())
    return forbid(Kind::Pod, name, fmt::format("pod rejected: RuntimeClass \"{}\" not found", class_name));
  if (row == nullptr || !row->spec.overhead) {
    if (!has_overhead) return granted();
    return forbid(Kind::Pod, name,
                  "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  }
  if (has_overhead && !state::same_amounts(state::amounts_of(overhead), *row->spec.overhead))
    return forbid(Kind::Pod, name, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  const Doc* selector = spec.find("nodeSelector");
  for (const auto& [key, value] : row->spec.node_selector) {
    const Doc* own = selector == nullptr ? nullptr : selector->find(key);
    if (own != nullptr && own->text != value)
      return forbid(
          Kind::Pod, name,
          fmt::format("conflict: runtimeClass.scheduling.nodeSelector[{}] = {}; pod.spec.nodeSelector[{}] = {}", key,
                      value, key, own->text));
  }
  return granted();
}

}  // namespace wavetank::decide::detail
