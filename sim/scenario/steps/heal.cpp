// heal: faults end before their time.
#include <fmt/format.h>

#include "sim/fault/registry.h"
#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Heal final : public Step {
 public:
  explicit Heal(std::vector<std::string> faults) : faults_(std::move(faults)) {}
  [[nodiscard]] std::string text() const override { return fmt::format("heal {}", fmt::join(faults_, ", ")); }
  void run(StepContext& context) const override {
    for (const std::string& fault : faults_) {
      std::size_t healed = 0;
      if (const auto named = context.named_faults.find(fault); named != context.named_faults.end()) {
        for (const event::FaultId id : named->second) healed += context.faults.end(id, context.now) ? 1 : 0;
      } else if (const auto again = context.named_renewals.find(fault); again != context.named_renewals.end()) {
        for (const std::size_t r : again->second) healed += context.faults.end_renewal(r, context.now) ? 1 : 0;
      } else {
        healed = context.faults.end_all(fault == "all" ? "" : fault, context.now);
      }
      if (healed == 0) context.remark(fmt::format("heal {}: no such fault is on", fault));
    }
  }

 private:
  std::vector<std::string> faults_;
};

}  // namespace

const Shape& heal_shape() {
  static const Shape kShape = {
      "heal", {{"fault", Type::Texts, "A fault's name, a kind of fault, or all.", true}}, "fault"};
  return kShape;
}

std::unique_ptr<const Step> read_heal(const model::Doc& doc, const std::string& path, ReadContext& context) {
  std::vector<std::string> faults = texts(doc, "fault");
  for (const std::string& fault : faults) {
    if (fault == "all" || fault::find_kind(fault) != nullptr || context.fault_names.contains(fault)) continue;
    std::vector<std::string_view> known = {"all"};
    for (const std::string& name : context.fault_names) known.push_back(name);
    for (const fault::KindInfo& kind : fault::kinds()) known.push_back(kind.name);
    context.problems.add(place(doc, "fault"),
                         fmt::format("{}.fault: no step before this one begins a fault named \"{}\", and no kind is{}",
                                     path, fault, suggestion(fault, known)));
  }
  return std::make_unique<Heal>(std::move(faults));
}

}  // namespace wavetank::scenario
