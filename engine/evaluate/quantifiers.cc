// any, all, count, min, max and sum over a set.
#include <algorithm>
#include <cstdint>

#include "evaluate/interpreter.h"

namespace rescind {
namespace {

// The value of min, max or sum so far.
struct Aggregate {
  std::int64_t number = 0;
  bool any = false;
  bool unknown = false;

  void take(ExprOp op, const Value& value) {
    if (!value.known()) {
      unknown = true;
      return;
    }
    if (op == ExprOp::Sum) {
      std::int64_t sum = 0;
      number = __builtin_add_overflow(number, value.number, &sum)
                   ? (number < 0 ? INT64_MIN + 1 : INT64_MAX)
                   : sum;
    } else if (!any) {
      number = value.number;
    } else {
      number = op == ExprOp::Min ? std::min(number, value.number) : std::max(number, value.number);
    }
    any = true;
  }
};

}  // namespace

Value Interpreter::run_quantifier(const Node& node) {
  const auto children = program_.children_of(node);
  const Value set = run(children[0]);
  const TypeKind kind = node.type.kind;
  if (!set.known()) {
    return Value::unknown(kind);
  }
  const Type& set_type = program_.node(children[0]).type;
  Tri any = Tri::False;
  Tri all = Tri::True;
  std::int64_t count = 0;
  Aggregate aggregate;
  for (std::size_t i = 0; i < set.count; ++i) {
    variables_[node.index] = element(set, i, set_type);
    const Tri where = tri_of_number(run(children[1]));
    any = std::max(any, where);
    all = std::min(all, where);
    count += where == Tri::True ? 1 : 0;
    aggregate.unknown = aggregate.unknown || where == Tri::Unknown;
    if (children.size() > 2 && where == Tri::True) {
      aggregate.take(node.op, run(children[2]));
    }
  }
  if (node.op == ExprOp::Any) {
    return Value::of(any);
  }
  if (node.op == ExprOp::All) {
    return Value::of(all);
  }
  if (aggregate.unknown) {
    return Value::unknown(kind);
  }
  if (node.op == ExprOp::Count) {
    return Value::of(kind, count);
  }
  if (!aggregate.any && node.op != ExprOp::Sum) {
    return Value::missing(kind);  // the least of nothing
  }
  return Value::of(kind, aggregate.number);
}

}  // namespace rescind
