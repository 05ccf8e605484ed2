// apply: `kubectl apply -f`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Apply final : public Step {
 public:
  explicit Apply(std::vector<ManifestGroup> groups) : groups_(std::move(groups)) {}
  [[nodiscard]] std::string text() const override {
    std::string out = "apply";
    for (const ManifestGroup& group : groups_) out += " " + group.label;
    return out;
  }
  void run(StepContext& context) const override {
    for (const ManifestGroup& group : groups_) context.apply("apply -f " + group.label, group.docs);
  }

 private:
  std::vector<ManifestGroup> groups_;
};

}  // namespace

const Shape& apply_shape() {
  static const Shape kShape = {
      "apply",
      {{"files", Type::Texts, "Manifest files or directories, relative to the scenario's folder.", false},
       {"inline", Type::Tree, "Manifests written here: an object, a list of objects, or a text of YAML.", false}},
      "files"};
  return kShape;
}

std::unique_ptr<const Step> read_apply(const model::Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<ManifestGroup> groups;
  for (const std::string& file : texts(doc, "files")) groups.push_back(context.read_path(file, place(doc, "files")));
  if (const model::Doc* written = doc.find("inline")) groups.push_back(context.read_inline(*written, path + ".inline"));
  if (groups.empty())
    context.problems.add(doc.position, fmt::format("{}: names neither files nor inline manifests", path));
  return std::make_unique<Apply>(std::move(groups));
}

}  // namespace wavetank::scenario
