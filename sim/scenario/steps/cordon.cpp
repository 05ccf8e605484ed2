// cordon, uncordon: `kubectl cordon`, `kubectl uncordon`.
#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Cordon final : public Step {
 public:
  Cordon(std::vector<Target> nodes, bool unschedulable) : nodes_(std::move(nodes)), unschedulable_(unschedulable) {}
  [[nodiscard]] std::string text() const override { return verb() + " " + join(nodes_); }
  void run(StepContext& context) const override {
    for_targets(nodes_, context, verb(), [&](event::Ref ref, const std::string&) {
      context.kubectl(verb() + " " + std::string(context.view().bare_name(ref)),
                      command::CordonNode{ref.as<event::NodeId>(), unschedulable_});
    });
  }

 private:
  [[nodiscard]] std::string verb() const { return unschedulable_ ? "cordon" : "uncordon"; }
  std::vector<Target> nodes_;
  bool unschedulable_;
};

}  // namespace

const Shape& cordon_shape() {
  static const Shape kShape = {
      "cordon", {{"node", Type::Texts, "Names of nodes; * stands for any text.", true}}, "node"};
  return kShape;
}

std::unique_ptr<const Step> read_cordon(const model::Doc& doc, const std::string& path, ReadContext& context) {
  return std::make_unique<Cordon>(read_nodes(doc, "node", path, context), true);
}
std::unique_ptr<const Step> read_uncordon(const model::Doc& doc, const std::string& path, ReadContext& context) {
  return std::make_unique<Cordon>(read_nodes(doc, "node", path, context), false);
}

}  // namespace wavetank::scenario
