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

event::PodId bound_pod(const Operand::Route& route, const std::vector<std::int64_t>& counts) {
  const std::int64_t bound = counts[route.counter];
  return bound == 0 ? event::PodId() : event::PodId(static_cast<std::size_t>(bound - 1));
}

}  // namespace

ValueType Operand::type() const {
  if (const auto* object = std::get_if<Object>(&what)) {
    return object->field == nullptr ? ValueType::Flag : object->field->type;
  }
  if (const auto* route = std::get_if<Route>(&what)) return route->field->type;
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
  if (const auto* route = std::get_if<Operand::Route>(&operand.what)) {
    if (route->field->read == nullptr) return counts[route->counter + 1];
    return route->field->read(ask(route->question, view, bound_pod(*route, counts)), view);
  }
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
    if (const auto* route = std::get_if<Operand::Route>(&operand.what)) {
      const project::Route now = ask(route->question, view, bound_pod(*route, counts));
      if (!now.reason.empty()) out += fmt::format(" ({})", now.reason);
      if (now.reason.empty() && !now.answers_surely())
        out += fmt::format(" ({} of {} candidates answer)", now.answering(), now.candidates.size());
    }
  }
  return out;
}

void Expression::ask_routes(const ClusterView& view, std::vector<std::int64_t>& counts) const {
  for (const Operand& operand : operands_) {
    const auto* route = std::get_if<Operand::Route>(&operand.what);
    if (route == nullptr) continue;
    const event::PodId bound = bound_pod(*route, counts);
    const project::Route now = ask(route->question, view, bound);
    if (now.affinity_seconds == 0 || !now.pod.valid()) continue;
    if (bound.valid() && bound != now.pod) ++counts[route->counter + 1];
    counts[route->counter] = static_cast<std::int64_t>(now.pod.index()) + 1;
  }
}

event::KindMask Expression::changed_by() const {
  event::KindMask mask = 0;
  for (const Operand& operand : operands_) {
    if (const auto* object = std::get_if<Operand::Object>(&operand.what)) mask |= object->kind->changed_by;
    if (const auto* set = std::get_if<Operand::Set>(&operand.what)) mask |= set->kind->changed_by;
    if (const auto* events = std::get_if<Operand::Events>(&operand.what)) mask |= event::mask(events->kind);
    if (std::holds_alternative<Operand::Route>(operand.what)) mask |= route_changed_by();
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
