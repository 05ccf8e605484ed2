#include "engine/conformance/trace_text.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "engine/conformance/tables.h"

namespace wavetank::conformance {
namespace {

using base::Duration;
using model::Doc;

template <class F>
void for_actions(const Doc& trace, F&& f) {
  const Doc* steps = trace.find("steps");
  if (steps == nullptr) return;
  for (const Doc& step : steps->items) {
    if (const Doc* action = step.find("do"); action != nullptr) f(*action, step);
  }
}

/// Every string of the document.
template <class F>
void for_strings(const Doc& doc, F&& f) {
  if (doc.is_string()) f(doc.text);
  for (const Doc& d : doc.items) for_strings(d, f);
  for (const Doc::Member& m : doc.members) for_strings(m.value, f);
}

void note(std::vector<std::string>& names, const Doc* d) {
  if (d == nullptr || !d->is_string() || d->text.empty()) return;
  if (std::find(names.begin(), names.end(), d->text) == names.end()) names.push_back(d->text);
}

/// The key by which elements of a list of this name are the same (API field tags patchMergeKey).
const char* merge_key(std::string_view list, const Doc& patch) {
  if (list == "ports") {
    const bool of_container = !patch.items.empty() && patch.items[0].find("containerPort") != nullptr;
    return of_container ? "containerPort" : "port";
  }
  if (list == "taints" || list == "tolerations") return "key";
  for (const char* named : {"containers", "initContainers", "volumes", "env", "volumeMounts", "imagePullSecrets"}) {
    if (list == named) return list == "volumeMounts" ? "mountPath" : "name";
  }
  return nullptr;
}

Doc merged(const Doc* live, const Doc& patch, std::string_view name);

Doc merged_list(const Doc* live, const Doc& patch, std::string_view key) {
  Doc out = live != nullptr && live->is_array() ? *live : Doc::array();
  for (const Doc& item : patch.items) {
    const Doc* id = item.is_object() ? item.find(key) : nullptr;
    const auto same = std::find_if(out.items.begin(), out.items.end(), [&](const Doc& x) {
      const Doc* other = x.is_object() ? x.find(key) : nullptr;
      return id != nullptr && other != nullptr && id->same_as(*other);
    });
    if (same != out.items.end()) {
      *same = merged(&*same, item, "");
    } else {
      out.items.push_back(item);
    }
  }
  return out;
}

/// `live` as the patch leaves it.
Doc merged(const Doc* live, const Doc& patch, std::string_view name) {
  if (patch.is_array() && merge_key(name, patch) != nullptr) return merged_list(live, patch, merge_key(name, patch));
  if (!patch.is_object()) return patch;
  Doc out = live != nullptr && live->is_object() ? *live : Doc::object();
  for (const Doc::Member& m : patch.members) {
    if (m.value.is_null()) {
      out.erase(m.key);
      continue;
    }
    Doc value = merged(out.find(m.key), m.value, m.key);
    out[m.key] = std::move(value);
  }
  return out;
}

}  // namespace

std::optional<Duration> seconds_of(const Doc& number) {
  if (number.type != Doc::Type::Int && number.type != Doc::Type::Float) return std::nullopt;
  double s = 0;
  std::from_chars(number.text.data(), number.text.data() + number.text.size(), s);
  if (!(s >= -1e6 && s <= 1e6)) return std::nullopt;
  return base::milliseconds(static_cast<std::int64_t>(s * 1000 + (s < 0 ? -0.5 : 0.5)));
}

std::int64_t int_of(const Doc* d) { return cell_int(d); }

std::vector<std::string> nodes_only_named(const Doc& trace) {
  std::vector<std::string> named, added;
  for_actions(trace, [&](const Doc& action, const Doc&) {
    const std::string_view op = action.string_or("op");
    if (op == "add-node") note(added, action.find("name"));
    if (op == "delete-node") note(named, action.find("name"));
    if (op == "patch" && action.string_or("kind") == "Node") note(named, action.find("name"));
    note(named, action.find("node"));
    note(named, action.find("nodeName"));
    for (const char* key : {"nodes", "pods"}) {
      const Doc* list = action.find(key);
      if (list == nullptr || !list->is_array()) continue;
      for (const Doc& item : list->items) {
        if (op == "add-nodes" && item.is_object()) note(added, item.find("name"));
        if (key == std::string_view("nodes") && item.is_string()) note(named, &item);
        if (item.is_object() && op != "add-nodes") note(named, item.find("nodeName"));
        if (item.is_array() && item.items.size() > 1) note(named, &item.items[1]);
      }
    }
    const Doc* args = action.find("args");
    if (args == nullptr || args->items.size() < 2) return;
    const std::string_view verb = args->items[0].text;
    if (verb == "drain" || verb == "cordon" || verb == "uncordon") {
      for (std::size_t i = 1; i < args->items.size(); ++i) {
        if (args->items[i].text.rfind("-", 0) != 0) note(named, &args->items[i]);
      }
    }
    if (verb == "taint" && args->items.size() > 2) note(named, &args->items[2]);
  });
  std::erase_if(named, [&](const std::string& n) { return std::find(added.begin(), added.end(), n) != added.end(); });
  return named;
}

std::vector<Doc> quotas_only_named(const Doc& trace) {
  std::vector<Doc> out;
  std::set<std::string> known;
  for_actions(trace, [&](const Doc& action, const Doc&) {
    const Doc* manifests = action.find("manifests");
    if (manifests == nullptr) return;
    for (const Doc& m : manifests->items) {
      const Doc* name = m.at({"metadata", "name"});
      if (m.string_or("kind") == "ResourceQuota" && name != nullptr) known.insert(name->text);
    }
  });
  for_strings(trace, [&](const std::string& text) {
    constexpr std::string_view kBegin = "exceeded quota: ", kLimited = "limited: ";
    const std::size_t begin = text.find(kBegin), limited = text.find(kLimited);
    if (begin == std::string::npos || limited == std::string::npos) return;
    const std::size_t from = begin + kBegin.size();
    const std::string name = text.substr(from, text.find(',', from) - from);
    if (!known.insert(name).second) return;
    Doc quota = Doc::object();
    quota["apiVersion"] = Doc::string("v1");
    quota["kind"] = Doc::string("ResourceQuota");
    quota["metadata"]["name"] = Doc::string(name);
    quota["spec"]["hard"] = Doc::object();
    std::string_view rest = std::string_view(text).substr(limited + kLimited.size());
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view item = rest.substr(0, end);
      if (const std::size_t equals = item.find('='); equals != std::string_view::npos)
        quota["spec"]["hard"][item.substr(0, equals)] = Doc::string(item.substr(equals + 1));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    out.push_back(std::move(quota));
  });
  return out;
}

base::SimTime begin_within_minute(const Doc& trace) {
  base::SimTime out;
  bool found = false;
  for_actions(trace, [&](const Doc& action, const Doc& step) {
    if (found || action.string_or("op") != "wait-until") return;
    const Doc *at = step.find("at_s"), *took = step.find("took_s"), *plus = action.find("plus_s");
    if (at == nullptr || took == nullptr) return;
    found = true;
    const auto ms = [](const Doc* d) { return d == nullptr ? Duration{} : seconds_of(*d).value_or(Duration{}); };
    // at + took is the boundary, plus_s and the time in which nothing moved.
    const std::int64_t boundary = (ms(at) + ms(took) - ms(plus) - base::milliseconds(600)).ns;
    constexpr std::int64_t kMinute = 60'000'000'000;
    out = base::SimTime{((-boundary) % kMinute + kMinute) % kMinute};
  });
  return out;
}

Doc as_merge_patch(const Doc& live, const Doc& patch) {
  if (!patch.is_object()) return patch;
  Doc out = Doc::object();
  for (const Doc::Member& m : patch.members) {
    const Doc* below = live.is_object() ? live.find(m.key) : nullptr;
    if (m.value.is_array()) {
      out[m.key] = merged(below, m.value, m.key);
    } else {
      out[m.key] = as_merge_patch(below == nullptr ? Doc() : *below, m.value);
    }
  }
  return out;
}

}  // namespace wavetank::conformance
