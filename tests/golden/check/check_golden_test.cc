// Golden tests of the check stage. Sections: `policy NAME` (all files of one program), `roots`
// (names of modules or files, one a line; absent: all), `expect diagnostics`, `expect checked`.
// Every case runs again with its files and declarations in the opposite order, which must change
// nothing.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "check/check_policy.h"
#include "parse/parse_policy.h"
#include "tests/golden/golden.h"

namespace {

using namespace rescind;

struct Outcome {
  std::string diagnostics;
  std::string checked;
  std::string digest;
};

std::vector<std::string> lines_of(const std::string* text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (text != nullptr && begin < text->size()) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    if (end > begin) {
      lines.push_back(text->substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return lines;
}

// What later stages rely on: operands stand before their users and have one each, and a value that
// may be missing is only ever asked whether it is, substituted, or somebody who falls through to
// the next.
void check_arena(const ExprArena& exprs, const std::string& path) {
  std::vector<int> users(exprs.nodes.size());
  for (std::size_t i = 0; i < exprs.nodes.size(); ++i) {
    const Expr& expr = exprs.nodes[i];
    const bool takes_missing =
        expr.op == ExprOp::Known || expr.op == ExprOp::Coalesce || expr.op == ExprOp::DeliveredTo;
    for (const ExprId operand : expr.operands) {
      if (operand.valid()) {
        CHECK_MESSAGE(operand.index() < i, path);
        CHECK_MESSAGE(++users[operand.index()] == 1, path);
        CHECK_MESSAGE((takes_missing || !exprs[operand].type.optional), path);
      }
    }
  }
}

Outcome check_case(const golden::Case& test, bool reversed) {
  const auto sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  std::vector<ast::PolicyFile> files;
  for (const golden::Section* section : test.all("policy")) {
    const SourceFileId file = sources->add(section->name.substr(7), section->text);
    if (auto tree = parse_policy(*sources, file, {}, diagnostics)) {
      files.push_back(*std::move(tree));
    }
  }
  if (reversed) {
    std::reverse(files.begin(), files.end());
    for (ast::PolicyFile& file : files) {
      std::reverse(file.declarations.begin(), file.declarations.end());
    }
  }
  CheckOptions options;
  options.roots = lines_of(test.find("roots"));
  const bool parsed = !diagnostics.has_errors();
  const auto policy = check_policy(std::move(files), sources, options, diagnostics);
  CHECK_MESSAGE((!parsed || policy.has_value() != diagnostics.has_errors()), test.path);
  if (policy) {
    check_arena(policy->exprs, test.path);
  }
  Outcome outcome;
  outcome.diagnostics = render_text(diagnostics, *sources, {});
  outcome.checked = policy ? print_checked(*policy) : std::string();
  outcome.digest = policy ? policy->digest : std::string();
  return outcome;
}

golden::Outputs run(const golden::Case& test) {
  const Outcome outcome = check_case(test, false);
  const Outcome reversed = check_case(test, true);
  CHECK_MESSAGE(outcome.checked == reversed.checked, test.path);
  CHECK_MESSAGE(outcome.digest == reversed.digest, test.path);
  return {{"diagnostics", outcome.diagnostics}, {"checked", outcome.checked}};
}

TEST_CASE("check: the cases give the checked policies and messages that they show") {
  golden::run_cases("tests/golden/check", run);
}

}  // namespace
