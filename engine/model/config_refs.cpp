#include "engine/model/config_refs.h"

#include <algorithm>

#include <fmt/format.h>

namespace wavetank::model {
namespace {

/// Which fields of a place name the object: {"configMap", "name"} in volumes, {"configMapKeyRef", "name"} in env.
struct Place {
  const char* field;
  const char* name;
  Kind kind;
};
constexpr Place kVolumes[] = {{"configMap", "name", Kind::ConfigMap}, {"secret", "secretName", Kind::Secret}};
constexpr Place kProjections[] = {{"configMap", "name", Kind::ConfigMap}, {"secret", "name", Kind::Secret}};
constexpr Place kEnvFrom[] = {{"configMapRef", "name", Kind::ConfigMap}, {"secretRef", "name", Kind::Secret}};
constexpr Place kEnv[] = {{"configMapKeyRef", "name", Kind::ConfigMap}, {"secretKeyRef", "name", Kind::Secret}};

template <std::size_t N>
void add(const Doc* from, const Place (&places)[N], std::string_view volume, std::size_t container,
         std::vector<ConfigRef>& out) {
  if (from == nullptr || !from->is_object()) return;
  for (const Place& p : places) {
    const Doc* ref = from->find(p.field);
    if (ref == nullptr || !ref->is_object()) continue;
    ConfigRef found{p.kind,
                    std::string(ref->string_or(p.name)),
                    std::string(ref->string_or("key")),
                    ref->bool_or("optional", false),
                    std::string(volume),
                    container};
    if (found.name.empty() || (p.kind == Kind::ConfigMap && found.name == "kube-root-ca.crt")) continue;
    out.push_back(found);
    const Doc* items = volume.empty() ? nullptr : ref->find("items");
    if (items == nullptr) continue;
    for (const Doc& item : items->items) {
      found.key = item.string_or("key");
      out.push_back(found);
    }
  }
}

const std::vector<Doc>& list(const Doc& of, std::string_view field) {
  static const std::vector<Doc> kEmpty;
  const Doc* found = of.find(field);
  return found == nullptr ? kEmpty : found->items;
}

/// The pods that an object is or makes.
const Doc* pods_of(const Object& o) {
  switch (o.kind) {
    case Kind::Pod:
      return &o.doc;
    case Kind::ReplicaSet:
    case Kind::Deployment:
    case Kind::StatefulSet:
    case Kind::DaemonSet:
    case Kind::Job:
      return o.doc.at({"spec", "template"});
    case Kind::CronJob:
      return o.doc.at({"spec", "jobTemplate", "spec", "template"});
    default:
      return nullptr;
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string missing(const ConfigRef& ref, std::string_view ns, const std::vector<Object>& all) {
  const char* kind = ref.kind == Kind::Secret ? "Secret" : "ConfigMap";
  for (const Object& o : all) {
    if (o.kind != ref.kind || o.meta.name != ref.name || o.meta.ns != ns) continue;
    return ref.key.empty() || has_key(o.doc, ref.key) ? "" : fmt::format("key {} in {} {}", ref.key, kind, ref.name);
  }
  return fmt::format("{} {}", kind, ref.name);
}

}  // namespace

std::vector<ConfigRef> config_refs(const Doc& pod) {
  std::vector<ConfigRef> out;
  const Doc* spec = pod.find("spec");
  if (spec == nullptr || !spec->is_object()) return out;
  for (const Doc& volume : list(*spec, "volumes")) {
    const std::string_view name = volume.string_or("name");
    add(&volume, kVolumes, name, 0, out);
    if (const Doc* projected = volume.find("projected"); projected != nullptr)
      for (const Doc& source : list(*projected, "sources")) add(&source, kProjections, name, 0, out);
  }
  std::size_t container = 0;
  for (const char* field : {"initContainers", "containers"}) {
    for (const Doc& c : list(*spec, field)) {
      for (const Doc& from : list(c, "envFrom")) add(&from, kEnvFrom, "", container, out);
      for (const Doc& env : list(c, "env")) add(env.find("valueFrom"), kEnv, "", container, out);
      ++container;
    }
  }
  return out;
}

bool has_key(const Doc& config, std::string_view key) {
  for (const char* field : {"data", "binaryData", "stringData"})
    if (const Doc* data = config.find(field); data != nullptr && data->find(key) != nullptr) return true;
  return false;
}

std::vector<std::string> config_notices(const std::vector<Object>& objects) {
  std::vector<std::string> out;
  for (const Object& o : objects) {
    const Doc* pods = pods_of(o);
    if (pods == nullptr) continue;
    std::vector<std::string> wanted;
    for (const ConfigRef& ref : config_refs(*pods)) {
      if (ref.optional) continue;
      std::string what = missing(ref, o.meta.ns, objects);
      if (!what.empty() && std::find(wanted.begin(), wanted.end(), what) == wanted.end())
        wanted.push_back(std::move(what));
    }
    if (wanted.empty()) continue;
    std::string all = wanted[0];
    for (std::size_t i = 1; i < wanted.size(); ++i) all += (i + 1 == wanted.size() ? " and " : ", ") + wanted[i];
    const std::string ns = o.meta.ns.empty() || o.meta.ns == "default" ? "" : o.meta.ns + "/";
    out.push_back(fmt::format("{}/{}{}: {} not here: its containers are not started until {}", lower(o.kind_name), ns,
                              o.meta.name, all + (wanted.size() > 1 ? " are" : " is"),
                              wanted.size() > 1 ? "they are made" : "it is made"));
  }
  return out;
}

}  // namespace wavetank::model
