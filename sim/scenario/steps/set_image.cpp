// set-image: `kubectl set image`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

constexpr std::int64_t kAll = 1'000'000;

class SetImage final : public Step {
 public:
  SetImage(std::vector<Target> targets, std::string container, std::string image, std::int64_t fraction)
      : targets_(std::move(targets)), container_(std::move(container)), image_(std::move(image)), fraction_(fraction) {}
  [[nodiscard]] std::string text() const override {
    return fmt::format("set image of {} to {}", join(targets_), image_);
  }
  void run(StepContext& context) const override {
    const auto set = [&](event::Ref ref, const std::string& name) {
      context.kubectl(fmt::format("set image {} {}={}", name, container_, image_),
                      command::SetImage{ref, container_, image_});
    };
    for_targets(targets_, context, "set image", set, fraction_);
  }

 private:
  std::vector<Target> targets_;
  std::string container_, image_;
  std::int64_t fraction_;
};

}  // namespace

const Shape& set_image_shape() {
  static const Shape kShape = {
      "set-image",
      {{"target", Type::Texts, "deployment/web; * stands for any text.", true},
       {"image", Type::Text, "The new image.", true},
       {"container", Type::Text, "Which container. Default: all of them.", false},
       {"fraction", Type::Share, "Of a pattern's objects only this part, the first made first. Default 100%.", false}},
      ""};
  return kShape;
}

std::unique_ptr<const Step> read_set_image(const model::Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<Target> targets = read_targets(doc, "target", path,
                                             {model::Kind::Deployment, model::Kind::ReplicaSet,
                                              model::Kind::StatefulSet, model::Kind::DaemonSet, model::Kind::Pod},
                                             context);
  if (doc.find("fraction") != nullptr) {
    for (const Target& target : targets) {
      if (target.is_pattern()) continue;
      context.problems.add(place(doc, "fraction"),
                           fmt::format("{}.fraction: {} is one object; a fraction needs a pattern such as "
                                       "deployment/*",
                                       path, target.text()));
    }
  }
  return std::make_unique<SetImage>(std::move(targets), text(doc, "container", "*"), text(doc, "image"),
                                    share(doc, "fraction").value_or(kAll));
}

}  // namespace wavetank::scenario
