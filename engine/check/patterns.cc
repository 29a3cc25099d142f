// Regular expressions are compiled while the policy is checked, so that a broken one never reaches
// a plan.
#include "check/patterns.h"

#include <re2/re2.h>

namespace rescind::checking {

std::optional<std::string> regex_problem(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 regex(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (regex.ok()) {
    return std::nullopt;
  }
  return regex.error();
}

}  // namespace rescind::checking
