// How `kubectl apply` and `kubectl patch` change a document.

#include <algorithm>
#include <array>

#include "engine/model/decode.h"
#include "engine/model/read.h"

namespace wavetank::model {
namespace {

/// Lists that merge item by item, and by which of an item's fields. Source: patchMergeKey and listMapKey in k8s.io/api.
struct MergeKey {
  std::string_view list;
  std::array<std::string_view, 2> keys;  // the second may be empty
};
constexpr std::array<MergeKey, 19> kMergeKeys = {{
    {"containers", {"name", ""}},
    {"initContainers", {"name", ""}},
    {"ephemeralContainers", {"name", ""}},
    {"env", {"name", ""}},
    {"volumes", {"name", ""}},
    {"volumeMounts", {"mountPath", ""}},
    {"volumeDevices", {"devicePath", ""}},
    {"imagePullSecrets", {"name", ""}},
    {"secrets", {"name", ""}},
    {"hostAliases", {"ip", ""}},
    {"topologySpreadConstraints", {"topologyKey", "whenUnsatisfiable"}},
    {"schedulingGates", {"name", ""}},
    {"resourceClaims", {"name", ""}},
    {"ownerReferences", {"uid", ""}},
    {"conditions", {"type", ""}},
    {"addresses", {"type", ""}},
    {"podIPs", {"ip", ""}},
    {"hostIPs", {"ip", ""}},
    {"ports", {"containerPort", "protocol"}},  // a Service's: port, protocol
}};

bool all_objects(const Doc& list) {
  return std::all_of(list.items.begin(), list.items.end(), [](const Doc& d) { return d.is_object(); });
}

const MergeKey* merge_key(std::string_view list, const Doc& a, const Doc& b) {
  if (!a.is_array() || !b.is_array() || !all_objects(a) || !all_objects(b)) return nullptr;
  const auto* found =
      std::find_if(kMergeKeys.begin(), kMergeKeys.end(), [&](const MergeKey& k) { return k.list == list; });
  return found == kMergeKeys.end() ? nullptr : found;
}

/// What identifies an item; empty when it lacks the field.
std::string identity(const MergeKey& key, const Doc& item) {
  const Doc* first = get(&item, key.keys[0]);
  if (first == nullptr && key.list == "ports") first = get(&item, "port");
  if (first == nullptr) return {};
  std::string out = first->text;
  if (!key.keys[1].empty())
    out.append("/").append(item.string_or(key.keys[1], key.list == "ports" ? "TCP" : "DoNotSchedule"));
  return out;
}

const Doc* find_item(const MergeKey& key, const Doc& list, const std::string& id) {
  for (const Doc& item : list.items) {
    if (identity(key, item) == id) return &item;
  }
  return nullptr;
}

Doc merge_value(const Doc& live, const Doc* last, const Doc& wanted, std::string_view name);

Doc merge_list(const MergeKey& key, const Doc& live, const Doc* last, const Doc& wanted) {
  Doc out = Doc::array();
  out.position = wanted.position;
  for (const Doc& item : wanted.items) {
    const std::string id = identity(key, item);
    const Doc* mine = id.empty() ? nullptr : find_item(key, live, id);
    const Doc* before = id.empty() || last == nullptr ? nullptr : find_item(key, *last, id);
    out.items.push_back(mine == nullptr ? item : merge_value(*mine, before, item, key.list));
  }
  // What others added to the live list stays; what was applied before and is no longer wanted goes.
  for (const Doc& item : live.items) {
    const std::string id = identity(key, item);
    if (find_item(key, wanted, id) != nullptr) continue;
    if (last != nullptr && find_item(key, *last, id) != nullptr) continue;
    out.items.push_back(item);
  }
  return out;
}

/// Fields with patchStrategy retainKeys: one of several alternatives, so that the others must go.
bool retains_keys(std::string_view name) { return name == "volumes" || name == "strategy"; }

Doc merge_object(const Doc& live, const Doc* last, const Doc& wanted, std::string_view name) {
  Doc out = live;
  if (last != nullptr) {
    for (const Doc::Member& m : last->members) {
      if (wanted.find(m.key) == nullptr) out.erase(m.key);
    }
  }
  for (const Doc::Member& m : wanted.members) {
    if (m.value.is_null()) {
      out.erase(m.key);
      continue;
    }
    const Doc* mine = live.find(m.key);
    if (mine == nullptr) {
      out[m.key] = m.value;
    } else {
      out[m.key] = merge_value(*mine, last == nullptr ? nullptr : last->find(m.key), m.value, m.key);
    }
  }
  if (retains_keys(name)) {
    out.members.erase(std::remove_if(out.members.begin(), out.members.end(),
                                     [&](const Doc::Member& m) { return wanted.find(m.key) == nullptr; }),
                      out.members.end());
  }
  return out;
}

Doc merge_value(const Doc& live, const Doc* last, const Doc& wanted, std::string_view name) {
  if (last != nullptr && last->type != wanted.type) last = nullptr;
  if (live.is_object() && wanted.is_object()) return merge_object(live, last, wanted, name);
  if (const MergeKey* key = merge_key(name, live, wanted)) return merge_list(*key, live, last, wanted);
  return wanted;
}

}  // namespace

Doc merge_apply(const Doc& live, const Doc* last_applied, const Doc& wanted) {
  return merge_value(live, last_applied, wanted, "");
}

Doc merge_patch(Doc target, const Doc& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Doc::object();
  for (const Doc::Member& m : patch.members) {
    if (m.value.is_null()) {
      target.erase(m.key);
    } else if (Doc* mine = target.find(m.key)) {
      *mine = merge_patch(std::move(*mine), m.value);
    } else {
      target[m.key] = merge_patch(Doc(), m.value);
    }
  }
  return target;
}

}  // namespace wavetank::model
