// The code table and the collector that stages report into.
#include "diagnostics/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace rescind {
namespace {

auto sort_key(const Diagnostic& d) {
  return std::tie(d.primary.file, d.primary.begin, d.code, d.primary.end, d.severity, d.message);
}

}  // namespace

std::string code_name(Code code) {
  const std::string digits = std::to_string(static_cast<unsigned>(code));
  return "R" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

std::string_view code_title(Code code) {
  switch (code) {
#define RESCIND_CODE(number, title) \
  case Code::R##number:             \
    return title;
#include "diagnostics/codes.def"
#undef RESCIND_CODE
  }
  RESCIND_CHECK(false, "a diagnostic code outside the table");
}

std::vector<Code> all_codes() {
  return {
#define RESCIND_CODE(number, title) Code::R##number,
#include "diagnostics/codes.def"
#undef RESCIND_CODE
  };
}

Diagnostic& Diagnostics::report(Diagnostic diagnostic) {
  const bool is_error = diagnostic.severity == Severity::Error;
  const std::size_t kept = is_error ? error_count_ : other_count_;
  (is_error ? error_count_ : other_count_) += 1;
  if (kept >= max_errors_) {
    ++suppressed_;
    scratch_ = std::move(diagnostic);
    return scratch_;
  }
  entries_.push_back(std::move(diagnostic));
  return entries_.back();
}

Diagnostic& Diagnostics::error(Code code, Span span, std::string message, std::string label) {
  return report({code, Severity::Error, std::move(message), span, std::move(label), {}, {}});
}

Diagnostic& Diagnostics::warning(Code code, Span span, std::string message, std::string label) {
  return report({code, Severity::Warning, std::move(message), span, std::move(label), {}, {}});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> all = entries_;
  std::stable_sort(all.begin(), all.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return sort_key(a) < sort_key(b);
  });
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return sort_key(a) == sort_key(b) && a.label == b.label && a.help == b.help;
  };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

}  // namespace rescind
