// rollout: `kubectl rollout undo|pause|resume|restart`.
#include <fmt/format.h>

#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

enum class Action : std::uint8_t { Undo, Pause, Resume, Restart };
constexpr std::string_view kActions[] = {"undo", "pause", "resume", "restart"};

class Rollout final : public Step {
 public:
  Rollout(Action action, std::vector<Target> targets, std::int64_t to_revision)
      : action_(action), targets_(std::move(targets)), to_revision_(to_revision) {}
  [[nodiscard]] std::string text() const override { return fmt::format("rollout {} {}", word(), join(targets_)); }
  void run(StepContext& context) const override {
    const std::string verb = fmt::format("rollout {}", word());
    for_targets(targets_, context, verb, [&](event::Ref ref, const std::string& name) {
      std::string line = fmt::format("{} {}", verb, name);
      if (action_ == Action::Undo && to_revision_ != 0) line += fmt::format(" --to-revision={}", to_revision_);
      context.kubectl(line, payload(ref));
    });
  }

 private:
  [[nodiscard]] std::string_view word() const { return kActions[static_cast<std::size_t>(action_)]; }
  [[nodiscard]] command::Payload payload(event::Ref ref) const {
    switch (action_) {
      case Action::Undo:
        return command::UndoRollout{ref, to_revision_};
      case Action::Pause:
        return command::SetPaused{ref.as<event::DeploymentId>(), true};
      case Action::Resume:
        return command::SetPaused{ref.as<event::DeploymentId>(), false};
      case Action::Restart:
        break;
    }
    return command::RestartRollout{ref};
  }

  Action action_;
  std::vector<Target> targets_;
  std::int64_t to_revision_;
};

}  // namespace

const Shape& rollout_shape() {
  static const Shape kShape = {
      "rollout",
      {{"undo", Type::Texts, "Deployments, stateful sets and daemon sets to roll back.", false},
       {"toRevision", Type::Whole, "With undo: the revision to go back to. Default 0, the one before the current.",
        false},
       {"pause", Type::Texts, "Deployments whose rollout is paused.", false},
       {"resume", Type::Texts, "Deployments whose rollout goes on.", false},
       {"restart", Type::Texts, "Deployments, stateful sets and daemon sets whose pods are all replaced.", false}},
      ""};
  return kShape;
}

std::unique_ptr<const Step> read_rollout(const model::Doc& doc, const std::string& path, ReadContext& context) {
  Action action = Action::Undo;
  std::string_view field;
  for (std::size_t i = 0; i < std::size(kActions); ++i) {
    if (doc.find(kActions[i]) == nullptr) continue;
    if (!field.empty()) {
      context.problems.add(doc.position,
                           fmt::format("{}: has both {} and {}; write two steps", path, field, kActions[i]));
    }
    field = kActions[i];
    action = static_cast<Action>(i);
  }
  if (field.empty()) {
    context.problems.add(doc.position, fmt::format("{}: wants one of undo, pause, resume, restart", path));
    return nullptr;
  }
  if (doc.find("toRevision") != nullptr && action != Action::Undo) {
    context.problems.add(place(doc, "toRevision"), fmt::format("{}.toRevision: goes with undo only", path));
  }
  std::vector<model::Kind> kinds = {model::Kind::Deployment};
  if (action == Action::Undo || action == Action::Restart)
    kinds.insert(kinds.end(), {model::Kind::StatefulSet, model::Kind::DaemonSet});
  return std::make_unique<Rollout>(action, read_targets(doc, field, path, kinds, context), whole(doc, "toRevision", 0));
}

}  // namespace wavetank::scenario
