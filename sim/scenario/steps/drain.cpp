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
  static const Shape kShape = {
      "drain",
      {{"node", Type::Texts, "Names of nodes; * stands for any text.", true},
       {"timeout", Type::Span, "Give up after so long. Default: never.", false},
       {"force", Type::Flag, "Also pods that no controller makes again. Default true.", false},
       {"ignoreDaemonsets", Type::Flag, "Pods of DaemonSets stay; else they are an error. Default true.", false},
       {"deleteEmptydirData", Type::Flag, "Also pods with emptyDir volumes. Default true.", false},
       {"disableEviction", Type::Flag, "Delete without asking budgets. Default false.", false},
       {"gracePeriod", Type::Whole, "With disableEviction: seconds instead of the pods' own.", false, nullptr, 0,
        1'000'000}},
      "node"};
  return kShape;
}

std::unique_ptr<const Step> read_drain(const model::Doc& doc, const std::string& path, ReadContext& context) {
  DrainOptions options;
  if (const auto timeout = span(doc, "timeout")) options.timeout = *timeout;
  options.force = flag(doc, "force", true);
  options.ignore_daemonsets = flag(doc, "ignoreDaemonsets", true);
  options.delete_emptydir_data = flag(doc, "deleteEmptydirData", true);
  options.disable_eviction = flag(doc, "disableEviction", false);
  if (doc.find("gracePeriod") != nullptr) {
    options.grace_s = whole(doc, "gracePeriod", 0);
    if (!options.disable_eviction)
      context.problems.add(place(doc, "gracePeriod"), path + ".gracePeriod: goes with disableEviction");
  }
  return std::make_unique<Drain>(read_nodes(doc, "node", path, context), options);
}

}  // namespace wavetank::scenario
