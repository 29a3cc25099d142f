// Results that a benchmark cannot go on without.
#pragma once

#include <utility>

#include "base/result.h"
#include "bench/engines/measure.h"

namespace bench {

template <typename T>
T value_of(rescind::Result<T> result) {
  if (!result) {
    die(result.error().to_string());
  }
  return *std::move(result);
}

inline void must(const rescind::Status& status) {
  if (!status) {
    die(status.error().to_string());
  }
}

}  // namespace bench
