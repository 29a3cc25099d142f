// The clock of a simulation: it moves when somebody waits, and when it is told to.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace rescind {

// Used by one thread.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(Instant start) : start_(start) {}

  [[nodiscard]] Instant now() const override {
    return start_ + std::chrono::floor<Seconds>(passed_) + jumped_;
  }

  [[nodiscard]] std::chrono::milliseconds monotonic() const override { return passed_; }

  void sleep_for(std::chrono::milliseconds duration) override { passed_ += duration; }

  // Lets time pass until then; an instant in the past changes nothing.
  void advance_to(Instant instant) {
    if (instant > now()) {
      passed_ += instant - now();
    }
  }

  // Somebody sets the clock: the time of day moves, no time passes.
  void jump(Seconds by) { jumped_ += by; }

 private:
  Instant start_;
  std::chrono::milliseconds passed_{0};
  Seconds jumped_{0};
};

}  // namespace rescind
