#pragma once
// Simple expressions on the cluster's objects. Grammar (also in README.md):
//
//   expr     = all { "or" all }
//   all      = one { "and" one }
//   one      = "not" one | "(" expr ")" | test
//   test     = quantity [ op ( literal | quantity ) ]     without op: a quantity that is true or false
//   op       = "==" | "!=" | "<" | "<=" | ">" | ">="
//   quantity = KIND "/" [ NAMESPACE "/" ] NAME FIELD      deployment/web availableReplicas, pod/kube-system/dns-1 phase
//            | SET [ "(" selector ")" ] FIELD             pods(app=web) ready; selector as `kubectl -l`
//            | "route" URL [ "from" pod/NAME ] [ "client" ADDRESS ] FIELD   route http://shop.example/cart answers
//            | "event" EVENT [ "(" selector ")" ] "count" event PodDeletionStarted(reason=Evicted) count
//   literal  = whole number | "true" | "false" | word | 'any text'
//
// A missing object makes every comparison false; KIND/NAME `exists` tells whether it is there.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/scenario/quantities.h"

namespace wavetank::scenario {

/// What an expression reads or compares with.
struct Operand {
  struct Object {
    const ObjectKind* kind = nullptr;
    std::string ns, name;
    const ObjectField* field = nullptr;  ///< Null: `exists`.
  };
  struct Set {
    const SetKind* kind = nullptr;
    SetFilter filter;
    const SetField* field = nullptr;
  };
  struct Events {
    event::EventKind kind = event::EventKind::Count;
    model::LabelSelector filter;
    std::size_t counter = 0;  ///< Which of the expression's counters.
  };
  struct Route {
    RouteQuestion question;
    const RouteField* field = nullptr;
    std::size_t counter = 0;  ///< Two of the expression's: 1 + the pod the client is bound to, and its moves.
  };
  std::variant<Value, Object, Set, Events, Route> what;
  std::string text;        ///< As written, spaces made single.
  std::size_t offset = 0;  ///< In the expression's text.

  [[nodiscard]] ValueType type() const;
  [[nodiscard]] bool is_literal() const { return std::holds_alternative<Value>(what); }
};

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

class Expression {
 public:
  /// One vertex of the tree; children by index.
  struct Vertex {
    enum class Op : std::uint8_t { Or, And, Not, Compare, Truth };
    Op op = Op::Truth;
    Comparison comparison = Comparison::Equal;
    std::size_t a = 0, b = 0;  ///< Vertices; for Compare and Truth: operands.
  };

  /// Whether it holds now. `counts` has one entry for each of counters(). O(size of what it reads).
  [[nodiscard]] bool holds(const ClusterView& view, const std::vector<std::int64_t>& counts) const;
  /// The values that it reads: "deployment/web availableReplicas is 2".
  [[nodiscard]] std::string seen(const ClusterView& view, const std::vector<std::int64_t>& counts) const;

  /// Lets the clients of its routes ask once more: to be called at each look, before holds().
  void ask_routes(const ClusterView& view, std::vector<std::int64_t>& counts) const;
  [[nodiscard]] std::size_t counter_count() const { return counter_count_; }

  [[nodiscard]] event::KindMask changed_by() const;
  /// The event counts it needs, in order.
  [[nodiscard]] std::vector<const Operand::Events*> counters() const;
  [[nodiscard]] const std::vector<Operand>& operands() const { return operands_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  friend class ExpressionReader;
  [[nodiscard]] bool holds(std::size_t vertex, const ClusterView& view, const std::vector<std::int64_t>& counts) const;
  [[nodiscard]] Value value(const Operand& operand, const ClusterView& view,
                            const std::vector<std::int64_t>& counts) const;

  std::string text_;
  std::vector<Operand> operands_;
  std::vector<Vertex> vertices_;
  std::size_t root_ = 0;
  std::size_t counter_count_ = 0;
};

/// What is wrong with an expression, and where in its text (from 0).
struct ExpressionProblem {
  std::size_t offset = 0;
  std::string message;
};

/// Reads an expression. On failure `problems` is not empty and the result means nothing.
Expression parse_expression(std::string_view text, std::vector<ExpressionProblem>& problems);

}  // namespace wavetank::scenario
