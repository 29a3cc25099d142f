// Who is meant: teams and identities by name, by attribute, or one instead of another.
#include <utility>

#include "check/expressions.h"

namespace rescind::checking {

std::optional<PrincipalExpr> Expressions::principals(const ast::Principals& written, Scope& scope) {
  const Type principal = simple_type(TypeKind::Principal);
  PrincipalExpr result;
  result.span = written.span;
  bool sound = true;
  std::string text;
  for (const ast::ExprPtr& alternative : written.alternatives) {
    Typed typed = value(*alternative, scope, &principal);
    if (typed.poisoned || !adapt(typed, principal)) {
      sound = false;
      continue;
    }
    if (!is_principal_like(typed.type)) {
      program_.report
          .error(Code::R0318, typed.span,
                 "a team or an identity is needed here, found " + name_of(typed.type), "is nobody")
          .help.emplace_back("name a team or an identity, or ask for one: `subject.manager`");
      sound = false;
      continue;
    }
    result.alternatives.push_back(typed.id);
    const std::string as_written = program_.source_text(alternative->span);
    const bool by_name = is_constant(typed);
    text += (text.empty() ? "" : " or ") + (by_name ? node(typed).constant.text : as_written);
  }
  result.text = std::move(text);
  if (!sound) {
    return std::nullopt;
  }
  return result;
}

}  // namespace rescind::checking
