// note: a remark that reports show; nothing happens.
#include "sim/scenario/steps/all.h"

namespace wavetank::scenario {
namespace {

class Note final : public Step {
 public:
  explicit Note(std::string remark) : remark_(std::move(remark)) {}
  [[nodiscard]] std::string text() const override { return "note: " + remark_; }
  void run(StepContext& context) const override { context.remark(text()); }

 private:
  std::string remark_;
};

}  // namespace

const Shape& note_shape() {
  static const Shape kShape = {"note", {{"text", Type::Text, "The remark.", true}}, "text"};
  return kShape;
}

std::unique_ptr<const Step> read_note(const model::Doc& doc, const std::string&, ReadContext&) {
  return std::make_unique<Note>(text(doc, "text"));
}

}  // namespace wavetank::scenario
