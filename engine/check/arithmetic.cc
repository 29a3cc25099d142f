// `+` and `-` on numbers, durations and instants.
#include <utility>

#include "check/expressions.h"

namespace rescind::checking {
namespace {

// The type of a sum or difference; nothing where it means nothing (two instants cannot be added).
std::optional<TypeKind> result_kind(TypeKind left, TypeKind right, bool is_sum) {
  const auto is_number = [](TypeKind kind) {
    return kind == TypeKind::Int || kind == TypeKind::Duration;
  };
  if (left == right && is_number(left)) {
    return left;
  }
  if (left == TypeKind::Instant && right == TypeKind::Duration) {
    return TypeKind::Instant;
  }
  if (is_sum && left == TypeKind::Duration && right == TypeKind::Instant) {
    return TypeKind::Instant;
  }
  if (!is_sum && left == TypeKind::Instant && right == TypeKind::Instant) {
    return TypeKind::Duration;
  }
  return std::nullopt;
}

}  // namespace

Typed Expressions::arithmetic(const ast::Expr& expr, const ast::Binary& written) {
  const Typed left = check(*written.left, nullptr);
  const Typed right = check(*written.right, nullptr);
  if (left.poisoned || right.poisoned) {
    return poison(expr.span);
  }
  const bool is_sum = written.op == ast::BinaryOp::Add;
  const std::optional<TypeKind> kind = result_kind(left.type.kind, right.type.kind, is_sum);
  if (!kind) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0305, expr.span,
        std::string(is_sum ? "`+` does not add " : "`-` does not take ") +
            name_of(is_sum ? left.type : right.type) + (is_sum ? " and " : " from ") +
            name_of(is_sum ? right.type : left.type),
        "needs numbers, durations or instants");
    note_use(diagnostic);
    return poison(expr.span);
  }
  if (!require_known(left) || !require_known(right)) {
    return poison(expr.span);
  }
  if (is_constant(left) && is_constant(right)) {
    const std::int64_t a = node(left).constant.number;
    const std::int64_t b = node(right).constant.number;
    Constant constant;
    const bool overflows = is_sum ? __builtin_add_overflow(a, b, &constant.number)
                                  : __builtin_sub_overflow(a, b, &constant.number);
    if (overflows) {
      program_.report.error(Code::R0305, expr.span, "the result is too large for a number",
                            "overflows");
      return poison(expr.span);
    }
    return constant_node(simple_type(*kind), std::move(constant), expr.span);
  }
  Expr result;
  result.op = is_sum ? ExprOp::Add : ExprOp::Subtract;
  result.type = simple_type(*kind);
  result.span = expr.span;
  result.operands = {left.id, right.id};
  return make(std::move(result));
}

Typed Expressions::minus(const ast::Expr& expr, const ast::Negate& written) {
  const Typed operand = check(*written.operand, nullptr);
  if (operand.poisoned) {
    return poison(expr.span);
  }
  if (operand.type.kind != TypeKind::Int && operand.type.kind != TypeKind::Duration) {
    note_use(program_.report.error(
        Code::R0305, expr.span, "`-` needs a number or a duration, found " + name_of(operand.type),
        "is of type " + name_of(operand.type)));
    return poison(expr.span);
  }
  if (!require_known(operand)) {
    return poison(expr.span);
  }
  if (is_constant(operand) && node(operand).constant.number != INT64_MIN) {
    Constant constant;
    constant.number = -node(operand).constant.number;
    return constant_node(operand.type, std::move(constant), expr.span);
  }
  Expr result;
  result.op = ExprOp::Negate;
  result.type = operand.type;
  result.span = expr.span;
  result.operands = {operand.id};
  return make(std::move(result));
}

}  // namespace rescind::checking
