#include "sim/scenario/expression.h"

#include <fmt/format.h>

namespace wavetank::scenario {
namespace {

bool compare(const Value& a, Comparison op, const Value& b) {
  if (a.index() == 0 || b.index() == 0) return false;  // a missing object satisfies nothing
  switch (op) {
    case Comparison::Equal:
      return a == b;
    case Comparison::NotEqual:
      return a != b;
    default:
      break;
  }
  const auto* x = std::get_if<std::int64_t>(&a);
  const auto* y = std::get_if<std::int64_t>(&b);
  if (x == nullptr || y == nullptr) return false;  // the reader lets only numbers be ordered
  switch (op) {
    case Comparison::Less:
      return *x < *y;
    case Comparison::LessEqual:
      return *x <= *y;
    case Comparison::Greater:
      return *x > *y;
    case Comparison::GreaterEqual:
      return *x >= *y;
    default:
      return false;
  }
}

}  // namespace

ValueType Operand::type() const {
  if (const auto* object = std::get_if<Object>(&what)) {
    return object->field == nullptr ? ValueType::Flag : object->field->type;
  }
  if (const auto* literal = std::get_if<Value>(&what)) {
    if (std::holds_alternative<bool>(*literal)) return ValueType::Flag;
    if (std::holds_alternative<std::string>(*literal)) return ValueType::Word;
  }
  return ValueType::Number;
}

Value Expression::value(const Operand& operand, const ClusterView& view,
                        const std::vector<std::int64_t>& counts) const {
  if (const auto* literal = std::get_if<Value>(&operand.what)) return *literal;
  if (const auto* set = std::get_if<Operand::Set>(&operand.what)) return set->field->read(view, set->filter);
  if (const auto* events = std::get_if<Operand::Events>(&operand.what)) return counts[events->counter];
  const auto& object = std::get<Operand::Object>(operand.what);
  const Ref ref = view.find(object.kind->kind, object.ns, object.name);
  if (object.field == nullptr) return ref.valid();
  return ref.valid() ? object.field->read(view, ref) : Value();
}

bool Expression::holds(std::size_t vertex, const ClusterView& view, const std::vector<std::int64_t>& counts) const {
  const Vertex& v = vertices_[vertex];
  switch (v.op) {
    case Vertex::Op::Or:
      return holds(v.a, view, counts) || holds(v.b, view, counts);
    case Vertex::Op::And:
      return holds(v.a, view, counts) && holds(v.b, view, counts);
    case Vertex::Op::Not:
      return !holds(v.a, view, counts);
    case Vertex::Op::Truth:
      return value(operands_[v.a], view, counts) == Value(true);
    case Vertex::Op::Compare:
      return compare(value(operands_[v.a], view, counts), v.comparison, value(operands_[v.b], view, counts));
  }
  return false;
}

bool Expression::holds(const ClusterView& view, const std::vector<std::int64_t>& counts) const {
  return holds(root_, view, counts);
}

std::string Expression::seen(const ClusterView& view, const std::vector<std::int64_t>& counts) const {
  std::string out;
  for (const Operand& operand : operands_) {
    if (operand.is_literal()) continue;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} is {}", operand.text, value_text(value(operand, view, counts)));
  }
  return out;
}

event::KindMask Expression::changed_by() const {
  event::KindMask mask = 0;
  for (const Operand& operand : operands_) {
    if (const auto* object = std::get_if<Operand::Object>(&operand.what)) mask |= object->kind->changed_by;
    if (const auto* set = std::get_if<Operand::Set>(&operand.what)) mask |= set->kind->changed_by;
    if (const auto* events = std::get_if<Operand::Events>(&operand.what)) mask |= event::mask(events->kind);
  }
  return mask;
}

std::vector<const Operand::Events*> Expression::counters() const {
  std::vector<const Operand::Events*> out;
  for (const Operand& operand : operands_) {
    if (const auto* events = std::get_if<Operand::Events>(&operand.what)) out.push_back(events);
  }
  return out;
}

}  // namespace wavetank::scenario
