// Checking policy text in tests: one or more files, parsed and checked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "check/check_policy.h"

namespace rescind::testing {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct Checked {
  std::shared_ptr<SourceSet> sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics{10'000};
  std::optional<CheckedPolicy> policy;

  [[nodiscard]] std::string messages() const;  // rendered, for failures
  [[nodiscard]] bool reports(const std::string& code) const;
};

std::vector<ast::PolicyFile> parse_texts(const NamedTexts& texts, Checked& into);
Checked check_texts(const NamedTexts& texts, const CheckOptions& options = {});
Checked check_text(const std::string& text);

}  // namespace rescind::testing
