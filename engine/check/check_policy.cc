// The check stage from end to end: modules, schema, defines and parameters, declarations,
// contradictions.
#include "check/check_policy.h"

#include <utility>

#include "base/hash.h"
#include "check/expressions.h"
#include "check/program.h"

namespace rescind {
namespace {

void check_declarations(checking::Program& program, checking::Expressions& expressions,
                        CheckedPolicy& policy) {
  check_roles(program, expressions, policy);
  check_keeps(program, expressions, policy);
  check_conflicts(program, policy);
  check_derives(program, expressions, policy);
  check_rules(program, expressions, policy);
  check_holds(program, expressions, policy);
  check_limits(program, expressions, policy);
  check_retires(program, expressions, policy);
  check_retire_overlaps(program, policy);
  check_collisions(program, policy);
}

// Conditions are most of a policy; room for them is made once, by the size of the text.
std::size_t expected_nodes(const checking::Program& program) {
  constexpr std::size_t kBytesPerNode = 8;
  std::size_t bytes = 0;
  for (const auto& [name, module] : program.modules) {
    for (const ast::PolicyFile* file : module->files) {
      const bool known = program.sources && file->file.valid();
      bytes += known ? program.sources->file(file->file).text().size() : 0;
    }
  }
  return bytes / kBytesPerNode;
}

}  // namespace

std::optional<CheckedPolicy> check_policy(std::vector<ast::PolicyFile> files,
                                          std::shared_ptr<const SourceSet> sources,
                                          const CheckOptions& options, Diagnostics& diagnostics) {
  checking::Program program(std::move(files), std::move(sources), options, diagnostics);
  activate_modules(program);
  gather_declarations(program);
  program.arena.nodes.reserve(expected_nodes(program));
  build_schema(program);
  checking::Expressions expressions(program);
  CheckedPolicy policy;
  check_defines(program, expressions);
  check_declarations(program, expressions, policy);
  if (program.report.has_errors()) {
    return std::nullopt;
  }
  warn_of_unused(program);
  policy.schema = std::make_shared<const Schema>(std::move(program.schema));
  policy.sources = std::move(program.sources);
  policy.exprs = std::move(program.arena);
  policy.digest = sha256_digest(print_checked(policy));
  return policy;
}

}  // namespace rescind
