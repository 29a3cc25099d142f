// What happens when a RESCIND_CHECK fires: one line on standard error, then the process stops.
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace rescind {

void check_failed(const char* file, int line, const char* condition, std::string_view text) {
  static_cast<void>(std::fprintf(stderr, "internal error: %.*s (%s at %s:%d)\n",
                                 static_cast<int>(text.size()), text.data(), condition, file,
                                 line));
  static_cast<void>(std::fflush(stderr));
  std::abort();
}

}  // namespace rescind
