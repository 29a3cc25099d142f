// `and or not`, comparisons, membership, patterns and `??`.
#include <algorithm>
#include <utility>

#include "check/expressions.h"
#include "check/patterns.h"

namespace rescind::checking {
namespace {

using ast::BinaryOp;

std::string_view spelled(BinaryOp op) {
  switch (op) {
  case BinaryOp::And:
    return "and";
  case BinaryOp::Or:
    return "or";
  case BinaryOp::Equal:
    return "==";
  case BinaryOp::NotEqual:
    return "!=";
  case BinaryOp::Less:
    return "<";
  case BinaryOp::LessEqual:
    return "<=";
  case BinaryOp::Greater:
    return ">";
  case BinaryOp::GreaterEqual:
    return ">=";
  case BinaryOp::In:
    return "in";
  case BinaryOp::NotIn:
    return "not in";
  case BinaryOp::Like:
    return "like";
  case BinaryOp::Matches:
    return "matches";
  case BinaryOp::Coalesce:
    return "??";
  case BinaryOp::Add:
    return "+";
  case BinaryOp::Subtract:
    return "-";
  }
  return "";
}

ExprOp comparison_op(BinaryOp op) {
  switch (op) {
  case BinaryOp::NotEqual:
    return ExprOp::NotEqual;
  case BinaryOp::Less:
    return ExprOp::Less;
  case BinaryOp::LessEqual:
    return ExprOp::LessEqual;
  case BinaryOp::Greater:
    return ExprOp::Greater;
  case BinaryOp::GreaterEqual:
    return ExprOp::GreaterEqual;
  case BinaryOp::And:
  case BinaryOp::Or:
  case BinaryOp::Equal:
  case BinaryOp::In:
  case BinaryOp::NotIn:
  case BinaryOp::Like:
  case BinaryOp::Matches:
  case BinaryOp::Coalesce:
  case BinaryOp::Add:
  case BinaryOp::Subtract:
    break;
  }
  return ExprOp::Equal;
}

Expr condition_node(ExprOp op, Span span, std::vector<ExprId> operands) {
  Expr node;
  node.op = op;
  node.type = simple_type(TypeKind::Bool);
  node.span = span;
  node.operands = std::move(operands);
  return node;
}

bool holds(BinaryOp op, std::int64_t a, std::int64_t b) {
  if (op == BinaryOp::Less) {
    return a < b;
  }
  if (op == BinaryOp::LessEqual) {
    return a <= b;
  }
  return op == BinaryOp::Greater ? a > b : a >= b;
}

}  // namespace

Typed Expressions::binary(const ast::Expr& expr, const ast::Binary& written, const Type* expected) {
  switch (written.op) {
  case BinaryOp::And:
  case BinaryOp::Or:
    return logical(expr, written.op);
  case BinaryOp::Equal:
  case BinaryOp::NotEqual:
  case BinaryOp::Less:
  case BinaryOp::LessEqual:
  case BinaryOp::Greater:
  case BinaryOp::GreaterEqual:
    return comparison(expr, written);
  case BinaryOp::In:
  case BinaryOp::NotIn:
    return membership(expr, written);
  case BinaryOp::Like:
  case BinaryOp::Matches:
    return pattern(expr, written);
  case BinaryOp::Coalesce:
    return coalesce(expr, written, expected);
  case BinaryOp::Add:
  case BinaryOp::Subtract:
    return arithmetic(expr, written);
  }
  return poison(expr.span);
}

Typed Expressions::logical(const ast::Expr& expr, BinaryOp op) {
  // A chain is as long as its author likes; only real nesting counts as depth.
  std::vector<const ast::Expr*> terms;
  const ast::Expr* left = &expr;
  while (true) {
    const auto* node = std::get_if<ast::Binary>(&left->node);
    if (node == nullptr || node->op != op) {
      terms.push_back(left);
      break;
    }
    terms.push_back(node->right.get());
    left = node->left.get();
  }
  std::reverse(terms.begin(), terms.end());

  const bool is_and = op == BinaryOp::And;
  const bool settles = !is_and;  // the truth of one term that makes the truth of all
  const std::size_t before = assumptions_.mark();
  std::vector<ExprId> ids;
  Typed joined;
  joined.truth = is_and;
  bool sound = true;
  for (const ast::Expr* written : terms) {
    Typed term = check(*written, nullptr);
    if (term.poisoned || !require_condition(term)) {
      sound = false;
      continue;
    }
    // The next term is only asked where this one does not settle the matter.
    assumptions_.assume(is_and ? term.if_true : term.if_false);
    Facts& all = is_and ? joined.if_true : joined.if_false;
    Facts& common = is_and ? joined.if_false : joined.if_true;
    const Facts& of_common = is_and ? term.if_false : term.if_true;
    all.add_all(is_and ? term.if_true : term.if_false);
    if (ids.empty()) {
      common = of_common;
    } else {
      common.keep_common(of_common);
    }
    if (term.truth == settles || joined.truth == settles) {
      joined.truth = settles;
    } else if (!term.truth) {
      joined.truth = std::nullopt;
    }
    ids.push_back(term.id);
  }
  assumptions_.forget_to(before);
  if (!sound) {
    return poison(expr.span);
  }
  joined.id = join_terms(is_and ? ExprOp::And : ExprOp::Or, ids, 0, ids.size(), expr.span);
  joined.poisoned = !joined.id.valid();
  joined.span = expr.span;
  return joined;
}

// A balanced tree, so that a long chain is not a deep one.
ExprId Expressions::join_terms(ExprOp op, const std::vector<ExprId>& terms, std::size_t begin,
                               std::size_t end, Span span) {
  if (end - begin == 1) {
    return terms[begin];
  }
  const std::size_t middle = begin + (end - begin + 1) / 2;
  const ExprId left = join_terms(op, terms, begin, middle, span);
  const ExprId right = join_terms(op, terms, middle, end, span);
  return left.valid() && right.valid() ? make(condition_node(op, span, {left, right})).id
                                       : ExprId{};
}

Typed Expressions::negate_condition(Typed typed, Span span) {
  Typed result = make(condition_node(ExprOp::Not, span, {typed.id}));
  result.if_true = std::move(typed.if_false);
  result.if_false = std::move(typed.if_true);
  if (typed.truth) {
    result.truth = !*typed.truth;
  }
  return result;
}

Typed Expressions::negation(const ast::Expr& expr, const ast::Not& written) {
  Typed operand = check(*written.operand, nullptr);
  if (operand.poisoned || !require_condition(operand)) {
    return poison(expr.span);
  }
  return negate_condition(std::move(operand), expr.span);
}

bool Expressions::check_operands(const ast::Binary& written, Typed& left, Typed& right) {
  const bool right_first = is_contextual(*written.left) && !is_contextual(*written.right);
  const ast::Expr& first = right_first ? *written.right : *written.left;
  const ast::Expr& second = right_first ? *written.left : *written.right;
  Typed& first_typed = right_first ? right : left;
  Typed& second_typed = right_first ? left : right;
  first_typed = check(first, nullptr);
  if (first_typed.poisoned && is_contextual(second)) {
    return false;  // nothing says what the word could mean
  }
  second_typed = check(second, first_typed.poisoned ? nullptr : &first_typed.type);
  if (first_typed.poisoned || second_typed.poisoned) {
    return false;
  }
  return adapt(second_typed, first_typed.type) && adapt(first_typed, second_typed.type);
}

Typed Expressions::comparison(const ast::Expr& expr, const ast::Binary& written) {
  Typed left;
  Typed right;
  if (!check_operands(written, left, right)) {
    return poison(expr.span);
  }
  const bool is_equality = written.op == BinaryOp::Equal || written.op == BinaryOp::NotEqual;
  if (!comparable(left.type, right.type)) {
    Diagnostic& diagnostic =
        program_.report.error(Code::R0302, expr.span,
                              "`" + std::string(spelled(written.op)) + "` compares " +
                                  name_of(left.type) + " with " + name_of(right.type),
                              "never of one type");
    diagnostic.labels.push_back({left.span, "is of type " + name_of(left.type)});
    diagnostic.labels.push_back({right.span, "is of type " + name_of(right.type)});
    const bool has_enum = left.type.kind == TypeKind::Enum || right.type.kind == TypeKind::Enum;
    if (has_enum && (is_constant(left) || is_constant(right))) {
      diagnostic.help.emplace_back("write a value of an enum as a bare word, without quotes");
    }
    note_use(diagnostic);
    return poison(expr.span);
  }
  if (!require_known(left) || !require_known(right)) {
    return poison(expr.span);
  }
  if (is_equality) {
    return equality(expr, written, std::move(left), std::move(right));
  }
  if (!is_ordered(left.type)) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0304, expr.span, "values of type " + name_of(left.type) + " have no order",
        "`" + std::string(spelled(written.op)) + "` needs int, instant or duration");
    note_use(diagnostic);
    return poison(expr.span);
  }
  const bool fixed = is_constant(left) && is_constant(right);
  const bool truth =
      fixed && holds(written.op, node(left).constant.number, node(right).constant.number);
  Typed result = make(condition_node(comparison_op(written.op), expr.span, {left.id, right.id}));
  if (fixed) {
    result.truth = truth;
  }
  return result;
}

Typed Expressions::equality(const ast::Expr& expr, const ast::Binary& written, Typed left,
                            Typed right) {
  const bool negated = written.op == BinaryOp::NotEqual;
  if (is_constant(right) != is_constant(left)) {
    const Typed& value = is_constant(right) ? left : right;
    const Typed& word = is_constant(right) ? right : left;
    if (std::optional<Typed> typed =
            word_comparison(expr, value, {node(word).constant.text}, negated)) {
      return *std::move(typed);
    }
  }
  const bool fixed = is_constant(left) && is_constant(right);
  const bool truth = fixed && (node(left).constant == node(right).constant) != negated;
  Typed result = make(condition_node(comparison_op(written.op), expr.span, {left.id, right.id}));
  if (fixed) {
    result.truth = truth;
  }
  return result;
}

// `x.kind == token` and `event.type == leaver` say the same as `x is token` and `event is leaver`.
std::optional<Typed> Expressions::word_comparison(const ast::Expr& expr, const Typed& value,
                                                  const std::vector<std::string>& words,
                                                  bool negated) {
  const Expr asked = node(value);
  if (asked.op == ExprOp::Attribute && asked.attribute == pseudo_attribute::kItemKind) {
    KindSet kinds;
    for (const std::string& word : words) {
      kinds = kinds | kinds_named(word);
    }
    std::string key = value.key;
    const std::string suffix = ".kind";
    key.resize(key.size() < suffix.size() ? 0 : key.size() - suffix.size());
    program_.arena.nodes[value.id.index()] = Expr{};  // its operand gets another user
    Typed typed = kinds_predicate(expr.span, asked.operands.front(), key, asked.kinds, kinds);
    return negated ? negate_condition(std::move(typed), expr.span) : typed;
  }
  if (asked.op == ExprOp::EventBuiltin && asked.name == "type") {
    std::vector<std::uint32_t> events;
    for (const std::string& word : words) {
      events.push_back(program_.events.at(word));
    }
    std::sort(events.begin(), events.end());
    Typed typed = events_predicate(expr.span, std::move(events));
    return negated ? negate_condition(std::move(typed), expr.span) : typed;
  }
  return std::nullopt;
}

Typed Expressions::membership(const ast::Expr& expr, const ast::Binary& written) {
  Typed left;
  Typed right;
  if (!check_membership(expr, written, left, right)) {
    return poison(expr.span);
  }
  const bool negated = written.op == BinaryOp::NotIn;
  if (is_constant(right) && !is_constant(left)) {
    if (std::optional<Typed> typed =
            word_comparison(expr, left, node(right).constant.elements, negated)) {
      return *std::move(typed);
    }
  }
  const std::optional<bool> truth = fixed_membership(left, right);
  Typed result = make(condition_node(ExprOp::In, expr.span, {left.id, right.id}));
  result.truth = truth;
  return negated && !result.poisoned ? negate_condition(std::move(result), expr.span) : result;
}

bool Expressions::check_membership(const ast::Expr& expr, const ast::Binary& written, Typed& left,
                                   Typed& right) {
  const bool left_first = !is_contextual(*written.left) || is_contextual(*written.right);
  if (left_first) {
    left = check(*written.left, nullptr);
    if (left.poisoned && is_contextual(*written.right)) {
      return false;
    }
    const Type wanted = set_type(left.type);
    right = check(*written.right, left.poisoned ? nullptr : &wanted);
  } else {
    right = check(*written.right, nullptr);
    if (right.poisoned) {
      return false;
    }
    const Type wanted = element_type(right.type);
    left = check(*written.left, right.type.kind == TypeKind::Set ? &wanted : nullptr);
  }
  if (left.poisoned || right.poisoned) {
    return false;
  }
  if (right.type.kind != TypeKind::Set) {
    note_use(program_.report.error(Code::R0302, right.span,
                                   "`in` needs a set, found " + name_of(right.type), "not a set"));
    return false;
  }
  if (!adapt(left, element_type(right.type)) || !adapt(right, set_type(left.type))) {
    return false;
  }
  if (!comparable(left.type, element_type(right.type))) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0302, expr.span, name_of(left.type) + " is never in a " + name_of(right.type),
        "never of one type");
    diagnostic.labels.push_back({left.span, "is of type " + name_of(left.type)});
    diagnostic.labels.push_back({right.span, "is of type " + name_of(right.type)});
    note_use(diagnostic);
    return false;
  }
  return require_known(left) && require_known(right);
}

std::optional<bool> Expressions::fixed_membership(const Typed& left, const Typed& right) const {
  if (!is_constant(left) || !is_constant(right)) {
    return std::nullopt;
  }
  const Constant& set = node(right).constant;
  const Constant& one = node(left).constant;
  return set.numbers.empty()
             ? std::binary_search(set.elements.begin(), set.elements.end(), one.text)
             : std::binary_search(set.numbers.begin(), set.numbers.end(), one.number);
}

Typed Expressions::pattern(const ast::Expr& expr, const ast::Binary& written) {
  const Type string = simple_type(TypeKind::String);
  Typed left = check(*written.left, nullptr);
  const std::size_t nodes = program_.arena.nodes.size();
  const Typed right = check(*written.right, &string);
  bool sound = !left.poisoned && !right.poisoned;
  std::string text;
  if (!right.poisoned) {
    if (!is_constant(right) || right.type.kind != TypeKind::String) {
      note_use(program_.report.error(
          Code::R0306, right.span,
          "the pattern of `" + std::string(spelled(written.op)) + "` must be a constant string",
          "not a constant string"));
      sound = false;
    } else {
      text = node(right).constant.text;
    }
  }
  program_.arena.nodes.resize(nodes);
  if (!left.poisoned && left.type.kind != TypeKind::String) {
    note_use(program_.report.error(
        Code::R0302, left.span,
        "`" + std::string(spelled(written.op)) + "` needs a string, found " + name_of(left.type),
        "is of type " + name_of(left.type)));
    sound = false;
  }
  sound = sound && require_known(left);
  if (sound && written.op == BinaryOp::Matches) {
    if (const std::optional<std::string> problem = regex_problem(text)) {
      program_.report.error(Code::R0307, right.span, "not a regular expression: " + *problem,
                            "RE2 refuses this");
      sound = false;
    }
  }
  if (!sound) {
    return poison(expr.span);
  }
  Expr result = condition_node(written.op == BinaryOp::Like ? ExprOp::Like : ExprOp::Matches,
                               expr.span, {left.id});
  result.constant.text = std::move(text);
  return make(std::move(result));
}

Typed Expressions::coalesce(const ast::Expr& expr, const ast::Binary& written,
                            const Type* expected) {
  Typed left = check(*written.left, expected);
  if (left.poisoned && is_contextual(*written.right)) {
    return poison(expr.span);
  }
  // Where people are meant, a name may be that of a team.
  Type wanted = left.type;
  if (wanted.kind == TypeKind::Identity) {
    wanted.kind = TypeKind::Principal;
  }
  Typed right = check(*written.right, left.poisoned ? expected : &wanted);
  if (left.poisoned || right.poisoned) {
    return poison(expr.span);
  }
  if (!adapt(right, wanted)) {
    return poison(expr.span);
  }
  const std::optional<Type> both = unify(left.type, right.type);
  if (!both) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0302, expr.span, "`??` joins " + name_of(left.type) + " with " + name_of(right.type),
        "not of one type");
    note_use(diagnostic);
    return poison(expr.span);
  }
  if (!left.type.optional) {
    if (uses_.empty()) {
      program_.report.warning(Code::R0312, left.span,
                              quoted(left.span, "this value") + " is never missing",
                              "the substitute after `??` is never taken");
    }
    return left;
  }
  Expr result;
  result.op = ExprOp::Coalesce;
  result.type = *both;
  result.type.optional = right.type.optional;
  result.span = expr.span;
  result.operands = {left.id, right.id};
  return make(std::move(result));
}

}  // namespace rescind::checking
