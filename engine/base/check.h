// RESCIND_CHECK: an assertion that stays on in release builds. It guards what input cannot reach;
// if it fires, the program is wrong and stops before it can act on a wrong state.
#pragma once

#include <string_view>

namespace rescind {
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view text);
}  // namespace rescind

#define RESCIND_CHECK(condition, text)                                 \
  do {                                                                 \
    if (!(condition)) {                                                \
      ::rescind::check_failed(__FILE__, __LINE__, #condition, (text)); \
    }                                                                  \
  } while (false)
