// drain: `kubectl drain --ignore-daemonsets --delete-emptydir-data --force`. The work is that of a process, see
// drain.h.
#include <fmt/format.h>

#include "sim/scenario/drains.h"
#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Drain final : public Step {
 public:
  Drain(std::vector<Target> nodes, DrainOptions options) : nodes_(std::move(nodes)), options_(options) {}
  [[nodiscard]] std::string text() const override { return "drain " + join(nodes_); }
  void run(StepContext& context) const override {
    std::vector<event::NodeId> ids;
    for_targets(nodes_, context, "drain",
                [&](event::Ref ref, const std::string&) { ids.push_back(ref.as<event::NodeId>()); });
    if (!ids.empty()) context.drains.start(std::move(ids), options_, context);
  }

 private:
  std::vector<Target> nodes_;
  DrainOptions options_;
};

}  // namespace

const Shape& drain_shape() {
  static const Shape kShape = {"drain",
                               {{"node", Type::Texts, "Names of nodes; * stands for any text.", true},
                                {"timeout", Type::Span, "Give up after so long. Default: never.", false}},
                               "node"};
  return kShape;
}

std::unique_ptr<const Step> read_drain(const model::Doc& doc, const std::string& path, ReadContext& context) {
  DrainOptions options;
  if (const auto timeout = span(doc, "timeout")) options.timeout = *timeout;
  return std::make_unique<Drain>(read_nodes(doc, "node", path, context), options);
}

}  // namespace wavetank::scenario
