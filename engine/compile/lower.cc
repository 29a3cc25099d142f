// One node per expression; comparisons come down to Equal and Less, negations to Not.
#include "compile/lower.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"

namespace rescind {
namespace {

EventField event_field(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"at", "arrived", "source", "id", "type"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  RESCIND_CHECK(found != kNames.end(), "an event has no such built-in attribute");
  return static_cast<EventField>(found - kNames.begin());
}

Type bool_type() {
  Type type;
  type.kind = TypeKind::Bool;
  return type;
}

}  // namespace

Lowerer::Lowerer(const CheckedPolicy& policy, Graph& graph)
    : policy_(policy), graph_(graph), done_(policy.exprs.nodes.size()) {}

NodeId Lowerer::lower(ExprId id) {
  if (!id.valid()) {
    return {};
  }
  // Operands come before their users, so a walk over a stack needs no recursion.
  std::vector<ExprId> pending{id};
  while (!pending.empty()) {
    const ExprId top = pending.back();
    const Expr& expr = policy_.exprs[top];
    bool ready = true;
    for (const ExprId operand : expr.operands) {
      if (operand.valid() && !done_[operand.index()].valid()) {
        pending.push_back(operand);
        ready = false;
      }
    }
    if (!ready) {
      continue;
    }
    pending.pop_back();
    if (done_[top.index()].valid()) {
      continue;
    }
    std::vector<NodeId> operands;
    for (const ExprId operand : expr.operands) {
      operands.push_back(operand.valid() ? done_[operand.index()] : NodeId{});
    }
    done_[top.index()] = make(expr, operands);
  }
  return done_[id.index()];
}

Lowerer::Split Lowerer::split(ExprId condition) {
  Split result;
  const NodeId root = lower(condition);
  if (!root.valid() || graph_.is_boolean_constant(root, true)) {
    return result;
  }
  const Node& node = graph_.node(root);
  std::vector<NodeId> conjuncts{root};
  if (node.op == ExprOp::And) {
    const auto children = graph_.program().children_of(node);
    conjuncts.assign(children.begin(), children.end());
  }
  std::vector<NodeId> items;
  for (const NodeId conjunct : conjuncts) {
    const bool scalar = graph_.node(conjunct).level == Level::Scalar;
    (scalar ? result.scalars : items).push_back(conjunct);
  }
  if (!items.empty()) {
    result.items = graph_.junction(ExprOp::And, items);
  }
  return result;
}

NodeId Lowerer::make(const Expr& expr, const std::vector<NodeId>& operands) {
  switch (expr.op) {
  case ExprOp::Constant:
    return graph_.constant(expr.constant, expr.type);
  case ExprOp::Subject:
  case ExprOp::Now:
  case ExprOp::Item:
    return graph_.leaf(expr.op, expr.type);
  case ExprOp::Variable:
    return graph_.leaf(expr.op, expr.type, expr.index);
  case ExprOp::EventAttribute:
  case ExprOp::EventBuiltin:
  case ExprOp::EventBefore:
  case ExprOp::EventAfter:
  case ExprOp::IsEvent:
    return make_event_leaf(expr);
  case ExprOp::Attribute:
    return make_attribute(expr, operands[0]);
  case ExprOp::Not:
    return graph_.negation(operands[0]);
  case ExprOp::And:
  case ExprOp::Or:
    return graph_.junction(expr.op, operands);
  case ExprOp::NotEqual:
    return graph_.negation(graph_.binary(ExprOp::Equal, bool_type(),
                                         std::min(operands[0], operands[1]),
                                         std::max(operands[0], operands[1])));
  case ExprOp::Equal:
    return graph_.binary(ExprOp::Equal, bool_type(), std::min(operands[0], operands[1]),
                         std::max(operands[0], operands[1]));
  case ExprOp::Less:
    return graph_.binary(ExprOp::Less, bool_type(), operands[0], operands[1]);
  case ExprOp::Greater:
    return graph_.binary(ExprOp::Less, bool_type(), operands[1], operands[0]);
  case ExprOp::LessEqual:
    return graph_.negation(graph_.binary(ExprOp::Less, bool_type(), operands[1], operands[0]));
  case ExprOp::GreaterEqual:
    return graph_.negation(graph_.binary(ExprOp::Less, bool_type(), operands[0], operands[1]));
  case ExprOp::Negate:
  case ExprOp::Known:
  case ExprOp::IsIdentityKind:
  case ExprOp::IsItemKind:
  case ExprOp::Supports:
  case ExprOp::Justified:
  case ExprOp::In:
  case ExprOp::Like:
  case ExprOp::Matches:
  case ExprOp::Coalesce:
  case ExprOp::Add:
  case ExprOp::Subtract:
  case ExprOp::IdleFor:
  case ExprOp::DeliveredTo:
  case ExprOp::Any:
  case ExprOp::All:
  case ExprOp::Count:
  case ExprOp::Min:
  case ExprOp::Max:
  case ExprOp::Sum:
    break;
  }
  return make_compound(expr, operands);
}

NodeId Lowerer::make_compound(const Expr& expr, const std::vector<NodeId>& operands) {
  Node node;
  node.op = expr.op;
  node.type = expr.type;
  std::vector<NodeId> children = operands;
  if (expr.op == ExprOp::IsIdentityKind) {
    node.index = graph_.words_index(expr.names);
  } else if (expr.op == ExprOp::IsItemKind) {
    node.kinds = expr.kinds;
  } else if (expr.op == ExprOp::Supports) {
    node.verb = expr.verb;
  } else if (expr.op == ExprOp::Like || expr.op == ExprOp::Matches) {
    Type type;
    type.kind = TypeKind::String;
    node.index = graph_.constant_index(expr.constant, type);
    children.resize(1);
  } else if (expr.op >= ExprOp::Any && expr.op <= ExprOp::Sum) {
    // A quantifier without `where` takes every element.
    node.index = expr.index;
    children.resize(std::max<std::size_t>(children.size(), 2));
    if (!children[1].valid()) {
      children[1] = graph_.boolean(true);
    }
    if (children.size() == 3 && !children[2].valid()) {
      children.resize(2);
    }
  }
  return graph_.add(node, children);
}

NodeId Lowerer::make_attribute(const Expr& expr, NodeId operand) {
  if (!expr.name.empty()) {
    return graph_.attribute(operand, expr.name, expr.type);
  }
  const EntitySchema& schema = policy_.schema->of(expr.entity);
  return graph_.attribute(operand, schema.attributes[expr.attribute].name, expr.type);
}

NodeId Lowerer::make_event_leaf(const Expr& expr) {
  if (expr.op == ExprOp::EventAttribute) {
    return graph_.leaf(expr.op, expr.type, graph_.event_attribute_index(expr.name));
  }
  if (expr.op == ExprOp::EventBuiltin) {
    return graph_.leaf(expr.op, expr.type, static_cast<std::uint32_t>(event_field(expr.name)));
  }
  if (expr.op == ExprOp::IsEvent) {
    return graph_.leaf(expr.op, expr.type, graph_.words_index(expr.names));
  }
  const Attribute& attribute = policy_.schema->of(Entity::Identity).attributes[expr.attribute];
  return graph_.leaf(
      expr.op, expr.type,
      graph_.attribute_index(attribute.name, attribute.type, AttributeUse::Source::Column));
}

}  // namespace rescind
