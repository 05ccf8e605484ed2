// label: `kubectl label`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

struct Change {
  std::string key;
  std::optional<std::string> value;
  [[nodiscard]] std::string text() const { return value.has_value() ? fmt::format("{}={}", key, *value) : key + "-"; }
};

class Label final : public Step {
 public:
  Label(std::vector<Target> targets, std::vector<Change> changes)
      : targets_(std::move(targets)), changes_(std::move(changes)) {}
  [[nodiscard]] std::string text() const override {
    std::string out = "label " + join(targets_);
    for (const Change& change : changes_) out += " " + change.text();
    return out;
  }
  void run(StepContext& context) const override {
    for_targets(targets_, context, "label", [&](event::Ref ref, const std::string& name) {
      for (const Change& change : changes_) {
        context.kubectl(fmt::format("label {} {} --overwrite", name, change.text()),
                        command::SetLabel{ref, change.key, change.value});
      }
    });
  }

 private:
  std::vector<Target> targets_;
  std::vector<Change> changes_;
};

}  // namespace

const Shape& label_shape() {
  static const Shape kShape = {"label",
                               {{"target", Type::Texts, "node/n1, deployment/web; * stands for any text.", true},
                                {"set", Type::Map, "Labels to add or replace.", false},
                                {"remove", Type::Texts, "Keys of labels to remove.", false}},
                               ""};
  return kShape;
}

std::unique_ptr<const Step> read_label(const model::Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<Change> changes;
  for (auto& [key, value] : pairs(doc, "set")) changes.push_back({key, value});
  for (const std::string& key : texts(doc, "remove")) changes.push_back({key, std::nullopt});
  if (changes.empty()) context.problems.add(doc.position, fmt::format("{}: has neither set nor remove", path));
  return std::make_unique<Label>(read_targets(doc, "target", path, {}, context), std::move(changes));
}

}  // namespace wavetank::scenario
