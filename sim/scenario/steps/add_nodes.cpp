// add-nodes: more machines join the cluster.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class AddNodes final : public Step {
 public:
  explicit AddNodes(std::vector<ManifestDoc> nodes) : nodes_(std::move(nodes)) {}
  [[nodiscard]] std::string text() const override {
    if (nodes_.size() == 1) return "add node " + nodes_.front().name;
    return fmt::format("add {} nodes", nodes_.size());
  }
  void run(StepContext& context) const override { create_nodes(nodes_, text(), context); }

 private:
  std::vector<ManifestDoc> nodes_;
};

}  // namespace

void create_nodes(const std::vector<ManifestDoc>& nodes, const std::string& text, StepContext& context) {
  base::Seq cause = 0;
  for (const ManifestDoc& node : nodes) {
    command::ApplyObject payload{node.json, command::ApplyObject::Mode::Create};
    if (cause == 0) {
      cause = context.control_plane.request(context.now, "scenario", text, std::move(payload)).first;
      continue;
    }
    if (context.control_plane.submit(context.now, {cause, payload}).ok()) continue;
    context.control_plane.request(context.now, "scenario", "add node " + node.name, std::move(payload), cause);
  }
}

std::unique_ptr<const Step> read_add_nodes(const model::Doc& doc, const std::string& path, ReadContext& context) {
  // As the API server does it (admission plugin TaintNodesByCondition): nothing is placed on a machine that joins
  // before it is Ready; the node lifecycle controller then takes the taint off. Those of `cluster` have been there
  // before.
  model::Doc joining = doc;
  model::Doc& taints = joining["taints"];
  if (!taints.is_array()) {
    model::Doc list = model::Doc::array();
    if (doc.find("taints") != nullptr) list.items.push_back(taints);
    list.position = taints.position;
    taints = std::move(list);
  }
  taints.items.push_back(model::Doc::string("node.kubernetes.io/not-ready:NoSchedule"));
  return std::make_unique<AddNodes>(expand_nodes(joining, path, context));
}

}  // namespace wavetank::scenario
