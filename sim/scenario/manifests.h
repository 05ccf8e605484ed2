#pragma once
// Manifests as a scenario needs them: the text a client would send, and who it is about.

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/model/decode.h"
#include "engine/model/warnings.h"
#include "sim/scenario/fields.h"
#include "sim/scenario/file_source.h"

namespace wavetank::scenario {

/// One object to create or apply.
struct ManifestDoc {
  model::Kind kind = model::Kind::Other;
  std::string kind_name, ns, name;
  std::string json;  ///< As written, not defaulted: `kubectl apply` merges what the author wrote.
  std::string file;  ///< Where it was read; empty for what a pattern made.
  base::Position position;

  /// "deployment/web", with a namespace other than "default" in the middle.
  [[nodiscard]] std::string text() const;
};

/// What one `kubectl apply -f` sends.
struct ManifestGroup {
  std::string label;  ///< What follows -f: "shop/", "(inline)".
  std::vector<ManifestDoc> docs;
  bool exported = false;  ///< Of a cluster that had them: one that is refused here is left out, and the rest goes on.
};

/// The names that exist by what the file says, for messages about names that do not. Only of kinds whose objects come
/// from manifests alone: pods and ReplicaSets are made while the run goes.
class Catalog {
 public:
  void add(const ManifestDoc& doc) { add(doc.kind, doc.ns, doc.name); }
  void add(model::Kind kind, std::string_view ns, std::string_view name);
  [[nodiscard]] bool has(model::Kind kind, std::string_view ns, std::string_view name) const;
  /// Whether a name of this kind that is not here cannot be meant.
  [[nodiscard]] bool closed(model::Kind kind) const;
  /// Some manifest could not be read: any name may be in it, and complaints about names would only hide what is wrong.
  void leave_open() { open_ = true; }
  /// "; did you mean …": names of the kind in the namespace.
  [[nodiscard]] std::string suggest(model::Kind kind, std::string_view ns, std::string_view name) const;
  void add_zone(std::string_view zone) { zones_.emplace(zone); }
  [[nodiscard]] bool has_zone(std::string_view zone) const { return zones_.contains(std::string(zone)); }
  [[nodiscard]] std::string suggest_zone(std::string_view zone) const;
  /// Whether some name of the kind and namespace matches a pattern with '*'.
  [[nodiscard]] bool has_match(model::Kind kind, std::string_view ns, std::string_view pattern) const;

 private:
  std::set<std::tuple<model::Kind, std::string, std::string>> names_;
  std::set<std::string> zones_;
  bool open_ = false;
};

/// Whether `name` matches `pattern`, in which '*' stands for any text. O(length²) at worst.
bool glob_match(std::string_view pattern, std::string_view name);

/// A KubeSchedulerConfiguration that stood among manifests.
struct FoundConfig {
  model::Doc doc;
  std::string file;
};

/// What readers of a scenario share.
struct ReadContext {
  Problems& problems;
  FileSource& files;
  std::string scenario_file;
  Catalog& catalog;
  std::vector<std::string>& notices;
  std::set<std::string> fault_names{};           ///< Given by `fail` steps so far.
  std::vector<FoundConfig> scheduler_configs{};  ///< Met among manifests so far.
  model::Belonging belonging{};                  ///< Objects of manifests written by hand, so far.

  /// A notice, said once.
  void warn(const base::Diagnostic& warning);
  /// Reads manifest files or directories; what is wrong goes to problems (a file that cannot be read: at `at`).
  ManifestGroup read_path(const std::string& path, base::Position at);
  /// Manifests written in the scenario itself: a mapping (one object), a list of them, or a text of YAML.
  ManifestGroup read_inline(const model::Doc& doc, const std::string& path);
};

/// Reads the text of a manifest file. What is wrong goes to problems.
void read_manifest_text(std::string_view text, const std::string& file, ReadContext& context,
                        std::vector<ManifestDoc>& out);

/// One object from its document. `raw` as written, in `file`.
ManifestDoc manifest_doc(const model::Doc& raw, const std::string& file = "");

/// Deployments of one pattern, for scenarios about size: see the field table in generate.cpp.
const Shape& generate_shape();
ManifestGroup generate(const model::Doc& doc, const std::string& path, ReadContext& context);

/// Nodes of one pattern.
const Shape& node_shape();
std::vector<ManifestDoc> expand_nodes(const model::Doc& doc, const std::string& path, ReadContext& context);

/// The nodes and objects of a `kubectl get … -o json`.
void read_export(const std::string& path, base::Position at, ReadContext& context, std::vector<ManifestDoc>& nodes,
                 ManifestGroup& objects);

}  // namespace wavetank::scenario
