// Names of the connector port's result classes, as they appear in records, reports and plans.
#include "connect/connector.h"

#include <array>
#include <cstddef>

namespace rescind {
namespace {

constexpr std::array<std::string_view, 13> kResultClassNames = {"changed",
                                                                "already_done",
                                                                "absent",
                                                                "async",
                                                                "residual_until",
                                                                "needs_human",
                                                                "needs_code_change",
                                                                "unsupported",
                                                                "conflict",
                                                                "throttled",
                                                                "auth_failed",
                                                                "failed",
                                                                "unknown"};

}  // namespace

std::string_view result_class_name(ResultClass value) {
  return kResultClassNames[static_cast<std::size_t>(value)];
}

std::optional<ResultClass> find_result_class(std::string_view name) {
  for (std::size_t i = 0; i < kResultClassNames.size(); ++i) {
    if (kResultClassNames[i] == name) {
      return static_cast<ResultClass>(i);
    }
  }
  return std::nullopt;
}

}  // namespace rescind
