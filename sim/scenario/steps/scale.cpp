// scale: `kubectl scale --replicas`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Scale final : public Step {
 public:
  Scale(std::vector<Target> targets, std::int32_t replicas) : targets_(std::move(targets)), replicas_(replicas) {}
  [[nodiscard]] std::string text() const override { return fmt::format("scale {} to {}", join(targets_), replicas_); }
  void run(StepContext& context) const override {
    for_targets(targets_, context, "scale", [&](event::Ref ref, const std::string& name) {
      context.kubectl(fmt::format("scale {} --replicas={}", name, replicas_), command::ScaleObject{ref, replicas_});
    });
  }

 private:
  std::vector<Target> targets_;
  std::int32_t replicas_;
};

}  // namespace

const Shape& scale_shape() {
  static const Shape kShape = {
      "scale",
      {{"target", Type::Texts, "deployment/web, statefulset/db or replicaset/web; * stands for any text.", true},
       {"replicas", Type::Whole, "How many pods.", true, nullptr, 0, 1'000'000}},
      ""};
  return kShape;
}

std::unique_ptr<const Step> read_scale(const model::Doc& doc, const std::string& path, ReadContext& context) {
  return std::make_unique<Scale>(
      read_targets(doc, "target", path, {model::Kind::Deployment, model::Kind::ReplicaSet, model::Kind::StatefulSet},
                   context),
      static_cast<std::int32_t>(whole(doc, "replicas", 0)));
}

}  // namespace wavetank::scenario
