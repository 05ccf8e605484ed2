// A file of manifests: every document admitted, every problem of the file reported at once, one summary of what was not
// understood.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/model/decode.h"
#include "engine/model/read.h"
#include "engine/model/schema.h"

namespace wavetank::model {
namespace {

std::string name_of(const Object& o) {
  return o.kind_name + "/" + (o.meta.name.empty() ? o.meta.generate_name : o.meta.name);
}

/// Splits List kinds (v1 List, PodList …) into their items, which inherit kind and apiVersion where the list implies
/// them.
void flatten(Doc doc, std::vector<Doc>& out) {
  const std::string kind(doc.string_or("kind"));
  Doc* items = doc.find("items");
  const bool is_list = kind.size() >= 4 && kind.compare(kind.size() - 4, 4, "List") == 0 && items != nullptr;
  if (!is_list || !(items->is_array() || items->is_null())) {
    out.push_back(std::move(doc));
    return;
  }
  const std::string item_kind = kind.substr(0, kind.size() - 4);
  for (Doc& item : items->items) {
    if (item.is_object() && !item_kind.empty()) {
      if (get(&item, "kind") == nullptr) item["kind"] = Doc::string(item_kind);
      if (get(&item, "apiVersion") == nullptr) item["apiVersion"] = Doc::string(doc.string_or("apiVersion"));
    }
    flatten(std::move(item), out);
  }
}

/// What was kept but not understood, gathered over a file.
class Summary {
 public:
  void add(const Object& o, const std::vector<std::string>& unknown) {
    if (o.kind == Kind::Other) ++kinds_[o.kind_name];
    for (const std::string& path : unknown) fields_[path].push_back(name_of(o));
  }
  [[nodiscard]] std::vector<std::string> notices() const {
    std::vector<std::string> out;
    std::string text;
    for (const auto& [kind, count] : kinds_) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind);
    if (!text.empty()) out.push_back("kept as written, not simulated: " + text);
    text.clear();
    for (const auto& [path, objects] : fields_) {
      const std::string more = objects.size() > 1 ? fmt::format(" and {} more", objects.size() - 1) : "";
      text += fmt::format("{}{} ({}{})", text.empty() ? "" : ", ", path, objects.front(), more);
    }
    if (!text.empty()) out.push_back("unknown fields kept: " + text);
    return out;
  }

 private:
  std::map<std::string, int> kinds_;
  std::map<std::string, std::vector<std::string>> fields_;
};

/// Finds an ownership that comes back to where it began. Every object has few owners, so this is O(objects × log).
class OwnerCycles {
 public:
  explicit OwnerCycles(const std::vector<Object>& objects) : objects_(objects), state_(objects.size(), Mark::New) {
    for (std::size_t i = 0; i < objects.size(); ++i)
      index_.emplace(key(objects[i].meta.ns, objects[i].kind_name, objects[i].meta.name), i);
  }

  void find(std::string_view file, base::Diagnostics& errors) {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      if (state_[i] == Mark::New) walk(i, file, errors);
    }
  }

 private:
  enum class Mark : std::uint8_t { New, OnPath, Done };
  struct Step {
    std::size_t object;
    std::size_t next_owner;
  };

  static std::string key(std::string_view ns, std::string_view kind, std::string_view name) {
    return fmt::format("{}\n{}\n{}", ns, kind, name);
  }
  [[nodiscard]] std::size_t owner_of(std::size_t i, std::size_t n) const {
    const OwnerReference& r = objects_[i].meta.owner_references[n];
    auto found = index_.find(key(objects_[i].meta.ns, r.kind, r.name));
    if (found == index_.end()) found = index_.find(key("", r.kind, r.name));  // owned by something without a namespace
    return found == index_.end() ? objects_.size() : found->second;
  }

  void walk(std::size_t start, std::string_view file, base::Diagnostics& errors) {
    std::vector<Step> path{{start, 0}};
    state_[start] = Mark::OnPath;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next_owner == objects_[step.object].meta.owner_references.size()) {
        state_[step.object] = Mark::Done;
        path.pop_back();
        continue;
      }
      const std::size_t owner = owner_of(step.object, step.next_owner++);
      if (owner == objects_.size() || state_[owner] == Mark::Done) continue;
      if (state_[owner] == Mark::OnPath) {
        report(path, owner, file, errors);
        continue;
      }
      state_[owner] = Mark::OnPath;
      path.push_back({owner, 0});
    }
  }

  void report(const std::vector<Step>& path, std::size_t owner, std::string_view file,
              base::Diagnostics& errors) const {
    const auto first = std::find_if(path.begin(), path.end(), [&](const Step& s) { return s.object == owner; });
    std::string text;
    for (auto at = first; at != path.end(); ++at) text += name_of(objects_[at->object]) + " -> ";
    text += name_of(objects_[owner]);
    const Doc* where = objects_[path.back().object].doc.at({"metadata", "ownerReferences"});
    errors.push_back({std::string(file), where == nullptr ? base::Position{} : where->position,
                      "metadata.ownerReferences: the owners form a cycle: " + text});
  }

  const std::vector<Object>& objects_;
  std::vector<Mark> state_;
  std::map<std::string, std::size_t> index_;
};

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// A kind of ours under a version that 1.34 does not serve, or under another kind's group, would be a workload that is
/// silently missing. Custom resources may have such a name, in a group of their own.
/// Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
std::optional<base::Diagnostic> unserved(const Doc& doc, std::string_view file) {
  const std::string_view version = doc.string_or("apiVersion"), kind = doc.string_or("kind");
  if (version.empty() || kind_from_gvk(version, kind) != Kind::Other) return std::nullopt;
  const std::size_t slash = version.find('/');
  const std::string_view group = slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
  bool is_built_in = group == "extensions";
  const KindInfo* meant = nullptr;
  for (std::size_t i = 1; i < kKindCount; ++i) {
    const KindInfo& info = kind_info(static_cast<Kind>(i));
    const std::string_view own = info.api_version;
    is_built_in = is_built_in || group == own.substr(0, own.find('/') == std::string_view::npos ? 0 : own.find('/'));
    if (same_letters(kind, info.name)) meant = &info;
  }
  if (!is_built_in || meant == nullptr) return std::nullopt;
  const Doc* at = doc.find(kind == meant->name ? "apiVersion" : "kind");
  return base::Diagnostic{std::string(file), at->position,
                          fmt::format("no matches for kind \"{}\" in version \"{}\"; Kubernetes 1.34 serves {} {}",
                                      kind, version, meant->api_version, meant->name)};
}

}  // namespace

bool is_scheduler_configuration(const Doc& doc) {
  return doc.is_object() && doc.string_or("apiVersion").starts_with("kubescheduler.config.k8s.io/");
}

base::Result<Object> admit(Doc doc, std::string_view file) {
  if (auto problem = unserved(doc, file)) return base::failure(std::move(*problem));
  apply_defaults(doc);
  auto object = decode(std::move(doc), file);
  if (!object) return object;
  auto problems = validate(*object, file);
  if (!problems.empty()) return base::failure(std::move(problems));
  return object;
}

base::Result<Manifests> read_manifests(std::string_view text, std::string_view file) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return base::failure({std::string(file), {}, "the file is empty: no objects"});
  }
  auto parsed = parse_any(text, file);
  if (!parsed) return base::failure(std::move(parsed.error()));
  std::vector<Doc> docs;
  for (Doc& doc : *parsed) {
    if (doc.is_array()) {
      base::Diagnostic problem{std::string(file), doc.position,
                               "a list, where an object with apiVersion and kind was expected"};
      problem.message += "; several objects are separated by '---' or put in a List's items";
      return base::failure(std::move(problem));
    }
    flatten(std::move(doc), docs);
  }
  if (docs.empty() && parsed->empty()) {
    return base::failure({std::string(file), {}, "no objects: only comments or empty documents"});
  }
  Manifests out;
  base::Diagnostics errors;
  Summary summary;
  for (Doc& doc : docs) {
    if (is_scheduler_configuration(doc)) {
      out.scheduler_configs.push_back(std::move(doc));
      continue;
    }
    const Doc* dropped = doc.at({"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"});
    const bool gated = dropped != nullptr && doc.string_or("kind") == "StatefulSet";
    auto object = admit(std::move(doc), file);
    if (object && gated)
      out.notices.push_back(name_of(*object) +
                            ": updateStrategy.rollingUpdate.maxUnavailable has no effect, pods are updated one at a "
                            "time: its feature gate MaxUnavailableStatefulSet is alpha in 1.34 and off");
    if (object && object->kind == Kind::VerticalPodAutoscaler &&
        std::get<VerticalPodAutoscaler>(object->spec).update_mode == "InPlaceOrRecreate")
      out.notices.push_back(name_of(*object) +
                            ": updateMode InPlaceOrRecreate works as Recreate: pods are evicted, not resized in place");
    if (!object) {
      errors.insert(errors.end(), object.error().begin(), object.error().end());
      continue;
    }
    std::vector<std::string> unknown;
    base::Diagnostics none;
    check_fields(object->doc, object->kind, file, none, &unknown);
    summary.add(*object, unknown);
    out.objects.push_back(std::move(*object));
  }
  OwnerCycles(out.objects).find(file, errors);
  if (!errors.empty()) return base::failure(std::move(errors));
  for (std::string& notice : summary.notices()) out.notices.push_back(std::move(notice));
  return out;
}

}  // namespace wavetank::model
