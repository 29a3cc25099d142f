// A clock that only moves when it is told to, or when somebody waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "base/clock.h"

namespace rescind {

class TestClock final : public Clock {
 public:
  explicit TestClock(Instant start = Instant(Seconds(1767600000))) : start_(start) {}

  [[nodiscard]] Instant now() const override {
    const std::lock_guard lock(mutex_);
    return start_ + std::chrono::floor<Seconds>(passed_);
  }

  [[nodiscard]] std::chrono::milliseconds monotonic() const override {
    const std::lock_guard lock(mutex_);
    return passed_;
  }

  void sleep_for(std::chrono::milliseconds duration) override {
    const std::lock_guard lock(mutex_);
    passed_ += duration;
  }

 private:
  mutable std::mutex mutex_;
  Instant start_;
  std::chrono::milliseconds passed_{0};
};

}  // namespace rescind
