// The parse stage: policy text in, syntax tree out. Nothing of the parser generator shows here.
#pragma once

#include <cstddef>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/source.h"
#include "model/ast.h"

namespace rescind {

// Bounds that hold before the parser sees the text, so that no file makes it slow or deep.
struct ParseOptions {
  std::size_t max_bytes = std::size_t{1024} * 1024;
  std::size_t max_tokens = 250'000;
  std::size_t max_declarations = 20'000;
  std::size_t max_clauses = 50'000;
  // Brackets inside brackets, and prefix operators in a row.
  std::size_t max_nesting = 100;
  // Levels of one expression, where an operator in a chain (`a + b + c`) counts as a level too.
  std::size_t max_expression_depth = 1'000;
};

// Reports everything that is wrong with the file in one go; a broken statement hides neither the
// errors after it nor causes further ones. Empty exactly when an error was reported. Names are not
// resolved.
std::optional<ast::PolicyFile> parse_policy(const SourceSet& sources, SourceFileId file,
                                            const ParseOptions& options, Diagnostics& diagnostics);

}  // namespace rescind
