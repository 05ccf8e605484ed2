// taint: `kubectl taint nodes`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

struct Change {
  std::string text;
  model::Taint taint;
  bool remove = false;
};

class Taint final : public Step {
 public:
  Taint(std::vector<Target> nodes, std::vector<Change> changes)
      : nodes_(std::move(nodes)), changes_(std::move(changes)) {}
  [[nodiscard]] std::string text() const override {
    std::string out = "taint " + join(nodes_);
    for (const Change& change : changes_) out += " " + change.text;
    return out;
  }
  void run(StepContext& context) const override {
    for_targets(nodes_, context, "taint nodes", [&](event::Ref ref, const std::string&) {
      const std::string name(context.view().bare_name(ref));
      for (const Change& change : changes_) {
        context.kubectl(fmt::format("taint nodes {} {}", name, change.text),
                        command::SetTaint{ref.as<event::NodeId>(), change.taint, change.remove});
      }
    });
  }

 private:
  std::vector<Target> nodes_;
  std::vector<Change> changes_;
};

// "key=value:Effect", and with a minus at the end its removal.
std::optional<Change> read_change(const std::string& text) {
  Change change;
  change.text = text;
  std::string_view rest = text;
  if (rest.ends_with('-')) {
    change.remove = true;
    rest.remove_suffix(1);
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view effect = rest.substr(colon + 1);
  if (effect == "NoSchedule") {
    change.taint.effect = model::TaintEffect::NoSchedule;
  } else if (effect == "PreferNoSchedule") {
    change.taint.effect = model::TaintEffect::PreferNoSchedule;
  } else if (effect == "NoExecute") {
    change.taint.effect = model::TaintEffect::NoExecute;
  } else {
    return std::nullopt;
  }
  const std::string_view pair = rest.substr(0, colon);
  const std::size_t equals = pair.find('=');
  change.taint.key = std::string(pair.substr(0, equals));
  if (equals != std::string_view::npos) change.taint.value = std::string(pair.substr(equals + 1));
  if (change.taint.key.empty()) return std::nullopt;
  return change;
}

}  // namespace

const Shape& taint_shape() {
  static const Shape kShape = {
      "taint",
      {{"node", Type::Texts, "Names of nodes; * stands for any text.", true},
       {"taint", Type::Texts, "key=value:NoSchedule as kubectl writes it; with a minus at the end it is removed.",
        true}},
      ""};
  return kShape;
}

std::unique_ptr<const Step> read_taint(const model::Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<Change> changes;
  for (const std::string& text : texts(doc, "taint")) {
    if (std::optional<Change> change = read_change(text)) {
      changes.push_back(std::move(*change));
    } else {
      context.problems.add(place(doc, "taint"),
                           fmt::format("{}.taint: \"{}\" is not a taint; write key=value:NoSchedule (or "
                                       "PreferNoSchedule, NoExecute), with a minus at the end to remove it",
                                       path, text));
    }
  }
  return std::make_unique<Taint>(read_nodes(doc, "node", path, context), std::move(changes));
}

}  // namespace wavetank::scenario
