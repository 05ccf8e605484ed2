// delete: `kubectl delete kind/name`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Delete final : public Step {
 public:
  Delete(std::vector<Target> targets, event::Propagation propagation, std::optional<std::int64_t> grace)
      : targets_(std::move(targets)), propagation_(propagation), grace_(grace) {}
  [[nodiscard]] std::string text() const override { return "delete " + join(targets_); }
  void run(StepContext& context) const override {
    std::string flags;
    if (propagation_ == event::Propagation::Foreground) flags = " --cascade=foreground";
    if (propagation_ == event::Propagation::Orphan) flags = " --cascade=orphan";
    if (grace_.has_value()) flags += fmt::format(" --grace-period={}", *grace_);
    for_targets(targets_, context, "delete", [&](event::Ref ref, const std::string& name) {
      context.kubectl(fmt::format("delete {}{}", name, flags), command::DeleteObject{ref, propagation_, grace_});
    });
  }

 private:
  std::vector<Target> targets_;
  event::Propagation propagation_;
  std::optional<std::int64_t> grace_;
};

}  // namespace

const Shape& delete_shape() {
  static const Shape kShape = {
      "delete",
      {{"target", Type::Texts, "What to delete: deployment/web, node/n1, pod/*.", true},
       {"cascade",
        Type::Text,
        "What becomes of what it owns. Default background.",
        false,
        nullptr,
        0,
        0,
        {"background", "foreground", "orphan"}},
       {"grace", Type::Span, "Grace period of pods, in whole seconds. Default: the pod's own.", false}},
      "target"};
  return kShape;
}

std::unique_ptr<const Step> read_delete(const model::Doc& doc, const std::string& path, ReadContext& context) {
  const std::string cascade = text(doc, "cascade", "background");
  const event::Propagation propagation = cascade == "foreground" ? event::Propagation::Foreground
                                         : cascade == "orphan"   ? event::Propagation::Orphan
                                                                 : event::Propagation::Background;
  std::optional<std::int64_t> grace;
  if (const auto given = span(doc, "grace")) grace = given->ns / base::seconds(1).ns;
  return std::make_unique<Delete>(read_targets(doc, "target", path, {}, context), propagation, grace);
}

}  // namespace wavetank::scenario
