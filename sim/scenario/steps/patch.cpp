// patch: `kubectl patch --type=merge`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Patch final : public Step {
 public:
  Patch(std::vector<Target> targets, std::string patch) : targets_(std::move(targets)), patch_(std::move(patch)) {}
  [[nodiscard]] std::string text() const override { return "patch " + join(targets_); }
  void run(StepContext& context) const override {
    for_targets(targets_, context, "patch", [&](event::Ref ref, const std::string& name) {
      context.kubectl(fmt::format("patch {} --type=merge -p '{}'", name, patch_), command::PatchObject{ref, patch_});
    });
  }

 private:
  std::vector<Target> targets_;
  std::string patch_;
};

}  // namespace

const Shape& patch_shape() {
  static const Shape kShape = {
      "patch",
      {{"target", Type::Texts, "deployment/web, poddisruptionbudget/web; * stands for any text.", true},
       {"merge", Type::Tree, "The fields to change, as in the object (RFC 7386: null removes, lists are replaced).",
        true}},
      ""};
  return kShape;
}

std::unique_ptr<const Step> read_patch(const model::Doc& doc, const std::string& path, ReadContext& context) {
  const model::Doc* merge = doc.find("merge");
  if (merge == nullptr || !merge->is_object()) {
    context.problems.add(place(doc, "merge"), fmt::format("{}.merge: want a mapping with the fields to change", path));
    return nullptr;
  }
  return std::make_unique<Patch>(read_targets(doc, "target", path, {}, context), model::to_json(*merge));
}

}  // namespace wavetank::scenario
