// Pieces of text that the printers of declarations and of expressions share.
#pragma once

#include <string>
#include <string_view>

#include "model/ast.h"

namespace rescind::ast::printing {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// In double quotes, with the escapes that the language has.
std::string quoted(std::string_view value);
// Whether a text can stand as a bare name: letters, digits, `_`, and no reserved word.
bool is_plain_name(std::string_view text);
// An alternative of principals: what binds looser than `??` in parentheses.
std::string print_principal(const Expr& expression);

}  // namespace rescind::ast::printing
