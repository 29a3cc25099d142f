// Expressions of the syntax tree. Runs of one operator are folded here, and the two forms that the
// grammar lets pass for the sake of a better message (mixed `and`/`or`, chained comparisons) are
// refused.
#include <algorithm>
#include <utility>

#include "RescindLexer.h"
#include "base/check.h"
#include "parse/literals.h"
#include "parse/syntax_messages.h"
#include "parse/tree_builder.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;
using ast::BinaryOp;
using ast::Quantifier;

const antlr4::Token* terminal(antlr4::tree::ParseTree* tree) {
  return static_cast<antlr4::tree::TerminalNode*>(tree)->getSymbol();
}

BinaryOp binary_op(std::size_t type) {
  switch (type) {
  case Lexer::AND:
    return BinaryOp::And;
  case Lexer::OR:
    return BinaryOp::Or;
  case Lexer::EQUAL:
    return BinaryOp::Equal;
  case Lexer::NOT_EQUAL:
    return BinaryOp::NotEqual;
  case Lexer::LESS:
    return BinaryOp::Less;
  case Lexer::LESS_EQUAL:
    return BinaryOp::LessEqual;
  case Lexer::GREATER:
    return BinaryOp::Greater;
  case Lexer::GREATER_EQUAL:
    return BinaryOp::GreaterEqual;
  case Lexer::IN:
    return BinaryOp::In;
  case Lexer::NOT:
    return BinaryOp::NotIn;
  case Lexer::LIKE:
    return BinaryOp::Like;
  case Lexer::MATCHES:
    return BinaryOp::Matches;
  case Lexer::COALESCE:
    return BinaryOp::Coalesce;
  case Lexer::PLUS:
    return BinaryOp::Add;
  case Lexer::MINUS:
    return BinaryOp::Subtract;
  default:
    RESCIND_CHECK(false, "a token that is no binary operator");
  }
}

Quantifier quantifier_of(std::size_t type) {
  switch (type) {
  case Lexer::ANY:
    return Quantifier::Any;
  case Lexer::ALL:
    return Quantifier::All;
  case Lexer::COUNT:
    return Quantifier::Count;
  case Lexer::MIN:
    return Quantifier::Min;
  case Lexer::MAX:
    return Quantifier::Max;
  case Lexer::SUM:
    return Quantifier::Sum;
  default:
    RESCIND_CHECK(false, "a token that is no quantifier");
  }
}

Span join_spans(Span a, Span b) {
  return {a.file, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

}  // namespace

Span ExpressionBuilder::span_of(const antlr4::Token* token) const {
  return list_.span_of(token->getTokenIndex());
}

Span ExpressionBuilder::span_of(const antlr4::ParserRuleContext* context) const {
  const Span first = span_of(context->start);
  return context->stop == nullptr ? Span{first.file, first.begin, first.begin}
                                  : join_spans(first, span_of(context->stop));
}

std::string_view ExpressionBuilder::text_of(const antlr4::Token* token) const {
  return list_.text_of(token->getTokenIndex());
}

bool ExpressionBuilder::is_bad(const antlr4::Token* token) const {
  return list_.infos[token->getTokenIndex()].bad;
}

ast::Name ExpressionBuilder::name(const antlr4::ParserRuleContext* context) const {
  return name(context->start);
}

ast::Name ExpressionBuilder::name(const antlr4::Token* token) const {
  return {std::string(text_of(token)), span_of(token)};
}

ast::Text ExpressionBuilder::text(const antlr4::Token* token) {
  const Span span = span_of(token);
  return {is_bad(token) ? std::string() : string_value(text_of(token), span, diagnostics_), span};
}

ast::Duration ExpressionBuilder::duration(const antlr4::Token* token) {
  const Span span = span_of(token);
  return {is_bad(token) ? Seconds{0} : duration_value(text_of(token), span, diagnostics_), span,
          std::nullopt};
}

std::int64_t ExpressionBuilder::integer(const antlr4::Token* token) {
  return is_bad(token) ? 0 : integer_value(text_of(token), span_of(token), diagnostics_);
}

ast::InstantLiteral ExpressionBuilder::moment(const antlr4::Token* token) {
  if (is_bad(token)) {
    return {};
  }
  return token->getType() == Lexer::DATE
             ? date_value(text_of(token), span_of(token), diagnostics_)
             : instant_value(text_of(token), span_of(token), diagnostics_);
}

template <typename Node>
ExpressionBuilder::Built ExpressionBuilder::make(Node node, Span span, std::size_t depth) {
  if (depth == options_.max_expression_depth + 1) {
    diagnostics_
        .error(Code::R0105, span,
               "this expression has more than the " +
                   std::to_string(options_.max_expression_depth) + " levels that are allowed")
        .help.emplace_back("compare with a set (`x in {…}`) or split it into defines");
  }
  auto expr = std::make_unique<ast::Expr>();
  // Past the bound nothing is kept below, so that no tree is ever deeper than the bound.
  if (depth > options_.max_expression_depth) {
    expr->node = ast::BoolLiteral{};
  } else {
    expr->node = std::move(node);
  }
  expr->span = span;
  return {std::move(expr), depth};
}

ExpressionBuilder::Built ExpressionBuilder::binary(BinaryOp op, Built left, Built right,
                                                   const antlr4::Token* sign) {
  const Span span = join_spans(left.expr->span, right.expr->span);
  const std::size_t depth = std::max(left.depth, right.depth) + 1;
  return make(ast::Binary{op, std::move(left.expr), std::move(right.expr), span_of(sign)}, span,
              depth);
}

ExpressionBuilder::Built ExpressionBuilder::expr(Parser::ExprContext* context) {
  const auto& children = context->children;
  Built result = comparison(static_cast<Parser::ComparisonContext*>(children[0]));
  const antlr4::Token* first = children.size() > 1 ? terminal(children[1]) : nullptr;
  for (std::size_t i = 1; i + 1 < children.size(); i += 2) {
    const antlr4::Token* sign = terminal(children[i]);
    if (sign->getType() != first->getType()) {
      Diagnostic& error = diagnostics_.error(Code::R0124, span_of(sign),
                                             "`and` and `or` are mixed without parentheses");
      error.labels.push_back({span_of(first), "mixed with this"});
      error.help.emplace_back("say which belongs together, as in `(a and b) or c`");
      return result;
    }
    result = binary(binary_op(sign->getType()), std::move(result),
                    comparison(static_cast<Parser::ComparisonContext*>(children[i + 1])), sign);
  }
  return result;
}

ExpressionBuilder::Built ExpressionBuilder::comparison(Parser::ComparisonContext* context) {
  const auto& children = context->children;
  if (context->start->getType() == Lexer::NOT) {
    Built operand = comparison(static_cast<Parser::ComparisonContext*>(children[1]));
    return make(ast::Not{std::move(operand.expr)}, span_of(context), operand.depth + 1);
  }
  Built left = sum(static_cast<Parser::SumContext*>(children[0]));
  if (children.size() == 1) {
    return left;
  }
  if (children.size() > 2) {
    const auto* second = static_cast<Parser::ComparisonTailContext*>(children[2]);
    Diagnostic& error =
        diagnostics_.error(Code::R0125, span_of(second->start), "comparisons do not chain");
    const auto* before = static_cast<Parser::ComparisonTailContext*>(children[1]);
    error.labels.push_back({span_of(before->start), "already compared here"});
    error.help.emplace_back("join two comparisons with `and`");
  }
  return tail(std::move(left), static_cast<Parser::ComparisonTailContext*>(children[1]));
}

ExpressionBuilder::Built ExpressionBuilder::tail(Built left,
                                                 Parser::ComparisonTailContext* context) {
  const Span span = join_spans(left.expr->span, span_of(context));
  const std::size_t depth = left.depth + 1;
  switch (context->op->getType()) {
  case Lexer::IS: {
    const bool negated = context->children.size() == 3;
    std::vector<ast::Name> kinds{name(context->kind)};
    return make(ast::IsKind{std::move(left.expr), negated, std::move(kinds)}, span, depth);
  }
  case Lexer::SUPPORTS:
    return make(ast::Supports{std::move(left.expr), name(context->kind)}, span, depth);
  case Lexer::IDLE: {
    Built period = sum(context->operand);
    return make(ast::IdleFor{std::move(left.expr), std::move(period.expr)}, span,
                std::max(depth, period.depth + 1));
  }
  case Lexer::DELIVERED: {
    Built receiver = coalesced(context->receiver);
    return make(ast::DeliveredTo{std::move(left.expr), std::move(receiver.expr)}, span,
                std::max(depth, receiver.depth + 1));
  }
  default:
    return binary(binary_op(context->op->getType()), std::move(left), sum(context->operand),
                  context->op);
  }
}

ExpressionBuilder::Built ExpressionBuilder::sum(Parser::SumContext* context) {
  const auto& children = context->children;
  Built result = coalesced(static_cast<Parser::CoalescedContext*>(children[0]));
  for (std::size_t i = 1; i + 1 < children.size(); i += 2) {
    const antlr4::Token* sign = terminal(children[i]);
    result = binary(binary_op(sign->getType()), std::move(result),
                    coalesced(static_cast<Parser::CoalescedContext*>(children[i + 1])), sign);
  }
  return result;
}

ExpressionBuilder::Built ExpressionBuilder::coalesced(Parser::CoalescedContext* context) {
  const auto& children = context->children;
  Built result = prefixed(static_cast<Parser::PrefixedContext*>(children[0]));
  for (std::size_t i = 1; i + 1 < children.size(); i += 2) {
    result = binary(BinaryOp::Coalesce, std::move(result),
                    prefixed(static_cast<Parser::PrefixedContext*>(children[i + 1])),
                    terminal(children[i]));
  }
  return result;
}

ExpressionBuilder::Built ExpressionBuilder::prefixed(Parser::PrefixedContext* context) {
  if (context->op == nullptr) {
    return path(context);
  }
  Built operand = prefixed(static_cast<Parser::PrefixedContext*>(context->children[1]));
  const std::size_t depth = operand.depth + 1;
  if (context->op->getType() == Lexer::KNOWN) {
    return make(ast::Known{std::move(operand.expr)}, span_of(context), depth);
  }
  return make(ast::Negate{std::move(operand.expr)}, span_of(context), depth);
}

ExpressionBuilder::Built ExpressionBuilder::path(Parser::PrefixedContext* context) {
  const auto& children = context->children;
  Built result = primary(static_cast<Parser::PrimaryContext*>(children[0]));
  for (std::size_t i = 2; i < children.size(); i += 2) {
    ast::Name attribute = name(static_cast<Parser::AnyWordContext*>(children[i]));
    const Span span = join_spans(result.expr->span, attribute.span);
    const std::size_t depth = result.depth + 1;
    result = make(ast::Member{std::move(result.expr), std::move(attribute)}, span, depth);
  }
  return result;
}

ExpressionBuilder::Built ExpressionBuilder::primary(Parser::PrimaryContext* context) {
  if (context->quantifier != nullptr) {
    return quantified(context);
  }
  switch (context->start->getType()) {
  case Lexer::LPAREN:
    return expr(static_cast<Parser::ExprContext*>(context->children[1]));
  case Lexer::LBRACE: {
    ast::SetLiteral set;
    std::size_t depth = 0;
    for (std::size_t i = 1; i + 1 < context->children.size(); i += 2) {
      Built element = expr(static_cast<Parser::ExprContext*>(context->children[i]));
      depth = std::max(depth, element.depth);
      set.elements.push_back(std::move(element.expr));
    }
    return make(std::move(set), span_of(context), depth + 1);
  }
  default:
    break;
  }
  return is_name(context->start->getType())
             ? reference(context)
             : simple_literal(static_cast<Parser::SimpleLiteralContext*>(context->children[0]));
}

ExpressionBuilder::Built ExpressionBuilder::reference(Parser::PrimaryContext* context) {
  ast::Name word = name(static_cast<Parser::NameContext*>(context->children[0]));
  if (context->children.size() == 1) {
    return make(ast::NameRef{std::move(word.text)}, word.span, 1);
  }
  const auto* list = static_cast<Parser::ArgumentsContext*>(context->children[1]);
  ast::Call call{std::move(word), {}};
  std::size_t depth = 0;
  for (std::size_t i = 1; i + 1 < list->children.size(); i += 2) {
    Built argument = expr(static_cast<Parser::ExprContext*>(list->children[i]));
    depth = std::max(depth, argument.depth);
    call.arguments.push_back(std::move(argument.expr));
  }
  return make(std::move(call), span_of(context), depth + 1);
}

ExpressionBuilder::Built ExpressionBuilder::quantified(Parser::PrimaryContext* context) {
  ast::Quantified node;
  node.quantifier = quantifier_of(context->quantifier->getType());
  node.variable = name(context->variable);
  Built set = sum(context->set);
  std::size_t depth = set.depth;
  node.set = std::move(set.expr);
  if (context->where != nullptr) {
    Built where = expr(context->where);
    depth = std::max(depth, where.depth);
    node.where = std::move(where.expr);
  }
  if (context->value != nullptr) {
    Built value = expr(context->value);
    depth = std::max(depth, value.depth);
    node.value = std::move(value.expr);
  }
  return make(std::move(node), span_of(context), depth + 1);
}

ExpressionBuilder::Built ExpressionBuilder::simple_literal(Parser::SimpleLiteralContext* context) {
  const antlr4::Token* token = context->start;
  const Span span = span_of(token);
  switch (token->getType()) {
  case Lexer::TRUE:
  case Lexer::FALSE:
    return make(ast::BoolLiteral{token->getType() == Lexer::TRUE}, span, 1);
  case Lexer::INT:
    return make(ast::IntLiteral{integer(token)}, span, 1);
  case Lexer::STRING:
    return make(ast::StringLiteral{text(token).value}, span, 1);
  case Lexer::DURATION:
    return make(ast::DurationLiteral{duration(token).value}, span, 1);
  default:
    return make(moment(token), span, 1);
  }
}

ast::ExprPtr ExpressionBuilder::literal(Parser::LiteralContext* context) {
  const antlr4::Token* first = context->start;
  if (first->getType() == Lexer::MINUS) {
    const antlr4::Token* number = terminal(context->children[1]);
    const Span span = span_of(number);
    Built value = number->getType() == Lexer::INT
                      ? make(ast::IntLiteral{integer(number)}, span, 1)
                      : make(ast::DurationLiteral{duration(number).value}, span, 1);
    return make(ast::Negate{std::move(value.expr)}, span_of(context), 2).expr;
  }
  if (first->getType() == Lexer::LBRACE) {
    ast::SetLiteral set;
    for (std::size_t i = 1; i + 1 < context->children.size(); i += 2) {
      set.elements.push_back(literal(static_cast<Parser::LiteralContext*>(context->children[i])));
    }
    return make(std::move(set), span_of(context), 2).expr;
  }
  if (!is_name(first->getType())) {
    return simple_literal(static_cast<Parser::SimpleLiteralContext*>(context->children[0])).expr;
  }
  return make(ast::NameRef{std::string(text_of(first))}, span_of(first), 1).expr;
}

ast::Principals ExpressionBuilder::principals(Parser::PrincipalsContext* context) {
  ast::Principals result;
  result.span = span_of(context);
  for (std::size_t i = 0; i < context->children.size(); i += 2) {
    result.alternatives.push_back(
        coalesced(static_cast<Parser::CoalescedContext*>(context->children[i])).expr);
  }
  return result;
}

}  // namespace rescind::parse
