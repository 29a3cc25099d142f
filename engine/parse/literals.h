// Values of literal tokens. Each reports its own error and then gives a harmless value.
#pragma once

#include <cstdint>
#include <string>

#include "diagnostics/diagnostic.h"
#include "model/ast.h"

namespace rescind::parse {

// `text` is the token as written, `span` its place.
std::string string_value(std::string_view text, Span span, Diagnostics& diagnostics);
std::int64_t integer_value(std::string_view text, Span span, Diagnostics& diagnostics);
Seconds duration_value(std::string_view text, Span span, Diagnostics& diagnostics);
ast::InstantLiteral date_value(std::string_view text, Span span, Diagnostics& diagnostics);
ast::InstantLiteral instant_value(std::string_view text, Span span, Diagnostics& diagnostics);

}  // namespace rescind::parse
