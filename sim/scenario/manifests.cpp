#include "sim/scenario/manifests.h"

#include <fmt/format.h>

#include <algorithm>

namespace wavetank::scenario {
namespace {

using model::Doc;
using model::Kind;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Documents of kind List, or of a kind such as DeploymentList, stand for their items.
void flatten(Doc doc, std::vector<Doc>& out) {
  const std::string_view kind = doc.string_or("kind");
  Doc* items = doc.find("items");
  if (!kind.ends_with("List") || items == nullptr || !items->is_array()) {
    out.push_back(std::move(doc));
    return;
  }
  for (Doc& item : items->items) flatten(std::move(item), out);
}

bool is_manifest_name(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

void take_docs(std::vector<Doc> docs, const std::string& file, ReadContext& context, std::vector<ManifestDoc>& out) {
  for (const Doc& doc : docs) {
    if (model::is_scheduler_configuration(doc)) {
      context.scheduler_configs.push_back({doc, file});
      continue;
    }
    base::Result<model::Object> object = model::admit(doc, file);
    if (!object.has_value()) {
      context.problems.add_all(object.error());
      continue;
    }
    context.belonging.add(*object, file);
    for (const base::Diagnostic& w : model::warnings(std::vector<model::Object>{*object}, file)) context.warn(w);
    ManifestDoc made = manifest_doc(doc, file);
    context.catalog.add(made);
    out.push_back(std::move(made));
  }
}

}  // namespace

void ReadContext::warn(const base::Diagnostic& warning) {
  base::Diagnostic w = warning;
  if (w.position.line < 0) w.position = {};  // of --set
  std::string text = model::warning_text(w);
  if (std::find(notices.begin(), notices.end(), text) == notices.end()) notices.push_back(std::move(text));
}

std::string ManifestDoc::text() const {
  const std::string word = lower(kind == Kind::Other ? std::string_view(kind_name) : model::kind_info(kind).name);
  if (ns.empty() || ns == "default") return fmt::format("{}/{}", word, name);
  return fmt::format("{}/{}/{}", word, ns, name);
}

ManifestDoc manifest_doc(const Doc& raw, const std::string& file) {
  ManifestDoc out;
  out.kind_name = std::string(raw.string_or("kind"));
  out.kind = model::kind_from_gvk(raw.string_or("apiVersion"), out.kind_name);
  if (const Doc* metadata = raw.find("metadata")) {
    out.name = std::string(metadata->string_or("name"));
    out.ns = std::string(metadata->string_or("namespace"));
  }
  if (out.ns.empty() && out.kind != Kind::Other && model::kind_info(out.kind).namespaced) out.ns = "default";
  out.json = model::to_json(raw);
  out.file = file;
  out.position = raw.position;
  return out;
}

void Catalog::add(Kind kind, std::string_view ns, std::string_view name) {
  if (kind != Kind::Other) names_.emplace(kind, ns, name);
}

bool Catalog::has(Kind kind, std::string_view ns, std::string_view name) const {
  return names_.contains({kind, std::string(ns), std::string(name)});
}

bool Catalog::closed(Kind kind) const {
  if (open_) return false;
  return kind == Kind::Node || kind == Kind::Deployment || kind == Kind::StatefulSet || kind == Kind::DaemonSet ||
         kind == Kind::Service || kind == Kind::PodDisruptionBudget;
}

std::string Catalog::suggest(Kind kind, std::string_view ns, std::string_view name) const {
  std::vector<std::string_view> known;
  for (auto it = names_.lower_bound({kind, std::string(ns), ""}); it != names_.end(); ++it) {
    if (std::get<0>(*it) != kind || std::get<1>(*it) != ns) break;
    known.push_back(std::get<2>(*it));
  }
  return suggestion(name, known);
}

std::string Catalog::suggest_zone(std::string_view zone) const {
  return suggestion(zone, {zones_.begin(), zones_.end()});
}

bool Catalog::has_match(Kind kind, std::string_view ns, std::string_view pattern) const {
  for (auto it = names_.lower_bound({kind, std::string(ns), ""}); it != names_.end(); ++it) {
    if (std::get<0>(*it) != kind || std::get<1>(*it) != ns) break;
    if (glob_match(pattern, std::get<2>(*it))) return true;
  }
  return false;
}

bool glob_match(std::string_view pattern, std::string_view name) {
  // Greedy with one point to come back to: the last star.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

void read_manifest_text(std::string_view text, const std::string& file, ReadContext& context,
                        std::vector<ManifestDoc>& out) {
  const base::Result<model::Manifests> checked = model::read_manifests(text, file);
  if (!checked.has_value()) {
    context.problems.add_all(checked.error());
    return;
  }
  for (const std::string& notice : checked->notices) context.notices.push_back(notice);
  for (const model::Object& o : checked->objects) context.belonging.add(o, file);
  for (const base::Diagnostic& w : model::warnings(checked->objects, file)) context.warn(w);
  for (const Doc& config : checked->scheduler_configs) context.scheduler_configs.push_back({config, file});
  base::Result<std::vector<Doc>> docs = model::parse_any(text, file);
  if (!docs.has_value()) return;
  std::vector<Doc> flat;
  for (Doc& doc : *docs) flatten(std::move(doc), flat);
  for (const Doc& doc : flat) {
    if (model::is_scheduler_configuration(doc)) continue;
    ManifestDoc made = manifest_doc(doc, file);
    context.catalog.add(made);
    out.push_back(std::move(made));
  }
}

ManifestGroup ReadContext::read_path(const std::string& path, base::Position at) {
  ManifestGroup group;
  group.label = path;
  const std::string full = path == "-" ? path : relative_to(scenario_file, path);
  std::vector<std::string> names = {full};
  if (path != "-" && files.is_directory(full)) {
    const base::Result<std::vector<std::string>> listed = files.list(full);
    if (!listed.has_value()) {
      problems.add(at, listed.error().front().message);
      return group;
    }
    names.clear();
    for (const std::string& name : *listed) {
      if (is_manifest_name(name)) names.push_back(full + "/" + name);
    }
    if (names.empty()) problems.add(at, fmt::format("{}: the directory holds no .yaml, .yml or .json file", full));
  }
  for (const std::string& name : names) {
    const base::Result<std::string> text = files.read(name);
    if (!text.has_value()) {
      problems.add(at, text.error().front().message);
      continue;
    }
    read_manifest_text(*text, name, *this, group.docs);
  }
  return group;
}

ManifestGroup ReadContext::read_inline(const Doc& doc, const std::string& path) {
  ManifestGroup group;
  group.label = "(inline)";
  std::vector<Doc> docs;
  if (doc.is_string()) {
    const std::string file = fmt::format("{}:{} ({})", scenario_file, doc.position.line, path);
    read_manifest_text(doc.text, file, *this, group.docs);
    return group;
  }
  if (doc.is_array()) {
    for (const Doc& item : doc.items) flatten(item, docs);
  } else if (doc.is_object()) {
    flatten(doc, docs);
  } else {
    problems.add(doc.position,
                 fmt::format("{}: want an object, a list of them, or a text of YAML; found {}", path, describe(doc)));
  }
  take_docs(std::move(docs), scenario_file, *this, group.docs);
  return group;
}

}  // namespace wavetank::scenario
