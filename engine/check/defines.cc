// Defines are written out where they are used, with their arguments in place.
#include <utility>

#include "check/expressions.h"

namespace rescind::checking {

Typed Expressions::call(const ast::Expr& expr, const ast::Call& written) {
  bool ambiguous = false;
  Define* define = find_define(written.function.text, written.function.span, ambiguous);
  std::vector<Typed> arguments;
  bool sound = define != nullptr;
  for (std::size_t i = 0; i < written.arguments.size(); ++i) {
    const bool has_formal = define != nullptr && i < define->formals.size();
    arguments.push_back(check(*written.arguments[i], has_formal ? &define->formals[i] : nullptr));
    sound = sound && !arguments.back().poisoned;
  }
  if (define == nullptr) {
    if (!ambiguous) {
      Diagnostic& diagnostic =
          program_.report.error(Code::R0201, written.function.span,
                                "unknown define `" + written.function.text + "`", "not defined");
      suggest(diagnostic, written.function.text, visible_names());
    }
    return poison(expr.span);
  }
  return sound ? expand(*define, std::move(arguments), expr.span) : poison(expr.span);
}

Typed Expressions::expand(Define& define, std::vector<Typed> arguments, Span use) {
  if (define.broken) {
    return poison(use);
  }
  const std::vector<ast::Define::Formal>& formals = define.ast->formals;
  if (arguments.size() != formals.size()) {
    program_.report
        .error(Code::R0310, use,
               "`" + define.ast->name.text + "` takes " + std::to_string(formals.size()) +
                   (formals.size() == 1 ? " argument" : " arguments") + ", found " +
                   std::to_string(arguments.size()),
               "wrong number of arguments")
        .labels.push_back({define.span, "defined here"});
    return poison(use);
  }
  Scope inner = *scope_;
  inner.module = define.module;
  inner.locals.clear();
  inner.hidden_words.clear();
  inner.ambiguous_item.clear();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!accept_argument(arguments[i], define.formals[i], formals[i])) {
      return poison(use);
    }
    Local local;
    local.sort = Local::Sort::Argument;
    local.name = formals[i].name.text;
    local.argument = std::move(arguments[i]);
    if (local.argument.key.empty()) {
      local.argument.key = "#" + std::to_string(fresh_++);
    }
    inner.locals.push_back(std::move(local));
  }
  Scope* outer = std::exchange(scope_, &inner);
  uses_.push_back(use);
  Typed typed = check(*define.ast->body, nullptr);
  uses_.pop_back();
  scope_ = outer;
  typed.span = use;
  return typed;
}

bool Expressions::accept_argument(Typed& argument, const Type& formal,
                                  const ast::Define::Formal& written) {
  if (!adapt(argument, formal)) {
    return false;
  }
  const std::optional<Type> both = unify(argument.type, formal);
  const bool fits = both && without_optional(*both) == without_optional(formal);
  if (!fits) {
    program_.report
        .error(Code::R0311, argument.span,
               "`" + written.name.text + "` must be of type " + name_of(formal) + ", found " +
                   name_of(argument.type),
               "is of type " + name_of(argument.type))
        .labels.push_back({written.name.span, "declared here"});
    return false;
  }
  return formal.optional || require_known(argument);
}

}  // namespace rescind::checking
