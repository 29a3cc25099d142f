// Checking policy text in tests: one or more files, parsed and checked.
#include "tests/unit/check/policy_text.h"

#include <algorithm>

#include "parse/parse_policy.h"

namespace rescind::testing {

std::string Checked::messages() const {
  return render_text(diagnostics, *sources, {});
}

bool Checked::reports(const std::string& code) const {
  const std::vector<Diagnostic> all = diagnostics.sorted();
  return std::any_of(all.begin(), all.end(), [&](const Diagnostic& diagnostic) {
    return code_name(diagnostic.code) == code;
  });
}

std::vector<ast::PolicyFile> parse_texts(const NamedTexts& texts, Checked& into) {
  std::vector<ast::PolicyFile> files;
  for (const auto& [name, text] : texts) {
    const SourceFileId file = into.sources->add(name, text);
    if (auto tree = parse_policy(*into.sources, file, {}, into.diagnostics)) {
      files.push_back(*std::move(tree));
    }
  }
  return files;
}

Checked check_texts(const NamedTexts& texts, const CheckOptions& options) {
  Checked checked;
  std::vector<ast::PolicyFile> files = parse_texts(texts, checked);
  checked.policy = check_policy(std::move(files), checked.sources, options, checked.diagnostics);
  return checked;
}

Checked check_text(const std::string& text) {
  return check_texts({{"test.rescind", text}});
}

}  // namespace rescind::testing
