#include "engine/state/limits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/model/doc.h"
#include "engine/state/quota_usage.h"

namespace wavetank::state {

namespace {

using base::Quantity;
using model::Doc;
using model::Kind;
using Item = model::LimitRange::Item;

constexpr const char* kNote = "kubernetes.io/limit-ranger";

template <class F>
void for_limits(const ClusterState& state, Sym ns, F&& f) {
  for (const LimitRangeRow& row : state.limit_ranges) {
    if (row.header.alive && row.header.ns == ns) f(row.spec);
  }
}

/// "cpu, memory request for container web", as far as something was missing.
void fill(Doc& container, const char* list, const Amounts& defaults, std::string_view what, std::string_view which,
          std::vector<std::string>& notes) {
  std::string set;
  for (const auto& [name, q] : defaults) {
    Doc& amounts = container["resources"][list];
    if (!amounts.is_object()) amounts = Doc::object();
    if (amounts.find(name) != nullptr) continue;
    amounts[name] = Doc::string(q.text());
    (set += set.empty() ? "" : ", ") += name;
  }
  if (!set.empty()) notes.push_back(fmt::format("{} {} for {} {}", set, what, which, container.string_or("name")));
}

void apply(const model::LimitRange& limits, Doc& pod) {
  Amounts requests, bounds;
  for (const Item& item : limits.items) {
    if (item.type != "Container") continue;
    requests = item.default_request;  // one item a type
    bounds = item.defaults;
  }
  if (requests.empty() && bounds.empty()) return;
  std::vector<std::string> notes;
  for (const auto& [key, which] :
       {std::pair("containers", "container"), std::pair("initContainers", "init container")}) {
    Doc* list = pod["spec"].find(key);
    if (list == nullptr || !list->is_array()) continue;
    for (Doc& container : list->items) {
      fill(container, "requests", requests, "request", which, notes);
      fill(container, "limits", bounds, "limit", which, notes);
    }
  }
  if (notes.empty()) return;
  pod["metadata"]["annotations"][kNote] =
      Doc::string(fmt::format("LimitRanger plugin set: {}", fmt::join(notes, "; ")));
}

/// A request and a limit beside what is allowed.
struct Asked {
  const Quantity *request = nullptr, *limit = nullptr;
};

class Check {
 public:
  explicit Check(std::vector<std::string>& errors) : errors_(errors) {}

  void all(const Item& item, const Amounts& requests, const Amounts& limits) {
    for (const auto& [name, q] : item.min) min(item.type, name, q, asked(name, requests, limits));
    for (const auto& [name, q] : item.max) max(item.type, name, q, asked(name, requests, limits));
    for (const auto& [name, q] : item.max_limit_request_ratio) ratio(item.type, name, q, asked(name, requests, limits));
  }
  void claim(const Item& item, const Amounts& requests) {
    for (const auto& [name, q] : item.min) min(item.type, name, q, asked(name, requests, {}));
    for (const auto& [name, q] : item.max) {
      const Quantity* request = find_amount(requests, name);
      const std::string head = fmt::format("maximum {} usage per {} is {}", name, item.type, q.text());
      if (request == nullptr) {
        errors_.push_back(head + ".  No request is specified");
      } else if (request->compare(q) > 0) {
        errors_.push_back(fmt::format("{}, but request is {}", head, request->text()));
      }
    }
  }

 private:
  static Asked asked(std::string_view name, const Amounts& requests, const Amounts& limits) {
    return {find_amount(requests, name), find_amount(limits, name)};
  }
  void min(std::string_view type, std::string_view name, const Quantity& q, Asked a) {
    const std::string head = fmt::format("minimum {} usage per {} is {}", name, type, q.text());
    if (a.request == nullptr) {
      errors_.push_back(head + ".  No request is specified");
    } else if (a.request->compare(q) < 0) {
      errors_.push_back(fmt::format("{}, but request is {}", head, a.request->text()));
    } else if (a.limit != nullptr && a.limit->compare(q) < 0) {
      errors_.push_back(fmt::format("{}, but limit is {}", head, a.limit->text()));
    }
  }
  void max(std::string_view type, std::string_view name, const Quantity& q, Asked a) {
    const std::string head = fmt::format("maximum {} usage per {} is {}", name, type, q.text());
    if (a.limit == nullptr) {
      errors_.push_back(head + ".  No limit is specified");
    } else if (a.limit->compare(q) > 0) {
      errors_.push_back(fmt::format("{}, but limit is {}", head, a.limit->text()));
    } else if (a.request != nullptr && a.request->compare(q) > 0) {
      errors_.push_back(fmt::format("{}, but request is {}", head, a.request->text()));
    }
  }
  void ratio(std::string_view type, std::string_view name, const Quantity& q, Asked a) {
    const std::string head = fmt::format("{} max limit to request ratio per {} is {}", name, type, q.text());
    if (a.request == nullptr || a.request->is_zero()) {
      errors_.push_back(head + ", but no request is specified or request is 0");
    } else if (a.limit == nullptr || a.limit->is_zero()) {
      errors_.push_back(head + ", but no limit is specified or limit is 0");
    } else {
      const double observed =
          static_cast<double>(a.limit->milli_value()) / static_cast<double>(a.request->milli_value());
      if (observed * 1000 > static_cast<double>(q.milli_value()))
        errors_.push_back(fmt::format("{}, but provided ratio is {:f}", head, observed));
    }
  }

  std::vector<std::string>& errors_;
};

void check_pod(const Item& item, const Doc& pod, Check& check) {
  const Doc* spec = pod.find("spec");
  if (spec == nullptr) return;
  if (item.type == "Pod")
    return check.all(item, pod_total(*spec, "requests", false), pod_total(*spec, "limits", false));
  if (item.type != "Container") return;
  for (const char* key : {"containers", "initContainers"}) {
    const Doc* list = spec->find(key);
    if (list == nullptr || !list->is_array()) continue;
    for (const Doc& c : list->items)
      check.all(item, amounts_of(c.at({"resources", "requests"})), amounts_of(c.at({"resources", "limits"})));
  }
}

}  // namespace

bool has_limits(const ClusterState& state, Sym ns) {
  return std::any_of(state.limit_ranges.begin(), state.limit_ranges.end(),
                     [&](const LimitRangeRow& row) { return row.header.alive && row.header.ns == ns; });
}

void apply_limits(const ClusterState& state, Sym ns, Doc& pod) {
  for_limits(state, ns, [&](const model::LimitRange& limits) { apply(limits, pod); });
}

std::string limit_violation(const ClusterState& state, Sym ns, Kind kind, const Doc& doc) {
  std::string out;
  for_limits(state, ns, [&](const model::LimitRange& limits) {
    if (!out.empty()) return;
    std::vector<std::string> errors;
    Check check(errors);
    for (const Item& item : limits.items) {
      if (kind == Kind::Pod) check_pod(item, doc, check);
      if (kind == Kind::PersistentVolumeClaim && item.type == "PersistentVolumeClaim")
        check.claim(item, amounts_of(doc.at({"spec", "resources", "requests"})));
    }
    std::vector<std::string> once;  // utilerrors.NewAggregate says each thing once
    for (std::string& e : errors)
      if (std::find(once.begin(), once.end(), e) == once.end()) once.push_back(std::move(e));
    if (!once.empty()) out = once.size() == 1 ? once.front() : fmt::format("[{}]", fmt::join(once, ", "));
  });
  return out;
}

}  // namespace wavetank::state
