// Regular expressions are compiled while the policy is checked, so that a broken one never reaches
// a plan.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rescind::checking {

// Why RE2 refuses the pattern (too large included), or nothing when it is fine.
std::optional<std::string> regex_problem(std::string_view pattern);

}  // namespace rescind::checking
