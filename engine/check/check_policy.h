// The check stage: syntax trees in, one checked policy out. Names are resolved, expressions typed,
// parameters and defines substituted, and what contradicts itself is refused.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "model/ast.h"
#include "model/checked.h"

namespace rescind {

struct CheckOptions {
  // Active from the start: names of modules or of files. Empty: every file. What these import
  // becomes active too, and nothing else.
  std::vector<std::string> roots;
  std::size_t max_expression_nodes = 20'000;  // of one condition, defines expanded
  std::size_t max_policy_nodes = 4'000'000;   // made in the whole run, scratch work included
};

// `files` is every parsed module at hand; order does not matter. Empty exactly when an error was
// reported.
std::optional<CheckedPolicy> check_policy(std::vector<ast::PolicyFile> files,
                                          std::shared_ptr<const SourceSet> sources,
                                          const CheckOptions& options, Diagnostics& diagnostics);

// Names of the modules that a file imports directly, sorted, each once.
std::vector<std::string> imported_modules(const ast::PolicyFile& file);

}  // namespace rescind
