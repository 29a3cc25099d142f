// The frame of the condition checker: entry points, budgets, literals and constants.
#include "check/expressions.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/text.h"

namespace rescind::checking {

struct Expressions::Restore {
  Restore(Expressions& checker, Scope& scope)
      : self(checker), outer_scope(checker.scope_), outer_first(checker.first_node_) {
    self.scope_ = &scope;
    self.first_node_ = self.program_.arena.nodes.size();
    self.too_large_ = false;
  }

  ~Restore() {
    self.scope_ = outer_scope;
    self.first_node_ = outer_first;
  }

  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;
  Restore(Restore&&) = delete;
  Restore& operator=(Restore&&) = delete;

  Expressions& self;
  Scope* outer_scope;
  std::size_t outer_first;
};

Typed Expressions::condition(const ast::Expr& expr, Scope& scope) {
  const Restore restore(*this, scope);
  Typed typed = check(expr, nullptr);
  if (!typed.poisoned && !require_condition(typed)) {
    return poison(expr.span);
  }
  return typed;
}

Typed Expressions::value(const ast::Expr& expr, Scope& scope, const Type* expected) {
  const Restore restore(*this, scope);
  return check(expr, expected);
}

std::optional<Constant> Expressions::constant(const ast::Expr& expr, Scope& scope, const Type& type,
                                              std::string_view what) {
  const Restore restore(*this, scope);
  const std::size_t nodes = program_.arena.nodes.size();
  Typed typed = check(expr, &type);
  std::optional<Constant> result;
  if (!typed.poisoned && adapt(typed, type)) {
    const std::optional<Type> both = unify(typed.type, type);
    if (!is_constant(typed)) {
      program_.report.error(Code::R0315, expr.span, std::string(what) + " must be a constant",
                            "this depends on what is decided");
    } else if (!both || without_optional(*both) != without_optional(type)) {
      program_.report.error(Code::R0316, expr.span,
                            std::string(what) + " must be of type " + name_of(type) + ", found " +
                                name_of(typed.type),
                            "not of type " + name_of(type));
    } else {
      result = node(typed).constant;
    }
  }
  program_.arena.nodes.resize(nodes);
  return result;
}

void Expressions::check_define(Define& define) {
  Scope scope;
  scope.place = "a define";
  scope.module = define.module;
  scope.subject = true;
  scope.event = true;
  scope.any_event = true;
  scope.justified = true;
  for (std::size_t i = 0; i < define.formals.size(); ++i) {
    Local formal;
    formal.sort = Local::Sort::Variable;
    formal.name = define.ast->formals[i].name.text;
    formal.type = define.formals[i];
    formal.key = "formal " + formal.name;
    scope.locals.push_back(std::move(formal));
  }
  const Restore restore(*this, scope);
  const std::size_t nodes = program_.arena.nodes.size();
  define.broken = check(*define.ast->body, nullptr).poisoned;
  program_.arena.nodes.resize(nodes);
}

Typed Expressions::poison(Span span) {
  Typed typed;
  typed.span = span;
  return typed;
}

Typed Expressions::make(Expr node) {
  const std::size_t used = program_.arena.nodes.size();
  ++made_;
  if (used - first_node_ >= program_.options.max_expression_nodes ||
      made_ >= program_.options.max_policy_nodes) {
    if (!too_large_) {
      const Span place = uses_.empty() ? node.span : uses_.front();
      const bool alone = made_ < program_.options.max_policy_nodes;
      const std::size_t bound =
          alone ? program_.options.max_expression_nodes : program_.options.max_policy_nodes;
      program_.report.error(Code::R0313, place,
                            std::string(alone ? "the condition" : "the policy") +
                                " is too large once defines are expanded",
                            "grows beyond " + std::to_string(bound) + " parts");
    }
    too_large_ = true;
    return poison(node.span);
  }
  Typed typed;
  typed.type = node.type;
  typed.span = node.span;
  typed.poisoned = false;
  typed.id = program_.arena.add(std::move(node));
  return typed;
}

Typed Expressions::constant_node(const Type& type, Constant constant, Span span) {
  Expr node;
  node.op = ExprOp::Constant;
  node.type = type;
  node.span = span;
  node.constant = std::move(constant);
  const bool is_bool = type.kind == TypeKind::Bool;
  const bool truth = node.constant.number != 0;
  Typed typed = make(std::move(node));
  if (is_bool && !typed.poisoned) {
    typed.truth = truth;
  }
  return typed;
}

Typed Expressions::clone(const Typed& original, Span span) {
  Typed copy = original;
  copy.span = span;
  if (!original.id.valid()) {
    return copy;
  }
  std::vector<ExprId> reached = {original.id};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const ExprId operand : program_.arena[reached[i]].operands) {
      if (operand.valid()) {
        reached.push_back(operand);
      }
    }
  }
  std::sort(reached.begin(), reached.end());  // operands before their users
  std::unordered_map<ExprId, ExprId> copies;
  for (const ExprId id : reached) {
    Expr node = program_.arena[id];
    for (ExprId& operand : node.operands) {
      operand = operand.valid() ? copies.at(operand) : operand;
    }
    const Typed made = make(std::move(node));
    if (made.poisoned) {
      return poison(span);
    }
    copies.emplace(id, made.id);
  }
  copy.id = copies.at(original.id);
  return copy;
}

bool Expressions::is_constant(const Typed& typed) const {
  return typed.id.valid() && node(typed).op == ExprOp::Constant;
}

std::string Expressions::quoted(Span span, std::string_view otherwise) const {
  std::string text = program_.source_text(span);
  if (text.empty() || text.size() > 40) {
    return std::string(otherwise);
  }
  return "`" + text + "`";
}

std::string Expressions::name_of(const Type& type) const {
  return type_name(program_.schema, type);
}

void Expressions::note_use(Diagnostic& diagnostic) {
  if (!uses_.empty()) {
    diagnostic.labels.push_back({uses_.back(), "needed for this use"});
  }
}

bool Expressions::require_known(const Typed& typed) {
  if (typed.poisoned || !typed.type.optional) {
    return !typed.poisoned;
  }
  const std::string what = quoted(typed.span, "this value");
  Diagnostic& diagnostic = program_.report.error(Code::R0303, typed.span, what + " may be missing",
                                                 "is of type " + name_of(typed.type));
  const std::string path = what == "this value" ? "x" : what.substr(1, what.size() - 2);
  diagnostic.help.emplace_back("ask first: `known " + path + " and …`" +
                               (typed.type.kind == TypeKind::Set
                                    ? std::string("; an unknown set is not an empty one")
                                    : ", or give a substitute: `" + path + " ?? …`"));
  note_use(diagnostic);
  return false;
}

bool Expressions::require_condition(Typed& typed) {
  if (typed.poisoned) {
    return false;
  }
  if (typed.type.kind != TypeKind::Bool) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0301, typed.span, "a condition must be true or false, found " + name_of(typed.type),
        "not a condition");
    note_use(diagnostic);
    return false;
  }
  return require_known(typed);
}

bool Expressions::adapt_text(const std::string& text, TypeKind target, Span span) {
  if (target == TypeKind::System && !program_.is_system(text)) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0207, span, "unknown system `" + text + "`", "not declared in a `systems` block");
    suggest(diagnostic, text, program_.schema.systems);
    return false;
  }
  if (target == TypeKind::Principal && !program_.is_team(text)) {
    // Any other name may be an identity, which only the inventory knows.
    if (const auto nearest = nearest_name(text, program_.schema.teams)) {
      program_.report
          .error(Code::R0208, span, "unknown team `" + text + "`",
                 "not declared in a `teams` block")
          .help.emplace_back("did you mean `" + *nearest + "`?");
      return false;
    }
  }
  return true;
}

bool Expressions::adapt(Typed& typed, const Type& target) {
  const bool is_set = target.kind == TypeKind::Set;
  const TypeKind wanted = is_set ? target.element : target.kind;
  const TypeKind had = typed.type.kind == TypeKind::Set ? typed.type.element : typed.type.kind;
  const bool wants_name =
      wanted == TypeKind::System || wanted == TypeKind::Identity || wanted == TypeKind::Principal;
  if (!wants_name || had != TypeKind::String || !is_constant(typed) ||
      is_set != (typed.type.kind == TypeKind::Set)) {
    return true;
  }
  Expr& changed = program_.arena.nodes[typed.id.index()];
  if (is_set) {
    for (const std::string& element : changed.constant.elements) {
      if (!adapt_text(element, wanted, typed.span)) {
        return false;
      }
    }
    changed.type.element = wanted;
  } else {
    if (!adapt_text(changed.constant.text, wanted, typed.span)) {
      return false;
    }
    changed.type.kind = wanted;
  }
  typed.type = changed.type;
  return true;
}

Typed Expressions::check(const ast::Expr& expr, const Type* expected) {
  if (too_large_) {
    return poison(expr.span);
  }
  if (depth_ >= kMaxNesting) {
    program_.report.error(Code::R0314, uses_.empty() ? expr.span : uses_.front(),
                          "the condition is nested too deeply",
                          "deeper than " + std::to_string(kMaxNesting) + " levels");
    return poison(expr.span);
  }
  ++depth_;
  Typed typed = check_node(expr, expected);
  --depth_;
  return typed;
}

Typed Expressions::check_node(const ast::Expr& expr, const Type* expected) {
  const auto number = [&](TypeKind kind, std::int64_t value) {
    Constant constant;
    constant.number = value;
    return constant_node(simple_type(kind), std::move(constant), expr.span);
  };

  struct Visitor {
    Expressions& self;
    const ast::Expr& expr;
    const Type* expected;
    decltype(number)& number_of;

    Typed operator()(const ast::BoolLiteral& n) {
      return number_of(TypeKind::Bool, n.value ? 1 : 0);
    }

    Typed operator()(const ast::IntLiteral& n) { return number_of(TypeKind::Int, n.value); }

    Typed operator()(const ast::DurationLiteral& n) {
      return number_of(TypeKind::Duration, n.value.count());
    }

    Typed operator()(const ast::InstantLiteral& n) {
      const Instant at = n.date ? start_of_day_utc(*n.date) : n.instant;
      return number_of(TypeKind::Instant, at.time_since_epoch().count());
    }

    Typed operator()(const ast::StringLiteral& n) {
      Constant constant;
      constant.text = n.value;
      return self.constant_node(simple_type(TypeKind::String), std::move(constant), expr.span);
    }

    Typed operator()(const ast::SetLiteral& n) { return self.set_literal(expr, n, expected); }

    Typed operator()(const ast::NameRef& n) { return self.name(expr, n, expected); }

    Typed operator()(const ast::Member& n) { return self.member(expr, n); }

    Typed operator()(const ast::Call& n) { return self.call(expr, n); }

    Typed operator()(const ast::Not& n) { return self.negation(expr, n); }

    Typed operator()(const ast::Negate& n) { return self.minus(expr, n); }

    Typed operator()(const ast::Known& n) { return self.known(expr, n); }

    Typed operator()(const ast::Binary& n) { return self.binary(expr, n, expected); }

    Typed operator()(const ast::IsKind& n) { return self.is_kind(expr, n); }

    Typed operator()(const ast::Supports& n) { return self.supports(expr, n); }

    Typed operator()(const ast::IdleFor& n) { return self.idle_for(expr, n); }

    Typed operator()(const ast::DeliveredTo& n) { return self.delivered_to(expr, n); }

    Typed operator()(const ast::Quantified& n) { return self.quantified(expr, n); }
  };

  return std::visit(Visitor{*this, expr, expected, number}, expr.node);
}

Typed Expressions::set_literal(const ast::Expr& expr, const ast::SetLiteral& literal,
                               const Type* expected) {
  std::optional<Type> element;
  if (expected != nullptr && expected->kind == TypeKind::Set) {
    element = element_type(*expected);
  }
  const std::optional<Type> wanted = element;
  const std::size_t nodes = program_.arena.nodes.size();
  Constant constant;
  bool sound = true;
  std::optional<Type> found;
  for (const ast::ExprPtr& written : literal.elements) {
    Typed typed = check(*written, wanted ? &*wanted : nullptr);
    if (typed.poisoned) {
      sound = false;
      continue;
    }
    if (!is_constant(typed) || typed.type.kind == TypeKind::Set) {
      program_.report.error(Code::R0315, typed.span, "the elements of a set must be constants",
                            "not a constant");
      sound = false;
      continue;
    }
    sound = (!wanted || adapt(typed, *wanted)) && sound;
    const std::optional<Type> both = found ? unify(*found, typed.type) : typed.type;
    if (!both) {
      program_.report.error(Code::R0302, typed.span,
                            "the elements of a set must be of one type, found " + name_of(*found) +
                                " and " + name_of(typed.type),
                            "is of type " + name_of(typed.type));
      sound = false;
      continue;
    }
    found = both;
    const Expr& value = node(typed);
    if (value.type.kind == TypeKind::Bool || is_ordered(value.type)) {
      constant.numbers.push_back(value.constant.number);
    } else {
      constant.elements.push_back(value.constant.text);
    }
  }
  program_.arena.nodes.resize(nodes);
  if (!sound || too_large_) {
    return poison(expr.span);
  }
  std::sort(constant.elements.begin(), constant.elements.end());
  constant.elements.erase(std::unique(constant.elements.begin(), constant.elements.end()),
                          constant.elements.end());
  std::sort(constant.numbers.begin(), constant.numbers.end());
  constant.numbers.erase(std::unique(constant.numbers.begin(), constant.numbers.end()),
                         constant.numbers.end());
  const Type type = found ? *found : wanted.value_or(simple_type(TypeKind::String));
  return constant_node(set_type(type), std::move(constant), expr.span);
}

}  // namespace rescind::checking
